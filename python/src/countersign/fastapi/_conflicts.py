"""Routes of the application and of the engine that are in each other's way."""

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi import routing
from starlette.routing import BaseRoute, Match, Route, compile_path
from starlette.types import Scope

from countersign.engine import HostRoutes
from countersign.exceptions import ConfigurationError
from countersign.fastapi._routes import HostRoute

# What stands for a parameter of a path: no route that takes only numbers matches it.
_SAMPLE = "0197a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"


def refuse_taken(before: Sequence[BaseRoute], routes: HostRoutes) -> None:
    """Refuses routes of the application that would answer instead of the engine's.

    Raises:
        ConfigurationError: naming the first of them.
    """
    for path, methods in routes.paths:
        sample = _sample(path)
        for method in sorted(methods):
            for route in before:
                if route.matches(_scope(method, sample))[0] is Match.FULL:
                    raise ConfigurationError(_taken(method, path, _named(route, method, sample)))


def refuse_unreachable(routes: Sequence[BaseRoute]) -> None:
    """Refuses routes that the application added after the engine's, with the same path and method.

    Raises:
        ConfigurationError: naming the first of them.
    """
    ours = {_sample(route.path): route for route in routes if isinstance(route, HostRoute)}
    for route in _flat(routes):
        sample = _sample(getattr(route, "path", None) or "")
        met = ours.get(sample)
        if met is None or isinstance(_original(route), HostRoute):
            continue
        shared = sorted((met.methods or set()) & (getattr(route, "methods", None) or set()))
        if shared:
            raise ConfigurationError(
                f"{_description(route)} is never reached: Countersign answers "
                f"{shared[0]} {met.path}, since cs.install(app) came first. {_MEND}"
            )


_MEND = (
    'Give Countersign\'s routes a place of their own, CountersignFastAPI(auth, prefix="/auth"), '
    "or leave their group out, such as routes={'login', 'wellknown'}."
)


def _taken(method: str, path: str, route: str) -> str:
    return (
        f"{method} {path} would be answered by the application's own {route} instead of by "
        f"Countersign. To let Countersign answer, call cs.install(app) before it is added. {_MEND}"
    )


def _scope(method: str, path: str) -> Scope:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "root_path": "",
        "query_string": b"",
        "headers": [],
    }


def _sample(path: str) -> str:
    """A path that the template matches."""
    _, template, parameters = compile_path(path) if path.startswith("/") else ("", path, {})
    return template.format_map(dict.fromkeys(parameters, _SAMPLE))


def _named(route: BaseRoute, method: str, path: str) -> str:
    """The route, or the one within it (an included router has no name) that matches."""
    for candidate in _flat([route]):
        methods = getattr(candidate, "methods", None)
        template = getattr(candidate, "path", None)
        if template and methods and method in methods and _pattern(template).match(path):
            return _description(candidate)
    return _description(route)


def _pattern(template: str) -> Any:
    return compile_path(template)[0]


def _flat(routes: Sequence[BaseRoute]) -> Iterator[Any]:
    """The routes with those of included routers, which newer versions of FastAPI keep apart."""
    contexts = getattr(routing, "iter_route_contexts", iter)
    yield from contexts(routes)


def _original(route: Any) -> Any:
    """The route itself of what `_flat` gives."""
    return getattr(route, "original_route", route)


def _description(route: Any) -> str:
    path = getattr(route, "path", None) or repr(route)
    name = getattr(route, "name", None)
    kind = "route" if isinstance(_original(route), Route) else "mount"
    return f"{kind} {path or '/'}" + (f" ({name})" if name else "")
