"""What tests of an application need: an engine in memory, a clock that stands still, tokens.

With pytest the fixtures of ``countersign.pytest_plugin`` are there as soon as the package is
installed::

    def test_reports(auth, auth_client, auth_clock, auth_tokens):
        app = create_app(auth)
        assert auth_client(app, scopes=["reports:read"]).get("/reports").status_code == 200
        assert_rejects(app, "/reports", auth_tokens, scopes=["reports:read"])

An application that makes its engine itself is put into memory with :func:`in_memory`.
"""

from __future__ import annotations

import base64
import json
import time
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from countersign._hooks import Hooks
from countersign._lifecycle import Opening
from countersign._native import Core, Key, Signer, TestClock
from countersign.engine import Countersign
from countersign.exceptions import UsernameTakenError
from countersign.models import Tokens, UserDetail

__all__ = ["Clock", "TokenFactory", "assert_rejects", "client", "in_memory"]

_CHEAP: Final = {
    "passwords.memory_kib": "8",
    "passwords.iterations": "1",
    "passwords.lanes": "1",
    "passwords.allow_weak_cost": "true",
}
# Longer than any access token lives: what was issued then has expired.
_LONG_AGO: Final = 30 * 3600.0
# Keys begin to sign when the engine is opened, so it is opened before that.
_BEFORE: Final = 2 * _LONG_AGO


class Clock:
    """Stands still until it is advanced. The time it starts with is the real one, in full seconds.

    Engines that it is the clock of do what is due when it is advanced: keys rotate, revocations are
    read, old rows are purged.
    """

    def __init__(self, now: float | None = None) -> None:
        self._native = TestClock(float(int(time.time())) if now is None else now)
        self._engines: weakref.WeakSet[Countersign] = weakref.WeakSet()

    @property
    def now(self) -> float:
        """The time of day, in seconds since 1970."""
        return self._native.now

    def advance(self, duration: float | timedelta) -> None:
        """Lets time pass: seconds, or a :class:`datetime.timedelta`."""
        seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
        self._native.advance(seconds)
        for engine in self._engines:
            if engine.opened:
                engine.upkeep()

    @contextmanager
    def _set_back(self, seconds: float) -> Iterator[None]:
        now = self.now
        self._native.set(now - seconds)
        try:
            yield
        finally:
            self._native.set(now)


@dataclass(frozen=True)
class _InMemory(Opening):
    turned: Clock | None = None

    def open(self, hooks: Hooks) -> Core:
        if self.turned is None:
            return super().open(hooks)
        with self.turned._set_back(_BEFORE):
            return super().open(hooks)


@contextmanager
def in_memory(auth: Countersign, clock: Clock | None = None) -> Iterator[Clock]:
    """Runs an engine in memory, with a clock that stands still and cheap password hashes.

    It begins empty; its hooks, its callbacks and its other settings stay. Afterwards it is closed,
    and what uses it next opens its database::

        with in_memory(auth) as clock:
            ...

    Args:
        auth: The engine, which may be in use in applications already.
        clock: Its clock; a new one if not said.
    """
    clock = clock or Clock()
    opening = _InMemory(auth._parse({**_CHEAP}), clock._native, clock)
    before = auth._lifecycle.replace(opening)
    clock._engines.add(auth)
    try:
        yield clock
    finally:
        clock._engines.discard(auth)
        auth._lifecycle.replace(before)


class TokenFactory:
    """Makes tokens of every kind for an engine in memory. Users are made when they are named."""

    def __init__(self, auth: Countersign, clock: Clock) -> None:
        self._auth = auth
        self._clock = clock

    def user(
        self,
        username: str = "ada",
        *,
        roles: Collection[str] = (),
        scopes: Collection[str] = (),
    ) -> UserDetail:
        """The account of this name, with these roles and scopes at least."""
        roles, scopes = frozenset(roles), frozenset(scopes)
        try:
            return self._auth.add_user(username, roles=roles, scopes=scopes)
        except UsernameTakenError:
            user = self._auth.user(username)
        if roles <= user.roles and scopes <= user.scopes:
            return user
        return self._auth.set_grants(user.id, roles=roles | user.roles, scopes=scopes | user.scopes)

    def pair(
        self,
        username: str = "ada",
        *,
        roles: Collection[str] = (),
        scopes: Collection[str] = (),
        claims: Mapping[str, Any] | None = None,
    ) -> Tokens:
        """An access and a refresh token of a new session.

        Args:
            username: Whose; made if there is no such user.
            roles: The user has them afterwards.
            scopes: The user has them afterwards, and the token has these alone.
            claims: Custom claims of the access token.
        """
        user = self.user(username, roles=roles, scopes=scopes)
        return self._auth.start_session(user.id, scopes=scopes, claims=claims)

    def good(
        self,
        username: str = "ada",
        *,
        roles: Collection[str] = (),
        scopes: Collection[str] = (),
        claims: Mapping[str, Any] | None = None,
    ) -> str:
        """An access token that is accepted; the arguments are :meth:`pair`'s."""
        return self.pair(username, roles=roles, scopes=scopes, claims=claims).access_token

    def expired(self, username: str = "ada", **grants: Any) -> str:
        """One that was good once."""
        with self._clock._set_back(_LONG_AGO):
            return self.good(username, **grants)

    def revoked(self, username: str = "ada", **grants: Any) -> str:
        """One that was revoked before it expired."""
        token = self.good(username, **grants)
        self._auth.revoke(token)
        return token

    def tampered(self, username: str = "ada", **grants: Any) -> str:
        """One whose claims were changed under the old signature."""
        header, payload, signature = self.good(username, **grants).split(".")
        return f"{header}.{_encode({**_decode(payload), 'sub': 'root'})}.{signature}"

    def forged(self, username: str = "ada", **grants: Any) -> str:
        """One with the right claims and key id, signed with a key that somebody else made."""
        header, payload, _ = self.good(username, **grants).split(".")
        key = Key.generate("ES256", kid=_decode(header)["kid"])
        return Signer(key, typ="at+jwt").sign(_decode(payload))

    def unsigned(self, username: str = "ada", **grants: Any) -> str:
        """One that says itself that it is not signed (RFC 7519 6)."""
        header, payload, _ = self.good(username, **grants).split(".")
        return f"{_encode({**_decode(header), 'alg': 'none'})}.{payload}."

    def bad(self, username: str = "ada", **grants: Any) -> dict[str, str]:
        """Everything that must be refused as an access token, by what is wrong with it."""
        return {
            "expired": self.expired(username, **grants),
            "revoked": self.revoked(username, **grants),
            "tampered": self.tampered(username, **grants),
            "forged": self.forged(username, **grants),
            "unsigned": self.unsigned(username, **grants),
            "a refresh token": self.pair(username, **grants).refresh_token,
            "no token at all": "letmein",
        }


def _decode(part: str) -> dict[str, Any]:
    padded = part + "=" * (-len(part) % 4)
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(padded))
    return decoded


def _encode(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


@contextmanager
def client(app: Any, token: str | None = None) -> Iterator[Any]:
    """A test client of a FastAPI (or other ASGI) or a Flask application.

    Args:
        app: The application.
        token: An access token that all its requests carry.
    """
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    if hasattr(app, "test_client"):
        flask = app.test_client()
        flask.environ_base.update(
            {f"HTTP_{name.upper()}": field for name, field in headers.items()}
        )
        yield flask
        return
    from starlette.testclient import TestClient

    with TestClient(app, headers=headers) as starlette:
        yield starlette


class Clients:
    """Test clients of users who are logged in; closed together."""

    def __init__(self, tokens: TokenFactory) -> None:
        self._tokens = tokens
        self._open = ExitStack()

    def __call__(
        self,
        app: Any,
        username: str = "ada",
        *,
        roles: Collection[str] = (),
        scopes: Collection[str] = (),
        claims: Mapping[str, Any] | None = None,
    ) -> Any:
        """A test client; the arguments are :meth:`TokenFactory.pair`'s."""
        token = self._tokens.good(username, roles=roles, scopes=scopes, claims=claims)
        return self._open.enter_context(client(app, token))

    def close(self) -> None:
        """Closes all of them."""
        self._open.close()


def assert_rejects(
    app: Any,
    path: str,
    tokens: TokenFactory,
    *,
    method: str = "GET",
    scopes: Collection[str] = (),
    roles: Collection[str] = (),
    **request: Any,
) -> None:
    """Asserts that a route refuses whoever must be refused, and says so as RFC 6750 wants it.

    Nobody, expired, revoked, tampered, forged and unsigned tokens get 401; good ones without the
    scopes or the roles get 403.

    Args:
        app: A FastAPI (or other ASGI) or a Flask application that uses the factory's engine.
        path: The path of the route.
        tokens: The token factory.
        method: The method of the route.
        scopes: The scopes that the route demands, each of them.
        roles: The roles that the route demands, each of them.
        **request: What else the test client's request takes, such as ``json``.

    Raises:
        AssertionError: something was not refused, or not as it should be.
    """
    with client(app) as http:
        send = _sender(http, method, path, request)
        _expect("no token", send({}), 401, None)
        for what, token in tokens.bad(scopes=scopes, roles=roles).items():
            _expect(what, send(_bearer(token)), 401, "invalid_token")
        for missing in scopes:
            others = [scope for scope in scopes if scope != missing]
            token = tokens.good(roles=roles, scopes=others)
            _expect(f"without {missing}", send(_bearer(token)), 403, "insufficient_scope")
        for missing in roles:
            others = [role for role in roles if role != missing]
            token = tokens.good(f"no-{missing}", roles=others, scopes=scopes)
            _expect(f"without {missing}", send(_bearer(token)), 403, "insufficient_scope")


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _sender(
    http: Any, method: str, path: str, request: dict[str, Any]
) -> Callable[[dict[str, str]], Any]:
    headers = request.pop("headers", {})

    def send(authorization: dict[str, str]) -> Any:
        fields = {**headers, **authorization}
        if hasattr(http, "environ_base"):
            return http.open(path, method=method, headers=fields, **request)
        return http.request(method, path, headers=fields, **request)

    return send


def _expect(what: str, answer: Any, status: int, error: str | None) -> None:
    if answer.status_code != status:
        raise AssertionError(f"{what}: answered {answer.status_code} instead of {status}")
    challenge = answer.headers.get("WWW-Authenticate", "")
    if not challenge.startswith("Bearer"):
        raise AssertionError(f"{what}: WWW-Authenticate is {challenge!r}, no Bearer challenge")
    if error is not None and f'error="{error}"' not in challenge:
        raise AssertionError(f"{what}: WWW-Authenticate is {challenge!r} without {error}")
