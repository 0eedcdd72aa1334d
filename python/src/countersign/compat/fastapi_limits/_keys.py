"""By what requests are counted: the address, the user, both, or what the program says."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal

from starlette.requests import HTTPConnection
from starlette.types import Scope

from countersign import Countersign
from countersign.exceptions import ConfigurationError, RefusedError, TokenError
from countersign.fastapi._presented import presented

KeyFunction = Callable[[HTTPConnection], str | Awaitable[str | None] | None]
"""Says what a request counts towards, or None for one that is not counted."""

Key = Literal["address", "user", "both"] | KeyFunction
"""By what requests are counted."""

UserFunction = KeyFunction
"""Says whose request it is, or None if nobody's."""

_KEYS: Final = ("address", "user", "both")


class Keys:
    """Say what requests count towards.

    Args:
        auth: The engine, whose users and proxies count.
        user: Says whose request it is, instead of the engine.
    """

    def __init__(self, auth: Countersign | None, user: UserFunction | None) -> None:
        """Check what is given."""
        if auth is not None and not isinstance(auth, Countersign):
            raise ConfigurationError(f"auth={auth!r}: pass the Countersign, or leave it out")
        if user is not None and not callable(user):
            raise ConfigurationError(
                f"user={user!r}: write a function that takes the request and answers a text or None"
            )
        self._auth = auth
        self._user = user

    def check(self, key: Key) -> Key:
        """Refuse what nothing can be counted by."""
        if not callable(key) and key not in _KEYS:
            raise ConfigurationError(
                f"key={key!r}: write 'address', 'user', 'both', or a function that takes the"
                " request and answers a text"
            )
        if key in ("user", "both") and self._auth is None and self._user is None:
            raise ConfigurationError(
                f"key={key!r}: give the Limiter auth=, a Countersign, or user=, a function that"
                " takes the request and answers whose it is"
            )
        return key

    async def of(self, connection: HTTPConnection, key: Key) -> list[str]:
        """The budgets that a request counts towards."""
        if callable(key):
            own = await awaited(key(connection))
            # The empty text is nobody, too, or all who have none would share a budget.
            return [f"key:{own}"] if own else []
        user = None if key == "address" else await self._user_of(connection)
        keys = [f"user:{user}"] if user else []
        if not keys or key == "both":
            keys.append(f"address:{await self._network_of(connection.scope)}")
        return keys

    async def _user_of(self, connection: HTTPConnection) -> str | None:
        if self._user is not None:
            said: str | None = await awaited(self._user(connection))
            return said
        auth = await self._opened()
        if auth is None:
            return None
        try:
            return auth.authorize(presented(connection.scope)).user_id
        except (TokenError, RefusedError):
            # A bad token is nobody's; to refuse it is the route's business.
            return None

    async def _network_of(self, scope: Scope) -> str:
        """The client's address, or the network that counts as one client."""
        address = scope["client"][0] if scope.get("client") else None
        auth = await self._opened()
        if auth is not None:
            headers = scope["headers"]
            forwarded = [value for field, value in headers if field == b"x-forwarded-for"]
            address = auth.client_address(address, forwarded)
        if address is None:
            return "unknown"
        try:
            return Countersign.network(address)
        except ConfigurationError:
            # The name of a socket, or of a client in tests.
            return str(address)

    async def _opened(self) -> Countersign | None:
        if self._auth is not None and not self._auth.opened:
            await self._auth.aopen()
        return self._auth


async def awaited(said: Any) -> Any:
    """What a function says, at once or later."""
    return await said if inspect.isawaitable(said) else said
