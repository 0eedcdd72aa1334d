"""Revoke tokens: the stores, and what a store of your own must be able to do.

``JWT_REVOCATION_STORE`` is one of

- ``"memory"``: for tests and for a single process; a restart forgets everything;
- ``"sqlite:///revoked.db"`` (four slashes for an absolute path): shared by all processes of one
  machine, and kept over restarts;
- a `countersign.Countersign`: tokens are bound to sessions of the engine, see `EngineStore`;
- an object with the two methods of `RevocationStore`; one that has ``bind`` besides is a
  `BindingStore`, and may add claims to tokens when they are issued.

`revoke_token` revokes. Every route then refuses the token, unless it says
``skip_revocation_check=True``. A store that fails makes the request fail: a token is never taken
for good because nobody could be asked.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from heapq import heappop, heappush
from threading import Lock
from typing import Any, Protocol, runtime_checkable

from countersign.engine import Countersign

from ._engine_store import EngineStore, SessionEndsSoonerWarning
from ._sqlite_store import SqliteStore

__all__ = [
    "BindingStore",
    "EngineStore",
    "MemoryStore",
    "RevocationStore",
    "SessionEndsSoonerWarning",
    "SqliteStore",
    "open_store",
]

MARGIN = 600.0
"""Seconds that an entry is kept after the token's ``exp``, for clocks that disagree."""


@runtime_checkable
class RevocationStore(Protocol):
    """Remember which tokens are revoked.

    Both methods get the claims of a verified token; its ``jti`` is a string. They are called from
    several threads at once. What they raise becomes the answer of the request: status 500.
    """

    def revoke(self, claims: Mapping[str, Any]) -> None:
        """Revoke the token. When this returns, every process refuses it, after a crash too."""

    def is_revoked(self, claims: Mapping[str, Any]) -> bool:
        """Tell whether the token is revoked. It is asked at every request, so it must be fast."""


@runtime_checkable
class BindingStore(RevocationStore, Protocol):
    """Revoke more than one token at once, by something that all of them say."""

    def bind(self, claims: Mapping[str, Any], current: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer the claims to add to a token with these claims that is about to be issued.

        Args:
            claims: All claims that the token has otherwise.
            current: The claims of the token that this request was verified by; empty for none.
        """


class MemoryStore:
    """Remember revoked tokens in this process, each until it would have expired anyway.

    A token without ``exp`` stays for as long as the process lives.
    """

    def __init__(self, margin: float = MARGIN) -> None:
        """Make an empty store.

        Args:
            margin: Seconds that an entry is kept after the token's ``exp``.
        """
        self._margin = margin
        # countersign: allow S3 -- it is asked for by name, for tests and single processes
        self._revoked: set[str] = set()
        self._expiring: list[tuple[float, str]] = []
        self._lock = Lock()

    def revoke(self, claims: Mapping[str, Any]) -> None:
        """Revoke the token with these claims."""
        token_id, expires_at = claims["jti"], claims.get("exp")
        with self._lock:
            self._forget_expired()
            if token_id in self._revoked:
                return
            self._revoked.add(token_id)
            if expires_at is not None:
                heappush(self._expiring, (float(expires_at), token_id))

    def is_revoked(self, claims: Mapping[str, Any]) -> bool:
        """Tell whether the token with these claims is revoked."""
        return claims["jti"] in self._revoked

    def __len__(self) -> int:
        """Count what is remembered."""
        return len(self._revoked)

    def _forget_expired(self) -> None:
        latest = time.time() - self._margin
        while self._expiring and self._expiring[0][0] < latest:
            self._revoked.discard(heappop(self._expiring)[1])


def open_store(setting: object, margin: float = MARGIN) -> RevocationStore | None:
    """Make the store that ``JWT_REVOCATION_STORE`` means; None for None.

    Args:
        setting: The value of the setting.
        margin: Seconds that an entry is kept after the token's ``exp``.

    Raises:
        RuntimeError: It means nothing.
    """
    if setting is None:
        return None
    if setting == "memory":
        return MemoryStore(margin)
    if isinstance(setting, Countersign):
        return EngineStore(setting)
    path = _sqlite_path(setting)
    if path is not None:
        return SqliteStore(path, margin)
    if not isinstance(setting, (str, type)) and isinstance(setting, RevocationStore):
        return setting
    raise RuntimeError(
        f"JWT_REVOCATION_STORE is {_without_password(setting)}, and must be"
        ' "memory", "sqlite:///path/to/file.db", a Countersign, or an object with the methods'
        " revoke and is_revoked"
    )


def _without_password(setting: object) -> str:
    """What a setting is; of a URI, its scheme."""
    if not isinstance(setting, str):
        return repr(setting)
    scheme, separator, _ = setting.partition(":")
    return f"{scheme}:..." if separator else repr(setting)


def _sqlite_path(setting: object) -> str | None:
    """Take the path out of ``sqlite:///path``, if that is what it is."""
    if not isinstance(setting, str) or not setting.startswith("sqlite:///"):
        return None
    path = setting.removeprefix("sqlite:///")
    return path if path not in ("", ":memory:") else None
