"""Ask the manager of the current application; own programs with custom checks use these too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flask import current_app

from ._json import JSONEncoder, get_json_encoder
from ._store import current_store
from .config import config
from .exceptions import (
    JWTDecodeError,
    RevokedTokenError,
    UserClaimsVerificationError,
    WrongTokenError,
)

if TYPE_CHECKING:
    from .jwt_manager import JWTManager

__all__ = [
    "JSONEncoder",
    "custom_verification_for_token",
    "get_json_encoder",
    "get_jwt_manager",
    "has_user_lookup",
    "user_lookup",
    "verify_token_not_blocklisted",
    "verify_token_type",
]


def get_jwt_manager() -> JWTManager:
    """Find the manager of the current application.

    Raises:
        RuntimeError: It has none.
    """
    try:
        manager: JWTManager = current_app.extensions["flask-jwt-extended"]
    except KeyError:
        raise RuntimeError(
            "This application has no JWTManager: call JWTManager(app), or init_app(app)"
        ) from None
    return manager


def has_user_lookup() -> bool:
    """Tell whether the application looks users up."""
    return get_jwt_manager()._user_lookup_callback is not None


def user_lookup(jwt_header: Mapping[str, Any], jwt_data: Mapping[str, Any]) -> Any:
    """Look the user of a token up; None without a lookup, or if there is nobody."""
    look_up = get_jwt_manager()._user_lookup_callback
    return None if look_up is None else look_up(jwt_header, jwt_data)


def verify_token_type(decoded_token: Mapping[str, Any], refresh: bool) -> None:
    """Refuse a refresh token as an access token, and the reverse.

    Where ``JWT_ONLY_ACCESS_TOKENS`` is on, refuse as an access token whatever does not itself say
    that it is one: an e-mail confirmation, a password reset, a token without a type.

    Raises:
        WrongTokenError: The token is of the wrong type.
    """
    kind = decoded_token["type"]
    if refresh:
        if kind != "refresh":
            raise WrongTokenError("Only refresh tokens are allowed")
    elif kind == "refresh":
        raise WrongTokenError("Only non-refresh tokens are allowed")
    elif config.only_access_tokens and not _says_access(decoded_token):
        raise WrongTokenError("Only access tokens are allowed")


def _says_access(token: Mapping[str, Any]) -> bool:
    # What we decode has a type in any case; it remembers whether that is the token's own.
    return token["type"] == "access" and getattr(token, "names_its_type", True)


def verify_token_not_blocklisted(
    jwt_header: Mapping[str, Any], jwt_data: Mapping[str, Any]
) -> None:
    """Ask the application and, if there is one, the revocation store.

    Raises:
        RevokedTokenError: One of them says that the token is revoked.
        JWTDecodeError: There is a store, and the token has no ``jti``: it could never be revoked.
    """
    if get_jwt_manager()._token_in_blocklist_callback(jwt_header, jwt_data):
        raise RevokedTokenError(jwt_header, jwt_data)
    store = current_store()
    if store is None:
        return
    if jwt_data.get("jti") is None:
        raise JWTDecodeError("Missing claim: jti")
    if store.is_revoked(jwt_data):
        raise RevokedTokenError(jwt_header, jwt_data)


def custom_verification_for_token(
    jwt_header: Mapping[str, Any], jwt_data: Mapping[str, Any]
) -> None:
    """Ask the application's own verification.

    Raises:
        UserClaimsVerificationError: It says no.
    """
    if not get_jwt_manager()._token_verification_callback(jwt_header, jwt_data):
        raise UserClaimsVerificationError("User claims verification failed", jwt_header, jwt_data)
