"""The name that was in python-jose's ``backends.rsa_backend``."""

from __future__ import annotations

from ._rsa import RSAKey

__all__ = ["RSAKey"]
