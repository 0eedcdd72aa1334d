"""Count one request against its limits, and find out which of them it breaches."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING

from flask import current_app, request
from flask.wrappers import Response

from ._requests import RequestLimit, visitor
from .constants import ExemptionScope
from .errors import RateLimitExceeded

if TYPE_CHECKING:
    from ._limiter import Limiter
    from ._limits import ActiveLimit, OnBreach

_LOGGER = logging.getLogger("flask-limiter")


def count(limiter: Limiter, endpoint: str, limits: list[ActiveLimit]) -> None:
    """Count the request.

    Raises:
        RateLimitExceeded: it is one too many.
    """
    _refuse_the_banned(limiter, endpoint, limits)
    met: list[RequestLimit] = []
    breached: list[tuple[ActiveLimit, RequestLimit]] = []
    for limit in sorted(limits, key=lambda each: each.limit):
        if limit.is_exempt or limit.method_exempt:
            continue
        budget = _budget(limiter, limit, endpoint)
        if budget is None:
            continue
        met.append(budget)
        if _passes(limiter, limit, budget):
            continue
        _LOGGER.info(
            "ratelimit %s (%s) exceeded at endpoint: %s", limit.limit, *budget.request_args[-2:]
        )
        budget.breached = True
        breached.append((limit, budget))
        if limiter._fail_on_first_breach:
            break
    here = visitor(limiter)
    here.limit = breached[-1][1] if breached else _most_telling(met)
    here.limits = met
    if breached:
        _refuse(limiter, endpoint, breached)


def settle(limiter: Limiter, response: Response) -> None:
    """Count the request where its response decides whether it counts."""
    for limit, args in visitor(limiter).pending.items():
        if limit.deduct_when and limit.deduct_when(response):
            try:
                limiter.limiter.hit(limit.limit, *args, cost=limit.deduction_amount)
            except Exception:
                if not limiter._swallow_errors:
                    raise
                _LOGGER.exception("Failed to deduct rate limit. Swallowing error")


def _budget(limiter: Limiter, limit: ActiveLimit, endpoint: str) -> RequestLimit | None:
    key, scope = limit.key_func(), limit.scope_for(endpoint, request.method)
    if not (key and scope):
        _LOGGER.error("Skipping limit: %s. Empty value found in parameters.", limit.limit)
        return None
    return RequestLimit(limiter, limit.limit, budget_of(limiter, key, scope), False, limit.shared)


def budget_of(limiter: Limiter, key: str, scope: str) -> list[str]:
    """The name of the budget that this key has there."""
    return [limiter._key_prefix, key, scope] if limiter._key_prefix else [key, scope]


def _passes(limiter: Limiter, limit: ActiveLimit, budget: RequestLimit) -> bool:
    if limit.deduct_when:
        visitor(limiter).pending[limit] = budget.request_args
        return limiter.limiter.test(limit.limit, *budget.request_args, cost=limit.deduction_amount)
    return limiter.limiter.hit(limit.limit, *budget.request_args, cost=limit.deduction_amount)


def _most_telling(met: list[RequestLimit]) -> RequestLimit | None:
    """The shortest one that is of this view only, else the shortest."""
    return next((each for each in met if not each.shared), met[0] if met else None)


def _refuse(
    limiter: Limiter, endpoint: str, breached: list[tuple[ActiveLimit, RequestLimit]]
) -> None:
    answer: Response | None = None
    for limit, budget in breached:
        told = RequestLimit(limiter, limit.limit, budget.request_args, True, limit.shared)
        for callback in dict.fromkeys([limiter._on_breach, limit.on_breach]):
            said = _tell(limiter, callback, told, "on_breach")
            answer = answer if said is None else said
    for meta in _meta_limits(limiter, [limit for limit, _ in breached]):
        limiter.limiter.hit(meta.limit, *_meta_args(meta, endpoint))
    raise RateLimitExceeded(
        min((limit for limit, _ in breached), key=lambda each: each.limit), answer
    )


def _refuse_the_banned(limiter: Limiter, endpoint: str, limits: list[ActiveLimit]) -> None:
    """Refuse who has breached limits too often."""
    metas = _meta_limits(limiter, limits)
    exempt = limiter.limit_manager.exemption(current_app, endpoint, request.blueprint)
    if exempt & ExemptionScope.META:
        return
    for meta in metas:
        args = _meta_args(meta, endpoint)
        if limiter.limiter.test(meta.limit, *args, cost=meta.deduction_amount):
            continue
        here = visitor(limiter)
        here.limit = RequestLimit(limiter, meta.limit, args, True, meta.shared)
        here.limits = [here.limit]
        callback = meta.on_breach or limiter._on_meta_breach
        raise RateLimitExceeded(meta, _tell(limiter, callback, here.limit, "on_meta_breach"))


def _meta_limits(limiter: Limiter, limits: Iterable[ActiveLimit]) -> list[ActiveLimit]:
    everywhere = limiter.limit_manager.activate(limiter._meta_limits)
    here = (limit.meta_limits for limit in limits)
    return [meta for meta in chain(everywhere, *here) if not meta.is_exempt]


def _meta_args(meta: ActiveLimit, endpoint: str) -> list[str]:
    return meta_budget_of(meta.key_func(), meta.scope_for(endpoint, request.method))


def meta_budget_of(key: str, scope: str) -> list[str]:
    """The name of the budget of breaches that this key has; without a prefix, as ever."""
    return [key, scope]


def _tell(limiter: Limiter, callback: OnBreach, budget: RequestLimit, name: str) -> Response | None:
    if callback is None:
        return None
    try:
        answer = callback(budget)
    except Exception as error:
        if not limiter._swallow_errors:
            raise
        _LOGGER.exception("%s callback failed with error %s", name, error)
        return None
    return answer if isinstance(answer, Response) else None
