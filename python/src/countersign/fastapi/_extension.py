"""What an application uses: one object that holds the dependencies and installs the routes."""

from collections.abc import Collection
from datetime import timedelta

from fastapi import FastAPI

from countersign import Countersign
from countersign.engine import DEFAULT_ROUTES
from countersign.exceptions import ConfigurationError
from countersign.fastapi._conflicts import refuse_taken
from countersign.fastapi._errors import install_handler
from countersign.fastapi._lifespan import install_lifespan
from countersign.fastapi._limits import Key, Limit
from countersign.fastapi._openapi import install_document
from countersign.fastapi._principal import PrincipalDependency
from countersign.fastapi._requirements import Allow, Require, optional, protection, requirement
from countersign.fastapi._routes import HostRoute
from countersign.fastapi._scheme import model


class CountersignFastAPI:
    """Countersign in a FastAPI application.

    Args:
        auth: The engine.
        prefix: Where its routes are, such as ``"/auth"``. ``/.well-known/*`` stays at the root.
        routes: The groups of routes: ``login``, ``register``, ``account``, ``wellknown``; on
            request ``admin``; and ``session``, all of ``login`` but ``/login`` and ``/token``,
            for an application that checks passwords itself and then calls
            ``auth.start_session``. With none of them the dependencies still work.
        token_url: Where the Authorize button of ``/docs`` posts user name and password (as
            ``OAuth2PasswordRequestForm`` takes them): a path from the root of the application.
            By default the engine's own ``/token``, if ``login`` is among the routes.

    Raises:
        ConfigurationError: The prefix, a group or the URL cannot be meant.
    """

    def __init__(
        self,
        auth: Countersign,
        *,
        prefix: str = "",
        routes: Collection[str] = DEFAULT_ROUTES,
        token_url: str | None = None,
    ) -> None:
        self.auth = auth
        self._routes = auth.routes(prefix, routes)
        self._document = self._routes.openapi()
        self.principal = PrincipalDependency(auth, model(self._document, token_url))
        """Who calls: ``Depends(cs.principal)``, ``Security(cs.principal, scopes=[...])``.

        A missing or bad token is 401, a missing scope 403. Works for WebSocket routes, too.
        """
        self.optional_principal: Allow = optional(self.principal)
        """The same, or None for a request without a token. A bad or expired token is still 401."""

    def install(self, app: FastAPI) -> None:
        """Adds the routes, their OpenAPI, the answers to refusals, and the end of the engine.

        Call it where the application is made, before routes such as ``/users/{name}``: the first
        route that fits answers.

        Raises:
            ConfigurationError: The application has one of the routes already, has another
                Countersign, or is running.
        """
        if not isinstance(app, FastAPI):
            raise TypeError(f"install takes the FastAPI application, not {type(app).__name__}")
        self._refuse_late(app)
        refuse_taken(app.router.routes, self._routes)
        for path, methods in self._routes.paths:
            app.router.routes.append(HostRoute(path, methods, self._routes))
        install_document(app, self._document, self.principal)
        install_handler(app)
        install_lifespan(app, self.auth)
        app.state.countersign = self

    def require(
        self,
        *,
        scopes: Collection[str] = (),
        roles: Collection[str] = (),
        max_auth_age: int | timedelta | None = None,
    ) -> Require:
        """A dependency that wants all of the scopes and roles, and a log-in that recent (RFC 9470).

        It answers the principal.

        Raises:
            ConfigurationError: One of them cannot be meant.
        """
        return requirement(
            self.auth, self.principal, scopes=scopes, roles=roles, max_auth_age=max_auth_age
        )

    def protect(self, *, exempt: Collection[str] = ()) -> Allow:
        """A dependency for a whole application or router: ``FastAPI(dependencies=[...])``.

        Countersign's own routes, the documentation and what is mounted are not subject to such
        dependencies.

        Args:
            exempt: Paths that need no token, as they were declared (``"/health"``,
                ``"/pages/{name}"``); with ``/*`` whatever is below (``"/public/*"``).
        """
        return protection(self.principal, exempt)

    def limit(self, rates: str, *, key: Key = "address", name: str | None = None) -> Limit:
        """A dependency that answers 429 when there were too many requests.

        Args:
            rates: Such as ``"5 per minute"`` or ``"200/day; 50/hour"``.
            key: By what requests are counted: the client's ``"address"``; the ``"user"``, or the
                address where there is none; ``"both"``, each with a budget of its own; or a
                function of the request that answers a text, or None for one that is not counted.
            name: Routes with the same name share their budgets. Without one each has its own.

        Raises:
            ConfigurationError: The rates or the key cannot be read.
        """
        return Limit(self.auth, rates, key, name)

    def _refuse_late(self, app: FastAPI) -> None:
        if any(isinstance(route, HostRoute) for route in app.router.routes) or isinstance(
            getattr(app.state, "countersign", None), CountersignFastAPI
        ):
            raise ConfigurationError(
                "Countersign is installed in this application already: one application, one "
                "install. Mount a second FastAPI() for a second engine"
            )
        if app.middleware_stack is not None:
            raise ConfigurationError(
                "cs.install(app) comes before the application starts, where app is made: "
                "not in its lifespan and not after its first request"
            )
