"""Catch what can go wrong with a token or a key.

JOSEError
├── JWSError
│   ├── JWSSignatureError
│   └── JWSAlgorithmError
├── JWTError
│   ├── JWTClaimsError
│   └── ExpiredSignatureError
├── JWKError
├── UnusableKeyError (a JWTError, a JWSError and a JWKError at once)
└── JWEError
    ├── JWEParseError
    ├── JWEInvalidAuth
    └── JWEAlgorithmUnsupportedError
"""

from __future__ import annotations

__all__ = [
    "ExpiredSignatureError",
    "JOSEError",
    "JWEAlgorithmUnsupportedError",
    "JWEError",
    "JWEInvalidAuth",
    "JWEParseError",
    "JWKError",
    "JWSAlgorithmError",
    "JWSError",
    "JWSSignatureError",
    "JWTClaimsError",
    "JWTError",
    "MissingAlgorithmsWarning",
    "UnknownOptionWarning",
    "UnusableKeyError",
]


class JOSEError(Exception):
    """Catch everything that this package raises on purpose."""


class JWSError(JOSEError):
    """Tell that data could not be signed, or a signed token is refused."""


class JWSSignatureError(JWSError):
    """Tell that the signature is not the key's over this token."""


class JWSAlgorithmError(JWSError):
    """Tell that the algorithm is not to be used."""


class JWTError(JOSEError):
    """Tell that a token is refused, whatever the reason."""


class JWTClaimsError(JWTError):
    """Tell that a claim is missing, of the wrong type, or not what is expected here."""


class ExpiredSignatureError(JWTError):
    """Tell that the moment in ``exp`` has come."""


class JWKError(JOSEError):
    """Tell that a key cannot be used."""


class UnusableKeyError(JWTError, JWSError, JWKError):
    """Tell that the key given is not one for the token's algorithm.

    Either the program passed a wrong key, or somebody made a token with another algorithm in the
    hope that your public key is taken for a secret. python-jose raised a bare `JWKError`, which
    ``except JWTError`` did not catch.
    """


class JWEError(JOSEError):
    """Tell that encryption is not offered here, and what to use."""


class JWEParseError(JWEError):
    """Exist, so that programs which catch it can be imported."""


class JWEInvalidAuth(JWEError):
    """Exist, so that programs which catch it can be imported."""


class JWEAlgorithmUnsupportedError(JWEError):
    """Exist, so that programs which catch it can be imported."""


class MissingAlgorithmsWarning(UserWarning):
    """Warn that a token is verified without a list of algorithms to accept."""


class UnknownOptionWarning(UserWarning):
    """Warn that ``options`` has a member that means nothing."""
