"""Where hits are counted: `MemoryStorage`, and `storage_from_string`, which opens one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit
from weakref import WeakSet

from countersign.compat._warn import warn_caller

from ._budgets import Evenly, Hits, Shelf, Sliding, Window
from ._rates import WindowStats
from .errors import ConfigurationError

__all__ = ["MemoryStorage", "storage_from_string"]

_OPTIONS: Final = ("max_hits", "max_keys", "wrap_exceptions")


class _Clock:
    """Time that begins with the time of day, and then goes on whatever becomes of that.

    Windows that begin with the full minute are those of the time of day, as `limits` has them.
    """

    def __init__(self) -> None:
        self._ahead = time.time() - time.monotonic()

    def now(self) -> float:
        return self._ahead + time.monotonic()

    @staticmethod
    def time_of_day(at: float, now: float) -> float:
        """What the clock on the wall will show when ours, now at ``now``, shows ``at``."""
        return time.time() + (at - now)


class MemoryStorage:
    """Count in the memory of this process, safely among threads, without threads of its own.

    What is over is forgotten while others are counted. When there are ``max_keys`` budgets in use,
    newcomers share one for each rate, so that nobody gets a fresh budget by filling the memory.
    Only moving windows have hits: a window of more than 4,096 of them, and every one once there are
    ``max_hits``, holds close ones together and forgets them together, so never too early.

    It counts by `time.monotonic`: whoever sets the clock of the machine frees nobody and locks
    nobody out. Clients are told times of day, so what they are told is reckoned from the time of
    day when they are told it.
    """

    def __init__(
        self,
        uri: str | None = None,
        wrap_exceptions: bool = False,
        *,
        max_keys: int = 100_000,
        max_hits: int = 1_000_000,
    ) -> None:
        """Make an empty storage.

        Args:
            uri: ``memory://``; there is nothing else to say in it.
            wrap_exceptions: Has no effect: it raises nothing.
            max_keys: How many budgets it remembers; each takes some 350 to 600 bytes.
            max_hits: How many hits of moving windows it remembers; each takes about 110 bytes.
        """
        for name, value in (("max_keys", max_keys), ("max_hits", max_hits)):
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ConfigurationError(f"{name}={value!r}: write a whole number from 1 on")
        self._most = max_keys
        self._most_hits = max_hits
        self._lock = Lock()
        self._empty()
        _storages.add(self)

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count ``amount`` in the window, which begins now if there is none; answer the count."""
        now = self._clock.now()
        with self._lock:
            window = self._windows.take(key, now, lambda: Window(expiry, now))
            window.count += amount
            return window.count

    def get(self, key: str) -> int:
        """The count of the window."""
        now = self._clock.now()
        with self._lock:
            window = self._windows.find(key, now)
            return window.count if window else 0

    def get_expiry(self, key: str) -> float:
        """When the window ends; now, if there is none."""
        return self.get_window(key, 0).reset_time

    def get_window(self, key: str, limit: int) -> WindowStats:
        """When the window ends, and what is left in it."""
        now = self._clock.now()
        with self._lock:
            window = self._windows.find(key, now)
            if window is None:
                return self._told(now, now, limit)
            return self._told(window.expires_at, now, limit - window.count)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Remember ``amount`` hits if the moving window has room for them."""
        now = self._clock.now()
        with self._lock:
            if amount > limit - self._moving_count(key, now):
                return False
            hits = self._moving.take(key, now, lambda: Hits(expiry, limit, now))
            before = hits.weight
            hits.add(now, amount, crowded=self._moving.weight >= self._most_hits)
            self._moving.weight += hits.weight - before
            return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> WindowStats:
        """When the oldest hit is forgotten, and what is left."""
        now = self._clock.now()
        with self._lock:
            left = limit - self._moving_count(key, now)
            hits = self._moving.find(key, now)
            return self._told(hits.next_at(now) if hits else now + expiry, now, left)

    def acquire_sliding_window_entry(
        self, key: str, limit: int, expiry: int, amount: int = 1
    ) -> bool:
        """Count ``amount`` if the last window's part and the present one have room for them."""
        now = self._clock.now()
        with self._lock:
            window = self._sliding.find(key, now)
            if amount > limit - (int(window.weighted(now)) if window else 0):
                return False
            self._sliding.take(key, now, lambda: Sliding(expiry, now)).add(now, amount)
            return True

    def get_sliding_window(self, key: str, limit: int, expiry: int) -> WindowStats:
        """When the count next falls, and what is left."""
        now = self._clock.now()
        with self._lock:
            window = self._sliding.find(key, now)
            if window is None:
                return self._told(now, now, limit)
            return self._told(window.next_at(now), now, limit - int(window.weighted(now)))

    def acquire_gcra(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Take ``amount`` if so much has flowed back."""
        now = self._clock.now()
        with self._lock:
            budget = self._evenly.find(key, now)
            if amount > (budget.left(now) if budget else limit):
                return False
            self._evenly.take(key, now, lambda: Evenly(expiry, limit, now)).add(now, amount)
            return True

    def get_gcra(self, key: str, limit: int, expiry: int) -> WindowStats:
        """When one more is there, and how many there are."""
        now = self._clock.now()
        with self._lock:
            budget = self._evenly.find(key, now)
            if budget is None:
                return self._told(now, now, limit)
            return self._told(budget.next_at(now), now, budget.left(now))

    def clear(self, key: str) -> None:
        """Forget a budget."""
        with self._lock:
            for shelf in self._shelves:
                shelf.drop(key)

    def check(self) -> bool:
        """Whether it can be reached. It can."""
        return True

    def reset(self) -> int:
        """Forget everything, and answer how many budgets that were."""
        with self._lock:
            budgets = self.budgets
            self._empty()
            return budgets

    @property
    def budgets(self) -> int:
        """How many budgets are remembered, those that are over and not yet forgotten included."""
        return sum(len(shelf) for shelf in self._shelves)

    def _told(self, at: float, now: float, left: int) -> WindowStats:
        return WindowStats(self._clock.time_of_day(at, now), max(0, left))

    def _moving_count(self, key: str, now: float) -> int:
        hits = self._moving.find(key, now)
        return hits.count if hits else 0

    def _empty(self) -> None:
        self._clock = _Clock()
        self._windows = Shelf[Window](self._most)
        self._moving = Shelf[Hits](self._most)
        self._sliding = Shelf[Sliding](self._most)
        self._evenly = Shelf[Evenly](self._most)
        self._shelves: tuple[Shelf[Any], ...] = (
            self._windows,
            self._moving,
            self._sliding,
            self._evenly,
        )

    def _after_fork(self) -> None:
        if self._lock.locked():
            # A thread that does not exist here was in the middle of something.
            self._empty()
        self._lock = Lock()


_storages: Final[WeakSet[MemoryStorage]] = WeakSet()


def _after_fork() -> None:
    for storage in list(_storages):
        storage._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def storage_from_string(storage_string: str, **options: Any) -> MemoryStorage:
    """Open a storage.

    Args:
        storage_string: ``memory://``.
        options: ``max_keys`` and ``max_hits``, see `MemoryStorage`.

    Raises:
        ConfigurationError: it is another storage, or has another option.
    """
    scheme = _scheme(storage_string)
    if scheme not in _SCHEMES:
        raise ConfigurationError(
            f"the storage {scheme}:// is not offered here, only memory://, which counts in each"
            " process by itself: write storage_uri='memory://', or, until there is another, stay"
            " with the original package for limits that several processes share"
        )
    unknown = sorted(set(options) - set(_OPTIONS))
    if unknown:
        raise ConfigurationError(
            f"memory:// has no option {unknown[0]!r}: leave it out of storage_options; there are"
            " max_keys and max_hits"
        )
    if storage_string.partition(":")[2].strip("/"):
        warn_caller(
            "storage_uri: what stands behind memory:// has no effect; write 'memory://', and"
            " max_keys and max_hits in storage_options"
        )
    return _SCHEMES[scheme](storage_string, **options)


_SCHEMES: Final[dict[str, Callable[..., MemoryStorage]]] = {"memory": MemoryStorage}


def _scheme(uri: object) -> str:
    """What kind of storage it is. The rest of the URI may hold a password."""
    if not isinstance(uri, str):
        raise ConfigurationError(f"storage_uri={uri!r}: write 'memory://'")
    try:
        scheme = urlsplit(uri).scheme
    except ValueError:
        scheme = ""
    if not scheme:
        raise ConfigurationError("storage_uri has no scheme: write 'memory://'")
    return scheme
