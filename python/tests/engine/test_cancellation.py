"""A task that is cancelled stops waiting; what it began runs to its end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from countersign import Countersign, Standing
from tests.engine.support import eventually, make_engine


class Gate:
    """Holds up operations before they write."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.open = threading.Event()

    def __call__(self, user_id: str) -> Standing:
        self.reached.set()
        assert self.open.wait(10)
        return Standing()

    async def wait(self) -> None:
        while not self.reached.is_set():
            await asyncio.sleep(0.005)


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def engine(tmp_path: Path, gate: Gate) -> Iterator[Countersign]:
    engine = make_engine(tmp_path)
    engine.accounts(gate)
    yield engine
    gate.open.set()
    engine.close()


def started(engine: Countersign) -> int:
    """How many sessions were started."""
    return len(engine.list_events(kind="session.started", limit=500))


@pytest.fixture(autouse=True)
def quiet_loops(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No loop complains of what was never retrieved or called too late."""
    yield
    assert [record for record in caplog.records if record.name == "asyncio"] == []


def test_a_cancelled_write_is_made(engine: Countersign, gate: Gate) -> None:
    async def cancelled() -> None:
        task = asyncio.ensure_future(engine.astart_session("ada"))
        await gate.wait()
        assert started(engine) == 0
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    gate.open.set()
    eventually(lambda: started(engine) == 1)


def test_one_that_takes_too_long_is_made(engine: Countersign, gate: Gate) -> None:
    async def impatient() -> None:
        await engine.aopen()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(engine.astart_session("ada"), 0.1)
        gate.open.set()

    asyncio.run(impatient())
    eventually(lambda: started(engine) == 1)


def test_a_loop_that_ends_loses_nothing(engine: Countersign, gate: Gate) -> None:
    tasks = []

    async def leaves() -> None:
        tasks.append(asyncio.ensure_future(engine.astart_session("ada")))
        await gate.wait()

    asyncio.run(leaves())
    gate.open.set()
    eventually(lambda: started(engine) == 1)
    assert tasks[0].cancelled()


def test_close_waits_for_what_was_cancelled(engine: Countersign, gate: Gate) -> None:
    async def cancelled() -> None:
        task = asyncio.ensure_future(engine.astart_session("ada"))
        await gate.wait()
        task.cancel()
        closing = asyncio.ensure_future(engine.aclose())
        await asyncio.sleep(0.05)
        assert not closing.done()
        gate.open.set()
        await closing

    asyncio.run(cancelled())
    assert started(engine) == 1


def test_many_at_every_moment(tmp_path: Path) -> None:
    engine = make_engine(tmp_path)
    problems: list[dict[str, Any]] = []

    async def cancel_after(turns: int) -> bool:
        task = asyncio.ensure_future(engine.astart_session(f"user-{turns}"))
        for _ in range(turns % 40):
            await asyncio.sleep(0)
        return task.cancel()

    async def storm() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, problem: problems.append(problem))
        await engine.aopen()
        await asyncio.gather(*(cancel_after(turns) for turns in range(200)))
        await engine.aready()

    asyncio.run(storm())
    engine.close()
    assert problems == []
    # What began was finished; a task that was cancelled before its first step never began.
    assert 150 < started(engine) <= 200
    engine.close()
