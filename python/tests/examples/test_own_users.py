"""The application that keeps its own users, as a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from countersign.testing import client, in_memory
from tests.examples.people import PASSWORD, Person
from tests.examples.programs import load
from tests.examples.readme import Readme
from tests.examples.servers import Server, environment, run, serve

MANAGE = "python examples/fastapi-own-users/manage.py"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("own-users")
    with serve(Readme("fastapi-own-users").start(), environment(folder), folder) as server:
        yield server


def add(server: Server, name: str, *roles: str) -> Person:
    """Somebody new who has logged in."""
    options = " ".join(f"--role {role}" for role in roles)
    run(f'echo "{PASSWORD}" | {MANAGE} add {name} {options}', server.environment)
    person = Person(server.url, name)
    person.log_in()
    return person


def manage(server: Server, arguments: str) -> None:
    run(f"{MANAGE} {arguments}", server.environment)


def refresh(person: Person) -> httpx.Response:
    return person.refresh(path="/auth/refresh")


def test_log_in_and_who_i_am(server: Server) -> None:
    carl = add(server, "carl", "writer")
    me = carl.ask("GET", "/me").json()
    assert me == {
        "id": me["id"],
        "name": "carl",
        "roles": ["writer"],
        "scopes": ["notes:read", "notes:write"],
        "logged_in_by": "password",
    }
    assert me["id"].startswith("user-")


def test_names_have_no_case_and_passwords_have(server: Server) -> None:
    add(server, "dora")
    Person(server.url, "DORA").log_in()
    answer = httpx.post(
        f"{server.url}/login", json={"username": "dora", "password": PASSWORD.upper()}
    )
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_role_shows_at_the_next_refresh_and_goes_with_one(server: Server) -> None:
    eve = add(server, "eve")
    assert eve.ask("POST", "/notes", json={"text": "mine"}).status_code == 403
    manage(server, "roles eve --role writer")
    assert eve.ask("POST", "/notes", json={"text": "mine"}).status_code == 403
    assert refresh(eve).status_code == 200
    assert eve.ask("POST", "/notes", json={"text": "mine"}).json()[-1] == "eve: mine"
    manage(server, "roles eve")
    assert refresh(eve).status_code == 200
    assert eve.ask("POST", "/notes", json={"text": "mine"}).status_code == 403
    assert eve.ask("GET", "/me").json()["logged_in_by"] == "password"


def test_who_is_disabled_in_the_table_loses_the_session_at_the_next_refresh(
    server: Server,
) -> None:
    finn = add(server, "finn")
    manage(server, "disable finn")
    assert finn.ask("GET", "/notes").status_code == 200
    answer = refresh(finn)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    answer = finn.post("/login", {"username": "finn", "password": PASSWORD})
    assert answer.status_code == 401
    manage(server, "enable finn")
    finn.log_in()


def test_an_administrator_ends_sessions_at_once(server: Server) -> None:
    admin, gil = add(server, "gina", "admin"), add(server, "gil", "writer")
    assert gil.ask("PATCH", "/people/gina", json={"disabled": True}).status_code == 403
    # A role that is added harms nobody.
    added = {"roles": ["writer", "admin"]}
    assert admin.ask("PATCH", "/people/gil", json=added).status_code == 204
    assert gil.ask("GET", "/notes").status_code == 200
    # One that is removed does not wait for the next refresh.
    assert admin.ask("PATCH", "/people/gil", json={"roles": []}).status_code == 204
    assert gil.ask("GET", "/notes").status_code == 401
    gil.log_in()
    assert gil.ask("POST", "/notes", json={"text": "mine"}).status_code == 403
    assert admin.ask("PATCH", "/people/gil", json={"disabled": True}).status_code == 204
    assert gil.ask("GET", "/notes").status_code == 401
    assert refresh(gil).status_code == 400
    assert admin.ask("PATCH", "/people/nobody", json={}).status_code == 404


def test_log_out_and_theft(server: Server) -> None:
    hana = add(server, "hana")
    first = hana.tokens["refresh_token"]
    for _ in range(2):
        assert refresh(hana).status_code == 200
    assert hana.refresh(first, "/auth/refresh").status_code == 400
    assert hana.ask("GET", "/notes").status_code == 401
    hana.log_in()
    assert hana.ask("POST", "/auth/logout").status_code == 204
    assert hana.ask("GET", "/notes").status_code == 401


def test_log_ins_are_limited_by_address_and_name(server: Server) -> None:
    ina, jon = add(server, "ina"), add(server, "jon")
    wrong = {"username": "ina", "password": "wrong"}
    # One of the five was hers.
    statuses = [ina.post("/login", wrong).status_code for _ in range(5)]
    assert statuses == [401] * 4 + [429]
    # Another spelling is no other budget; another name is.
    refused = ina.post("/login", {"username": "INA", "password": PASSWORD})
    assert (refused.status_code, refused.json()["error"]) == (429, "rate_limited")
    assert 0 < int(refused.headers["retry-after"]) <= 60
    jon.log_in()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_no_encoding_gets_around_the_limit(server: Server, encoding: str) -> None:
    body = f'{{"username":"kim-{encoding}","password":"wrong"}}'.encode(encoding)
    headers = {"content-type": "application/json"}
    statuses = [
        httpx.post(f"{server.url}/login", content=body, headers=headers).status_code
        for _ in range(6)
    ]
    assert statuses == [401] * 5 + [429]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b'{"username":["ada"]}', b"\xff"])
def test_what_is_no_log_in_is_no_mistake_of_the_servers(server: Server, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = httpx.post(f"{server.url}/login", content=body, headers=headers)
    assert answer.status_code in (400, 422, 429)


def test_who_tries_many_names_is_limited_by_address(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("USERS_DATABASE", str(tmp_path / "users.db"))
    program = load("fastapi-own-users")
    monkeypatch.setattr(program.users, "check", lambda name, password: None)
    with in_memory(program.auth), client(program.app) as http:
        statuses = [
            http.post("/login", json={"username": f"user-{number}", "password": ""}).status_code
            for number in range(101)
        ]
    assert statuses == [401] * 100 + [429]


def test_the_engines_own_log_in_knows_nobody(server: Server) -> None:
    answer = httpx.post(f"{server.url}/auth/login", json={"username": "ada", "password": PASSWORD})
    assert answer.status_code == 401
    assert httpx.post(f"{server.url}/auth/register", json={}).status_code == 404
