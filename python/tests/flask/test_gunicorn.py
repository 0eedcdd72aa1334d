"""The extension in the server that it is deployed with."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from countersign.engine import BODY_LIMIT
from tests.flask.conftest import PASSWORD, bearer

ADA = {"username": "ada", "password": PASSWORD}

_APPLICATION = """
import os

from flask import Flask

from countersign import Countersign, UsernameTakenError
from countersign.flask import CountersignFlask, current_principal

auth = Countersign(
    os.environ["DATABASE"],
    issuer="https://auth.test",
    audience="api",
    passwords_memory_kib=64,
    passwords_iterations=1,
    passwords_allow_weak_cost=True,
    limits_login_address="1000 per minute",
    # Parallel log-ins are charged until they are known to be right.
    limits_account_network="1000 per minute",
    limits_account_unknown="1000 per minute",
)
# Opened where the module is loaded: with --preload that is before the workers are forked.
auth.open()
try:
    auth.add_user("ada", {password!r})
except UsernameTakenError:
    pass

app = Flask("shop")
cs = CountersignFlask(app, auth)


@app.get("/me")
@cs.required
def me():
    return {{"user": current_principal.username}}


@app.after_request
def tell_worker(response):
    response.headers["X-Worker"] = str(os.getpid())
    return response
"""


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def worker(self) -> int:
        return int(self.headers["X-Worker"])


class Server:
    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port = port
        self.process = process

    def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """One request on a connection of its own, so that any worker may take it."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            fields = dict(headers or {})
            if isinstance(body, dict):
                body, fields["Content-Type"] = json.dumps(body), "application/json"
            connection.request(method, path, body, fields)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    def raw(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
            return answer

    def log_in(self) -> dict[str, Any]:
        answer = self.request("POST", "/login", ADA)
        assert answer.status == 200, answer
        tokens: dict[str, Any] = answer.json
        return tokens

    def on_every_worker(
        self, count: int, headers: dict[str, str], status: int, within: float
    ) -> None:
        """Asks until every one of the workers has answered so, last of all."""
        last: dict[int, int] = {}
        end = time.monotonic() + within
        while time.monotonic() < end:
            answer = self.request("GET", "/me", headers=headers)
            last[answer.worker] = answer.status
            if len(last) == count and set(last.values()) == {status}:
                return
        pytest.fail(f"{last} instead of {status} on {count} workers")


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Server]:
    (folder / "shop.py").write_text(_APPLICATION.format(password=PASSWORD))
    command = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", *options, "shop:app"]
    environment = {**os.environ, "DATABASE": f"sqlite:///{folder}/auth.db"}
    log = folder / "gunicorn.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stderr=output)
    try:
        yield Server(_port(process, log), process)
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


@pytest.fixture(scope="module")
def threads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("gthread")
    with serving(folder, "--worker-class", "gthread", "--threads", "8") as server:
        yield server


class TestThreads:
    @pytest.fixture
    def server(self, threads: Server) -> Server:
        return threads

    def test_many_at_once(self, server: Server) -> None:
        def one(_: int) -> tuple[int, int, int]:
            headers = bearer(server.log_in()["access_token"])
            before = server.request("GET", "/me", headers=headers)
            out = server.request("POST", "/logout", headers=headers)
            return before.status, out.status, server.request("GET", "/me", headers=headers).status

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(one, range(24))) == {(200, 204, 401)}

    def test_chunked_bodies(self, server: Server) -> None:
        # Without a Content-Length http.client sends an iterable in chunks.
        pieces = iter([b'{"username":"ada",', f'"password":"{PASSWORD}"}}'.encode()])
        headers = {"Content-Type": "application/json"}
        assert server.request("POST", "/login", pieces, headers).status == 200
        answer = server.raw(
            b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n"
        )
        assert answer.startswith(b"HTTP/1.1 400")

    def test_a_body_that_is_too_large(self, server: Server) -> None:
        headers = {"Content-Type": "application/json"}
        body = b" " * (BODY_LIMIT + 1)
        assert server.request("POST", "/login", body, headers).status == 413
        answer = server.request("POST", "/login", iter([body]), headers)
        assert (answer.status, answer.json["error"]) == (413, "payload_too_large")

    def test_a_body_that_stops(self, server: Server) -> None:
        answer = server.raw(
            b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Connection: close\r\nContent-Length: 100\r\n\r\n{"
        )
        assert answer.startswith(b"HTTP/1.1 400")

    def test_two_authorization_fields(self, server: Server) -> None:
        field = f"Authorization: Bearer {server.log_in()['access_token']}\r\n".encode()
        request = b"GET /me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n"
        assert server.raw(request % field).startswith(b"HTTP/1.1 200")
        assert server.raw(request % (field + field)).startswith((b"HTTP/1.1 400", b"HTTP/1.1 401"))

    def test_head_and_other_methods(self, server: Server) -> None:
        answer = server.request("HEAD", "/.well-known/jwks.json")
        assert (answer.status, answer.body) == (200, b"")
        assert int(answer.headers["Content-Length"]) > 100
        answer = server.request("DELETE", "/login")
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")
        assert server.request("OPTIONS", "/login").status == 200

    def test_curl(self, server: Server) -> None:
        def curl(*arguments: str) -> str:
            url = f"http://127.0.0.1:{server.port}"
            command = ["curl", "-s", "-w", "%{http_code}", *arguments[1:], url + arguments[0]]
            return subprocess.run(command, capture_output=True, check=True, text=True).stdout

        assert curl("/me").endswith("401")
        token = server.log_in()["access_token"]
        assert curl("/me", "-H", f"Authorization: Bearer {token}") == '{"user":"ada"}\n200'
        form = ("-d", "username=ada", "--data-urlencode", f"password={PASSWORD}")
        assert curl("/token", *form).endswith("200")
        assert curl("/logout", "-X", "POST", "-H", f"Authorization: Bearer {token}") == "204"
        assert curl("/me", "-H", f"Authorization: Bearer {token}").endswith("401")


class TestProcesses:
    WORKERS = 4

    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[Server]:
        with serving(tmp_path, "--preload", "--workers", str(self.WORKERS)) as server:
            yield server

    def test_logged_in_on_one_and_out_on_another(self, server: Server) -> None:
        for _ in range(50):
            logged_in = server.request("POST", "/login", ADA)
            headers = bearer(logged_in.json["access_token"])
            server.on_every_worker(self.WORKERS, headers, 200, within=20)
            logged_out = server.request("POST", "/logout", headers=headers)
            assert logged_out.status == 204
            server.on_every_worker(self.WORKERS, headers, 401, within=1)
            if logged_out.worker != logged_in.worker:
                return
        pytest.fail("one worker answers everything")

    def test_a_worker_that_is_killed(self, server: Server) -> None:
        tokens = server.log_in()
        headers = bearer(tokens["access_token"])
        victim = server.request("GET", "/me", headers=headers).worker
        with ThreadPoolExecutor(4) as pool:
            work = [pool.submit(server.log_in) for _ in range(12)]
            os.kill(victim, signal.SIGKILL)
            survived = [future.result() for future in work if future.exception() is None]
        assert survived
        for session in survived:
            fields = bearer(session["access_token"])
            assert server.request("GET", "/me", headers=fields).status == 200
        refreshed = server.request("POST", "/refresh", {"refresh_token": tokens["refresh_token"]})
        assert refreshed.status == 200
        # A new worker has taken the place of the one that is gone, and knows what happened.
        assert server.request("POST", "/logout", headers=headers).status == 204
        server.on_every_worker(self.WORKERS, headers, 401, within=20)
