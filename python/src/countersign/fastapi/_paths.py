"""Which path a request is for, as the application's own routes see it."""

from typing import Any

from starlette.types import Scope


def route_path(scope: Scope) -> str:
    """The decoded path without what the server or a mount has taken off (``root_path``)."""
    path: str = scope["path"]
    root_path: str = scope.get("root_path", "")
    if not root_path or not path.startswith(root_path):
        return path
    rest = path[len(root_path) :]
    return rest if not rest or rest.startswith("/") else path


def route_template(scope: Scope) -> str:
    """The path as the route was declared, the prefix of an included router with it."""
    # Newer versions of FastAPI keep included routers as they are and say here which route of them
    # it is; older ones copy the routes.
    context = scope.get("fastapi", {}).get("effective_route_context")
    route: Any = context if context is not None else scope.get("route")
    return getattr(route, "path", None) or route_path(scope)
