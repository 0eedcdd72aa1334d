"""``cs.principal``: who calls, or a refusal."""

# No postponed annotations here: FastAPI reads the real ones of a dependency.
from fastapi import WebSocket
from fastapi.openapi.models import HTTPBearer, OAuth2
from fastapi.security import SecurityScopes
from starlette.requests import HTTPConnection
from starlette.types import Scope

from countersign import Countersign, Principal
from countersign.engine import UNSURE
from countersign.exceptions import MissingTokenError
from countersign.fastapi._conditions import (
    OPTIONAL,
    Condition,
    has_conditions,
    without_conditions,
)
from countersign.fastapi._errors import REFUSALS, raised
from countersign.fastapi._presented import presented
from countersign.fastapi._scheme import Scheme
from countersign.fastapi._websocket import accept_bearer


class PrincipalDependency(Scheme):
    """The principal of the presented access token.

    One dependency that takes the connection as it is, and one call into the core: each further
    dependency that FastAPI has to resolve costs more than the check itself, and each layer of
    Python a good part of it. Everything happens in memory and on the event loop.
    """

    def __init__(self, auth: Countersign, described: OAuth2 | HTTPBearer) -> None:
        super().__init__(described)
        self._auth = auth
        self._lifecycle = auth._lifecycle

    async def __call__(  # type: ignore[override]
        self, connection: HTTPConnection, security_scopes: SecurityScopes
    ) -> Principal:
        """Checks the token, its revocation, and the scopes that the route asks for."""
        scope, scopes = connection.scope, security_scopes.scopes
        core = self._lifecycle.current
        try:
            if core is None:
                await self._auth.aopen()
            elif scope["type"] == "http" and not (scopes and has_conditions(scopes)):
                try:
                    return core.authorize_asgi(scope["headers"], scopes)
                except UNSURE:
                    pass
            principal = self._principal(scope, scopes)
        except REFUSALS as refusal:
            raise raised(refusal, connection) from None
        if isinstance(connection, WebSocket):
            accept_bearer(connection)
        # None is answered only to the dependencies that said so, which are typed accordingly.
        return principal  # type: ignore[return-value]

    def _principal(self, scope: Scope, scopes: list[str]) -> Principal | None:
        conditions = [condition for condition in scopes if isinstance(condition, Condition)]
        if not conditions:
            return self._auth.authorize(presented(scope), scopes=scopes)
        if any(condition.waives(scope) for condition in conditions):
            return None
        try:
            return self._auth.authorize(presented(scope), scopes=without_conditions(scopes))
        except MissingTokenError:
            if OPTIONAL in conditions:
                return None
            raise
