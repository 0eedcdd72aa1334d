"""Key pairs in every form that programs pass, made once."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from countersign.compat.python_jose import jwk


class Pair(NamedTuple):
    """A key pair and what may be made of it."""

    algorithm: str
    private: Any

    @property
    def public(self) -> Any:
        return self.private.public_key()

    def private_pem(self) -> str:
        pem: bytes = self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return pem.decode()

    def public_pem(self) -> str:
        return self.public_bytes(Encoding.PEM).decode()

    def public_bytes(
        self, encoding: Encoding, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo
    ) -> bytes:
        written: bytes = self.public.public_bytes(encoding, form)
        return written

    def jwk(self, private: bool = False, **members: Any) -> dict[str, Any]:
        key = jwk.construct(self.private_pem() if private else self.public_pem(), self.algorithm)
        return {**key.to_dict(), **members}


@pytest.fixture(scope="session")
def rsa_pair() -> Pair:
    return Pair("RS256", rsa.generate_private_key(65537, 2048))


@pytest.fixture(scope="session")
def other_rsa_pair() -> Pair:
    return Pair("RS256", rsa.generate_private_key(65537, 2048))


@pytest.fixture(scope="session")
def ec_pair() -> Pair:
    return Pair("ES256", ec.generate_private_key(ec.SECP256R1()))
