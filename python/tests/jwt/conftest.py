"""Keys for the tests of `countersign.jwt`, made once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)


@dataclass(frozen=True)
class KeyPair:
    """A key pair as objects and in the forms in which programs store one."""

    algorithm: str
    private: Any
    public: Any

    def private_pem(self) -> bytes:
        pem: bytes = self.private.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        return pem

    def public_pem(self) -> bytes:
        return self.public_bytes(Encoding.PEM)

    def public_bytes(
        self, encoding: Encoding, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo
    ) -> bytes:
        data: bytes = self.public.public_bytes(encoding, form)
        return data


def _pair(algorithm: str, private: Any) -> KeyPair:
    return KeyPair(algorithm, private, private.public_key())


@pytest.fixture(scope="session")
def key_pairs() -> dict[str, KeyPair]:
    rsa_key = rsa.generate_private_key(65537, 2048)
    pairs = [
        _pair("RS256", rsa_key),
        _pair("RS384", rsa_key),
        _pair("RS512", rsa_key),
        _pair("PS256", rsa_key),
        _pair("PS384", rsa_key),
        _pair("PS512", rsa_key),
        _pair("ES256", ec.generate_private_key(ec.SECP256R1())),
        _pair("ES256K", ec.generate_private_key(ec.SECP256K1())),
        _pair("ES384", ec.generate_private_key(ec.SECP384R1())),
        _pair("ES512", ec.generate_private_key(ec.SECP521R1())),
        _pair("EdDSA", ed25519.Ed25519PrivateKey.generate()),
    ]
    ed448_pair = KeyPair("EdDSA", *_halves(ed448.Ed448PrivateKey.generate()))
    return {pair.algorithm: pair for pair in pairs} | {"Ed448": ed448_pair}


def _halves(private: Any) -> tuple[Any, Any]:
    return private, private.public_key()
