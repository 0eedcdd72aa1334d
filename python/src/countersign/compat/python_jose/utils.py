"""Convert between the encodings of JOSE, for programs that imported these functions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from countersign.jwt.utils import (
    base64url_decode,
    base64url_encode,
    force_bytes,
    from_base64url_uint,
    is_pem_format,
    is_ssh_key,
    number_to_bytes,
    to_base64url_uint,
)

__all__ = [
    "base64_to_long",
    "base64url_decode",
    "base64url_encode",
    "calculate_at_hash",
    "ensure_binary",
    "is_pem_format",
    "is_ssh_key",
    "long_to_base64",
    "long_to_bytes",
    "timedelta_total_seconds",
]


def calculate_at_hash(access_token: str, hash_alg: Callable[..., Any]) -> str:
    """Compute the claim ``at_hash`` (OpenID Connect Core 1.0 section 3.1.3.6).

    Args:
        access_token: The access token.
        hash_alg: A function of `hashlib`, that of the ID token's algorithm.
    """
    digest: bytes = hash_alg(access_token.encode("utf-8")).digest()
    return base64url_encode(digest[: len(digest) // 2]).decode("ascii")


def ensure_binary(s: str | bytes) -> bytes:
    """Take text or bytes as bytes (UTF-8).

    Raises:
        TypeError: It is neither.
    """
    return force_bytes(s)


def long_to_bytes(n: int, blocksize: int = 0) -> bytes:
    """Write an integer big-endian, in so many bytes or as few as it needs."""
    return number_to_bytes(n, blocksize or max(1, (n.bit_length() + 7) // 8))


def long_to_base64(data: int, size: int = 0) -> bytes:
    """Encode an integer as a JWK does, in so many bytes or as few as it needs."""
    return to_base64url_uint(data, bit_length=8 * size or None)


def base64_to_long(data: str | bytes) -> int:
    """Decode an integer of a JWK."""
    return from_base64url_uint(data)


def timedelta_total_seconds(delta: timedelta) -> int:
    """Return the whole seconds of a timedelta."""
    return delta.days * 24 * 60 * 60 + delta.seconds
