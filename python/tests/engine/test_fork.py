"""Forks: both sides go on, and nothing of an open database is carried over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.engine.support import output_of

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")

# A fork of a process that has threads of its own is what the tests want to see.
FORK = """
import warnings
warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)

def fork(child):
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            child()
            status = 0
        finally:
            sys.stdout.flush()
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0
"""


def test_both_sides_go_on(tmp_path: Path) -> None:
    script = """
auth.register("ada", PASSWORD)
token = auth.login("ada", PASSWORD).access_token

def child():
    assert not auth.opened
    assert auth.authenticate(token).username == "ada"
    name = f"child-of-{len(auth.list_users().items)}"
    auth.register(name, PASSWORD)
    print(name, auth.authenticate(auth.login(name, PASSWORD).access_token).username)
    auth.close()

for _ in range(4):
    assert auth.authenticate(token).username == "ada"
    assert auth.opened
    fork(child)
    assert not auth.opened
print(sorted(user.username for user in auth.list_users().items))
"""
    names = [f"child-of-{number}" for number in range(1, 5)]
    lines = [f"{name} {name}" for name in names]
    assert output_of(FORK + script, tmp_path).splitlines() == [*lines, str(["ada", *names])]


def test_workers_of_an_engine_that_was_never_opened(tmp_path: Path) -> None:
    script = """
pids = []
for number in range(3):
    pid = os.fork()
    if pid == 0:
        auth.register(f"user-{number}", PASSWORD)
        sys.exit()  # Closes, as every interpreter does that exits.
    pids.append(pid)
assert {os.waitpid(pid, 0)[1] for pid in pids} == {0}
print(len(auth.list_users().items))
"""
    assert output_of(FORK + script, tmp_path) == "3\n"


def test_while_other_threads_use_it(tmp_path: Path) -> None:
    script = """
auth.register("ada", PASSWORD)
token = auth.login("ada", PASSWORD).access_token
stop, failures = threading.Event(), []

def use():
    while not stop.is_set():
        try:
            auth.user("ada")
            auth.authenticate(token)
            asyncio.run(auth.auser("ada"))
        except BaseException as failure:
            failures.append(failure)

threads = [threading.Thread(target=use) for _ in range(4)]
for thread in threads:
    thread.start()
for _ in range(10):
    fork(lambda: auth.user("ada"))
stop.set()
for thread in threads:
    thread.join()
print(failures)
"""
    assert output_of(FORK + script, tmp_path) == "[]\n"


def test_two_threads_fork_two_engines(tmp_path: Path) -> None:
    script = """
(Path(sys.argv[1]) / "other").mkdir()
other = make_engine(Path(sys.argv[1]) / "other")

def use_and_fork():
    for _ in range(5):
        auth.ready()
        other.ready()
        fork(lambda: (auth.ready(), other.ready()))

threads = [threading.Thread(target=use_and_fork) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("done")
"""
    assert output_of(FORK + script, tmp_path) == "done\n"


def test_revocation_reaches_the_other_process(tmp_path: Path) -> None:
    script = """
from countersign import RevokedTokenError

auth.register("ada", PASSWORD)
token = auth.login("ada", PASSWORD).access_token
principal = auth.authenticate(token)
read, write = os.pipe()
pid = os.fork()
if pid == 0:
    assert auth.authenticate(token).username == "ada"
    os.write(write, b"+")
    end = time.monotonic() + 10
    while True:
        try:
            auth.authenticate(token)
        except RevokedTokenError:
            sys.exit()
        assert time.monotonic() < end
        time.sleep(0.01)
os.read(read, 1)
auth.logout(principal)
print(os.waitpid(pid, 0)[1])
"""
    assert output_of(FORK + script, tmp_path) == "0\n"


def test_an_engine_that_nobody_has_any_more_is_closed_before(tmp_path: Path) -> None:
    script = """
def use_and_leave():
    engine = make_engine(Path(sys.argv[1]))
    engine.ready()

for _ in range(20):
    use_and_leave()
    fork(lambda: auth.ready())
print("done")
"""
    assert output_of(FORK + script, tmp_path) == "done\n"


def test_multiprocessing(tmp_path: Path) -> None:
    script = """
import multiprocessing

def work(number):
    return auth.register(f"user-{number}", PASSWORD).username

auth.register("ada", PASSWORD)
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(sorted(pool.map(work, range(4))))
print(len(auth.list_users().items))
"""
    lines = [str([f"user-{number}" for number in range(4)]), "5"]
    assert output_of(FORK + script, tmp_path).splitlines() == lines


def test_in_the_middle_of_an_event_loop(tmp_path: Path) -> None:
    script = """
async def main():
    await auth.aregister("ada", PASSWORD)
    pending = asyncio.ensure_future(auth.alogin("ada", PASSWORD))
    await asyncio.sleep(0)
    fork(lambda: asyncio.new_event_loop().close())
    print(type(await pending).__name__)
    print((await auth.auser("ada")).username)

asyncio.run(main())
"""
    assert output_of(FORK + script, tmp_path) == "Tokens\nada\n"


def test_inside_a_callback(tmp_path: Path) -> None:
    script = """
done = threading.Event()

@auth.on("account.registered")
def forks(event):
    fork(lambda: print("child", auth.user(event.user_id).username, flush=True))
    print("parent", auth.user(event.user_id).username, flush=True)
    done.set()

auth.register("ada", PASSWORD)
assert done.wait(20)
"""
    assert output_of(FORK + script, tmp_path) == "child ada\nparent ada\n"


def test_inside_a_hook_the_child_is_refused(tmp_path: Path) -> None:
    script = """
from countersign import ConfigurationError

def child():
    try:
        auth.ready()
    except ConfigurationError as refusal:
        print("outside of hooks" in str(refusal), flush=True)

@auth.claims
def forks(subject):
    fork(child)
    return {"forked": True}

token = auth.start_session("ada").access_token
print(auth.authenticate(token).claims["forked"], auth.opened)
"""
    assert output_of(FORK + script, tmp_path) == "True\nTrue True\n"


def test_a_fork_that_runs_no_hooks(tmp_path: Path) -> None:
    script = """
import ctypes
from countersign import ConfigurationError

auth.register("ada", PASSWORD)
pid = ctypes.PyDLL(None).fork()
if pid == 0:
    for _ in range(2):
        try:
            auth.user("ada")
        except ConfigurationError as refusal:
            print("close() before forking" in str(refusal), flush=True)
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
print(auth.user("ada").username)
"""
    assert output_of(FORK + script, tmp_path) == "True\nTrue\nada\n"


def test_an_engine_in_memory_stays_where_it_is(tmp_path: Path) -> None:
    script = """
from countersign import ConfigurationError
from countersign.testing import in_memory

def child():
    try:
        auth.user("ada")
    except ConfigurationError as refusal:
        print("memory is not shared" in str(refusal), flush=True)

with in_memory(auth):
    auth.register("ada", PASSWORD)
    fork(child)
    print(auth.user("ada").username)
fork(lambda: auth.ready())
"""
    assert output_of(FORK + script, tmp_path) == "True\nada\n"
