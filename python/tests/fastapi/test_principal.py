"""`cs.principal` and `cs.optional_principal` on HTTP routes."""

from typing import Annotated, Any

import anyio.to_thread
import pytest
from fastapi import APIRouter, Depends, FastAPI, Security
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from countersign import Countersign, Principal
from countersign.fastapi import CountersignFastAPI
from tests.fastapi.support import (
    CHALLENGE,
    INSUFFICIENT,
    INVALID,
    MISSING,
    Bearer,
    call,
    http_scope,
)


@pytest.fixture
def client(app: FastAPI, cs: CountersignFastAPI) -> TestClient:
    @app.get("/me")
    async def me(user: Annotated[Principal, Depends(cs.principal)]) -> dict[str, Any]:
        return {"id": user.user_id, "name": user.username, "scopes": user.scopes}

    @app.get("/me/sync")
    def me_sync(user: Annotated[Principal, Depends(cs.principal)]) -> str:
        return user.user_id

    @app.get("/reports")
    async def reports(
        user: Annotated[Principal, Security(cs.principal, scopes=["reports:read"])],
    ) -> str:
        return user.user_id

    @app.get("/optional")
    async def optional(
        user: Annotated[Principal | None, Depends(cs.optional_principal)],
    ) -> str | None:
        return user and user.user_id

    cs.install(app)
    return TestClient(app)


def test_a_good_token_gives_the_principal(client: TestClient, ada: Bearer) -> None:
    answer = client.get("/me", headers=ada.headers)
    assert answer.json() == {"id": ada.user_id, "name": "ada", "scopes": ["reports:read"]}
    assert client.get("/me/sync", headers=ada.headers).json() == ada.user_id


@pytest.mark.parametrize("path", ["/me", "/me/sync", "/reports"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic eDp5"}])
def test_no_token_is_401_with_the_realm_only(
    client: TestClient, path: str, headers: dict[str, str]
) -> None:
    answer = client.get(path, headers=headers)
    assert (answer.status_code, answer.json()) == (401, MISSING)
    assert answer.headers["www-authenticate"] == CHALLENGE
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/me", "/reports", "/optional"])
def test_a_bad_token_is_401_invalid_token(client: TestClient, ada: Bearer, path: str) -> None:
    answer = client.get(path, headers={"Authorization": f"Bearer {ada.token[:-4]}AAAA"})
    assert (answer.status_code, answer.json()) == (401, INVALID)
    assert answer.headers["www-authenticate"].startswith(f'{CHALLENGE}, error="invalid_token"')


def test_a_revoked_token_is_401(client: TestClient, auth: Countersign, ada: Bearer) -> None:
    tokens = auth.start_session(ada.user_id)
    headers = {"Authorization": f"Bearer {tokens.access_token}"}
    assert client.get("/me", headers=headers).status_code == 200
    auth.revoke(tokens.access_token)
    answer = client.get("/me", headers=headers)
    assert (answer.status_code, answer.json()) == (401, INVALID)


def test_a_missing_scope_is_403_that_names_it(
    client: TestClient, auth: Countersign, ada: Bearer
) -> None:
    assert client.get("/reports", headers=ada.headers).json() == ada.user_id
    token = auth.start_session(ada.user_id, scopes=[]).access_token
    answer = client.get("/reports", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()) == (403, INSUFFICIENT)
    assert 'scope="reports:read"' in answer.headers["www-authenticate"]


def test_two_authorization_fields_are_a_malformed_request(
    app: FastAPI, client: TestClient, ada: Bearer
) -> None:
    field = (b"authorization", f"Bearer {ada.token}".encode())
    answered = call(app, http_scope("GET", "/me", headers=[field, field]))
    assert (answered.status, answered.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("pair", [list, tuple])
@pytest.mark.parametrize("whole", [list, tuple])
@pytest.mark.parametrize("path", ["/me", "/reports"])
def test_header_fields_are_read_in_any_form(
    app: FastAPI, client: TestClient, ada: Bearer, path: str, whole: type, pair: type
) -> None:
    # ASGI says an iterable of pairs, and a middleware may have made of it what it likes.
    field = pair([b"authorization", f"Bearer {ada.token}".encode()])
    host = pair([b"host", b"testserver"])
    assert call(app, http_scope("GET", path, headers=whole([host, field]))).status == 200
    assert call(app, http_scope("GET", path, headers=whole([field, host, field]))).status == 400
    assert call(app, http_scope("GET", path, headers=whole([host]))).status == 401


@pytest.mark.parametrize("field", [b"Bearer \xff\xfe", b"Bearer", b"Bearer a b"])
def test_what_cannot_be_read_is_a_malformed_request(
    app: FastAPI, client: TestClient, field: bytes
) -> None:
    for path in ("/me", "/optional"):
        answered = call(app, http_scope("GET", path, headers=[(b"authorization", field)]))
        assert (answered.status, answered.json["error"]) == (400, "invalid_request")


def test_optional_lets_nobody_in_as_nobody(client: TestClient, ada: Bearer) -> None:
    assert client.get("/optional").json() is None
    assert client.get("/optional", headers={"Authorization": "Basic eDp5"}).json() is None
    assert client.get("/optional", headers=ada.headers).json() == ada.user_id


@pytest.mark.parametrize("first", ["optional", "mandatory"])
def test_an_optional_principal_opens_nothing_for_a_mandatory_one(
    app: FastAPI, cs: CountersignFastAPI, ada: Bearer, first: str
) -> None:
    dependencies = [Depends(cs.optional_principal), Depends(cs.principal)]
    if first == "mandatory":
        dependencies.reverse()
    app.add_api_route("/", lambda: None, dependencies=dependencies)
    client = TestClient(app)
    assert client.get("/").status_code == 401
    assert client.get("/", headers=ada.headers).status_code == 200


def test_scopes_add_up_along_the_dependencies(
    app: FastAPI, cs: CountersignFastAPI, ada: Bearer, admin: Bearer
) -> None:
    async def reader(user: Annotated[Principal, Security(cs.principal, scopes=["x"])]) -> str:
        return user.user_id

    router = APIRouter(dependencies=[Security(cs.principal, scopes=["reports:read"])])

    @router.get("/both")
    async def both(user_id: Annotated[str, Security(reader, scopes=["reports:read"])]) -> str:
        return user_id

    app.include_router(router, prefix="/v1")
    client = TestClient(app)
    assert client.get("/v1/both", headers=admin.headers).json() == admin.user_id
    refused = client.get("/v1/both", headers=ada.headers)
    assert refused.status_code == 403
    assert 'scope="x"' in refused.headers["www-authenticate"]


def test_without_install_status_and_challenge_are_still_right(
    app: FastAPI, cs: CountersignFastAPI, ada: Bearer
) -> None:
    app.add_api_route("/", lambda: None, dependencies=[Depends(cs.principal)])
    answer = TestClient(app).get("/")
    assert (answer.status_code, answer.json()) == (401, {"detail": MISSING})
    assert answer.headers["www-authenticate"] == CHALLENGE


def test_an_override_replaces_the_principal(
    app: FastAPI, cs: CountersignFastAPI, client: TestClient, auth: Countersign, ada: Bearer
) -> None:
    app.dependency_overrides[cs.principal] = lambda: auth.authenticate(ada.token)
    for path in ("/me/sync", "/reports", "/optional"):
        assert client.get(path).json() == ada.user_id


def test_no_thread_is_taken(
    client: TestClient, ada: Bearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/me", headers=ada.headers)  # What opens, opens on a thread.

    async def refuse(*_: object, **__: object) -> None:
        pytest.fail("a thread was taken")

    monkeypatch.setattr(anyio.to_thread, "run_sync", refuse)
    for path in ("/me", "/reports", "/optional"):
        assert client.get(path, headers=ada.headers).status_code == 200
    assert client.get("/me").status_code == 401


def test_an_application_may_answer_a_status_itself(app: FastAPI, cs: CountersignFastAPI) -> None:
    async def answer(request: Request, error: Exception) -> PlainTextResponse:
        return PlainTextResponse("mine", 401)

    app.add_api_route("/", lambda: None, dependencies=[Depends(cs.principal)])
    app.add_exception_handler(401, answer)
    cs.install(app)
    assert TestClient(app).get("/").text == "mine"
