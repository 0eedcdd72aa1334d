"""Name what is wrong with a limit where it is written: in warnings, because programs run so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from countersign.compat._warn import warn_caller
from countersign.compat.limits import parse_many
from countersign.compat.limits._options import COST, is_cost

from ._settings import UnknownSettingWarning

if TYPE_CHECKING:
    from ._limits import Limit


class InvalidRateWarning(UserWarning):
    """Warn that a view or blueprint has a rate that cannot be read, and so goes without it."""


def warn_of_options(limit: Limit) -> None:
    """Warn of options that do nothing, or fail at each request."""
    for problem in (*_methods(limit), *_cost(limit), *_functions(limit)):
        warn_caller(problem, UnknownSettingWarning)


def warn_of_rates(limit: Limit) -> None:
    """Warn of rates that cannot be read: without them nothing of the limit holds."""
    provider: Any
    for provider in (limit.limit_provider, *_meta_providers(limit)):
        if callable(provider) or not provider:
            continue
        try:
            parse_many(provider)
        except ValueError as error:
            warn_caller(f"{error}. Until then this limit is left out.", InvalidRateWarning)


def _meta_providers(limit: Limit) -> Iterator[Any]:
    if isinstance(limit.meta_limits, str):
        yield [limit.meta_limits]  # A list is no rate, which is what has to be said.
        return
    for meta in limit.meta_limits or ():
        yield getattr(meta, "limit_provider", meta)


def _methods(limit: Limit) -> Iterator[str]:
    if isinstance(limit.methods, str):
        yield (
            f"methods={limit.methods!r} is a list of letters, so nothing is limited: write"
            f" [{limit.methods!r}]"
        )


def _cost(limit: Limit) -> Iterator[str]:
    cost: Any = limit.cost
    if cost is not None and not callable(cost) and not is_cost(cost):
        yield f"cost={cost!r}: {COST}, or a function that answers one"


def _functions(limit: Limit) -> Iterator[str]:
    value: Any
    for name, value in (
        ("key_func", limit.key_function),
        ("exempt_when", limit.exempt_when),
        ("deduct_when", limit.deduct_when),
        ("on_breach", limit.on_breach),
    ):
        if value and not callable(value):
            yield f"{name}={value!r} is no function, and fails at each request: write a function"
