"""What the algorithms with key pairs share. `cryptography` is imported at the first key.

Signatures are made and checked by the engine. `cryptography` does it for what the engine does not
have: Ed448, RSA keys below 2048 bits, curves paired with another hash than RFC 7518 names, and key
objects that a program implements itself, for example over a hardware module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from countersign import _native

from ._algorithm import Algorithm
from ._keys import native_signer, native_verifier
from .exceptions import InvalidKeyError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

Loaded = TypeVar("Loaded")


class Lazy(Generic[Loaded]):
    """Name something in `cryptography`, and get it when a class or an object is asked for it."""

    def __init__(self, module: str, *names: str) -> None:
        self._module = module
        self._names = names

    def load(self) -> Any:
        """Import it: the object itself for one name, a tuple for more."""
        loaded = [load(self._module, name) for name in self._names]
        return loaded[0] if len(loaded) == 1 else tuple(loaded)

    @overload
    def __get__(self, instance: None, owner: type) -> Loaded: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Loaded: ...
    def __get__(self, instance: object | None, owner: type) -> Any:
        return self.load()


def load(module: str, name: str) -> Any:
    """Import a name from ``cryptography.hazmat.primitives``."""
    from importlib import import_module

    return getattr(import_module(f"cryptography.hazmat.primitives.{module}"), name)


class KeyPairAlgorithm(Algorithm):
    """Sign with a private key and verify with its public half."""

    SHA256: Lazy[type[HashAlgorithm]] = Lazy("hashes", "SHA256")
    SHA384: Lazy[type[HashAlgorithm]] = Lazy("hashes", "SHA384")
    SHA512: Lazy[type[HashAlgorithm]] = Lazy("hashes", "SHA512")

    _hash_alg: Any = None

    @property
    def hash_alg(self) -> type[HashAlgorithm]:
        """The hash function, a class of `cryptography`."""
        if isinstance(self._hash_alg, Lazy):
            self._hash_alg = self._hash_alg.load()
        loaded: type[HashAlgorithm] = self._hash_alg
        return loaded

    @hash_alg.setter
    def hash_alg(self, value: type[HashAlgorithm]) -> None:
        self._hash_alg = value

    def native_signer(self, key: Any) -> _native.RawKey | None:
        """Find the engine's form of a prepared private key, if it has one."""
        return native_signer(key, self._native_name(key))

    def native_verifier(self, key: Any) -> _native.RawKey | None:
        """Find the engine's form of a prepared key's public half, if it has one."""
        return native_verifier(key, self._native_name(key))

    def _native_name(self, key: Any) -> str | None:
        """Name what the engine calls this algorithm with this key."""
        raise NotImplementedError

    def _hash_bits(self) -> str | None:
        name: Any = self.hash_alg.name
        return _HASH_BITS.get(name)


_HASH_BITS = {"sha256": "256", "sha384": "384", "sha512": "512"}


def public_half(key: Any) -> Any:
    """Return a public key as it is, and of a private key its public half."""
    return key.public_key() if hasattr(key, "public_key") else key


def require_private(key: Any) -> None:
    """Refuse to sign with a public key, in words."""
    if not hasattr(key, "sign"):
        raise InvalidKeyError("A private key is needed to sign; this is a public key.")
