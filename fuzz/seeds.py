"""Writes the first inputs of each fuzz target to fuzz/corpus/, out of the fixtures of the tests."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FIXTURES = HERE.parent / "crates" / "jose" / "tests" / "fixtures"


def load(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text())


def tokens() -> Iterator[bytes]:
    for case in load("misuse_corpus.json")["cases"]:
        if "token" in case:
            yield case["token"].encode()
    for file in ("rfc/rfc7515.json", "rfc/rfc7520.json", "rfc/rfc7797.json", "rfc/rfc8037.json"):
        yield from (example["token"].encode() for example in load(file)["examples"])
    for group in load("forged_signatures.json")["groups"]:
        yield group["cases"][0]["token"].encode()


def part(token: bytes, at: int) -> bytes | None:
    parts = token.split(b".")
    try:
        return base64.urlsafe_b64decode(parts[at] + b"==")
    except (IndexError, ValueError):
        return None


def keys() -> Iterator[dict[str, Any]]:
    yield from load("test_keys.json")["keys"].values()
    yield from load("rfc/rfc7517.json")["keys_of_rfc7520"]
    yield from load("rfc/rfc7638.json")["keys"]


def documents() -> Iterator[bytes]:
    for key in keys():
        for name in ("jwk", "jwks", "key"):
            if name in key:
                yield json.dumps(key[name]).encode()
    yield from (json.dumps(row["set"]).encode() for row in load("rfc/rfc7517.json")["sets"])


def pems() -> Iterator[bytes]:
    for key in keys():
        if "pem" in key:
            yield key["pem"].encode()
            body = "".join(line for line in key["pem"].splitlines() if "-" not in line)
            yield base64.b64decode(body)
        if "secret_b64u" in key:
            yield base64.urlsafe_b64decode(key["secret_b64u"] + "==")


def write(target: str, inputs: Iterator[bytes | None]) -> None:
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for data in inputs:
        if data is not None:
            (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


write("compact", tokens())
write("header", (part(token, 0) for token in tokens()))
write("claims", (part(token, 1) for token in tokens()))
write("jwk", documents())
write("pem", pems())
