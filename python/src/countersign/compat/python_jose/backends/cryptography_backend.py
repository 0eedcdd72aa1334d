"""The names that were in python-jose's ``backends.cryptography_backend``."""

from __future__ import annotations

from ._ec import ECKey as CryptographyECKey
from ._hmac import HMACKey as CryptographyHMACKey
from ._rsa import RSAKey as CryptographyRSAKey
from .base import AESKey as CryptographyAESKey

__all__ = ["CryptographyAESKey", "CryptographyECKey", "CryptographyHMACKey", "CryptographyRSAKey"]
