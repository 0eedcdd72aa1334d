"""Flask-Limiter's way of limiting, for FastAPI.

::

    from countersign.compat.fastapi_limits import Limiter
    from fastapi import Depends, FastAPI

    limiter = Limiter("address", default_limits=["200/day", "50/hour"], headers_enabled=True)
    app = FastAPI(dependencies=[Depends(limiter)])  # the default limits, for every route

    @app.get("/reports", dependencies=[Depends(limiter.limit("5/minute", key="user"))])
    async def reports(): ...

    @app.get("/search")
    @limiter.limit("10/minute; 100/day")  # below the route's decorator; no `request` is needed
    async def search(text: str): ...

The rates, strategies, storage and headers are those of `countersign.compat.flask_limiter`, on the
same `countersign.compat.limits`. Whatever is asked of the program may be a coroutine, and counting
is a step in memory: nothing blocks the event loop, and nothing goes to another thread.

It is named after what it holds, because ``fastapi_limiter`` is the name of another package, with
another interface, which a module of that name would promise here.

- Requests are counted by ``"address"`` (of IPv6 the /64), by ``"user"`` (who has none, by address),
  by ``"both"``, each with a budget of its own, or by a function of the request. With ``auth``, a
  `Countersign`, its trusted proxies and its users count; without it ``user`` says who it is.
- A route with limits of its own goes without the default limits, unless those say
  ``override_defaults=False``. Application limits hold for all routes together.
- The limits of one dependency count together: if one of them refuses, none is charged.
- The answer to one too many is `RateLimitExceeded`: 429 with ``Retry-After``. A WebSocket is closed
  with 1008.
- ``on_breach`` is told of breaches, ``meta_limits`` limit how often there may be any, and
  ``deduct_when`` counts by the answer, such as failed log-ins only.
- Headers are on answers that FastAPI makes. Add `LimitHeadersMiddleware` if routes return responses
  of their own, or if you use ``deduct_when``.
- Not offered, each an error that names it: ``swallow_errors``, ``fail_on_first_breach``,
  ``in_memory_fallback``, ``in_memory_fallback_enabled``, ``retry_after``, ``request_identifier``.

An application that has a `countersign.fastapi.CountersignFastAPI` needs none of this for single
routes: ``cs.limit`` counts in the engine.
"""

try:
    import fastapi as _fastapi  # noqa: F401
except ModuleNotFoundError as _missing:
    raise ImportError(
        'countersign.compat.fastapi_limits needs FastAPI: pip install "countersign-auth[fastapi]"'
    ) from _missing

from countersign.compat.limits._options import HeaderNames

from ._headers import LimitHeadersMiddleware, RequestLimit
from ._limiter import Limiter
from ._refusal import RateLimitExceeded
from ._route import RouteLimit

__all__ = [
    "HeaderNames",
    "LimitHeadersMiddleware",
    "Limiter",
    "RateLimitExceeded",
    "RequestLimit",
    "RouteLimit",
]
