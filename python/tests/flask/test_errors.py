from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Blueprint, Flask, abort, got_request_exception, jsonify
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

from countersign import (
    ConfigurationError,
    Countersign,
    CountersignError,
    ExpiredTokenError,
    MissingTokenError,
    RevokedTokenError,
    TokenError,
    UnavailableError,
)
from countersign.exceptions import ServerError
from countersign.flask import CountersignFlask
from countersign.testing import TokenFactory
from tests.flask.conftest import PASSWORD, bearer

Show = Callable[[], Any]


def every_error() -> Iterator[type[CountersignError]]:
    todo = [CountersignError]
    while todo:
        kind = todo.pop()
        todo += kind.__subclasses__()
        yield kind


REFUSALS = [kind for kind in every_error() if kind.status != 500]


@pytest.fixture(
    params=["", "TESTING", "DEBUG", "PROPAGATE_EXCEPTIONS", "TRAP_HTTP_EXCEPTIONS"],
)
def mode(request: pytest.FixtureRequest, app: Flask) -> None:
    app.testing = False
    if request.param:
        app.config[request.param] = True


@pytest.mark.usefixtures("mode")
def test_a_refusal_is_answered_as_it_says(
    app: Flask, cs: CountersignFlask, client: FlaskClient
) -> None:
    refusals = {kind.__name__: kind("told nobody") for kind in REFUSALS}

    @app.get("/<name>")
    def page(name: str) -> str:
        raise refusals[name]

    for name, refusal in refusals.items():
        answer = client.get(f"/{name}")
        assert answer.status_code == refusal.status
        assert answer.json == refusal.body
        assert answer.content_type == "application/json"
        for field, value in refusal.headers.items():
            assert answer.headers.getlist(field) == [value]
        assert "told nobody" not in answer.text


@pytest.mark.usefixtures("mode")
def test_of_the_engine_in_a_view(
    app: Flask, cs: CountersignFlask, client: FlaskClient, auth: Countersign
) -> None:
    @app.post("/sign-in")
    def sign_in() -> Any:
        return jsonify(auth.login("nobody", PASSWORD).to_dict())

    answer = client.post("/sign-in")
    assert answer.status_code == 401
    assert answer.json is not None
    assert answer.json["error"] == "invalid_credentials"


def test_in_before_request(
    app: Flask, cs: CountersignFlask, client: FlaskClient, auth: Countersign
) -> None:
    @app.before_request
    def check() -> None:
        auth.authenticate("letmein")

    app.get("/page")(lambda: "page")
    assert client.get("/page").status_code == 401


class TestHandlersOfTheApplication:
    """The guides' loaders, written for Flask."""

    def test_an_expired_token(
        self,
        app: Flask,
        cs: CountersignFlask,
        client: FlaskClient,
        tokens: TokenFactory,
        show: Show,
    ) -> None:
        @app.errorhandler(ExpiredTokenError)
        def expired(error: ExpiredTokenError) -> Any:
            assert error.code == "token_expired"
            return jsonify(message="The token has expired", error="token_expired"), 401

        app.get("/show")(cs.required(show))
        answer = client.get("/show", headers=bearer(tokens.expired()))
        assert answer.json == {"message": "The token has expired", "error": "token_expired"}
        other = client.get("/show", headers=bearer(tokens.tampered())).json
        assert other is not None
        assert other["error"] == "invalid_token"

    def test_a_blocklist(
        self,
        app: Flask,
        cs: CountersignFlask,
        client: FlaskClient,
        auth: Countersign,
        tokens: TokenFactory,
        show: Show,
    ) -> None:
        @app.errorhandler(RevokedTokenError)
        def revoked(error: RevokedTokenError) -> Any:
            return jsonify(message="Token revoked", error=error.code), 401

        @app.errorhandler(MissingTokenError)
        def missing(error: MissingTokenError) -> Any:
            return jsonify(message="Request needs a token"), 401, error.headers

        @app.delete("/session")
        @cs.required
        def sign_out() -> Any:
            from flask import request

            auth.revoke(request.headers["Authorization"].removeprefix("Bearer "))
            return jsonify(message="Successfully logged out")

        app.get("/show")(cs.required(show))
        headers = bearer(tokens.good())
        assert client.get("/show", headers=headers).status_code == 200
        assert client.delete("/session", headers=headers).status_code == 200
        answer = client.get("/show", headers=headers)
        assert answer.json == {"message": "Token revoked", "error": "token_revoked"}
        answer = client.get("/show")
        assert answer.json == {"message": "Request needs a token"}
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    @pytest.mark.parametrize("kind", [TokenError, CountersignError])
    @pytest.mark.parametrize("first", [True, False])
    def test_before_or_after_the_extension(
        self, app: Flask, auth: Countersign, show: Show, kind: type[CountersignError], first: bool
    ) -> None:
        def answer(error: CountersignError) -> Any:
            return "mine", 418

        if first:
            app.register_error_handler(kind, answer)
        cs = CountersignFlask(app, auth)
        if not first:
            app.register_error_handler(kind, answer)
        app.get("/show")(cs.required(show))
        assert app.test_client().get("/show", headers=bearer("x")).status_code == 418

    def test_of_a_blueprint(
        self, app: Flask, cs: CountersignFlask, tokens: TokenFactory, show: Show
    ) -> None:
        pages = Blueprint("pages", __name__, url_prefix="/pages")

        @pages.errorhandler(MissingTokenError)
        def missing(error: MissingTokenError) -> Any:
            return "log in", 302, {"Location": "/sign-in"}

        pages.get("/show")(cs.required(show))
        app.register_blueprint(pages)
        app.get("/show")(cs.required(show))
        client = app.test_client()
        assert client.get("/pages/show").status_code == 302
        assert client.get("/show").status_code == 401

    def test_async(self, app: Flask, cs: CountersignFlask, client: FlaskClient, show: Show) -> None:
        @app.errorhandler(MissingTokenError)
        async def missing(error: MissingTokenError) -> Any:
            return "mine", 418

        app.get("/show")(cs.required(show))
        assert client.get("/show").status_code == 418

    def test_for_everything_else_do_not_take_ours(
        self, app: Flask, cs: CountersignFlask, client: FlaskClient, show: Show
    ) -> None:
        @app.errorhandler(HTTPException)
        def http(error: HTTPException) -> Any:
            return jsonify(name=error.name), error.code

        @app.errorhandler(401)
        def unauthorized(error: HTTPException) -> Any:
            return "mine", 401

        @app.errorhandler(Exception)
        def anything(error: Exception) -> Any:
            return "oh no", 500

        app.get("/show")(cs.required(show))
        app.get("/teapot", endpoint="teapot")(lambda: abort(418))
        answer = client.get("/show")
        assert answer.json is not None
        assert answer.json["error"] == "missing_token"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert client.get("/teapot").status_code == 418
        assert client.get("/nothing").json == {"name": "Not Found"}

    def test_one_that_aborts(
        self, app: Flask, cs: CountersignFlask, client: FlaskClient, show: Show
    ) -> None:
        app.register_error_handler(MissingTokenError, lambda error: abort(404))
        app.get("/show")(cs.required(show))
        assert client.get("/show").status_code == 404


class TestWhatIsOurs:
    """A failure of the machine or the program."""

    def view(self, app: Flask, error: CountersignError) -> FlaskClient:
        @app.get("/page")
        def page() -> str:
            raise error

        return app.test_client()

    def test_developers_see_it(self, app: Flask, cs: CountersignFlask) -> None:
        client = self.view(app, ConfigurationError("the settings are wrong"))
        with pytest.raises(ConfigurationError, match="the settings are wrong"):
            client.get("/page")
        app.testing, app.debug = False, True
        with pytest.raises(ConfigurationError):
            client.get("/page")

    def test_operators_find_it_in_the_log(
        self, app: Flask, cs: CountersignFlask, caplog: pytest.LogCaptureFixture
    ) -> None:
        app.testing = False
        client = self.view(app, ServerError("a disk is gone"))
        signalled: list[Exception] = []

        def hear(sender: Flask, exception: Exception, **_: Any) -> None:
            signalled.append(exception)

        with got_request_exception.connected_to(hear, app):
            answer = client.get("/page")
        assert (answer.status_code, answer.json) == (500, ServerError().body)
        assert caplog.text.count("a disk is gone") == 1
        assert [str(error) for error in signalled] == ["a disk is gone"]

    def test_unavailable_says_when_to_come_again(self, app: Flask, cs: CountersignFlask) -> None:
        error = UnavailableError("busy")
        error._headers = {"Retry-After": "7", "Cache-Control": "no-store"}
        answer = self.view(app, error).get("/page")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")


def test_after_request_functions_see_refusals(
    app: Flask, cs: CountersignFlask, client: FlaskClient, show: Show
) -> None:
    @app.after_request
    def add(response: Any) -> Any:
        response.headers["X-Seen"] = str(response.status_code)
        return response

    app.get("/show")(cs.required(show))
    assert client.get("/show").headers["X-Seen"] == "401"
    assert client.get("/users/me").headers["X-Seen"] == "401"


def test_bodies_are_written_as_the_server_writes_them(
    app: Flask, cs: CountersignFlask, client: FlaskClient, show: Show
) -> None:
    app.get("/show")(cs.required(show))
    answer = client.get("/show")
    assert answer.data == json.dumps(answer.json, separators=(",", ":")).encode()
