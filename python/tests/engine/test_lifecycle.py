"""Opening on first use, closing, opening again; threads and collection."""

from __future__ import annotations

import asyncio
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from countersign import ConfigurationError, Countersign, CountersignError, Principal
from tests.engine.support import PASSWORD, eventually, make_engine


def notice_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "countersign-notices"]


def test_it_opens_on_first_use_and_again_after_close(tmp_path: Path) -> None:
    engine = make_engine(tmp_path)
    before = len(notice_threads())
    assert not engine.opened
    engine.register("ada", PASSWORD)
    for _ in range(3):
        assert engine.opened
        assert len(notice_threads()) == before + 1
        engine.close()
        engine.close()
        assert not engine.opened
        assert len(notice_threads()) == before
        assert not (tmp_path / "auth.db-wal").exists()
        assert engine.user("ada").username == "ada"
    engine.close()


def test_what_was_made_by_one_core_is_good_for_the_next(engine: Countersign) -> None:
    engine.register("ada", PASSWORD)
    tokens = engine.login("ada", PASSWORD)
    principal = engine.authenticate(tokens.access_token)
    routes = engine.routes("/auth")
    field = [(b"authorization", f"Bearer {tokens.access_token}".encode())]
    for _ in range(2):
        assert engine.authenticate(tokens.access_token).user_id == principal.user_id
        assert engine.me(principal).username == "ada"
        assert routes.handle("GET", "/auth/users/me", b"", field, b"", None).status == 200
        engine.close()


def test_as_a_context(tmp_path: Path) -> None:
    engine = make_engine(tmp_path)
    with engine as opened:
        assert opened is engine
        assert engine.opened
    assert not engine.opened

    async def within() -> None:
        async with engine as opened:
            assert opened is engine
            assert engine.opened
            await engine.aready()
        assert not engine.opened
        await engine.aopen()
        await engine.aclose()
        await engine.aclose()

    asyncio.run(within())


def test_the_first_use_may_be_awaited(tmp_path: Path) -> None:
    engine = make_engine(tmp_path)

    async def first() -> None:
        users = await asyncio.gather(
            *(engine.aregister(f"user-{number}", PASSWORD) for number in range(8))
        )
        assert len({user.id for user in users}) == 8

    asyncio.run(first())
    # Another loop, the same engine.
    asyncio.run(engine.aready())
    engine.close()


def test_many_threads_open_it_once(tmp_path: Path) -> None:
    engine = make_engine(tmp_path)
    before = len(notice_threads())
    barrier = threading.Barrier(8)

    def work(number: int) -> str:
        barrier.wait()
        return engine.register(f"user-{number}", PASSWORD).id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(work, range(8)))) == 8
    assert len(notice_threads()) == before + 1
    engine.close()


def test_calls_go_on_while_somebody_closes(tmp_path: Path) -> None:
    engine = make_engine(tmp_path)
    engine.register("ada", PASSWORD)
    token = engine.login("ada", PASSWORD).access_token
    routes = engine.routes()
    stop = threading.Event()

    def keep_closing() -> None:
        while not stop.wait(0.01):
            engine.close()

    async def awaited(number: int) -> None:
        await engine.auser("ada")
        assert (await routes.ahandle("GET", "/nothing", b"", [], b"", None)).status == 404

    def work(number: int) -> None:
        for _ in range(20):
            assert engine.user("ada").username == "ada"
            assert engine.authenticate(token).username == "ada"
            assert routes.handle("GET", "/nothing", b"", [], b"", None).status == 404
        asyncio.run(awaited(number))
        engine.register(f"user-{number}", PASSWORD)

    closing = threading.Thread(target=keep_closing)
    closing.start()
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(8)))
    finally:
        stop.set()
        closing.join()
    assert len(engine.list_users(search="user-").items) == 8
    engine.close()


def test_what_runs_is_waited_for(tmp_path: Path) -> None:
    engine = make_engine(tmp_path)
    started, go_on = threading.Event(), threading.Event()

    @engine.claims
    def slow(subject: object) -> dict[str, str]:
        started.set()
        assert go_on.wait(10)
        return {"tenant": "acme"}

    with ThreadPoolExecutor(2) as pool:
        answer = pool.submit(engine.start_session, "ada")
        assert started.wait(10)
        closing = pool.submit(engine.close)
        assert not closing.done()
        go_on.set()
        closing.result(10)
        token = answer.result(10).access_token
    assert engine.authenticate(token).claims["tenant"] == "acme"
    engine.close()


def test_close_inside_a_hook_is_refused(tmp_path: Path) -> None:
    engine = make_engine(tmp_path)
    refusals: list[Exception] = []

    @engine.claims
    def closes(subject: object) -> dict[str, str]:
        try:
            engine.close()
        except ConfigurationError as refusal:
            refusals.append(refusal)
        return {}

    engine.start_session("ada")
    assert "hook" in str(refusals[0])
    engine.close()


def test_close_inside_a_callback(tmp_path: Path) -> None:
    engine = make_engine(tmp_path)
    closed = threading.Event()

    @engine.on("session.started")
    def closes(event: object) -> None:
        engine.close()
        closed.set()

    engine.start_session("ada")
    assert closed.wait(10)
    eventually(lambda: not engine.opened)
    engine.ready()
    engine.close()


def test_an_engine_that_nobody_has_any_more_closes(tmp_path: Path) -> None:
    before = len(notice_threads())
    engine = make_engine(tmp_path)
    engine.on()(print)
    engine.ready()
    gone = weakref.ref(engine)
    assert len(notice_threads()) == before + 1
    del engine
    assert gone() is None
    eventually(lambda: len(notice_threads()) == before)
    eventually(lambda: not (tmp_path / "auth.db-wal").exists())


def test_a_core_that_cannot_start_its_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine(tmp_path)

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(CountersignError, match="thread"):
            engine.open()
    engine.ready()
    engine.close()


def test_a_principal_is_made_by_a_check_only() -> None:
    with pytest.raises(TypeError):
        Principal()


def test_routes_below_a_prefix(engine: Countersign) -> None:
    routes = engine.routes("/auth/", ["login", "wellknown"])
    assert routes.prefix == "/auth"
    paths = dict(routes.paths)
    assert paths["/auth/login"] == {"POST"}
    assert paths["/.well-known/jwks.json"] == {"GET"}
    assert "/auth/register" not in paths
    assert routes.openapi()["paths"].keys() == paths.keys()
    assert not engine.opened
    for path, status in [
        ("/.well-known/jwks.json", 200),
        ("/auth/login", 405),
        ("/auth/.well-known/jwks.json", 404),
        ("/login", 404),
        ("/authentic/login", 404),
        ("/auth", 404),
        ("/auth/", 404),
        ("/auth/register", 404),
    ]:
        answer = routes.handle("GET", path, b"", [], b"", "127.0.0.1")
        assert (path, answer.status) == (path, status)
    for prefix in ("auth", None, "/a b", "/a/{id}"):
        with pytest.raises(ConfigurationError):
            engine.routes(prefix)  # type: ignore[arg-type]
    for groups in ("login", ["nothing"], None, [7]):
        with pytest.raises(ConfigurationError):
            engine.routes("", groups)  # type: ignore[arg-type]
