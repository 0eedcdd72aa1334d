"""What a `Limiter` knows of one request: `RequestLimit`, and a `Visitor` that gathers them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast
from weakref import ProxyType, proxy

from flask import request

if TYPE_CHECKING:
    from countersign.compat.limits import RateLimitItem, WindowStats
    from countersign.compat.limits.strategies import RateLimiter

    from ._limiter import Limiter
    from ._limits import ActiveLimit

_ENVIRON = "countersign.compat.flask_limiter"


class RequestLimit:
    """How a limit stands that this request met.

    Attributes:
        limit: The rate.
        request_args: Whose budget it is, and of what.
        key: The same, and the rate, as one text.
        breached: Whether this request is one too many.
        shared: Whether other views have part in the budget.
    """

    def __init__(
        self,
        extension: Limiter,
        limit: RateLimitItem,
        request_args: list[str],
        breached: bool,
        shared: bool,
    ) -> None:
        """Name a budget. How it stands is looked up when it is first asked for."""
        self.extension: ProxyType[Limiter] = proxy(extension)
        self.limit = limit
        self.request_args = request_args
        self.key = limit.key_for(*request_args)
        self.breached = breached
        self.shared = shared
        self._window: WindowStats | None = None

    @property
    def limiter(self) -> RateLimiter:
        """What counts."""
        return cast("RateLimiter", self.extension.limiter)

    @property
    def window(self) -> WindowStats:
        """When there is more of the budget, and what is left of it."""
        if self._window is None:
            self._window = self.limiter.get_window_stats(self.limit, *self.request_args)
        return self._window

    @property
    def reset_at(self) -> int:
        """In which second since 1970 there is more of it."""
        return int(self.window.reset_time + 1)

    @property
    def remaining(self) -> int:
        """What is left of it, this request deducted."""
        return self.window.remaining


@dataclass
class Visitor:
    """What one request has met so far."""

    limit: RequestLimit | None = None
    """The one to tell the client."""
    limits: list[RequestLimit] = field(default_factory=list)
    pending: dict[ActiveLimit, list[str]] = field(default_factory=dict)
    """The budgets that the response decides about."""
    seen: set[ActiveLimit] = field(default_factory=set)
    """The limits of the `Limiter` that have counted this request."""


def visitor(limiter: Limiter) -> Visitor:
    """The request at hand, as this limiter knows it."""
    visitors: dict[Limiter, Visitor] = request.environ.setdefault(_ENVIRON, {})
    return visitors.setdefault(limiter, Visitor())


def forget_visitor(limiter: Limiter) -> None:
    """Forget what the request at hand has met."""
    request.environ.get(_ENVIRON, {}).pop(limiter, None)
