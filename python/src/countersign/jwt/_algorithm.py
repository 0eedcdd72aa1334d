"""What every algorithm is, and the two that need no asymmetric key."""

from __future__ import annotations

import hashlib
import hmac
import json
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn, overload

from countersign import _native

from ._secrets import is_asymmetric, is_der_key, is_jwk
from .exceptions import InvalidKeyError
from .types import HashlibHash, JWKDict
from .utils import base64url_decode, base64url_encode, force_bytes

if TYPE_CHECKING:
    from .algorithms import AllowedKeys


class Algorithm(ABC):
    """Add an algorithm of your own: subclass this and pass an instance to `register_algorithm`."""

    # What `check_crypto_key_type` accepts; None where keys are not those of `cryptography`.
    _crypto_key_types: tuple[type[AllowedKeys], ...] | None = None

    def compute_hash_digest(self, bytestr: bytes) -> bytes:
        """Hash with the algorithm's hash function, for example for an ``at_hash`` claim.

        Raises:
            NotImplementedError: The algorithm has no hash function.
        """
        hash_alg = getattr(self, "hash_alg", None)
        if hash_alg is None:
            raise NotImplementedError
        return _digest(hash_alg, bytestr)

    def check_crypto_key_type(self, key: Any) -> None:
        """Refuse a key object of another algorithm.

        Raises:
            InvalidKeyError: The key is of another type.
            ValueError: The algorithm does not use keys of `cryptography`.
        """
        accepted = self._crypto_key_types
        if accepted is None:
            raise ValueError(
                "This method requires the cryptography library, "
                "and should only be used by cryptography-based algorithms."
            )
        if not isinstance(key, accepted):
            names = tuple(kind.__name__ for kind in accepted)
            raise InvalidKeyError(
                f"Expected one of {names}, got: {type(key).__name__}. "
                f"Invalid Key type for {type(self).__name__}"
            )

    @abstractmethod
    def prepare_key(self, key: Any) -> Any:
        """Turn what the program passes as a key into what `sign` and `verify` take."""

    @abstractmethod
    def sign(self, msg: bytes, key: Any) -> bytes:
        """Sign a message with a prepared key."""

    @abstractmethod
    def verify(self, msg: bytes, key: Any, sig: bytes) -> bool:
        """Check a signature with a prepared key."""

    @overload
    @staticmethod
    @abstractmethod
    def to_jwk(key_obj: Any, as_dict: Literal[True]) -> JWKDict: ...

    @overload
    @staticmethod
    @abstractmethod
    def to_jwk(key_obj: Any, as_dict: Literal[False] = False) -> str: ...

    @staticmethod
    @abstractmethod
    def to_jwk(key_obj: Any, as_dict: bool = False) -> JWKDict | str:
        """Write a key as a JWK: JSON text, or a dict."""

    @staticmethod
    @abstractmethod
    def from_jwk(jwk: str | JWKDict) -> Any:
        """Read a key from a JWK."""

    def check_key_length(self, key: Any) -> str | None:
        """Say what is wrong if a prepared key is too short to be safe."""
        return None


class NoneAlgorithm(Algorithm):
    """Leave a message unsigned. `decode` never takes such a token for a signed one."""

    def prepare_key(self, key: str | None) -> None:
        """Accept no key but None."""
        if key is not None and key != "":
            raise InvalidKeyError('When alg = "none", key value must be None.')

    def sign(self, msg: bytes, key: None) -> bytes:
        """Return the empty signature."""
        return b""

    def verify(self, msg: bytes, key: None, sig: bytes) -> bool:
        """Return False."""
        return False

    @staticmethod
    def to_jwk(key_obj: Any, as_dict: bool = False) -> NoReturn:
        """There is no key to write."""
        raise NotImplementedError

    @staticmethod
    def from_jwk(jwk: str | JWKDict) -> NoReturn:
        """There is no key to read."""
        raise NotImplementedError


class HMACAlgorithm(Algorithm):
    """Sign with a secret that both sides have: HS256, HS384, HS512."""

    SHA256: ClassVar[HashlibHash] = hashlib.sha256
    SHA384: ClassVar[HashlibHash] = hashlib.sha384
    SHA512: ClassVar[HashlibHash] = hashlib.sha512

    def __init__(self, hash_alg: HashlibHash) -> None:
        self.hash_alg = hash_alg

    def prepare_key(self, key: str | bytes) -> bytes:
        """Take the secret as bytes, unless it is key material of another kind."""
        secret = force_bytes(key)
        if not secret:
            raise InvalidKeyError("HMAC key must not be empty.")
        if is_asymmetric(secret):
            raise InvalidKeyError(
                "The specified key is an asymmetric key or x509 certificate and"
                " should not be used as an HMAC secret."
            )
        if is_jwk(secret):
            raise InvalidKeyError(
                "The specified key looks like a JWK and should not be used directly as an "
                "HMAC secret. Load it via PyJWK / HMACAlgorithm.from_jwk first."
            )
        return secret

    @staticmethod
    def _is_der_key(key_bytes: bytes) -> bool:
        return is_der_key(key_bytes)

    @overload
    @staticmethod
    def to_jwk(key_obj: str | bytes, as_dict: Literal[True]) -> JWKDict: ...

    @overload
    @staticmethod
    def to_jwk(key_obj: str | bytes, as_dict: Literal[False] = False) -> str: ...

    @staticmethod
    def to_jwk(key_obj: str | bytes, as_dict: bool = False) -> JWKDict | str:
        """Write a secret as a JWK of type ``oct``."""
        jwk = {"k": base64url_encode(force_bytes(key_obj)).decode(), "kty": "oct"}
        return jwk if as_dict else json.dumps(jwk)

    @staticmethod
    def from_jwk(jwk: str | JWKDict) -> bytes:
        """Read the secret of a JWK of type ``oct``."""
        members = jwk_members(jwk)
        if members.get("kty") != "oct":
            raise InvalidKeyError("Not an HMAC key")
        try:
            secret = base64url_decode(members["k"])
        except KeyError:
            raise InvalidKeyError("Not an HMAC key") from None
        if not secret:
            raise InvalidKeyError("HMAC key must not be empty.")
        return secret

    def sign(self, msg: bytes, key: bytes) -> bytes:
        """Compute the HMAC of a message."""
        native = self.native_key(key)
        return hmac.digest(key, msg, self._hash_name()) if native is None else native.sign(msg)

    def verify(self, msg: bytes, key: bytes, sig: bytes) -> bool:
        """Compare the HMAC of a message in constant time."""
        native = self.native_key(key)
        if native is None:
            return hmac.compare_digest(hmac.digest(key, msg, self._hash_name()), sig)
        return native.verify(msg, sig)

    def check_key_length(self, key: bytes) -> str | None:
        """Ask for as many bytes as the hash has (RFC 7518 section 3.2)."""
        minimum: int = self.hash_alg().digest_size
        if len(key) >= minimum:
            return None
        return (
            f"The HMAC key is {len(key)} bytes long, which is below the minimum recommended"
            f" length of {minimum} bytes for {self._hash_name().upper()}."
            " See RFC 7518 Section 3.2."
        )

    def native_key(self, key: bytes) -> _native.RawKey | None:
        """Find the engine's form of a prepared secret; None for a hash that it does not have."""
        name = _NATIVE_HASHES.get(self.hash_alg)
        return None if name is None else _native.RawKey.hmac(key, name)

    def _hash_name(self) -> str:
        name: str = self.hash_alg().name
        return name


_NATIVE_HASHES: dict[HashlibHash, str] = {
    hashlib.sha256: "sha256",
    hashlib.sha384: "sha384",
    hashlib.sha512: "sha512",
}


def jwk_members(jwk: str | JWKDict) -> JWKDict:
    """Read a JWK that is JSON text, or take it as a dict.

    Raises:
        InvalidKeyError: It is neither.
    """
    if isinstance(jwk, dict):
        return jwk
    try:
        if isinstance(jwk, str):
            members = json.loads(jwk)
            if isinstance(members, dict):
                return members
    except (ValueError, RecursionError) as error:
        raise InvalidKeyError("Key is not valid JSON") from error
    raise InvalidKeyError("Key is not valid JSON")


def _digest(hash_alg: Any, data: bytes) -> bytes:
    """Hash with a function of `hashlib` or a class of `cryptography`."""
    if isinstance(hash_alg, type):
        return hashlib.new(str(hash_alg().name).replace("-", "_"), data).digest()
    digest: bytes = hash_alg(data).digest()
    return digest
