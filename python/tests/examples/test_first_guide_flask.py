"""The first guide's Flask program: with the packages it was for, with ours, and native."""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from countersign import jwt
from countersign.testing import TokenFactory, assert_rejects, client, in_memory
from tests.examples.people import PASSWORD, bearer, tampered
from tests.examples.programs import load
from tests.examples.readme import Readme
from tests.examples.servers import EXAMPLES, ROOT, environment, serve

EXAMPLE = "first-guide-flask"
START = "gunicorn --pythonpath {} --worker-class gthread --threads 4 --bind 127.0.0.1:0 app:app"
SECRET = secrets.token_hex(32)
ADDRESSES = count(2)


class Program(NamedTuple):
    """A way to write the program, running: ``countersign``, ``originals`` or ``native``."""

    kind: str
    url: str


class Client:
    """Somebody with an address of its own, whom the limits do not take for another."""

    def __init__(self, program: Program) -> None:
        self.url = program.url
        self.address = f"127.0.0.{next(ADDRESSES)}"
        self.native = program.kind == "native"
        self.tokens: dict[str, Any] = {}

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Sends a request; nothing is kept alive after it."""
        transport = httpx.HTTPTransport(local_address=self.address)
        with httpx.Client(base_url=self.url, transport=transport, timeout=30) as http:
            return http.request(method, path, **request)

    def try_password(self, password: str, username: str = "ada") -> httpx.Response:
        return self.ask("POST", "/login", json={"username": username, "password": password})

    def log_in(self) -> dict[str, Any]:
        answer = self.try_password(PASSWORD)
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()
        return self.tokens

    def get(self, path: str, token: str | None = None) -> httpx.Response:
        return self.ask("GET", path, headers=bearer(token or self.tokens["access_token"]))

    def refresh(self, token: str | None = None) -> httpx.Response:
        """Asks for the next pair, and keeps it."""
        token = token or self.tokens["refresh_token"]
        if self.native:
            answer = self.ask("POST", "/refresh", json={"refresh_token": token})
        else:
            answer = self.ask("POST", "/refresh", headers=bearer(token))
        if answer.status_code == 200:
            self.tokens = answer.json()
        return answer

    def log_out(self) -> httpx.Response:
        return self.ask("POST", "/logout", headers=bearer(self.tokens["access_token"]))


def compat_start(kind: str, folder: Path) -> str:
    """The line that starts a copy of the program, with our imports or the original ones."""
    copy = Path(shutil.copytree(EXAMPLES / EXAMPLE, folder / "copy"))
    if kind == "originals":
        source = (copy / "app.py").read_text()
        changed, imports = re.subn(r"from countersign\.compat\.", "from ", source)
        assert imports == 3
        (copy / "app.py").write_text(changed)
    return START.format(copy)


@pytest.fixture(scope="module", params=["countersign", "originals", "native"])
def program(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    kind = request.param
    folder = tmp_path_factory.mktemp(kind)
    if kind == "native":
        # Limits on views are each worker's own: with one, it is known what they let through.
        start = Readme(EXAMPLE, 1).start().replace("--workers 2", "--workers 1")
    else:
        start = compat_start(kind, folder)
    variables = environment(folder, JWT_SECRET_KEY=SECRET, DEMO_PASSWORD=PASSWORD)
    with serve(start, variables, folder) as server:
        yield Program(kind, server.url)


@pytest.fixture
def ada(program: Program) -> Client:
    """She is logged in."""
    ada = Client(program)
    ada.log_in()
    return ada


@pytest.fixture
def compat(program: Program) -> Client:
    """Somebody who is not logged in, and speaks to the program with changed imports."""
    if program.kind == "native":
        pytest.skip("of the programs with Flask-JWT-Extended's interface")
    return Client(program)


def test_log_in_and_who_is_logged_in(ada: Client) -> None:
    assert ada.tokens["token_type"] == "bearer"
    # The engine takes some off, so that not all clients refresh at once.
    assert 3600 * (0.9 if ada.native else 1) <= ada.tokens["expires_in"] <= 3600
    assert ada.get("/protected").json() == {"logged_in_as": "ada", "roles": ["user"]}


def test_a_wrong_password_gets_no_tokens(program: Program) -> None:
    visitor = Client(program)
    for username, password in [("ada", "wrong"), ("bob", PASSWORD), ("ada", "ä")]:
        answer = visitor.try_password(password, username)
        assert answer.status_code == 401
        assert answer.json()["error"] == "invalid_credentials"
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"{}", b'{"username":[]}', b'{"password":"\\ud800"}']
)
def test_what_is_no_log_in_is_refused_in_json(program: Program, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = Client(program).ask("POST", "/login", content=body, headers=headers)
    assert answer.status_code in ({400, 422} if program.kind == "native" else {401})
    assert answer.json()["error"]


def test_without_a_token(program: Program) -> None:
    answer = Client(program).ask("GET", "/protected")
    assert answer.status_code == 401
    assert answer.json()["error"] == "missing_token"
    if program.kind != "originals":
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_bad_token_is_refused(program: Program, ada: Client) -> None:
    for token in [tampered(ada.tokens["access_token"]), "garbage", ada.tokens["refresh_token"]]:
        answer = ada.get("/protected", token)
        assert answer.status_code == 401
        assert answer.json()["error"] == "invalid_token"
        if program.kind != "originals":
            assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_a_refresh_brings_a_new_pair_once(ada: Client) -> None:
    first = ada.tokens
    assert ada.refresh().status_code == 200
    assert ada.tokens["refresh_token"] != first["refresh_token"]
    assert ada.get("/protected").json() == {"logged_in_as": "ada", "roles": ["user"]}
    if not ada.native:
        # There a repeated request is answered again for a moment, until the next refresh.
        again = ada.refresh(first["refresh_token"])
        assert (again.status_code, again.json()["error"]) == (401, "invalid_grant")
    assert ada.refresh().status_code == 200


def test_compat_a_refresh_token_works_once_even_at_the_same_time(compat: Client) -> None:
    token = compat.log_in()["refresh_token"]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: compat.refresh(token), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7


def test_an_access_token_does_not_refresh(ada: Client) -> None:
    assert ada.refresh(ada.tokens["access_token"]).status_code in {400, 401}


def test_two_devices(program: Program) -> None:
    phone, laptop = Client(program), Client(program)
    phone.log_in()
    laptop.log_in()
    assert phone.refresh().status_code == 200
    assert laptop.refresh().status_code == 200


def test_after_a_log_out_no_token_works(ada: Client) -> None:
    assert ada.log_out().status_code == 204
    answer = ada.get("/protected")
    assert answer.status_code == 401
    if not ada.native:
        assert answer.json()["error"] == "token_revoked"
    assert ada.log_out().status_code == 401
    answer = ada.refresh()
    assert answer.status_code == (400 if ada.native else 401)
    assert answer.json()["error"] == "invalid_grant"
    ada.log_in()
    assert ada.get("/protected").status_code == 200


def test_five_log_ins_a_minute(program: Program) -> None:
    visitor = Client(program)
    assert [visitor.try_password(PASSWORD).status_code for _ in range(5)] == [200] * 5
    answer = visitor.try_password(PASSWORD)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert "error" in answer.json()
    # Others may.
    assert Client(program).try_password(PASSWORD).status_code == 200


def test_fifty_requests_an_hour(ada: Client) -> None:
    statuses = [ada.get("/protected").status_code for _ in range(51)]
    assert statuses == [200] * 50 + [429]


def test_what_is_not_there_is_answered_in_json(program: Program) -> None:
    answer = Client(program).ask("GET", "/nothing-here")
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


def sign(**claims: Any) -> str:
    now = int(time.time())
    given = {
        **{"iss": "https://auth.example.com", "aud": "https://api.example.com", "sub": "ada"},
        **{"iat": now, "nbf": now, "exp": now + 60, "jti": "1"},
        **{"type": "access", "fresh": False, "roles": ["user"], "gen": 0},
    }
    return jwt.encode({**given, **claims}, SECRET, "HS256")


def test_compat_an_expired_token_has_an_answer_of_its_own(compat: Client) -> None:
    assert compat.get("/protected", sign()).status_code == 200
    answer = compat.get("/protected", sign(exp=int(time.time()) - 1))
    assert answer.status_code == 401
    assert answer.json() == {"error": "token_expired", "message": "The token has expired"}


def test_native_an_expired_token_has_an_answer_of_its_own() -> None:
    program = load(EXAMPLE, "native")
    with in_memory(program.auth) as clock, client(program.app) as http:
        tokens = TokenFactory(program.auth, clock)
        headers = bearer(tokens.good())
        assert http.get("/protected", headers=headers).status_code == 200
        clock.advance(3600)
        answer = http.get("/protected", headers=headers)
        assert answer.status_code == 401
        assert answer.json["error_description"] == "The token has expired"
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
        assert_rejects(program.app, "/protected", tokens)


def test_compat_what_has_expired_is_forgotten(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JWT_SECRET_KEY", SECRET)
    monkeypatch.setenv("DEMO_PASSWORD", PASSWORD)
    monkeypatch.setenv("TOKENS_DATABASE", str(tmp_path / "tokens.db"))
    program = load(EXAMPLE)
    tokens = program.TokenManager()
    tokens.add_to_blacklist("old", time.time() - 1)
    tokens.add_to_blacklist("new", time.time() + 60)
    assert tokens.is_blacklisted("new")
    store = program.RefreshTokenStore()
    store.store("ada", "old", time.time() - 1)
    store.store("ada", "new", time.time() + 60)
    assert not store.use("ada", "old")
    assert not store.use("bob", "new")
    assert store.use("ada", "new")
    assert program.run("SELECT 1 FROM tokens") == 1


def test_compat_rights_that_were_taken_away_are_gone_at_once(compat: Client) -> None:
    assert compat.get("/protected", sign()).status_code == 200
    for claims in ({"gen": 1}, {"sub": "nobody"}):
        answer = compat.get("/protected", sign(**claims))
        assert (answer.status_code, answer.json()["error"]) == (401, "token_revoked")


def test_compat_a_token_for_somebody_else_is_refused(compat: Client) -> None:
    for claims in ({"aud": "https://other.example.com"}, {"iss": "https://evil.example.com"}):
        answer = compat.get("/protected", sign(**claims))
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")


@pytest.mark.parametrize(
    ("variables", "mend"),
    [
        ({"JWT_SECRET_KEY": "", "DEMO_PASSWORD": PASSWORD}, "JWT_SECRET_KEY needs 32 bytes"),
        ({"JWT_SECRET_KEY": "change-me", "DEMO_PASSWORD": PASSWORD}, "JWT_SECRET_KEY needs 32"),
        ({"JWT_SECRET_KEY": SECRET, "DEMO_PASSWORD": ""}, "DEMO_PASSWORD is not set"),
    ],
)
def test_compat_does_not_start_without_secrets(
    variables: dict[str, str], mend: str, tmp_path: Path
) -> None:
    ended = subprocess.run(
        START.format(EXAMPLES / EXAMPLE).split(),
        cwd=ROOT,
        env=environment(tmp_path, **variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    assert mend in ended.stderr


def test_the_guides_own_tests_pass(tmp_path: Path) -> None:
    tests = EXAMPLES / EXAMPLE / "test_app.py"
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    assert "4 passed" in ended.stdout
