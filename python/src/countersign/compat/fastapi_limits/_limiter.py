"""Limit the requests to a FastAPI application: `Limiter`."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from fastapi import Response
from starlette.requests import HTTPConnection
from starlette.types import Scope

from countersign import Countersign
from countersign.compat.limits import RateLimitItem, parse_many
from countersign.compat.limits._options import HeaderNames, listed, strategy_of
from countersign.compat.limits.storage import MemoryStorage, storage_from_string
from countersign.compat.limits.strategies import RateLimiter
from countersign.exceptions import ConfigurationError
from countersign.fastapi._paths import route_template

from ._headers import RequestLimit, headers_of, most_telling, remember_headers
from ._keys import Key, Keys, UserFunction, awaited
from ._refusal import refusal
from ._route import OnBreach, Rates, RouteLimit, Terms, check_function, method_names
from ._settle import Deduct, wait_for_answer

_F = TypeVar("_F", bound=Callable[..., Any])

_MET: Final = "countersign.compat.fastapi_limits.met"
_EXEMPT: Final = "_countersign_exempt"


class Limiter:
    """Count requests, and answer 429 to those that are too many.

    ``Depends(limiter)`` counts by the default and application limits, and belongs to the whole
    application: ``FastAPI(dependencies=[Depends(limiter)])``.
    """

    def __init__(
        self,
        key: Key = "address",
        *,
        auth: Countersign | None = None,
        user: UserFunction | None = None,
        default_limits: Sequence[Rates] = (),
        default_limits_per_method: bool = False,
        default_limits_exempt_when: Callable[[HTTPConnection], Any] | None = None,
        default_limits_cost: int | Callable[[HTTPConnection], Any] = 1,
        default_limits_deduct_when: Deduct | None = None,
        application_limits: Sequence[Rates] = (),
        application_limits_per_method: bool = False,
        application_limits_exempt_when: Callable[[HTTPConnection], Any] | None = None,
        application_limits_cost: int | Callable[[HTTPConnection], Any] = 1,
        application_limits_deduct_when: Deduct | None = None,
        on_breach: OnBreach | None = None,
        meta_limits: Sequence[Rates] = (),
        on_meta_breach: OnBreach | None = None,
        headers_enabled: bool = False,
        header_name_mapping: Mapping[HeaderNames, str] | None = None,
        strategy: str = "fixed-window",
        storage_uri: str = "memory://",
        storage_options: Mapping[str, Any] | None = None,
        key_prefix: str = "",
        enabled: bool = True,
    ) -> None:
        """Make a limiter.

        Args:
            key: By what requests are counted: ``"address"``, ``"user"`` (who has none, by
                address), ``"both"``, each with a budget of its own, or a function of the request
                that answers a text, or None for one that is not counted.
            auth: The engine. Its trusted proxies say what the address is, its tokens who the user.
            user: Says whose request it is, or None, instead of the engine.
            default_limits: Limits of each route that has none of its own.
            default_limits_per_method: Whether they hold for each method by itself.
            default_limits_exempt_when: Whether they do not hold for the request.
            default_limits_cost: What a request costs, or a function that says it.
            default_limits_deduct_when: Whether this answer counts; see `limit`.
            application_limits: Limits of all routes together.
            application_limits_per_method: As with ``default_limits``.
            application_limits_exempt_when: As with ``default_limits``.
            application_limits_cost: As with ``default_limits``.
            application_limits_deduct_when: As with ``default_limits``.
            on_breach: Is told of every breach: the request, and how the limit stands. To answer
                something else than 429, it raises an exception.
            meta_limits: Limits on how often limits may be breached. Whoever has reached one is
                refused by every route that has a limit.
            on_meta_breach: Is told when somebody is refused by one of those, instead.
            headers_enabled: Whether answers tell how the limit stands. 429 always has
                ``Retry-After``.
            header_name_mapping: Other names for the headers.
            strategy: ``fixed-window``, ``moving-window``, ``sliding-window-counter`` or ``gcra``.
            storage_uri: ``memory://``.
            storage_options: ``max_keys`` and ``max_hits``, see `limits.storage.MemoryStorage`.
            key_prefix: What keys begin with.
            enabled: Whether anything is limited.

        Raises:
            ConfigurationError: one of these cannot be used.
        """
        self.enabled = enabled
        self._keys = Keys(auth, user)
        self._key = self._keys.check(key)
        self._defaults = [
            Terms(
                rates,
                key,
                per_method=default_limits_per_method,
                exempt_when=default_limits_exempt_when,
                cost=default_limits_cost,
                deduct_when=default_limits_deduct_when,
            )
            for rates in listed("default_limits", default_limits)
        ]
        self._application = [
            Terms(
                rates,
                key,
                scope="global",
                per_method=application_limits_per_method,
                exempt_when=application_limits_exempt_when,
                cost=application_limits_cost,
                deduct_when=application_limits_deduct_when,
            )
            for rates in listed("application_limits", application_limits)
        ]
        self._metas = self._meta_terms(meta_limits)
        check_function("on_breach", on_breach, "the request and the limit")
        check_function("on_meta_breach", on_meta_breach, "the request and the limit")
        self._on_breach = on_breach
        self._on_meta_breach = on_meta_breach
        self._headers_enabled = headers_enabled
        self._header_names = _header_names(header_name_mapping or {})
        self._storage = storage_from_string(storage_uri, **(storage_options or {}))
        self._limiter = strategy_of(strategy)(self._storage)
        self._prefix = [key_prefix] if key_prefix else []
        self._filters: list[Callable[[HTTPConnection], Any]] = []

    def limit(
        self,
        rates: Rates,
        *,
        key: Key | None = None,
        scope: str | None = None,
        per_method: bool = False,
        methods: Sequence[str] | None = None,
        exempt_when: Callable[[HTTPConnection], Any] | None = None,
        error_message: str | None = None,
        cost: int | Callable[[HTTPConnection], Any] = 1,
        override_defaults: bool = True,
        deduct_when: Deduct | None = None,
        on_breach: OnBreach | None = None,
        meta_limits: Sequence[Rates] = (),
    ) -> RouteLimit:
        """Limit a route or a router: ``Depends(limiter.limit(...))`` or ``@limiter.limit(...)``.

        Functions take the request (for a WebSocket, its connection) and may be coroutines.

        Args:
            rates: Such as ``"5 per minute"`` or ``"200/day; 50/hour"``, or a function that
                answers them; an empty text is no limit.
            key: By what requests are counted, if not as the limiter's others are.
            scope: Routes with the same scope share their budgets. Without one each has its own.
            per_method: Whether each method has a budget of its own.
            methods: The methods that are limited; without it, all.
            exempt_when: Whether it does not hold for the request.
            error_message: What the answer says instead of the rate.
            cost: What a request costs, or a function that says it.
            override_defaults: Whether the route goes without the default limits.
            deduct_when: Whether this answer (``status_code``, ``headers``) counts. It needs
                `LimitHeadersMiddleware`. The budget is looked at before the route and reduced after
                it, so that requests at the same time may slip through together.
            on_breach: Is told of a breach of this limit, besides the limiter's.
            meta_limits: Limits on how often this limit may be breached, besides the limiter's.

        Raises:
            ConfigurationError: one of these cannot be used.
        """
        terms = Terms(
            rates,
            self._key if key is None else self._keys.check(key),
            scope=scope,
            per_method=per_method,
            methods=method_names(methods),
            exempt_when=exempt_when,
            error_message=error_message,
            cost=cost,
            override_defaults=override_defaults,
            deduct_when=deduct_when,
            on_breach=on_breach,
            meta_limits=self._meta_terms(meta_limits),
        )
        return RouteLimit(self, terms)

    def shared_limit(self, rates: Rates, scope: str, **options: Any) -> RouteLimit:
        """Limit the routes of the same scope together. The options are those of `limit`."""
        return self.limit(rates, scope=scope, **options)

    def exempt(self, function: _F) -> _F:
        """Exempt a route from default and application limits: below the route's decorator."""
        setattr(function, _EXEMPT, [*getattr(function, _EXEMPT, ()), self])
        return function

    def request_filter(self, function: _F) -> _F:
        """Ask a function about each request; if it says True, nothing limits that request."""
        self._filters.append(function)
        return function

    def reset(self) -> None:
        """Forget everything that was counted."""
        self._storage.reset()

    def current_limits(self, connection: HTTPConnection) -> list[RequestLimit]:
        """How the limits stand that this request has met so far."""
        met: dict[str, RequestLimit] = connection.scope.get(_MET, {}).get(self, {})
        return list(met.values())

    @property
    def storage(self) -> MemoryStorage:
        """Where requests are counted."""
        return self._storage

    @property
    def limiter(self) -> RateLimiter:
        """What counts them."""
        return self._limiter

    async def __call__(self, connection: HTTPConnection, response: Response) -> None:
        """Count a request by the default and application limits, for FastAPI."""
        route = _route(connection.scope)
        if self in getattr(getattr(route, "endpoint", None), _EXEMPT, ()):
            return
        own = self._own_limits(route)
        terms = list(self._application)
        if not any(each.override_defaults and _holds(each, connection) for each in own):
            terms += self._defaults
        await self._check(connection, response, terms)

    def _own_limits(self, route: Any) -> list[Terms]:
        """The limits that the route's other dependencies are."""
        calls = _calls(getattr(route, "dependant", None))
        limits = [each for each in calls if isinstance(each, RouteLimit) and each.limiter is self]
        return [limit.terms for limit in limits]

    async def _check(
        self, connection: HTTPConnection, response: Response, terms: list[Terms]
    ) -> None:
        """Count a request, or refuse it."""
        if not self.enabled or await self._is_filtered(connection):
            return
        budgets = await self._all_budgets(connection, terms)
        metas = await self._all_budgets(connection, self._metas + _metas_of(terms))
        met: dict[str, RequestLimit] = connection.scope.setdefault(_MET, {}).setdefault(self, {})
        # The same limit may be on a router and on its route: it counts once.
        new = {budget.key: budget for budget in budgets if budget.key not in met}
        ordered = sorted(new.values(), key=lambda budget: budget.item)
        # From here on nothing is awaited, so that nobody comes between asking and taking.
        banned = next((meta for meta in metas if not self._has(meta)), None)
        breached = None if banned else self._count(connection, ordered)
        refused = banned or breached
        asked = [banned] if banned else ordered
        met.update({each.key: self._standing(each, each is refused) for each in asked})
        if banned is not None:
            await self._refuse(connection, banned, met[banned.key], [self._on_meta_breach])
        if breached is not None:
            self._charge_breach(breached, metas)
            callbacks = [self._on_breach, breached.terms.on_breach]
            await self._refuse(connection, breached, met[breached.key], callbacks)
        if met and self._headers_enabled:
            headers = headers_of(most_telling(list(met.values())), self._header_names)
            response.headers.update(headers)
            remember_headers(connection.scope, headers)

    def _count(self, connection: HTTPConnection, budgets: list["_Budget"]) -> "_Budget | None":
        """Take from all budgets; if one has not enough, from none, and answer that one."""
        breached = next((budget for budget in budgets if not self._has(budget)), None)
        if breached is not None:
            return breached
        for budget in budgets:
            decide = budget.terms.deduct_when
            if decide is not None:
                wait_for_answer(connection.scope, budget.key, decide, partial(self._take, budget))
            elif not self._take(budget):
                return budget
        return None

    def _charge_breach(self, breached: "_Budget", metas: list["_Budget"]) -> None:
        concerned = self._metas + breached.terms.meta_limits
        for meta in {meta.key: meta for meta in metas if meta.terms in concerned}.values():
            self._take(meta)

    async def _refuse(
        self,
        connection: HTTPConnection,
        budget: "_Budget",
        standing: RequestLimit,
        callbacks: Iterable[OnBreach | None],
    ) -> None:
        await _tell(connection, standing, callbacks)
        name = self._header_names[HeaderNames.RETRY_AFTER]
        headers = {name: str(standing.retry_after)}
        if self._headers_enabled:
            headers = headers_of(standing, self._header_names)
            remember_headers(connection.scope, headers)
        raise refusal(connection, standing, budget.message or str(budget.item), headers)

    def _meta_terms(self, rates: Sequence[Rates]) -> tuple[Terms, ...]:
        return tuple(Terms(each, self._key, scope="meta") for each in listed("meta_limits", rates))

    async def _is_filtered(self, connection: HTTPConnection) -> bool:
        for function in self._filters:
            if await awaited(function(connection)):
                return True
        return False

    async def _all_budgets(
        self, connection: HTTPConnection, terms: Iterable[Terms]
    ) -> list["_Budget"]:
        return [each for term in terms for each in await self._budgets(connection, term)]

    async def _budgets(self, connection: HTTPConnection, terms: Terms) -> list["_Budget"]:
        if not _holds(terms, connection):
            return []
        if terms.exempt_when is not None and await awaited(terms.exempt_when(connection)):
            return []
        rates = terms.rates
        text = await awaited(rates(connection)) if callable(rates) else rates
        if not text:
            return []
        cost = terms.cost
        amount = await awaited(cost(connection)) if callable(cost) else cost
        if not isinstance(amount, int) or amount < 0:
            raise ConfigurationError(f"cost={amount!r}: answer a whole number from 0 on")
        if amount == 0:
            return []
        where = terms.scope or route_name(connection.scope)
        if terms.per_method:
            where = f"{where}:{method_of(connection.scope)}"
        keys = await self._keys.of(connection, terms.key)
        return [
            _Budget(item, [*self._prefix, key, where], amount, terms)
            for item in parse_many(text)
            for key in keys
        ]

    def _has(self, budget: "_Budget") -> bool:
        return self._limiter.test(budget.item, *budget.args, cost=budget.cost)

    def _take(self, budget: "_Budget") -> bool:
        return self._limiter.hit(budget.item, *budget.args, cost=budget.cost)

    def _standing(self, budget: "_Budget", breached: bool) -> RequestLimit:
        window = self._limiter.get_window_stats(budget.item, *budget.args)
        return RequestLimit(
            limit=budget.item,
            key=budget.key,
            breached=breached,
            shared=budget.shared,
            reset_time=window.reset_time,
            remaining=window.remaining,
        )


class _Budget:
    """One rate of a limit for one key."""

    def __init__(self, item: RateLimitItem, args: list[str], cost: int, terms: Terms) -> None:
        self.item = item
        self.args = args
        self.cost = cost
        self.key = item.key_for(*args)
        self.terms = terms
        self.shared = terms.scope is not None
        self.message = terms.error_message


def _metas_of(terms: Iterable[Terms]) -> tuple[Terms, ...]:
    return tuple(meta for term in terms for meta in term.meta_limits)


async def _tell(
    connection: HTTPConnection, standing: RequestLimit, callbacks: Iterable[OnBreach | None]
) -> None:
    for callback in dict.fromkeys(callbacks):
        said = None if callback is None else await awaited(callback(connection, standing))
        if said is not None:
            raise ConfigurationError(
                f"on_breach answers {type(said).__name__}: to answer the request, raise an"
                " HTTPException"
            )


def route_name(scope: Scope) -> str:
    """By what routes are told apart: their path, the same in every process."""
    return f"{scope.get('root_path', '')}{route_template(scope)}"


def method_of(scope: Scope) -> str:
    """The method. What is read counts the same with the body or without."""
    method: str = scope.get("method", "WEBSOCKET")
    return "GET" if method == "HEAD" else method


def _holds(terms: Terms, connection: HTTPConnection) -> bool:
    scope = connection.scope
    own = {scope.get("method", ""), method_of(scope)}
    return terms.methods is None or not own.isdisjoint(terms.methods)


def _route(scope: Scope) -> Any:
    """The route, or what newer versions of FastAPI keep of one in an included router."""
    return scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")


def _calls(dependant: Any) -> Iterator[Any]:
    """What a route's dependencies call."""
    for each in getattr(dependant, "dependencies", ()):
        yield each.call
        yield from _calls(each)


def _header_names(given: Mapping[HeaderNames, str]) -> dict[HeaderNames, str]:
    for name in given:
        if not isinstance(name, HeaderNames):
            known = ", ".join(str(each) for each in HeaderNames)
            raise ConfigurationError(f"header_name_mapping has {name!r}: write one of {known}")
    return {name: given.get(name, name.value) for name in HeaderNames}
