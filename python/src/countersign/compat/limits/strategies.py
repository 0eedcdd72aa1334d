"""Ways of counting. Each is made for a storage and asked with a rate and whose budget it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from ._rates import RateLimitItem, WindowStats
    from .storage import MemoryStorage

__all__ = [
    "STRATEGIES",
    "FixedWindowRateLimiter",
    "GCRARateLimiter",
    "MovingWindowRateLimiter",
    "RateLimiter",
    "SlidingWindowCounterRateLimiter",
]


class RateLimiter(ABC):
    """Count hits against rates."""

    name: ClassVar[str]

    def __init__(self, storage: MemoryStorage) -> None:
        """Count in this storage."""
        self.storage = storage

    @abstractmethod
    def hit(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        """Take ``cost`` from the budget, and say whether there was so much."""

    @abstractmethod
    def test(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        """Say whether there is ``cost`` in the budget, and leave it there."""

    @abstractmethod
    def get_window_stats(self, item: RateLimitItem, *identifiers: str) -> WindowStats:
        """Say what is left, and when more of it comes."""

    def clear(self, item: RateLimitItem, *identifiers: str) -> None:
        """Forget what was counted."""
        self.storage.clear(item.key_for(*identifiers))


class FixedWindowRateLimiter(RateLimiter):
    """Windows that begin with their first hit. What is refused counts, too.

    At the border of two windows there may be twice as many as the rate says.
    """

    name = "fixed-window"

    def hit(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        """Take ``cost`` from the budget, and say whether there was so much."""
        count = self.storage.incr(item.key_for(*identifiers), item.get_expiry(), amount=cost)
        return count <= item.amount

    def test(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        """Say whether there is ``cost`` in the budget, and leave it there."""
        return self.storage.get(item.key_for(*identifiers)) + cost <= item.amount

    def get_window_stats(self, item: RateLimitItem, *identifiers: str) -> WindowStats:
        """Say what is left, and when the next window begins."""
        return self.storage.get_window(item.key_for(*identifiers), item.amount)


class MovingWindowRateLimiter(RateLimiter):
    """Never more than the rate in any window, wherever it begins. Each hit is remembered."""

    name = "moving-window"

    def hit(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        """Take ``cost`` from the budget, and say whether there was so much."""
        key = item.key_for(*identifiers)
        return self.storage.acquire_entry(key, item.amount, item.get_expiry(), amount=cost)

    def test(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        """Say whether there is ``cost`` in the budget, and leave it there."""
        return self.get_window_stats(item, *identifiers).remaining >= cost

    def get_window_stats(self, item: RateLimitItem, *identifiers: str) -> WindowStats:
        """Say what is left, and when the oldest hit is forgotten."""
        key = item.key_for(*identifiers)
        return self.storage.get_moving_window(key, item.amount, item.get_expiry())


class SlidingWindowCounterRateLimiter(RateLimiter):
    """Nearly a moving window for the price of two numbers: the last window counts in part."""

    name = "sliding-window-counter"

    def hit(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        """Take ``cost`` from the budget, and say whether there was so much."""
        key = item.key_for(*identifiers)
        return self.storage.acquire_sliding_window_entry(
            key, item.amount, item.get_expiry(), amount=cost
        )

    def test(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        """Say whether there is ``cost`` in the budget, and leave it there."""
        return self.get_window_stats(item, *identifiers).remaining >= cost

    def get_window_stats(self, item: RateLimitItem, *identifiers: str) -> WindowStats:
        """Say what is left, and when more of it comes."""
        key = item.key_for(*identifiers)
        return self.storage.get_sliding_window(key, item.amount, item.get_expiry())


class GCRARateLimiter(RateLimiter):
    """The whole budget at once if it is full; then it flows back evenly. One number each.

    What ``5/minute`` gives is five at once, then one each twelve seconds.
    """

    name = "gcra"

    def hit(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        """Take ``cost`` from the budget, and say whether there was so much."""
        key = item.key_for(*identifiers)
        return self.storage.acquire_gcra(key, item.amount, item.get_expiry(), amount=cost)

    def test(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        """Say whether there is ``cost`` in the budget, and leave it there."""
        return self.get_window_stats(item, *identifiers).remaining >= cost

    def get_window_stats(self, item: RateLimitItem, *identifiers: str) -> WindowStats:
        """Say what is left, and when one more is there."""
        key = item.key_for(*identifiers)
        return self.storage.get_gcra(key, item.amount, item.get_expiry())


STRATEGIES: Final[dict[str, type[RateLimiter]]] = {
    strategy.name: strategy
    for strategy in (
        FixedWindowRateLimiter,
        MovingWindowRateLimiter,
        SlidingWindowCounterRateLimiter,
        GCRARateLimiter,
    )
}
