"""What the tests of the engine share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from countersign import Countersign

PASSWORD = "correct horse battery staple"
ISSUER = "https://auth.test"
CHEAP: dict[str, Any] = {
    "passwords_memory_kib": 8,
    "passwords_iterations": 1,
    "passwords_lanes": 1,
    "passwords_allow_weak_cost": True,
}

# What a script begins with, to have an engine in the folder that it is given.
PREAMBLE = f"""
import asyncio, atexit, os, sys, threading, time
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from tests.engine.support import PASSWORD, make_engine
auth = make_engine(Path(sys.argv[1]))
"""


def make_engine(folder: Path, **settings: Any) -> Countersign:
    settings = {"audience": "api", "issuer": ISSUER, **CHEAP, **settings}
    return Countersign(f"sqlite:///{folder}/auth.db", **settings)


def run_script(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a script with an engine; it must neither hang nor abort."""
    command = [sys.executable, "-X", "faulthandler", "-W", "error", "-c", PREAMBLE + script]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*command, str(folder)], stdout=pipe, stderr=pipe, text=True, start_new_session=True
    ) as process:
        try:
            output, errors = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            # With its children, which have the pipes; each of them says where it hangs.
            os.killpg(process.pid, signal.SIGABRT)
            output, errors = process.communicate()
    return subprocess.CompletedProcess(command[:-1], process.returncode, output, errors)


def output_of(script: str, folder: Path) -> str:
    """What the script prints; it must succeed in silence otherwise."""
    done = run_script(script, folder)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


def eventually(condition: Callable[[], object], seconds: float = 10) -> None:
    """Waits for what other threads do."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
