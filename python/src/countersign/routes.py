"""The engine's HTTP routes, for a host that hands requests over in process."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from countersign._lifecycle import FOREIGN, Lifecycle
from countersign._native import Config, Core, Routes
from countersign.exceptions import CountersignError, InvalidRequestError
from countersign.operations.operation import names

__all__ = ["BODY_LIMIT", "DEFAULT_ROUTES", "Answer", "HostRoutes"]

DEFAULT_ROUTES: Final = frozenset({"login", "register", "account", "wellknown"})
"""The groups of routes that hosts offer unless told otherwise; ``admin`` is the other one."""

BODY_LIMIT: Final = 64 * 1024
"""A longer body is answered 413: hosts hand over what they have after one byte more."""

_WELL_KNOWN: Final = "/.well-known/"
_METHODS: Final = frozenset({"get", "put", "post", "delete", "patch"})


class Answer(NamedTuple):
    """The answer to one request."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class HostRoutes:
    """The engine's routes below a prefix; ``/.well-known/*`` stays at the root.

    Making it opens nothing: the first request does.
    """

    def __init__(
        self, lifecycle: Lifecycle, config: Config, prefix: str, groups: Collection[str]
    ) -> None:
        self.prefix: str = prefix.rstrip("/") if isinstance(prefix, str) else prefix
        self._groups = names("routes", groups)
        self._config = config
        self._lifecycle = lifecycle
        self._routed: tuple[Core, Routes] | None = None
        self.paths: tuple[tuple[str, frozenset[str]], ...] = _paths(self.openapi())

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI 3.1 document of these routes, a new one for each caller."""
        return self._config.openapi(self.prefix, self._groups)

    def handle(
        self,
        method: str,
        path: str,
        query: bytes,
        headers: Sequence[tuple[bytes, bytes]],
        body: bytes | None,
        peer: str | None,
    ) -> Answer:
        """Answers a request.

        Args:
            method: The HTTP method.
            path: The path as the client sees it, with the prefix, decoded.
            query: What follows the ``?``, as it came.
            headers: All fields as they came, the repeated ones, too.
            body: The body, up to one byte more than :data:`BODY_LIMIT`; None if it broke off.
            peer: Who is at the other end of the connection; ``X-Forwarded-For`` counts if it is a
                trusted proxy.
        """
        try:
            request = (method, self._below(path), query, list(headers), body, peer)
            answer = self._lifecycle.use(lambda core: self._of(core).handle(*request))
        except CountersignError:
            raise
        except FOREIGN as error:
            raise _unusable(error) from error
        return Answer(*answer)

    async def ahandle(
        self,
        method: str,
        path: str,
        query: bytes,
        headers: Sequence[tuple[bytes, bytes]],
        body: bytes | None,
        peer: str | None,
    ) -> Answer:
        """The same as :meth:`handle`, for an asyncio loop."""
        try:
            request = (method, self._below(path), query, list(headers), body, peer)
            answer = await self._lifecycle.ause(
                lambda core, loop: self._of(core).ahandle(loop, *request)
            )
        except CountersignError:
            raise
        except FOREIGN as error:
            raise _unusable(error) from error
        return Answer(*answer)

    def _below(self, path: str) -> str:
        """The path without the prefix; what stands elsewhere becomes ``/``, where nothing is."""
        if not isinstance(path, str):
            raise InvalidRequestError("the path is a text")
        if not self.prefix or path.startswith(_WELL_KNOWN):
            return path
        below = path.removeprefix(self.prefix)
        here = path.startswith(f"{self.prefix}/") and not below.startswith(_WELL_KNOWN)
        return below if here else "/"

    def _of(self, core: Core) -> Routes:
        routed = self._routed
        if routed is None or routed[0] is not core:
            routed = (core, core.routes(self.prefix, self._groups))
            self._routed = routed
        return routed[1]


def _unusable(error: Exception) -> InvalidRequestError:
    return InvalidRequestError(f"the request cannot be read ({type(error).__name__})")


def _paths(document: dict[str, Any]) -> tuple[tuple[str, frozenset[str]], ...]:
    return tuple(
        (path, frozenset(method.upper() for method in _METHODS & item.keys()))
        for path, item in document["paths"].items()
    )
