"""`cs.require(...)` and `cs.protect(...)`."""

from datetime import timedelta
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.testclient import TestClient

from countersign import Countersign, Principal
from countersign.exceptions import ConfigurationError
from countersign.fastapi import CountersignFastAPI
from tests.fastapi.support import INSUFFICIENT, MISSING, Bearer


@pytest.fixture
def client(app: FastAPI, cs: CountersignFastAPI) -> TestClient:
    @app.get("/edit")
    async def edit(
        user: Annotated[Principal, Depends(cs.require(roles=["author", "editor"]))],
    ) -> str:
        return user.user_id

    def protected(path: str, **wanted: object) -> None:
        dependency = Depends(cs.require(**wanted))  # type: ignore[arg-type]
        app.add_api_route(path, lambda: "in", dependencies=[dependency])

    protected("/scope", scopes=["x"])
    protected("/recent", max_auth_age=timedelta(minutes=5))
    protected("/anybody")
    cs.install(app)
    return TestClient(app)


def test_all_roles_are_wanted(client: TestClient, ada: Bearer, admin: Bearer) -> None:
    assert client.get("/edit", headers=admin.headers).json() == admin.user_id
    refused = client.get("/edit", headers=ada.headers)
    assert (refused.status_code, refused.json()) == (403, INSUFFICIENT)
    assert client.get("/edit").json() == MISSING


def test_all_scopes_are_wanted(client: TestClient, ada: Bearer, admin: Bearer) -> None:
    assert client.get("/scope", headers=admin.headers).json() == "in"
    refused = client.get("/scope", headers=ada.headers)
    assert refused.status_code == 403
    assert 'scope="x"' in refused.headers["www-authenticate"]


@pytest.mark.parametrize("path", ["/edit", "/scope", "/recent", "/anybody"])
def test_without_a_token_all_are_401(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (401, MISSING)


@pytest.mark.parametrize(
    "wanted",
    [
        {"scopes": "reports:read"},
        {"roles": "admin"},
        {"max_auth_age": -1},
        {"max_auth_age": 1.5},
        {"max_auth_age": timedelta(seconds=-5)},
    ],
)
def test_what_cannot_be_wanted_is_refused_at_once(
    cs: CountersignFastAPI, wanted: dict[str, Any]
) -> None:
    with pytest.raises(ConfigurationError):
        cs.require(**wanted)


def test_one_override_replaces_all(
    app: FastAPI, cs: CountersignFastAPI, client: TestClient, auth: Countersign, ada: Bearer
) -> None:
    app.dependency_overrides[cs.principal] = lambda: auth.authenticate(ada.token)
    assert client.get("/recent").json() == "in"
    # What the principal may do still counts, so that a test can see a 403.
    assert client.get("/edit").status_code == 403
    assert client.get("/scope").status_code == 403


def test_an_override_that_is_no_principal_is_told(
    app: FastAPI, cs: CountersignFastAPI, client: TestClient
) -> None:
    app.dependency_overrides[cs.principal] = lambda: {"roles": ["editor"]}
    with pytest.raises(TypeError, match=r"overrides cs.principal answered dict"):
        client.get("/edit")


@pytest.fixture
def guarded(auth: Countersign) -> FastAPI:
    cs = CountersignFastAPI(auth)
    exempt = {"/health", "/pages/{name}", "/public/*"}
    app = FastAPI(dependencies=[Depends(cs.protect(exempt=exempt))])
    cs.install(app)
    for path in (
        "/",
        "/health",
        "/pages/{name}",
        "/pages/{name}/edit",
        "/public/a/b",
        "/publicity",
    ):
        app.add_api_route(path, lambda: "in")
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["https://app.example.com"],
        allow_methods=["*"],
        allow_headers=["authorization"],
    )
    return app


def test_everything_is_protected_but_what_is_exempt(guarded: FastAPI, ada: Bearer) -> None:
    client = TestClient(guarded)
    for path in ("/health", "/pages/about", "/public/a/b"):
        assert client.get(path).json() == "in"
        # The token of such a request is not looked at, so a bad one does no harm.
        assert client.get(path, headers={"Authorization": "Bearer x"}).json() == "in"
    for path in ("/", "/pages/about/edit", "/publicity"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers=ada.headers).json() == "in"


def test_nobody_is_locked_out_of_logging_in(guarded: FastAPI) -> None:
    client = TestClient(guarded)
    assert client.post("/login", json={}).json()["error"] == "invalid_request"
    assert client.post("/token", data={"username": "x"}).status_code == 400
    for path in ("/docs", "/redoc", "/openapi.json", "/.well-known/jwks.json"):
        assert client.get(path).status_code == 200, path


@pytest.mark.parametrize("path", ["/", "/login", "/users/me"])
def test_preflights_pass(guarded: FastAPI, path: str) -> None:
    asked = {
        "Origin": "https://app.example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = TestClient(guarded).options(path, headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://app.example.com"


def test_an_override_opens_a_protected_application(
    guarded: FastAPI, auth: Countersign, ada: Bearer
) -> None:
    cs: CountersignFastAPI = guarded.state.countersign
    guarded.dependency_overrides[cs.principal] = lambda: auth.authenticate(ada.token)
    assert TestClient(guarded).get("/").json() == "in"


def test_a_router_can_be_protected(app: FastAPI, cs: CountersignFastAPI, ada: Bearer) -> None:
    router = APIRouter(prefix="/v1", dependencies=[Depends(cs.protect(exempt={"/v1/open"}))])
    router.add_api_route("/open", lambda: "in")
    router.add_api_route("/closed", lambda: "in")
    app.include_router(router)
    app.add_api_route("/other", lambda: "in")
    client = TestClient(app)
    assert client.get("/v1/open").json() == "in"
    assert client.get("/v1/closed").status_code == 401
    assert client.get("/v1/closed", headers=ada.headers).json() == "in"
    assert client.get("/other").json() == "in"


def test_two_protections_exempt_apart(app: FastAPI, cs: CountersignFastAPI) -> None:
    outer, inner = cs.protect(exempt={"/a"}), cs.protect(exempt={"/b"})
    for path in ("/a", "/b"):
        app.add_api_route(path, lambda: "in", dependencies=[Depends(outer), Depends(inner)])
    client = TestClient(app)
    assert {client.get(path).status_code for path in ("/a", "/b")} == {401}


@pytest.mark.parametrize("exempt", ["/health", ["health"], ["/a b"]])
def test_an_exemption_that_cannot_be_meant_is_refused(
    cs: CountersignFastAPI, exempt: list[str]
) -> None:
    with pytest.raises(ConfigurationError):
        cs.protect(exempt=exempt)
