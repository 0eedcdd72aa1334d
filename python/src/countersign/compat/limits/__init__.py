"""Rates, and counting by them: the part of `limits` 5.8 that Flask-Limiter shows to its users.

`parse` and `parse_many` read rates, the modules `storage` and `strategies` count. Only memory
is a storage here. `countersign.compat.flask_limiter` and `countersign.compat.fastapi_limits` stand
on it; neither `limits` nor Flask is imported.

**The same** as `limits`: the grammar of rates, ``0/minute`` (nobody ever), months of 30 days and
years of 360, keys, and what the three strategies answer. A rate that counts by 360 days in one
version and by 365 in the next would be two rates, so this stays as it is; write ``365 days`` if you
mean that.

**Different**:

- `strategies.GCRARateLimiter` (``"gcra"``) is new: the budget flows back evenly.
- `storage.MemoryStorage` starts no threads, holds one lock, and its memory is bounded.
- It counts by the monotonic clock: setting the clock of the machine frees nobody and locks nobody
  out. Tests that turn the time must turn `time.monotonic` too, as freezegun and hiro do.
- A rate that cannot be read is a `ConfigurationError`, which is a ValueError; it says what to
  write. ``1/minute:;2/hour``, a slip of the original's grammar, cannot be read.
- An entry of a moving window is gone exactly one window after it was made, not some time later.
"""

from __future__ import annotations

from ._rates import (
    RateLimitItem,
    RateLimitItemPerDay,
    RateLimitItemPerHour,
    RateLimitItemPerMinute,
    RateLimitItemPerMonth,
    RateLimitItemPerSecond,
    RateLimitItemPerYear,
    WindowStats,
    parse,
    parse_many,
)

__version__ = "5.8.0"
"""The version of `limits` whose interface this is."""

__all__ = [
    "RateLimitItem",
    "RateLimitItemPerDay",
    "RateLimitItemPerHour",
    "RateLimitItemPerMinute",
    "RateLimitItemPerMonth",
    "RateLimitItemPerSecond",
    "RateLimitItemPerYear",
    "WindowStats",
    "parse",
    "parse_many",
]
