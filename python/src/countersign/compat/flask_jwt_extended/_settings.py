"""Know every setting: its name, its default, what the strict switch makes of it, its neighbours.

`SETTINGS` are those of Flask-JWT-Extended with its defaults. `ADDED` are our own. Of those, the
ones that are None by default say what ``JWT_STRICT`` says.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from flask import current_app

from countersign.compat._warn import warn_caller

from ._checks import Mistake, UnknownSettingWarning, mistakes

if TYPE_CHECKING:
    from flask import Flask

    from .revocation import RevocationStore

SETTINGS: Final[dict[str, Any]] = {
    "JWT_ACCESS_COOKIE_NAME": "access_token_cookie",
    "JWT_ACCESS_COOKIE_PATH": "/",
    "JWT_ACCESS_CSRF_COOKIE_NAME": "csrf_access_token",
    "JWT_ACCESS_CSRF_COOKIE_PATH": "/",
    "JWT_ACCESS_CSRF_FIELD_NAME": "csrf_token",
    "JWT_ACCESS_CSRF_HEADER_NAME": "X-CSRF-TOKEN",
    "JWT_ACCESS_TOKEN_EXPIRES": timedelta(minutes=15),
    "JWT_ALGORITHM": "HS256",
    "JWT_COOKIE_CSRF_PROTECT": True,
    "JWT_COOKIE_DOMAIN": None,
    "JWT_COOKIE_SAMESITE": None,
    "JWT_COOKIE_SECURE": False,
    "JWT_CSRF_CHECK_FORM": False,
    "JWT_CSRF_IN_COOKIES": True,
    "JWT_CSRF_METHODS": ["POST", "PUT", "PATCH", "DELETE"],
    "JWT_DECODE_ALGORITHMS": None,
    "JWT_DECODE_AUDIENCE": None,
    "JWT_DECODE_ISSUER": None,
    "JWT_DECODE_LEEWAY": 0,
    "JWT_ENCODE_AUDIENCE": None,
    "JWT_ENCODE_ISSUER": None,
    "JWT_ENCODE_NBF": True,
    "JWT_ERROR_MESSAGE_KEY": "msg",
    "JWT_HEADER_NAME": "Authorization",
    "JWT_HEADER_TYPE": "Bearer",
    "JWT_IDENTITY_CLAIM": "sub",
    "JWT_JSON_KEY": "access_token",
    "JWT_PRIVATE_KEY": None,
    "JWT_PUBLIC_KEY": None,
    "JWT_QUERY_STRING_NAME": "jwt",
    "JWT_QUERY_STRING_VALUE_PREFIX": "",
    "JWT_REFRESH_COOKIE_NAME": "refresh_token_cookie",
    "JWT_REFRESH_COOKIE_PATH": "/",
    "JWT_REFRESH_CSRF_COOKIE_NAME": "csrf_refresh_token",
    "JWT_REFRESH_CSRF_COOKIE_PATH": "/",
    "JWT_REFRESH_CSRF_FIELD_NAME": "csrf_token",
    "JWT_REFRESH_CSRF_HEADER_NAME": "X-CSRF-TOKEN",
    "JWT_REFRESH_JSON_KEY": "refresh_token",
    "JWT_REFRESH_TOKEN_EXPIRES": timedelta(days=30),
    "JWT_SECRET_KEY": None,
    "JWT_SESSION_COOKIE": True,
    "JWT_TOKEN_LOCATION": ("headers",),
    "JWT_VERIFY_SUB": True,
}

ADDED: Final[dict[str, Any]] = {
    "JWT_STRICT": False,
    "JWT_ERRORS_AS_RESPONSES": None,
    "JWT_ONLY_ACCESS_TOKENS": None,
    "JWT_REALM": None,
    "JWT_REVOCATION_STORE": None,
    "JWT_RFC6750": None,
    "JWT_TRY_ALL_LOCATIONS": None,
}

STRICT: Final[dict[str, Any]] = {"JWT_COOKIE_SAMESITE": "Lax", "JWT_COOKIE_SECURE": True}
"""Settings of Flask-JWT-Extended with another default where ``JWT_STRICT`` is on."""

_EXTENSION = "countersign.flask_jwt_extended"


@dataclass
class AppState:
    """Remember what belongs to one application and stands in none of its settings."""

    defaulted: set[str] = field(default_factory=set)
    """The settings that the application had not set when it was initialised."""
    warned: set[str] = field(default_factory=set)
    """The settings of which the developer has been told."""
    used: bool = False
    """Whether the settings were looked at once more after the application was complete."""
    store: tuple[object, RevocationStore | None] = (None, None)
    """What ``JWT_REVOCATION_STORE`` was, and the store that came of it."""
    lock: Lock = field(default_factory=Lock)
    """Held while the store is opened."""


def install(app: Flask) -> None:
    """Fill in what the application does not set, and name what cannot be meant."""
    state: AppState = app.extensions.setdefault(_EXTENSION, AppState())
    for name, default in (SETTINGS | ADDED).items():
        if name not in app.config:
            app.config[name] = copy(default)
            state.defaulted.add(name)
    warn_of_mistakes(app, state)


def app_state() -> AppState:
    """Find the state of the current application; at the first time look for late settings."""
    state: AppState = current_app.extensions[_EXTENSION]
    if not state.used:
        state.used = True
        warn_of_mistakes(current_app, state)
    return state


def value_or_strict(name: str) -> Any:
    """Read a setting of `STRICT`; what the application itself set goes first.

    It is read at the time of use, because many programs fill in their settings after they have
    made the `JWTManager`.
    """
    value = current_app.config[name]
    if not current_app.config["JWT_STRICT"] or name not in app_state().defaulted:
        return value
    return STRICT[name] if value == SETTINGS[name] else value


def flag_or_strict(name: str) -> bool:
    """Read a switch of `ADDED`: None means what ``JWT_STRICT`` means."""
    value = current_app.config[name]
    return bool(current_app.config["JWT_STRICT"] if value is None else value)


def warn_of_mistakes(app: Flask, state: AppState) -> None:
    """Warn once of each ``JWT_*`` setting that is none, and of those that cannot be meant."""
    for name, problem, category in (*_unknown_settings(app), *mistakes(app.config)):
        if name not in state.warned:
            warn_caller(problem, category)
        state.warned.add(name)


def _unknown_settings(app: Flask) -> list[Mistake]:
    return [
        (name, _unknown(name), UnknownSettingWarning)
        for name in app.config
        if name.startswith("JWT_") and name not in SETTINGS and name not in ADDED
    ]


def _unknown(name: str) -> str:
    near = get_close_matches(name, [*SETTINGS, *ADDED], n=1)
    hint = f"did you mean {near[0]}?" if near else "it has no effect."
    return f"{name} is not a setting of flask_jwt_extended: {hint}"
