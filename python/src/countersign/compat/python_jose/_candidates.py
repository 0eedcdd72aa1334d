"""Find the keys with which a token may be verified, in whatever form a program passes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from countersign.jwt._keys import BoundedCache

from . import jwk
from .backends.base import Key
from .constants import ALGORITHMS
from .exceptions import JOSEError, JWKError

# Keys that were made before, by what they were made from.
_made: BoundedCache[Key] = BoundedCache(128)

_JWK_MEMBERS = ("kty", "crv", "n", "e", "x", "y", "k", "d", "p", "q", "dp", "dq", "qi", "oth")


def listed(key: Any) -> Iterable[Any]:
    """List the keys in a key, a JWK, a JWK set, a list, or a mapping of ``kid`` to PEM.

    The same as JSON text will do, and a string that is none of this is one key.
    """
    return _listed(_read(key))


class Candidates:
    """The keys to try for a token, those with its ``kid`` first."""

    def __init__(self, key: Any, algorithm: str, kid: object) -> None:
        """Prepare to go through the keys.

        Args:
            key: Whatever `listed` takes.
            algorithm: The algorithm that the token names.
            kid: The ``kid`` of the token.
        """
        found = _read(key)
        self._named = _is_named(found)
        self._keys = _with_kid_first(found, kid) if isinstance(kid, str) else _listed(found)
        self._algorithm = algorithm
        self.usable = 0
        """How many of the keys, as far as they were tried, are for the algorithm."""
        self.refusal: JOSEError | None = None
        """Why the last of the others is not."""

    def __iter__(self) -> Iterator[Key]:
        for one in self._keys:
            key = self._usable(one)
            if key is not None:
                self.usable += 1
                yield key

    def _usable(self, one: Any) -> Key | None:
        try:
            if self._named and isinstance(one, (str, bytes)) and self._algorithm in ALGORITHMS.HMAC:
                # The values of some other dict, such as a JWK without "kty", are no secrets.
                raise JWKError("A mapping of kid to key holds public keys; pass secrets in a list")
            return _key_for(one, self._algorithm)
        except JOSEError as error:
            self.refusal = error
            return None


def _key_for(key: Any, algorithm: str) -> Key:
    """Make a key for the algorithm that a token names, if it is one.

    What the key itself says of its algorithm and use counts: `jwk.construct` is the place where a
    program may decide otherwise.
    """
    if isinstance(key, Key):
        own = getattr(key, "_algorithm", algorithm)
        if own != algorithm:
            raise JWKError(f"The key is for {own}, the token says {algorithm}")
        return key
    if isinstance(key, dict):
        _check_purpose(key, algorithm)
    place = None if algorithm in ALGORITHMS.KEYS else _place(key, algorithm)
    if place is None:
        return jwk.construct(key, algorithm)
    made = _made.entries.get(place)
    if made is None:
        made = jwk.construct(key, algorithm)
        _made.put(place, made)
    return made


def _check_purpose(key: Mapping[str, Any], algorithm: str) -> None:
    """Hold a JWK to its members ``alg`` and ``use`` (RFC 7517 sections 4.2 and 4.4)."""
    own = key.get("alg")
    if own is not None and own != algorithm:
        raise JWKError(f"The key is for {own}, the token says {algorithm}")
    if key.get("use", "sig") != "sig":
        raise JWKError("The key is not for signatures")


def _place(key: Any, algorithm: str) -> tuple[Any, ...] | None:
    """Say where a key is kept: by its text, or by the members that make a JWK."""
    if isinstance(key, (str, bytes)):
        return key, algorithm
    if not isinstance(key, dict):
        return None
    members = tuple(key.get(name) for name in _JWK_MEMBERS)
    if any(member is not None and not isinstance(member, str) for member in members):
        return None
    return members, algorithm


def _read(key: Any) -> Any:
    """Read an object or a list from JSON; a secret that is another JSON value stays a secret."""
    if isinstance(key, str):
        opened = key.lstrip().startswith(("{", "["))
    else:
        opened = isinstance(key, bytes) and key.lstrip().startswith((b"{", b"["))
    if not opened:
        return key
    try:
        return json.loads(key)
    except (ValueError, RecursionError):
        return key


def _is_named(found: Any) -> bool:
    """Tell whether it is a mapping of ``kid`` to key."""
    return isinstance(found, Mapping) and bool(found) and not found.keys() & {"keys", "kty"}


def _listed(found: Any) -> Iterable[Any]:
    if _is_named(found):
        named: Iterable[Any] = found.values()
        return named
    if isinstance(found, Mapping) and "keys" in found:
        keys: Iterable[Any] = found["keys"]
        return keys
    if isinstance(found, Iterable) and not isinstance(found, (str, bytes, Mapping)):
        return found
    return (found,)


def _with_kid_first(found: Any, kid: str) -> Iterable[Any]:
    if _is_named(found):
        others = [key for name, key in found.items() if name != kid]
        return [found[kid], *others] if kid in found else others
    return sorted(_listed(found), key=lambda key: not _has_kid(key, kid))


def _has_kid(key: Any, kid: str) -> bool:
    return isinstance(key, dict) and key.get("kid") == kid
