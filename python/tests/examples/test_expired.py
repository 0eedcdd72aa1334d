"""Tokens that have expired, and limits whose minute is over: the applications in process."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from countersign.testing import Clock, TokenFactory, assert_rejects, client, in_memory
from tests.examples.people import bearer
from tests.examples.programs import load


@pytest.fixture(params=["fastapi-app", "flask-app"])
def program(request: pytest.FixtureRequest) -> ModuleType:
    return load(request.param)


@pytest.fixture
def clock(program: ModuleType) -> Iterator[Clock]:
    with in_memory(program.auth) as clock:
        yield clock


@pytest.fixture
def tokens(program: ModuleType, clock: Clock) -> TokenFactory:
    return TokenFactory(program.auth, clock)


@pytest.fixture
def http(program: ModuleType, clock: Clock) -> Iterator[Any]:
    with client(program.app) as http:
        yield http


def body(answer: Any) -> Any:
    """The JSON of an answer of either test client."""
    return answer.json() if callable(answer.json) else answer.json


def test_an_expired_token_gets_the_applications_own_answer(
    http: Any, tokens: TokenFactory, clock: Clock
) -> None:
    headers = bearer(tokens.good())
    assert http.get("/protected", headers=headers).status_code == 200
    clock.advance(15 * 60)
    answer = http.get("/protected", headers=headers)
    assert answer.status_code == 401
    assert body(answer) == {
        "error": "invalid_token",
        "error_description": "Your token is too old: POST /refresh.",
    }
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_refresh_brings_a_fresh_token(http: Any, tokens: TokenFactory, clock: Clock) -> None:
    pair = tokens.pair()
    clock.advance(15 * 60)
    fresh = body(http.post("/refresh", json={"refresh_token": pair.refresh_token}))
    assert http.get("/protected", headers=bearer(fresh["access_token"])).status_code == 200


def test_whatever_is_no_good_token_is_refused(program: ModuleType, tokens: TokenFactory) -> None:
    assert_rejects(program.app, "/protected", tokens)
    assert_rejects(program.app, "/reports", tokens, scopes=["reports:read"])
    assert_rejects(program.app, "/people/ada/sessions", tokens, method="DELETE", roles=["admin"])


def test_a_role_becomes_a_claim(http: Any, tokens: TokenFactory) -> None:
    headers = bearer(tokens.good(roles=["subscriber"]))
    assert body(http.get("/protected", headers=headers))["plan"] == "pro"


def test_an_old_log_in_is_not_enough_to_log_others_out(
    http: Any, tokens: TokenFactory, clock: Clock
) -> None:
    pair = tokens.pair(roles=["admin"])
    clock.advance(3601)
    fresh = body(http.post("/refresh", json={"refresh_token": pair.refresh_token}))
    headers = bearer(fresh["access_token"])
    answer = http.delete("/people/ada/sessions", headers=headers)
    assert (answer.status_code, body(answer)["error"]) == (401, "insufficient_user_authentication")
    assert "max_age" in answer.headers["WWW-Authenticate"]


def test_another_minute_another_five(http: Any, tokens: TokenFactory, clock: Clock) -> None:
    headers = bearer(tokens.good())
    statuses = [http.post("/reports", headers=headers).status_code for _ in range(6)]
    assert statuses == [201] * 5 + [429]
    clock.advance(60)
    assert http.post("/reports", headers=headers).status_code == 201


def test_what_is_suspicious_is_logged(
    http: Any, tokens: TokenFactory, caplog: pytest.LogCaptureFixture
) -> None:
    tokens.user("ada")
    with caplog.at_level(logging.WARNING):
        http.post("/login", json={"username": "ada", "password": "wrong"})
        # Callbacks have a thread of their own.
        deadline = time.monotonic() + 10
        while "login.failed" not in caplog.text and time.monotonic() < deadline:
            time.sleep(0.01)
    assert "login.failed" in caplog.text
