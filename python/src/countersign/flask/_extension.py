"""The extension itself."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, overload

from flask import Blueprint, Flask

from countersign.engine import DEFAULT_ROUTES, Countersign
from countersign.exceptions import ConfigurationError
from countersign.flask import _errors, _guard
from countersign.flask._cli import commands
from countersign.flask._conflicts import Conflicts
from countersign.flask._installed import NAME, Installed, installed
from countersign.flask._limit import Key, Limit
from countersign.flask._order import DecoratedViews
from countersign.flask._requirement import Requirement
from countersign.flask._routes import blueprint, rules
from countersign.flask._settings import from_config
from countersign.flask._views import View, run_before


class CountersignFlask:
    """Countersign in one or several Flask applications.

    Args:
        app: the application, unless ``init_app`` comes later.
        auth: the engine. Without one it is made from ``app.config``: ``COUNTERSIGN_DATABASE_URL``,
            ``COUNTERSIGN_ISSUER``, ``COUNTERSIGN_AUDIENCE`` and any setting in capitals.
        prefix: what stands before every route but ``/.well-known/...``: empty, or ``/auth``.
        routes: the groups of routes: ``login``, ``register``, ``account``, ``wellknown`` and, where
            they are asked for, ``admin`` and ``session``, which is ``login`` without passwords.
            They carry tokens and no cookies, so Flask-WTF need not protect them:
            ``csrf.exempt(app.blueprints["countersign"])``.

    Raises:
        ConfigurationError: settings that cannot be meant; a route that the application has already.
    """

    def __init__(
        self,
        app: Flask | None = None,
        auth: Countersign | None = None,
        *,
        prefix: str = "",
        routes: Collection[str] = DEFAULT_ROUTES,
    ) -> None:
        self._auth = auth
        self._prefix = prefix
        self._groups = routes
        self._decorated = DecoratedViews()
        self._guards: list[_guard.Guard] = []
        self._apps: weakref.WeakSet[Flask] = weakref.WeakSet()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask, auth: Countersign | None = None) -> None:
        """Installs the routes, the error handler and the commands in an application.

        Raises:
            ConfigurationError: as for the class; or the application has a Countersign already.
        """
        if not isinstance(app, Flask):
            raise TypeError(
                f"{type(app).__name__} is no Flask application: CountersignFlask(app, auth)"
            )
        if NAME in app.extensions:
            raise ConfigurationError(
                f"the application {app.name!r} has a Countersign already: one is enough, and a"
                " second one would answer for the first one's tokens"
            )
        auth = auth or self._auth or from_config(app)
        root = app.config["APPLICATION_ROOT"].rstrip("/")
        host = Installed(auth, auth.routes(root + self._prefix, self._groups), root)
        _add_routes(app, host)
        app.extensions[NAME] = host
        _errors.install(app, partial(self._decorated.refuse_open, app.view_functions))
        app.cli.add_command(commands)
        for hook in self._guards:
            app.before_request(hook)
        self._apps.add(app)

    @property
    def auth(self) -> Countersign:
        """The engine: the one that was given, or else the current application's."""
        return self._auth or installed().auth

    @overload
    def required(self, view: View, /) -> View: ...

    @overload
    def required(
        self,
        /,
        *,
        scopes: Sequence[str] = (),
        roles: Sequence[str] = (),
        max_auth_age: int | timedelta | None = None,
        optional: bool = False,
    ) -> Callable[[View], View]: ...

    def required(
        self,
        view: Callable[..., Any] | None = None,
        /,
        *,
        scopes: Sequence[str] = (),
        roles: Sequence[str] = (),
        max_auth_age: int | timedelta | None = None,
        optional: bool = False,
    ) -> Any:
        """Lets only bearers of a good access token into a view; ``current_principal`` is who.

        It stands below ``@app.route``, next to the function, with parentheses or without.

        Args:
            view: the function, where it is written without parentheses.
            scopes: all of these the token must have.
            roles: all of these, too.
            max_auth_age: for so many seconds at most may the log-in be past (RFC 9470).
            optional: no token is well, too; a bad one is still refused.
        """
        requirement = Requirement(scopes, roles, max_auth_age, optional)
        return self._behind(requirement) if view is None else self._behind(requirement)(view)

    def _behind(self, requirement: Requirement) -> Callable[[View], View]:
        def decorate(view: View) -> View:
            protected = run_before(view, requirement.demand, "@cs.required")
            self._decorated.add(view, "@cs.required", protected)
            return protected

        return decorate

    def protect(
        self,
        target: Flask | Blueprint | None = None,
        *,
        exempt: Iterable[str] = (),
        scopes: Sequence[str] = (),
        roles: Sequence[str] = (),
        max_auth_age: int | timedelta | None = None,
    ) -> None:
        """Asks for a token before every view of an application or a blueprint.

        Without a token pass: Countersign's own routes, so that one can log in; static files;
        ``OPTIONS``; ``GET`` of ``/health``, ``/healthz``, ``/live``, ``/livez``, ``/ready`` and
        ``/readyz``; paths that no view has; views with ``@cs.exempt``; and what ``exempt`` names.

        Args:
            target: the application or blueprint; all applications of this extension without it.
            exempt: endpoints (``"pages.index"``, ``".index"``), paths and rules (``"/about"``,
                ``"/pages/<name>"``), and with ``/*`` whatever is below a path (``"/public/*"``).
            scopes: as for :meth:`required`.
            roles: as for :meth:`required`.
            max_auth_age: as for :meth:`required`.
        """
        hook = _guard.Guard(Requirement(scopes, roles, max_auth_age), exempt)
        if target is not None:
            target.before_request(hook)
            return
        self._guards.append(hook)
        for app in self._apps:
            app.before_request(hook)

    def exempt(self, view: View) -> View:
        """Lets everybody past :meth:`protect` to this view, view class or method of one."""
        return _guard.exempt(view)

    def limit(self, rates: str, *, key: Key = "address", name: str | None = None) -> Limit:
        """A limit for a view, as a decorator; or anywhere in a request, with ``.check()``.

        Args:
            rates: ``"5 per minute"``, ``"200/day; 50/hour"``.
            key: who has a budget: each ``address``; each ``user``; each user at each address
                (``both``); or what a function answers, where None is not counted. Requests without
                a user are counted by address.
            name: views whose limits have the same name share a budget. By default each endpoint
                and method has its own.

        Raises:
            ConfigurationError: the rates cannot be read, or the key is none.
        """
        return Limit(rates, key, name, self._decorated)


def _add_routes(app: Flask, host: Installed) -> None:
    ours = Conflicts(rules(host.routes, host.root))
    ours.refuse_present(app)
    app.register_blueprint(blueprint(host.routes, host.root))
    ours.refuse_later(app)
