"""The engine's routes as routes of the application."""

from collections.abc import Iterable
from typing import Final

from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from countersign.engine import Answer, HostRoutes
from countersign.fastapi._body import read_body
from countersign.fastapi._paths import route_path

# Reading a member of an enumeration takes as long as the rest of what a route of ours does with a
# request that is for another one.
_NONE: Final = Match.NONE


class HostRoute(Route):
    """One path of the engine's, with its methods.

    The router in Rust answers it whole: other methods (405), what is malformed, and HEAD.
    """

    def __init__(self, path: str, methods: Iterable[str], routes: HostRoutes) -> None:
        # An endpoint that is no function is an ASGI application to Starlette.
        super().__init__(
            path,
            endpoint=InProcess(routes),
            methods=list(methods),
            name=f"countersign:{path}",
            include_in_schema=False,
        )
        self._fixed_part = path.partition("{")[0].rstrip("/")

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As any route; a path with a slash too much is ours, too, if nobody else wants it.

        Starlette would redirect it. A log-in must not be sent twice, and behind a proxy perhaps
        to ``http``.
        """
        # Every request of the application is asked this by each of our routes.
        if self._fixed_part not in scope["path"]:
            return _NONE, {}
        match, child = super().matches(scope)
        if match is Match.NONE and scope["type"] == "http":
            path = route_path(scope)
            if path.endswith("/") and self.path_regex.match(path.rstrip("/")):
                return Match.PARTIAL, {"endpoint": self.endpoint, "path_params": {}}
        return match, child

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes other methods on as well: the router knows the answer."""
        await self.app(scope, receive, send)


class InProcess:
    """An ASGI application that hands requests to the router in Rust, without a socket."""

    def __init__(self, routes: HostRoutes) -> None:
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request exactly as the router does."""
        body = await read_body(receive)
        if body is None:
            return
        answer = await self._routes.ahandle(
            scope["method"],
            route_path(scope),
            scope["query_string"],
            list(scope["headers"]),
            body,
            scope["client"][0] if scope.get("client") else None,
        )
        await _send(answer, send)


async def _send(answer: Answer, send: Send) -> None:
    headers = list(answer.headers)
    if _lacks_length(answer):
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _lacks_length(answer: Answer) -> bool:
    """Whether the server would have to frame the body by chunks (RFC 9110 8.6)."""
    if answer.status in (204, 304) or not answer.body:
        return False
    return all(name != b"content-length" for name, _ in answer.headers)
