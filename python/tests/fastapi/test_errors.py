"""How refusals leave the application."""

import logging
import pickle
from typing import Any

import pytest
from fastapi import Depends, FastAPI, HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.testclient import TestClient

from countersign import Countersign
from countersign.exceptions import (
    ConfigurationError,
    CountersignError,
    ExpiredTokenError,
    InvalidCredentialsError,
    MissingTokenError,
    OpenError,
    RefusedError,
    TokenError,
)
from countersign.fastapi import CountersignFastAPI
from tests.fastapi.support import CHALLENGE, INVALID, MISSING, PASSWORD, Bearer


def raising(app: FastAPI, error: Exception) -> None:
    async def route() -> None:
        raise error

    app.add_api_route("/", route)


@pytest.mark.parametrize("handled", [False, True])
def test_a_dependency_raises_an_http_exception_that_is_the_refusal(
    app: FastAPI, cs: CountersignFastAPI, handled: bool
) -> None:
    caught: list[Exception] = []

    @app.middleware("http")
    async def look(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    async def keep(request: Request, error: Exception) -> JSONResponse:
        caught.append(error)
        return JSONResponse(None, 401)

    app.add_api_route("/", lambda: None, dependencies=[Depends(cs.principal)])
    app.add_exception_handler(MissingTokenError if handled else HTTPException, keep)
    TestClient(app).get("/")
    (error,) = caught
    assert isinstance(error, MissingTokenError)
    assert isinstance(error, HTTPException)
    assert (error.status_code, error.status, error.detail) == (401, 401, MISSING)
    assert error.headers["WWW-Authenticate"] == CHALLENGE
    assert error.code == "missing_token"
    assert type(error).__name__ == "MissingTokenError"


def test_what_the_application_calls_itself_is_answered_alike(
    app: FastAPI, cs: CountersignFastAPI, auth: Countersign
) -> None:
    @app.get("/")
    async def route() -> None:
        auth.authenticate("x.y.z")

    @app.post("/")
    async def log_in() -> None:
        await auth.alogin("nobody", PASSWORD)

    cs.install(app)
    client = TestClient(app)
    answer = client.get("/")
    assert (answer.status_code, answer.json()) == (401, INVALID)
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    answer = client.post("/")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_credentials")


def test_the_answer_is_exactly_the_exceptions(app: FastAPI, cs: CountersignFastAPI) -> None:
    refusal = InvalidCredentialsError("for the log")
    raising(app, refusal)
    cs.install(app)
    answer = TestClient(app).get("/")
    assert (answer.status_code, answer.json()) == (refusal.status, refusal.body)
    for name, value in refusal.headers.items():
        assert answer.headers[name] == value
    assert "for the log" not in answer.text


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", [ExpiredTokenError, TokenError, CountersignError])
def test_a_handler_of_the_application_goes_first(
    app: FastAPI, cs: CountersignFastAPI, kind: type[CountersignError], when: str
) -> None:
    async def mine(request: Request, error: Exception) -> PlainTextResponse:
        return PlainTextResponse("mine", 401)

    raising(app, ExpiredTokenError())
    if when == "before":
        app.add_exception_handler(kind, mine)
    cs.install(app)
    if when == "after":
        app.add_exception_handler(kind, mine)
    assert TestClient(app).get("/").text == "mine"


def test_a_handler_for_http_exceptions_does_not_get_refusals(
    app: FastAPI, cs: CountersignFastAPI
) -> None:
    async def page(request: Request, error: Exception) -> PlainTextResponse:
        return PlainTextResponse("a page", 404)

    app.add_api_route("/", lambda: None, dependencies=[Depends(cs.principal)])
    app.add_exception_handler(HTTPException, page)
    cs.install(app)
    assert TestClient(app).get("/").json() == MISSING


@pytest.mark.parametrize("error", [OpenError("no such folder"), RefusedError("oh")])
def test_our_own_faults_are_logged_and_answered_without_details(
    app: FastAPI, cs: CountersignFastAPI, caplog: pytest.LogCaptureFixture, error: CountersignError
) -> None:
    raising(app, error)
    cs.install(app)
    with caplog.at_level(logging.ERROR, "countersign"):
        answer = TestClient(app).get("/")
    assert (answer.status_code, answer.json()["error"]) == (500, "server_error")
    assert str(error) not in answer.text
    assert str(error) in caplog.text


def test_mistakes_in_the_program_surface(app: FastAPI, cs: CountersignFastAPI) -> None:
    raising(app, ConfigurationError("what to write instead"))
    cs.install(app)
    with pytest.raises(ConfigurationError):
        TestClient(app).get("/")


def test_a_database_that_cannot_be_opened_is_a_500(
    app: FastAPI, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    auth = Countersign(
        f"sqlite:///{tmp_path}/no/such/folder/auth.db",
        issuer="https://api.example.com",
        audience="api",
    )
    cs = CountersignFastAPI(auth)
    app.add_api_route("/", lambda: None, dependencies=[Depends(cs.principal)])
    cs.install(app)
    client = TestClient(app)
    for path in ("/", "/users/me"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["error"]) == (500, "server_error")


def test_what_a_dependency_raises_is_pickled_as_the_refusal(
    app: FastAPI, cs: CountersignFastAPI
) -> None:
    caught: list[Exception] = []

    async def keep(request: Request, error: Exception) -> JSONResponse:
        caught.append(error)
        return JSONResponse(None)

    app.add_api_route("/", lambda: None, dependencies=[Depends(cs.principal)])
    app.add_exception_handler(MissingTokenError, keep)
    TestClient(app).get("/")
    copied = pickle.loads(pickle.dumps(caught[0]))
    assert type(copied) is MissingTokenError
    assert (copied.status, copied.body) == (401, MISSING)


def test_an_invalid_request_of_the_applications_own_is_not_ours(
    app: FastAPI, cs: CountersignFastAPI, ada: Bearer
) -> None:
    @app.get("/numbers/{number}")
    async def route(number: int) -> int:
        return number

    cs.install(app)
    assert TestClient(app).get("/numbers/x").status_code == 422
