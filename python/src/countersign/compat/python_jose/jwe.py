"""Say what to use for encrypted tokens (JWE), which are not offered here."""

from __future__ import annotations

from typing import Any, NoReturn

from .backends.base import NO_ENCRYPTION
from .exceptions import JWEError

__all__ = ["decrypt", "encrypt", "get_unverified_header"]


def encrypt(
    plaintext: str | bytes,
    key: Any,
    encryption: str = "A256GCM",
    algorithm: str = "dir",
    zip: str | None = None,
    cty: str | None = None,
    kid: str | None = None,
) -> NoReturn:
    """Raise an error that says what to use.

    Raises:
        JWEError: Always.
    """
    raise JWEError(NO_ENCRYPTION)


def decrypt(jwe_str: str | bytes, key: Any) -> NoReturn:
    """Raise an error that says what to use.

    Raises:
        JWEError: Always.
    """
    raise JWEError(NO_ENCRYPTION)


def get_unverified_header(jwe_str: str | bytes) -> NoReturn:
    """Raise an error that says what to use.

    Raises:
        JWEError: Always.
    """
    raise JWEError(NO_ENCRYPTION)
