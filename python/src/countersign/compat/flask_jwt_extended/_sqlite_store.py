"""Remember revoked tokens in an SQLite file that several processes share."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Mapping
from threading import Lock
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS revoked_tokens (
    jti TEXT PRIMARY KEY,
    expires_at REAL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS revoked_tokens_by_expiry ON revoked_tokens (expires_at);
"""

_PATIENCE = 10.0
"""Seconds to wait for another process that has locked the file."""

# Connections of a parent process. SQLite must not see them in the child, not even to close them.
_inherited: list[_Connections] = []


class _Connections:
    """Hold one connection that reads and one that writes, so that no reader waits for a disk."""

    def __init__(self, path: str) -> None:
        self.process = os.getpid()
        self.reading, self.writing = Lock(), Lock()
        self._opened: list[sqlite3.Connection] = []
        self.writer = self._open(path)
        _prepare(self.writer)
        self.reader = self._open(path)

    def close(self) -> None:
        for connection in self._opened:
            connection.close()

    def __del__(self) -> None:
        if self.process == os.getpid():
            self.close()

    def _open(self, path: str) -> sqlite3.Connection:
        # Shared by the threads, which take turns.
        connection = sqlite3.connect(
            path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
        self._opened.append(connection)
        return connection


class SqliteStore:
    """Remember revoked tokens in a file, each until it would have expired anyway.

    All processes of one machine may use the file at once: what one of them revokes, all of them
    refuse at their next request. A revocation is on the disk before `revoke` returns. Do not put
    the file on a network file system; SQLite cannot lock it there.
    """

    def __init__(self, path: str | os.PathLike[str], margin: float = 600.0) -> None:
        """Name the file; it is opened, and made if need be, at the first use.

        Args:
            path: The file; its folder must exist.
            margin: Seconds that an entry is kept after the token's ``exp``.
        """
        self._path = os.path.abspath(path)
        self._margin = margin
        self._connections: _Connections | None = None
        self._opening = Lock()

    def revoke(self, claims: Mapping[str, Any]) -> None:
        """Revoke the token with these claims, and forget those that have expired."""
        connections = self._open()
        expires_at = claims.get("exp")
        row = (claims["jti"], None if expires_at is None else float(expires_at))
        with connections.writing, connections.writer as writer:
            writer.execute("BEGIN IMMEDIATE")
            writer.execute(
                "DELETE FROM revoked_tokens WHERE expires_at < ?", (time.time() - self._margin,)
            )
            writer.execute("INSERT OR IGNORE INTO revoked_tokens VALUES (?, ?)", row)

    def is_revoked(self, claims: Mapping[str, Any]) -> bool:
        """Tell whether the token with these claims is revoked."""
        connections = self._open()
        with connections.reading:
            found = connections.reader.execute(
                "SELECT 1 FROM revoked_tokens WHERE jti = ?", (claims["jti"],)
            )
            return found.fetchone() is not None

    def close(self) -> None:
        """Close the file. It is opened again if the store is used again."""
        with self._opening:
            connections, self._connections = self._connections, None
        if connections is not None and connections.process == os.getpid():
            connections.close()

    def _open(self) -> _Connections:
        """Find this process's connections, or make them: after a fork, too."""
        connections = self._connections
        if connections is not None and connections.process == os.getpid():
            return connections
        with self._opening:
            connections = self._connections
            if connections is None or connections.process != os.getpid():
                if connections is not None:
                    _inherited.append(connections)
                connections = self._connections = _Connections(self._path)
            return connections


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA synchronous = FULL")
    _use_write_ahead_log(connection)
    connection.executescript(_SCHEMA)


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Let readers read while somebody writes; several processes may want to decide it at once."""
    latest = time.monotonic() + _PATIENCE
    while not _has_write_ahead_log(connection, time.monotonic() > latest):
        time.sleep(0.05)


def _has_write_ahead_log(connection: sqlite3.Connection, last_try: bool) -> bool:
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if last_try or "locked" not in str(error):
            raise
        return False
    return True
