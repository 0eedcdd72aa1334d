"""Make tokens, read them, carry them in cookies, and ask who is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flask import g
from werkzeug.local import LocalProxy

from countersign import jwt

from . import _cookies
from ._store import current_store
from .config import config
from .internal_utils import get_jwt_manager
from .typing import ExpiresDelta, Fresh

if TYPE_CHECKING:
    from flask import Response

__all__ = [
    "create_access_token",
    "create_refresh_token",
    "current_user",
    "decode_token",
    "get_csrf_token",
    "get_current_user",
    "get_jti",
    "get_jwt",
    "get_jwt_header",
    "get_jwt_identity",
    "get_jwt_request_location",
    "get_unverified_jwt_headers",
    "revoke_token",
    "set_access_cookies",
    "set_refresh_cookies",
    "unset_access_cookies",
    "unset_jwt_cookies",
    "unset_refresh_cookies",
]

current_user: Any = LocalProxy(lambda: get_current_user())
"""The user of this request's token: what `get_current_user` returns."""


# The token of this request.


def get_jwt() -> dict[str, Any]:
    """Return the claims; empty if the token was optional and there is none.

    Raises:
        RuntimeError: Nobody has verified a token in this request.
    """
    claims: dict[str, Any] = _remembered("_jwt_extended_jwt")
    return claims


def get_jwt_header() -> dict[str, Any]:
    """Return the header; empty if the token was optional and there is none.

    Raises:
        RuntimeError: Nobody has verified a token in this request.
    """
    header: dict[str, Any] = _remembered("_jwt_extended_jwt_header")
    return header


def get_jwt_identity() -> Any:
    """Return the identity; None if the token was optional and there is none."""
    return get_jwt().get(config.identity_claim_key)


def get_jwt_request_location() -> str | None:
    """Return where the token was; None if there is none."""
    location: str | None = g.get("_jwt_extended_jwt_location")
    return location


def get_current_user() -> Any:
    """Return what the user lookup returned; None if the token was optional and there is none.

    Raises:
        RuntimeError: Nobody has verified a token in this request, or there is no user lookup.
    """
    get_jwt()
    user = g.get("_jwt_extended_jwt_user")
    if user is None:
        raise RuntimeError(
            "There is no user without a callback: write one, @jwt.user_lookup_loader"
        )
    return user["loaded_user"]


def current_user_context_processor() -> dict[str, Any]:
    """Give templates `current_user`."""
    return {"current_user": get_current_user()}


def _remembered(name: str) -> Any:
    value = g.get(name)
    if value is None:
        raise RuntimeError(
            "No token was verified in this request: decorate the view with @jwt_required(), "
            "or call verify_jwt_in_request() first"
        )
    return value


# Making and reading tokens.


def create_access_token(
    identity: Any,
    fresh: Fresh = False,
    expires_delta: ExpiresDelta | None = None,
    additional_claims: Mapping[str, Any] | None = None,
    additional_headers: Mapping[str, Any] | None = None,
) -> str:
    """Make an access token.

    Args:
        identity: Whose token it is: text, or what your ``user_identity_loader`` makes text of.
        fresh: Whether it comes from a log-in that has just happened; a timedelta: for how long it
            counts as such.
        expires_delta: How long it is good, instead of ``JWT_ACCESS_TOKEN_EXPIRES``; False: for
            ever.
        additional_claims: Claims that go before those of the ``additional_claims_loader``.
        additional_headers: Parameters that go before those of the ``additional_headers_loader``.
    """
    return get_jwt_manager()._encode_jwt_from_config(
        identity,
        "access",
        claims=additional_claims,
        fresh=fresh,
        expires_delta=expires_delta,
        headers=additional_headers,
    )


def create_refresh_token(
    identity: Any,
    expires_delta: ExpiresDelta | None = None,
    additional_claims: Mapping[str, Any] | None = None,
    additional_headers: Mapping[str, Any] | None = None,
) -> str:
    """Make a refresh token, which is good for nothing but ``jwt_required(refresh=True)``.

    Args:
        identity: Whose token it is: text, or what your ``user_identity_loader`` makes text of.
        expires_delta: How long it is good, instead of ``JWT_REFRESH_TOKEN_EXPIRES``; False: for
            ever.
        additional_claims: Claims that go before those of the ``additional_claims_loader``.
        additional_headers: Parameters that go before those of the ``additional_headers_loader``.
    """
    return get_jwt_manager()._encode_jwt_from_config(
        identity,
        "refresh",
        claims=additional_claims,
        expires_delta=expires_delta,
        headers=additional_headers,
    )


def decode_token(
    encoded_token: str, csrf_value: str | None = None, allow_expired: bool = False
) -> dict[str, Any]:
    """Verify a token and return its claims. Neither its type nor its revocation is looked at.

    Args:
        encoded_token: The token.
        csrf_value: The double submit value that it must have.
        allow_expired: Whether its time may be over.

    Raises:
        InvalidTokenError: The token is refused; the subclass says why.
        JWTDecodeError: It lacks a claim that is needed.
        CSRFError: It has another double submit value.
    """
    return get_jwt_manager()._decode_jwt_from_config(encoded_token, csrf_value, allow_expired)


def get_unverified_jwt_headers(encoded_token: str) -> dict[str, Any]:
    """Read the header of a token, which anybody may have written."""
    return jwt.get_unverified_header(encoded_token)


def get_jti(encoded_token: str) -> str | None:
    """Verify a token and return its ``jti``."""
    return decode_token(encoded_token).get("jti")


def get_csrf_token(encoded_token: str) -> str:
    """Verify a token and return its double submit value.

    Raises:
        KeyError: It has none.
    """
    value: str = decode_token(encoded_token)["csrf"]
    return value


def revoke_token(claims: Mapping[str, Any] | None = None) -> None:
    """Revoke a token in the store of ``JWT_REVOCATION_STORE``.

    Args:
        claims: The claims of the token, from `decode_token`; by default this request's token.

    Raises:
        RuntimeError: There is no store, or no token was verified in this request.
        ValueError: The token has no ``jti`` by which it could be remembered.
    """
    store = current_store()
    if store is None:
        raise RuntimeError('There is nowhere to revoke: set JWT_REVOCATION_STORE, e.g. "memory"')
    revoked = get_jwt() if claims is None else claims
    if not isinstance(revoked.get("jti"), str):
        raise ValueError("A token without jti cannot be revoked")
    store.revoke(revoked)


# Cookies.


def set_access_cookies(
    response: Response,
    encoded_access_token: str,
    max_age: int | None = None,
    domain: str | None = None,
) -> None:
    """Put an access token into a cookie of the response, its double submit value into another.

    Args:
        response: What the view returns.
        encoded_access_token: The token.
        max_age: Seconds that the browser keeps it; by default what ``JWT_SESSION_COOKIE`` says.
        domain: Its domain; by default ``JWT_COOKIE_DOMAIN``.
    """
    _set_cookies(response, "access", encoded_access_token, max_age, domain)


def set_refresh_cookies(
    response: Response,
    encoded_refresh_token: str,
    max_age: int | None = None,
    domain: str | None = None,
) -> None:
    """Put a refresh token into a cookie of the response, its double submit value into another.

    Args:
        response: What the view returns.
        encoded_refresh_token: The token.
        max_age: Seconds that the browser keeps it; by default what ``JWT_SESSION_COOKIE`` says.
        domain: Its domain; by default ``JWT_COOKIE_DOMAIN``.
    """
    _set_cookies(response, "refresh", encoded_refresh_token, max_age, domain)


def unset_access_cookies(response: Response, domain: str | None = None) -> None:
    """Have the browser forget the access token."""
    _cookies.unset_token(response, "access", domain)


def unset_refresh_cookies(response: Response, domain: str | None = None) -> None:
    """Have the browser forget the refresh token."""
    _cookies.unset_token(response, "refresh", domain)


def unset_jwt_cookies(response: Response, domain: str | None = None) -> None:
    """Have the browser forget both tokens. They stay good: to end them, see `revoke_token`."""
    unset_access_cookies(response, domain)
    unset_refresh_cookies(response, domain)


def _set_cookies(
    response: Response, kind: str, encoded: str, max_age: int | None, domain: str | None
) -> None:
    csrf_value = get_csrf_token(encoded) if _cookies.has_csrf_cookie() else None
    _cookies.set_token(response, kind, encoded, csrf_value, max_age, domain)
