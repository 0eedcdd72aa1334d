"""When the principal dependency may let a request in without a token.

Optional authentication and exempt paths are said to ``cs.principal`` by pseudo scopes. So all of
them are the one dependency that a test overrides, and FastAPI, which keeps results by dependency
and scopes, never hands the ``None`` of an optional one to a route that demands a token.
"""

import re
from collections.abc import Collection, Iterable

from starlette.routing import compile_path
from starlette.types import Scope

from countersign.exceptions import ConfigurationError
from countersign.fastapi._paths import route_path

# In the engine's own name space, where an application has no scopes.
_OPTIONAL = "countersign:optional"
_EXEMPT = "countersign:exempt "


class Condition(str):
    """A pseudo scope. Equal texts mean equal conditions."""

    def waives(self, scope: Scope) -> bool:
        """Whether the token of this request is not even looked at."""
        return False


OPTIONAL = Condition(_OPTIONAL)
"""A request without a token is let in. A bad token is refused nevertheless: the client means it."""


class Exempt(Condition):
    """Requests for some paths are let in."""

    _exact: frozenset[str]
    _trees: tuple[str, ...]
    _templates: tuple[re.Pattern[str], ...]

    def __new__(cls, paths: Collection[str]) -> "Exempt":
        if isinstance(paths, str):
            raise ConfigurationError(f"exempt takes a set of paths: {{{paths!r}}}")
        for path in paths:
            if not path.startswith("/") or " " in path:
                raise ConfigurationError(f'an exempt path begins with "/": {path!r} does not')
        made = super().__new__(cls, _EXEMPT + " ".join(sorted(paths)))
        made._exact = frozenset(paths)
        made._trees = tuple(path[:-1] for path in paths if path.endswith("/*"))
        made._templates = tuple(compile_path(path)[0] for path in sorted(paths) if "{" in path)
        return made

    def waives(self, scope: Scope) -> bool:
        """Whether the request is for one of the paths."""
        return self.covers(route_path(scope))

    def covers(self, path: str) -> bool:
        """Whether it is one of the paths, fits one with parameters, or lies below one with /*."""
        return (
            path in self._exact
            or path.startswith(self._trees)
            or any(template.match(path) for template in self._templates)
        )


def has_conditions(scopes: Iterable[str]) -> bool:
    """Whether one of the scopes is no scope."""
    return any(isinstance(scope, Condition) for scope in scopes)


def without_conditions(scopes: Iterable[str]) -> list[str]:
    """The scopes that are meant as such."""
    return [scope for scope in scopes if scope != _OPTIONAL and not scope.startswith(_EXEMPT)]


def is_optional(scopes: Iterable[str]) -> bool:
    """Whether an operation with these scopes answers without a token, too."""
    return _OPTIONAL in scopes


def is_exempt(scopes: Iterable[str], path: str) -> bool:
    """Whether an operation at this path template asks for no token at all."""
    exempt = (scope for scope in scopes if scope.startswith(_EXEMPT))
    return any(Exempt(scope.removeprefix(_EXEMPT).split(" ")).covers(path) for scope in exempt)
