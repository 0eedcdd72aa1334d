"""The classes of keys.

python-jose has several of each, by the library that does the work. Here the engine does it, and
the modules named after those libraries have the same classes.
"""

from __future__ import annotations

from ._ec import ECKey
from ._hmac import HMACKey
from ._rsa import RSAKey
from .base import AESKey, DIRKey
from .native import get_random_bytes

__all__ = ["AESKey", "DIRKey", "ECKey", "HMACKey", "RSAKey", "get_random_bytes"]
