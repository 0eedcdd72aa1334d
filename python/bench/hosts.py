"""How much of an open route's rate a protected route keeps, in FastAPI and in Flask, as JSON lines.

One server process on one core, this client on the other. The routes take turns, so that a busy
machine slows all of them; the figure is the median of the rounds, in requests a second, and what is
kept of another route's rate is the median of what was kept in each round.

Needs: pip install fastapi uvicorn flask gunicorn pyjwt[crypto] flask-jwt-extended redis
"""

import json
import os
import selectors
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from operator import truediv
from pathlib import Path

APPS = Path(__file__).parent / "apps"
ROUNDS, SECONDS, CONNECTIONS = 30, 0.3, 8
SERVERS = {
    "FastAPI": ["uvicorn", "fastapi_app:app", "--no-access-log", "--log-level=warning", "--port"],
    "Flask": ["gunicorn", "flask_app:app", "--worker-class=gthread", "--threads=8",
              "--log-level=warning", "--keep-alive=60", "--bind"],
}  # fmt: skip


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def running(command: list[str], environment: dict[str, str], ready: str) -> Iterator[None]:
    """A server on the first core, from when it answers until the end of the block."""
    pinned = ["taskset", "--cpu-list", "0", *command] if shutil.which("taskset") else command
    server = subprocess.Popen(pinned, cwd=APPS, env={**os.environ, **environment})
    try:
        for _ in range(200):
            if server.poll() is not None:
                raise SystemExit(f"{command[0]} does not start")
            try:
                if ready.startswith("http"):
                    urllib.request.urlopen(ready, timeout=5).close()
                else:
                    socket.create_connection(("127.0.0.1", int(ready))).close()
                break
            except OSError:
                time.sleep(0.05)
        yield
    finally:
        server.terminate()
        server.wait(10)


def rate(port: int, path: str, token: str) -> float:
    """Requests a second over kept connections, each asked again as soon as it has answered."""
    header = f"Authorization: Bearer {token}\r\n" if token else ""
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{header}\r\n".encode()
    selector = selectors.DefaultSelector()
    for _ in range(CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(request)
        selector.register(connection, selectors.EVENT_READ)
    answered = 0
    began = time.perf_counter()
    while (elapsed := time.perf_counter() - began) < SECONDS:
        for ready, _ in selector.select(1):
            answer = ready.fileobj.recv(65536)
            if b"hello" not in answer:
                answer += ready.fileobj.recv(65536)
            if not answer.startswith(b"HTTP/1.1 200") or b"hello" not in answer:
                raise SystemExit(f"{path}: {answer[:200]!r}")
            answered += 1
            ready.fileobj.sendall(request)
    for key in list(selector.get_map().values()):
        key.fileobj.close()
    return answered / elapsed


def measure(framework: str, algorithm: str, redis: str | None) -> dict[str, list[float]]:
    """The rates of each route, one of each round."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = {"ALGORITHM": algorithm, "DATABASE": f"{folder}/bench.db"}
        if redis:
            environment["REDIS"] = redis
        *command, option = SERVERS[framework]
        where = f"127.0.0.1:{port}" if option == "--bind" else str(port)
        url = f"http://127.0.0.1:{port}/tokens"
        command = [sys.executable, "-m", *command, option, where]
        with running(command, environment, url):
            with urllib.request.urlopen(url, timeout=10) as answer:
                tokens = json.load(answer)
            rounds: dict[str, list[float]] = {path: [] for path in tokens}
            for _ in range(ROUNDS):
                for path, token in tokens.items():
                    rounds[path].append(rate(port, path, token))
    return rounds


def report(framework: str, algorithm: str, rounds: dict[str, list[float]]) -> None:
    """Prints the rates, and what is kept of an empty dependency's or of the open route's."""
    base = rounds.get("/empty", rounds["/open"])
    for path, rates in rounds.items():
        route = f"{framework} {algorithm}{path}"
        found = statistics.median(rates)
        # Within a round the machine is the same for both; over all of them it may not be.
        kept = statistics.median(map(truediv, rates, base))
        figure = {"id": f"hosts/{route}", "value": found, "unit": "requests a second"}
        print(json.dumps({**figure, "ratio": kept}), flush=True)
        print(f"  {route:48} {found:8.0f}/s   {kept:5.3f}", file=sys.stderr)


def main() -> None:
    """Measures both frameworks with both kinds of signature."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {1})
    with ExitStack() as stack:
        redis = None
        if shutil.which("redis-server"):
            port = free_port()
            command = ["redis-server", "--port", str(port), "--save", "", "--logfile", os.devnull]
            stack.enter_context(running(command, {}, str(port)))
            redis = f"redis://127.0.0.1:{port}"
        else:
            missing = "no redis-server here: the block list in Redis is not measured"
            print(missing, file=sys.stderr)
        for framework in SERVERS:
            for algorithm in ("HS256", "ES256"):
                report(framework, algorithm, measure(framework, algorithm, redis))
    for package in ("fastapi", "uvicorn", "Flask", "gunicorn", "Flask-JWT-Extended"):
        print(json.dumps({"name": package, "text": version(package)}))


if __name__ == "__main__":
    main()
