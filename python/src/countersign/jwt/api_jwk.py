"""Read JSON Web Keys and sets of them (RFC 7517)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from .algorithms import get_default_algorithms, has_crypto, requires_cryptography
from .exceptions import (
    InvalidKeyError,
    MissingCryptographyError,
    PyJWKError,
    PyJWKSetError,
    PyJWTError,
)
from .types import JWKDict

__all__ = ["PyJWK", "PyJWKSet", "PyJWTSetWithTimestamp"]

_CURVE_ALGORITHMS: dict[str, dict[str | None, str]] = {
    "EC": {
        None: "ES256",
        "": "ES256",
        "P-256": "ES256",
        "P-384": "ES384",
        "P-521": "ES512",
        "secp256k1": "ES256K",
    },
    "OKP": {"Ed25519": "EdDSA"},
}
_PRIVATE_MEMBERS = frozenset({"k", "d", "p", "q", "dp", "dq", "qi", "oth"})


class PyJWK:
    """Use one JWK as the key of `encode` and `decode`; it serves one algorithm."""

    def __init__(self, jwk_data: JWKDict, algorithm: str | None = None) -> None:
        """Read a JWK.

        Args:
            jwk_data: The members of the JWK.
            algorithm: The algorithm, instead of the member ``alg``, instead of the usual one of
                the key type.

        Raises:
            InvalidKeyError: The JWK is not a usable key.
            PyJWKError: The algorithm is not known.
            MissingCryptographyError: The algorithm needs `cryptography`.
        """
        self._jwk_data = jwk_data
        kty = jwk_data.get("kty")
        if not kty:
            raise InvalidKeyError(f"kty is not found: {_printable(jwk_data)}")
        name = algorithm or jwk_data.get("alg") or _usual_algorithm(jwk_data)
        if not has_crypto and name in requires_cryptography:
            raise MissingCryptographyError(f"{name} requires 'cryptography' to be installed.")
        found = get_default_algorithms().get(name) if isinstance(name, str) else None
        if found is None:
            raise PyJWKError(f"Unable to find an algorithm for key: {_printable(jwk_data)}")
        self.algorithm_name: str = name
        self.Algorithm = found
        try:
            self.key: Any = found.from_jwk(jwk_data)
        except (AttributeError, TypeError, ValueError) as error:
            raise InvalidKeyError(f"Unable to construct key from JWK: {error}") from error

    @staticmethod
    def from_dict(obj: JWKDict, algorithm: str | None = None) -> PyJWK:
        """Read a JWK from a dict."""
        return PyJWK(obj, algorithm)

    @staticmethod
    def from_json(data: str, algorithm: str | None = None) -> PyJWK:
        """Read a JWK from JSON text."""
        return PyJWK.from_dict(json.loads(data), algorithm)

    @property
    def key_type(self) -> str | None:
        """The member ``kty``."""
        return self._jwk_data.get("kty", None)

    @property
    def key_id(self) -> str | None:
        """The member ``kid``."""
        return self._jwk_data.get("kid", None)

    @property
    def public_key_use(self) -> str | None:
        """The member ``use``."""
        return self._jwk_data.get("use", None)


class PyJWKSet:
    """Use a set of JWKs: index it by ``kid``, or iterate over it."""

    def __init__(self, keys: list[JWKDict]) -> None:
        """Read the members of a set; what is no usable key is left out.

        Raises:
            PyJWKSetError: There are no keys, or none that can be used.
            MissingCryptographyError: A key needs `cryptography`.
        """
        if not keys:
            raise PyJWKSetError("The JWK Set did not contain any keys")
        if not isinstance(keys, list):
            raise PyJWKSetError("Invalid JWK Set value")
        self.keys: list[PyJWK] = [key for key in map(_usable, keys) if key is not None]
        if not self.keys:
            raise PyJWKSetError(
                "The JWK Set did not contain any usable keys. "
                "Perhaps 'cryptography' is not installed?"
            )

    @staticmethod
    def from_dict(obj: dict[str, Any]) -> PyJWKSet:
        """Read a set from a dict with the member ``keys``."""
        return PyJWKSet(obj.get("keys", []))

    @staticmethod
    def from_json(data: str) -> PyJWKSet:
        """Read a set from JSON text."""
        return PyJWKSet.from_dict(json.loads(data))

    def __getitem__(self, kid: str) -> PyJWK:
        for key in self.keys:
            if key.key_id == kid:
                return key
        raise KeyError(f"keyset has no key for kid: {kid}")

    def __iter__(self) -> Iterator[PyJWK]:
        return iter(self.keys)


class PyJWTSetWithTimestamp:
    """Remember when a set was read, on the monotonic clock."""

    def __init__(self, jwk_set: PyJWKSet) -> None:
        self.jwk_set = jwk_set
        self.timestamp = time.monotonic()

    def get_jwk_set(self) -> PyJWKSet:
        """Return the set."""
        return self.jwk_set

    def get_timestamp(self) -> float:
        """Return the moment, in seconds of `time.monotonic`."""
        return self.timestamp


def _usual_algorithm(jwk: JWKDict) -> str:
    """Choose the algorithm for a JWK that does not name one."""
    kty = jwk.get("kty")
    if kty == "RSA":
        return "RS256"
    if kty == "oct":
        return "HS256"
    if kty not in ("EC", "OKP"):
        raise InvalidKeyError(f"Unsupported kty: {kty}")
    crv = jwk.get("crv")
    if kty == "OKP" and not crv:
        raise InvalidKeyError(f"crv is not found: {_printable(jwk)}")
    name = _CURVE_ALGORITHMS[kty].get(crv) if crv is None or isinstance(crv, str) else None
    if name is None:
        raise InvalidKeyError(f"Unsupported crv: {crv}")
    return name


def _usable(jwk: object) -> PyJWK | None:
    if not isinstance(jwk, dict):
        return None
    try:
        return PyJWK(jwk)
    except MissingCryptographyError:
        raise
    except (PyJWTError, NotImplementedError):
        return None


def _printable(jwk: JWKDict) -> JWKDict:
    """Leave the secret members out of a message."""
    return {name: "..." if name in _PRIVATE_MEMBERS else value for name, value in jwk.items()}
