"""What a limit is: `Limit` and its kinds as declared, `ActiveLimit` as one request meets it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import InitVar, dataclass, field, replace
from functools import wraps
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar, cast, overload
from weakref import ProxyType, proxy

from flask import Blueprint, current_app, request

from countersign.compat.limits import RateLimitItem, parse_many

from ._declared import warn_of_options, warn_of_rates
from .util import get_qualified_name

if TYPE_CHECKING:
    from flask.wrappers import Response

    from ._limiter import Limiter
    from ._requests import RequestLimit

_P = ParamSpec("_P")
_R = TypeVar("_R")

Rates: TypeAlias = "str | Callable[[], str]"
Key: TypeAlias = Callable[[], str]
Scope: TypeAlias = "str | Callable[[str], str] | None"
Cost: TypeAlias = "int | Callable[[], int]"
Message: TypeAlias = "str | Callable[[], str] | None"
Condition: TypeAlias = "Callable[[], bool] | None"
Deduct: TypeAlias = "Callable[[Response], bool] | None"
OnBreach: TypeAlias = "Callable[[RequestLimit], Response | None] | None"

_CHECKED_BY = "_countersign_limiter"
"""The attribute by which a function says that it counts, and for whom."""


@dataclass(frozen=True)
class ActiveLimit:
    """One rate of a `Limit`, with what it needs to be counted."""

    limit: RateLimitItem
    key_func: Key
    scope: Scope = None
    per_method: bool = False
    methods: tuple[str, ...] | None = None
    error_message: Message = None
    exempt_when: Condition = None
    override_defaults: bool = False
    deduct_when: Deduct = None
    on_breach: OnBreach = None
    cost: Cost = 1
    shared: bool = False
    meta_limits: tuple[ActiveLimit, ...] = ()

    @property
    def is_exempt(self) -> bool:
        """Whether the limit itself says that it is not for this request."""
        return bool(self.exempt_when and self.exempt_when())

    @property
    def method_exempt(self) -> bool:
        """Whether the limit is for other methods."""
        return self.methods is not None and request.method.lower() not in self.methods

    @property
    def deduction_amount(self) -> int:
        """What this request costs."""
        return self.cost() if callable(self.cost) else self.cost

    def scope_for(self, endpoint: str, method: str) -> str:
        """What shares the budget with this request, apart from its key."""
        own = self.scope(request.endpoint or "") if callable(self.scope) else self.scope
        scope = endpoint if not own else str(own) if self.shared else f"{endpoint}:{own}"
        return f"{scope}:{method.upper()}" if self.per_method else scope


@dataclass(unsafe_hash=True)
class Limit:
    """A limit for ``default_limits``, where a text would not say enough.

    Attributes:
        limit_provider: The rates, or a function that answers them for the request at hand.
        key_function: Whose budget it is; without it, the `Limiter`'s ``key_func`` says.
        scope: What besides the endpoint tells budgets apart, or a function of the endpoint.
        cost: What a request costs, or a function that says it.
        shared: Whether views of the same scope have one budget.
        methods: The methods that are limited; without it, all.
        per_method: Whether each method has a budget of its own.
        error_message: What the answer says instead of the rate, or a function that says it.
        meta_limits: Limits on how often this limit may be breached.
        exempt_when: Whether the request at hand is not limited.
        deduct_when: Whether this response is counted. The budget is looked at before the view and
            reduced after it, so that requests at the same time may slip through together.
        on_breach: Is told of a breach; a response that it returns is the answer.
    """

    limit_provider: Rates
    key_function: Key | None = None
    scope: Scope = None
    cost: Cost | None = None
    shared: bool = False
    methods: Sequence[str] | None = None
    per_method: bool = False
    error_message: Message = None
    meta_limits: Iterable[Rates | MetaLimit] | None = None
    exempt_when: Condition = None
    deduct_when: Deduct = None
    on_breach: OnBreach = None
    override_defaults: bool | None = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Look at the options, and make of the lists what can be hashed."""
        warn_of_options(self)
        if self.methods:
            self.methods = tuple(method.lower() for method in self.methods)
        if self.meta_limits:
            self.meta_limits = tuple(self.meta_limits)

    def active(self, default_key: Key) -> list[ActiveLimit]:
        """The rates as they are for this request.

        Raises:
            ConfigurationError: one of them cannot be read.
        """
        provider = self.limit_provider
        rates = provider() if callable(provider) else provider
        if not rates:
            return []
        limit = ActiveLimit(
            limit=parse_many(rates)[0],
            key_func=self.key_function or default_key,
            scope=self.scope,
            per_method=self.per_method,
            methods=cast("tuple[str, ...] | None", self.methods or None),
            error_message=self.error_message,
            exempt_when=self.exempt_when,
            override_defaults=bool(self.override_defaults),
            deduct_when=self.deduct_when,
            on_breach=self.on_breach,
            cost=self.cost or 1,
            shared=self.shared,
            meta_limits=self._active_meta_limits(default_key),
        )
        return [replace(limit, limit=rate) for rate in parse_many(rates)]

    def _active_meta_limits(self, default_key: Key) -> tuple[ActiveLimit, ...]:
        active: list[ActiveLimit] = []
        for meta in self.meta_limits or ():
            if isinstance(meta, MetaLimit):
                active += meta.active(default_key)
            else:
                active += MetaLimit(meta).active(self.key_function or default_key)
        return tuple(active)


@dataclass(kw_only=True, unsafe_hash=True)
class ApplicationLimit(Limit):
    """A limit for ``application_limits``: all views of the scope have one budget."""

    scope: Scope = "global"
    shared: bool = field(init=False, default=True)


@dataclass(kw_only=True, unsafe_hash=True)
class MetaLimit(Limit):
    """A limit on how often limits may be breached. Once it is reached, nothing passes."""

    key_function: Key | None = None
    scope: Scope = "meta"
    shared: bool = field(init=False, default=True)
    meta_limits: Iterable[Rates | MetaLimit] | None = field(init=False, default=None)
    deduct_when: Deduct = field(init=False, default=None)


@dataclass(kw_only=True, unsafe_hash=True)
class RouteLimit(Limit):
    """What `Limiter.limit` makes: a decorator of views, functions and blueprints; or a block.

    ::

        @app.get("/")
        @RouteLimit("2/second", limiter=limiter)
        def view(): ...

        with limiter.limit("10/hour"):
            ...

    A class may define ``override_defaults``: whether views with this limit go without the default
    limits, and blueprints without the limits of those that they are nested in.
    """

    override_defaults: bool | None = False
    limiter: InitVar[Limiter]

    def __post_init__(self, limiter: Limiter) -> None:
        """Remember whose limit it is, and look at the rate while its author looks on."""
        warn_of_rates(self)
        super().__post_init__()
        self._limiter: ProxyType[Limiter] = proxy(limiter)

    def __enter__(self) -> None:
        """Count the block, or raise `RateLimitExceeded`."""
        frame = sys._getframe(1)
        place = f"{frame.f_code.co_filename}:{frame.f_code.co_name}:{frame.f_lineno}"
        limiter = self._limiter
        limiter.limit_manager.set_block_limit(place, self)
        limiter.limit_manager.add_endpoint_hint(limiter.identify_request(), place)
        limiter._check_request_limit(in_middleware=False, callable_name=place, block=self)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Do nothing."""

    @overload
    def __call__(self, obj: Blueprint) -> None: ...

    @overload
    def __call__(self, obj: Callable[_P, _R]) -> Callable[_P, _R]: ...

    def __call__(self, obj: Callable[_P, _R] | Blueprint) -> Callable[_P, _R] | None:
        """Put the limit on a view, a function or a blueprint."""
        if isinstance(obj, Blueprint):
            self._limiter.limit_manager.add_blueprint_limit(obj.name, self)
            return None
        name = get_qualified_name(obj)
        self._limiter.limit_manager.add_decorated_limit(name, self)
        return self._counted(obj, name)

    def _counted(self, function: Callable[_P, _R], name: str) -> Callable[_P, _R]:
        limiter = self._limiter
        # The innermost of a limiter's decorators counts for all of them.
        outer = limiter == getattr(function, _CHECKED_BY, None)

        @wraps(function)
        def counted(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            if not outer:
                _hint(limiter, name)
                limiter._check_request_limit(in_middleware=False, callable_name=name)
            return cast(_R, current_app.ensure_sync(function)(*args, **kwargs))

        setattr(counted, _CHECKED_BY, limiter)
        return counted


def _hint(limiter: Any, name: str) -> None:
    """Remember that requests to this view come to a limit elsewhere than at the view itself."""
    endpoint = limiter.identify_request()
    view = current_app.view_functions.get(endpoint) if endpoint else None
    if view is not None and get_qualified_name(view) != name:
        limiter.limit_manager.add_endpoint_hint(endpoint, name)


def counts_itself(function: object) -> bool:
    """Whether a limit stands around this function."""
    return hasattr(function, _CHECKED_BY)
