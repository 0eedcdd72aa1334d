from __future__ import annotations

import pytest
from flask import Blueprint, Flask

from countersign import ConfigurationError, Countersign
from countersign.flask import CountersignFlask


def test_a_route_that_is_there(app: Flask, auth: Countersign) -> None:
    @app.post("/login")
    def sign_in() -> str:
        return "mine"

    with pytest.raises(ConfigurationError, match=r"POST /login .*'sign_in'.*prefix=\"/auth\""):
        CountersignFlask(app, auth)
    assert "countersign" not in app.extensions
    assert "countersign" not in app.blueprints
    # What it says helps.
    CountersignFlask(app, auth, prefix="/auth")
    assert app.test_client().post("/login").text == "mine"


def test_leaving_the_group_out_helps_too(app: Flask, auth: Countersign) -> None:
    app.post("/register")(lambda: "mine")
    CountersignFlask(app, auth, routes={"login", "account", "wellknown"})
    assert app.test_client().post("/register").text == "mine"


def test_a_route_that_comes_later(app: Flask, cs: CountersignFlask) -> None:
    with pytest.raises(ConfigurationError, match="POST /login"):

        @app.route("/login", methods=["GET", "POST"])
        def login() -> str:
            return "mine"

    assert "login" not in app.view_functions
    assert app.test_client().get("/login").status_code == 405


def test_a_blueprint_that_comes_later(app: Flask, cs: CountersignFlask) -> None:
    pages = Blueprint("pages", __name__, url_prefix="/users")
    pages.get("/me")(lambda: "mine")
    with pytest.raises(ConfigurationError, match=r"GET /users/me .*'pages\.<lambda>'"):
        app.register_blueprint(pages)


def test_other_names_of_variables_are_the_same_route(app: Flask, auth: Countersign) -> None:
    app.delete("/users/me/sessions/<uuid:session>")(lambda session: "mine")
    with pytest.raises(ConfigurationError, match="DELETE /users/me/sessions/<id>"):
        CountersignFlask(app, auth)


def test_another_method_another_path_or_another_host_is_none(app: Flask, auth: Countersign) -> None:
    app.get("/login")(lambda: "page")
    app.post("/users/<name>", endpoint="user")(lambda name: name)
    app.add_url_rule("/login", "other", lambda: "x", methods=["POST"], subdomain="old")
    app.add_url_rule("/register", "link", build_only=True, methods=["POST"])
    cs = CountersignFlask(app, auth)
    app.post("/<path:anything>", endpoint="rest")(lambda anything: "rest")
    client = app.test_client()
    assert client.get("/login").text == "page"
    assert client.post("/login").status_code == 415
    assert client.post("/other").text == "rest"
    assert cs.auth is auth
