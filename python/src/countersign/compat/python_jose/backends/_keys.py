"""What the keys of the three families share: an algorithm of `countersign.jwt` does the work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from countersign.compat._warn import warn_caller
from countersign.jwt.algorithms import get_default_algorithms, has_crypto, requires_cryptography
from countersign.jwt.exceptions import InvalidKeyError
from countersign.jwt.utils import force_bytes
from countersign.jwt.warnings import InsecureKeyLengthWarning

from ..exceptions import JWEError, JWKError
from .base import NO_ENCRYPTION, Key

if TYPE_CHECKING:
    from countersign.jwt.algorithms import Algorithm

# Objects without state, and slow to make.
_algorithms = get_default_algorithms()


class SigningKey(Key):
    """Use one key with one algorithm, and refuse whatever is not a key for it."""

    _names: ClassVar[set[str]]
    """The algorithms of the family."""
    _names_of_encryption: ClassVar[set[str]] = set()
    """Algorithms with which such a key can be made, and do nothing."""
    _kty: ClassVar[str]
    """What a JWK of the family has as ``kty``."""

    prepared_key: Any
    """The key as `countersign.jwt` takes it."""

    def __init__(self, key: Any, algorithm: str) -> None:
        """Take a key for an algorithm.

        Args:
            key: PEM, a JWK as a dict, or a key object; for HMAC, the secret.
            algorithm: The name of the algorithm.

        Raises:
            JWKError: It is not a key for this algorithm.
        """
        if algorithm not in self._names | self._names_of_encryption:
            raise JWKError(f"hash_alg: {algorithm} is not a valid hash algorithm")
        self._algorithm = algorithm
        if algorithm in self._names:
            self._signs: Algorithm | None = _find(algorithm)
            self.prepared_key = self._prepare(self._signs, key)
        else:
            self._signs = None
            self.prepared_key = self._prepare(_find(next(iter(self._names))), key)

    def sign(self, msg: bytes) -> bytes:
        """Sign a message.

        Raises:
            JWKError: It is a public key.
        """
        try:
            return self._signer().sign(force_bytes(msg), self.prepared_key)
        except (InvalidKeyError, TypeError, ValueError) as error:
            raise JWKError(str(error)) from error

    def verify(self, msg: bytes, sig: bytes) -> bool:
        """Check a signature."""
        return self._signer().verify(force_bytes(msg), self.prepared_key, force_bytes(sig))

    def to_dict(self) -> dict[str, Any]:
        """Write the key as a JWK; of a private key with its private members."""
        algorithm: Any = self._signs or _find(next(iter(self._names)))
        jwk: dict[str, Any] = algorithm.to_jwk(self.prepared_key, as_dict=True)
        jwk.pop("key_ops", None)
        return {"alg": self._algorithm, **jwk}

    def wrap_key(self, key_data: bytes) -> bytes:
        """Say that nothing here encrypts."""
        raise JWEError(NO_ENCRYPTION)

    def unwrap_key(self, wrapped_key: bytes) -> bytes:
        """Say that nothing here decrypts."""
        raise JWEError(NO_ENCRYPTION)

    def _prepare(self, algorithm: Algorithm, key: Any) -> Any:
        try:
            if isinstance(key, dict):
                kty = key.get("kty")
                if kty != self._kty:
                    raise JWKError(f"Incorrect key type. Expected: '{self._kty}', Received: {kty}")
                key = algorithm.from_jwk(_without_white_space(key))
            prepared = algorithm.prepare_key(self._readable(key))
        except JWKError:
            raise
        except Exception as error:
            # Whatever the parsers of PEM, certificates and JWKs may raise.
            raise JWKError(str(error) or "The key cannot be read") from error
        too_short = algorithm.check_key_length(prepared)
        if too_short is not None:
            warn_caller(too_short, InsecureKeyLengthWarning)
        return prepared

    def _readable(self, key: Any) -> Any:
        """Turn what python-jose also takes into what the algorithm takes."""
        return key

    def _signer(self) -> Algorithm:
        if self._signs is None:
            raise JWEError(NO_ENCRYPTION)
        return self._signs


class KeyPairKey(SigningKey):
    """Use a private key, or the public half of one."""

    def is_public(self) -> bool:
        """Tell whether there is nothing but the public half."""
        return not hasattr(self.prepared_key, "private_bytes")

    def public_key(self) -> KeyPairKey:
        """Return the public half."""
        if self.is_public():
            return self
        return type(self)(self.prepared_key.public_key(), self._algorithm)

    def verify(self, msg: bytes, sig: bytes) -> bool:
        """Check a signature; with a warning if it is done with the private key."""
        if not self.is_public():
            warn_caller(
                "Attempting to verify a message with a private key. This is not recommended."
            )
        return super().verify(msg, sig)

    def __eq__(self, other: object) -> bool:
        """Compare the keys and what they are for."""
        if not isinstance(other, KeyPairKey):
            return NotImplemented
        return (self._algorithm, self.is_public(), self.to_dict()) == (
            other._algorithm,
            other.is_public(),
            other.to_dict(),
        )

    __hash__ = None  # type: ignore[assignment]

    def _readable(self, key: Any) -> Any:
        if not isinstance(key, (str, bytes)) and hasattr(key, "to_pem"):
            key = key.to_pem()
        text = key.encode("utf-8") if isinstance(key, str) else key
        if isinstance(text, bytes) and text.lstrip().startswith(b"-----BEGIN CERTIFICATE-----"):
            return _key_of_certificate(text)
        return key


def _find(name: str) -> Algorithm:
    algorithm = _algorithms.get(name)
    if algorithm is None:
        if not has_crypto and name in requires_cryptography:
            raise JWKError(f"{name} needs the package cryptography: pip install cryptography")
        raise JWKError(f"hash_alg: {name} is not a valid hash algorithm")
    return algorithm


def _without_white_space(jwk: dict[str, Any]) -> dict[str, Any]:
    """Take out the line breaks and spaces of a JWK that was copied by hand."""
    return {
        name: "".join(value.split()) if isinstance(value, str) else value
        for name, value in jwk.items()
    }


def _key_of_certificate(pem: bytes) -> Any:
    """Take the public key out of a certificate; who issued it, and until when, is not checked."""
    from cryptography.x509 import load_pem_x509_certificate

    return load_pem_x509_certificate(pem).public_key()
