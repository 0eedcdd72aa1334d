"""Interpreters that exit without closing: none hangs, none aborts, none says a word."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.engine.support import output_of, run_script

EXITS = {
    "after one awaited call": "asyncio.run(auth.aregister('ada', PASSWORD)); print('end')",
    "after one call": "auth.register('ada', PASSWORD); print('end')",
    "after opening": "auth.open(); print('end')",
    "after closing": "auth.open(); auth.close(); print('end')",
    "without the engine": "auth.open(); del auth; print('end')",
    "with sys.exit": "auth.open(); print('end'); sys.exit(0)",
    "with a callback that runs": """
@auth.on()
def slow(event):
    started.set()
    time.sleep(0.3)
started = threading.Event()
auth.start_session("ada")
assert started.wait(10)
print("end")
""",
    "with a callback that waits": """
@auth.on()
def slow(event):
    time.sleep(0.05)
for _ in range(3):
    auth.start_session("ada")
print("end")
""",
    "while a thread waits for an operation": """
@auth.claims
def slow(subject):
    started.set()
    time.sleep(0.3)
    return {}
started = threading.Event()
threading.Thread(target=auth.start_session, args=("ada",), daemon=True).start()
assert started.wait(10)
print("end")
""",
    "while a task waits for an operation": """
@auth.claims
def slow(subject):
    started.set()
    time.sleep(0.3)
    return {}
started = threading.Event()
async def main():
    task = asyncio.ensure_future(auth.astart_session("ada"))
    while not started.is_set():
        await asyncio.sleep(0.01)
asyncio.run(main())
print("end")
""",
    "while daemons use it": """
from countersign import CountersignError
auth.register("ada", PASSWORD)
def use():
    try:
        while True:
            auth.user("ada")
            auth.login("ada", PASSWORD)
    except CountersignError:
        pass
for _ in range(3):
    threading.Thread(target=use, daemon=True).start()
time.sleep(0.1)
print("end")
""",
}


@pytest.mark.parametrize("how", EXITS)
def test_an_interpreter_exits(tmp_path: Path, how: str) -> None:
    assert output_of(EXITS[how], tmp_path) == "end\n"
    # Closed, and not only left behind.
    assert not (tmp_path / "auth.db-wal").exists()


def test_again_and_again(tmp_path: Path) -> None:
    def once(number: int) -> str:
        folder = tmp_path / str(number)
        folder.mkdir()
        return output_of(EXITS["after one awaited call"], folder)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(once, range(30))) == {"end\n"}


def test_an_exception_ends_it_as_usual(tmp_path: Path) -> None:
    done = run_script("auth.open()\nraise SystemExit(3)", tmp_path)
    assert (done.returncode, done.stderr) == (3, "")
    done = run_script("auth.open()\nraise LookupError('why')", tmp_path)
    assert done.returncode == 1
    assert done.stderr.endswith("LookupError: why\n")


def test_without_ceremony(tmp_path: Path) -> None:
    assert output_of("auth.open(); os._exit(0)", tmp_path) == ""


def test_what_exits_later_is_told_so(tmp_path: Path) -> None:
    script = """
from countersign import UnavailableError

def too_late():
    try:
        auth.ready()
    except UnavailableError as refusal:
        print(refusal, refusal.code)

auth.open()
# What was registered before us runs after us.
atexit._clear()
from countersign import _process
atexit.register(too_late)
atexit.register(_process._WATCH.at_exit)
atexit.register(lambda: print(auth.opened))
"""
    assert output_of(script, tmp_path) == "True\nthe interpreter exits exiting\n"
