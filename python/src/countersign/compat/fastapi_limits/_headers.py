"""How limits stand, and the headers that tell it to the client."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from countersign.compat.limits import RateLimitItem
from countersign.compat.limits._options import HeaderNames

from ._settle import Answered, begin, settle

_HEADERS: Final = "countersign.compat.fastapi_limits.headers"


@dataclass(frozen=True)
class RequestLimit:
    """How a limit stands that a request met, the request deducted."""

    limit: RateLimitItem
    """The rate."""
    key: str
    """Whose budget it is, of what, and the rate."""
    breached: bool
    """Whether the request was one too many."""
    shared: bool
    """Whether other routes have part in the budget."""
    reset_time: float
    """When there is more of it, in seconds since 1970."""
    remaining: int
    """What is left of it."""

    @property
    def retry_after(self) -> int:
        """In how many seconds there is more of it, 1 or more."""
        return max(1, math.ceil(self.reset_time - time.time()))


def most_telling(limits: list[RequestLimit]) -> RequestLimit:
    """The last one that is breached, else the shortest that is the route's own, else the shortest.

    Of those as short, the one with the fewest left.
    """
    breached = [each for each in limits if each.breached]
    if breached:
        return breached[-1]
    return min(limits, key=lambda each: (each.shared, each.limit.get_expiry(), each.remaining))


def headers_of(limit: RequestLimit, names: Mapping[HeaderNames, str]) -> dict[str, str]:
    """All headers for a limit."""
    return {
        names[HeaderNames.LIMIT]: str(limit.limit.amount),
        names[HeaderNames.REMAINING]: str(limit.remaining),
        names[HeaderNames.RESET]: str(int(limit.reset_time) + 1),
        names[HeaderNames.RETRY_AFTER]: str(limit.retry_after),
    }


def remember_headers(scope: Scope, headers: Mapping[str, str]) -> None:
    """Leave the headers where the middleware finds them, if it is there."""
    if _HEADERS in scope:
        scope[_HEADERS].update(headers)


class LimitHeadersMiddleware:
    """Put the headers of limits on responses that routes make themselves, too.

    ::

        app.add_middleware(LimitHeadersMiddleware)

    It also sees the answers by which ``deduct_when`` decides.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Go around an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, with the headers that the limits in it leave."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told: dict[str, Any] = {}
        scope[_HEADERS] = told
        begin(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in told.items():
                    headers.setdefault(name, value)
                await settle(scope, Answered(message["status"], headers))
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            # Whoever is around us answers 500.
            await settle(scope, Answered(500, Headers()))
            raise
