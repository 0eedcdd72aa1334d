"""Limit the requests to an application: `Limiter`."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, overload

from flask import Blueprint, current_app, request

from countersign.compat._warn import warn_caller
from countersign.compat.limits._options import listed, strategy_of
from countersign.compat.limits.errors import ConfigurationError
from countersign.compat.limits.storage import MemoryStorage, storage_from_string
from countersign.compat.limits.strategies import RateLimiter

from ._counting import count, settle
from ._headers import write_headers
from ._limits import (
    ActiveLimit,
    ApplicationLimit,
    Limit,
    MetaLimit,
    RouteLimit,
    counts_itself,
)
from ._registry import LimitManager, Visit
from ._requests import RequestLimit, Visitor, forget_visitor, visitor
from ._settings import (
    Rules,
    UnknownSettingWarning,
    check_arguments,
    check_config,
    check_rates,
    check_retry_after,
    endpoint_of_request,
    header_names,
)
from .commands import COMMAND, cli
from .constants import MAX_BACKEND_CHECKS, ConfigVars, ExemptionScope, HeaderNames
from .errors import RateLimitExceeded
from .util import get_qualified_name

if TYPE_CHECKING:
    from flask import Flask
    from flask.wrappers import Response

    from ._limits import Condition, Cost, Deduct, Key, Message, OnBreach, Rates, Scope

_P = ParamSpec("_P")
_R = TypeVar("_R")

_LIMITER_ONLY: Final = ExemptionScope.APPLICATION | ExemptionScope.DEFAULT | ExemptionScope.META


class Limiter:
    """Count requests, and answer 429 to those that are too many.

    ::

        limiter = Limiter(get_remote_address, app=app, default_limits=["200/day", "50/hour"],
                          storage_uri="memory://")

    Or without ``app`` and, later, ``limiter.init_app(app)``. What is not given comes from the
    application's ``RATELIMIT_*`` settings.
    """

    def __init__(
        self,
        key_func: Key,
        *,
        app: Flask | None = None,
        default_limits: Sequence[Rates | Limit] | None = None,
        default_limits_per_method: bool | None = None,
        default_limits_exempt_when: Condition = None,
        default_limits_deduct_when: Deduct = None,
        default_limits_cost: Cost | None = None,
        application_limits: Sequence[Rates | ApplicationLimit] | None = None,
        application_limits_per_method: bool | None = None,
        application_limits_exempt_when: Condition = None,
        application_limits_deduct_when: Deduct = None,
        application_limits_cost: Cost | None = None,
        headers_enabled: bool | None = None,
        header_name_mapping: Mapping[HeaderNames, str] | None = None,
        strategy: str | None = None,
        storage_uri: str | None = None,
        storage_options: Mapping[str, Any] | None = None,
        swallow_errors: bool | None = None,
        fail_on_first_breach: bool | None = None,
        on_breach: OnBreach = None,
        meta_limits: Sequence[Rates | MetaLimit] | None = None,
        on_meta_breach: OnBreach = None,
        in_memory_fallback: Sequence[Rates | Limit] | None = None,
        in_memory_fallback_enabled: bool | None = None,
        retry_after: str | None = None,
        key_prefix: str = "",
        request_identifier: Callable[..., str] | None = None,
        enabled: bool = True,
    ) -> None:
        """Make a limiter, and bind it if an application is given.

        Args:
            key_func: Whose budget it is; `util.get_remote_address`, for one.
            app: The application.
            default_limits: Limits of each view that has none of its own.
            default_limits_per_method: Whether they hold for each method by itself.
            default_limits_exempt_when: Whether they do not hold for the request at hand.
            default_limits_deduct_when: Whether this response counts.
            default_limits_cost: What a request costs, or a function that says it.
            application_limits: Limits of all views together.
            application_limits_per_method: As with ``default_limits``.
            application_limits_exempt_when: As with ``default_limits``.
            application_limits_deduct_when: As with ``default_limits``.
            application_limits_cost: As with ``default_limits``.
            headers_enabled: Whether responses tell how the limit stands.
            header_name_mapping: Other names for the headers.
            strategy: ``fixed-window`` (the default), ``moving-window``,
                ``sliding-window-counter`` or ``gcra``.
            storage_uri: ``memory://``.
            storage_options: ``max_keys`` and ``max_hits``, see `limits.storage.MemoryStorage`.
            swallow_errors: Whether a request passes uncounted where counting it fails.
            fail_on_first_breach: Whether limits after the first that is breached are left alone.
            on_breach: Is told of every breach; a response that it returns is the answer.
            meta_limits: Limits on how often limits may be breached.
            on_meta_breach: Is told when one of those is reached.
            in_memory_fallback: Limits for the time when the storage fails.
            in_memory_fallback_enabled: Whether the limits go on in memory when the storage fails.
            retry_after: ``delta-seconds`` (the default) or ``http-date``.
            key_prefix: What keys begin with.
            request_identifier: What tells views apart; the endpoint by default.
            enabled: Whether anything is limited.

        Raises:
            ConfigurationError: the settings that it and the application give cannot be used.
        """
        if not callable(key_func):
            raise ConfigurationError(
                f"key_func={key_func!r}: write a function that says whose budget it is, such as"
                " get_remote_address"
            )
        check_arguments(
            switches={
                "enabled": enabled,
                "headers_enabled": headers_enabled,
                "swallow_errors": swallow_errors,
                "fail_on_first_breach": fail_on_first_breach,
                "in_memory_fallback_enabled": in_memory_fallback_enabled,
                "default_limits_per_method": default_limits_per_method,
                "application_limits_per_method": application_limits_per_method,
            },
            functions={"on_breach": on_breach, "on_meta_breach": on_meta_breach},
        )
        self.app = app
        self.logger = logging.getLogger("flask-limiter")
        self.enabled = enabled
        self.initialized = False
        self.limit_manager = LimitManager(key_func)
        self._key_func = key_func
        self._default_rates = listed("default_limits", default_limits)
        self._default_rules = Rules(
            default_limits_per_method,
            default_limits_exempt_when,
            default_limits_deduct_when,
            default_limits_cost,
        )
        self._application_rates = listed("application_limits", application_limits)
        self._application_rules = Rules(
            application_limits_per_method,
            application_limits_exempt_when,
            application_limits_deduct_when,
            application_limits_cost,
        )
        self._meta_limits = [_as(MetaLimit, each) for each in listed("meta_limits", meta_limits)]
        fallback = listed("in_memory_fallback", in_memory_fallback)
        self._in_memory_fallback = [_as(Limit, each) for each in fallback]
        self._in_memory_fallback_enabled = bool(in_memory_fallback_enabled or fallback)
        self._headers_enabled = headers_enabled
        self._header_mapping: Mapping[HeaderNames, str] = header_name_mapping or {}
        self._retry_after = retry_after
        self._strategy = strategy
        self._storage_uri = storage_uri
        if storage_options is not None and not isinstance(storage_options, Mapping):
            raise ConfigurationError(f"storage_options={storage_options!r}: write a dict")
        self._storage_options = dict(storage_options or {})
        self._swallow_errors = swallow_errors
        self._fail_on_first_breach = fail_on_first_breach
        self._on_breach = on_breach
        self._on_meta_breach = on_meta_breach
        self._key_prefix = key_prefix
        self._request_identifier = request_identifier
        self._request_filters: list[Callable[[], bool]] = []
        self._storage: MemoryStorage | None = None
        self._limiter: RateLimiter | None = None
        self._fallback_limiter: RateLimiter | None = None
        self._storage_dead = False
        self._backoff = _Backoff()
        self._never_reached: set[str] = set()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Bind the limiter to an application, and complete it from its settings.

        Raises:
            ConfigurationError: the settings cannot be used.
        """
        check_config(app)
        self.enabled = app.config.setdefault(ConfigVars.ENABLED, self.enabled)
        if not self.enabled:
            return
        self._complete(app.config)
        self._open_storage(app.config)
        self._complete_limits(app.config)
        self._complete_fallback(app.config)
        limiters = app.extensions.setdefault("limiter", set())
        if self not in limiters:
            limiters.add(self)
            app.before_request(self._check_request_limit)
            app.after_request(self._finish)
            app.teardown_request(self._forget)
            if COMMAND not in app.cli.commands:
                app.cli.add_command(cli)
        self.initialized = True

    def limit(
        self,
        limit_value: Rates,
        *,
        key_func: Key | None = None,
        per_method: bool = False,
        methods: Sequence[str] | None = None,
        error_message: Message = None,
        exempt_when: Condition = None,
        override_defaults: bool = True,
        deduct_when: Deduct = None,
        on_breach: OnBreach = None,
        cost: Cost = 1,
        scope: Scope = None,
        meta_limits: Sequence[Rates | MetaLimit] | None = None,
    ) -> RouteLimit:
        """Limit a view, a function, a blueprint, or with ``with`` a block.

        Args:
            limit_value: The rates, or a function that answers them for the request at hand.
            key_func: Whose budget it is, if not what the limiter's own says.
            per_method: Whether each method has a budget of its own.
            methods: The methods that are limited; without it, all.
            error_message: What the answer says instead of the rate, or a function that says it.
            exempt_when: Whether the request at hand is not limited.
            override_defaults: Whether it goes without the default limits; a blueprint, without
                those of the blueprints that it is nested in, too.
            deduct_when: Whether this response counts.
            on_breach: Is told of a breach; a response that it returns is the answer.
            cost: What a request costs, or a function that says it.
            scope: What besides the endpoint tells budgets apart.
            meta_limits: Limits on how often this limit may be breached.
        """
        return RouteLimit(
            limit_provider=limit_value,
            limiter=self,
            key_function=key_func or self._key_func,
            scope=scope,
            per_method=per_method,
            methods=methods,
            error_message=error_message,
            exempt_when=exempt_when,
            override_defaults=override_defaults,
            deduct_when=deduct_when,
            on_breach=on_breach,
            cost=cost,
            meta_limits=meta_limits,
        )

    def shared_limit(
        self,
        limit_value: Rates,
        scope: str | Callable[[str], str],
        *,
        key_func: Key | None = None,
        per_method: bool = False,
        methods: Sequence[str] | None = None,
        error_message: Message = None,
        exempt_when: Condition = None,
        override_defaults: bool = True,
        deduct_when: Deduct = None,
        on_breach: OnBreach = None,
        cost: Cost = 1,
        meta_limits: Sequence[Rates | MetaLimit] | None = None,
    ) -> RouteLimit:
        """Limit what has the same scope together. The arguments are those of `limit`."""
        limit = self.limit(
            limit_value,
            key_func=key_func,
            per_method=per_method,
            methods=methods,
            error_message=error_message,
            exempt_when=exempt_when,
            override_defaults=override_defaults,
            deduct_when=deduct_when,
            on_breach=on_breach,
            cost=cost,
            scope=scope,
            meta_limits=meta_limits,
        )
        limit.shared = True
        return limit

    @overload
    def exempt(self, obj: Blueprint, *, flags: ExemptionScope = ...) -> Blueprint: ...

    @overload
    def exempt(self, obj: Callable[_P, _R], *, flags: ExemptionScope = ...) -> Callable[_P, _R]: ...

    @overload
    def exempt(
        self, *, flags: ExemptionScope = ...
    ) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]: ...

    def exempt(self, obj: Any = None, *, flags: ExemptionScope = _LIMITER_ONLY) -> Any:
        """Exempt a view or a blueprint from limits.

        Args:
            obj: The view or blueprint; without it, the answer is a decorator.
            flags: From which limits; by default from all that the limiter itself has.
        """
        if obj is None:
            return functools.partial(self.exempt, flags=flags)
        if isinstance(obj, Blueprint):
            self.limit_manager.add_blueprint_exemption(obj.name, flags)
        else:
            self.limit_manager.add_view_exemption(get_qualified_name(obj), flags)
        return obj

    def request_filter(self, fn: Callable[[], bool]) -> Callable[[], bool]:
        """Ask a function about each request; if it says True, nothing limits that request."""
        self._request_filters.append(fn)
        return fn

    def reset(self) -> None:
        """Forget everything that was counted."""
        self.storage.reset()
        self.logger.info("Storage has been reset and all limits cleared")

    @property
    def storage(self) -> MemoryStorage:
        """Where requests are counted."""
        return _after_init(self._storage)

    @property
    def limiter(self) -> RateLimiter:
        """What counts them."""
        fallback = self._storage_dead and self._in_memory_fallback_enabled
        return _after_init(self._fallback_limiter if fallback else self._limiter)

    @property
    def current_limit(self) -> RequestLimit | None:
        """How the limit stands that matters most to this request.

        That is one that it breaches, else the shortest that is the view's own.
        """
        return self._context.limit

    @property
    def current_limits(self) -> list[RequestLimit]:
        """How the limits stand that this request met last, the shortest first."""
        return self._context.limits

    def identify_request(self) -> str:
        """By what the view of this request is told from others; by default its endpoint."""
        if self.initialized and self.enabled and self._request_identifier:
            return self._request_identifier()
        return ""

    @property
    def _context(self) -> Visitor:
        return visitor(self)

    def _complete(self, config: Mapping[str, Any]) -> None:
        if self._swallow_errors is None:
            self._swallow_errors = bool(config.get(ConfigVars.SWALLOW_ERRORS, False))
        if self._fail_on_first_breach is None:
            self._fail_on_first_breach = bool(config.get(ConfigVars.FAIL_ON_FIRST_BREACH, True))
        if self._headers_enabled is None:
            self._headers_enabled = bool(config.get(ConfigVars.HEADERS_ENABLED, False))
        self._header_mapping = header_names(self._header_mapping, config)
        self._retry_after = self._retry_after or config.get(ConfigVars.HEADER_RETRY_AFTER_VALUE)
        check_retry_after(self._retry_after)
        self._key_prefix = self._key_prefix or config.get(ConfigVars.KEY_PREFIX, "")
        self._request_identifier = self._request_identifier or config.get(
            ConfigVars.REQUEST_IDENTIFIER, endpoint_of_request
        )
        self._on_breach = self._on_breach or config.get(ConfigVars.ON_BREACH)
        self._on_meta_breach = self._on_meta_breach or config.get(ConfigVars.ON_META_BREACH)

    def _open_storage(self, config: dict[str, Any]) -> None:
        uri = self._storage_uri or config.get(ConfigVars.STORAGE_URI)
        if not uri:
            uri = "memory://"
            warn_caller(
                "No storage is named, so each process counts by itself, and n workers let pass"
                " n times as much: if that is meant, say so with storage_uri='memory://'"
            )
        options = self._storage_options | dict(config.get(ConfigVars.STORAGE_OPTIONS) or {})
        named = self._strategy or config.setdefault(ConfigVars.STRATEGY, "fixed-window")
        strategy = strategy_of(named, ConfigVars.STRATEGY)
        self._storage = storage_from_string(uri, **options)
        self._limiter = strategy(self._storage)

    def _complete_limits(self, config: Mapping[str, Any]) -> None:
        self._default_rules.complete(config, "RATELIMIT_DEFAULTS")
        self._application_rules.complete(config, "RATELIMIT_APPLICATION")
        manager = self.limit_manager
        if not manager.defaults:
            rates = self._default_rates or _set(config, ConfigVars.DEFAULT_LIMITS)
            options = self._default_rules.options()
            manager.defaults = [_as(Limit, each, **options) for each in rates]
        if not manager.application:
            rates = self._application_rates or _set(config, ConfigVars.APPLICATION_LIMITS)
            options = self._application_rules.options()
            manager.application = [_as(ApplicationLimit, each, **options) for each in rates]
        if not self._meta_limits:
            metas = _set(config, ConfigVars.META_LIMITS)
            self._meta_limits = [_as(MetaLimit, each) for each in metas]
        fatal = not self._swallow_errors
        for name, limits in (
            (f"default_limits ({ConfigVars.DEFAULT_LIMITS})", manager.defaults),
            (f"application_limits ({ConfigVars.APPLICATION_LIMITS})", manager.application),
            (f"meta_limits ({ConfigVars.META_LIMITS})", self._meta_limits),
        ):
            for limit in limits:
                check_rates(limit.limit_provider, name, fatal=fatal)

    def _complete_fallback(self, config: Mapping[str, Any]) -> None:
        if not self._in_memory_fallback:
            rates = _set(config, ConfigVars.IN_MEMORY_FALLBACK)
            self._in_memory_fallback = [_as(Limit, each) for each in rates]
        if not self._in_memory_fallback_enabled:
            enabled = config.get(ConfigVars.IN_MEMORY_FALLBACK_ENABLED, False)
            self._in_memory_fallback_enabled = bool(enabled or self._in_memory_fallback)
        if self._in_memory_fallback_enabled:
            name = f"in_memory_fallback ({ConfigVars.IN_MEMORY_FALLBACK})"
            for limit in self._in_memory_fallback:
                check_rates(limit.limit_provider, name, fatal=not self._swallow_errors)
            self._fallback_limiter = type(_after_init(self._limiter))(MemoryStorage())

    def _check_request_limit(
        self,
        callable_name: str | None = None,
        in_middleware: bool = True,
        block: RouteLimit | None = None,
    ) -> None:
        endpoint = self.identify_request()
        try:
            count(self, endpoint, self._limits(endpoint, callable_name, in_middleware, block))
        except RateLimitExceeded:
            raise
        except Exception:
            if self._fall_back():
                self._context.seen.clear()
                self._check_request_limit(callable_name, in_middleware, block)
            elif self._swallow_errors:
                self.logger.exception("Failed to rate limit. Swallowing error")
            else:
                raise

    def _limits(
        self, endpoint: str, name: str | None, before_view: bool, block: RouteLimit | None
    ) -> list[ActiveLimit]:
        if self._is_exempt(endpoint):
            return []
        if name is None:
            name = self._name_of_view(endpoint)
        # Not the proxy: it is compared and hashed.
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        visit = Visit(app, endpoint, request.blueprint, name, before_view)
        fallback = self._fallback_limits(visit)
        if fallback:
            return fallback
        general, own = self.limit_manager.resolve(visit, block)
        seen = self._context.seen
        fresh = [limit for limit in dict.fromkeys(general) if limit not in seen]
        seen.update(fresh)
        return fresh + own

    def _name_of_view(self, endpoint: str) -> str:
        view = current_app.view_functions.get(endpoint)
        if view is None:
            return ""
        name = get_qualified_name(view)
        if self.limit_manager.is_marked(name) and not counts_itself(view) and self._is_news(name):
            warn_caller(
                f"the limit of {name} stands above its route's decorator, so no request comes to"
                " it: write it below",
                UnknownSettingWarning,
            )
        return name

    def _is_news(self, name: str) -> bool:
        known = name in self._never_reached
        self._never_reached.add(name)
        return not known

    def _is_exempt(self, endpoint: str) -> bool:
        if not endpoint or not (self.enabled and self.initialized):
            return True
        if endpoint.rpartition(".")[2] == "static":
            return True
        return any(fits() for fits in self._request_filters)

    def _fallback_limits(self, visit: Visit) -> list[ActiveLimit]:
        """The limits that hold instead of all others while the storage fails."""
        if not self._storage_dead or self._fallback_limiter is None:
            return []
        if visit.before_view and self.limit_manager.is_marked(visit.name):
            return []
        if self._backoff.is_due() and self.storage.check():
            self.logger.info("Rate limit storage recovered")
            self._storage_dead = False
            self._backoff.succeed()
            return []
        return self.limit_manager.activate(self._in_memory_fallback)

    def _fall_back(self) -> bool:
        """Go on in memory if that is wanted and has not been done."""
        if not self._in_memory_fallback_enabled or self._storage_dead:
            return False
        self.logger.warning("Rate limit storage unreachable - falling back to in-memory storage")
        self._storage_dead = True
        return True

    def _finish(self, response: Response) -> Response:
        settle(self, response)
        limit = self.current_limit
        if not (self.enabled and self._headers_enabled and limit):
            return response
        try:
            self._write_headers(response, limit)
        except Exception:
            if self._fall_back():
                self._write_headers(response, limit)
            elif self._swallow_errors:
                self.logger.exception("Failed to update rate limit headers. Swallowing error")
            else:
                raise
        return response

    def _write_headers(self, response: Response, limit: RequestLimit) -> None:
        write_headers(response, limit, self._header_mapping, self._retry_after or "")

    def _forget(self, _: BaseException | None = None) -> None:
        forget_visitor(self)


class _Backoff:
    """Say when to look at a storage again that fails: rarely, and more rarely each time."""

    def __init__(self) -> None:
        self._looks = 0
        self._last = time.monotonic()

    def is_due(self) -> bool:
        if self._looks > MAX_BACKEND_CHECKS:
            self._looks = 0
        if time.monotonic() - self._last <= 2**self._looks:
            return False
        self._last = time.monotonic()
        self._looks += 1
        return True

    def succeed(self) -> None:
        self._looks = 0


_L = TypeVar("_L", bound=Limit)
_T = TypeVar("_T")


def _as(kind: type[_L], limit: Any, **options: Any) -> _L:
    """A limit as it was given, or one of this kind of what was given as rates."""
    return limit if isinstance(limit, Limit) else kind(limit_provider=limit, **options)  # type: ignore[return-value]


def _set(config: Mapping[str, Any], name: str) -> list[Any]:
    """The one limit of a setting, if it is set."""
    value = config.get(name)
    if isinstance(value, list | tuple):
        raise ConfigurationError(f"{name}={value!r}: write one text, with ; between the rates")
    return [value] if value else []


def _after_init(value: _T | None) -> _T:
    if value is None:
        raise ConfigurationError("this Limiter has no storage yet: call init_app(app) first")
    return value
