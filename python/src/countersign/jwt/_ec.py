"""ES256, ES384, ES512 (RFC 7518 section 3.4) and ES256K (RFC 8812)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, overload

from ._algorithm import jwk_members
from ._asymmetric import KeyPairAlgorithm, Lazy, load, public_half, require_private
from .exceptions import InvalidKeyError
from .types import JWKDict
from .utils import (
    base64url_decode,
    bytes_to_number,
    der_to_raw_signature,
    force_bytes,
    raw_to_der_signature,
    to_base64url_uint,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import (
        EllipticCurve,
        EllipticCurvePrivateKey,
    )
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

    from .algorithms import AllowedECKeys

# JWK name: class in `cryptography`, bytes of a coordinate.
_CURVES = {
    "P-256": ("SECP256R1", 32),
    "P-384": ("SECP384R1", 48),
    "P-521": ("SECP521R1", 66),
    "secp256k1": ("SECP256K1", 32),
}
_JWK_NAMES = {known[0].lower(): name for name, known in _CURVES.items()}
_NATIVE_NAMES = {
    ("secp256r1", "256"): "ES256",
    ("secp256k1", "256"): "ES256K",
    ("secp384r1", "384"): "ES384",
    ("secp521r1", "512"): "ES512",
}


class ECAlgorithm(KeyPairAlgorithm):
    """Sign with ECDSA: ES256, ES256K, ES384, ES512."""

    _crypto_key_types: Any = Lazy(
        "asymmetric.ec", "EllipticCurvePrivateKey", "EllipticCurvePublicKey"
    )

    def __init__(
        self,
        hash_alg: type[HashAlgorithm],
        expected_curve: type[EllipticCurve] | None = None,
    ) -> None:
        self._hash_alg = hash_alg
        self._expected_curve: Any = expected_curve

    @property
    def expected_curve(self) -> type[EllipticCurve] | None:
        """The only curve that keys may be on; None for any."""
        if isinstance(self._expected_curve, Lazy):
            self._expected_curve = self._expected_curve.load()
        curve: type[EllipticCurve] | None = self._expected_curve
        return curve

    @expected_curve.setter
    def expected_curve(self, value: type[EllipticCurve] | None) -> None:
        self._expected_curve = value

    def _validate_curve(self, key: AllowedECKeys) -> None:
        """Refuse a key on another curve than the algorithm's (RFC 7518 section 3.4)."""
        expected = self.expected_curve
        if expected is not None and not isinstance(key.curve, expected):
            raise InvalidKeyError(
                f"The key's curve '{key.curve.name}' does not match the expected "
                f"curve '{expected.name}' for this algorithm"
            )

    def prepare_key(self, key: AllowedECKeys | str | bytes) -> AllowedECKeys:
        """Read a key in PEM, or an ``ecdsa-sha2-*`` public key; take a key object as it is."""
        loaded: Any
        if isinstance(key, self._crypto_key_types):
            loaded = key
        elif isinstance(key, (str, bytes)):
            loaded = _load(force_bytes(key))
            self.check_crypto_key_type(loaded)
        else:
            raise TypeError("Expecting a PEM-formatted key.")
        self._validate_curve(loaded)
        prepared: AllowedECKeys = loaded
        return prepared

    def sign(self, msg: bytes, key: EllipticCurvePrivateKey) -> bytes:
        """Sign a message; the signature is ``r || s``."""
        native = self.native_signer(key)
        if native is not None:
            return native.sign(msg)
        require_private(key)
        ecdsa = load("asymmetric.ec", "ECDSA")
        return der_to_raw_signature(key.sign(msg, ecdsa(self.hash_alg())), key.curve)

    def verify(self, msg: bytes, key: AllowedECKeys, sig: bytes) -> bool:
        """Check a signature in the form ``r || s``."""
        native = self.native_verifier(key)
        if native is not None:
            return native.verify(msg, sig)
        from cryptography.exceptions import InvalidSignature

        ecdsa = load("asymmetric.ec", "ECDSA")
        try:
            der = raw_to_der_signature(sig, key.curve)
            public_half(key).verify(der, msg, ecdsa(self.hash_alg()))
        except (InvalidSignature, ValueError):
            return False
        return True

    @overload
    @staticmethod
    def to_jwk(key_obj: AllowedECKeys, as_dict: Literal[True]) -> JWKDict: ...

    @overload
    @staticmethod
    def to_jwk(key_obj: AllowedECKeys, as_dict: Literal[False] = False) -> str: ...

    @staticmethod
    def to_jwk(key_obj: AllowedECKeys, as_dict: bool = False) -> JWKDict | str:
        """Write a key as a JWK of type ``EC``; of a private key with ``d``."""
        if not isinstance(key_obj, ECAlgorithm._crypto_key_types):
            raise InvalidKeyError("Not a public or private key")
        name = _JWK_NAMES.get(key_obj.curve.name)
        if name is None:
            raise InvalidKeyError(f"Invalid curve: {key_obj.curve}")
        numbers = public_half(key_obj).public_numbers()
        width = key_obj.curve.key_size
        jwk = {
            "kty": "EC",
            "crv": name,
            "x": to_base64url_uint(numbers.x, bit_length=width).decode(),
            "y": to_base64url_uint(numbers.y, bit_length=width).decode(),
        }
        if hasattr(key_obj, "private_numbers"):
            secret = key_obj.private_numbers().private_value
            jwk["d"] = to_base64url_uint(secret, bit_length=width).decode()
        return jwk if as_dict else json.dumps(jwk)

    @staticmethod
    def from_jwk(jwk: str | JWKDict) -> AllowedECKeys:
        """Read a JWK of type ``EC``: a private key if it has ``d``."""
        members = jwk_members(jwk)
        if members.get("kty") != "EC" or "x" not in members or "y" not in members:
            raise InvalidKeyError("Not an Elliptic curve key")
        try:
            key: AllowedECKeys = _from_members(members)
            return key
        except (TypeError, ValueError) as error:
            raise InvalidKeyError(f"Invalid key parameter: {error}") from error

    def _native_name(self, key: Any) -> str | None:
        return _NATIVE_NAMES.get((key.curve.name, self._hash_bits() or ""))


def _load(data: bytes) -> Any:
    from cryptography.hazmat.primitives import serialization

    if data.startswith(b"ecdsa-sha2-"):
        return serialization.load_ssh_public_key(data)
    try:
        return serialization.load_pem_public_key(data)
    except ValueError:
        return serialization.load_pem_private_key(data, password=None)


def _from_members(members: JWKDict) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec

    curve = members.get("crv")
    x, y = base64url_decode(members["x"]), base64url_decode(members["y"])
    if not isinstance(curve, str) or curve not in _CURVES:
        raise InvalidKeyError(f"Invalid curve: {curve}")
    kind, width = _CURVES[curve]
    if len(x) != width or len(y) != width:
        raise InvalidKeyError(f"Coords should be {width} bytes for curve {curve}")
    public = ec.EllipticCurvePublicNumbers(
        bytes_to_number(x), bytes_to_number(y), load("asymmetric.ec", kind)()
    )
    if "d" not in members:
        return public.public_key()
    d = base64url_decode(members["d"])
    if len(d) != width:
        raise InvalidKeyError(f"D should be {width} bytes for curve {curve}")
    return ec.EllipticCurvePrivateNumbers(bytes_to_number(d), public).private_key()
