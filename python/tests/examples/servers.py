"""Examples as processes of their own, started by the lines of their READMEs."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"

_PATIENCE = 30.0
# With what follows it: the line may not be written to its end yet.
_ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+)\D")


@dataclass(frozen=True)
class Server:
    """A running example."""

    url: str
    environment: Mapping[str, str]
    _log: Path

    def log(self) -> str:
        """What it has written so far."""
        return self._log.read_text()

    def wait_for_log(self, text: str) -> None:
        """Waits until it has written this."""
        deadline = time.monotonic() + _PATIENCE
        while text not in self.log():
            assert time.monotonic() < deadline, f"{text!r} is not in the log:\n{self.log()}"
            time.sleep(0.02)


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """The environment of an example that keeps its files in this folder."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("COUNTERSIGN_")
    }
    return {
        **inherited,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONUNBUFFERED": "1",
        "COUNTERSIGN_DATABASE_URL": f"sqlite:///{folder}/auth.db",
        "USERS_DATABASE": f"{folder}/users.db",
        "TOKENS_DATABASE": f"{folder}/tokens.db",
        **variables,
    }


def run(script: str, environment: Mapping[str, str]) -> str:
    """Runs lines of a shell at the root of the checkout and answers what they print."""
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, f"{script}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


@contextmanager
def serve(script: str, environment: Mapping[str, str], folder: Path) -> Iterator[Server]:
    """Runs lines of a shell, the last of which is a server that says where it listens."""
    log = folder / "server.log"
    *before, server = script.strip().splitlines()
    with log.open("w") as output:
        process = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", "\n".join([*before, f"exec {server}"])],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Server(_address(process, log), environment, log)
    finally:
        _stop(process)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + _PATIENCE
    while (said := _ADDRESS.search(log.read_text())) is None:
        assert process.poll() is None, f"it ended:\n{log.read_text()}"
        assert time.monotonic() < deadline, f"it does not listen:\n{log.read_text()}"
        time.sleep(0.02)
    return said[1]


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        # Its workers, too.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
