"""`cs.principal` on WebSocket routes."""

from typing import Annotated, Any

import pytest
import starlette
from fastapi import Depends, FastAPI, Security, WebSocket
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from countersign import Countersign, Principal
from countersign.fastapi import CountersignFastAPI
from tests.fastapi.support import INSUFFICIENT, INVALID, MISSING, Bearer


@pytest.fixture
def app(cs: CountersignFastAPI, auth: Countersign) -> FastAPI:
    app = FastAPI()

    @app.websocket("/ws")
    async def ws(websocket: WebSocket, user: Annotated[Principal, Depends(cs.principal)]) -> None:
        await websocket.accept()
        await websocket.send_text(user.user_id)
        await websocket.close()

    @app.websocket("/chosen")
    async def chosen(
        websocket: WebSocket,
        user: Annotated[Principal, Security(cs.principal, scopes=["reports:read"])],
    ) -> None:
        await websocket.accept("chat.v2")
        await websocket.send_text(user.user_id)
        await websocket.close()

    @app.websocket("/optional")
    async def optional(
        websocket: WebSocket, user: Annotated[Principal | None, Depends(cs.optional_principal)]
    ) -> None:
        await websocket.accept()
        await websocket.send_text(str(user and user.user_id))
        await websocket.close()

    @app.websocket("/first-message")
    async def first_message(websocket: WebSocket) -> None:
        await websocket.accept()
        principal = auth.authenticate(await websocket.receive_text())
        await websocket.send_text(principal.user_id)
        await websocket.close()

    cs.install(app)
    return app


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app)


def refused(client: TestClient, path: str, **arguments: Any) -> WebSocketDenialResponse:
    with (
        pytest.raises(WebSocketDenialResponse) as denied,
        client.websocket_connect(path, **arguments),
    ):
        pass
    return denied.value


def test_the_token_may_come_in_the_header(client: TestClient, ada: Bearer) -> None:
    with client.websocket_connect("/ws", headers=ada.headers) as websocket:
        assert websocket.receive_text() == ada.user_id
        assert websocket.accepted_subprotocol is None


@pytest.mark.parametrize("name", ["bearer", "Bearer"])
def test_the_token_may_come_as_a_subprotocol_and_is_answered(
    client: TestClient, ada: Bearer, name: str
) -> None:
    with client.websocket_connect("/ws", subprotocols=[name, ada.token]) as websocket:
        assert websocket.receive_text() == ada.user_id
        assert websocket.accepted_subprotocol == "bearer"


def test_the_application_may_choose_another_subprotocol(client: TestClient, ada: Bearer) -> None:
    offered = ["chat.v1", "chat.v2", "bearer", ada.token]
    with client.websocket_connect("/chosen", subprotocols=offered) as websocket:
        assert websocket.receive_text() == ada.user_id
        assert websocket.accepted_subprotocol == "chat.v2"


@pytest.mark.parametrize("subprotocols", [[], ["chat"], ["bearer"], ["chat", "bearer"]])
def test_no_token_is_refused_before_it_is_accepted(
    client: TestClient, subprotocols: list[str]
) -> None:
    answer = refused(client, "/ws", subprotocols=subprotocols)
    assert (answer.status_code, answer.json()) == (401, MISSING)
    assert answer.headers["www-authenticate"].startswith("Bearer realm=")


def test_a_bad_token_is_refused(client: TestClient) -> None:
    for path in ("/ws", "/optional"):
        answer = refused(client, path, subprotocols=["bearer", "x.y.z"])
        assert (answer.status_code, answer.json()) == (401, INVALID)


def test_a_token_in_both_places_is_a_malformed_request(client: TestClient, ada: Bearer) -> None:
    answer = refused(client, "/ws", headers=ada.headers, subprotocols=["bearer", ada.token])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_missing_scope_is_403(client: TestClient, auth: Countersign, ada: Bearer) -> None:
    token = auth.start_session(ada.user_id, scopes=[]).access_token
    answer = refused(client, "/chosen", subprotocols=["bearer", token])
    assert (answer.status_code, answer.json()) == (403, INSUFFICIENT)


def test_an_optional_principal_may_be_nobody(client: TestClient, ada: Bearer) -> None:
    with client.websocket_connect("/optional") as websocket:
        assert websocket.receive_text() == "None"
    with client.websocket_connect("/optional", subprotocols=["bearer", ada.token]) as websocket:
        assert websocket.receive_text() == ada.user_id


def without_answers(app: FastAPI) -> Any:
    """The same behind a server that cannot refuse a WebSocket with an HTTP answer."""

    async def server(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "extensions": {}}, receive, send)

    return server


@pytest.mark.parametrize("path", ["/ws", "/chosen"])
def test_a_server_that_cannot_answer_closes(app: FastAPI, path: str) -> None:
    with (
        pytest.raises(WebSocketDisconnect) as closed,
        TestClient(without_answers(app)).websocket_connect(path),
    ):
        pass
    assert (closed.value.code, closed.value.reason) == (1008, "missing_token")


def test_optional_works_with_a_server_that_cannot_answer(app: FastAPI) -> None:
    with TestClient(without_answers(app)).websocket_connect("/optional") as websocket:
        assert websocket.receive_text() == "None"


def test_a_refusal_after_it_is_accepted_closes(client: TestClient, ada: Bearer) -> None:
    with client.websocket_connect("/first-message") as websocket:
        websocket.send_text(ada.token)
        assert websocket.receive_text() == ada.user_id
    with client.websocket_connect("/first-message") as websocket:
        websocket.send_text("x.y.z")
        with pytest.raises(WebSocketDisconnect) as closed:
            websocket.receive_text()
    assert (closed.value.code, closed.value.reason) == (1008, "invalid_token")


@pytest.mark.skipif(
    tuple(map(int, starlette.__version__.split(".")[:2])) < (0, 41),
    reason="does not send what handlers of WebSocket routes return",
)
def test_without_install_the_status_is_still_right(cs: CountersignFastAPI) -> None:
    app = FastAPI()

    @app.websocket("/ws")
    async def ws(websocket: WebSocket, user: Annotated[Principal, Depends(cs.principal)]) -> None:
        raise AssertionError

    assert refused(TestClient(app), "/ws").status_code == 401
