"""Keys for the tests of `countersign.jwt`, made once."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from .key_pairs import KeyPair, key_pair


@pytest.fixture(scope="session")
def key_pairs() -> dict[str, KeyPair]:
    rsa_key = rsa.generate_private_key(65537, 2048)
    pairs = [
        key_pair("RS256", rsa_key),
        key_pair("RS384", rsa_key),
        key_pair("RS512", rsa_key),
        key_pair("PS256", rsa_key),
        key_pair("PS384", rsa_key),
        key_pair("PS512", rsa_key),
        key_pair("ES256", ec.generate_private_key(ec.SECP256R1())),
        key_pair("ES256K", ec.generate_private_key(ec.SECP256K1())),
        key_pair("ES384", ec.generate_private_key(ec.SECP384R1())),
        key_pair("ES512", ec.generate_private_key(ec.SECP521R1())),
        key_pair("EdDSA", ed25519.Ed25519PrivateKey.generate()),
    ]
    ed448_pair = key_pair("EdDSA", ed448.Ed448PrivateKey.generate())
    return {pair.algorithm: pair for pair in pairs} | {"Ed448": ed448_pair}
