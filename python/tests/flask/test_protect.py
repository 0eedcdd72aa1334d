from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from flask.views import MethodView

from countersign import Countersign
from countersign.flask import CountersignFlask, current_principal
from countersign.testing import TokenFactory, assert_rejects
from tests.flask.conftest import PASSWORD, bearer

ADA = {"username": "ada", "password": PASSWORD}


@pytest.fixture
def pages(app: Flask) -> Flask:
    """An application with a few views."""
    for path in ("/", "/about", "/health", "/public/a", "/public/b/c", "/publicity", "/pages/<x>"):
        app.add_url_rule(path, path.strip("/<>").replace("/", "_") or "index", lambda **_: "page")
    return app


def status(client: FlaskClient, *paths: str) -> list[int]:
    found = []
    for path in paths:
        with client.get(path) as answer:
            found.append(answer.status_code)
    return found


def test_every_view_asks_for_a_token(
    pages: Flask, cs: CountersignFlask, client: FlaskClient, tokens: TokenFactory
) -> None:
    cs.protect()
    pages.get("/who")(lambda: str(current_principal.username))
    assert client.get("/who", headers=bearer(tokens.good())).text == "ada"
    for path in ("/", "/about", "/public/a"):
        assert_rejects(pages, path, tokens)


def test_nobody_is_locked_out_of_logging_in(
    pages: Flask, cs: CountersignFlask, client: FlaskClient
) -> None:
    cs.protect()
    assert client.post("/register", json=ADA).status_code == 201
    first = client.post("/login", json=ADA).json
    assert client.post("/token", data=ADA).status_code == 200
    assert first is not None
    again = client.post("/refresh", json={"refresh_token": first["refresh_token"]})
    assert again.status_code == 200
    assert client.get("/.well-known/jwks.json").status_code == 200
    assert client.get("/about", headers=bearer(first["access_token"])).text == "page"


def test_under_a_prefix_too(pages: Flask, auth: Countersign, client: FlaskClient) -> None:
    CountersignFlask(pages, auth, prefix="/auth").protect()
    assert client.post("/auth/register", json=ADA).status_code == 201
    assert client.post("/auth/login", json=ADA).status_code == 200


def test_what_passes_without_a_token(
    pages: Flask, cs: CountersignFlask, client: FlaskClient
) -> None:
    cs.protect()
    assert client.options("/about").status_code == 200
    assert status(client, "/health", "/nothing") == [200, 404]
    assert client.post("/about").status_code == 405
    assert client.head("/health").status_code == 200


def test_health_is_read_only(app: Flask, cs: CountersignFlask, client: FlaskClient) -> None:
    cs.protect()
    app.post("/healthz")(lambda: "reset")
    assert client.post("/healthz").status_code == 401


def test_static_files(auth: Countersign, tmp_path: Path) -> None:
    (tmp_path / "style.css").write_text("body {}")
    app = Flask("shop", static_folder=str(tmp_path), static_url_path="/static")
    pages = Blueprint(
        "pages", __name__, static_folder=str(tmp_path), static_url_path="/files", url_prefix="/p"
    )
    CountersignFlask(app, auth).protect()
    app.register_blueprint(pages)
    assert status(app.test_client(), "/static/style.css", "/p/files/style.css") == [200, 200]


def test_a_view_that_is_only_called_static_is_protected(auth: Countersign) -> None:
    app = Flask("shop", static_folder=None)
    pages = Blueprint("pages", __name__)
    CountersignFlask(app, auth).protect()
    app.add_url_rule("/static", "static", lambda: "secret")
    pages.add_url_rule("/pages", "static", lambda: "secret")
    app.register_blueprint(pages)
    assert status(app.test_client(), "/static", "/pages") == [401, 401]


def test_exemptions(pages: Flask, cs: CountersignFlask, client: FlaskClient) -> None:
    cs.protect(exempt=["index", "/about", "/public/*", "/pages/<x>"])
    paths = ("/", "/about", "/public/a", "/public/b/c", "/pages/7")
    assert status(client, *paths) == [200] * 5
    assert status(client, "/publicity", "/public") == [401, 404]


def test_a_text_of_exemptions_is_refused(cs: CountersignFlask) -> None:
    with pytest.raises(TypeError, match=r"exempt=\['index'\]"):
        cs.protect(exempt="index")


def test_marked_views(app: Flask, cs: CountersignFlask, client: FlaskClient) -> None:
    cs.protect()

    @app.get("/below")
    @cs.exempt
    def below() -> str:
        return "open"

    @cs.exempt
    @app.get("/above")
    def above() -> str:
        return "open"

    @cs.exempt
    class Page(MethodView):
        def get(self) -> str:
            return "open"

    class Note(MethodView):
        @cs.exempt
        def get(self) -> str:
            return "open"

        def post(self) -> str:
            return "closed"

    app.add_url_rule("/page", view_func=Page.as_view("page"))
    app.add_url_rule("/note", view_func=Note.as_view("note"))
    assert status(client, "/below", "/above", "/page", "/note") == [200] * 4
    assert client.head("/note").status_code == 200
    assert client.post("/note").status_code == 401


def test_an_exempt_view_may_still_require(
    app: Flask, cs: CountersignFlask, client: FlaskClient, show: Any, tokens: TokenFactory
) -> None:
    cs.protect(exempt=["show"])
    app.get("/show")(cs.required(optional=True)(show))
    assert client.get("/show").json == {"user": None}
    assert client.get("/show", headers=bearer(tokens.expired())).status_code == 401


def test_an_exempt_view_does_not_look_at_the_token(
    pages: Flask, cs: CountersignFlask, client: FlaskClient, tokens: TokenFactory
) -> None:
    cs.protect(exempt=["/about"])
    assert client.get("/about", headers=bearer(tokens.expired())).status_code == 200


def test_a_blueprint(
    pages: Flask, cs: CountersignFlask, client: FlaskClient, tokens: TokenFactory
) -> None:
    office = Blueprint("office", __name__, url_prefix="/office")
    office.get("/desk")(lambda: "desk")
    office.get("/door", endpoint="door")(lambda: "door")
    cs.protect(office, exempt=[".door"], roles=["clerk"])
    pages.register_blueprint(office)
    assert status(client, "/about", "/office/door", "/office/desk") == [200, 200, 401]
    assert client.get("/office/desk", headers=bearer(tokens.good())).status_code == 403
    clerk = bearer(tokens.good(roles=["clerk"]))
    assert client.get("/office/desk", headers=clerk).status_code == 200


def test_a_factory(auth: Countersign) -> None:
    cs = CountersignFlask(auth=auth)
    cs.protect(exempt=["/open"])
    apps = [Flask("one"), Flask("two")]
    for app in apps:
        cs.init_app(app)
        app.get("/open", endpoint="open")(lambda: "open")
        app.get("/page", endpoint="page")(lambda: "page")
    for app in apps:
        assert status(app.test_client(), "/open", "/page") == [200, 401]


def test_one_application_of_several(auth: Countersign) -> None:
    cs = CountersignFlask(auth=auth)
    apps = [Flask("one"), Flask("two")]
    for app in apps:
        cs.init_app(app)
        app.get("/page")(lambda: "page")
    cs.protect(apps[0])
    assert [status(app.test_client(), "/page") for app in apps] == [[401], [200]]


def test_an_async_application_function(
    app: Flask, cs: CountersignFlask, client: FlaskClient, tokens: TokenFactory
) -> None:
    cs.protect()

    @app.get("/page")
    async def page() -> str:
        return str(current_principal.username)

    assert client.get("/page").status_code == 401
    assert client.get("/page", headers=bearer(tokens.good())).text == "ada"
