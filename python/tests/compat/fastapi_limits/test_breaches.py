"""Answers that decide what counts, who is told of breaches, and limits on breaches."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Response, WebSocket
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocketDisconnect

from countersign.compat.fastapi_limits import Limiter, LimitHeadersMiddleware, RequestLimit
from countersign.exceptions import ConfigurationError
from tests.compat.clock import Clock, stopped_clock

from .test_limits import client_at, statuses


@pytest.fixture
def clock() -> Iterator[Clock]:
    with stopped_clock() as stopped:
        yield stopped


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    app.add_middleware(LimitHeadersMiddleware)
    return app


def add_login(app: FastAPI, limiter: Limiter, **options: Any) -> None:
    """A route that answers the status it is told to, as a log-in does with a wrong password."""

    @app.get("/login/{status}")
    @limiter.limit("2/minute", **options)
    async def login(status: int) -> Response:
        if status == 500:
            raise RuntimeError("on purpose")
        if status == 401:
            raise HTTPException(401, headers={"Reason": "password"})
        return Response(status_code=status)


def test_only_answers_that_shall_count_do(app: FastAPI, clock: Clock) -> None:
    add_login(app, Limiter(), deduct_when=lambda answer: answer.status_code == 401)
    client = client_at(app)
    assert statuses(client, "/login/200", 5) == [200] * 5
    assert statuses(client, "/login/401", 3) == [401, 401, 429]
    assert statuses(client, "/login/200", 2) == [429, 429]
    assert statuses(client_at(app, "192.0.2.2"), "/login/401", 1) == [401]
    clock.forward(61)
    assert statuses(client, "/login/200", 1) == [200]


def test_the_answer_may_be_looked_at_later_and_by_its_headers(app: FastAPI) -> None:
    async def is_for_password(answer: Any) -> bool:
        await asyncio.sleep(0)
        return str(answer.headers.get("reason")) == "password"

    add_login(app, Limiter(), deduct_when=is_for_password)
    assert statuses(client_at(app), "/login/401", 3) == [401, 401, 429]


def test_an_error_of_the_program_is_an_answer_with_500(app: FastAPI) -> None:
    add_login(app, Limiter(), deduct_when=lambda answer: answer.status_code == 500)
    client = client_at(app)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="on purpose"):
            client.get("/login/500")
    assert client.get("/login/200").status_code == 429


def test_default_and_application_limits_may_look_at_the_answer(clock: Clock) -> None:
    failed = {"deduct_when": lambda answer: answer.status_code >= 400}
    for kind in ("default_limits", "application_limits"):
        options: dict[str, Any] = {kind: ["2/minute"], f"{kind}_deduct_when": failed["deduct_when"]}
        app = FastAPI(dependencies=[Depends(Limiter(**options))])
        app.add_middleware(LimitHeadersMiddleware)
        app.add_api_route("/{status}", lambda status: Response(status_code=int(status)))
        client = client_at(app)
        assert statuses(client, "/200", 3) == [200] * 3
        assert statuses(client, "/404", 3) == [404, 404, 429]


def test_an_answer_counts_also_where_another_dependency_gave_it(app: FastAPI, clock: Clock) -> None:
    limiter = Limiter()
    failures = limiter.limit("2/hour", scope="f", deduct_when=lambda answer: True)
    router = APIRouter(dependencies=[Depends(failures), Depends(limiter.limit("1/minute"))])
    router.add_api_route("/", lambda: "in")
    app.include_router(router)
    client = client_at(app)
    assert statuses(client, "/", 2) == [200, 429]
    clock.forward(61)
    # The 429 counted, too: that request had come past the first dependency.
    assert statuses(client, "/", 1) == [429]


def test_without_the_middleware_nobody_sees_the_answer_and_that_is_an_error() -> None:
    app = FastAPI()
    add_login(app, Limiter(), deduct_when=lambda answer: True)
    with pytest.raises(ConfigurationError, match=r"add_middleware\(LimitHeadersMiddleware\)"):
        client_at(app).get("/login/200")


def test_breaches_are_told(app: FastAPI) -> None:
    told: list[tuple[str, str, str, bool]] = []

    def everywhere(connection: HTTPConnection, limit: RequestLimit) -> None:
        told.append(("all", connection.url.path, str(limit.limit), limit.breached))

    async def here(connection: HTTPConnection, limit: RequestLimit) -> None:
        await asyncio.sleep(0)
        told.append(("here", connection.url.path, str(limit.limit), limit.breached))

    limiter = Limiter(on_breach=everywhere)
    add_login(app, limiter, on_breach=here)
    app.add_api_route("/", lambda: "in", dependencies=[Depends(limiter.limit("1/day"))])
    client = client_at(app)
    assert statuses(client, "/login/200", 3) == [200, 200, 429]
    assert statuses(client, "/", 2) == [200, 429]
    assert told == [
        ("all", "/login/200", "2 per 1 minute", True),
        ("here", "/login/200", "2 per 1 minute", True),
        ("all", "/", "1 per 1 day", True),
    ]


def test_who_is_told_may_answer_otherwise(app: FastAPI) -> None:
    def teapot(connection: HTTPConnection, limit: RequestLimit) -> None:
        raise HTTPException(418, f"wait {limit.retry_after} s")

    add_login(app, Limiter(on_breach=teapot))
    client = client_at(app)
    statuses(client, "/login/200", 2)
    answer = client.get("/login/200")
    assert (answer.status_code, answer.json()) == (418, {"detail": "wait 60 s"})


def test_an_answer_that_would_be_lost_is_an_error(app: FastAPI) -> None:
    add_login(app, Limiter(on_breach=lambda *_: Response(status_code=418)))
    client = client_at(app)
    statuses(client, "/login/200", 2)
    with pytest.raises(ConfigurationError, match="raise an HTTPException"):
        client.get("/login/200")


def test_who_breaches_too_often_is_refused_everywhere(app: FastAPI, clock: Clock) -> None:
    banned: list[str] = []
    limiter = Limiter(
        meta_limits=["2/hour"], on_meta_breach=lambda _, limit: banned.append(str(limit.limit))
    )
    add_login(app, limiter)
    app.add_api_route("/", lambda: "in", dependencies=[Depends(limiter.limit("100/day"))])
    client = client_at(app)
    assert statuses(client, "/login/200", 4) == [200, 200, 429, 429]
    assert banned == []
    refused = client.get("/")
    assert (refused.status_code, refused.json()) == (429, {"detail": "2 per 1 hour"})
    assert refused.headers["Retry-After"] == "3600"
    assert banned == ["2 per 1 hour"]
    assert statuses(client_at(app, "192.0.2.2"), "/", 1) == [200]
    clock.forward(61)
    assert statuses(client, "/login/200", 1) == [429]
    clock.forward(3600)
    assert statuses(client, "/login/200", 1) == [200]


def test_a_limit_may_have_meta_limits_of_its_own(app: FastAPI, clock: Clock) -> None:
    limiter = Limiter()
    add_login(app, limiter, meta_limits=["1/day"])
    app.add_api_route("/", lambda: "in", dependencies=[Depends(limiter.limit("1/minute"))])
    client = client_at(app)
    assert statuses(client, "/", 3) == [200, 429, 429]
    assert statuses(client, "/login/200", 3) == [200, 200, 429]
    clock.forward(3600)
    assert statuses(client, "/login/200", 1) == [429]
    assert statuses(client, "/", 1) == [200]


def test_one_breach_counts_once_where_both_have_the_same_meta_limit(
    app: FastAPI, clock: Clock
) -> None:
    add_login(app, Limiter(meta_limits=["2/day"]), meta_limits=["2/day"])
    client = client_at(app)
    assert statuses(client, "/login/200", 3) == [200, 200, 429]
    clock.forward(61)
    assert statuses(client, "/login/200", 3) == [200, 200, 429]
    clock.forward(61)
    assert statuses(client, "/login/200", 1) == [429]


def test_a_websocket_has_breaches_but_no_answer(app: FastAPI) -> None:
    told: list[str] = []
    limiter = Limiter(on_breach=lambda connection, _: told.append(connection.url.path))

    @app.websocket("/talk", dependencies=[Depends(limiter.limit("1/minute"))])
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close()

    client = client_at(app)
    with client.websocket_connect("/talk"):
        pass
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/talk"):
        pass
    assert told == ["/talk"]
