"""Whether two hosts answered the same, apart from what must be new each time.

Beyond the expectations, which have patterns where values cannot be known: an answer that fits the
pattern at every host and still differs between them is found here.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.contract.patterns import strict_json
from tests.contract.runner import Transcript
from tests.contract.wire import Answer

__all__ = ["differences"]

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z")
# Ids, secrets, keys: whatever is as long as 128 bits are in base64url.
_RANDOM: Final = re.compile(r"[A-Za-z0-9_-]{22,}")
_TIMES: Final = frozenset({"exp", "iat", "auth_time", "expires_in", "expires_at"})
_REQUEST_ID: Final = re.compile(r"[0-9a-f]{32}")
_WAITS: Final = frozenset({"retry-after", "ratelimit"})


def differences(
    one: Transcript, other: Transcript, framing: Mapping[str, str], mounts: tuple[str, str]
) -> Iterator[str]:
    """Where two transcripts of a subject differ; steps with an accepted difference are left out."""
    if len(one.exchanges) != len(other.exchanges):
        yield f"{len(one.exchanges)} exchanges here, {len(other.exchanges)} there"
    names = (_Names(mounts[0]), _Names(mounts[1]))
    for pair in zip(one.exchanges, other.exchanges, strict=False):
        if any(exchange.difference for exchange in pair):
            continue
        here, there = (
            _normal(exchange.answer, own, framing)
            for exchange, own in zip(pair, names, strict=True)
        )
        for part in here:
            if here[part] != there[part]:
                where = f"{pair[0].case} ({pair[0].what}): {part}"
                yield f"{where} is {here[part]} here, {there[part]} there"


class _Names:
    """Names random values in the order of their appearance, so that the same stay the same."""

    def __init__(self, mount: str) -> None:
        self._mount = mount
        self._given: dict[str, str] = {}

    def text(self, text: str) -> str:
        if self._mount:
            text = text.replace(f"{self._mount}/", "/")
        return _RANDOM.sub(self._name, _INSTANT.sub("<instant>", text))

    def _name(self, match: re.Match[str]) -> str:
        return self._given.setdefault(match[0], f"<{len(self._given)}>")


def _normal(answer: Answer, names: _Names, framing: Mapping[str, str]) -> dict[str, Any]:
    fields = [(name.decode(), value.decode("latin-1")) for name, value in answer.fields]
    return {
        "status": answer.status,
        "interim": answer.interim,
        "header": sorted(
            (name, _field(name, value, names)) for name, value in fields if name not in framing
        ),
        "body": _body(answer.body, names),
    }


def _field(name: str, value: str, names: _Names) -> str:
    """With what waits and ids are whenever one looks."""
    if name in _WAITS:
        return re.sub(r"\d+$", "<seconds>", value)
    return _REQUEST_ID.sub("<id>", value) if name == "x-request-id" else names.text(value)


def _body(body: bytes, names: _Names) -> Any:
    try:
        return _value(strict_json(body), names)
    except ValueError:
        return names.text(body.decode(errors="replace"))


def _value(value: Any, names: _Names) -> Any:
    if isinstance(value, dict):
        # Members have no order (RFC 8259 4).
        return {
            name: "<time>" if name in _TIMES and type(value[name]) is int
            else _value(value[name], names)
            for name in sorted(value)
        }  # fmt: skip
    if isinstance(value, list):
        return [_value(item, names) for item in value]
    if isinstance(value, str):
        return _opened(value, names) if _TOKEN.fullmatch(value) else names.text(value)
    return value


def _opened(token: str, names: _Names) -> Any:
    """Header and claims; the signature is random, and was verified."""
    try:
        parts = [json.loads(base64.urlsafe_b64decode(f"{part}==")) for part in token.split(".")[:2]]
    except ValueError:
        return names.text(token)
    return _value(parts, names)
