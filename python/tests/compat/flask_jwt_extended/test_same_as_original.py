"""The same requests get the same answers as from Flask-JWT-Extended, where that is installed.

Every token is made once and sent to two applications that differ in the import only.
"""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytest
from flask.testing import FlaskClient

from countersign import jwt
from countersign.compat import flask_jwt_extended as ours

from .application import SECRET, make_app

original = pytest.importorskip("flask_jwt_extended", reason="the original is compared with")
if not original.__version__.startswith("4.7."):
    pytest.skip("Flask-JWT-Extended is not 4.7", allow_module_level=True)

NOW = int(time.time())
GOOD: dict[str, Any] = {
    "fresh": False, "iat": NOW, "jti": "j-1", "type": "access", "sub": "user-1", "nbf": NOW,
    "csrf": "double-submit", "exp": NOW + 900,
}  # fmt: skip

CLAIMS: dict[str, dict[str, Any]] = {
    "good": {},
    "refresh": {"type": "refresh"},
    "fresh": {"fresh": True},
    "fresh until later": {"fresh": NOW + 100.5},
    "fresh until now": {"fresh": NOW - 1},
    "expired": {"exp": NOW - 1},
    "expired refresh": {"exp": NOW - 1, "type": "refresh"},
    "not yet": {"nbf": NOW + 100},
    "issued later": {"iat": NOW + 100},
    "other type": {"type": "email_verify"},
    "without type": {"type": None},
    "without jti": {"jti": None},
    "without fresh": {"fresh": None},
    "without csrf": {"csrf": None},
    "without sub": {"sub": None},
    "without exp": {"exp": None},
    "number as sub": {"sub": 1},
    "number as jti": {"jti": 1},
    "text as exp": {"exp": "soon"},
    "number in text as exp": {"exp": str(NOW + 100)},
    "audience": {"aud": "api"},
    "other audience": {"aud": ["web"]},
    "issuer": {"iss": "me"},
}


def _token(changes: dict[str, Any], algorithm: str = "HS256", secret: str = SECRET) -> str:
    claims = {name: value for name, value in (GOOD | changes).items() if value is not None}
    # Longer than any hash, so that no algorithm warns of it.
    return jwt.encode(claims, secret, algorithm=algorithm)


LONG = SECRET * 2
TOKENS = {name: _token(changes, secret=LONG) for name, changes in CLAIMS.items()} | {
    "other key": _token({}, secret="another secret of more than thirty-two bytes"),
    "other algorithm": _token({}, "HS512", LONG),
    "unsigned": jwt.encode(GOOD, "", algorithm="none"),
    "cut": _token({}, secret=LONG)[:-3],
    "two segments": _token({}, secret=LONG).rpartition(".")[0],
    "one word": "xxx",
    "no base64": "aaaaa.bbbbb.ccccc",
    "list as claims": jwt.PyJWS().encode(b"[1]", LONG, algorithm="HS256"),
    "no JSON": jwt.PyJWS().encode(b"{", LONG, algorithm="HS256"),
    "no claims": jwt.PyJWS().encode(b"{}", LONG, algorithm="HS256"),
}

PLACES = ["headers", "cookies", "query_string", "json"]
SETTINGS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "everywhere": {"JWT_TOKEN_LOCATION": PLACES},
    "cookies without csrf": {"JWT_TOKEN_LOCATION": "cookies", "JWT_COOKIE_CSRF_PROTECT": False},
    "audience and issuer": {"JWT_DECODE_AUDIENCE": "api", "JWT_DECODE_ISSUER": ["me"]},
    "leeway": {"JWT_DECODE_LEEWAY": 50},
    "two algorithms": {"JWT_DECODE_ALGORITHMS": ["HS512"]},
    "sub of any type": {"JWT_VERIFY_SUB": False},
    "other identity claim": {"JWT_IDENTITY_CLAIM": "iss"},
    "other message key": {"JWT_ERROR_MESSAGE_KEY": "message"},
    "bare header": {"JWT_HEADER_TYPE": "", "JWT_HEADER_NAME": "X-Token"},
    "prefix": {"JWT_TOKEN_LOCATION": "query_string", "JWT_QUERY_STRING_VALUE_PREFIX": "Bearer "},
    "csrf for GET, in forms": {
        "JWT_TOKEN_LOCATION": ["cookies"],
        "JWT_CSRF_METHODS": ["GET"],
        "JWT_CSRF_CHECK_FORM": True,
    },
}

PATHS = ["/protected", "/optional", "/fresh", "/refresh", "/any"]


def _requests(token: str) -> list[dict[str, Any]]:
    """Put a token wherever it may be, with good and bad double submit values."""
    csrf = {"X-CSRF-TOKEN": "double-submit"}
    cookies = {"Cookie": f"access_token_cookie={token}; refresh_token_cookie={token}"}
    return [
        {"headers": {"Authorization": f"Bearer {token}"}},
        {"headers": {"X-Token": token}},
        {"headers": cookies},
        {"headers": cookies, "method": "POST"},
        {"headers": cookies | csrf, "method": "POST"},
        {"headers": cookies | {"X-CSRF-TOKEN": "wrong"}, "method": "POST"},
        {"headers": cookies, "method": "POST", "data": {"csrf_token": "double-submit"}},
        {"query_string": {"jwt": token}},
        {"query_string": {"jwt": f"Bearer {token}"}},
        {"json": {"access_token": token, "refresh_token": token}, "method": "POST"},
    ]


OTHERS: list[dict[str, Any]] = [
    {},
    {"method": "OPTIONS"},
    *({"headers": {"Authorization": value}} for value in (
        "Bearer", "Bearer ", "Basic x", "bearer x", "Bearer a b", "Bearer a, Bearer b",
        "Basic x, Bearer y", "Bearer ,,0", ",", "Foo 1, Bearer, Baz, 3",
    )),
    {"headers": {"Cookie": "access_token_cookie="}},
    {"query_string": {"jwt": ""}},
    {"method": "POST", "json": {}},
    {"method": "POST", "json": {"access_token": ""}},
    {"method": "POST", "json": {"access_token": 1}},
    {"method": "POST", "data": "{", "content_type": "application/json"},
    {"method": "POST", "data": "", "content_type": "application/json; charset=utf-8"},
    {"method": "POST", "data": {"access_token": "x"}},
]  # fmt: skip


def _outcome(client: FlaskClient, path: str, request: dict[str, Any]) -> tuple[int, str]:
    answer = client.open(path, **request)
    return answer.status_code, answer.text


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("settings", SETTINGS)
def test_requests_get_the_same_answers(settings: str) -> None:
    with_secret = SETTINGS[settings] | {"JWT_SECRET_KEY": LONG}
    clients = [
        make_app(package, **with_secret).test_client(use_cookies=False)
        for package in (original, ours)
    ]
    paths = PATHS if settings in ("defaults", "everywhere") else PATHS[:2]
    for path in paths:
        requests = itertools.chain(OTHERS, *map(_requests, TOKENS.values()))
        for request in requests:
            theirs, here = (_outcome(client, path, request) for client in clients)
            assert here == theirs, (path, request)


COOKIES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "for a year": {"JWT_SESSION_COOKIE": False},
    "secure": {"JWT_COOKIE_SECURE": True, "JWT_COOKIE_SAMESITE": "Strict"},
    "of a domain": {"JWT_COOKIE_DOMAIN": "example.com"},
    "below a path": {"JWT_ACCESS_COOKIE_PATH": "/api", "JWT_REFRESH_CSRF_COOKIE_PATH": "/x"},
    "no csrf": {"JWT_COOKIE_CSRF_PROTECT": False},
    "csrf not in cookies": {"JWT_CSRF_IN_COOKIES": False},
    "named": {"JWT_ACCESS_COOKIE_NAME": "a", "JWT_REFRESH_CSRF_COOKIE_NAME": "b"},
}


@pytest.mark.parametrize("settings", COOKIES)
def test_the_same_cookies_are_set_and_unset(settings: str) -> None:
    made: list[list[str]] = []
    with_secret = COOKIES[settings] | {"JWT_SECRET_KEY": LONG}
    for package in (original, ours):
        app = make_app(package, **with_secret)
        with app.test_request_context():
            response = app.make_response("")
            package.set_access_cookies(response, TOKENS["good"])
            package.set_access_cookies(response, TOKENS["good"], max_age=60, domain="example.org")
            package.set_refresh_cookies(response, TOKENS["refresh"])
            package.unset_jwt_cookies(response)
            package.unset_access_cookies(response, domain="example.org")
            package.unset_refresh_cookies(response)
            made.append(response.headers.getlist("Set-Cookie"))
    assert _without_time(made[1]) == _without_time(made[0])


def _without_time(cookies: list[str]) -> list[list[str]]:
    """Leave out the moment that Werkzeug writes beside ``Max-Age``."""
    return [
        [part for part in cookie.split("; ") if "GMT" not in part or "1970" in part]
        for cookie in cookies
    ]


MADE: list[tuple[str, dict[str, Any]]] = [
    ("create_access_token", {}),
    ("create_access_token", {"fresh": True}),
    ("create_access_token", {"expires_delta": False}),
    ("create_access_token", {"additional_claims": {"type": "other", "exp": 5, "x": [1]}}),
    ("create_access_token", {"additional_headers": {"kid": "k-1", "typ": "at+jwt"}}),
    ("create_refresh_token", {}),
    ("create_refresh_token", {"additional_claims": {"aud": "b"}}),
]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"JWT_ENCODE_NBF": False, "JWT_COOKIE_CSRF_PROTECT": False},
        {"JWT_ENCODE_AUDIENCE": ["a"], "JWT_ENCODE_ISSUER": "me", "JWT_IDENTITY_CLAIM": "user"},
        {"JWT_ACCESS_TOKEN_EXPIRES": False, "JWT_REFRESH_TOKEN_EXPIRES": 60},
    ],
)
def test_tokens_have_the_same_claims(settings: dict[str, Any]) -> None:
    apps = [(package, make_app(package, **settings)) for package in (original, ours)]
    for function, arguments in MADE:
        written = []
        for package, app in apps:
            with app.test_request_context():
                token = getattr(package, function)("user-1", **arguments)
            opened = jwt.decode_complete(token, options={"verify_signature": False})
            written.append((_without_chance(opened["payload"]), opened["header"]))
        assert written[1] == written[0], (function, arguments)


def _without_chance(claims: dict[str, Any]) -> dict[str, Any]:
    """Put moments in relation to ``iat``, and leave out random ids."""
    issued = claims["iat"]
    return {
        name: value - issued if name in ("iat", "nbf", "exp") and value > issued - 5 else value
        for name, value in claims.items()
        if name not in ("jti", "csrf")
    } | {"jti": len(claims["jti"]), "csrf": len(claims.get("csrf", ""))}
