"""`countersign.testing` with FastAPI applications: time that passes, and tokens of every kind."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi import Depends, FastAPI
from starlette.testclient import TestClient

from countersign import Countersign
from countersign.fastapi import CountersignFastAPI
from countersign.testing import Clock, TokenFactory, assert_rejects, in_memory
from tests.fastapi.support import INVALID


@pytest.fixture
def clock(own_auth: Countersign) -> Iterator[Clock]:
    with in_memory(own_auth) as clock:
        yield clock


@pytest.fixture
def tokens(own_auth: Countersign, clock: Clock) -> TokenFactory:
    return TokenFactory(own_auth, clock)


@pytest.fixture
def app(own_auth: Countersign) -> FastAPI:
    app = FastAPI()
    cs = CountersignFastAPI(own_auth)
    wanted: dict[str, Callable[..., Any]] = {
        "/any": cs.principal,
        "/scoped": cs.require(scopes=["a", "b"]),
        "/roles": cs.require(roles=["author", "editor"], scopes=["a"]),
        "/recent": cs.require(max_auth_age=timedelta(minutes=5)),
    }
    for path, dependency in wanted.items():
        app.add_api_route(path, lambda: "in", dependencies=[Depends(dependency)])
    cs.install(app)
    return app


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_what_must_be_refused_is_refused(app: FastAPI, tokens: TokenFactory) -> None:
    assert_rejects(app, "/any", tokens)
    assert_rejects(app, "/users/me", tokens)
    assert_rejects(app, "/scoped", tokens, scopes=["a", "b"])
    assert_rejects(app, "/roles", tokens, scopes=["a"], roles=["author", "editor"])


def test_a_token_expires(app: FastAPI, clock: Clock, tokens: TokenFactory) -> None:
    client, headers = TestClient(app), bearer(tokens.good())
    assert client.get("/any", headers=headers).status_code == 200
    clock.advance(timedelta(minutes=16))
    answer = client.get("/any", headers=headers)
    assert (answer.status_code, answer.json()) == (401, INVALID)


def test_a_log_in_ages(app: FastAPI, clock: Clock, tokens: TokenFactory) -> None:
    client, headers = TestClient(app), bearer(tokens.good())
    assert client.get("/recent", headers=headers).status_code == 200
    clock.advance(timedelta(minutes=6))
    answer = client.get("/recent", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (401, "insufficient_user_authentication")
    assert 'max_age="300"' in answer.headers["www-authenticate"]
    assert client.get("/any", headers=headers).status_code == 200


def test_an_application_that_stops_keeps_what_is_in_memory(
    app: FastAPI, tokens: TokenFactory
) -> None:
    headers = bearer(tokens.good())
    for _ in range(2):
        with TestClient(app) as client:
            assert client.get("/any", headers=headers).status_code == 200
