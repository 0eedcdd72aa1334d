"""The engine's routes, answered within the application."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from countersign import Countersign
from countersign.engine import BODY_LIMIT
from countersign.fastapi import CountersignFastAPI
from tests.fastapi.support import PASSWORD, Answered, Bearer, call, http_scope


@pytest.fixture
def client(app: FastAPI, cs: CountersignFastAPI) -> TestClient:
    cs.install(app)
    return TestClient(app)


def test_a_user_registers_logs_in_refreshes_and_logs_out(
    app: FastAPI, own_auth: Countersign
) -> None:
    CountersignFastAPI(own_auth).install(app)
    client = TestClient(app)
    credentials = {"username": "grace", "password": PASSWORD}
    assert client.post("/register", json=credentials).status_code == 201
    tokens = client.post("/login", json=credentials).json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert client.get("/users/me", headers=bearer).json()["username"] == "grace"
    renewed = client.post("/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert renewed.status_code == 200
    bearer = {"Authorization": f"Bearer {renewed.json()['access_token']}"}
    assert client.post("/logout", headers=bearer).status_code == 204
    assert client.get("/users/me", headers=bearer).status_code == 401


def test_the_token_route_takes_the_form_of_oauth2_clients(client: TestClient) -> None:
    form = {"username": "ada", "password": PASSWORD, "scope": "reports:read"}
    answer = client.post("/token", data=form)
    assert answer.status_code == 200
    assert answer.json()["scope"] == "reports:read"
    assert answer.headers["cache-control"] == "no-store"


def test_a_prefix_moves_everything_but_what_is_well_known(
    app: FastAPI, auth: Countersign, ada: Bearer
) -> None:
    CountersignFastAPI(auth, prefix="/auth").install(app)
    client = TestClient(app)
    assert client.get("/auth/users/me", headers=ada.headers).status_code == 200
    assert client.get("/users/me", headers=ada.headers).status_code == 404
    assert client.get("/.well-known/jwks.json").json()["keys"]
    metadata = client.get("/.well-known/oauth-authorization-server").json()
    assert metadata["token_endpoint"] == "https://api.example.com/auth/token"


def test_only_the_groups_that_are_asked_for_are_there(app: FastAPI, auth: Countersign) -> None:
    CountersignFastAPI(auth, routes={"wellknown"}).install(app)
    client = TestClient(app)
    assert client.get("/.well-known/jwks.json").status_code == 200
    assert client.post("/login", json={}).status_code == 404
    assert client.get("/admin/users").status_code == 404


def test_administration_is_there_on_request(app: FastAPI, auth: Countersign, ada: Bearer) -> None:
    CountersignFastAPI(auth, routes={"admin"}).install(app)
    answer = TestClient(app).get("/admin/users", headers=ada.headers)
    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")


def test_no_groups_are_no_routes(app: FastAPI, auth: Countersign) -> None:
    before = len(app.router.routes)
    CountersignFastAPI(auth, routes=set()).install(app)
    assert len(app.router.routes) == before


@pytest.mark.parametrize(("method", "path"), [("GET", "/login"), ("PUT", "/users/me")])
def test_another_method_is_answered_by_the_router(
    client: TestClient, method: str, path: str
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == 405
    assert answer.json()["error"] == "method_not_allowed"
    assert answer.headers["allow"]


def test_head_is_answered_by_the_router(client: TestClient) -> None:
    got = client.get("/.well-known/jwks.json")
    head = client.head("/.well-known/jwks.json")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(got.content))
    refused = client.head("/users/me")
    assert (refused.status_code, refused.content) == (401, b"")
    assert refused.headers["www-authenticate"]


def test_a_slash_too_much_is_not_redirected(client: TestClient) -> None:
    answer = client.post("/login/", json={}, follow_redirects=False)
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


def test_a_path_with_a_slash_may_be_the_applications(app: FastAPI, cs: CountersignFastAPI) -> None:
    cs.install(app)
    app.add_api_route("/login/", lambda: "theirs", methods=["POST"])
    assert TestClient(app).post("/login/").json() == "theirs"


def test_path_parameters_reach_the_router(
    client: TestClient, auth: Countersign, ada: Bearer
) -> None:
    ended = auth.start_session(ada.user_id)
    sid = auth.authenticate(ended.access_token).session_id
    for path in (f"/users/me/sessions/{sid}", "/users/me/sessions/not%20there%C3%A9%25"):
        answer = client.delete(path, headers=ada.headers)
        assert answer.status_code == (204 if sid in path else 404), answer.text
    again = client.get("/users/me", headers={"Authorization": f"Bearer {ended.access_token}"})
    assert again.status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b'{"username":', 400, "invalid_request"),
        (b'{"username":"a","password":"b","more":1}', 400, "invalid_request"),
        (b'{"username":"ada","password":"wrong one"}', 401, "invalid_credentials"),
    ],
)
def test_errors_are_the_routers(client: TestClient, body: bytes, status: int, error: str) -> None:
    answer = client.post("/login", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_duplicate_request_headers_are_kept(
    app: FastAPI, cs: CountersignFastAPI, ada: Bearer
) -> None:
    cs.install(app)
    field = (b"authorization", f"Bearer {ada.token}".encode())
    answered = call(app, http_scope("GET", "/users/me", headers=[field, field]))
    assert (answered.status, answered.json["error"]) == (400, "invalid_request")


def test_the_answer_is_framed_once(app: FastAPI, cs: CountersignFastAPI) -> None:
    cs.install(app)
    answered = call(app, http_scope("GET", "/users/me"))
    assert answered.field("content-length") == [str(len(answered.body))]
    assert len(answered.field("x-request-id")) == 1
    assert answered.field("content-type") == ["application/json"]


def json_scope(path: str, size: int | None = None) -> Any:
    headers = [(b"host", b"testserver"), (b"content-type", b"application/json")]
    if size is not None:
        headers.append((b"content-length", str(size).encode()))
    return http_scope("POST", path, headers=headers)


def too_large(app: FastAPI, rest: Any) -> tuple[Answered, int]:
    """A body of the limit and more, then `rest`; the answer, and how many messages were read."""
    part = {"type": "http.request", "body": b"x" * 16_384, "more_body": True}
    sent = [part] * (BODY_LIMIT // 16_384 + 1)
    read = 0

    async def counting(scope: Any, receive: Any, send: Any) -> None:
        async def counted() -> Any:
            nonlocal read
            read += 1
            return sent[read - 1] if read <= len(sent) else await rest()

        await app(scope, counted, send)

    return call(counting, json_scope("/login")), read - len(sent)


def test_what_is_too_large_is_thrown_away_and_refused(app: FastAPI, cs: CountersignFastAPI) -> None:
    cs.install(app)
    left = [b"the last"] + [b"x" * 100_000] * 5

    async def rest() -> Any:
        return {"type": "http.request", "body": left.pop(), "more_body": bool(left)}

    answered, read = too_large(app, rest)
    assert (answered.status, answered.json["error"]) == (413, "payload_too_large")
    assert read == 6


def test_a_body_without_end_is_not_read_for_ever(app: FastAPI, cs: CountersignFastAPI) -> None:
    cs.install(app)

    async def rest() -> Any:
        return {"type": "http.request", "body": b"x" * 1024 * 1024, "more_body": True}

    answered, read = too_large(app, rest)
    assert (answered.status, read) == (413, 16)


def test_a_slow_body_is_not_awaited_for_ever(
    app: FastAPI, cs: CountersignFastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("countersign.fastapi._body._PATIENCE", 0.01)
    cs.install(app)

    async def rest() -> Any:
        await asyncio.sleep(60)

    answered, read = too_large(app, rest)
    assert (answered.status, read) == (413, 1)


def test_a_client_that_goes_away_in_between_is_let_go(app: FastAPI, cs: CountersignFastAPI) -> None:
    cs.install(app)

    async def rest() -> Any:
        return {"type": "http.disconnect"}

    assert too_large(app, rest)[1] == 1


def test_a_body_of_just_the_limit_is_read(app: FastAPI, cs: CountersignFastAPI) -> None:
    cs.install(app)
    body = b'{"username":"ada","password":"%s"}' % (b"x" * (BODY_LIMIT - 32))
    assert len(body) == BODY_LIMIT
    message = {"type": "http.request", "body": body, "more_body": False}
    answered = call(app, json_scope("/login", len(body)), message)
    assert answered.status in (400, 401), answered.body


def test_a_client_that_went_away_is_not_answered(app: FastAPI, cs: CountersignFastAPI) -> None:
    cs.install(app)
    part = {"type": "http.request", "body": b"{", "more_body": True}
    answered = call(app, json_scope("/login", 100), part, {"type": "http.disconnect"})
    assert answered.status == 0


def test_the_query_reaches_the_router(client: TestClient, ada: Bearer) -> None:
    # A client that may not ask is told so before anything else; the query is looked at after.
    answer = client.get("/revocations?after=x%20y", headers=ada.headers)
    assert answer.status_code == 403


def test_routes_are_named(app: FastAPI, auth: Countersign) -> None:
    CountersignFastAPI(auth, prefix="/auth").install(app)
    assert app.url_path_for("countersign:/auth/login") == "/auth/login"


def test_the_peer_and_the_proxies_decide_on_the_address(
    own_auth: Countersign, app: FastAPI
) -> None:
    CountersignFastAPI(own_auth).install(app)
    body = {"type": "http.request", "body": b'{"username":"x","password":"y"}', "more_body": False}

    def login(peer: str) -> int:
        scope = json_scope("/login")
        scope["client"] = (peer, 1)
        return call(app, scope, body).status

    for _ in range(40):
        if login("192.0.2.7") == 429:
            break
    else:
        pytest.fail("the address has no limit")
    assert login("192.0.2.8") == 401
