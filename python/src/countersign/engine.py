"""The engine: accounts, sessions, tokens, limits and events over one database."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from countersign import operations
from countersign._hooks import Accounts, Callback, Claims, Hooks, check_kinds
from countersign._lifecycle import FOREIGN, Lifecycle, Opening
from countersign._native import Config, Core, Principal, Rates
from countersign.events import EventKind
from countersign.exceptions import (
    ConfigurationError,
    CountersignError,
    InvalidRequestError,
    UnavailableError,
)
from countersign.models import Origin
from countersign.operations import Operation, awaitable, blocking
from countersign.operations.operation import names
from countersign.routes import BODY_LIMIT, DEFAULT_ROUTES, Answer, HostRoutes
from countersign.settings import Given, Settings, text, texts

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

__all__ = ["BODY_LIMIT", "DEFAULT_ROUTES", "Answer", "Countersign", "HostRoutes"]

_T = TypeVar("_T")
_Claims = TypeVar("_Claims", bound=Claims)
_Accounts = TypeVar("_Accounts", bound=Accounts)
_Callback = TypeVar("_Callback", bound=Callback)
_Place = tuple[str | None, str | None, str | None]

_LOG: Final = logging.getLogger("countersign")
_FILE: Final = "countersign.toml"
UNSURE: Final = (*FOREIGN, UnavailableError)
"""Checks are asked at every request, so they are tried as they are. These ask for a careful second
try: there is an argument to be made a list, a mistake to explain, or a core that closed."""


class Countersign:
    """The engine. Making one validates and opens nothing; it opens on first use.

    ::

        auth = Countersign("sqlite:///auth.db", issuer="https://api.example.com", audience="api")
        tokens = auth.login("ada", "correct horse battery staple")
        principal = auth.authenticate(tokens.access_token)

    Every operation is there twice: :meth:`login` waits, ``await alogin(...)`` does not hold up the
    event loop. One that writes runs to its end, also when the task that awaits it is cancelled.
    Checking a token is in memory: :meth:`authenticate` is the same in both worlds.

    Threads may share an engine. It closes before a fork and opens again on both sides when it is
    used, and it closes when the interpreter exits.

    Args:
        url: The database, as SQLAlchemy writes it: ``sqlite:///relative.db``,
            ``sqlite:////absolute/path.db``.
        issuer: The public URL of this service: ``iss`` of every token.
        audience: The API, or APIs, that accept the tokens; they are issued for the first.
        **settings: See :class:`countersign.Settings`.

    Raises:
        ConfigurationError: the settings cannot be meant; the message says what to write instead.
    """

    def __init__(
        self,
        url: str,
        *,
        issuer: str,
        audience: str | Sequence[str],
        **settings: Unpack[Settings],
    ) -> None:
        given: Given = {
            "database_url": text("url", url),
            "issuer": text("issuer", issuer),
            "audience": _audiences(audience),
            **texts(settings),
        }
        self._configure(given, None, None)

    @classmethod
    def from_settings(
        cls,
        file: str | os.PathLike[str] | None = None,
        environment: Mapping[str, str] | None = os.environ,
    ) -> Self:
        """The engine that ``countersign serve`` has, of ``countersign.toml`` and ``COUNTERSIGN_*``.

        Args:
            file: The file; without it the one that ``COUNTERSIGN_CONFIG`` names, or
                ``countersign.toml`` in the working directory if there is one.
            environment: The variables, which win over the file.

        Raises:
            ConfigurationError: something in them cannot be meant.
        """
        variables = {
            name: value
            for name, value in (environment or {}).items()
            if name.startswith("COUNTERSIGN_")
        }
        engine = cls.__new__(cls)
        engine._configure({}, _file(file, variables), variables)
        for name in engine._config.ignored:
            _LOG.warning("%s is no setting and is ignored", name)
        return engine

    def _configure(self, given: Given, file: str | None, variables: dict[str, str] | None) -> None:
        self._sources = (given, file, variables)
        self._config = self._parse({})
        self._hooks = Hooks()
        self._lifecycle = Lifecycle(Opening(self._config), self._hooks)

    def _parse(self, changes: Given) -> Config:
        """The configuration with some settings changed."""
        given, file, variables = self._sources
        try:
            return Config({**given, **changes}, file=file, environment=variables)
        except CountersignError:
            raise
        except FOREIGN as error:
            raise ConfigurationError(f"the settings cannot be read: {error}") from error

    def __repr__(self) -> str:
        return f"<Countersign issuer={self.issuer!r} audiences={self.audiences!r}>"

    @property
    def issuer(self) -> str:
        """The public URL of this service."""
        return self._config.issuer

    @property
    def audiences(self) -> tuple[str, ...]:
        """The APIs that accept the tokens; they are issued for the first."""
        return self._config.audiences

    @property
    def opened(self) -> bool:
        """Whether the database is open in this process."""
        return self._lifecycle.current is not None

    # Tokens and sessions.
    login = blocking(operations.login)
    alogin = awaitable(operations.login)
    refresh = blocking(operations.refresh)
    arefresh = awaitable(operations.refresh)
    logout = blocking(operations.logout)
    alogout = awaitable(operations.logout)
    logout_all = blocking(operations.logout_all)
    alogout_all = awaitable(operations.logout_all)
    revoke = blocking(operations.revoke)
    arevoke = awaitable(operations.revoke)
    introspect = blocking(operations.introspect)
    aintrospect = awaitable(operations.introspect)
    start_session = blocking(operations.start_session)
    astart_session = awaitable(operations.start_session)

    # One's own account.
    register = blocking(operations.register)
    aregister = awaitable(operations.register)
    me = blocking(operations.me)
    ame = awaitable(operations.me)
    update_account = blocking(operations.update_account)
    aupdate_account = awaitable(operations.update_account)
    change_password = blocking(operations.change_password)
    achange_password = awaitable(operations.change_password)
    sessions = blocking(operations.sessions)
    asessions = awaitable(operations.sessions)
    end_own_session = blocking(operations.end_own_session)
    aend_own_session = awaitable(operations.end_own_session)

    # Everybody's accounts and sessions.
    list_users = blocking(operations.list_users)
    alist_users = awaitable(operations.list_users)
    user = blocking(operations.user)
    auser = awaitable(operations.user)
    add_user = blocking(operations.add_user)
    aadd_user = awaitable(operations.add_user)
    import_users = blocking(operations.import_users)
    aimport_users = awaitable(operations.import_users)
    set_grants = blocking(operations.set_grants)
    aset_grants = awaitable(operations.set_grants)
    set_claims = blocking(operations.set_claims)
    aset_claims = awaitable(operations.set_claims)
    disable_user = blocking(operations.disable_user)
    adisable_user = awaitable(operations.disable_user)
    enable_user = blocking(operations.enable_user)
    aenable_user = awaitable(operations.enable_user)
    delete_user = blocking(operations.delete_user)
    adelete_user = awaitable(operations.delete_user)
    set_password = blocking(operations.set_password)
    aset_password = awaitable(operations.set_password)
    user_sessions = blocking(operations.user_sessions)
    auser_sessions = awaitable(operations.user_sessions)
    end_user_sessions = blocking(operations.end_user_sessions)
    aend_user_sessions = awaitable(operations.end_user_sessions)
    end_session = blocking(operations.end_session)
    aend_session = awaitable(operations.end_session)

    # Clients.
    list_clients = blocking(operations.list_clients)
    alist_clients = awaitable(operations.list_clients)
    client = blocking(operations.client)
    aclient = awaitable(operations.client)
    add_client = blocking(operations.add_client)
    aadd_client = awaitable(operations.add_client)
    rotate_client_secret = blocking(operations.rotate_client_secret)
    arotate_client_secret = awaitable(operations.rotate_client_secret)
    disable_client = blocking(operations.disable_client)
    adisable_client = awaitable(operations.disable_client)
    enable_client = blocking(operations.enable_client)
    aenable_client = awaitable(operations.enable_client)
    delete_client = blocking(operations.delete_client)
    adelete_client = awaitable(operations.delete_client)

    # Keys, the audit log, upkeep.
    list_keys = blocking(operations.list_keys)
    alist_keys = awaitable(operations.list_keys)
    rotate_keys = blocking(operations.rotate_keys)
    arotate_keys = awaitable(operations.rotate_keys)
    compromise_key = blocking(operations.compromise_key)
    acompromise_key = awaitable(operations.compromise_key)
    jwks = blocking(operations.jwks)
    ajwks = awaitable(operations.jwks)
    list_events = blocking(operations.list_events)
    alist_events = awaitable(operations.list_events)
    ready = blocking(operations.ready)
    aready = awaitable(operations.ready)
    upkeep = blocking(operations.upkeep)
    aupkeep = awaitable(operations.upkeep)

    def _run(self, operation: Operation[_T], /) -> _T:
        call, place = _call(operation), _place(operation.origin)
        principal = operation.principal

        def run(core: Core) -> Any:
            return core.run(call, principal, place)

        try:
            answer = self._lifecycle.use(run)
        except CountersignError:
            raise
        except FOREIGN as error:
            raise _unusable(operation, error) from error
        return operation.read(answer)

    async def _arun(self, operation: Operation[_T], /) -> _T:
        call, place = _call(operation), _place(operation.origin)
        principal = operation.principal
        try:
            answer = await self._lifecycle.ause(
                lambda core, loop: core.arun(loop, call, principal, place)
            )
        except CountersignError:
            raise
        except FOREIGN as error:
            raise _unusable(operation, error) from error
        return operation.read(answer)

    def authenticate(self, token: str) -> Principal:
        """Checks an access token: signature, policy, revocation. In memory, in both worlds.

        Raises:
            TokenError: it is refused; ``code`` says why, for the log.
            UnavailableError: the revocations are too old to be trusted.
        """
        core = self._lifecycle.current
        if core is not None:
            try:
                return core.check(token)
            except UNSURE:
                pass
        return self._use(lambda core: core.check(token))

    def authorize(
        self,
        fields: Sequence[bytes | str],
        *,
        scopes: Collection[str] = (),
        roles: Collection[str] = (),
        max_auth_age: int | timedelta | None = None,
    ) -> Principal:
        """Checks the ``Authorization`` fields of one request, and what its token must have.

        Args:
            fields: The values of all ``Authorization`` fields of the request.
            scopes: All of them are needed. Tuples and lists are quickest.
            roles: All of them are needed.
            max_auth_age: The user must have authenticated at most so long ago, in seconds.

        Raises:
            MissingTokenError: there is no bearer token.
            TokenError: the token is refused.
            InsufficientScopeError: a scope or a role is missing.
            ReauthenticationRequiredError: the user authenticated too long ago (RFC 9470).
        """
        core = self._lifecycle.current
        if core is not None and not isinstance(fields, str):
            try:
                return core.authorize(fields, scopes, roles, max_auth_age)  # type: ignore[arg-type]
            except UNSURE:
                pass
        raw, wanted = _fields(fields), _wanted(scopes, roles, max_auth_age)
        return self._use(lambda core: core.authorize(raw, *wanted))

    def require(
        self,
        principal: Principal,
        *,
        scopes: Collection[str] = (),
        roles: Collection[str] = (),
        max_auth_age: int | timedelta | None = None,
    ) -> None:
        """Refuses a principal that lacks something; the arguments are :meth:`authorize`'s.

        Raises:
            InsufficientScopeError: a scope or a role is missing.
            ReauthenticationRequiredError: the user authenticated too long ago (RFC 9470).
        """
        core = self._lifecycle.current
        if core is not None:
            try:
                return core.require(principal, scopes, roles, max_auth_age)  # type: ignore[arg-type]
            except UNSURE:
                pass
        wanted = _wanted(scopes, roles, max_auth_age)
        return self._use(lambda core: core.require(principal, *wanted))

    def limit(self, rates: Rates, *, name: str, key: str) -> None:
        """Takes one from a budget of the application's own.

        Args:
            rates: How many, how often.
            name: What is limited, such as a route: budgets of other names are others.
            key: Whom: an address (see :meth:`network`), a user id.

        Raises:
            RateLimitedError: it is used up; ``headers`` and ``retry_after`` say for how long.
        """
        self._use(lambda core: core.limit(rates, name, key))

    @staticmethod
    def network(address: str) -> str:
        """By what addresses are limited: an IPv4 address itself, the /64 of an IPv6 one.

        Who has one address of a /64 has all of them.
        """
        try:
            return Core.network(address)
        except CountersignError:
            raise
        except FOREIGN as error:
            raise ConfigurationError("`address` is a text") from error

    def client_address(self, peer: str | None, forwarded: Sequence[bytes] = ()) -> str | None:
        """The address of a client.

        Args:
            peer: Who is at the other end of the connection.
            forwarded: The values of all ``X-Forwarded-For`` fields; they count if the peer is one
                of ``http_trusted_proxies``.
        """
        return self._use(lambda core: core.client_address(peer, list(forwarded)))

    def _use(self, call: Callable[[Core], _T]) -> _T:
        try:
            return self._lifecycle.use(call)
        except CountersignError:
            raise
        except FOREIGN as error:
            raise ConfigurationError(f"an argument cannot be taken: {error}") from error

    def routes(self, prefix: str = "", groups: Collection[str] = DEFAULT_ROUTES) -> HostRoutes:
        """The engine's HTTP routes, for a host: the FastAPI and Flask parts use it.

        Args:
            prefix: What stands before every path but ``/.well-known/*``.
            groups: Of ``login``, ``register``, ``account``, ``wellknown``, ``admin``.

        Raises:
            ConfigurationError: the prefix or a group cannot be taken.
        """
        return HostRoutes(self._lifecycle, self._config, prefix, groups)

    def on(self, *kinds: EventKind) -> Callable[[_Callback], _Callback]:
        """Calls a plain function when something happened: ``@auth.on("login.failed")``.

        No kinds are all kinds. After the commit, on one thread, in this process, at most once: the
        audit log is what is complete. What a function raises is logged.

        Raises:
            ConfigurationError: there is no such kind, or the function is ``async def``.
        """
        check_kinds(kinds)

        def register(callback: _Callback) -> _Callback:
            self._hooks.add_callback(kinds, callback)
            return callback

        return register

    def claims(self, function: _Claims) -> _Claims:
        """Takes a plain function that answers more claims for access tokens: ``@auth.claims``.

        It gets a :class:`countersign.Subject` at every issue, refresh too, and its claims win over
        stored ones.

        Raises:
            ConfigurationError: there is one already, it is ``async def``, or the engine is open.
        """
        self._refuse_late("claims")
        self._hooks.set_claims(function)
        return function

    def accounts(self, function: _Accounts) -> _Accounts:
        """Takes a plain function that knows the application's own users: ``@auth.accounts``.

        It gets a user id and answers a :class:`countersign.Standing`, or None for nobody; it is
        asked at every issue. Sessions are opened with :meth:`start_session`.

        Raises:
            ConfigurationError: there is one already, it is ``async def``, or the engine is open.
        """
        self._refuse_late("accounts")
        self._hooks.set_accounts(function)
        return function

    def _refuse_late(self, what: str) -> None:
        if self.opened:
            raise ConfigurationError(
                f"{what}: the engine is open already: register the function where the engine is "
                "made, or close() the engine before"
            )

    def open(self) -> None:
        """Opens the database now, and not at the first use.

        Raises:
            OpenError: it cannot be used; the message says what to do.
        """
        self._lifecycle.core()

    def close(self) -> None:
        """Waits for what runs and closes the database; the next use opens it again."""
        self._lifecycle.close()

    async def aopen(self) -> None:
        """The same as :meth:`open` without holding up the event loop."""
        await self._lifecycle.aopen()

    async def aclose(self) -> None:
        """The same as :meth:`close` without holding up the event loop."""
        await self._lifecycle.aclose()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        await self.aopen()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


def _audiences(audience: Any) -> list[str]:
    # A list also of one: a comma in a text would separate two.
    given = text("audience", [audience] if isinstance(audience, str) else audience)
    if isinstance(given, str):
        raise ConfigurationError("audience: write a text or a list of texts")
    return given


def _file(file: str | os.PathLike[str] | None, variables: Mapping[str, str]) -> str | None:
    named = file if file is not None else variables.get("COUNTERSIGN_CONFIG", "")
    if not isinstance(named, (str, os.PathLike)):
        raise ConfigurationError("file: write a path")
    if named != "":
        return str(text("file", named))
    return _FILE if Path(_FILE).exists() else None


def _call(operation: Operation[Any]) -> dict[str, Any]:
    return {**operation.arguments, "operation": operation.name}


def _place(origin: Origin | None) -> _Place | None:
    if origin is None:
        return None
    if not isinstance(origin, Origin):
        raise ConfigurationError("origin: write countersign.Origin(address=..., user_agent=...)")
    return origin.address, origin.user_agent, origin.request_id


def _unusable(operation: Operation[Any], error: Exception) -> InvalidRequestError:
    # What the error says may repeat an argument: only its kind is told.
    return InvalidRequestError(
        f"{operation.name}: an argument cannot be taken ({type(error).__name__})"
    )


def _fields(fields: Sequence[bytes | str]) -> list[bytes]:
    if isinstance(fields, (bytes, str)) or not isinstance(fields, Sequence):
        raise ConfigurationError("fields: write a list of the Authorization fields")
    # A field that is no ASCII is refused in any encoding.
    return [
        str.encode(field, "utf-8", "surrogatepass") if isinstance(field, str) else field
        for field in fields
    ]


def _wanted(
    scopes: Collection[str], roles: Collection[str], age: int | timedelta | None
) -> tuple[list[str], list[str], int | None]:
    seconds = int(age.total_seconds()) if isinstance(age, timedelta) else age
    return names("scopes", scopes), names("roles", roles), seconds
