"""Every exception of the package, and which category is which.

::

    CountersignError(.code, .error, .status)
    ├── TokenError                       the token is refused: answer 401
    │   ├── MalformedTokenError          token_too_large, malformed_token, malformed_base64,
    │   │                                malformed_header, malformed_claims
    │   ├── InvalidHeaderError           header_invalid, alg_not_allowed, crit_unsupported,
    │   │                                typ_mismatch
    │   ├── KeyNotFoundError             key_not_found
    │   ├── InvalidSignatureError        signature_invalid
    │   ├── ExpiredTokenError            token_expired
    │   ├── ImmatureTokenError           token_not_yet_valid, token_issued_in_future
    │   └── InvalidClaimError(.claim)    missing_claim, claim_type, iss_mismatch, aud_mismatch
    ├── KeyMaterialError(ValueError)     key_invalid: the key is weak, malformed or not for this
    ├── ConfigurationError(ValueError)   config_invalid: the settings cannot be meant
    └── NotSerializableError(ValueError) not_serializable: the claims cannot be written as JSON

``code`` is the stable category, for logs and tests. ``error`` and ``status`` are what a client may
see: they are the same for every refused token, so that an answer tells an attacker nothing.
Messages contain no token and no key.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "ConfigurationError",
    "CountersignError",
    "ExpiredTokenError",
    "ImmatureTokenError",
    "InvalidClaimError",
    "InvalidHeaderError",
    "InvalidSignatureError",
    "KeyMaterialError",
    "KeyNotFoundError",
    "MalformedTokenError",
    "NotSerializableError",
    "TokenError",
]


class CountersignError(Exception):
    """The root of all exceptions of this package."""

    code: str = "internal"
    """The stable category."""
    error: str = "server_error"
    """The code for the wire."""
    status: int = 500
    """The HTTP status."""

    def __init__(self, message: str = "", *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class TokenError(CountersignError):
    """A token is refused. To the client all of these are the same ``invalid_token``."""

    code = "token_invalid"
    error = "invalid_token"
    status = 401


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


class KeyMaterialError(CountersignError, ValueError):
    """A key is malformed, weak, or not for what it was given for."""

    code = "key_invalid"


class ConfigurationError(CountersignError, ValueError):
    """An argument is missing, or one that cannot be meant."""

    code = "config_invalid"


class NotSerializableError(CountersignError, ValueError):
    """The claims to sign cannot be written as one JSON object."""

    code = "not_serializable"


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
