"""``flask limiter``: how a limiter is set, which limits hold where, and budgets made full again.

It is there in every application with a `Limiter`. Counts in memory are those of one process, so the
command does not see what a running server has counted; it says so where that matters.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, TypeVar
from urllib.parse import urlsplit

import click
from flask import current_app, request
from flask.cli import with_appcontext
from werkzeug.exceptions import MethodNotAllowed, NotFound

from countersign.compat.limits import RateLimitItem

from ._counting import budget_of, meta_budget_of
from ._registry import Visit
from ._report import config_rows, shown, table_lines, tree_lines
from .util import get_qualified_name

if TYPE_CHECKING:
    from werkzeug.routing import Rule

    from ._limiter import Limiter
    from ._limits import ActiveLimit

COMMAND: Final = "limiter"

_Command = TypeVar("_Command", bound=Callable[..., Any])

_Naming: TypeAlias = Callable[[Any, str], list[str] | None]
"""Names the budget of a limit for a method, if that can be told without a request."""

_ELSEWHERE: Final = (
    "memory:// counts in each process by itself: this is not what a running server has counted"
)

_UNKNOWN: Final = "only a request can tell whose budget it is"


class _Budget(NamedTuple):
    """One budget of the key that was asked about."""

    rate: RateLimitItem
    label: str
    args: list[str] | None
    """Its name; None if only a request can tell it."""


class _Section(NamedTuple):
    """A route, or what holds for more than one."""

    group: str
    title: str
    budgets: list[_Budget]
    exempt: bool


@click.group(COMMAND)
def cli() -> None:
    """Look at the rate limits of the application."""


@cli.command()
@with_appcontext
def config() -> None:
    """How the limiter is set."""
    with current_app.test_request_context():
        for limiter in _limiters():
            click.echo("\n".join(table_lines(config_rows(limiter))))


def _filters(command: _Command) -> _Command:
    for name, text in (
        ("--method", "Only of this method."),
        ("--path", "Only of the route that this path leads to."),
        ("--endpoint", "Only of this endpoint."),
    ):
        command = click.option(name, default=None, help=text)(command)
    return command


@cli.command()
@_filters
@click.option("--key", default=None, help="Say what is left for this key.")
@click.option("--watch", is_flag=True, help="Not offered: there is nothing to watch from outside.")
@with_appcontext
def limits(
    endpoint: str | None, path: str | None, method: str | None, key: str | None, watch: bool
) -> None:
    """Which limits hold where."""
    if watch:
        raise click.UsageError(f"--watch is not offered: {_ELSEWHERE}")
    wanted = _endpoint(endpoint, path, method)
    for limiter in _limiters():
        if key:
            _warn_of_memory()
        _print(limiter, _sections(limiter, wanted, method, key or ""), asked=bool(key))


@cli.command()
@_filters
@click.option("--key", required=True, help="Whose budgets are made full again.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@with_appcontext
def clear(endpoint: str | None, path: str | None, method: str | None, key: str, yes: bool) -> None:
    """Forget what was counted for a key."""
    wanted = _endpoint(endpoint, path, method)
    for limiter in _limiters():
        if not limiter.storage.budgets:
            raise click.ClickException(
                f"this process has counted nothing that could be cleared: {_ELSEWHERE}. Restart"
                " the server, or call Limiter.reset() in it"
            )
        _warn_of_memory()
        sections = list(_sections(limiter, wanted, method, key))
        if not yes:
            _print(limiter, sections, asked=True)
            click.confirm(f"Proceed with resetting limits for key: {key}?", abort=True)
        _clear(limiter, sections)


def _clear(limiter: Limiter, sections: Iterable[_Section]) -> None:
    for section in sections:
        lines: dict[str, Any] = {}
        for budget in section.budgets:
            if budget.args is not None:
                limiter.limiter.clear(budget.rate, *budget.args)
                lines[f"{budget.label}: Cleared"] = {}
            else:
                lines[f"{budget.label}: {_UNKNOWN}"] = {}
        if lines:
            click.echo(section.title)
            click.echo("\n".join(tree_lines(lines)))


def _print(limiter: Limiter, sections: Iterable[_Section], *, asked: bool) -> None:
    groups: dict[str, dict[str, Any]] = {}
    for section in sections:
        below: dict[str, Any] = {
            f"{budget.label}{_standing(limiter, budget) if asked else ''}": {}
            for budget in section.budgets
        }
        if section.exempt and not below:
            below = {"Exempt": {}}
        groups.setdefault(section.group, {})[section.title] = below
    for group, routes in groups.items():
        click.echo(group)
        click.echo("\n".join(tree_lines(routes)))


def _standing(limiter: Limiter, budget: _Budget) -> str:
    if budget.args is None:
        return f": {_UNKNOWN}"
    if not limiter.storage.check():
        return ": Storage not available"
    passes = limiter.limiter.test(budget.rate, *budget.args)
    left = limiter.limiter.get_window_stats(budget.rate, *budget.args)[1]
    verdict = "Pass" if passes else "Fail"
    return f": {verdict} ({left} out of {budget.rate.amount} remaining)"


def _limiters() -> list[Limiter]:
    limiters: Collection[Limiter] = current_app.extensions.get("limiter", ())
    if not limiters:
        raise click.ClickException(f"No Flask-Limiter extension installed on {current_app}")
    return list(limiters)


def _warn_of_memory() -> None:
    click.echo(f"Note: {_ELSEWHERE}.", err=True)


def _endpoint(endpoint: str | None, path: str | None, method: str | None) -> str | None:
    """The one endpoint that is asked for, or None for all."""
    if endpoint:
        if endpoint not in current_app.view_functions:
            raise click.ClickException(f"{endpoint} not found")
        return endpoint
    if not path:
        return None
    asked = urlsplit(path)
    try:
        found, _ = current_app.url_map.bind("localhost").match(
            asked.path, method=method, query_args=asked.query
        )
    except NotFound:
        problem = f"{path} could not be matched to an endpoint"
        raise click.ClickException(problem) from None
    except MethodNotAllowed:
        problem = f"{(method or 'GET').upper()}: {path} could not be matched to an endpoint"
        raise click.ClickException(problem) from None
    return str(found)


def _sections(
    limiter: Limiter, wanted: str | None, method: str | None, key: str
) -> Iterator[_Section]:
    if wanted is None:
        yield from _general(limiter, method, key)
    for rule in sorted(current_app.url_map.iter_rules(wanted), key=str):
        if rule.endpoint.rpartition(".")[2] != "static":
            yield _of_route(limiter, rule, method, key)


def _general(limiter: Limiter, method: str | None, key: str) -> Iterator[_Section]:
    manager = limiter.limit_manager
    methods = {each for rule in current_app.url_map.iter_rules() for each in rule.methods or ()}
    chosen = [method] if method else sorted(methods)
    with current_app.test_request_context():
        metas = manager.activate(limiter._meta_limits)
        everywhere = manager.application_limits
        yield from _general_section("Meta Limits", metas, chosen, partial(_meta_args, key))
        own = partial(_args, limiter, key)
        yield from _general_section("Application Limits", everywhere, chosen, own)


def _general_section(
    title: str, limits: list[ActiveLimit], methods: list[str], args: _Naming
) -> Iterator[_Section]:
    budgets = list(_all_budgets(limits, methods, args))
    if budgets:
        yield _Section("All routes", title, budgets, exempt=False)


def _of_route(limiter: Limiter, rule: Rule, method: str | None, key: str) -> _Section:
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    manager = limiter.limit_manager
    view = get_qualified_name(app.view_functions[rule.endpoint])
    methods = [method] if method else sorted(rule.methods or ())
    with _request_to(rule):
        visit = Visit(app, rule.endpoint, request.blueprint, view, before_view=False)
        general, own = manager.resolve(visit)
        limits = dict.fromkeys(general + own)
        budgets = [
            *_all_budgets(limits, methods, partial(_args, limiter, key)),
            *_breaches(limits, methods, key),
        ]
        exempt = bool(manager.exemption(app, rule.endpoint, request.blueprint))
    group = rule.endpoint.rpartition(".")[0] or app.name
    return _Section(group, f"{rule.endpoint}: {rule}", budgets, exempt)


@contextmanager
def _request_to(rule: Rule) -> Iterator[None]:
    """A request that has come to this rule, for the functions that limits may have."""
    with current_app.test_request_context():
        request.url_rule = rule
        request.view_args = {}
        yield


def _all_budgets(
    limits: Iterable[ActiveLimit], methods: list[str], args: _Naming
) -> Iterator[_Budget]:
    for limit in limits:
        yield from _budgets(limit, methods, args)


def _breaches(limits: Iterable[ActiveLimit], methods: list[str], key: str) -> Iterator[_Budget]:
    """What is left of the breaches that these limits allow."""
    metas = dict.fromkeys(meta for limit in limits for meta in limit.meta_limits)
    for budget in _all_budgets(metas, methods, partial(_meta_args, key)):
        yield budget._replace(label=f"breaches: {budget.label}")


def _budgets(limit: ActiveLimit, methods: list[str], args: _Naming) -> Iterator[_Budget]:
    """The budgets of one limit: one for each method if the limit says so."""
    label = f"{limit.limit}{_conditions(limit)}"
    held = [each for each in methods if limit.methods is None or each.lower() in limit.methods]
    if limit.per_method:
        for method in held:
            yield _Budget(limit.limit, f"{label} ({method.upper()})", args(limit, method))
    elif held:
        only = f" ({', '.join(held)})" if limit.methods else ""
        yield _Budget(limit.limit, label + only, args(limit, held[0]))


def _conditions(limit: ActiveLimit) -> str:
    conditions = {"deduct_when": limit.deduct_when, "exempt_when": limit.exempt_when}
    said = [f"{name}: {shown(function)}" for name, function in conditions.items() if function]
    return f" {{{', '.join(said)}}}" if said else ""


def _args(limiter: Limiter, key: str, limit: ActiveLimit, method: str) -> list[str] | None:
    try:
        return budget_of(limiter, key, limit.scope_for(limiter.identify_request(), method))
    except Exception:  # It is the program's function, made for requests.
        return None


def _meta_args(key: str, limit: ActiveLimit, method: str) -> list[str] | None:
    try:
        return meta_budget_of(key, limit.scope_for("", method))
    except Exception:  # As above.
        return None
