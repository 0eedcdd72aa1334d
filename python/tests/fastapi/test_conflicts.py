"""Routes that are in each other's way are told when the application is made."""

from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.testclient import TestClient

from countersign import Countersign
from countersign.exceptions import ConfigurationError
from countersign.fastapi import CountersignFastAPI
from tests.fastapi.support import Bearer


def nothing() -> None: ...


def test_the_same_route_is_named(app: FastAPI, cs: CountersignFastAPI) -> None:
    app.add_api_route("/login", nothing, methods=["POST"], name="my_login")
    with pytest.raises(ConfigurationError) as refused:
        cs.install(app)
    message = str(refused.value)
    assert "POST /login" in message
    assert "my_login" in message
    assert 'prefix="/auth"' in message


def test_another_method_of_the_same_path_is_no_conflict(
    app: FastAPI, cs: CountersignFastAPI, ada: Bearer
) -> None:
    app.add_api_route("/login", lambda: "a page", methods=["GET"])
    app.add_api_route("/users/me", lambda: "gone", methods=["DELETE"])
    cs.install(app)
    client = TestClient(app)
    assert client.get("/login").json() == "a page"
    assert client.post("/login", json={}).json()["error"] == "invalid_request"
    assert client.delete("/users/me").json() == "gone"
    assert client.get("/users/me", headers=ada.headers).status_code == 200


def test_a_route_with_parameters_that_would_answer_is_named(
    app: FastAPI, cs: CountersignFastAPI
) -> None:
    @app.get("/users/{user_id}")
    def read_user(user_id: int) -> None: ...

    with pytest.raises(ConfigurationError, match=r"GET /users/me .*/users/\{user_id\} .read_user"):
        cs.install(app)


def test_a_route_with_parameters_may_come_after(
    app: FastAPI, cs: CountersignFastAPI, ada: Bearer
) -> None:
    cs.install(app)
    app.add_api_route("/users/{user_id}", lambda user_id: user_id)
    with TestClient(app) as client:
        assert client.get("/users/7").json() == "7"
        assert client.get("/users/me", headers=ada.headers).json()["username"] == "ada"


def test_a_parameter_that_only_takes_numbers_shadows_nothing(
    app: FastAPI, cs: CountersignFastAPI
) -> None:
    app.add_api_route("/users/{user_id:int}", nothing)
    cs.install(app)


def test_a_route_of_an_included_router_is_named(app: FastAPI, cs: CountersignFastAPI) -> None:
    inner = APIRouter()
    inner.add_api_route("/me", nothing, name="inner_me")
    outer = APIRouter(prefix="/users")
    outer.include_router(inner)
    app.include_router(outer)
    with pytest.raises(ConfigurationError, match=r"GET /users/me .*/users/me .inner_me"):
        cs.install(app)


@pytest.mark.parametrize("path", ["", "/", "/users"])
def test_a_mount_that_would_answer_is_named(
    app: FastAPI, cs: CountersignFastAPI, path: str
) -> None:
    app.mount(path, Starlette(), name="static")
    with pytest.raises(ConfigurationError, match=r"mount .*static.*before it is added"):
        cs.install(app)


def test_a_mount_may_come_after(app: FastAPI, cs: CountersignFastAPI) -> None:
    cs.install(app)
    app.mount("/", Starlette())
    assert TestClient(app).post("/login", json={}).status_code == 400


def test_a_well_known_route_is_named_in_spite_of_the_prefix(
    app: FastAPI, auth: Countersign
) -> None:
    app.add_api_route("/.well-known/jwks.json", nothing)
    with pytest.raises(ConfigurationError, match=r"GET /\.well-known/jwks\.json"):
        CountersignFastAPI(auth, prefix="/auth").install(app)


def test_a_prefix_is_out_of_the_way(app: FastAPI, auth: Countersign) -> None:
    app.add_api_route("/login", nothing, methods=["POST"])
    CountersignFastAPI(auth, prefix="/auth").install(app)


def test_a_failed_install_leaves_the_application_as_it_was(
    app: FastAPI, cs: CountersignFastAPI, auth: Countersign
) -> None:
    app.add_api_route("/login", nothing, methods=["POST"])
    routes = list(app.router.routes)
    with pytest.raises(ConfigurationError):
        cs.install(app)
    assert app.router.routes == routes
    CountersignFastAPI(auth, prefix="/auth").install(app)


@pytest.mark.parametrize("routes", [{"login"}, set()])
def test_a_second_install_is_refused(app: FastAPI, auth: Countersign, routes: set[str]) -> None:
    CountersignFastAPI(auth, routes=routes).install(app)
    with pytest.raises(ConfigurationError, match="installed in this application already"):
        CountersignFastAPI(auth, prefix="/two", routes={"login"}).install(app)


def test_only_an_application_can_be_installed_in(cs: CountersignFastAPI) -> None:
    for other in (APIRouter(), Starlette()):
        with pytest.raises(TypeError, match="takes the FastAPI application, not"):
            cs.install(other)  # type: ignore[arg-type]


def test_an_install_after_the_start_is_refused(app: FastAPI, cs: CountersignFastAPI) -> None:
    TestClient(app).get("/")
    with pytest.raises(ConfigurationError, match="before the application starts"):
        cs.install(app)


def test_one_extension_serves_two_applications(cs: CountersignFastAPI, ada: Bearer) -> None:
    for app in (FastAPI(), FastAPI()):
        cs.install(app)
        assert TestClient(app).get("/users/me", headers=ada.headers).status_code == 200


@pytest.mark.parametrize("included", [False, True])
def test_a_later_route_that_nobody_reaches_fails_the_start(
    app: FastAPI, cs: CountersignFastAPI, included: bool
) -> None:
    cs.install(app)
    to: Any = APIRouter() if included else app
    to.add_api_route("/users/me/sessions/{sid}", nothing, methods=["DELETE"], name="mine")
    if included:
        app.include_router(to)
    with (
        pytest.raises(ConfigurationError, match=r"sessions/\{sid\} .mine. is never reached"),
        TestClient(app),
    ):
        pass


@pytest.mark.parametrize("prefix", ["auth", "/auth/..", "/a b", "/a?b"])
def test_a_prefix_that_cannot_be_meant_is_refused(auth: Countersign, prefix: str) -> None:
    with pytest.raises(ConfigurationError):
        CountersignFastAPI(auth, prefix=prefix)


def test_a_group_that_does_not_exist_is_refused(auth: Countersign) -> None:
    with pytest.raises(ConfigurationError):
        CountersignFastAPI(auth, routes={"log-in"})
