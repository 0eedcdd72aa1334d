"""Callbacks hear of what happened, and the log gets what the engine logs."""

from __future__ import annotations

import logging
import re
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from countersign import (
    ConfigurationError,
    Countersign,
    Event,
    InvalidCredentialsError,
    InvalidGrantError,
)
from countersign.events import KINDS
from tests.engine.support import PASSWORD, eventually, make_engine

RUST = Path(__file__).parents[3] / "crates" / "engine" / "src" / "events.rs"


def test_the_kinds_are_the_engine_s() -> None:
    assert list(KINDS) == re.findall(r'^ {4}\w+ = "([a-z_.]+)",', RUST.read_text(), re.M)


def test_callbacks_hear_what_they_asked_for(engine: Countersign) -> None:
    failed: list[Event] = []
    everything: list[Event] = []
    threads: set[str] = set()

    @engine.on("login.failed", "refresh.replayed")
    def on_failed(event: Event) -> None:
        failed.append(event)

    @engine.on()
    def on_anything(event: Event) -> None:
        everything.append(event)
        threads.add(threading.current_thread().name)

    user = engine.register("ada", PASSWORD)
    with pytest.raises(InvalidCredentialsError):
        engine.login("ada", "wrong password")
    engine.login("ada", PASSWORD)
    eventually(lambda: len(everything) == 3)
    assert [event.kind for event in everything] == [
        "account.registered",
        "login.failed",
        "login.succeeded",
    ]
    (event,) = failed
    assert (event.kind, event.user_id, event.id, event.count) == ("login.failed", user.id, None, 1)
    assert abs(event.at.timestamp() - time.time()) < 60
    assert threads == {"countersign-notices"}


def test_one_registered_late_hears_what_comes(engine: Countersign) -> None:
    early: list[Event] = []
    late: list[Event] = []
    engine.on("session.started")(early.append)
    engine.start_session("ada")
    eventually(lambda: early)
    engine.on("session.started")(late.append)
    engine.start_session("grace")
    eventually(lambda: late)
    assert [event.user_id for event in early] == ["ada", "grace"]
    assert [event.user_id for event in late] == ["grace"]


def test_it_is_committed_when_it_is_heard(engine: Countersign) -> None:
    found: list[Any] = []

    @engine.on("account.registered")
    def look(event: Event) -> None:
        assert event.user_id is not None
        found.append(engine.user(event.user_id).username)

    engine.register("ada", PASSWORD)
    eventually(lambda: found == ["ada"])


def test_what_a_callback_raises_is_logged(
    engine: Countersign, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[Event] = []

    @engine.on("session.started")
    def fails(event: Event) -> None:
        raise RuntimeError("the pager is broken")

    def answers_a_coroutine(event: Event) -> Any:
        async def page() -> None: ...

        return page()

    engine.on("session.started")(answers_a_coroutine)
    engine.on()(heard.append)
    engine.start_session("ada")
    eventually(lambda: heard)
    assert "the pager is broken" in caplog.text
    assert "awaitable" in caplog.text
    assert {record.name for record in caplog.records} == {"countersign"}
    engine.start_session("grace")
    eventually(lambda: len(heard) == 2)


def test_a_slow_callback_holds_nothing_up(engine: Countersign) -> None:
    go_on = threading.Event()
    heard: list[Event] = []

    @engine.on("session.started")
    def slow(event: Event) -> None:
        go_on.wait(10)
        heard.append(event)

    for _ in range(5):
        engine.start_session("ada")
    assert heard == []
    go_on.set()
    eventually(lambda: len(heard) == 5)


def test_what_the_engine_logs_is_forwarded(
    engine: Countersign, caplog: pytest.LogCaptureFixture
) -> None:
    engine.register("ada", PASSWORD)
    first = engine.login("ada", PASSWORD)
    token = first.refresh_token
    for _ in range(3):
        token = engine.refresh(token).refresh_token
    with caplog.at_level(logging.WARNING, "countersign.engine"):
        with pytest.raises(InvalidGrantError):
            engine.refresh(first.refresh_token)
        eventually(lambda: caplog.records)
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("countersign.engine", "WARNING")
    assert record.__dict__["target"].startswith("countersign")
    assert "refresh.replayed" in record.getMessage()
    assert first.refresh_token not in record.getMessage()


def test_mistakes_are_told_at_once(tmp_path: Path) -> None:
    engine = make_engine(tmp_path)

    async def later(event: Event) -> None: ...

    async def generator(event: Event) -> Any:
        yield event

    class Callable:
        async def __call__(self, event: Event) -> None: ...

    for callback in (later, generator, Callable()):
        with pytest.raises(ConfigurationError, match="run_coroutine_threadsafe"):
            engine.on("login.failed")(callback)
    with pytest.raises(ConfigurationError, match=r"login\.failed"):
        engine.on("login.fail")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"countersign\.events\.KINDS"):
        engine.on("what?")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"@auth\.on"):
        engine.on(print)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="a function"):
        engine.on()(None)  # type: ignore[type-var]


def test_a_decorated_function_stays_what_it_was(engine: Countersign) -> None:
    def callback(event: Event) -> int:
        return 7

    assert engine.on("login.failed")(callback) is callback
