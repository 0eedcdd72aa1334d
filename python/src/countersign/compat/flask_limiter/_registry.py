"""Which limits are declared where, and which of them a request meets."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ._limits import ActiveLimit, ApplicationLimit, Limit, RouteLimit
from .constants import ExemptionScope
from .util import get_qualified_name

if TYPE_CHECKING:
    from flask import Flask

_LOGGER = logging.getLogger("flask-limiter")
_OWN_ONLY: Final = ~(ExemptionScope.DEFAULT | ExemptionScope.APPLICATION)


@dataclass(frozen=True)
class Visit:
    """Where in the application a request is."""

    app: Flask
    endpoint: str
    blueprint: str | None
    name: str
    """By what the view, or the function within it, is known."""
    before_view: bool
    """Whether the view is still to come."""


class LimitManager:
    """Hold the limits of a `Limiter` and the exemptions from them."""

    def __init__(self, key_func: Callable[[], str]) -> None:
        """Hold nothing yet.

        Args:
            key_func: Whose budget it is, where a limit does not say it itself.
        """
        self.application: list[ApplicationLimit | Limit] = []
        self.defaults: list[Limit] = []
        self._key_func = key_func
        # Dicts for the order, written and copied at once: views may declare limits as they run.
        self._decorated: dict[str, dict[RouteLimit, None]] = {}
        self._of_blueprints: dict[str, dict[RouteLimit, None]] = {}
        self._hints: dict[str, dict[str, None]] = {}
        self._exempt_views: dict[str, ExemptionScope] = {}
        self._exempt_blueprints: dict[str, ExemptionScope] = {}
        self._marked: set[str] = set()

    @property
    def application_limits(self) -> list[ActiveLimit]:
        """The limits of the whole application, for this request."""
        return self.activate(self.application)

    @property
    def default_limits(self) -> list[ActiveLimit]:
        """The limits of views that have none of their own, for this request."""
        return self.activate(self.defaults)

    def activate(self, limits: Iterable[Limit]) -> list[ActiveLimit]:
        """The rates of these limits, for this request."""
        return [active for limit in limits for active in limit.active(self._key_func)]

    def add_decorated_limit(self, name: str, limit: RouteLimit) -> None:
        """Put a limit on a view or function."""
        self._marked.add(name)
        self._decorated.setdefault(name, {})[limit] = None

    def set_block_limit(self, place: str, limit: RouteLimit) -> None:
        """Put the one limit on a block."""
        self._decorated[place] = {limit: None}

    def add_blueprint_limit(self, blueprint: str, limit: RouteLimit) -> None:
        """Put a limit on a blueprint."""
        self._of_blueprints.setdefault(blueprint, {})[limit] = None

    def add_view_exemption(self, name: str, scope: ExemptionScope) -> None:
        """Exempt a view."""
        self._exempt_views[name] = scope

    def add_blueprint_exemption(self, blueprint: str, scope: ExemptionScope) -> None:
        """Exempt the views of a blueprint."""
        self._exempt_blueprints[blueprint] = scope

    def add_endpoint_hint(self, endpoint: str, name: str) -> None:
        """Remember that the view came to a limit on this function or block."""
        self._hints.setdefault(endpoint, {})[name] = None

    def awaits_view(self, visit: Visit) -> bool:
        """Whether there is a limit at the view itself, or has been one within it."""
        return visit.name in self._marked or bool(self._hints.get(visit.endpoint))

    def is_marked(self, name: str) -> bool:
        """Whether there is a limit at the view itself."""
        return name in self._marked

    def resolve(
        self, visit: Visit, block: RouteLimit | None = None
    ) -> tuple[list[ActiveLimit], list[ActiveLimit]]:
        """The limits that a request meets here.

        Returns:
            Those of the `Limiter`, which count once a request, and those of this place.
        """
        postponed = visit.before_view and self.awaits_view(visit)
        own = self._own_limits(visit, block)
        if visit.blueprint and not postponed and not any(each.override_defaults for each in own):
            own += self._blueprint_limits(visit.app, visit.blueprint)
        exempt = self.exemption(visit.app, visit.endpoint, visit.blueprint)
        general: list[ActiveLimit] = []
        if visit.before_view and not exempt & ExemptionScope.APPLICATION:
            general += self.application_limits
        if self._wants_defaults(visit, own, exempt, postponed):
            general += self.default_limits
        return general, own

    def _own_limits(self, visit: Visit, block: RouteLimit | None) -> list[ActiveLimit]:
        if visit.before_view:
            return []
        if block is None:
            return self._decorated_limits(visit.name)
        return self._tolerant([block], f"function {visit.name}")

    def _wants_defaults(
        self, visit: Visit, own: list[ActiveLimit], exempt: ExemptionScope, postponed: bool
    ) -> bool:
        # What the view came to before is taken to come again.
        within = [
            limit
            for name in list(self._hints.get(visit.endpoint, ()))
            for limit in self._decorated_limits(name)
        ]
        if within and not any(limit.override_defaults for limit in within):
            return True
        if postponed or exempt & ExemptionScope.DEFAULT:
            return False
        overridden = any(limit.override_defaults for limit in own)
        return not overridden or all(limit.method_exempt for limit in own)

    def _decorated_limits(self, name: str) -> list[ActiveLimit]:
        if self._exempt_views.get(name, ExemptionScope.NONE):
            return []
        return self._tolerant(self._decorated.get(name, ()), f"function {name}")

    def _tolerant(self, limits: Iterable[Limit], where: str) -> list[ActiveLimit]:
        """The rates that can be read. A view whose rate cannot be is still there, without it."""
        return [active for limit in list(limits) for active in self._tolerated(limit, where)]

    def _tolerated(self, limit: Limit, where: str) -> list[ActiveLimit]:
        try:
            return limit.active(self._key_func)
        except ValueError as error:
            _LOGGER.error(f"failed to load ratelimit for {where}: {error}")
            return []

    def _blueprint_limits(self, app: Flask, blueprint: str) -> list[ActiveLimit]:
        if blueprint not in app.blueprints:
            return []
        name = app.blueprints[blueprint].name
        exemption, inherited = self._blueprint_exemptions(app, blueprint)
        if exemption & _OWN_ONLY:
            return []
        limits = list(self._of_blueprints.get(name, ()))
        alone = bool(limits) and all(limit.override_defaults for limit in limits)
        scope = self._exempt_blueprints.get(name, ExemptionScope.NONE)
        if not alone and not scope & ExemptionScope.ANCESTORS:
            line = dict.fromkeys(blueprint.split("."))
            heirs = [self._of_blueprints.get(each, ()) for each in line if each not in inherited]
            limits = [limit for of_one in heirs for limit in list(of_one)]
        return self._tolerant(limits, f"blueprint {name}")

    def exemption(self, app: Flask, endpoint: str, blueprint: str | None) -> ExemptionScope:
        """What the view is exempt from."""
        view = app.view_functions.get(endpoint)
        name = get_qualified_name(view) if view else ""
        scope = self._exempt_views.get(name, ExemptionScope.NONE)
        if blueprint is None or blueprint not in app.blueprints:
            return scope
        own, inherited = self._blueprint_exemptions(app, blueprint)
        for each in inherited.values():
            own |= each
        return scope | own

    def _blueprint_exemptions(
        self, app: Flask, blueprint: str
    ) -> tuple[ExemptionScope, dict[str, ExemptionScope]]:
        """A blueprint's own exemption, and those that it inherits."""
        name = app.blueprints[blueprint].name
        own = self._exempt_blueprints.get(name, ExemptionScope.NONE) & ~ExemptionScope.ANCESTORS
        line = set(blueprint.split("."))
        inherited = {
            each: scope
            for each, scope in list(self._exempt_blueprints.items())
            if each in line and scope & ExemptionScope.DESCENDENTS
        }
        return own, inherited
