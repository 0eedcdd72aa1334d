"""Limits as dependencies and decorators: what they count, what they answer, what they leave be."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Response, WebSocket
from fastapi.responses import PlainTextResponse, StreamingResponse
from fastapi.testclient import TestClient
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from countersign import Countersign
from countersign.compat.fastapi_limits import (
    HeaderNames,
    Limiter,
    LimitHeadersMiddleware,
    RateLimitExceeded,
)
from countersign.exceptions import ConfigurationError
from tests.compat.clock import Clock, stopped_clock
from tests.compat.fastapi_limits.postponed import make_app


@pytest.fixture
def clock() -> Iterator[Clock]:
    with stopped_clock() as stopped:
        yield stopped


@pytest.fixture
def app() -> FastAPI:
    return FastAPI()


def client_at(app: FastAPI, address: str = "192.0.2.1", **headers: str) -> TestClient:
    """A client with this address, as older versions of Starlette know how to make it, too."""

    async def connected(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "client": (address, 50000)}, receive, send)

    return TestClient(connected, headers=headers)


def statuses(client: TestClient, path: str, times: int, method: str = "GET") -> list[int]:
    return [client.request(method, path).status_code for _ in range(times)]


def test_a_dependency_limits_a_route(app: FastAPI, clock: Clock) -> None:
    limiter = Limiter()
    app.add_api_route("/", lambda: "in", dependencies=[Depends(limiter.limit("2/minute"))])
    client = client_at(app)
    assert statuses(client, "/", 2) == [200, 200]
    refused = client.get("/")
    assert (refused.status_code, refused.json()) == (429, {"detail": "2 per 1 minute"})
    assert refused.headers["Retry-After"] == "60"
    assert "X-RateLimit-Limit" not in refused.headers
    assert client_at(app, "192.0.2.2").get("/").status_code == 200
    clock.forward(61)
    assert client.get("/").status_code == 200


def test_a_dependency_may_stand_in_the_signature(app: FastAPI) -> None:
    limiter = Limiter()

    @app.get("/")
    async def view(_: Annotated[None, Depends(limiter.limit("1/minute"))]) -> str:
        return "in"

    assert statuses(client_at(app), "/", 2) == [200, 429]


def test_a_decorator_needs_no_request(app: FastAPI, clock: Clock) -> None:
    limiter = Limiter()
    worked: list[str] = []

    def expensive() -> str:
        worked.append("dependency")
        return "made"

    @app.get("/{name}")
    @limiter.limit("2/minute", error_message="slowly")
    async def view(name: str, thing: Annotated[str, Depends(expensive)], times: int = 1) -> str:
        """Say it."""
        return f"{name} {thing} {times}"

    client = client_at(app)
    assert client.get("/a?times=3").json() == "a made 3"
    assert client.get("/b").json() == "b made 1"
    assert client.get("/c").json() == {"detail": "slowly"}
    assert len(worked) == 2
    operation = client.get("/openapi.json").json()["paths"]["/{name}"]["get"]
    assert [each["name"] for each in operation["parameters"]] == ["name", "times"]
    assert operation["description"] == "Say it."
    # Other callers are not counted.
    assert asyncio.run(view("d", "own", times=2)) == "d own 2"


def test_every_kind_of_function_can_be_decorated(app: FastAPI) -> None:
    limiter = Limiter()
    threads: list[str] = []

    @app.get("/plain")
    @limiter.limit("1/minute")
    def plain(request: Request) -> str:
        threads.append(threading.current_thread().name)
        return request.url.path

    @limiter.limit("1/minute")
    async def numbers() -> AsyncIterator[str]:
        yield "1"
        yield "2"

    @limiter.limit("1/minute")
    def letters() -> Iterator[str]:
        yield "a"
        yield "b"

    @app.get("/stacked")
    @limiter.limit("5/minute")
    @limiter.limit("1/hour", key=lambda _: "all")
    async def stacked() -> str:
        return "".join(letters()) + "".join([each async for each in numbers()])

    def loose(*parts: str, **named: str) -> str:
        return f"{parts} {named}"

    assert limiter.limit("1/minute")(loose)("a", b="c") == "('a',) {'b': 'c'}"
    client = client_at(app)
    assert statuses(client, "/plain", 2) == [200, 429]
    # Where FastAPI runs functions that may block.
    assert "AnyIO" in threads[0]
    assert client.get("/stacked").json() == "ab12"
    assert client_at(app, "192.0.2.2").get("/stacked").status_code == 429


def test_annotations_may_be_texts() -> None:
    client = client_at(make_app())
    assert client.post("/items?times=2", json={"name": "a"}).json() == [{"name": "a"}] * 2
    assert client.post("/items?times=0", json={"name": "a"}).status_code == 422
    assert client.post("/items", json={"name": "a"}).status_code == 429


def test_counting_is_a_step_of_the_event_loop(app: FastAPI) -> None:
    seen: set[int] = set()

    async def key(_: HTTPConnection) -> str:
        await asyncio.sleep(0)
        seen.add(threading.get_ident())
        return "all"

    limiter = Limiter(key, default_limits=["100/minute"])
    app.router.dependencies.append(Depends(limiter))

    @app.get("/", dependencies=[Depends(limiter.limit("5/minute", override_defaults=False))])
    async def view() -> int:
        return threading.get_ident()

    client = client_at(app)
    with client:
        assert {client.get("/").json() for _ in range(5)} == seen
        assert client.get("/").status_code == 429


def test_requests_at_the_same_time_get_together_what_one_would_get(app: FastAPI) -> None:
    import httpx

    async def key(_: HTTPConnection) -> str:
        await asyncio.sleep(0.001)
        return "all"

    limiter = Limiter(key)

    @app.get("/")
    @limiter.limit("10/day; 12/hour")
    async def view() -> None:
        await asyncio.sleep(0.001)

    async def ask() -> list[int]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            answers = await asyncio.gather(*(client.get("/") for _ in range(40)))
        return [answer.status_code for answer in answers]

    assert asyncio.run(ask()).count(200) == 10


def _with_defaults(app: FastAPI, **options: Any) -> Limiter:
    limiter = Limiter(**options)
    app.router.dependencies.append(Depends(limiter))
    return limiter


def test_default_limits_are_those_of_routes_without_their_own(app: FastAPI, clock: Clock) -> None:
    limiter = _with_defaults(app, default_limits=["2/minute", "3/hour"])
    app.add_api_route("/a", lambda: "in")
    app.add_api_route("/b", lambda: "in")
    own = limiter.limit("5/minute")
    app.add_api_route("/own", lambda: "in", dependencies=[Depends(own)])
    app.add_api_route("/decorated", limiter.limit("4/minute")(lambda: "in"))
    both = limiter.limit("5/minute", override_defaults=False)
    app.add_api_route("/both", lambda: "in", dependencies=[Depends(both)])
    posts = limiter.limit("5/minute", methods=["POST"])
    app.add_api_route(
        "/posts", lambda: "in", methods=["GET", "POST"], dependencies=[Depends(posts)]
    )
    router = APIRouter(prefix="/router")
    router.add_api_route("/own", lambda: "in", dependencies=[Depends(own)])
    router.add_api_route("/default", lambda: "in")
    router.add_api_route("/exempt", limiter.exempt(lambda: "in"))
    app.include_router(router)
    client = client_at(app)
    assert statuses(client, "/a", 3) == [200, 200, 429]
    assert statuses(client, "/b", 3) == [200, 200, 429]
    assert statuses(client, "/own", 6) == [200] * 5 + [429]
    assert statuses(client, "/decorated", 5) == [200] * 4 + [429]
    assert statuses(client, "/both", 3) == [200, 200, 429]
    assert statuses(client, "/posts", 3) == [200, 200, 429]
    assert statuses(client, "/posts", 6, "POST") == [200] * 5 + [429]
    assert statuses(client, "/router/own", 6) == [200] * 5 + [429]
    assert statuses(client, "/router/default", 3) == [200, 200, 429]
    assert statuses(client, "/router/exempt", 9) == [200] * 9
    clock.forward(61)
    assert statuses(client, "/a", 2) == [200, 429]
    limiter.reset()
    assert statuses(client, "/a", 3) == [200, 200, 429]


def test_defaults_have_conditions_costs_and_methods(app: FastAPI) -> None:
    _with_defaults(
        app,
        default_limits=["4/minute"],
        default_limits_per_method=True,
        default_limits_exempt_when=lambda connection: "trusted" in connection.headers,
        default_limits_cost=lambda connection: int(connection.headers.get("cost", "1")),
    )
    app.add_api_route("/", lambda: "in", methods=["GET", "HEAD", "POST"])
    assert statuses(client_at(app, trusted="yes"), "/", 9) == [200] * 9
    assert statuses(client_at(app, cost="2"), "/", 3) == [200, 200, 429]
    assert statuses(client_at(app), "/", 1, "HEAD") == [429]
    assert statuses(client_at(app), "/", 5, "POST") == [200] * 4 + [429]


def test_application_limits_hold_for_all_routes_together(app: FastAPI) -> None:
    limiter = _with_defaults(app, application_limits=["3/minute"])
    app.add_api_route("/a", lambda: "in")
    app.add_api_route("/b", limiter.limit("9/minute")(lambda: "in"))
    app.add_api_route("/c", limiter.exempt(lambda: "in"))
    client = client_at(app)
    assert [client.get(path).status_code for path in ("/a", "/b", "/a", "/b", "/c")] == [
        200, 200, 200, 429, 200,
    ]  # fmt: skip


def test_what_one_limit_refuses_the_others_do_not_charge(app: FastAPI, clock: Clock) -> None:
    limiter = Limiter()
    limit = Depends(limiter.limit("1/minute; 3/hour"))
    app.add_api_route("/", lambda: "in", dependencies=[limit])
    client = client_at(app)
    assert statuses(client, "/", 9) == [200] + [429] * 8
    for expected in (200, 200, 429):
        clock.forward(61)
        assert client.get("/").status_code == expected


def test_a_limit_on_router_and_route_counts_once(app: FastAPI) -> None:
    limiter = Limiter()
    router = APIRouter(dependencies=[Depends(limiter.limit("2/minute"))])
    again = Depends(limiter.limit("2/minute"))
    router.add_api_route("/", lambda: "in", dependencies=[again, again])
    app.include_router(router)
    assert statuses(client_at(app), "/", 3) == [200, 200, 429]


def test_scopes_are_shared(app: FastAPI) -> None:
    limiter = Limiter()
    for path in ("/a", "/b"):
        limit = limiter.shared_limit("1/minute", "pair", per_method=True)
        app.add_api_route(path, lambda: "in", methods=["GET", "PUT"], dependencies=[Depends(limit)])
    client = client_at(app)
    assert [client.get(path).status_code for path in ("/a", "/b")] == [200, 429]
    assert [client.put(path).status_code for path in ("/a", "/b")] == [200, 429]


def test_rates_and_exemptions_may_depend_on_the_request(app: FastAPI) -> None:
    limiter = Limiter()

    async def rates(connection: HTTPConnection) -> str:
        return connection.headers.get("rates", "")

    async def trusted(connection: HTTPConnection) -> bool:
        return "trusted" in connection.headers

    @app.get("/")
    @limiter.limit(rates, exempt_when=trusted)
    async def view() -> None: ...

    @limiter.request_filter
    async def insiders(connection: HTTPConnection) -> bool:
        return "inside" in connection.headers

    assert statuses(client_at(app), "/", 5) == [200] * 5
    assert statuses(client_at(app, rates="1/minute", trusted="yes"), "/", 3) == [200] * 3
    assert statuses(client_at(app, rates="1/minute", inside="yes"), "/", 3) == [200] * 3
    assert statuses(client_at(app, rates="1/minute"), "/", 2) == [200, 429]
    limiter.enabled = False
    assert statuses(client_at(app, rates="1/minute"), "/", 2) == [200, 200]


def test_a_request_may_cost_nothing_but_gives_nothing_back(app: FastAPI) -> None:
    limiter = Limiter()
    cost = lambda connection: int(connection.headers["cost"])  # noqa: E731
    app.add_api_route("/", limiter.limit("2/minute", cost=cost)(lambda: "in"))
    assert statuses(client_at(app, cost="0"), "/", 9) == [200] * 9
    assert statuses(client_at(app, cost="2"), "/", 2) == [200, 429]
    with pytest.raises(ConfigurationError, match="answer a whole number from 0 on"):
        client_at(app, cost="-2").get("/")


def test_a_limit_may_be_for_one_method(app: FastAPI) -> None:
    limiter = Limiter()
    heads = limiter.limit("1/minute", methods=["head"])
    app.add_api_route("/", heads(lambda: "in"), methods=["GET", "HEAD"])
    client = client_at(app)
    assert statuses(client, "/", 3) == [200] * 3
    assert statuses(client, "/", 2, "HEAD") == [200, 429]


def test_addresses_of_a_network_count_as_one(app: FastAPI) -> None:
    limit = Limiter().limit("1/minute")
    app.add_api_route("/", lambda: "in", dependencies=[Depends(limit)])
    addresses = ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "192.0.2.1", "::ffff:192.0.2.1"]
    answers = [client_at(app, address).get("/").status_code for address in addresses]
    assert answers == [200, 429, 200, 200, 429]


@pytest.fixture
def auth(tmp_path: Path) -> Iterator[Countersign]:
    made = Countersign(
        f"sqlite:///{tmp_path}/auth.db",
        issuer="https://api.example.com",
        audience="api",
        http_trusted_proxies=["192.0.2.0/24"],
    )
    yield made
    made.close()


def test_the_engine_says_which_proxies_to_trust(app: FastAPI, auth: Countersign) -> None:
    limit = Limiter(auth=auth).limit("1/minute")
    app.add_api_route("/", lambda: "in", dependencies=[Depends(limit)])

    def ask(peer: str, forwarded: str) -> int:
        return client_at(app, peer, **{"X-Forwarded-For": forwarded}).get("/").status_code

    assert [ask("192.0.2.1", f"203.0.113.{n}") for n in (1, 2, 1)] == [200, 200, 429]
    assert [ask("198.51.100.1", f"203.0.113.{n}") for n in (3, 4)] == [200, 429]


def test_users_are_those_of_the_engine(app: FastAPI, auth: Countersign) -> None:
    limiter = Limiter("user", auth=auth)
    app.add_api_route("/", limiter.limit("1/minute")(lambda: "in"))
    app.add_api_route("/both", limiter.limit("2/minute", key="both")(lambda: "in"))
    tokens = [auth.start_session(user).access_token for user in ("ada", "bob", "eve")]
    ada, bob, eve = ({"Authorization": f"Bearer {token}"} for token in tokens)
    here, there = client_at(app), client_at(app, "198.51.100.1")
    assert here.get("/", headers=ada).status_code == 200
    assert there.get("/", headers=ada).status_code == 429
    assert here.get("/", headers=bob).status_code == 200
    # Who has no good token has an address.
    assert here.get("/", headers={"Authorization": "Bearer bad"}).status_code == 200
    assert here.get("/").status_code == 429
    # Both: the address is used up by two users, and a user by two addresses.
    assert [here.get("/both", headers=who).status_code for who in (ada, bob, eve)] == [
        200, 200, 429,
    ]  # fmt: skip
    assert [there.get("/both", headers=who).status_code for who in (ada, ada, eve)] == [
        200, 429, 200,
    ]  # fmt: skip


def test_users_are_whom_the_program_says(app: FastAPI) -> None:
    async def user(connection: HTTPConnection) -> str | None:
        return connection.headers.get("user")

    limiter = Limiter("user", user=user)
    app.add_api_route("/", limiter.limit("1/minute")(lambda: "in"))
    assert statuses(client_at(app, user="ada"), "/", 2) == [200, 429]
    assert statuses(client_at(app, "192.0.2.2", user="ada"), "/", 1) == [429]
    assert statuses(client_at(app), "/", 2) == [200, 429]


def test_a_key_of_nobody_is_not_counted(app: FastAPI) -> None:
    limiter = Limiter(lambda connection: connection.headers.get("key"), key_prefix="mine")
    app.add_api_route("/", limiter.limit("1/minute")(lambda: "in"))
    assert statuses(client_at(app), "/", 3) == [200] * 3
    assert statuses(client_at(app, key=""), "/", 3) == [200] * 3
    assert statuses(client_at(app, key="a"), "/", 2) == [200, 429]


def test_headers_tell_how_the_limit_stands(app: FastAPI, clock: Clock) -> None:
    limiter = _with_defaults(app, headers_enabled=True, application_limits=["3/second"])

    @app.get("/")
    @limiter.limit("2/minute; 5/hour")
    async def view() -> None: ...

    client = client_at(app)
    told = [client.get("/").headers for _ in range(3)]
    names = [name.value for name in HeaderNames]
    reset = str(int(clock.now + 61))
    assert [[each[name] for name in names] for each in told] == [
        [reset, "1", "2", "60"],
        [reset, "0", "2", "60"],
        [reset, "0", "2", "60"],
    ]
    assert all(len(each.get_list(name)) == 1 for each in told for name in names)


def test_headers_reach_responses_of_routes_through_the_middleware(app: FastAPI) -> None:
    limiter = Limiter(headers_enabled=True, header_name_mapping={HeaderNames.REMAINING: "X-Left"})
    app.add_middleware(LimitHeadersMiddleware)

    @app.get("/own")
    @limiter.limit("1/minute")
    async def own() -> Response:
        return PlainTextResponse("own", headers={"Retry-After": "5"})

    @app.get("/stream", dependencies=[Depends(limiter.limit("1/minute"))])
    async def stream() -> Response:
        return StreamingResponse(iter(["a", "b"]))

    @app.get("/free")
    async def free() -> None: ...

    client = client_at(app)
    answer = client.get("/own")
    assert (answer.headers["X-Left"], answer.headers.get_list("Retry-After")) == ("0", ["5"])
    assert client.get("/stream").headers["X-Left"] == "0"
    refused = client.get("/stream")
    assert (refused.status_code, refused.headers.get_list("X-Left")) == (429, ["0"])
    assert "X-Left" not in client.get("/free").headers


def test_the_program_sees_the_limits_and_the_refusal(app: FastAPI) -> None:
    limiter = Limiter()

    @app.exception_handler(RateLimitExceeded)
    async def handle(_: Request, refusal: RateLimitExceeded) -> Response:
        return PlainTextResponse(f"{refusal.limit.limit} {refusal.limit.breached}", 429)

    @app.get("/{name}")
    @limiter.limit("1/minute")
    async def view(request: Request) -> list[str]:
        return [f"{each.key} {each.remaining}" for each in limiter.current_limits(request)]

    client = client_at(app)
    assert client.get("/a").json() == ["LIMITER/address:192.0.2.1//{name}/1/1/minute 0"]
    assert client.get("/b").text == "1 per 1 minute True"


def test_a_websocket_is_closed(app: FastAPI) -> None:
    limiter = Limiter(headers_enabled=True)

    @app.websocket("/")
    @limiter.limit("1/minute")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()

    client = client_at(app)
    with client.websocket_connect("/"):
        pass
    with pytest.raises(WebSocketDisconnect) as caught, client.websocket_connect("/"):
        pass
    assert caught.value.code == 1008


@pytest.mark.parametrize("strategy", ["moving-window", "sliding-window-counter", "gcra"])
def test_every_strategy_serves(app: FastAPI, strategy: str) -> None:
    limiter = Limiter(strategy=strategy)
    app.add_api_route("/", limiter.limit("2/day")(lambda: "in"))
    assert statuses(client_at(app), "/", 3) == [200, 200, 429]
