"""A request as the contract writes it, made into one that goes over the wire."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

from tests.contract.wire import Fields, Request

__all__ = ["log_in", "passwords", "request"]

Json = dict[str, Any]


def request(given: Json, mount: str) -> Request:
    """The request of a ``send`` step whose references are replaced.

    ``/.well-known/*`` stands at the root, everything else below the mount.
    """
    method, _, target = given["send"].partition(" ")
    if target.startswith("/") and not target.startswith("/.well-known/"):
        target = mount + target
    body, content_type = _body(given)
    fields = _fields(given)
    if content_type is not None:
        fields.append((b"Content-Type", content_type.encode()))
    framing, trailing = given.get("framing", "length"), given.get("trailing", "").encode()
    return Request(method.encode(), target.encode("latin-1"), fields, body, framing, trailing)


def log_in(step: Json) -> Json:
    """The ``send`` step that a ``log_in`` step stands for."""
    name = step["log_in"]
    body = {"username": name, "password": f"${{users.{name}.password}}"}
    if "scope" in step:
        body["scope"] = step["scope"]
    rest = {key: value for key, value in step.items() if key not in ("log_in", "scope")}
    return {"send": "POST /login", "json": body, "expect": "tokens", "save": name, **rest}


def passwords(given: Json) -> set[str]:
    """The passwords that a request sends."""
    sent = given.get("json", given.get("form"))
    pairs = sent.items() if isinstance(sent, dict) else sent if isinstance(sent, list) else ()
    named = (value for name, value in pairs if "password" in name)
    return {value for value in named if isinstance(value, str) and len(value) >= 8}


def _fields(given: Json) -> Fields:
    headers = given.get("headers", [])
    pairs = list(headers.items() if isinstance(headers, dict) else headers)
    if "bearer" in given:
        pairs.append(("Authorization", f"Bearer {given['bearer']}"))
    if "basic" in given:
        pair = ":".join(given["basic"]).encode()
        pairs.append(("Authorization", f"Basic {base64.b64encode(pair).decode()}"))
    # What is beyond ASCII goes out as the one byte that it is in Latin-1.
    return [(name.encode("latin-1"), _text(value).encode("latin-1")) for name, value in pairs]


def _body(given: Json) -> tuple[bytes | None, str | None]:
    if "json" in given:
        return json.dumps(given["json"]).encode(), given.get("type", "application/json")
    if "form" in given:
        form = given["form"]
        pairs = form.items() if isinstance(form, dict) else map(tuple, form)
        body = urlencode(list(pairs)).encode()
        return body, given.get("type", "application/x-www-form-urlencoded")
    if "body" in given:
        return _raw(given["body"]), given.get("type")
    return None, given.get("type")


def _raw(body: Any) -> bytes:
    if isinstance(body, dict) and "hex" in body:
        return bytes.fromhex(body["hex"])
    return _text(body).encode()


def _text(written: Any) -> str:
    """A text, or a long one in short."""
    if isinstance(written, str):
        return written
    text: str = written["before"] + written["repeat"] * written["times"] + written["after"]
    return text
