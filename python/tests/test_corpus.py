"""The misuse corpus of the token crate, through the Python verifier: the same verdicts."""

from __future__ import annotations

import base64
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from countersign import CountersignError, Key, KeySet, TokenError, Verifier

FIXTURES = Path(__file__).parents[2] / "crates" / "jose" / "tests" / "fixtures"


def load(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text())


def keys_of(profile: dict[str, Any], key: dict[str, Any]) -> Key | KeySet:
    def one(algorithm: str) -> Key:
        if profile["key_format"] == "pem":
            return Key.from_pem(key["pem"], algorithm=algorithm)
        return Key.from_jwk(key["jwk"], algorithm)

    if profile["key_format"] == "jwks":
        return KeySet.from_jwks(key["jwks"])
    keys = [one(algorithm) for algorithm in profile["algs"]]
    return keys[0] if len(keys) == 1 else KeySet(keys)


def verifier_of(profile: dict[str, Any], key: dict[str, Any]) -> Verifier | CountersignError:
    try:
        return Verifier(
            keys=keys_of(profile, key),
            algorithms=profile["algs"],
            issuer=profile["iss"],
            audience=profile["aud"] or [],
            leeway=profile["leeway"],
            require=profile["required"],
            typ=profile["typ"],
            max_token_bytes=profile["max_token_bytes"],
            max_json_depth=profile["max_json_depth"],
            clock=lambda: profile["now"],
        )
    except CountersignError as refusal:
        return refusal


def token_of(case: dict[str, Any]) -> str | bytes:
    if "token" in case:
        return str(case["token"])
    if "token_b64" in case:
        return base64.b64decode(case["token_b64"])
    parts = case["token_parts"]
    return "".join(part if isinstance(part, str) else part[0] * part[1] for part in parts)


def verdict(verifier: Verifier | CountersignError, token: str | bytes) -> str | None:
    """The category of the refusal; a refused configuration counts as a refused key."""
    if isinstance(verifier, CountersignError):
        return "key_invalid"
    try:
        verified = verifier.verify(token)
    except TokenError as refusal:
        assert (refusal.error, refusal.status) == ("invalid_token", 401)
        return refusal.code
    # What was accepted is read the same way by Python's own parser.
    payload = (token.encode() if isinstance(token, str) else token).split(b".")[1]
    padded = payload + b"=" * (-len(payload) % 4)
    assert dict(verified) == json.loads(base64.urlsafe_b64decode(padded))
    return None


def test_every_case_gets_its_verdict_and_its_category() -> None:
    corpus = load("misuse_corpus.json")
    keys = load("test_keys.json")["keys"]
    profiles = corpus["profiles"]
    verifiers = {name: verifier_of(found, keys[found["key"]]) for name, found in profiles.items()}
    failures: list[str] = []
    levels: Counter[str] = Counter()
    for case in corpus["cases"]:
        token = token_of(case)
        forms: list[str | bytes] = [token]
        if isinstance(token, str):
            forms.append(token.encode())
        # The second time the verifier may remember what it saw.
        for form in forms * 2:
            start = time.perf_counter()
            found = verdict(verifiers[case["profile"]], form)
            took = (time.perf_counter() - start) * 1000
            right = [None] if case["expect"] == "accept" else [case["error"]]
            if found not in right + case.get("alt_errors", []):
                failures.append(f"{case['id']}: {found}, not {right}")
            if took > case.get("max_ms", 1e9):
                failures.append(f"{case['id']}: took {took:.0f} ms")
        levels[case["level"]] += 1
    assert not failures, "\n".join(failures)
    assert levels.total() == 765


def test_every_configuration_that_must_be_refused_is_refused() -> None:
    profiles = load("misuse_corpus.json")["profiles"]
    keys = load("test_keys.json")["keys"]
    for name, profile in profiles.items():
        refused = isinstance(verifier_of(profile, keys[profile["key"]]), CountersignError)
        # Whether bytes are a point of the curve shows only at the first signature.
        if name != "key_jwk-okp-not-a-point":
            assert refused == ("config_expect" in profile), name
