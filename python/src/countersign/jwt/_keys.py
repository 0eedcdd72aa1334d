"""Keep parsed keys, so that a program which passes the same key again does not pay again."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from countersign import _native

if TYPE_CHECKING:
    from collections.abc import Hashable

Value = TypeVar("Value")


class BoundedCache(Generic[Value]):
    """Remember the most recently added values under their keys, the oldest giving way.

    Reading takes no lock: a dict is safe to read while another thread writes. `entries` is public
    for the hot path, which calls its `get` without a Python frame in between.
    """

    def __init__(self, limit: int) -> None:
        self.entries: dict[Hashable, Value] = {}
        self._limit = limit
        self._lock = Lock()

    def put(self, key: Hashable, value: Value) -> None:
        """Remember a value."""
        with self._lock:
            if key not in self.entries and len(self.entries) >= self._limit:
                del self.entries[next(iter(self.entries))]
            self.entries[key] = value

    def __reduce__(self) -> tuple[type[BoundedCache[Value]], tuple[int]]:
        """Copy and pickle as an empty cache: what it held can be made again."""
        return type(self), (self._limit,)


class IdentityCache(Generic[Value]):
    """Remember what was made from an object, for objects that cannot be compared or hashed.

    It holds the object itself, so that its identity cannot be given to another one meanwhile.
    """

    def __init__(self, limit: int) -> None:
        self._cache: BoundedCache[tuple[object, Value]] = BoundedCache(limit)

    def get(self, source: object, kind: str, make: Callable[[], Value]) -> Value:
        """Return what was made from this very object under this kind, or make it."""
        place = (id(source), kind)
        entry = self._cache.entries.get(place)
        if entry is not None and entry[0] is source:
            return entry[1]
        value = make()
        self._cache.put(place, (source, value))
        return value


_signers: IdentityCache[_native.RawKey | None] = IdentityCache(64)
_verifiers: IdentityCache[_native.RawKey | None] = IdentityCache(256)


def native_signer(key: Any, algorithm: str | None) -> _native.RawKey | None:
    """Find the engine's form of a private key of `cryptography`; ``None`` if there is none."""
    if algorithm is None or not _is_of_cryptography(key):
        return None
    return _signers.get(key, algorithm, lambda: _private(key, algorithm))


def native_verifier(key: Any, algorithm: str | None) -> _native.RawKey | None:
    """Find the engine's form of a key's public half; ``None`` if there is none."""
    if algorithm is None or not _is_of_cryptography(key):
        return None
    return _verifiers.get(key, algorithm, lambda: _public(key, algorithm))


def _is_of_cryptography(key: object) -> bool:
    """Leave keys alone that a program made to the same interface, such as those in a HSM."""
    return type(key).__module__.partition(".")[0] == "cryptography"


def _private(key: Any, algorithm: str) -> _native.RawKey | None:
    if not hasattr(key, "private_bytes"):
        return None
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    try:
        return _native.RawKey.from_der_private(der, algorithm)
    except ValueError:
        return None


def _public(key: Any, algorithm: str) -> _native.RawKey | None:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = key.public_key() if hasattr(key, "public_key") else key
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    try:
        return _native.RawKey.from_der_public(der, algorithm)
    except ValueError:
        return None
