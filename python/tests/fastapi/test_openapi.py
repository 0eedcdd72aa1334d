"""The documents that the application serves."""

import copy
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, Security
from fastapi.openapi.utils import get_openapi
from fastapi.security import APIKeyHeader, OAuth2PasswordBearer
from starlette.testclient import TestClient

from countersign import Countersign, Principal
from countersign.engine import DEFAULT_ROUTES
from countersign.exceptions import ConfigurationError
from countersign.fastapi import CountersignFastAPI


def routes(app: FastAPI, cs: CountersignFastAPI) -> None:
    @app.get("/reports", tags=["reports"])
    async def reports(
        user: Annotated[Principal, Security(cs.principal, scopes=["reports:read"])],
    ) -> None: ...

    @app.get("/optional")
    async def optional(
        user: Annotated[Principal | None, Depends(cs.optional_principal)],
    ) -> None: ...

    app.add_api_route("/edit", lambda: None, dependencies=[Depends(cs.require(scopes=["edit"]))])


def flow(document: dict[str, Any]) -> dict[str, Any]:
    found = document["components"]["securitySchemes"]["Countersign"]["flows"]["password"]
    assert isinstance(found, dict)
    return found


def either(scopes: list[str]) -> list[dict[str, list[str]]]:
    return [{"Countersign": scopes}, {"CountersignBearer": scopes}]


@pytest.fixture
def document(app: FastAPI, cs: CountersignFastAPI) -> dict[str, Any]:
    routes(app, cs)
    cs.install(app)
    served = TestClient(app).get("/openapi.json").json()
    assert isinstance(served, dict)
    return served


def test_the_routes_stand_in_the_document(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert {"/reports", "/login", "/users/me", "/.well-known/jwks.json"} <= document["paths"].keys()
    login = document["paths"]["/login"]["post"]
    assert login["operationId"] == "countersign_login"
    assert "$ref" not in str(login)


def test_the_authorize_button_logs_in_at_the_token_route(document: dict[str, Any]) -> None:
    assert flow(document)["tokenUrl"] == "/token"
    # The button offers the scopes that the application asks for.
    assert {"reports:read", "edit", "countersign:admin"} <= flow(document)["scopes"].keys()


def test_protected_operations_ask_for_the_scheme(document: dict[str, Any]) -> None:
    paths = document["paths"]
    assert paths["/reports"]["get"]["security"] == either(["reports:read"])
    assert paths["/edit"]["get"]["security"] == either(["edit"])
    assert paths["/optional"]["get"]["security"] == [*either([]), {}]
    ours = paths["/users/me"]["get"]["security"]
    assert ours == [{"CountersignBearer": []}, {"Countersign": []}]


@pytest.mark.parametrize("groups", [DEFAULT_ROUTES, {"account"}, {"admin"}, {"wellknown"}])
def test_every_scheme_that_is_asked_for_is_described(
    app: FastAPI, auth: Countersign, groups: set[str]
) -> None:
    cs = CountersignFastAPI(auth, routes=groups)
    routes(app, cs)
    cs.install(app)
    document = app.openapi()
    asked = {
        name
        for item in document["paths"].values()
        for operation in item.values()
        for requirement in operation.get("security", ())
        for name in requirement
    }
    assert asked <= document["components"]["securitySchemes"].keys()


def test_no_path_has_a_server_of_its_own(document: dict[str, Any]) -> None:
    assert all("servers" not in item for item in document["paths"].values())


def test_a_prefix_moves_the_token_route(app: FastAPI, auth: Countersign) -> None:
    CountersignFastAPI(auth, prefix="/auth").install(app)
    assert flow(app.openapi())["tokenUrl"] == "/auth/token"
    assert "/auth/login" in app.openapi()["paths"]


def test_exempt_operations_ask_for_nothing(auth: Countersign) -> None:
    cs = CountersignFastAPI(auth)
    exempt = {"/health", "/public/*"}
    app = FastAPI(dependencies=[Depends(cs.protect(exempt=exempt))])
    for path in ("/health", "/public/{name}", "/closed"):
        app.add_api_route(path, lambda: None)
    cs.install(app)
    paths = app.openapi()["paths"]
    assert "security" not in paths["/health"]["get"]
    assert "security" not in paths["/public/{name}"]["get"]
    assert paths["/closed"]["get"]["security"] == either([])


def test_without_log_in_routes_the_button_takes_a_token(app: FastAPI, auth: Countersign) -> None:
    cs = CountersignFastAPI(auth, routes={"wellknown"})
    routes(app, cs)
    cs.install(app)
    document = app.openapi()
    schemes = document["components"]["securitySchemes"]
    assert schemes.keys() == {"Countersign"}
    assert (schemes["Countersign"]["type"], schemes["Countersign"]["scheme"]) == ("http", "bearer")
    assert document["paths"]["/edit"]["get"]["security"] == [{"Countersign": ["edit"]}]


@pytest.mark.parametrize("groups", [set(), {"account"}, DEFAULT_ROUTES])
def test_the_button_can_log_in_at_the_applications_own_route(
    app: FastAPI, auth: Countersign, groups: set[str]
) -> None:
    cs = CountersignFastAPI(auth, prefix="/auth", routes=groups, token_url="/log-in")
    routes(app, cs)
    cs.install(app)
    served = TestClient(app, root_path="/api").get("/openapi.json").json()
    assert flow(served)["tokenUrl"] == "/api/log-in"
    assert {"reports:read", "edit"} <= flow(served)["scopes"].keys()
    if "account" in groups:
        assert served["paths"]["/auth/users/me"]["get"]["security"] == [
            {"CountersignBearer": []},
            {"Countersign": []},
        ]


def test_the_button_can_log_in_elsewhere(app: FastAPI, auth: Countersign) -> None:
    elsewhere = "https://id.example.com/token"
    CountersignFastAPI(auth, routes=set(), token_url=elsewhere).install(app)
    served = TestClient(app, root_path="/api").get("/openapi.json").json()
    assert flow(served)["tokenUrl"] == elsewhere


@pytest.mark.parametrize("token_url", ["", "login", "http://id.example.com/token"])
def test_a_token_url_that_cannot_be_meant_is_refused(auth: Countersign, token_url: str) -> None:
    with pytest.raises(ConfigurationError, match="token_url"):
        CountersignFastAPI(auth, token_url=token_url)


@pytest.mark.parametrize("given", ["/api/v1", "/api/v1/"])
def test_the_token_url_follows_the_root_path(auth: Countersign, given: str) -> None:
    app = FastAPI()
    app.root_path = given
    CountersignFastAPI(auth, prefix="/auth").install(app)
    assert flow(app.openapi())["tokenUrl"] == "/api/v1/auth/token"
    assert flow(TestClient(app).get("/openapi.json").json())["tokenUrl"] == "/api/v1/auth/token"


def test_the_token_url_follows_the_servers_root_path(app: FastAPI, auth: Countersign) -> None:
    CountersignFastAPI(auth).install(app)
    below = TestClient(app, root_path="/proxied").get("/openapi.json").json()
    assert flow(below)["tokenUrl"] == "/proxied/token"
    assert below["servers"] == [{"url": "/proxied"}]
    # What one client is told is not kept for the next.
    assert flow(TestClient(app).get("/openapi.json").json())["tokenUrl"] == "/token"


def test_a_mounted_application_has_its_own_document(app: FastAPI, auth: Countersign) -> None:
    inner = FastAPI()
    CountersignFastAPI(auth).install(inner)
    app.mount("/v1", inner)
    served = TestClient(app).get("/v1/openapi.json").json()
    assert flow(served)["tokenUrl"] == "/v1/token"
    assert "/login" not in TestClient(app).get("/openapi.json").json()["paths"]


def test_no_document_is_no_document(auth: Countersign) -> None:
    app = FastAPI(openapi_url=None)
    CountersignFastAPI(auth).install(app)
    client = TestClient(app)
    assert {client.get(path).status_code for path in ("/openapi.json", "/docs")} == {404}


def custom(app: FastAPI) -> Any:
    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = get_openapi(title="Mine", version="7", routes=app.routes)
        return app.openapi_schema

    return openapi


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_application_may_write_its_own_document(
    app: FastAPI, cs: CountersignFastAPI, when: str
) -> None:
    app.add_api_route("/mine", lambda: None)
    if when == "before":
        app.openapi = custom(app)  # type: ignore[method-assign]
    cs.install(app)
    if when == "after":
        app.openapi = custom(app)  # type: ignore[method-assign]
    client = TestClient(app)
    for _ in range(2):
        served = client.get("/openapi.json").json()
        assert served["info"]["title"] == "Mine"
        assert {"/mine", "/login"} <= served["paths"].keys()


def test_an_application_may_change_the_document_further(
    app: FastAPI, cs: CountersignFastAPI
) -> None:
    cs.install(app)
    ours = app.openapi

    def openapi() -> dict[str, Any]:
        return {**ours(), "info": {"title": "Changed", "version": "1"}}

    app.openapi = openapi  # type: ignore[method-assign]
    served = TestClient(app).get("/openapi.json").json()
    assert served["info"]["title"] == "Changed"
    assert "/login" in served["paths"]


def test_the_applications_own_document_is_not_changed(app: FastAPI, cs: CountersignFastAPI) -> None:
    routes(app, cs)
    original = app.openapi
    before = copy.deepcopy(original())
    cs.install(app)
    app.openapi()
    app.openapi()
    assert original() == before


def test_routes_that_come_later_stand_in_it(app: FastAPI, cs: CountersignFastAPI) -> None:
    cs.install(app)
    app.openapi()
    app.openapi_schema = None
    routes(app, cs)
    assert "/reports" in app.openapi()["paths"]


def test_operations_of_one_path_are_merged(app: FastAPI, cs: CountersignFastAPI) -> None:
    app.add_api_route("/login", lambda: None, methods=["GET"], summary="A page")
    cs.install(app)
    item = app.openapi()["paths"]["/login"]
    assert item["get"]["summary"] == "A page"
    assert item["post"]["operationId"] == "countersign_login"


def test_declared_tags_keep_their_descriptions_and_come_first(auth: Countersign) -> None:
    mine = [{"name": "accounts", "description": "mine"}]
    app = FastAPI(openapi_tags=mine)
    CountersignFastAPI(auth).install(app)
    tags = app.openapi()["tags"]
    assert tags[0] == mine[0]
    assert [tag["name"] for tag in tags].count("accounts") == 1
    assert "tokens" in {tag["name"] for tag in tags}


def test_without_declared_tags_the_applications_routes_come_first(
    app: FastAPI, cs: CountersignFastAPI
) -> None:
    routes(app, cs)
    cs.install(app)
    document = app.openapi()
    assert "tags" not in document
    assert next(iter(document["paths"])) == "/reports"


def test_other_schemes_stay(app: FastAPI, cs: CountersignFastAPI) -> None:
    key = APIKeyHeader(name="X-Key")
    own = OAuth2PasswordBearer(tokenUrl="elsewhere")
    app.add_api_route("/", lambda: None, dependencies=[Depends(key), Depends(own)])
    cs.install(app)
    schemes = app.openapi()["components"]["securitySchemes"]
    assert {"APIKeyHeader", "OAuth2PasswordBearer", "Countersign"} <= schemes.keys()
    assert schemes["OAuth2PasswordBearer"]["flows"]["password"]["tokenUrl"] == "elsewhere"


def test_another_scheme_of_our_name_is_an_error(app: FastAPI, cs: CountersignFastAPI) -> None:
    own = OAuth2PasswordBearer(tokenUrl="token", scheme_name="Countersign")
    app.add_api_route("/", lambda: None, dependencies=[Depends(own)])
    cs.install(app)
    with pytest.raises(ConfigurationError, match=r"'Countersign'.*scheme_name"):
        app.openapi()


def test_the_documentation_page_is_served(app: FastAPI, cs: CountersignFastAPI) -> None:
    cs.install(app)
    assert "/openapi.json" in TestClient(app).get("/docs").text


def test_the_document_is_made_without_opening(app: FastAPI, own_auth: Countersign) -> None:
    CountersignFastAPI(own_auth).install(app)
    assert TestClient(app).get("/openapi.json").status_code == 200
    assert not own_auth.opened
