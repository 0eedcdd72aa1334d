"""Flask-RESTful and Flask-RESTX put themselves before Flask's error handlers."""

from __future__ import annotations

from typing import Any

import flask_restful
import flask_restx
import pytest
from flask import Blueprint, Flask, jsonify
from flask.testing import FlaskClient

from countersign import Countersign, ExpiredTokenError, MissingTokenError
from countersign.flask import CountersignFlask, current_principal
from countersign.testing import TokenFactory, assert_rejects
from tests.flask.conftest import PASSWORD, bearer

EXTENSIONS = [flask_restful, flask_restx]
MODES = [
    {},
    {"TESTING": True},
    {"DEBUG": True},
    {"PROPAGATE_EXCEPTIONS": True},
    {"PROPAGATE_EXCEPTIONS": False, "TESTING": True},
    {"TRAP_HTTP_EXCEPTIONS": True},
]


@pytest.fixture(params=EXTENSIONS, ids=lambda module: str(module.__name__))
def extension(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(params=MODES, ids=str)
def app(request: pytest.FixtureRequest) -> Flask:
    made = Flask("shop")
    made.config.update(request.param)
    return made


@pytest.fixture(params=["before", "after", "in a blueprint"])
def installed(
    request: pytest.FixtureRequest, app: Flask, auth: Countersign, extension: Any
) -> Flask:
    """The application with a resource, and Countersign before or after the extension."""
    cs = CountersignFlask()
    if request.param == "before":
        cs.init_app(app, auth)
    if request.param == "in a blueprint":
        pages = Blueprint("pages", __name__)
        _resources(extension.Api(pages), extension, cs, auth)
        app.register_blueprint(pages)
    else:
        _resources(extension.Api(app), extension, cs, auth)
    if request.param != "before":
        cs.init_app(app, auth)
    return app


def _resources(api: Any, extension: Any, cs: CountersignFlask, auth: Countersign) -> None:
    class Report(extension.Resource):  # type: ignore[misc]
        @cs.required(scopes=["reports:read"])
        def get(self) -> Any:
            return {"user": current_principal.username}

        def post(self) -> Any:
            return auth.login("nobody", PASSWORD).to_dict()

        @cs.limit("1 per minute")
        def put(self) -> Any:
            return {}

        def delete(self) -> Any:
            auth.user("nobody")

    class Office(extension.Resource):  # type: ignore[misc]
        method_decorators = [cs.required(roles=["clerk"])]  # noqa: RUF012

        def get(self) -> Any:
            return {"user": current_principal.username}

    api.add_resource(Report, "/reports")
    api.add_resource(Office, "/office")


def test_refusals_are_the_servers(installed: Flask, tokens: TokenFactory) -> None:
    assert_rejects(installed, "/reports", tokens, scopes=["reports:read"])
    assert_rejects(installed, "/office", tokens, roles=["clerk"])
    client = installed.test_client()
    for headers in ({}, bearer(tokens.expired())):
        ours, servers = (client.get(path, headers=headers) for path in ("/reports", "/users/me"))
        assert ours.data == servers.data
        for name in ("WWW-Authenticate", "Cache-Control", "Content-Type"):
            assert ours.headers.getlist(name) == servers.headers.getlist(name)


def test_good_tokens_pass(installed: Flask, tokens: TokenFactory) -> None:
    client = installed.test_client()
    headers = bearer(tokens.good(scopes=["reports:read"], roles=["clerk"]))
    assert client.get("/reports", headers=headers).json == {"user": "ada"}
    assert client.get("/office", headers=headers).json == {"user": "ada"}


def test_refusals_of_the_engine(installed: Flask) -> None:
    client = installed.test_client()
    for method, status, error in (
        ("POST", 401, "invalid_credentials"),
        ("DELETE", 404, "not_found"),
    ):
        answer = client.open("/reports", method=method)
        assert answer.status_code == status
        assert answer.json is not None
        assert answer.json["error"] == error
        assert set(answer.json) == {"error", "error_description"}
    assert [client.put("/reports").status_code for _ in range(2)] == [200, 429]
    assert client.put("/reports").headers["Retry-After"] == "60"


def test_our_routes_are_untouched(installed: Flask) -> None:
    client = installed.test_client()
    assert client.put("/login").json == {
        "error": "method_not_allowed",
        "error_description": "This path does not take this method.",
    }


def test_the_guard(app: Flask, auth: Countersign, extension: Any, tokens: TokenFactory) -> None:
    cs = CountersignFlask(app, auth)
    cs.protect()
    _resources(extension.Api(app), extension, cs, auth)
    client = app.test_client()
    answer = client.post("/reports")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer realm")
    assert client.post("/reports", headers=bearer(tokens.good())).status_code == 401


def test_handlers_of_the_application_win(
    app: Flask, auth: Countersign, extension: Any, tokens: TokenFactory
) -> None:
    cs = CountersignFlask(app, auth)
    _resources(extension.Api(app), extension, cs, auth)

    @app.errorhandler(ExpiredTokenError)
    def expired(error: ExpiredTokenError) -> Any:
        return jsonify(mine=error.code), 401

    answer = app.test_client().get("/reports", headers=bearer(tokens.expired()))
    assert answer.json == {"mine": "token_expired"}


class TestRestxHandlers:
    @pytest.fixture
    def cs(self, app: Flask, auth: Countersign) -> CountersignFlask:
        return CountersignFlask(app, auth)

    def test_of_the_api(
        self, app: Flask, cs: CountersignFlask, auth: Countersign, tokens: TokenFactory
    ) -> None:
        api = flask_restx.Api(app)
        _resources(api, flask_restx, cs, auth)
        app.get("/show")(cs.required(lambda: "shown"))

        @api.errorhandler(ExpiredTokenError)  # type: ignore[untyped-decorator]
        def expired(error: ExpiredTokenError) -> Any:
            return {"mine": error.code}, 401

        client = app.test_client()
        headers = bearer(tokens.expired())
        answer = client.get("/reports", headers=headers).json
        assert answer is not None
        assert answer["mine"] == "token_expired"
        # It is for the views of the API, and for what it names.
        for path, fields in (("/show", headers), ("/reports", {})):
            other = client.get(path, headers=fields).json
            assert other is not None
            assert set(other) == {"error", "error_description"}

    def test_of_a_namespace_and_beside_another_api(
        self, app: Flask, cs: CountersignFlask, auth: Countersign
    ) -> None:
        api = flask_restx.Api(app)
        space = api.namespace("space")

        @space.errorhandler(MissingTokenError)  # type: ignore[untyped-decorator]
        def missing(error: MissingTokenError) -> Any:
            return {"mine": error.code}, 401

        @space.route("/page")
        class Page(flask_restx.Resource):  # type: ignore[misc]
            @cs.required
            def get(self) -> Any:
                return {}

        other = Blueprint("other", __name__, url_prefix="/other")
        _resources(flask_restful.Api(other), flask_restful, cs, auth)
        app.register_blueprint(other)
        client: FlaskClient = app.test_client()
        answer = client.get("/space/page").json
        assert answer is not None
        assert answer["mine"] == "missing_token"
        answer = client.get("/other/reports").json
        assert answer is not None
        assert answer["error"] == "missing_token"
