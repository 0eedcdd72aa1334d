"""The FastAPI and Flask starts of the repository's README, pasted and run."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def block(language: str, beginning: str) -> str:
    """The block of this language in which this stands."""
    blocks = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    (found,) = [text for text in blocks if beginning in text]
    return str(found)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def running(command: list[str], folder: Path, port: int) -> Iterator[str]:
    server = subprocess.Popen(command, cwd=folder, env={**os.environ, "PYTHONWARNINGS": "error"})
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            assert server.poll() is None, "the server has ended"
            try:
                urllib.request.urlopen(f"{url}/.well-known/jwks.json", timeout=5).close()
                break
            except OSError:
                time.sleep(0.05)
        yield url
    finally:
        server.terminate()
        server.wait(10)


START = {
    "fastapi": ("cs.install(app)", ["-m", "uvicorn", "app:app", "--port"]),
    "flask": ("CountersignFlask(app, auth)", ["-m", "flask", "run", "--port"]),
}


@pytest.mark.parametrize("framework", START)
def test_the_start_runs_as_it_stands(framework: str, tmp_path: Path) -> None:
    mark, command = START[framework]
    (tmp_path / "app.py").write_text(block("python", mark))
    port = free_port()
    with running([sys.executable, *command, str(port)], tmp_path, port) as url:
        story = block("sh", "$URL/protected").replace("http://127.0.0.1:8000", url)
        told = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", story], capture_output=True, text=True, check=True
        )
    registered, let_in, refused = filter(None, told.stdout.splitlines())
    assert '"username":"ada"' in registered
    assert let_in.replace(" ", "") == '{"logged_in_as":"ada"}'
    assert '"error":"invalid_token"' in refused.replace(" ", "")
