"""The FastAPI and the Flask application, as real servers: everything that the guides show."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.examples.people import PASSWORD, Person, bearer, tampered
from tests.examples.readme import Readme
from tests.examples.servers import Server, environment, serve

NewPerson = Callable[[str], Person]


@pytest.fixture(scope="module", params=["fastapi-app", "flask-app"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp(request.param)
    # Limits are each worker's own: with one, it is known what they let through.
    start = Readme(request.param).start().replace("--workers 2", "--workers 1")
    with serve(start, environment(folder), folder) as server:
        yield server


@pytest.fixture
def new_person(server: Server, request: pytest.FixtureRequest) -> NewPerson:
    def make(name: str) -> Person:
        person = Person(server.url, name)
        person.register()
        person.log_in()
        return person

    return make


@pytest.fixture(scope="module")
def ada(server: Server) -> Person:
    """She has a role and a scope; the README adds her."""
    person = Person(server.url, "ada")
    person.log_in()
    return person


def test_the_password_form_logs_in(server: Server) -> None:
    answer = httpx.post(f"{server.url}/token", data={"username": "ada", "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "bearer"
    assert answer.json()["expires_in"] > 0


def test_a_failed_log_in_is_refused_and_heard_of(server: Server) -> None:
    answer = httpx.post(f"{server.url}/login", json={"username": "ada", "password": "wrong"})
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_credentials"
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    server.wait_for_log("login.failed")


def test_users_me(ada: Person) -> None:
    me = ada.ask("GET", "/users/me").json()
    assert (me["username"], me["roles"], me["scopes"]) == ("ada", ["admin"], ["reports:read"])


def test_protected_knows_who_calls_and_the_additional_claim(ada: Person) -> None:
    answer = ada.ask("GET", "/protected")
    assert answer.status_code == 200
    assert answer.json() == {"logged_in_as": "ada", "roles": ["admin"], "plan": "free"}


def test_nobody_is_let_in_without_a_token(server: Server) -> None:
    for method, path in [
        ("GET", "/protected"),
        ("GET", "/reports"),
        ("POST", "/reports"),
        ("GET", "/reports/spring"),
        ("DELETE", "/people/ada/sessions"),
        ("GET", "/users/me"),
    ]:
        answer = httpx.request(method, server.url + path)
        assert answer.status_code == 401, path
        assert answer.json()["error"] == "missing_token"
        # Nothing but the realm: the client did nothing wrong (RFC 6750 3.1).
        assert answer.headers["www-authenticate"].startswith("Bearer realm=")
        assert "error=" not in answer.headers["www-authenticate"]


def test_the_open_routes_are_open(server: Server, ada: Person) -> None:
    assert httpx.get(f"{server.url}/health").json() == {"status": "ok"}
    assert httpx.get(f"{server.url}/").json() == {"hello": "stranger"}
    assert ada.ask("GET", "/").json() == {"hello": "ada"}


@pytest.mark.parametrize("header", ["Bearer {}", "Bearer garbage", "Bearer a.b.c"])
def test_a_bad_token_is_refused(server: Server, ada: Person, header: str) -> None:
    field = header.format(tampered(ada.access_token))
    answer = httpx.get(f"{server.url}/protected", headers={"Authorization": field})
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_token"
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_a_refresh_token_is_no_access_token(server: Server, ada: Person) -> None:
    headers = bearer(ada.tokens["refresh_token"])
    assert httpx.get(f"{server.url}/protected", headers=headers).status_code == 401


def test_scopes_and_roles(new_person: NewPerson, ada: Person) -> None:
    carl = new_person("carl")
    for method, path in [("GET", "/reports"), ("DELETE", "/people/ada/sessions")]:
        answer = carl.ask(method, path)
        assert answer.status_code == 403
        assert answer.json()["error"] == "insufficient_scope"
        assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    assert ada.ask("GET", "/reports").json()["reports"] == ["spring", "summer"]


def test_refresh_rotates_and_a_stolen_token_ends_the_session(
    server: Server, new_person: NewPerson
) -> None:
    dora = new_person("dora")
    first = dora.tokens["refresh_token"]
    for _ in range(2):
        before = dora.tokens
        assert dora.refresh().status_code == 200
        assert dora.tokens["refresh_token"] != before["refresh_token"]
        assert dora.ask("GET", "/protected").status_code == 200
    theft = dora.refresh(first)
    assert (theft.status_code, theft.json()["error"]) == (400, "invalid_grant")
    # Who of the two is the thief nobody knows.
    assert dora.refresh().status_code == 400
    assert dora.ask("GET", "/protected").status_code == 401
    server.wait_for_log("refresh.replayed")


def test_the_claim_is_there_after_a_refresh(new_person: NewPerson) -> None:
    eve = new_person("eve")
    eve.refresh()
    assert eve.ask("GET", "/protected").json()["plan"] == "free"


def test_log_out_logs_out(new_person: NewPerson) -> None:
    finn = new_person("finn")
    assert finn.ask("POST", "/logout").status_code == 204
    answer = finn.ask("GET", "/protected")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    assert finn.refresh().status_code == 400
    finn.log_in()
    assert finn.ask("GET", "/protected").status_code == 200


def test_a_revoked_token_is_refused_and_its_session_lives(new_person: NewPerson) -> None:
    gil = new_person("gil")
    answer = httpx.post(f"{gil.url}/revoke", data={"token": gil.access_token})
    assert answer.status_code == 200
    assert gil.ask("GET", "/protected").status_code == 401
    assert gil.refresh().status_code == 200
    assert gil.ask("GET", "/protected").status_code == 200


def test_an_administrator_logs_somebody_out(
    server: Server, new_person: NewPerson, ada: Person
) -> None:
    hana = new_person("hana")
    elsewhere = Person(server.url, "hana")
    elsewhere.log_in()
    assert ada.ask("DELETE", "/people/hana/sessions").status_code == 204
    for person in (hana, elsewhere):
        assert person.ask("GET", "/protected").status_code == 401
        assert person.refresh().status_code == 400
    answer = ada.ask("DELETE", "/people/nobody/sessions")
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


def test_five_a_minute(new_person: NewPerson) -> None:
    ina = new_person("ina")
    answers = [ina.ask("POST", "/reports") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [201] * 5 + [429]
    refused = answers[-1]
    assert refused.json()["error"] == "rate_limited"
    assert 0 < int(refused.headers["retry-after"]) <= 60
    # Counted by user: the others have budgets of their own.
    assert new_person("jon").ask("POST", "/reports").status_code == 201


def test_all_errors_are_json(server: Server, ada: Person) -> None:
    for answer, status, error in [
        (ada.ask("GET", "/reports/winter"), 404, "not_found"),
        (ada.ask("GET", "/no-such-page"), 404, "not_found"),
        (ada.ask("PUT", "/protected"), 405, "method_not_allowed"),
        (ada.ask("GET", "/login"), 405, "method_not_allowed"),
        (httpx.post(f"{server.url}/login", json={"name": "ada"}), 400, "invalid_request"),
        (httpx.post(f"{server.url}/login", content=b"{"), 415, "unsupported_media_type"),
    ]:
        assert answer.status_code == status, answer.text
        assert answer.json()["error"] == error
        assert answer.json()["error_description"]
