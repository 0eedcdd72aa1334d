"""Do what happens where an application sets no callback of its own.

The answers are those of Flask-JWT-Extended: one message under ``JWT_ERROR_MESSAGE_KEY``. Their
status codes are changed afterwards where ``JWT_RFC6750`` is on.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import jsonify

from .config import config

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

Part = Mapping[str, Any]
"""The header or the claims of a token."""


def default_additional_claims_callback(userdata: Any) -> dict[str, Any]:
    """Add no claims."""
    return {}


def default_jwt_headers_callback(default_headers: Any) -> dict[str, Any]:
    """Add no header parameters."""
    return {}


def default_user_identity_callback(userdata: Any) -> Any:
    """Take what was given as the identity itself."""
    return userdata


def default_encode_key_callback(identity: Any) -> Any:
    """Sign with the configured key, whoever it is for."""
    return config.encode_key


def default_decode_key_callback(jwt_header: Part, jwt_data: Part) -> Any:
    """Verify with the configured key, whatever the token says."""
    return config.decode_key


def default_blocklist_callback(jwt_header: Part, jwt_data: Part) -> bool:
    """Say that the token is not revoked."""
    return False


def default_token_verification_callback(jwt_header: Part, jwt_data: Part) -> bool:
    """Find nothing wrong with the claims."""
    return True


def default_unauthorized_callback(error_string: str) -> ResponseReturnValue:
    """Answer 401: there is no token, or no double submit value."""
    return _answer(error_string, HTTPStatus.UNAUTHORIZED)


def default_invalid_token_callback(error_string: str) -> ResponseReturnValue:
    """Answer 422: the token is not acceptable."""
    return _answer(error_string, HTTPStatus(422))


def default_expired_token_callback(jwt_header: Part, jwt_data: Part) -> ResponseReturnValue:
    """Answer 401: the token's time is over."""
    return _answer("Token has expired", HTTPStatus.UNAUTHORIZED)


def default_needs_fresh_token_callback(jwt_header: Part, jwt_data: Part) -> ResponseReturnValue:
    """Answer 401: the user must log in again first."""
    return _answer("Fresh token required", HTTPStatus.UNAUTHORIZED)


def default_revoked_token_callback(jwt_header: Part, jwt_data: Part) -> ResponseReturnValue:
    """Answer 401: the token is revoked."""
    return _answer("Token has been revoked", HTTPStatus.UNAUTHORIZED)


def default_user_lookup_error_callback(jwt_header: Part, jwt_data: Part) -> ResponseReturnValue:
    """Answer 401: there is no such user."""
    identity = jwt_data[config.identity_claim_key]
    return _answer(f"Error loading the user {identity}", HTTPStatus.UNAUTHORIZED)


def default_token_verification_failed_callback(
    jwt_header: Part, jwt_data: Part
) -> ResponseReturnValue:
    """Answer 400: the application's own verification refused the claims."""
    return _answer("User claims verification failed", HTTPStatus.BAD_REQUEST)


def _answer(message: str, status: HTTPStatus) -> ResponseReturnValue:
    return jsonify({config.error_msg_key: message}), status
