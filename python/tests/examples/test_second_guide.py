"""The second guide's programs: they run and refuse, on PyJWT and on ``countersign.jwt`` alike."""

from __future__ import annotations

import datetime
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

import jwt as pyjwt
from countersign import jwt
from tests.examples.people import PASSWORD, bearer, tampered
from tests.examples.servers import EXAMPLES, ROOT, environment, serve

SECRET = secrets.token_hex(32)
MEANT: dict[str, Any] = {
    "issuer": "https://auth.example.com",
    "audience": "https://api.example.com",
}
OURS, THEIRS = "from countersign import jwt  # was: import jwt\n", "import jwt\n"
PROGRAMS = {
    "decorator": "flask --app {}/decorator run --port 0",
    "before_request": "flask --app {}/before_request run --port 0",
    "fastapi": "uvicorn --app-dir {} app:app --port 0",
}


class Program(NamedTuple):
    """One of the programs, running."""

    name: str
    url: str

    def log_in(self, username: str = "ada", password: str = PASSWORD) -> httpx.Response:
        """Sends the password as the program wants it."""
        credentials = {"username": username, "password": password}
        if self.name == "fastapi":
            return httpx.post(f"{self.url}/login", data=credentials)
        return httpx.post(f"{self.url}/login", json=credentials)

    def token(self) -> str:
        """A token from a log-in."""
        answer: dict[str, str] = self.log_in().json()
        return answer.get("token") or answer["access_token"]

    def protected(self, authorization: str | None) -> httpx.Response:
        """Asks for what is protected."""
        headers = {} if authorization is None else {"Authorization": authorization}
        return httpx.get(f"{self.url}/protected", headers=headers)

    def refusal(self, token: str) -> str:
        """What it says to a token that it refuses."""
        answer = self.protected(f"Bearer {token}")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        body: dict[str, str] = answer.json()
        return body.get("error") or body["detail"]


def source(program: str) -> Path:
    return EXAMPLES / f"second-guide-{'fastapi' if program == 'fastapi' else 'flask'}"


def on_pyjwt(program: str, folder: Path) -> Path:
    """A copy of the program that imports PyJWT."""
    copy = Path(shutil.copytree(source(program), folder / "copy"))
    changed = [path for path in copy.glob("*.py") if OURS in path.read_text()]
    for path in changed:
        path.write_text(path.read_text().replace(OURS, THEIRS))
    assert changed
    assert not any("from countersign" in path.read_text() for path in copy.glob("*.py"))
    return copy


@pytest.fixture(
    scope="module", params=[(name, library) for name in PROGRAMS for library in (OURS, THEIRS)],
    ids=lambda param: f"{param[0]}-{'countersign' if param[1] is OURS else 'pyjwt'}",
)  # fmt: skip
def program(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    name, library = request.param
    folder = tmp_path_factory.mktemp(name)
    place = source(name) if library is OURS else on_pyjwt(name, folder)
    variables = environment(folder, SECRET_KEY=SECRET, DEMO_PASSWORD=PASSWORD)
    with serve(PROGRAMS[name].format(place), variables, folder) as server:
        yield Program(name, server.url)


def test_log_in_and_the_protected_route(program: Program) -> None:
    answer = program.protected(f"Bearer {program.token()}")
    assert answer.status_code == 200
    assert answer.json() == {"message": "You are authenticated", "user_id": 1}
    # The scheme's name has no case (RFC 9110 11.1).
    assert program.protected(f"bearer {program.token()}").status_code == 200


def test_a_wrong_password_gets_no_token(program: Program) -> None:
    for username, password in [("ada", "wrong"), ("bob", PASSWORD), ("ada", "ä")]:
        answer = program.log_in(username, password)
        assert answer.status_code == 401
        assert "Invalid credentials" in answer.text


def test_without_a_token(program: Program) -> None:
    answer = program.protected(None)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_tokens_end(program: Program) -> None:
    claims = pyjwt.decode(program.token(), SECRET, algorithms=["HS256"], **MEANT)
    assert set(claims) == {"iss", "aud", "sub", "user_id", "exp", "jti"}
    in_a_minute = datetime.datetime.now(datetime.timezone.utc).timestamp() + 60
    assert in_a_minute < claims["exp"] < in_a_minute + 3600


def sign(key: str = SECRET, algorithm: str = "HS256", library: Any = pyjwt, **claims: Any) -> str:
    given = {"iss": MEANT["issuer"], "aud": MEANT["audience"], "user_id": 1, **claims}
    token: str = library.encode(given, key, algorithm=algorithm)
    return token


@pytest.mark.parametrize("library", [jwt, pyjwt], ids=["countersign", "pyjwt"])
def test_tokens_of_both_libraries_are_the_same(program: Program, library: Any) -> None:
    assert program.protected(f"Bearer {sign(library=library)}").status_code == 200
    assert program.refusal(sign(library=library, exp=1)) == "Token has expired"
    assert program.refusal(sign(secrets.token_hex(32), library=library)) == "Invalid token"
    assert program.refusal(sign("", "none", library=library)) == "Invalid token"
    assert program.refusal(sign(library=library, aud="https://other")) == "Invalid token"
    assert program.refusal(sign(library=library, iss="https://evil")) == "Invalid token"


def test_a_bad_token_is_refused(program: Program) -> None:
    assert program.refusal(tampered(program.token())) == "Invalid token"
    assert program.refusal("garbage") == "Invalid token"
    assert program.protected(program.token()).status_code == 401


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"{}", b'{"username":"ada"}', b'{"password":"\\ud800"}']
)
def test_what_is_no_log_in_is_refused_in_json(program: Program, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = httpx.post(f"{program.url}/login", content=body, headers=headers)
    assert answer.status_code == (422 if program.name == "fastapi" else 401)
    assert answer.json()


def test_every_protected_view_has_a_name_of_its_own(program: Program) -> None:
    views = ["protected"] if program.name == "fastapi" else ["protected", "profile"]
    for view in views:
        answer = httpx.get(f"{program.url}/{view}", headers=bearer(program.token()))
        assert answer.status_code == 200
        assert 1 in answer.json().values()


def test_browsers_and_lost_visitors_are_not_asked_for_a_token(program: Program) -> None:
    assert httpx.options(f"{program.url}/protected").status_code != 401
    assert httpx.get(f"{program.url}/nothing-here").status_code == 404


@pytest.mark.parametrize("program_name", PROGRAMS)
@pytest.mark.parametrize(
    ("variables", "mend"),
    [
        ({"SECRET_KEY": "", "DEMO_PASSWORD": PASSWORD}, "SECRET_KEY needs 32 bytes"),
        ({"SECRET_KEY": "my_secret_key", "DEMO_PASSWORD": PASSWORD}, "SECRET_KEY needs 32 bytes"),
        ({"SECRET_KEY": SECRET, "DEMO_PASSWORD": ""}, "DEMO_PASSWORD is not set"),
    ],
)
def test_it_does_not_start_without_secrets(
    program_name: str, variables: dict[str, str], mend: str, tmp_path: Path
) -> None:
    ended = subprocess.run(
        PROGRAMS[program_name].format(source(program_name)).split(),
        cwd=ROOT,
        env=environment(tmp_path, **variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    assert mend in ended.stderr


def test_a_secret_of_13_bytes_is_warned_of_as_in_pyjwt() -> None:
    for library, warning in (
        (jwt, jwt.InsecureKeyLengthWarning),
        (pyjwt, pyjwt.InsecureKeyLengthWarning),
    ):
        with pytest.warns(warning, match="13 bytes"):
            sign("my_secret_key", library=library)
