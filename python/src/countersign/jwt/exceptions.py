"""Catch what can go wrong with a token, a key or a key set.

PyJWTError
├── InvalidTokenError
│   ├── DecodeError
│   │   └── InvalidSignatureError
│   ├── ExpiredSignatureError, ImmatureSignatureError, InvalidIssuedAtError
│   ├── InvalidAudienceError, InvalidIssuerError, InvalidSubjectError, InvalidJTIError
│   ├── InvalidAlgorithmError
│   └── MissingRequiredClaimError (.claim)
├── InvalidKeyError
├── PyJWKError
│   └── MissingCryptographyError
├── PyJWKSetError
└── PyJWKClientError
    └── PyJWKClientConnectionError
"""

from __future__ import annotations

__all__ = [
    "DecodeError",
    "ExpiredSignatureError",
    "ImmatureSignatureError",
    "InvalidAlgorithmError",
    "InvalidAudienceError",
    "InvalidIssuedAtError",
    "InvalidIssuerError",
    "InvalidJTIError",
    "InvalidKeyError",
    "InvalidSignatureError",
    "InvalidSubjectError",
    "InvalidTokenError",
    "MissingCryptographyError",
    "MissingRequiredClaimError",
    "PyJWKClientConnectionError",
    "PyJWKClientError",
    "PyJWKError",
    "PyJWKSetError",
    "PyJWTError",
]


class PyJWTError(Exception):
    """Catch everything that this package raises on purpose."""


class InvalidTokenError(PyJWTError):
    """Catch every reason to refuse a token."""


class DecodeError(InvalidTokenError):
    """Tell that a token is not a well-formed, correctly signed JWT."""


class InvalidSignatureError(DecodeError):
    """Tell that the signature is not the key's over this token."""


class ExpiredSignatureError(InvalidTokenError):
    """Tell that the moment in ``exp`` has come."""


class InvalidAudienceError(InvalidTokenError):
    """Tell that the token is meant for somebody else."""


class InvalidIssuerError(InvalidTokenError):
    """Tell that the token was issued by somebody else."""


class InvalidIssuedAtError(InvalidTokenError):
    """Tell that ``iat`` is not a number."""


class ImmatureSignatureError(InvalidTokenError):
    """Tell that the moment in ``nbf`` or ``iat`` has not come yet."""


class InvalidKeyError(PyJWTError):
    """Tell that a key does not fit its algorithm."""


class InvalidAlgorithmError(InvalidTokenError):
    """Tell that the token's algorithm is not among the allowed ones."""


class MissingRequiredClaimError(InvalidTokenError):
    """Tell which required claim a token lacks: it is in ``claim``."""

    def __init__(self, claim: str) -> None:
        self.claim = claim
        # So that a pickled copy is made from the claim, too.
        super().__init__(claim)

    def __str__(self) -> str:
        return f'Token is missing the "{self.claim}" claim'


class PyJWKError(PyJWTError):
    """Tell that a JWK cannot be used."""


class MissingCryptographyError(PyJWKError):
    """Tell that a key needs the package ``cryptography``, which is not installed."""


class PyJWKSetError(PyJWTError):
    """Tell that a JWK set cannot be used."""


class PyJWKClientError(PyJWTError):
    """Tell that no key could be had from a JWKS endpoint."""


class PyJWKClientConnectionError(PyJWKClientError):
    """Tell that the JWKS endpoint could not be read."""


class InvalidSubjectError(InvalidTokenError):
    """Tell that ``sub`` is not a string, or not the expected one."""


class InvalidJTIError(InvalidTokenError):
    """Tell that ``jti`` is not a string."""
