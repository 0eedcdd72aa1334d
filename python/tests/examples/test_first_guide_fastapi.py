"""The first guide's FastAPI program: with python-jose, with our python-jose, and native."""

from __future__ import annotations

import dataclasses
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from fastapi.testclient import TestClient

from countersign import jwt
from countersign.testing import TokenFactory, assert_rejects, client, in_memory
from tests.examples.people import PASSWORD, Person, bearer, tampered
from tests.examples.programs import load
from tests.examples.servers import EXAMPLES, ROOT, Server, environment, serve

EXAMPLE = "first-guide-fastapi"
START = "uvicorn --app-dir {} {}:app --port 0"
SECRET = secrets.token_hex(32)
THEIRS = "from jose import JWTError, jwt\n"
OURS = f"from countersign.compat.python_jose import JWTError, jwt  # was: {THEIRS}"


class Compat(NamedTuple):
    """The program with one changed import, running."""

    url: str

    def log_in(self, username: str = "ada", password: str = PASSWORD) -> httpx.Response:
        form = {"username": username, "password": password}
        return httpx.post(f"{self.url}/token", data=form)

    def get(self, path: str, token: str) -> httpx.Response:
        return httpx.get(self.url + path, headers=bearer(token))

    def token(self) -> str:
        token: str = self.log_in().json()["access_token"]
        return token


@pytest.fixture(scope="module", params=[OURS, THEIRS], ids=["countersign", "python-jose"])
def compat(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Compat]:
    folder = tmp_path_factory.mktemp("compat")
    copy = Path(shutil.copytree(EXAMPLES / EXAMPLE, folder / "copy"))
    source = (copy / "app.py").read_text()
    assert source.count(OURS) == 1
    (copy / "app.py").write_text(source.replace(OURS, request.param))
    variables = environment(folder, SECRET_KEY=SECRET, DEMO_PASSWORD=PASSWORD)
    with serve(START.format(copy, "app"), variables, folder) as server:
        yield Compat(server.url)


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("native")
    start = START.format(EXAMPLES / EXAMPLE, "native")
    with serve(start, environment(folder), folder) as server:
        yield server


def sign(key: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    meant = {"iss": "https://auth.example.com", "aud": "https://api.example.com"}
    given = {**meant, "sub": "ada", "exp": int(time.time()) + 60, **claims}
    kept = {name: value for name, value in given.items() if value is not None}
    return jwt.encode(kept, key, algorithm=algorithm)


def test_compat_log_in_and_who_is_logged_in(compat: Compat) -> None:
    answer = compat.log_in()
    assert answer.status_code == 200
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("bearer", 1800)
    claims = jwt.decode(
        answer.json()["access_token"],
        SECRET,
        algorithms=["HS256"],
        audience="https://api.example.com",
        issuer="https://auth.example.com",
    )
    assert claims["sub"] == "ada"
    assert 1790 <= claims["exp"] - time.time() <= 1801
    me = compat.get("/users/me", compat.token())
    assert me.json() == {"username": "ada", "email": "ada@example.com", "disabled": False}
    assert compat.get("/protected", compat.token()).json() == {"message": "Hello ada"}


def test_compat_a_wrong_password_gets_no_token(compat: Compat) -> None:
    for username, password in [("ada", "wrong"), ("bob", PASSWORD), ("ada", "ä"), ("", PASSWORD)]:
        answer = compat.log_in(username, password)
        # A form without a name is no log-in at all.
        assert answer.status_code == (401 if username else 422)
        assert "access_token" not in answer.text


def test_compat_what_is_no_good_token_is_refused(compat: Compat) -> None:
    assert compat.get("/protected", sign()).status_code == 200
    bad = {
        "expired": sign(exp=int(time.time()) - 1),
        "for ever": sign(exp=None),
        "nobody's": sign(sub=None),
        "of somebody unknown": sign(sub="bob"),
        "for another service": sign(aud="https://other.example.com"),
        "for no service": sign(aud=None),
        "of another issuer": sign(iss="https://evil.example.com"),
        "of another secret": sign(secrets.token_hex(32)),
        "of another algorithm": sign(SECRET * 2, "HS512"),
        "unsigned": sign("", "none"),
        "tampered": tampered(compat.token()),
        "garbage": "garbage",
    }
    for path in ["/users/me", "/protected"]:
        for name, token in bad.items():
            answer = compat.get(path, token)
            assert answer.status_code == 401, name
            assert answer.json() == {"detail": "Could not validate credentials"}
            assert answer.headers["www-authenticate"] == "Bearer"
        assert httpx.get(compat.url + path).status_code == 401


def test_compat_who_is_disabled_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", SECRET)
    monkeypatch.setenv("DEMO_PASSWORD", PASSWORD)
    program = load(EXAMPLE)
    disabled = dataclasses.replace(program.get_user("ada"), disabled=True)
    with TestClient(program.app) as http:
        assert http.get("/protected", headers=bearer(sign())).status_code == 200
        monkeypatch.setattr(program, "get_user", lambda username: disabled)
        assert http.get("/protected", headers=bearer(sign())).status_code == 401


@pytest.mark.parametrize(
    ("variables", "mend"),
    [
        ({"SECRET_KEY": "", "DEMO_PASSWORD": PASSWORD}, "SECRET_KEY needs 32 bytes"),
        ({"SECRET_KEY": "your-secret-key", "DEMO_PASSWORD": PASSWORD}, "SECRET_KEY needs 32 bytes"),
        ({"SECRET_KEY": SECRET, "DEMO_PASSWORD": ""}, "DEMO_PASSWORD is not set"),
    ],
)
def test_compat_does_not_start_without_secrets(
    variables: dict[str, str], mend: str, tmp_path: Path
) -> None:
    ended = subprocess.run(
        START.format(EXAMPLES / EXAMPLE, "app").split(),
        cwd=ROOT,
        env=environment(tmp_path, **variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    assert mend in ended.stderr


def test_native_log_in_refresh_and_log_out(native: Server) -> None:
    bob = Person(native.url, "bob")
    bob.register()
    form = {"username": "bob", "password": PASSWORD}
    answer = httpx.post(f"{native.url}/token", data=form)
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "bearer"
    # The engine takes some off, so that not all clients refresh at once.
    assert 1800 * 0.9 <= answer.json()["expires_in"] <= 1800
    bob.tokens = answer.json()
    assert bob.ask("GET", "/users/me").json()["username"] == "bob"
    assert bob.ask("GET", "/protected").json() == {"message": "Hello bob"}

    assert bob.refresh().status_code == 200
    assert bob.ask("GET", "/protected").status_code == 200
    assert bob.ask("POST", "/logout").status_code == 204
    assert bob.ask("GET", "/protected").status_code == 401
    assert bob.ask("GET", "/users/me").status_code == 401
    assert bob.refresh().status_code == 400


def test_native_a_used_refresh_token_ends_the_session(native: Server) -> None:
    carol = Person(native.url, "carol")
    carol.register()
    carol.log_in()
    first = carol.tokens["refresh_token"]
    assert carol.refresh().status_code == 200
    assert carol.refresh().status_code == 200
    assert carol.refresh(first).status_code == 400
    assert carol.ask("GET", "/protected").status_code == 401


def test_native_passwords_cannot_be_guessed_for_long(native: Server) -> None:
    dora = Person(native.url, "dora")
    dora.register()
    wrong = {"username": "dora", "password": "wrong"}
    statuses = [dora.post("/login", wrong).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]


def test_native_an_expired_token_is_refused() -> None:
    program = load(EXAMPLE, "native")
    with in_memory(program.auth) as clock, client(program.app) as http:
        tokens = TokenFactory(program.auth, clock)
        headers = bearer(tokens.good())
        clock.advance(25 * 60)
        assert http.get("/protected", headers=headers).status_code == 200
        clock.advance(5 * 60)
        answer = http.get("/protected", headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
        assert_rejects(program.app, "/protected", tokens)
