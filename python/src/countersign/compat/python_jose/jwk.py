"""Make keys: `construct`; or add a kind of your own: `register_key`."""

from __future__ import annotations

from typing import Any

from .backends import AESKey, DIRKey, ECKey, HMACKey, RSAKey
from .backends.base import Key
from .constants import ALGORITHMS
from .exceptions import JWKError

__all__ = [
    "AESKey",
    "DIRKey",
    "ECKey",
    "HMACKey",
    "Key",
    "RSAKey",
    "construct",
    "get_key",
    "register_key",
]


def construct(key_data: Any, algorithm: str | None = None) -> Key:
    """Make a key for an algorithm.

    Args:
        key_data: A secret, PEM, a JWK as a dict, or a key object.
        algorithm: The algorithm; by default the JWK's ``alg``.

    Raises:
        JWKError: There is no algorithm, or it is not a key for it.
        JWEError: The algorithm encrypts.
    """
    if not algorithm and isinstance(key_data, dict):
        algorithm = key_data.get("alg")
    kind = get_key(algorithm) if algorithm else None
    if kind is None or algorithm is None:
        raise JWKError("Unable to find an algorithm for key")
    return kind(key_data, algorithm)


def get_key(algorithm: str) -> type[Key] | None:
    """Return the class of the keys for an algorithm; None if there is none."""
    if not isinstance(algorithm, str):
        return None
    if algorithm in ALGORITHMS.KEYS:
        return ALGORITHMS.KEYS[algorithm]
    for names, kind in _KINDS:
        if algorithm in names:
            return kind
    return None


_KINDS: tuple[tuple[set[str], type[Key]], ...] = (
    (ALGORITHMS.HMAC, HMACKey),
    (ALGORITHMS.RSA, RSAKey),
    (ALGORITHMS.EC, ECKey),
    (ALGORITHMS.AES, AESKey),
    ({ALGORITHMS.DIR}, DIRKey),
)


def register_key(algorithm: str, key_class: type[Key]) -> bool:
    """Use a class of your own for the keys of an algorithm, everywhere in this process.

    Raises:
        TypeError: It is not a subclass of `Key`.
    """
    if not issubclass(key_class, Key):
        raise TypeError("Key class is not a subclass of jwk.Key")
    ALGORITHMS.KEYS[algorithm] = key_class
    ALGORITHMS.SUPPORTED.add(algorithm)
    return True
