"""Rates as people write them: ``5 per minute``, ``200/day; 50/hour``.

`countersign.Rates` reads the same grammar but tells nobody what it read, and refuses the ``0`` that
means "never" here; so this reads them again.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import lru_cache, total_ordering
from typing import ClassVar, Final, NamedTuple

from .errors import ConfigurationError

_SEPARATOR: Final = re.compile("[,;|]")
_RATE: Final = re.compile(
    r"\s*(?P<amount>[0-9]+)\s*(?:/|per)\s*(?P<multiples>[0-9]+)?\s*(?P<unit>[a-z]+)\s*",
    re.IGNORECASE,
)


class WindowStats(NamedTuple):
    """How a budget stands."""

    reset_time: float
    """When it grows again, or starts anew, in seconds since 1970."""
    remaining: int
    """What is left of it."""


class Granularity(NamedTuple):
    """A unit of time."""

    seconds: int
    name: str


@total_ordering
class RateLimitItem:
    """So many in so many units of time. The subclasses are the units; they sort by them."""

    __slots__ = ("amount", "multiples", "namespace")

    GRANULARITY: ClassVar[Granularity]

    def __init__(self, amount: int, multiples: int | None = 1, namespace: str = "LIMITER") -> None:
        """Make a rate.

        Args:
            amount: How many. 0 means never.
            multiples: In how many units of time.
            namespace: What its keys begin with.
        """
        self.amount = int(amount)
        self.multiples = int(multiples or 1)
        self.namespace = namespace

    def get_expiry(self) -> int:
        """The length of the window in seconds."""
        return self.GRANULARITY.seconds * self.multiples

    def key_for(self, *identifiers: bytes | str | float) -> str:
        """The name of the budget that the identifiers have at this rate."""
        parts = [each.decode() if isinstance(each, bytes) else str(each) for each in identifiers]
        rate = [str(self.amount), str(self.multiples), self.GRANULARITY.name]
        return "/".join([self.namespace, *parts, *rate])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RateLimitItem):
            return NotImplemented
        return self._value() == other._value()

    def __lt__(self, other: RateLimitItem) -> bool:
        return self.GRANULARITY.seconds < other.GRANULARITY.seconds

    def __hash__(self) -> int:
        return hash(self._value())

    def __repr__(self) -> str:
        return f"{self.amount} per {self.multiples} {self.GRANULARITY.name}"

    def _value(self) -> tuple[int, int, Granularity]:
        return self.amount, self.multiples, self.GRANULARITY


class RateLimitItemPerSecond(RateLimitItem):
    """So many in so many seconds."""

    __slots__ = ()
    GRANULARITY = Granularity(1, "second")


class RateLimitItemPerMinute(RateLimitItem):
    """So many in so many minutes."""

    __slots__ = ()
    GRANULARITY = Granularity(60, "minute")


class RateLimitItemPerHour(RateLimitItem):
    """So many in so many hours."""

    __slots__ = ()
    GRANULARITY = Granularity(3600, "hour")


class RateLimitItemPerDay(RateLimitItem):
    """So many in so many days."""

    __slots__ = ()
    GRANULARITY = Granularity(86_400, "day")


class RateLimitItemPerMonth(RateLimitItem):
    """So many in so many times 30 days."""

    __slots__ = ()
    GRANULARITY = Granularity(30 * 86_400, "month")


class RateLimitItemPerYear(RateLimitItem):
    """So many in so many times 360 days."""

    __slots__ = ()
    GRANULARITY = Granularity(12 * 30 * 86_400, "year")


_UNITS: Final[dict[str, type[RateLimitItem]]] = {
    unit.GRANULARITY.name: unit
    for unit in (
        RateLimitItemPerSecond,
        RateLimitItemPerMinute,
        RateLimitItemPerHour,
        RateLimitItemPerDay,
        RateLimitItemPerMonth,
        RateLimitItemPerYear,
    )
}


def parse_many(limit_string: str) -> list[RateLimitItem]:
    """Read one or more rates, with ``,``, ``;`` or ``|`` between them.

    Raises:
        ConfigurationError: one of them is none; this is a ValueError, too.
    """
    if not isinstance(limit_string, str):
        raise ConfigurationError(f"{limit_string!r} is no rate, but {type(limit_string).__name__}")
    return list(_parsed(limit_string))


def parse(limit_string: str) -> RateLimitItem:
    """Read the first of one or more rates.

    Raises:
        ConfigurationError: one of them is none; this is a ValueError, too.
    """
    return parse_many(limit_string)[0]


# Rates are written in programs, so few are different; those of callables are parsed every time.
@lru_cache(maxsize=1024)
def _parsed(text: str) -> tuple[RateLimitItem, ...]:
    return tuple(_rate(part, text) for part in _SEPARATOR.split(text))


def _rate(text: str, whole: str) -> RateLimitItem:
    match = _RATE.fullmatch(text)
    if match is None:
        raise _no_rate(text, whole)
    name = match["unit"].lower()
    unit = _UNITS.get(name) or _UNITS.get(name.removesuffix("s"))
    if unit is None:
        near = get_close_matches(name, [*_UNITS, *(f"{each}s" for each in _UNITS)], n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}? " if near else ""
        raise _no_rate(text, whole, f"{name!r} is no unit of time; {hint}")
    return unit(int(match["amount"]), int(match["multiples"] or 1))


def _no_rate(text: str, whole: str, why: str = "") -> ConfigurationError:
    where = "" if text == whole else f" in {whole!r}"
    return ConfigurationError(
        f"{text!r}{where} is no rate: {why}write '5 per minute', '200/day' or '10 per 15 minutes';"
        f" the units are {', '.join(_UNITS)}"
    )
