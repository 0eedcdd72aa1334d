"""The ways in which applications are put together."""

import subprocess
import sys
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.routing import Mount
from starlette.testclient import TestClient

from countersign import Countersign, Principal
from countersign.fastapi import CountersignFastAPI
from tests.fastapi.support import PASSWORD, Bearer, call, http_scope


def me(app: FastAPI, cs: CountersignFastAPI) -> None:
    @app.get("/mine")
    async def mine(user: Annotated[Principal, Depends(cs.principal)]) -> str:
        return user.user_id


@pytest.mark.parametrize("path", ["/api/users/me", "/users/me"])
def test_a_root_path_is_taken_off(
    app: FastAPI, cs: CountersignFastAPI, ada: Bearer, path: str
) -> None:
    # Servers differ in whether the path still holds it.
    cs.install(app)
    headers = [(b"authorization", f"Bearer {ada.token}".encode())]
    scope = http_scope("GET", path, root_path="/api", headers=headers)
    assert call(app, scope).status == 200


def test_the_root_path_of_the_application_is_taken_off(auth: Countersign, ada: Bearer) -> None:
    app = FastAPI()
    app.root_path = "/api"
    cs = CountersignFastAPI(auth, prefix="/auth")
    me(app, cs)
    cs.install(app)
    client = TestClient(app)
    for path in ("/api/auth/users/me", "/auth/users/me", "/mine", "/api/mine"):
        assert client.get(path, headers=ada.headers).status_code == 200, path


def test_a_path_that_only_begins_like_the_root_path_is_left(
    app: FastAPI, auth: Countersign, ada: Bearer
) -> None:
    CountersignFastAPI(auth, prefix="/auth").install(app)
    headers = [(b"authorization", f"Bearer {ada.token}".encode())]
    scope = http_scope("GET", "/auth/users/me", root_path="/au", headers=headers)
    assert call(app, scope).status == 200


@pytest.mark.parametrize("outer", [FastAPI, Starlette])
def test_a_mounted_application_answers_below_its_mount(
    auth: Countersign, ada: Bearer, outer: type[Starlette]
) -> None:
    cs = CountersignFastAPI(auth, prefix="/auth")
    inner = FastAPI()
    me(inner, cs)
    cs.install(inner)
    middle = Starlette(routes=[Mount("/v1", inner)])
    app = outer()
    app.mount("/api", middle)
    client = TestClient(app)
    for path in ("/auth/users/me", "/mine", "/.well-known/jwks.json"):
        assert client.get(f"/api/v1{path}", headers=ada.headers).status_code == 200, path
    assert client.get("/api/v1/mine").json()["error"] == "missing_token"
    assert client.get("/auth/users/me").status_code == 404


def test_two_engines_live_in_two_applications(
    auth: Countersign, own_auth: Countersign, ada: Bearer
) -> None:
    app = FastAPI()
    for name, engine in (("/one", auth), ("/two", own_auth)):
        inner = FastAPI()
        CountersignFastAPI(engine).install(inner)
        app.mount(name, inner)
    client = TestClient(app)
    assert client.get("/one/users/me", headers=ada.headers).status_code == 200
    assert client.get("/two/users/me", headers=ada.headers).status_code == 401


def test_routers_take_the_dependency(app: FastAPI, cs: CountersignFastAPI, ada: Bearer) -> None:
    inner = APIRouter(prefix="/inner")
    inner.add_api_route("/", lambda: "in")
    outer = APIRouter(prefix="/outer", dependencies=[Depends(cs.principal)])
    outer.include_router(inner)
    app.include_router(outer)
    cs.install(app)
    client = TestClient(app)
    assert client.get("/outer/inner/").json()["error"] == "missing_token"
    assert client.get("/outer/inner/", headers=ada.headers).json() == "in"


def test_cors_middleware_answers_for_our_routes(app: FastAPI, cs: CountersignFastAPI) -> None:
    cs.install(app)
    app.add_middleware(
        CORSMiddleware, allow_origins=["https://app.example.com"], allow_methods=["POST"]
    )
    client = TestClient(app)
    origin = {"Origin": "https://app.example.com"}
    preflight = client.options(
        "/login", headers={**origin, "Access-Control-Request-Method": "POST"}
    )
    assert preflight.status_code == 200
    answer = client.post("/login", json={}, headers=origin)
    assert answer.status_code == 400
    allowed = [v for k, v in answer.headers.multi_items() if k == "access-control-allow-origin"]
    assert allowed == ["https://app.example.com"]


def test_options_without_cors_is_the_routers_answer(app: FastAPI, cs: CountersignFastAPI) -> None:
    cs.install(app)
    assert TestClient(app).options("/login").json()["error"] == "method_not_allowed"


def test_middleware_sees_requests_and_answers(app: FastAPI, cs: CountersignFastAPI) -> None:
    cs.install(app)

    async def marked(request: Request, call_next: Any) -> Any:
        # Who reads a body in a middleware must not take it from the route.
        await request.body()
        answer = await call_next(request)
        answer.headers["x-marked"] = request.url.path
        return answer

    app.add_middleware(BaseHTTPMiddleware, dispatch=marked)
    app.add_middleware(GZipMiddleware, minimum_size=10)
    answer = TestClient(app).post("/login", json={"username": "ada", "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.headers["x-marked"] == "/login"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json()["token_type"] == "bearer"


def test_the_extension_is_found_on_the_application(app: FastAPI, cs: CountersignFastAPI) -> None:
    cs.install(app)
    assert app.state.countersign is cs


def test_without_fastapi_the_import_says_what_to_install() -> None:
    program = "import sys; sys.modules['fastapi'] = None; import countersign.fastapi"
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert 'pip install "countersign-auth[fastapi]"' in ended.stderr.splitlines()[-1]
