from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient

from countersign import ConfigurationError
from countersign.flask import CountersignFlask
from countersign.testing import TokenFactory
from tests.flask.conftest import bearer


def test_required_above_the_route_is_found_before_anybody_gets_in(
    app: Flask, cs: CountersignFlask, client: FlaskClient
) -> None:
    @cs.required
    @app.get("/secret")
    def secret() -> str:
        return "secret"

    app.get("/open")(lambda: "open")
    for _ in range(2):
        for path in ("/secret", "/open"):
            with pytest.raises(ConfigurationError, match=r"'secret' .* without its @cs\.required"):
                client.get(path)


def test_in_production_it_is_a_500(
    app: Flask, cs: CountersignFlask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    app.testing = False
    cs.required(app.get("/secret")(lambda: "secret"))
    for _ in range(2):
        answer = client.get("/secret")
        assert (answer.status_code, answer.json) == (
            500,
            {"error": "server_error", "error_description": "Something went wrong here."},
        )
    assert "below @app.route" in caplog.text


def test_of_a_blueprint_in_a_factory_whose_functions_are_gone(
    app: Flask, cs: CountersignFlask, client: FlaskClient
) -> None:
    def add(app: Flask) -> None:
        pages = Blueprint("pages", __name__)

        @cs.limit("5 per minute")
        @pages.get("/page")
        def page() -> str:
            return "page"

        app.register_blueprint(pages)

    add(app)
    gc.collect()
    with pytest.raises(ConfigurationError, match=r"'pages\.page' .* without its @cs\.limit"):
        client.get("/page")


def _loud(view: Callable[..., str]) -> Callable[..., str]:
    @functools.wraps(view)
    def loud(*args: Any, **values: Any) -> str:
        return view(*args, **values).upper()

    return loud


def test_decorators_of_others_may_stand_between(
    app: Flask, cs: CountersignFlask, client: FlaskClient, tokens: TokenFactory
) -> None:
    @app.get("/page")
    @_loud
    @cs.required
    @cs.limit("5 per minute")
    @_loud
    @cs.required(scopes=["a:b"])
    def page() -> str:
        return "page"

    assert client.get("/page", headers=bearer(tokens.good(scopes=["a:b"]))).text == "PAGE"


def test_an_open_and_a_closed_route_of_one_function(
    app: Flask, cs: CountersignFlask, client: FlaskClient
) -> None:
    def page() -> str:
        return "page"

    app.add_url_rule("/open", "open", page)
    app.add_url_rule("/closed", "closed", cs.required(page))
    cs.required(roles=["nobody"])(page)
    assert client.get("/open").text == "page"
    assert client.get("/closed").status_code == 401


def test_callables_that_take_no_weak_reference(
    app: Flask, cs: CountersignFlask, client: FlaskClient
) -> None:
    class Page:
        __slots__ = ()
        __name__ = "page"

        def __call__(self) -> str:
            return "page"

    app.add_url_rule("/page", "page", cs.required(Page()))
    app.add_url_rule("/open", "open", Page())
    assert client.get("/page").status_code == 401
    assert client.get("/open").text == "page"
