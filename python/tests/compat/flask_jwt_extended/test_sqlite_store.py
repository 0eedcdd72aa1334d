"""The store in an SQLite file: shared by processes and threads, kept over restarts and forks."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from countersign.compat.flask_jwt_extended.revocation import SqliteStore

LATER = time.time() + 1000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "revoked.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(path)
    yield store
    store.close()


def rows(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    try:
        return {row[0] for row in connection.execute("SELECT jti FROM revoked_tokens")}
    finally:
        connection.close()


def test_nothing_is_opened_before_the_first_use(path: Path, store: SqliteStore) -> None:
    assert not path.exists()
    assert not store.is_revoked({"jti": "a"})
    assert path.exists()


def test_it_is_kept_over_a_restart(path: Path, store: SqliteStore) -> None:
    store.revoke({"jti": "a", "exp": LATER})
    store.revoke({"jti": "b"})
    store.close()
    again = SqliteStore(path)
    assert again.is_revoked({"jti": "a"})
    assert again.is_revoked({"jti": "b"})
    assert not again.is_revoked({"jti": "c"})
    again.close()
    again.close()


def test_another_process_sees_it_at_once(path: Path, store: SqliteStore) -> None:
    assert not store.is_revoked({"jti": "a"})
    program = (
        "import sys\n"
        "from countersign.compat.flask_jwt_extended.revocation import SqliteStore\n"
        "store = SqliteStore(sys.argv[1])\n"
        "store.revoke({'jti': 'a', 'exp': float(sys.argv[2])})\n"
        "import os; os._exit(0)\n"  # as if it were killed: what is acknowledged is durable
    )
    arguments = [sys.executable, "-c", program, str(path), str(LATER)]
    subprocess.run(arguments, check=True, timeout=60)
    assert store.is_revoked({"jti": "a"})


REVOKE_TWENTY = """
import sys
from countersign.compat.flask_jwt_extended.revocation import SqliteStore
store = SqliteStore(sys.argv[1])
for number in range(20):
    claims = {"jti": f"{sys.argv[2]}-{number}", "exp": float(sys.argv[3])}
    store.revoke(claims)
    assert store.is_revoked(claims)
"""


def test_many_processes_may_begin_at_once(path: Path) -> None:
    names = ["a", "b", "c", "d"]
    processes = [
        subprocess.Popen([sys.executable, "-c", REVOKE_TWENTY, str(path), name, str(LATER)])
        for name in names
    ]
    assert [process.wait(60) for process in processes] == [0] * len(names)
    assert rows(path) == {f"{name}-{number}" for name in names for number in range(20)}


def test_threads_take_turns(path: Path, store: SqliteStore) -> None:
    def use(number: int) -> bool:
        store.revoke({"jti": str(number), "exp": LATER})
        return store.is_revoked({"jti": str(number)})

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(use, range(200)))
    assert len(rows(path)) == 200


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_connections_of_its_own(path: Path, store: SqliteStore) -> None:
    store.revoke({"jti": "parent", "exp": LATER})
    child = os.fork()
    if child == 0:
        seen = store.is_revoked({"jti": "parent"})
        store.revoke({"jti": "child", "exp": LATER})
        os._exit(0 if seen else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert store.is_revoked({"jti": "child"})
    store.revoke({"jti": "parent again", "exp": LATER})
    assert rows(path) == {"parent", "child", "parent again"}


def test_expired_rows_go_with_the_next_revocation(path: Path) -> None:
    store = SqliteStore(path, margin=10)
    now = time.time()
    for token_id, expires_at in (("old", now - 11), ("within the margin", now - 5)):
        store.revoke({"jti": token_id, "exp": expires_at})
    store.revoke({"jti": "for ever"})
    store.revoke({"jti": "new", "exp": LATER})
    store.close()
    assert rows(path) == {"within the margin", "for ever", "new"}


def test_a_reader_does_not_wait_for_a_writer(path: Path, store: SqliteStore) -> None:
    store.revoke({"jti": "a", "exp": LATER})
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    assert store.is_revoked({"jti": "a"})
    assert time.monotonic() - began < 5
    other.execute("ROLLBACK")
    other.close()


def test_a_revocation_is_written_through_to_the_disk(store: SqliteStore) -> None:
    store.revoke({"jti": "a"})
    connections = store._open()
    assert connections.writer.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connections.writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_missing_folder_is_an_error_and_no_empty_list(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "nowhere" / "revoked.db")
    with pytest.raises(sqlite3.OperationalError):
        store.is_revoked({"jti": "a"})
    with pytest.raises(sqlite3.OperationalError):
        store.revoke({"jti": "a"})


def test_a_relative_path_is_where_the_program_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = SqliteStore("revoked.db")
    monkeypatch.chdir("/")
    store.revoke({"jti": "a"})
    store.close()
    assert (tmp_path / "revoked.db").exists()
