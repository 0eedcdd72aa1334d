"""Choose, extend and convert keys of the signature algorithms.

The names that come from `cryptography` are imported when they are asked for.
"""

from __future__ import annotations

from functools import reduce
from importlib.util import find_spec
from operator import or_
from typing import TYPE_CHECKING, Any

from ._algorithm import Algorithm, HMACAlgorithm, NoneAlgorithm
from .types import HashlibHash, JWKDict

if TYPE_CHECKING:
    from typing import TypeAlias

    from cryptography.hazmat.primitives.asymmetric.ec import (
        EllipticCurvePrivateKey,
        EllipticCurvePublicKey,
    )
    from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey, Ed448PublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

    AllowedRSAKeys: TypeAlias = RSAPrivateKey | RSAPublicKey
    AllowedECKeys: TypeAlias = EllipticCurvePrivateKey | EllipticCurvePublicKey
    _Ed25519Keys: TypeAlias = Ed25519PrivateKey | Ed25519PublicKey
    _Ed448Keys: TypeAlias = Ed448PrivateKey | Ed448PublicKey
    AllowedOKPKeys: TypeAlias = _Ed25519Keys | _Ed448Keys
    AllowedKeys: TypeAlias = AllowedRSAKeys | AllowedECKeys | AllowedOKPKeys
    _EdPrivateKeys: TypeAlias = Ed25519PrivateKey | Ed448PrivateKey
    _EdPublicKeys: TypeAlias = Ed25519PublicKey | Ed448PublicKey
    AllowedPrivateKeys: TypeAlias = RSAPrivateKey | EllipticCurvePrivateKey | _EdPrivateKeys
    AllowedPublicKeys: TypeAlias = RSAPublicKey | EllipticCurvePublicKey | _EdPublicKeys

__all__ = [
    "Algorithm",
    "HMACAlgorithm",
    "HashlibHash",
    "JWKDict",
    "NoneAlgorithm",
    "get_default_algorithms",
    "has_crypto",
    "requires_cryptography",
]

has_crypto: bool = find_spec("cryptography") is not None
"""Whether `cryptography` is installed, without which there are only HMAC and ``none``."""

requires_cryptography: set[str] = {
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES256K", "ES384", "ES512", "ES521", "EdDSA"),
}
"""The names of the algorithms that need `cryptography`."""

if has_crypto:
    from ._asymmetric import Lazy
    from ._ec import ECAlgorithm
    from ._okp import OKPAlgorithm
    from ._rsa import RSAAlgorithm, RSAPSSAlgorithm

    __all__ += ["ECAlgorithm", "OKPAlgorithm", "RSAAlgorithm", "RSAPSSAlgorithm"]


def get_default_algorithms() -> dict[str, Algorithm]:
    """Make the algorithms that work here, by their names."""
    algorithms: dict[str, Algorithm] = {
        "none": NoneAlgorithm(),
        "HS256": HMACAlgorithm(HMACAlgorithm.SHA256),
        "HS384": HMACAlgorithm(HMACAlgorithm.SHA384),
        "HS512": HMACAlgorithm(HMACAlgorithm.SHA512),
    }
    return algorithms | _key_pair_algorithms() if has_crypto else algorithms


def _key_pair_algorithms() -> dict[str, Algorithm]:
    hashes: dict[str, Any] = {bits: Lazy("hashes", f"SHA{bits}") for bits in ("256", "384", "512")}
    curves: dict[str, Any] = {
        name: Lazy("asymmetric.ec", name)
        for name in ("SECP256R1", "SECP256K1", "SECP384R1", "SECP521R1")
    }
    return {
        "RS256": RSAAlgorithm(hashes["256"]),
        "RS384": RSAAlgorithm(hashes["384"]),
        "RS512": RSAAlgorithm(hashes["512"]),
        "ES256": ECAlgorithm(hashes["256"], curves["SECP256R1"]),
        "ES256K": ECAlgorithm(hashes["256"], curves["SECP256K1"]),
        "ES384": ECAlgorithm(hashes["384"], curves["SECP384R1"]),
        # A name that older programs use; the curve is P-521, the hash SHA-512.
        "ES521": ECAlgorithm(hashes["512"], curves["SECP521R1"]),
        "ES512": ECAlgorithm(hashes["512"], curves["SECP521R1"]),
        "PS256": RSAPSSAlgorithm(hashes["256"]),
        "PS384": RSAPSSAlgorithm(hashes["384"]),
        "PS512": RSAPSSAlgorithm(hashes["512"]),
        "EdDSA": OKPAlgorithm(),
    }


_CLASSES = {
    "EllipticCurve": "ec",
    "EllipticCurvePrivateKey": "ec",
    "EllipticCurvePublicKey": "ec",
    "Ed25519PrivateKey": "ed25519",
    "Ed25519PublicKey": "ed25519",
    "Ed448PrivateKey": "ed448",
    "Ed448PublicKey": "ed448",
    "RSAPrivateKey": "rsa",
    "RSAPublicKey": "rsa",
}
_UNIONS = {
    "AllowedRSAKeys": ("RSAPrivateKey", "RSAPublicKey"),
    "AllowedECKeys": ("EllipticCurvePrivateKey", "EllipticCurvePublicKey"),
    "AllowedOKPKeys": (
        *("Ed25519PrivateKey", "Ed25519PublicKey"),
        *("Ed448PrivateKey", "Ed448PublicKey"),
    ),
    "AllowedKeys": (
        *("RSAPrivateKey", "RSAPublicKey"),
        *("EllipticCurvePrivateKey", "EllipticCurvePublicKey"),
        *("Ed25519PrivateKey", "Ed25519PublicKey"),
        *("Ed448PrivateKey", "Ed448PublicKey"),
    ),
    "AllowedPrivateKeys": (
        *("RSAPrivateKey", "EllipticCurvePrivateKey"),
        *("Ed25519PrivateKey", "Ed448PrivateKey"),
    ),
    "AllowedPublicKeys": (
        *("RSAPublicKey", "EllipticCurvePublicKey"),
        *("Ed25519PublicKey", "Ed448PublicKey"),
    ),
}


def __getattr__(name: str) -> Any:
    """Import the key classes of `cryptography`, and unions of them, when they are asked for."""
    if not has_crypto:
        # Annotations in programs name them also where there are no such keys.
        if name in _UNIONS:
            return Any
    elif name in _CLASSES:
        return Lazy[Any](f"asymmetric.{_CLASSES[name]}", name).load()
    elif name in _UNIONS:
        return reduce(or_, (__getattr__(member) for member in _UNIONS[name]))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
