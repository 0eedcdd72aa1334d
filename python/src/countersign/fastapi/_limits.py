"""Rate limits for the application's own routes."""

# No postponed annotations here: FastAPI reads the real ones of a dependency.
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Literal

from fastapi import Request
from starlette.requests import HTTPConnection
from starlette.types import Scope

from countersign import Countersign, Rates
from countersign.exceptions import ConfigurationError, RefusedError, TokenError
from countersign.fastapi._errors import REFUSALS, raised
from countersign.fastapi._paths import route_template
from countersign.fastapi._presented import presented

KeyFunction = Callable[[Request], str | Awaitable[str | None] | None]
"""Says what a request counts towards, or None for one that is not counted."""

Key = Literal["address", "user", "both"] | KeyFunction
"""By what requests are counted."""


class Limit:
    """A dependency that takes one of the budget that the request counts towards, or refuses it.

    It does not ask ``cs.principal``, which would turn away who is not logged in.
    """

    def __init__(self, auth: Countersign, rates: str, key: Key, name: str | None) -> None:
        if not callable(key) and key not in ("address", "user", "both"):
            raise ConfigurationError(
                f"key={key!r}: write 'address', 'user', 'both', or a function that takes the "
                "request and answers a text"
            )
        self._auth = auth
        self._rates = Rates(rates)
        self._key = key
        self._name = name

    async def __call__(self, connection: HTTPConnection) -> None:
        """Counts this request."""
        name = self._name or _route_name(connection.scope)
        try:
            if not self._auth.opened:
                await self._auth.aopen()
            for key in await self._keys(connection):
                self._auth.limit(self._rates, name=name, key=key)
        except REFUSALS as refusal:
            raise raised(refusal, connection) from None

    async def _keys(self, connection: HTTPConnection) -> list[str]:
        if callable(self._key):
            said = self._key(connection)  # type: ignore[arg-type]
            own = await said if isawaitable(said) else said
            return [] if own is None else [f"key:{own}"]
        user = None if self._key == "address" else self._user(connection.scope)
        keys = [] if user is None else [f"user:{user}"]
        if user is None or self._key == "both":
            keys.append(f"address:{self._network(connection.scope)}")
        return keys

    def _user(self, scope: Scope) -> str | None:
        """Whose request it is. A bad token is nobody's; to refuse it is the route's business."""
        try:
            return self._auth.authorize(presented(scope)).user_id
        except (TokenError, RefusedError):
            return None

    def _network(self, scope: Scope) -> str:
        """The client's address, or the network that counts as one client."""
        peer = scope["client"][0] if scope.get("client") else None
        forwarded = [value for field, value in scope["headers"] if field == b"x-forwarded-for"]
        address = self._auth.client_address(peer, forwarded)
        return "unknown" if address is None else self._auth.network(address)


def _route_name(scope: Scope) -> str:
    """Without a name, each route has budgets of its own; the same in every process."""
    method = scope.get("method", "WEBSOCKET")
    return f"{method} {scope.get('root_path', '')}{route_template(scope)}"
