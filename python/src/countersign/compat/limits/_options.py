"""What limiters of every framework are given, and what is wrong with it."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from .errors import ConfigurationError
from .strategies import STRATEGIES, RateLimiter

COST = "write a whole number from 1 on"
"""How to mend what `is_cost` refuses."""


class HeaderNames(enum.Enum):
    """The headers, for ``header_name_mapping``; their values are what they are called by default.

    ``LIMIT`` says how many, ``REMAINING`` how many are left, ``RESET`` at what time (seconds since
    1970) there are more, ``RETRY_AFTER`` in how many seconds that is.
    """

    RESET = "X-RateLimit-Reset"
    REMAINING = "X-RateLimit-Remaining"
    LIMIT = "X-RateLimit-Limit"
    RETRY_AFTER = "Retry-After"


def strategy_of(name: object, setting: str = "") -> type[RateLimiter]:
    """Find a strategy.

    Args:
        name: What it is called.
        setting: The setting that may have said so.

    Raises:
        ConfigurationError: There is none of this name.
    """
    if isinstance(name, str) and name in STRATEGIES:
        return STRATEGIES[name]
    near = get_close_matches(str(name), STRATEGIES, n=1)
    hint = f"did you mean {near[0]!r}? There are" if near else "write one of"
    where = f" ({setting})" if setting else ""
    raise ConfigurationError(f"strategy={name!r}{where} is none: {hint} {', '.join(STRATEGIES)}")


def listed(name: str, limits: Any) -> list[Any]:
    """A list of limits. One text is one limit, although it could be taken for a list of letters.

    Raises:
        ConfigurationError: It is one limit.
    """
    given = limits is not None
    if given and (isinstance(limits, str) or callable(limits) or not isinstance(limits, Iterable)):
        raise ConfigurationError(f"{name}={limits!r}: write a list, [{limits!r}]")
    return list(limits or ())


def is_cost(value: object) -> bool:
    """Whether a request may cost so much."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
