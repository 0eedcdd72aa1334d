"""A limit of a route: as a dependency, or as a decorator."""

import inspect
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, cast

from fastapi import Depends, Response
from starlette.requests import HTTPConnection

from countersign.compat.limits import parse_many
from countersign.compat.limits._options import COST, is_cost
from countersign.exceptions import ConfigurationError

from ._headers import RequestLimit
from ._keys import Key
from ._settle import Deduct

if TYPE_CHECKING:
    from ._limiter import Limiter

_P = ParamSpec("_P")
_R = TypeVar("_R")

Rates = str | Callable[[HTTPConnection], Any]
"""The rates, or a function of the request that answers them, at once or later."""

OnBreach = Callable[[HTTPConnection, RequestLimit], Any]
"""Is told of a breach. To answer something else than 429, it raises an exception."""

_ASKED: Final = inspect.Signature(
    [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation)
        for name, annotation in (("connection", HTTPConnection), ("response", Response))
    ]
)
_PARAMETER: Final = "countersign_limit"


@dataclass(frozen=True)
class Terms:
    """What a limit says, wherever it holds."""

    rates: Rates
    key: Key
    scope: str | None = None
    per_method: bool = False
    methods: frozenset[str] | None = None
    exempt_when: Callable[[HTTPConnection], Any] | None = None
    error_message: str | None = None
    cost: int | Callable[[HTTPConnection], Any] = 1
    override_defaults: bool = True
    deduct_when: Deduct | None = None
    on_breach: OnBreach | None = None
    meta_limits: "tuple[Terms, ...]" = ()

    def __post_init__(self) -> None:
        """Refuse what can never be meant."""
        if not callable(self.rates):
            parse_many(self.rates)
        if not callable(self.cost) and not is_cost(self.cost):
            raise ConfigurationError(f"cost={self.cost!r}: {COST}")
        check_function("exempt_when", self.exempt_when, "the request")
        check_function("deduct_when", self.deduct_when, "the answer")
        check_function("on_breach", self.on_breach, "the request and the limit")


def check_function(name: str, value: Any, takes: str) -> None:
    """Refuse what can never be called."""
    if value is not None and not callable(value):
        raise ConfigurationError(f"{name}={value!r}: write a function that takes {takes}")


def method_names(methods: Sequence[str] | None) -> frozenset[str] | None:
    """The methods that are limited, or None for all of them."""
    if isinstance(methods, str):
        raise ConfigurationError(f"methods={methods!r}: write a list, [{methods!r}]")
    return frozenset(method.upper() for method in methods) if methods else None


class RouteLimit:
    """What `Limiter.limit` makes: ``Depends(limit)``, or ``@limit`` below the route's decorator.

    A decorated function takes what it took before; FastAPI asks the limit first, and other
    callers are not counted.
    """

    def __init__(self, limiter: "Limiter", terms: Terms) -> None:
        """Make a limit. The terms say the rest."""
        self.limiter = limiter
        self.terms = terms
        # One object serves both uses, so FastAPI has to see a coroutine function that takes a
        # connection and a response. It looks at these two; a call as such goes to the class.
        vars(self)["__signature__"] = _ASKED
        vars(self)["__call__"] = self._count

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Decorate a function, or for FastAPI count a request."""
        if kwargs.keys() == set(_ASKED.parameters) and not args:
            return self._count(**kwargs)
        if len(args) == 1 and not kwargs and callable(args[0]):
            return self._decorate(args[0])
        raise ConfigurationError(
            "write Depends(limiter.limit(...)), or @limiter.limit(...) above a route's function"
        )

    async def _count(self, connection: HTTPConnection, response: Response) -> None:
        await self.limiter._check(connection, response, [self.terms])

    def _decorate(self, function: Callable[_P, _R]) -> Callable[_P, _R]:
        if inspect.isclass(function) or not inspect.isroutine(function):
            raise ConfigurationError(
                f"@limiter.limit(...) stands above a function, not above {function!r}"
            )
        decorated = _passing_on(function)
        signature = _signature(function)
        # First, so that whoever is refused is refused before other dependencies do their work. What
        # is first cannot be by keyword only unless all are; FastAPI passes them so anyway.
        name = _PARAMETER
        while name in signature.parameters:
            name += "_"
        own = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=Depends(self))
        parameters = [own, *map(_by_keyword, signature.parameters.values())]
        parameters.sort(key=lambda each: each.kind)
        decorated.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return cast("Callable[_P, _R]", decorated)


def _passing_on(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same kind of function, which drops what only the limit was asked for."""

    def without(kwargs: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in kwargs.items() if not name.startswith(_PARAMETER)}

    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def coroutine(*args: Any, **kwargs: Any) -> Any:
            return await function(*args, **without(kwargs))

        return coroutine
    if inspect.isasyncgenfunction(function):

        @wraps(function)
        async def async_generator(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            async for each in function(*args, **without(kwargs)):
                yield each

        return async_generator
    if inspect.isgeneratorfunction(function):

        @wraps(function)
        def generator(*args: Any, **kwargs: Any) -> Iterator[Any]:
            yield from function(*args, **without(kwargs))

        return generator

    @wraps(function)
    def plain(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **without(kwargs))

    return plain


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    """With the real types, which older versions of FastAPI would look for in this module."""
    try:
        return inspect.signature(function, eval_str=True)
    except (NameError, AttributeError, TypeError):
        # Newer ones look in the right place.
        return inspect.signature(function)


def _by_keyword(parameter: inspect.Parameter) -> inspect.Parameter:
    if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
        return parameter
    return parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
