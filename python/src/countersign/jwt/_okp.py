"""EdDSA with Ed25519 and Ed448 (RFC 8037)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, overload

from ._algorithm import jwk_members
from ._asymmetric import KeyPairAlgorithm, Lazy, public_half, require_private
from .exceptions import InvalidKeyError
from .types import JWKDict
from .utils import base64url_decode, base64url_encode, force_bytes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from .algorithms import AllowedOKPKeys

_ED25519 = Lazy[Any]("asymmetric.ed25519", "Ed25519PrivateKey", "Ed25519PublicKey")
_ED448 = Lazy[Any]("asymmetric.ed448", "Ed448PrivateKey", "Ed448PublicKey")
_CURVES = {"Ed25519": _ED25519, "Ed448": _ED448}


class _KeyTypes:
    """All four key types, for the class attribute that lists them."""

    def __get__(self, instance: object | None, owner: type) -> tuple[Any, ...]:
        return (*_ED25519.load(), *_ED448.load())


class OKPAlgorithm(KeyPairAlgorithm):
    """Sign with EdDSA; the key decides between Ed25519 and Ed448."""

    _crypto_key_types: Any = _KeyTypes()

    def __init__(self, **kwargs: Any) -> None:
        """Take no arguments that matter; any are ignored."""

    def prepare_key(self, key: AllowedOKPKeys | str | bytes) -> AllowedOKPKeys:
        """Read a key in PEM, or an ``ssh-ed25519`` public key; take a key object as it is."""
        loaded = _load(force_bytes(key)) if isinstance(key, (str, bytes)) else key
        self.check_crypto_key_type(loaded)
        prepared: AllowedOKPKeys = loaded
        return prepared

    def sign(self, msg: str | bytes, key: Ed25519PrivateKey | Ed448PrivateKey) -> bytes:
        """Sign a message."""
        message = force_bytes(msg)
        native = self.native_signer(key)
        if native is not None:
            return native.sign(message)
        require_private(key)
        return key.sign(message)

    def verify(self, msg: str | bytes, key: AllowedOKPKeys, sig: str | bytes) -> bool:
        """Check a signature."""
        message, signature = force_bytes(msg), force_bytes(sig)
        native = self.native_verifier(key)
        if native is not None:
            return native.verify(message, signature)
        from cryptography.exceptions import InvalidSignature

        try:
            public_half(key).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    @overload
    @staticmethod
    def to_jwk(key: AllowedOKPKeys, as_dict: Literal[True]) -> JWKDict: ...

    @overload
    @staticmethod
    def to_jwk(key: AllowedOKPKeys, as_dict: Literal[False] = False) -> str: ...

    @staticmethod
    def to_jwk(key: AllowedOKPKeys, as_dict: bool = False) -> JWKDict | str:
        """Write a key as a JWK of type ``OKP``; of a private key with ``d``."""
        curve = _curve_of(key)
        if curve is None:
            raise InvalidKeyError("Not a public or private key")
        jwk = {"x": _encoded(public_half(key).public_bytes_raw())}
        if hasattr(key, "private_bytes_raw"):
            jwk["d"] = _encoded(key.private_bytes_raw())
        jwk |= {"kty": "OKP", "crv": curve}
        return jwk if as_dict else json.dumps(jwk)

    @staticmethod
    def from_jwk(jwk: str | JWKDict) -> AllowedOKPKeys:
        """Read a JWK of type ``OKP``: a private key if it has ``d``, which must fit ``x``."""
        members = jwk_members(jwk)
        if members.get("kty") != "OKP":
            raise InvalidKeyError("Not an Octet Key Pair")
        curve = members.get("crv")
        if not isinstance(curve, str) or curve not in _CURVES:
            raise InvalidKeyError(f"Invalid curve: {curve}")
        if "x" not in members:
            raise InvalidKeyError('OKP should have "x" parameter')
        try:
            return _from_members(members, *_CURVES[curve].load())
        except (TypeError, ValueError) as error:
            raise InvalidKeyError("Invalid key parameter") from error

    def _native_name(self, key: Any) -> str | None:
        return "EdDSA" if isinstance(key, _ED25519.load()) else None

    def _hash_bits(self) -> None:
        """EdDSA hashes inside."""


def _load(data: bytes) -> Any:
    from cryptography.hazmat.primitives import serialization

    text = data.decode("utf-8")
    if "-----BEGIN PUBLIC" in text:
        return serialization.load_pem_public_key(data)
    if "-----BEGIN PRIVATE" in text or "-----BEGIN OPENSSH PRIVATE" in text:
        return _load_private(data)
    if text.startswith("ssh-"):
        return serialization.load_ssh_public_key(data)
    raise InvalidKeyError("Not a public or private key")


def _load_private(data: bytes) -> Any:
    from cryptography.hazmat.primitives import serialization

    if b"OPENSSH" in data:
        return serialization.load_ssh_private_key(data, password=None)
    return serialization.load_pem_private_key(data, password=None)


def _curve_of(key: object) -> str | None:
    for name, kinds in _CURVES.items():
        if isinstance(key, kinds.load()):
            return name
    return None


def _encoded(data: bytes) -> str:
    return base64url_encode(data).decode()


def _from_members(members: JWKDict, private: Any, public: Any) -> AllowedOKPKeys:
    x = base64url_decode(members["x"])
    if "d" not in members:
        verifying: AllowedOKPKeys = public.from_public_bytes(x)
        return verifying
    signing: AllowedOKPKeys = private.from_private_bytes(base64url_decode(members["d"]))
    if public_half(signing).public_bytes_raw() != x:
        raise InvalidKeyError("Public key does not match private key")
    return signing
