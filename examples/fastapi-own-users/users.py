"""The application's own users: a table in SQLite, passwords with scrypt. It knows no tokens."""

import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

_TABLE = """
CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    roles TEXT NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0,
    salt BLOB NOT NULL,
    password BLOB NOT NULL
)
"""


@dataclass(frozen=True)
class User:
    """One of our users."""

    id: str
    name: str
    roles: tuple[str, ...]
    disabled: bool


class Users:
    """The table. Connections are opened for each call, so that any thread may ask."""

    def __init__(self, path: str) -> None:
        self._path = path
        with self._database() as database:
            database.execute(_TABLE)

    def add(self, name: str, password: str, roles: Iterable[str]) -> User:
        """Adds a user.

        Raises:
            ValueError: somebody has the name.
        """
        id, salt = f"user-{secrets.token_hex(8)}", secrets.token_bytes(16)
        row = (id, name, " ".join(roles), salt, _hash(password, salt))
        try:
            with self._database() as database:
                database.execute(
                    "INSERT INTO users (id, name, roles, salt, password) VALUES (?, ?, ?, ?, ?)",
                    row,
                )
        except sqlite3.IntegrityError:
            raise ValueError(f"there is a user {name!r} already") from None
        return self.named(name)

    def check(self, name: str, password: str) -> User | None:
        """The user with this name and password, unless disabled."""
        with self._database() as database:
            row = database.execute(
                "SELECT salt, password FROM users WHERE name = ? AND NOT disabled", (name,)
            ).fetchone()
        # Whoever asks for a name that nobody has waits as long as for a wrong password.
        salt, expected = row or (bytes(16), bytes(64))
        right = hmac.compare_digest(_hash(password, salt), expected)
        return self.named(name) if row and right else None

    def find(self, id: str) -> User | None:
        """The user of this id."""
        return self._one("id", id)

    def named(self, name: str) -> User:
        """The user of this name.

        Raises:
            KeyError: there is none.
        """
        user = self._one("name", name)
        if user is None:
            raise KeyError(name)
        return user

    def change(
        self, user: User, *, roles: Iterable[str] | None = None, disabled: bool | None = None
    ) -> None:
        """Sets roles, or whether the user is disabled; None leaves them as they are."""
        after = (
            " ".join(user.roles if roles is None else roles),
            user.disabled if disabled is None else disabled,
            user.id,
        )
        with self._database() as database:
            database.execute("UPDATE users SET roles = ?, disabled = ? WHERE id = ?", after)

    def _one(self, column: str, value: str) -> User | None:
        with self._database() as database:
            row = database.execute(
                f"SELECT id, name, roles, disabled FROM users WHERE {column} = ?",  # noqa: S608 - ours
                (value,),
            ).fetchone()
        return row and User(row[0], row[1], tuple(row[2].split()), bool(row[3]))

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path)) as database, database:
            yield database


def _hash(password: str, salt: bytes) -> bytes:
    """Scrypt with what OWASP asks for: 16 MiB, five times."""
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=5, maxmem=2**25)
