"""A clock that stands still until a test turns it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch


class Clock:
    """Call it for the time of day. It does not begin with a full second, minute or day.

    The time since the machine was started stands still with it, but for what `jump` does.
    """

    def __init__(self) -> None:
        self.now = 1_700_000_003.4137
        self._jumped = 0.0

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds

    def jump(self, seconds: float) -> None:
        """Set the clock on the wall, while no time passes."""
        self.now += seconds
        self._jumped += seconds

    def monotonic(self) -> float:
        return self.now - self._jumped


@contextmanager
def stopped_clock() -> Iterator[Clock]:
    clock = Clock()
    with patch("time.time", clock), patch("time.monotonic", clock.monotonic):
        yield clock
