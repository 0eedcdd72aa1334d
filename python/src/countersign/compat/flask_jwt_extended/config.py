"""Read the settings of the current application, checked: `config`.

All of it is read-only; set the settings in ``app.config``. They are read anew at every use, so
tests may change them at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from json import JSONEncoder
from typing import Any, Generic, TypeVar

from flask import current_app

from countersign.jwt.algorithms import requires_cryptography

from ._json import get_json_encoder
from ._settings import flag_or_strict, value_or_strict
from .typing import ExpiresDelta

__all__ = ["config"]

Value = TypeVar("Value")

LOCATIONS = ("headers", "cookies", "query_string", "json")
"""Where a token may be looked for."""

_ONE_YEAR = 31_540_000


class _Setting(Generic[Value]):
    """Give the value of one setting as it stands."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> Value:
        value: Value = current_app.config[self._name]
        return value


class _Flag:
    """Give one of the switches that follow ``JWT_STRICT`` where they are not set."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> bool:
        return flag_or_strict(self._name)


class _Config:
    """The settings of the current application, under short names."""

    algorithm = _Setting[str]("JWT_ALGORITHM")
    header_type = _Setting[str]("JWT_HEADER_TYPE")
    query_string_name = _Setting[str]("JWT_QUERY_STRING_NAME")
    query_string_value_prefix = _Setting[str]("JWT_QUERY_STRING_VALUE_PREFIX")
    json_key = _Setting[str]("JWT_JSON_KEY")
    refresh_json_key = _Setting[str]("JWT_REFRESH_JSON_KEY")

    access_cookie_name = _Setting[str]("JWT_ACCESS_COOKIE_NAME")
    refresh_cookie_name = _Setting[str]("JWT_REFRESH_COOKIE_NAME")
    access_cookie_path = _Setting[str]("JWT_ACCESS_COOKIE_PATH")
    refresh_cookie_path = _Setting[str]("JWT_REFRESH_COOKIE_PATH")
    cookie_domain = _Setting[str | None]("JWT_COOKIE_DOMAIN")
    session_cookie = _Setting[bool]("JWT_SESSION_COOKIE")

    cookie_csrf_protect = _Setting[bool]("JWT_COOKIE_CSRF_PROTECT")
    csrf_request_methods = _Setting[Iterable[str]]("JWT_CSRF_METHODS")
    csrf_in_cookies = _Setting[bool]("JWT_CSRF_IN_COOKIES")
    csrf_check_form = _Setting[bool]("JWT_CSRF_CHECK_FORM")
    access_csrf_cookie_name = _Setting[str]("JWT_ACCESS_CSRF_COOKIE_NAME")
    refresh_csrf_cookie_name = _Setting[str]("JWT_REFRESH_CSRF_COOKIE_NAME")
    access_csrf_cookie_path = _Setting[str]("JWT_ACCESS_CSRF_COOKIE_PATH")
    refresh_csrf_cookie_path = _Setting[str]("JWT_REFRESH_CSRF_COOKIE_PATH")
    access_csrf_header_name = _Setting[str]("JWT_ACCESS_CSRF_HEADER_NAME")
    refresh_csrf_header_name = _Setting[str]("JWT_REFRESH_CSRF_HEADER_NAME")
    access_csrf_field_name = _Setting[str]("JWT_ACCESS_CSRF_FIELD_NAME")
    refresh_csrf_field_name = _Setting[str]("JWT_REFRESH_CSRF_FIELD_NAME")

    identity_claim_key = _Setting[str]("JWT_IDENTITY_CLAIM")
    error_msg_key = _Setting[str]("JWT_ERROR_MESSAGE_KEY")
    decode_audience = _Setting[str | Iterable[str] | None]("JWT_DECODE_AUDIENCE")
    encode_audience = _Setting[str | Iterable[str] | None]("JWT_ENCODE_AUDIENCE")
    decode_issuer = _Setting[Any]("JWT_DECODE_ISSUER")
    encode_issuer = _Setting[str | None]("JWT_ENCODE_ISSUER")
    verify_sub = _Setting[bool]("JWT_VERIFY_SUB")
    encode_nbf = _Setting[bool]("JWT_ENCODE_NBF")

    # Not in Flask-JWT-Extended.
    strict = _Setting[bool]("JWT_STRICT")
    realm = _Setting[str | None]("JWT_REALM")
    rfc6750 = _Flag("JWT_RFC6750")
    only_access_tokens = _Flag("JWT_ONLY_ACCESS_TOKENS")
    try_all_locations = _Flag("JWT_TRY_ALL_LOCATIONS")
    errors_as_responses = _Flag("JWT_ERRORS_AS_RESPONSES")

    @property
    def cookie_secure(self) -> bool:
        """Whether cookies travel over HTTPS only."""
        secure: bool = value_or_strict("JWT_COOKIE_SECURE")
        return secure

    @property
    def cookie_samesite(self) -> str | None:
        """With which requests from other sites cookies travel."""
        policy: str | None = value_or_strict("JWT_COOKIE_SAMESITE")
        return policy

    @property
    def cookie_max_age(self) -> int | None:
        """Seconds that a browser keeps the cookies; None until it is closed."""
        return None if self.session_cookie else _ONE_YEAR

    @property
    def token_location(self) -> Sequence[str]:
        """Where to look for the token, in this order."""
        locations = current_app.config["JWT_TOKEN_LOCATION"]
        if isinstance(locations, str):
            locations = (locations,)
        if not isinstance(locations, Iterable) or not locations:
            raise RuntimeError(f"JWT_TOKEN_LOCATION must be one or more of {LOCATIONS}")
        unknown = [location for location in locations if location not in LOCATIONS]
        if unknown:
            raise RuntimeError(
                f"JWT_TOKEN_LOCATION contains {unknown[0]!r}, which is none of {LOCATIONS}"
            )
        found: Sequence[str] = locations  # type: ignore[assignment]
        return found

    @property
    def jwt_in_cookies(self) -> bool:
        """Whether cookies are looked at."""
        return "cookies" in self.token_location

    @property
    def jwt_in_headers(self) -> bool:
        """Whether a header is looked at."""
        return "headers" in self.token_location

    @property
    def jwt_in_query_string(self) -> bool:
        """Whether the query string is looked at."""
        return "query_string" in self.token_location

    @property
    def jwt_in_json(self) -> bool:
        """Whether the JSON body is looked at."""
        return "json" in self.token_location

    @property
    def header_name(self) -> str:
        """The header that holds the token."""
        name: str = current_app.config["JWT_HEADER_NAME"]
        if not name:
            raise RuntimeError("JWT_HEADER_NAME must not be empty")
        return name

    @property
    def access_expires(self) -> ExpiresDelta:
        """How long an access token is good; False: for ever."""
        return _lifetime("JWT_ACCESS_TOKEN_EXPIRES")

    @property
    def refresh_expires(self) -> ExpiresDelta:
        """How long a refresh token is good; False: for ever."""
        return _lifetime("JWT_REFRESH_TOKEN_EXPIRES")

    @property
    def leeway(self) -> float | timedelta:
        """For how long after its end a token is still good."""
        leeway: float | timedelta = current_app.config["JWT_DECODE_LEEWAY"]
        if not isinstance(leeway, (int, float, timedelta)):
            raise RuntimeError("JWT_DECODE_LEEWAY must be a number of seconds or a timedelta")
        return leeway

    @property
    def is_asymmetric(self) -> bool:
        """Whether the algorithm has a private and a public key."""
        return self.algorithm in requires_cryptography

    @property
    def decode_algorithms(self) -> list[str]:
        """The algorithms to accept; the one that we sign with is always among them."""
        accepted = current_app.config["JWT_DECODE_ALGORITHMS"] or []
        names = [accepted] if isinstance(accepted, str) else list(accepted)
        return names if self.algorithm in names else [*names, self.algorithm]

    @property
    def encode_key(self) -> Any:
        """The key that signs."""
        return self._key("JWT_PRIVATE_KEY") if self.is_asymmetric else self._secret()

    @property
    def decode_key(self) -> Any:
        """The key that verifies."""
        return self._key("JWT_PUBLIC_KEY") if self.is_asymmetric else self._secret()

    def _secret(self) -> Any:
        secret = current_app.config["JWT_SECRET_KEY"] or current_app.config.get("SECRET_KEY")
        if not secret:
            raise RuntimeError(
                f"{self.algorithm} needs a secret: set JWT_SECRET_KEY, or Flask's SECRET_KEY"
            )
        if isinstance(secret, (bool, int, float, list, dict)):
            raise RuntimeError(
                f"JWT_SECRET_KEY must be a text or bytes, and not {type(secret).__name__}"
            )
        return secret

    def _key(self, name: str) -> Any:
        key = current_app.config[name]
        if not key:
            raise RuntimeError(f"{self.algorithm} needs a key pair: set {name}")
        return key

    @property
    def exempt_methods(self) -> Iterable[str]:
        """The request methods that need no token."""
        return {"OPTIONS"}

    @property
    def json_encoder(self) -> type[JSONEncoder]:
        """How claims are written as JSON."""
        return get_json_encoder(current_app)


def _lifetime(name: str) -> ExpiresDelta:
    value = current_app.config[name]
    delta: ExpiresDelta = timedelta(seconds=value) if type(value) is int else value
    if delta is not False:
        try:
            datetime.now(timezone.utc) + delta
        except TypeError as error:
            raise RuntimeError(
                f"{name} must be a timedelta, a number of seconds, or False"
            ) from error
    return delta


config = _Config()
"""The settings of the current application."""
