"""A key pair as objects and in the forms in which programs store one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
        pem: bytes = self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return pem

    def public_pem(self) -> bytes:
        return self.public_bytes(Encoding.PEM)

    def public_bytes(
        self, encoding: Encoding, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo
    ) -> bytes:
        data: bytes = self.public.public_bytes(encoding, form)
        return data


def key_pair(algorithm: str, private: Any) -> KeyPair:
    """Put a private key and its public half together."""
    return KeyPair(algorithm, private, private.public_key())
