"""What every key is; subclass it for an algorithm of your own, and `register_key` it."""

from __future__ import annotations

from typing import Any

from ..exceptions import JWEError

__all__ = ["DIRKey", "Key"]


class Key:
    """Sign and verify with one key by one algorithm."""

    def __init__(self, key: Any, algorithm: str) -> None:
        """Take a key for an algorithm."""

    def sign(self, msg: bytes) -> bytes:
        """Sign a message."""
        raise NotImplementedError

    def verify(self, msg: bytes, sig: bytes) -> bool:
        """Check a signature."""
        raise NotImplementedError

    def public_key(self) -> Key:
        """Return the public half."""
        raise NotImplementedError

    def to_pem(self) -> bytes:
        """Write the key in PEM."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """Write the key as a JWK."""
        raise NotImplementedError

    def encrypt(self, plain_text: bytes, aad: bytes | None = None) -> tuple[bytes, bytes, bytes]:
        """Encrypt; nothing here does."""
        raise NotImplementedError

    def decrypt(
        self,
        cipher_text: bytes,
        iv: bytes | None = None,
        aad: bytes | None = None,
        tag: bytes | None = None,
    ) -> bytes:
        """Decrypt; nothing here does."""
        raise NotImplementedError

    def wrap_key(self, key_data: bytes) -> bytes:
        """Encrypt a key; nothing here does."""
        raise NotImplementedError

    def unwrap_key(self, wrapped_key: bytes) -> bytes:
        """Decrypt a key; nothing here does."""
        raise NotImplementedError


NO_ENCRYPTION = (
    "Encrypted tokens (JWE) are not offered here. Install joserfc and use "
    "joserfc.jwe.encrypt_compact and decrypt_compact; its tokens and python-jose's are the same."
)


class EncryptionKey(Key):
    """Say, when it is made, that nothing here encrypts."""

    def __init__(self, key: Any, algorithm: str) -> None:
        raise JWEError(NO_ENCRYPTION)


class AESKey(EncryptionKey):
    """Stand for keys of AES."""


class DIRKey(EncryptionKey):
    """Stand for keys of ``dir``."""
