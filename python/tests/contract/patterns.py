"""Whether an answer is what the contract expects: exact values, and patterns where it cannot be.

What may stand in an expectation is said in ``contract/README.md``.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

__all__ = ["ABSENT", "Patterns", "strict_json"]

ABSENT: Final = {"$absent": True}
"""In what refines an answer: the member, or the header field, is not there."""

Problems = Iterator[str]
Decode = Callable[[str], Mapping[str, Any]]


def strict_json(text: bytes | str) -> Any:
    """The JSON value, in which no member stands twice.

    Raises:
        ValueError: It is none, or one does.
    """
    return json.loads(text, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError(f"a member stands twice: {[name for name, _ in pairs]}")
    return members


class Patterns:
    """The named patterns of the contract, and how values are held against them.

    Args:
        named: The regular expressions by name; ``<name>`` in an expected text stands for one.
        decode: Takes a token apart, after its signature was verified.
    """

    def __init__(self, named: Mapping[str, str], decode: Decode) -> None:
        self._named = dict(named)
        self._reference = re.compile("<(" + "|".join(map(re.escape, self._named)) + ")>")
        self._compiled: dict[str, re.Pattern[str]] = {}
        self._decode = decode

    def text(self, expected: str, found: str) -> bool:
        """Whether a text is the expected one."""
        if "<" not in expected:
            return expected == found
        pattern = self._compiled.get(expected)
        if pattern is None:
            pattern = self._compiled[expected] = self._compile(expected)
        return pattern.fullmatch(found) is not None

    def _compile(self, expected: str) -> re.Pattern[str]:
        # The split alternates between what is literal and the names between it.
        parts = self._reference.split(expected)
        expressions = (
            f"(?:{self._named[part]})" if position % 2 else re.escape(part)
            for position, part in enumerate(parts)
        )
        return re.compile("".join(expressions), re.DOTALL)

    def value(self, expected: Any, found: Any, where: str = "body") -> Problems:
        """What is wrong with a JSON value; nothing, if it is the expected one."""
        if isinstance(expected, dict):
            operator = next((name for name in expected if name.startswith("$")), None)
            if operator is not None:
                yield from self._operator(operator, expected[operator], found, where)
            else:
                yield from self._members(expected, found, where)
        elif isinstance(expected, list):
            yield from self._items(expected, found, where)
        elif isinstance(expected, str) and isinstance(found, str):
            if not self.text(expected, found):
                yield f"{where} is {found!r} instead of {expected!r}"
        elif type(expected) is not type(found) or expected != found:
            yield f"{where} is {found!r} instead of {expected!r}"

    def _members(self, expected: dict[str, Any], found: Any, where: str) -> Problems:
        if not isinstance(found, dict):
            yield f"{where} is {found!r} instead of an object"
            return
        wanted = {name for name, value in expected.items() if value != ABSENT}
        for name in sorted(found.keys() - wanted):
            yield f"{where} has the member {name!r}, which is not expected"
        for name in sorted(wanted):
            if name in found:
                yield from self.value(expected[name], found[name], f"{where}.{name}")
            else:
                yield f"{where} lacks the member {name!r}"

    def _items(self, expected: list[Any], found: Any, where: str) -> Problems:
        if not isinstance(found, list) or len(found) != len(expected):
            yield f"{where} is {found!r} instead of {len(expected)} items"
            return
        for position, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from self.value(one, other, f"{where}[{position}]")

    def _operator(self, name: str, wanted: Any, found: Any, where: str) -> Problems:
        if name == "$integer":
            if type(found) is not int or not wanted[0] <= found <= wanted[1]:
                yield f"{where} is {found!r} instead of an integer from {wanted[0]} to {wanted[1]}"
        elif name == "$seconds_from_now":
            low, high = (time.time() + seconds for seconds in wanted)
            if type(found) is not int or not low <= found <= high:
                yield f"{where} is {found!r}, not between {low:.0f} and {high:.0f}"
        elif name == "$each":
            if not isinstance(found, list) or not found:
                yield f"{where} is {found!r} instead of items"
                return
            for position, item in enumerate(found):
                yield from self.value(wanted, item, f"{where}[{position}]")
        elif name == "$contains":
            yield from self._contains(wanted, found, where)
        elif name == "$not":
            if not any(self.value(wanted, found, where)):
                yield f"{where} is {found!r}, which it must not be"
        elif name == "$jwt":
            yield from self._token(wanted, found, where)
        else:
            raise ValueError(f"{name} is no operator")

    def _contains(self, wanted: list[Any], found: Any, where: str) -> Problems:
        items = found if isinstance(found, list) else []
        for one in wanted:
            if all(any(self.value(one, item)) for item in items):
                yield f"{where} is {found!r} and has no {one!r}"

    def _token(self, wanted: Any, found: Any, where: str) -> Problems:
        try:
            token = self._decode(found)
        except Exception as error:
            yield f"{where} is no token of this service: {error!r}"
        else:
            yield from self.value(wanted, token, where)
