"""Why something was refused.

::

    CountersignError                     .code .error .status .description .field .headers .body
    ├── TokenError                       a token is refused (401 for the client)
    │   ├── MalformedTokenError          token_too_large, malformed_token, malformed_base64,
    │   │                                malformed_header, malformed_claims
    │   ├── InvalidHeaderError           header_invalid, alg_not_allowed, crit_unsupported,
    │   │                                typ_mismatch
    │   ├── KeyNotFoundError             key_not_found
    │   ├── InvalidSignatureError        signature_invalid
    │   ├── ExpiredTokenError            token_expired
    │   ├── ImmatureTokenError           token_not_yet_valid, token_issued_in_future
    │   ├── InvalidClaimError(.claim)    missing_claim, claim_type, iss_mismatch, aud_mismatch
    │   ├── ForeignTokenError            token_foreign: good, but no access token of this engine
    │   └── RevokedTokenError            token_revoked: logged out, or its user or key is no more
    ├── RefusedError                     an operation or a request is refused; .code is .error
    │   ├── MissingTokenError            missing_token (401)
    │   ├── InsufficientScopeError       insufficient_scope (403): a scope or a role is missing
    │   ├── ReauthenticationRequiredError  insufficient_user_authentication (401): too long ago
    │   ├── InvalidCredentialsError      invalid_credentials, reauthentication_failed
    │   ├── InvalidGrantError            invalid_grant
    │   ├── InvalidClientError           invalid_client, unauthorized_client
    │   ├── InvalidRequestError          invalid_request, invalid_scope, invalid_target, ...
    │   │   └── WeakPasswordError        weak_password
    │   ├── UsernameTakenError           username_taken
    │   ├── NotFoundError                not_found
    │   ├── ConflictError                conflict
    │   ├── AccessDeniedError            access_denied
    │   ├── RateLimitedError(.retry_after)  rate_limited
    │   ├── UnavailableError(.retry_after)  temporarily_unavailable
    │   └── ServerError                  server_error: something is wrong here
    ├── OpenError                        open_failed: the database cannot be used
    ├── KeyMaterialError(ValueError)     key_invalid: the key is weak, malformed or not for this
    ├── ConfigurationError(ValueError)   config_invalid: the settings cannot be meant
    └── NotSerializableError(ValueError) not_serializable: the claims cannot be written as JSON

``code`` is the stable category, for logs and tests. ``error``, ``status``, ``headers`` and ``body``
are what a client may see, exactly as the server answers: they are the same for every refused token,
so that an answer tells an attacker nothing. Messages contain no token and no key.
"""

from __future__ import annotations

from typing import Any, Final

__all__ = [
    "AccessDeniedError",
    "ConfigurationError",
    "ConflictError",
    "CountersignError",
    "ExpiredTokenError",
    "ForeignTokenError",
    "ImmatureTokenError",
    "InsufficientScopeError",
    "InvalidClaimError",
    "InvalidClientError",
    "InvalidCredentialsError",
    "InvalidGrantError",
    "InvalidHeaderError",
    "InvalidRequestError",
    "InvalidSignatureError",
    "KeyMaterialError",
    "KeyNotFoundError",
    "MalformedTokenError",
    "MissingTokenError",
    "NotFoundError",
    "NotSerializableError",
    "OpenError",
    "RateLimitedError",
    "ReauthenticationRequiredError",
    "RefusedError",
    "RevokedTokenError",
    "ServerError",
    "TokenError",
    "UnavailableError",
    "UsernameTakenError",
    "WeakPasswordError",
]


class CountersignError(Exception):
    """The root of all exceptions of this package."""

    code: str = "internal"
    """The stable category."""
    error: str = "server_error"
    """The code for the wire."""
    status: int = 500
    """The HTTP status."""
    description: str = "Something went wrong here."
    """What a client is told."""
    field: str | None = None
    """The member of the request that is at fault."""
    retry_after: int | None = None
    """After how many seconds to try again, where that helps."""
    _headers: dict[str, str] | None = None

    def __init__(self, message: str = "", *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code

    @property
    def headers(self) -> dict[str, str]:
        """The header fields of the answer: ``WWW-Authenticate``, ``Retry-After`` and the like."""
        if self._headers is not None:
            return dict(self._headers)
        headers = {"Cache-Control": "no-store"}
        if self.status == 401:
            headers["WWW-Authenticate"] = (
                f'Bearer error="{self.error}", error_description="{self.description}"'
            )
        return headers

    @property
    def body(self) -> dict[str, str]:
        """The answer's JSON body (RFC 6749 5.2)."""
        body = {"error": self.error, "error_description": self.description}
        if self.field is not None:
            body["field"] = self.field
        return body


class TokenError(CountersignError):
    """A token is refused. To the client all of these are the same ``invalid_token``."""

    code = "token_invalid"
    error = "invalid_token"
    status = 401
    description = "The access token is expired, revoked, malformed or not meant for this service."


class MalformedTokenError(TokenError):
    """The token is too long, or not a JWT at all."""

    code = "malformed_token"


class InvalidHeaderError(TokenError):
    """The header says something that is not accepted here, such as another algorithm."""

    code = "header_invalid"


class KeyNotFoundError(TokenError):
    """No key of the set is the one that the token names."""

    code = "key_not_found"


class InvalidSignatureError(TokenError):
    """The signature was not made with this key over this token."""

    code = "signature_invalid"


class ExpiredTokenError(TokenError):
    """The token's time is over."""

    code = "token_expired"


class ImmatureTokenError(TokenError):
    """The token's time has not come."""

    code = "token_not_yet_valid"


class InvalidClaimError(TokenError):
    """A claim is missing, of the wrong type, or not what is expected here."""

    code = "claim_type"
    claim: str | None = None
    """The name of the claim."""

    def __init__(
        self, message: str = "", *, code: str | None = None, claim: str | None = None
    ) -> None:
        super().__init__(message, code=code)
        if claim is not None:
            self.claim = claim


class ForeignTokenError(TokenError):
    """The token verifies, and is no access token of this engine."""

    code = "token_foreign"


class RevokedTokenError(TokenError):
    """The token, or the session, user, client or key that it belongs to, was revoked."""

    code = "token_revoked"


class RefusedError(CountersignError):
    """An operation or a request is refused. ``code`` and ``error`` are the same."""


class MissingTokenError(RefusedError):
    """No access token was presented (RFC 6750 3)."""

    code = error = "missing_token"
    status = 401


class InsufficientScopeError(RefusedError):
    """The token is good and lacks a scope or a role (RFC 6750 3.1)."""

    code = error = "insufficient_scope"
    status = 403


class ReauthenticationRequiredError(RefusedError):
    """The token is good, and its user authenticated too long ago for this (RFC 9470 3)."""

    code = error = "insufficient_user_authentication"
    status = 401


class InvalidCredentialsError(RefusedError):
    """Unknown user, wrong password or disabled user: nobody is told which."""

    code = error = "invalid_credentials"
    status = 401


class InvalidGrantError(RefusedError):
    """The refresh token is not good (RFC 6749 5.2)."""

    code = error = "invalid_grant"
    status = 400


class InvalidClientError(RefusedError):
    """The client is unknown, did not authenticate, or may not do this (RFC 6749 5.2)."""

    code = error = "invalid_client"
    status = 401


class InvalidRequestError(RefusedError):
    """A member of the request cannot be taken; ``field`` says which where that is known."""

    code = error = "invalid_request"
    status = 400


class WeakPasswordError(InvalidRequestError):
    """The password is too weak; ``description`` says why."""

    code = error = "weak_password"


class UsernameTakenError(RefusedError):
    """Another user has the name."""

    code = error = "username_taken"
    status = 409


class NotFoundError(RefusedError):
    """What is named does not exist."""

    code = error = "not_found"
    status = 404


class ConflictError(RefusedError):
    """What should be made exists, or changed meanwhile."""

    code = error = "conflict"
    status = 409


class AccessDeniedError(RefusedError):
    """This is not allowed here: registration is closed, the user is disabled, and the like."""

    code = error = "access_denied"
    status = 403


class RateLimitedError(RefusedError):
    """Too many attempts; ``retry_after`` says for how many seconds to wait."""

    code = error = "rate_limited"
    status = 429


class UnavailableError(RefusedError):
    """Nothing can be said now: the store fails, the revocations are stale, or too much waits."""

    code = error = "temporarily_unavailable"
    status = 503


class ServerError(RefusedError):
    """Something is wrong here; the message says what, for the log."""

    code = error = "server_error"
    status = 500


class OpenError(CountersignError):
    """The database cannot be opened, or is not this engine's; the message says what to do."""

    code = "open_failed"


class KeyMaterialError(CountersignError, ValueError):
    """A key is malformed, weak, or not for what it was given for."""

    code = "key_invalid"


class ConfigurationError(CountersignError, ValueError):
    """An argument is missing, or one that cannot be meant."""

    code = "config_invalid"


class NotSerializableError(CountersignError, ValueError):
    """The claims to sign cannot be written as one JSON object."""

    code = "not_serializable"


_NAMED: Final = (
    AccessDeniedError,
    ConflictError,
    InsufficientScopeError,
    InvalidClientError,
    InvalidCredentialsError,
    InvalidGrantError,
    InvalidRequestError,
    MissingTokenError,
    NotFoundError,
    RateLimitedError,
    ReauthenticationRequiredError,
    ServerError,
    UnavailableError,
    UsernameTakenError,
    WeakPasswordError,
)

_REFUSALS: Final[dict[str, type[RefusedError]]] = {
    **{refused.error: refused for refused in _NAMED},
    "reauthentication_failed": InvalidCredentialsError,
    "unauthorized_client": InvalidClientError,
    "unsupported_grant_type": InvalidRequestError,
    "unsupported_token_type": InvalidRequestError,
    "invalid_scope": InvalidRequestError,
    "invalid_target": InvalidRequestError,
}

_CLASSES: Final[dict[str, type[CountersignError]]] = {
    "token_too_large": MalformedTokenError,
    "malformed_token": MalformedTokenError,
    "malformed_base64": MalformedTokenError,
    "malformed_header": MalformedTokenError,
    "malformed_claims": MalformedTokenError,
    "header_invalid": InvalidHeaderError,
    "alg_not_allowed": InvalidHeaderError,
    "crit_unsupported": InvalidHeaderError,
    "typ_mismatch": InvalidHeaderError,
    "key_not_found": KeyNotFoundError,
    "signature_invalid": InvalidSignatureError,
    "token_expired": ExpiredTokenError,
    "token_not_yet_valid": ImmatureTokenError,
    "token_issued_in_future": ImmatureTokenError,
    "missing_claim": InvalidClaimError,
    "claim_type": InvalidClaimError,
    "iss_mismatch": InvalidClaimError,
    "aud_mismatch": InvalidClaimError,
    "token_foreign": ForeignTokenError,
    "token_revoked": RevokedTokenError,
    "open_failed": OpenError,
    "key_invalid": KeyMaterialError,
    "config_invalid": ConfigurationError,
    "not_serializable": NotSerializableError,
}


def _make(code: str, message: str, claim: str | None, token: bool) -> CountersignError:
    """Makes the exception of a category; the native module calls this."""
    found = _CLASSES.get(code, CountersignError)
    if token and not issubclass(found, TokenError):
        found = TokenError
    elif not token and issubclass(found, TokenError):
        found = ConfigurationError
    if issubclass(found, InvalidClaimError):
        return found(message, code=code, claim=claim)
    return found(message, code=code)


def _refuse(
    category: str,
    message: str,
    claim: str | None,
    status: int,
    headers: dict[str, str],
    body: dict[str, Any],
) -> CountersignError:
    """Makes the exception of a refusal with the server's answer; the native module calls this."""
    error: str = body["error"]
    if error == TokenError.error:
        refusal = _make(category, message, claim, True)
    else:
        refusal = _REFUSALS.get(error, RefusedError)(message, code=category)
    refusal.error, refusal.status = error, status
    refusal.description = body["error_description"]
    refusal.field = body.get("field")
    refusal._headers = headers
    if "Retry-After" in headers:
        refusal.retry_after = int(headers["Retry-After"])
    return refusal
