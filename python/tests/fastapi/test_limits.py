"""`cs.limit(...)`."""

from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from starlette.requests import Request
from starlette.testclient import TestClient, WebSocketDenialResponse

from countersign import Countersign, Principal
from countersign.exceptions import ConfigurationError
from countersign.fastapi import CountersignFastAPI
from tests.fastapi.support import LIMITED, call, client_at, http_scope


def statuses(client: TestClient, path: str, times: int, **arguments: Any) -> list[int]:
    return [client.get(path, **arguments).status_code for _ in range(times)]


@pytest.fixture
def cs(own_auth: Countersign) -> CountersignFastAPI:
    """Budgets are the engine's: these tests do not share one."""
    return CountersignFastAPI(own_auth)


def test_the_third_of_two_is_429(app: FastAPI, cs: CountersignFastAPI) -> None:
    app.add_api_route("/", lambda: "in", dependencies=[Depends(cs.limit("2 per minute"))])
    cs.install(app)
    client = client_at(app, "192.0.2.1")
    assert statuses(client, "/", 2) == [200, 200]
    refused = client.get("/")
    assert (refused.status_code, refused.json()) == (429, LIMITED)
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit"]
    assert refused.headers["ratelimit-policy"]
    assert client_at(app, "192.0.2.2").get("/").status_code == 200


def test_each_route_has_its_own_budget_unless_it_is_named(
    app: FastAPI, cs: CountersignFastAPI
) -> None:
    own = Depends(cs.limit("1 per minute"))
    router = APIRouter(dependencies=[own])
    router.add_api_route("/same", lambda: "in")
    app.include_router(router, prefix="/a")
    app.include_router(router, prefix="/b")
    for path in ("/c", "/d"):
        shared = Depends(cs.limit("1 per minute", name="shared"))
        app.add_api_route(path, lambda: "in", dependencies=[shared])
    client = client_at(app, "192.0.2.1")
    assert [client.get(path).status_code for path in ("/a/same", "/b/same")] == [200, 200]
    assert [client.get(path).status_code for path in ("/a/same", "/b/same")] == [429, 429]
    assert [client.get(path).status_code for path in ("/c", "/d")] == [200, 429]


def test_path_parameters_do_not_make_budgets(app: FastAPI, cs: CountersignFastAPI) -> None:
    app.add_api_route("/{name}", lambda: "in", dependencies=[Depends(cs.limit("1 per minute"))])
    client = client_at(app, "192.0.2.1")
    assert [client.get(path).status_code for path in ("/a", "/b")] == [200, 429]


def people(auth: Countersign) -> list[dict[str, str]]:
    users = [auth.add_user(name) for name in ("ada", "bob")]
    tokens = [auth.start_session(user.id).access_token for user in users]
    return [{"Authorization": f"Bearer {token}"} for token in tokens]


def test_by_user_the_address_does_not_matter(
    app: FastAPI, cs: CountersignFastAPI, own_auth: Countersign
) -> None:
    limit = cs.limit("1 per minute", key="user")
    app.add_api_route("/", lambda: "in", dependencies=[Depends(limit)])
    ada, bob = people(own_auth)
    here, there = client_at(app, "192.0.2.1"), client_at(app, "192.0.2.2")
    assert [client.get("/", headers=ada).status_code for client in (here, there)] == [200, 429]
    assert here.get("/", headers=bob).status_code == 200
    # Who is not logged in counts by address, and so does who only says so.
    assert statuses(here, "/", 2) == [200, 429]
    bad = {"Authorization": "Bearer x"}
    assert statuses(there, "/", 2, headers=bad) == [200, 429]


def test_by_both_each_has_a_budget(
    app: FastAPI, cs: CountersignFastAPI, own_auth: Countersign
) -> None:
    limit = cs.limit("2 per minute", key="both")
    app.add_api_route("/", lambda: "in", dependencies=[Depends(limit)])
    ada, bob = people(own_auth)
    here, there = client_at(app, "192.0.2.1"), client_at(app, "192.0.2.2")
    assert statuses(here, "/", 2, headers=ada) == [200, 200]
    assert there.get("/", headers=ada).status_code == 429
    assert here.get("/", headers=bob).status_code == 429


def test_by_a_function(app: FastAPI, cs: CountersignFastAPI) -> None:
    def plain(request: Request) -> str | None:
        return request.query_params.get("key")

    async def awaited(request: Request) -> str:
        return (await request.body()).decode()

    for path, key in (("/plain", plain), ("/awaited", awaited)):
        limit = cs.limit("1 per minute", key=key)
        app.add_api_route(
            path, lambda: "in", methods=["GET", "POST"], dependencies=[Depends(limit)]
        )
    client = client_at(app, "192.0.2.1")
    assert statuses(client, "/plain?key=a", 2) == [200, 429]
    assert statuses(client, "/plain?key=b", 2) == [200, 429]
    assert statuses(client, "/plain", 3) == [200, 200, 200]
    assert [client.post("/awaited", content=b"x").status_code for _ in range(2)] == [200, 429]


def test_an_ipv6_network_is_one_client(app: FastAPI, cs: CountersignFastAPI) -> None:
    app.add_api_route("/", lambda: "in", dependencies=[Depends(cs.limit("1 per minute"))])
    addresses = ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1")
    assert [client_at(app, at).get("/").status_code for at in addresses] == [200, 429, 200]


def test_clients_without_an_address_share_a_budget(app: FastAPI, cs: CountersignFastAPI) -> None:
    app.add_api_route("/", lambda: "in", dependencies=[Depends(cs.limit("1 per minute"))])
    peers = [None, None, ("testclient", 50000), ("a socket", 0)]
    answers = [call(app, http_scope("GET", "/", client=peer)).status for peer in peers]
    assert answers == [200, 429, 429, 429]


def test_forwarded_addresses_count_from_trusted_proxies_only(tmp_path: Any) -> None:
    auth = Countersign(
        f"sqlite:///{tmp_path}/proxied.db",
        issuer="https://api.example.com",
        audience="api",
        http_trusted_proxies=["10.0.0.0/8"],
    )
    cs, app = CountersignFastAPI(auth), FastAPI()
    app.add_api_route("/", lambda: "in", dependencies=[Depends(cs.limit("1 per minute"))])

    def at(peer: str, forwarded: str) -> int:
        headers = {"X-Forwarded-For": forwarded}
        return client_at(app, peer).get("/", headers=headers).status_code

    assert [at("10.0.0.1", "192.0.2.1"), at("10.0.0.1", "192.0.2.2")] == [200, 200]
    assert at("10.0.0.2", "192.0.2.1") == 429
    assert [at("203.0.113.1", "192.0.2.8"), at("203.0.113.1", "192.0.2.9")] == [200, 429]
    auth.close()


def test_several_rates_hold_together(app: FastAPI, cs: CountersignFastAPI) -> None:
    limit = cs.limit("3/minute; 2/hour")
    app.add_api_route("/", lambda: "in", dependencies=[Depends(limit)])
    assert statuses(client_at(app, "192.0.2.1"), "/", 3) == [200, 200, 429]


@pytest.mark.parametrize("rates", ["", "often", "5 per fortnight", "-1 per minute"])
def test_a_rate_that_cannot_be_read_is_refused_at_once(cs: CountersignFastAPI, rates: str) -> None:
    with pytest.raises(ConfigurationError):
        cs.limit(rates)


def test_a_key_that_is_none_is_refused_at_once(cs: CountersignFastAPI) -> None:
    with pytest.raises(ConfigurationError, match="'address', 'user', 'both'"):
        cs.limit("5 per minute", key="ip")  # type: ignore[arg-type]


def test_a_limit_stands_before_or_after_the_principal(
    app: FastAPI, cs: CountersignFastAPI, own_auth: Countersign
) -> None:
    @app.get("/", dependencies=[Depends(cs.limit("2 per minute", key="user"))])
    async def route(user: Annotated[Principal, Depends(cs.principal)]) -> str:
        return user.user_id

    cs.install(app)
    ada, _ = people(own_auth)
    client = client_at(app, "192.0.2.1")
    assert statuses(client, "/", 3, headers=ada) == [200, 200, 429]
    assert statuses(client, "/", 3) == [401, 401, 429]


def test_web_sockets_can_be_limited(app: FastAPI, cs: CountersignFastAPI) -> None:
    @app.websocket("/ws", dependencies=[Depends(cs.limit("1 per minute"))])
    async def route(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()

    cs.install(app)
    client = client_at(app, "192.0.2.1")
    with client.websocket_connect("/ws"):
        pass
    with pytest.raises(WebSocketDenialResponse) as refused, client.websocket_connect("/ws"):
        pass
    assert (refused.value.status_code, refused.value.json()) == (429, LIMITED)
