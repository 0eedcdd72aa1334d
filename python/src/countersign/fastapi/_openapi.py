"""`app.openapi()` and `/openapi.json` with our routes."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from countersign.fastapi._merge import Json, merged
from countersign.fastapi._scheme import Scheme

_root_path: ContextVar[str | None] = ContextVar("countersign_root_path", default=None)


class Document:
    """An application's document with ours merged in. Stands in for its `openapi` method."""

    def __init__(
        self,
        app: FastAPI,
        original: Callable[[], Json],
        ours: Mapping[str, Any],
        scheme: Scheme,
    ) -> None:
        self._app = app
        self._original = original
        self._ours = ours
        self._scheme: Json = jsonable_encoder(scheme.model, by_alias=True, exclude_none=True)

    def __call__(self) -> Json:
        """The whole document, as it is served to the client of this request."""
        return merged(self._original(), self._ours, self._served_scheme())

    def over(self, original: Callable[[], Json]) -> "Document":
        """The same for another `openapi` method."""
        made = Document.__new__(Document)
        made.__dict__ = {**self.__dict__, "_original": original}
        return made

    def _served_scheme(self) -> Json:
        """With the path that a client sees, which only the request tells below a proxy or a mount.

        A relative URL would not do: tools resolve it by the document's URL, by the page's, or by
        the server's.
        """
        password = self._scheme.get("flows", {}).get("password")
        if password is None or not password["tokenUrl"].startswith("/"):
            return self._scheme
        root_path = _root_path.get()
        if root_path is None:
            root_path = self._app.root_path
        url = root_path.rstrip("/") + password["tokenUrl"]
        return {**self._scheme, "flows": {"password": {**password, "tokenUrl": url}}}


def install_document(app: FastAPI, ours: Mapping[str, Any], scheme: Scheme) -> None:
    """Merges our document into whatever the application serves as its own."""
    document = Document(app, app.openapi, ours, scheme)
    app.openapi = document  # type: ignore[method-assign]
    for route in app.router.routes:
        if isinstance(route, Route) and route.path == app.openapi_url:
            route.app = _Served(app, route.app, document)


class _Served:
    """The route of the document."""

    def __init__(self, app: FastAPI, inner: ASGIApp, document: Document) -> None:
        self._app = app
        self._inner = inner
        self._document = document

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not isinstance(self._app.openapi, Document):
            # The application has put a method of its own in place since.
            document = self._document.over(self._app.openapi)
            self._app.openapi = document  # type: ignore[method-assign]
        token = _root_path.set(scope.get("root_path", ""))
        try:
            await self._inner(scope, receive, send)
        finally:
            _root_path.reset(token)
