"""A clock that stands still until a test turns it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch


class Clock:
    """Call it for the time of day. It does not begin with a full second, minute or day."""

    def __init__(self) -> None:
        self.now = 1_700_000_003.4137

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


@contextmanager
def stopped_clock() -> Iterator[Clock]:
    clock = Clock()
    with patch("time.time", clock):
        yield clock
