"""The names that were in python-jose's ``backends.native``."""

from __future__ import annotations

import secrets

from ._hmac import HMACKey

__all__ = ["HMACKey", "get_random_bytes"]


def get_random_bytes(num_bytes: int) -> bytes:
    """Return random bytes from the operating system."""
    return secrets.token_bytes(num_bytes)
