"""An application in the server that it is deployed with."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Server(NamedTuple):
    port: int

    def request(self, method: str, path: str, headers: dict[str, str] | None = None) -> Answer:
        """Send one request on a connection of its own, so that any worker may take it."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())


@contextmanager
def served(program: str, folder: Path, *options: str) -> Iterator[Server]:
    """Serve the ``app`` of a program by gunicorn. The server must end without a traceback."""
    (folder / "shop.py").write_text(program)
    command = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", *options, "shop:app"]
    log = folder / "gunicorn.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stderr=output)
    try:
        yield Server(_port(process, log))
    finally:
        process.terminate()
        process.wait(30)
    said = log.read_text()
    assert "Traceback" not in said, said
    assert process.returncode == 0, said


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    for _ in range(600):
        listening = re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", log.read_text())
        if listening is not None:
            return int(listening[1])
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)
    raise AssertionError(log.read_text())
