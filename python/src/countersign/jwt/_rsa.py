"""RS256 to RS512 and PS256 to PS512 (RFC 7518 sections 3.3 and 3.5)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, Literal, overload

from ._algorithm import jwk_members
from ._asymmetric import KeyPairAlgorithm, Lazy, public_half, require_private
from .exceptions import InvalidKeyError
from .types import JWKDict
from .utils import force_bytes, from_base64url_uint, to_base64url_uint

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.padding import AsymmetricPadding
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

    from .algorithms import AllowedRSAKeys

_CRT_MEMBERS = ("p", "q", "dp", "dq", "qi")


class RSAAlgorithm(KeyPairAlgorithm):
    """Sign with RSASSA-PKCS1-v1_5: RS256, RS384, RS512."""

    _MIN_KEY_SIZE: ClassVar[int] = 2048
    _FAMILY: ClassVar[str] = "RS"

    _crypto_key_types: Any = Lazy("asymmetric.rsa", "RSAPrivateKey", "RSAPublicKey")

    def __init__(self, hash_alg: type[HashAlgorithm]) -> None:
        self._hash_alg = hash_alg

    def check_key_length(self, key: AllowedRSAKeys) -> str | None:
        """Ask for 2048 bits (NIST SP 800-131A)."""
        if key.key_size >= self._MIN_KEY_SIZE:
            return None
        return (
            f"The RSA key is {key.key_size} bits long, which is below the minimum recommended"
            f" size of {self._MIN_KEY_SIZE} bits. See NIST SP 800-131A."
        )

    def prepare_key(self, key: AllowedRSAKeys | str | bytes) -> AllowedRSAKeys:
        """Read a key in PEM, or an ``ssh-rsa`` public key; take a key object as it is."""
        prepared: AllowedRSAKeys
        if isinstance(key, (str, bytes)):
            prepared = _load(force_bytes(key))
            self.check_crypto_key_type(prepared)
            return prepared
        if not isinstance(key, self._crypto_key_types):
            raise TypeError("Expecting a PEM-formatted key.")
        prepared = key
        return prepared

    @overload
    @staticmethod
    def to_jwk(key_obj: AllowedRSAKeys, as_dict: Literal[True]) -> JWKDict: ...

    @overload
    @staticmethod
    def to_jwk(key_obj: AllowedRSAKeys, as_dict: Literal[False] = False) -> str: ...

    @staticmethod
    def to_jwk(key_obj: AllowedRSAKeys, as_dict: bool = False) -> JWKDict | str:
        """Write a key as a JWK of type ``RSA``; of a private key with its private members."""
        if hasattr(key_obj, "private_numbers"):
            jwk = _private_to_jwk(key_obj)
        elif hasattr(key_obj, "verify"):
            jwk = {"kty": "RSA", "key_ops": ["verify"], **_public_to_jwk(key_obj)}
        else:
            raise InvalidKeyError("Not a public or private key")
        return jwk if as_dict else json.dumps(jwk)

    @staticmethod
    def from_jwk(jwk: str | JWKDict) -> AllowedRSAKeys:
        """Read a JWK of type ``RSA``: a private key if it has ``d``."""
        members = jwk_members(jwk)
        if members.get("kty") != "RSA":
            raise InvalidKeyError("Not an RSA key")
        if "n" not in members or "e" not in members:
            raise InvalidKeyError("Not a public or private key")
        try:
            return _private_from_jwk(members) if "d" in members else _public_from_jwk(members)
        except (TypeError, ValueError) as error:
            raise InvalidKeyError(f"Invalid key parameter: {error}") from error

    def sign(self, msg: bytes, key: RSAPrivateKey) -> bytes:
        """Sign a message."""
        native = self.native_signer(key)
        if native is not None:
            return native.sign(msg)
        require_private(key)
        return key.sign(msg, self._padding(), self.hash_alg())

    def verify(self, msg: bytes, key: RSAPublicKey, sig: bytes) -> bool:
        """Check a signature."""
        native = self.native_verifier(key)
        if native is not None:
            return native.verify(msg, sig)
        from cryptography.exceptions import InvalidSignature

        try:
            public_half(key).verify(sig, msg, self._padding(), self.hash_alg())
        except InvalidSignature:
            return False
        return True

    def _padding(self) -> AsymmetricPadding:
        from cryptography.hazmat.primitives.asymmetric import padding

        return padding.PKCS1v15()

    def _native_name(self, key: Any) -> str | None:
        bits = self._hash_bits()
        return self._FAMILY + bits if bits and key.key_size >= self._MIN_KEY_SIZE else None


class RSAPSSAlgorithm(RSAAlgorithm):
    """Sign with RSASSA-PSS, the salt as long as the hash: PS256, PS384, PS512."""

    _FAMILY: ClassVar[str] = "PS"

    def _padding(self) -> AsymmetricPadding:
        from cryptography.hazmat.primitives.asymmetric import padding

        hash_alg = self.hash_alg()
        return padding.PSS(mgf=padding.MGF1(hash_alg), salt_length=hash_alg.digest_size)


def _load(data: bytes) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    try:
        if data.startswith(b"ssh-rsa"):
            return serialization.load_ssh_public_key(data)
        try:
            return serialization.load_pem_private_key(data, password=None)
        except ValueError:
            return serialization.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidKeyError("Could not parse the provided public key.") from error


def _uint(value: int) -> str:
    return to_base64url_uint(value).decode()


def _public_to_jwk(key: Any) -> JWKDict:
    numbers = key.public_numbers()
    return {"n": _uint(numbers.n), "e": _uint(numbers.e)}


def _private_to_jwk(key: Any) -> JWKDict:
    numbers = key.private_numbers()
    private = (numbers.d, numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp)
    members = zip(("d", *_CRT_MEMBERS), map(_uint, private), strict=True)
    return {
        "kty": "RSA",
        "key_ops": ["sign"],
        **_public_to_jwk(key.public_key()),
        **dict(members),
    }


def _public_from_jwk(members: JWKDict) -> RSAPublicKey:
    public: RSAPublicKey = _public_numbers(members).public_key()
    return public


def _private_from_jwk(members: JWKDict) -> RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric import rsa

    if "oth" in members:
        raise InvalidKeyError("Unsupported RSA private key: > 2 primes not supported")
    public = _public_numbers(members)
    d = from_base64url_uint(members["d"])
    given = [name for name in _CRT_MEMBERS if name in members]
    if given and len(given) < len(_CRT_MEMBERS):
        raise InvalidKeyError("RSA key must include all parameters if any are present besides d")
    if given:
        p, q, dp, dq, qi = (from_base64url_uint(members[name]) for name in _CRT_MEMBERS)
    else:
        p, q = rsa.rsa_recover_prime_factors(public.n, d, public.e)
        dp, dq, qi = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    return rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, public).private_key()


def _public_numbers(members: JWKDict) -> Any:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

    return RSAPublicNumbers(from_base64url_uint(members["e"]), from_base64url_uint(members["n"]))
