"""JWT authentication done properly once, on a Rust engine.

Tokens in three steps: a :class:`Key` for one algorithm, a :class:`Signer` that turns claims into a
token, a :class:`Verifier` that turns a token into checked claims or raises a :class:`TokenError`::

    from countersign import Key, Signer, Verifier

    key = Key.generate("ES256")
    token = Signer(key).sign({"iss": "me", "aud": "api", "sub": "user-1", "exp": 1_900_000_000})
    verifier = Verifier(keys=key, algorithms=["ES256"], issuer="me", audience="api")
    assert verifier.verify(token).sub == "user-1"

``countersign.jwt`` has the functions of PyJWT, for code that moves over. The exceptions and their
tree stand in ``countersign.exceptions``.
"""

from collections.abc import Mapping

from countersign._native import ANY, AnyType, Key, KeySet, Signer, Verified, Verifier
from countersign.exceptions import (
    ConfigurationError,
    CountersignError,
    ExpiredTokenError,
    ImmatureTokenError,
    InvalidClaimError,
    InvalidHeaderError,
    InvalidSignatureError,
    KeyMaterialError,
    KeyNotFoundError,
    MalformedTokenError,
    NotSerializableError,
    TokenError,
)

__all__ = [
    "ANY",
    "AnyType",
    "ConfigurationError",
    "CountersignError",
    "ExpiredTokenError",
    "ImmatureTokenError",
    "InvalidClaimError",
    "InvalidHeaderError",
    "InvalidSignatureError",
    "Key",
    "KeyMaterialError",
    "KeyNotFoundError",
    "KeySet",
    "MalformedTokenError",
    "NotSerializableError",
    "Signer",
    "TokenError",
    "Verified",
    "Verifier",
]

Mapping.register(Verified)
