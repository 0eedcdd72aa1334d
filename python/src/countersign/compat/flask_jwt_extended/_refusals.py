"""Turn what was wrong with a token into an answer: one row for each exception.

A row names the callback and what it gets. The rest of it counts only where ``JWT_RFC6750`` is on:
the status code instead of the default callback's, and the error code in ``WWW-Authenticate``
(RFC 6750 section 3, RFC 9470 section 3).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import current_app

from countersign.jwt import (
    DecodeError,
    ExpiredSignatureError,
    InvalidAudienceError,
    InvalidIssuerError,
    InvalidTokenError,
    MissingRequiredClaimError,
)

from . import default_callbacks
from .config import config
from .exceptions import (
    CSRFError,
    FreshTokenRequired,
    InvalidHeaderError,
    InvalidQueryParamError,
    JWTDecodeError,
    JWTExtendedException,
    NoAuthorizationError,
    RevokedTokenError,
    UserClaimsVerificationError,
    UserLookupError,
    WrongTokenError,
)

if TYPE_CHECKING:
    from flask import Response
    from flask.typing import ResponseReturnValue

    from ._loaders import Loaders

REFUSALS = (JWTExtendedException, InvalidTokenError)
"""Whatever can be wrong with a request's token."""


class _Refusal(NamedTuple):
    callback: str
    status: HTTPStatus
    error: str | None = None
    challenge: bool = True


_INVALID = _Refusal("_invalid_token_callback", HTTPStatus.UNAUTHORIZED, "invalid_token")
_UNREADABLE = _Refusal("_invalid_token_callback", HTTPStatus.BAD_REQUEST, "invalid_request")

_TABLE: dict[type[Exception], _Refusal] = {
    # A client that sends no token learns only how to send one.
    NoAuthorizationError: _Refusal("_unauthorized_callback", HTTPStatus.UNAUTHORIZED),
    # Another token would not help.
    CSRFError: _Refusal("_unauthorized_callback", HTTPStatus.FORBIDDEN, challenge=False),
    InvalidHeaderError: _UNREADABLE,
    InvalidQueryParamError: _UNREADABLE,
    DecodeError: _INVALID,
    InvalidAudienceError: _INVALID,
    InvalidIssuerError: _INVALID,
    InvalidTokenError: _INVALID,
    JWTDecodeError: _INVALID,
    MissingRequiredClaimError: _INVALID,
    WrongTokenError: _INVALID,
    ExpiredSignatureError: _INVALID._replace(callback="_expired_token_callback"),
    RevokedTokenError: _INVALID._replace(callback="_revoked_token_callback"),
    UserLookupError: _INVALID._replace(callback="_user_lookup_error_callback"),
    FreshTokenRequired: _Refusal(
        "_needs_fresh_token_callback",
        HTTPStatus.UNAUTHORIZED,
        "insufficient_user_authentication",
    ),
    UserClaimsVerificationError: _Refusal(
        "_token_verification_failed_callback", HTTPStatus.FORBIDDEN, "insufficient_scope"
    ),
}

# Their callbacks get the header and the claims, the others the reason.
_WITH_TOKEN = (
    ExpiredSignatureError,
    RevokedTokenError,
    UserLookupError,
    FreshTokenRequired,
    UserClaimsVerificationError,
)


def register(manager: Loaders, app: Any) -> None:
    """Have an application, or what else has ``errorhandler``, answer as the manager says."""
    for kind, refusal in _TABLE.items():
        app.errorhandler(kind)(_handler(manager, refusal))


def answer_in_place(error: Exception) -> Response:
    """Answer as the application would, without raising.

    Extensions such as Flask-RESTful answer whatever their views raise with status 500. They do so
    by replacing a method of the application object; here its class is asked.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    answer = type(app).handle_user_exception(app, error)
    response: Response = app.make_response(answer)
    return response


def _handler(manager: Loaders, refusal: _Refusal) -> Callable[[Exception], ResponseReturnValue]:
    # A plain function, because flask-restx looks for documentation in it.
    def handle(error: Exception) -> ResponseReturnValue:
        return _answer(manager, refusal, error)

    return handle


def _answer(manager: Loaders, refusal: _Refusal, error: Exception) -> ResponseReturnValue:
    callback: Callable[..., Any] = getattr(manager, refusal.callback)
    if isinstance(error, _WITH_TOKEN):
        # One that a view had from `jwt.decode` itself carries neither.
        answer = callback(getattr(error, "jwt_header", {}), getattr(error, "jwt_data", {}))
    else:
        answer = callback(str(error))
    if not config.rfc6750:
        returned: ResponseReturnValue = answer
        return returned
    response = current_app.make_response(answer)
    if callback.__module__ == default_callbacks.__name__:
        response.status_code = refusal.status
    if refusal.challenge and response.status_code in _CHALLENGED:
        response.headers.setdefault("WWW-Authenticate", _challenge(refusal, str(error)))
    return response


_CHALLENGED = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_UNQUOTABLE = re.compile(r"[^ !#-\[\]-~]")


def _challenge(refusal: _Refusal, reason: str) -> str:
    """Write the challenge (RFC 6750 section 3); in its texts there are no quotes."""
    parameters = {"realm": config.realm}
    if refusal.error is not None:
        parameters |= {"error": refusal.error, "error_description": reason}
    written = [
        f'{name}="{_UNQUOTABLE.sub(chr(39), value)}"'
        for name, value in parameters.items()
        if value is not None
    ]
    return " ".join([config.header_type or "Bearer", ", ".join(written)]).rstrip()
