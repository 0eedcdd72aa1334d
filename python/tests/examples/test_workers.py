"""Two gunicorn workers over one SQLite file: what one of them revokes, the other refuses."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.examples.people import Person, bearer
from tests.examples.readme import Readme
from tests.examples.servers import Server, environment, serve

WITHIN = 1.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("workers")
    log = "--access-logfile=- --access-logformat='worker %(p)s answers %(s)s to %({x-asked}i)s'"
    with serve(
        Readme("flask-app").start(), environment(folder, GUNICORN_CMD_ARGS=log), folder
    ) as server:
        yield server


def answers_of_all_workers(server: Server, token: str, label: str) -> list[tuple[str, int]]:
    """Asks until both workers have answered: who, and what."""
    for _ in range(200):
        httpx.get(f"{server.url}/protected", headers={**bearer(token), "x-asked": label})
        found = re.findall(rf"worker <(\d+)> answers (\d+) to {label}\n", server.log())
        if len({worker for worker, _ in found}) == 2:
            return [(worker, int(status)) for worker, status in found]
    raise AssertionError("one of the workers never answers")


def log_out(person: Person) -> None:
    assert person.ask("POST", "/logout").status_code == 204


def revoke(person: Person) -> None:
    answer = httpx.post(f"{person.url}/revoke", data={"token": person.access_token})
    assert answer.status_code == 200


def change_password(person: Person) -> None:
    passwords = {"current_password": "correct horse battery", "new_password": "battery horse"}
    assert person.ask("POST", "/users/me/password", json=passwords).status_code == 200


@pytest.mark.parametrize("end", [log_out, revoke, change_password])
def test_a_token_is_dead_on_every_worker(server: Server, end: Callable[[Person], None]) -> None:
    person = Person(server.url, end.__name__)
    person.register()
    person.log_in()
    before = answers_of_all_workers(server, person.access_token, f"before-{end.__name__}")
    assert {status for _, status in before} == {200}
    end(person)
    time.sleep(WITHIN)
    after = answers_of_all_workers(server, person.access_token, f"after-{end.__name__}")
    assert {status for _, status in after} == {401}


def test_a_refresh_token_works_on_whichever_worker_gets_it(server: Server) -> None:
    person = Person(server.url, "wanderer")
    person.register()
    person.log_in()
    for _ in range(12):
        assert person.refresh().status_code == 200
        assert person.ask("GET", "/protected").status_code == 200
