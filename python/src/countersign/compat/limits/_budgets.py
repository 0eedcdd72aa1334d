"""What is remembered of each key, and a `Shelf` of such things that cannot overflow.

Nothing here locks; the storage does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import Final, Generic, Protocol, TypeVar

_LOGGER = logging.getLogger("countersign")

_FINEST: Final = 4096
"""So many hits of one window are remembered singly."""
_SHARED: Final = 64
"""So many rates have a shared budget of their own when a shelf is full."""
_MOMENT: Final = 1e-6
"""What so many seconds as those since 1970, as a float, may be wrong by."""


class Budget(Protocol):
    """Something that is worth remembering up to a time."""

    expires_at: float

    @property
    def weight(self) -> int:
        """How much memory it takes, beyond being there."""

    def renew(self, now: float) -> None:
        """Forget what is over; and make good for a clock that was set back.

        The monotonic one is, by tools that stop the time for tests, and nobody shall wait for it.
        """


class Window:
    """A count that ends with its window."""

    __slots__ = ("count", "expires_at", "period")

    weight = 0

    def __init__(self, period: float, now: float) -> None:
        self.count = 0
        self.period = period
        self.expires_at = now + period

    def renew(self, now: float) -> None:
        self.expires_at = min(self.expires_at, now + self.period)


class Hits:
    """The hits of a moving window: groups of one or more, the oldest first."""

    __slots__ = ("count", "expires_at", "fineness", "groups", "period")

    def __init__(self, period: float, limit: int, now: float) -> None:
        self.period = period
        self.fineness = period / _FINEST if limit > _FINEST else 0.0
        # First hit, last hit, how many. A deque would take as much as seven hits when it is empty.
        self.groups: list[list[float]] = []
        self.count = 0
        self.expires_at = now + period

    @property
    def weight(self) -> int:
        return len(self.groups)

    def add(self, now: float, amount: int, *, crowded: bool) -> None:
        newest = self.groups[-1] if self.groups else None
        if newest and (crowded or newest[0] == now or now - newest[0] < self.fineness):
            newest[1] = now
            newest[2] += amount
        else:
            self.groups.append([now, now, amount])
        self.count += amount
        self.expires_at = now + self.period

    def next_at(self, now: float) -> float:
        return (self.groups[0][1] if self.groups else now) + self.period

    def renew(self, now: float) -> None:
        if self.groups and self.groups[-1][1] > now:
            ahead = self.groups[-1][1] - now
            self.groups = [[first - ahead, last - ahead, n] for first, last, n in self.groups]
            self.expires_at = now + self.period
        over = 0
        while over < len(self.groups) and self.groups[over][1] <= now - self.period:
            self.count -= int(self.groups[over][2])
            over += 1
        del self.groups[:over]


class Sliding:
    """The counts of the window that the clock is in and of the one before."""

    __slots__ = ("current", "expires_at", "index", "period", "previous")

    weight = 0

    def __init__(self, period: float, now: float) -> None:
        self.period = period
        self.index = int(now / period)
        self.previous = 0
        self.current = 0
        self.expires_at = (self.index + 2) * period

    def add(self, now: float, amount: int) -> None:
        self.current += amount
        self.expires_at = (self.index + 2) * self.period

    def weighted(self, now: float) -> float:
        return self.previous * self._rest(now) / self.period + self.current

    def next_at(self, now: float) -> float:
        rest = self._rest(now)
        steps = [rest % (self.period / self.previous)] if self.previous else []
        return now + min([*steps, rest] if self.current else steps, default=0.0)

    def renew(self, now: float) -> None:
        index = int(now / self.period)
        if index > self.index:
            self.previous = self.current if index == self.index + 1 else 0
            self.current = 0
        if index != self.index:
            self.index = index
            self.expires_at = (index + (2 if self.current else 1)) * self.period

    def _rest(self, now: float) -> float:
        """How long the window lasts yet."""
        return (1 - now / self.period % 1) * self.period


class Evenly:
    """When the budget will be full again, which says how much of it is there (GCRA)."""

    __slots__ = ("expires_at", "limit", "period")

    weight = 0

    def __init__(self, period: float, limit: int, now: float) -> None:
        self.period = period
        self.limit = limit
        self.expires_at = now

    def add(self, now: float, amount: int) -> None:
        # Without the condition, nothing out of nothing would be no number.
        self.expires_at = max(self.expires_at, now) + (amount * self._each() if amount else 0.0)

    def left(self, now: float) -> int:
        missing = max(0.0, self.expires_at - now)
        return max(0, int((self.period - missing + _MOMENT) / self._each()))

    def next_at(self, now: float) -> float:
        missing = max(0.0, self.expires_at - now)
        return now + (missing - _MOMENT) % self._each() + _MOMENT if missing > _MOMENT else now

    def renew(self, now: float) -> None:
        self.expires_at = min(self.expires_at, now + self.period)

    def _each(self) -> float:
        return self.period / self.limit if self.limit else inf


B = TypeVar("B", bound=Budget)


class Shelf(Generic[B]):
    """Budgets by key, at most so many and some shared ones, which go when they are over."""

    def __init__(self, most: int) -> None:
        self.weight = 0
        self._most = most
        self._budgets: dict[str, B] = {}
        # One line for each budget. Its time may be too early, never too late; the number keeps the
        # heap from comparing budgets.
        self._due: list[tuple[float, int, str, B]] = []
        self._numbers = count()
        self._shared: dict[str, B] = {}
        self._said = False

    def find(self, key: str, now: float) -> B | None:
        """The key's budget, or the shared one that it would get, unless it is over."""
        budget = self._budgets.get(key)
        if budget is None and self._is_full(now):
            budget = self._shared.get(self._rate_of(key))
        if budget is None:
            return None
        before = budget.weight
        budget.renew(now)
        self.weight += budget.weight - before
        return budget if budget.expires_at > now else None

    def take(self, key: str, now: float, make: Callable[[], B]) -> B:
        """The key's budget to write in, a new one if need be."""
        self._forget(now, 4)
        budget = self.find(key, now)
        if budget is not None:
            return budget
        self.drop(key)
        budget = make()
        if self._is_full(now):
            rate = self._rate_of(key)
            if rate in self._shared:
                self.weight -= self._shared[rate].weight
            self._shared[rate] = budget
            self._say()
        else:
            self._budgets[key] = budget
            self._await(key, budget)
        return budget

    def drop(self, key: str) -> None:
        """Forget the key's budget."""
        budget = self._budgets.pop(key, None)
        if budget is not None:
            self.weight -= budget.weight

    def __len__(self) -> int:
        return len(self._budgets) + len(self._shared)

    def _is_full(self, now: float) -> bool:
        if len(self._budgets) >= self._most:
            self._forget(now, len(self._due))
        return len(self._budgets) >= self._most

    def _forget(self, now: float, looks: int) -> None:
        """Forget some of those that are over: more at each call than come by one."""
        while looks > 0 and self._due and self._due[0][0] <= now:
            looks -= 1
            _, _, key, budget = heappop(self._due)
            if self._budgets.get(key) is not budget:
                continue
            if budget.expires_at <= now:
                self.drop(key)
            else:
                self._await(key, budget)

    def _await(self, key: str, budget: B) -> None:
        heappush(self._due, (budget.expires_at, next(self._numbers), key, budget))

    def _rate_of(self, key: str) -> str:
        """Newcomers of one rate share one budget; the rate stands at the end of the key."""
        rate = "/".join(key.rsplit("/", 3)[1:])
        return rate if rate in self._shared or len(self._shared) < _SHARED else ""

    def _say(self) -> None:
        if not self._said:
            self._said = True
            _LOGGER.warning(
                "%s rate limit budgets are in use, so newcomers share one for each rate;"
                " if these are your users, raise storage_options['max_keys']",
                self._most,
            )
