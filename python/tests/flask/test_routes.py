from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask, request, url_for
from flask.testing import FlaskClient
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from countersign import Countersign
from countersign.engine import BODY_LIMIT
from countersign.flask import CountersignFlask
from countersign.testing import TokenFactory
from tests.flask.conftest import PASSWORD, bearer

ADA = {"username": "ada", "password": PASSWORD}


def test_the_whole_life_of_a_session(client: FlaskClient, cs: CountersignFlask) -> None:
    registered = client.post("/register", json={**ADA, "email": "ada@example.com"})
    assert registered.status_code == 201
    assert registered.json is not None
    assert registered.json["email"] == "ada@example.com"
    first = client.post("/login", json=ADA).json
    assert first is not None
    headers = bearer(first["access_token"])
    me = client.get("/users/me", headers=headers)
    assert me.json is not None
    assert me.json["username"] == "ada"
    second = client.post("/refresh", json={"refresh_token": first["refresh_token"]}).json
    assert second is not None
    assert second["refresh_token"] != first["refresh_token"]
    sessions = client.get("/users/me/sessions", headers=headers).json
    assert sessions is not None
    (session,) = sessions["sessions"]
    assert client.delete(f"/users/me/sessions/{session['id']}", headers=headers).status_code == 204
    assert client.get("/users/me", headers=headers).status_code == 401


def test_answers_are_untouched(
    client: FlaskClient, cs: CountersignFlask, auth: Countersign
) -> None:
    given = auth.routes().handle("GET", "/users/me", b"", [], b"", None)
    answer = client.get("/users/me")
    fields = [(name.lower().encode(), value.encode()) for name, value in answer.headers]

    def without_id(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        return [field for field in headers if field[0] not in {b"x-request-id", b"content-length"}]

    assert answer.status_code == given.status
    assert answer.data == given.body
    assert without_id(fields) == without_id(given.headers)


def test_no_content_has_no_content_type(
    client: FlaskClient, cs: CountersignFlask, tokens: TokenFactory
) -> None:
    answer = client.post("/logout", headers=bearer(tokens.good()))
    assert answer.status_code == 204
    assert "Content-Type" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_repeated_headers_are_kept(
    app: Flask, auth: Countersign, cs: CountersignFlask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from countersign.engine import Answer, HostRoutes

    headers = [(b"link", b"<a>"), (b"link", b"<b>"), (b"x-text", b"caf\xe9")]
    monkeypatch.setattr(HostRoutes, "handle", lambda *_: Answer(200, headers, b"x"))
    answer = app.test_client().get("/users/me")
    assert answer.headers.getlist("Link") == ["<a>", "<b>"]
    assert answer.headers["X-Text"] == "café"


def test_a_request_id_is_handed_over(client: FlaskClient, cs: CountersignFlask) -> None:
    answer = client.get("/users/me", headers={"X-Request-Id": "req-1"})
    assert answer.headers["X-Request-Id"] == "req-1"


def test_the_form_of_oauth(client: FlaskClient, cs: CountersignFlask) -> None:
    client.post("/register", json=ADA)
    answer = client.post("/token", data=ADA)
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["token_type"] == "bearer"


def test_urls_can_be_built(app: Flask, auth: Countersign) -> None:
    CountersignFlask(app, auth, prefix="/auth")
    with app.test_request_context():
        assert url_for("countersign.login") == "/auth/login"
        assert url_for("countersign.users_me_sessions_id", id="7") == "/auth/users/me/sessions/7"
        assert url_for("countersign.well_known_jwks_json") == "/.well-known/jwks.json"


class TestMethods:
    def test_head(self, client: FlaskClient, cs: CountersignFlask) -> None:
        answer, full = (client.open("/.well-known/jwks.json", method=m) for m in ("HEAD", "GET"))
        assert (answer.status_code, answer.data) == (200, b"")
        assert answer.headers["Content-Length"] == full.headers["Content-Length"]

    def test_options(self, client: FlaskClient, cs: CountersignFlask) -> None:
        answer = client.options("/login")
        assert answer.status_code == 200
        assert set(answer.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}

    def test_a_preflight_is_the_engines(self, app: Flask) -> None:
        from countersign.testing import in_memory
        from tests.flask.conftest import engine

        auth = engine(http_cors_origins=["https://web.test"])
        CountersignFlask(app, auth)
        ask = {"Origin": "https://web.test", "Access-Control-Request-Method": "POST"}
        with in_memory(auth):
            answer = app.test_client().options("/login", headers=ask)
            assert answer.headers["Access-Control-Allow-Origin"] == "https://web.test"
            other = app.test_client().options("/login", headers={**ask, "Origin": "https://x.test"})
            assert "Access-Control-Allow-Origin" not in other.headers

    def test_another_method(self, client: FlaskClient, cs: CountersignFlask) -> None:
        answer = client.put("/login")
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "POST"
        assert answer.json is not None
        assert answer.json["error"] == "method_not_allowed"

    def test_a_page_of_the_application_at_the_same_path(
        self, app: Flask, cs: CountersignFlask, client: FlaskClient
    ) -> None:
        app.get("/login")(lambda: "<form>")
        assert client.get("/login").text == "<form>"
        assert client.post("/login").status_code == 415
        answer = client.put("/login")
        assert answer.status_code == 405
        assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))
        assert answer.content_type.startswith("text/html")

    def test_another_path_is_the_applications(
        self, app: Flask, cs: CountersignFlask, client: FlaskClient
    ) -> None:
        app.post("/things")(lambda: "x")
        assert client.get("/things").content_type.startswith("text/html")
        assert client.get("/nothing").content_type.startswith("text/html")


class TestBodies:
    def test_at_the_limit(self, client: FlaskClient, cs: CountersignFlask) -> None:
        for size, status in ((BODY_LIMIT, 400), (BODY_LIMIT + 1, 413), (10 * BODY_LIMIT, 413)):
            body = b'{"username":"' + b"a" * (size - 15) + b'"}'
            assert len(body) == size
            answer = client.post("/login", data=body, content_type="application/json")
            assert answer.status_code == status
            assert answer.json is not None

    def test_no_more_is_read_than_it_takes(self, app: Flask, cs: CountersignFlask) -> None:
        endless = _Endless()
        builder = EnvironBuilder("/login", method="POST", content_type="application/json")
        environ = {**builder.get_environ(), "wsgi.input": endless, "CONTENT_LENGTH": str(1 << 40)}
        _, status, _ = run_wsgi_app(app, environ)
        assert status.startswith("413")
        assert endless.read_so_far == BODY_LIMIT + 1

    def test_chunked(self, app: Flask, cs: CountersignFlask, client: FlaskClient) -> None:
        client.post("/register", json=ADA)
        builder = EnvironBuilder("/login", method="POST", content_type="application/json")
        environ = builder.get_environ()
        environ.pop("CONTENT_LENGTH", None)
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
        environ["wsgi.input_terminated"] = True
        environ["wsgi.input"] = _InPieces(json.dumps(ADA).encode())
        body, status, _ = run_wsgi_app(app, environ)
        assert status.startswith("200")
        assert b"access_token" in b"".join(body)

    def test_a_length_that_is_not_told_is_no_body(self, app: Flask, cs: CountersignFlask) -> None:
        builder = EnvironBuilder("/login", method="POST", content_type="application/json")
        environ = {**builder.get_environ(), "wsgi.input": _Endless()}
        environ.pop("CONTENT_LENGTH", None)
        _, status, _ = run_wsgi_app(app, environ)
        assert status.startswith("400")

    @pytest.mark.parametrize("reader", ["get_data", "get_json", "form", "stream"])
    def test_a_hook_that_has_read_the_body(
        self, app: Flask, cs: CountersignFlask, client: FlaskClient, reader: str
    ) -> None:
        @app.before_request
        def read() -> None:
            found = getattr(request, reader)
            if reader.startswith("get"):
                found()

        assert client.post("/register", json=ADA).status_code == 201

    def test_a_hook_that_has_read_the_form(
        self, app: Flask, cs: CountersignFlask, client: FlaskClient
    ) -> None:
        @app.before_request
        def csrf() -> None:
            request.form.get("csrf_token")

        client.post("/register", json=ADA)
        assert client.post("/token", data=ADA).status_code == 200
        twice = urlencode([*ADA.items(), ("username", "bob")])
        form = "application/x-www-form-urlencoded"
        # A repeated parameter is refused (RFC 6749 3.2), read by a hook or not.
        assert client.post("/token", data=twice, content_type=form).status_code == 400

    def test_the_applications_own_limit(
        self, app: Flask, cs: CountersignFlask, client: FlaskClient
    ) -> None:
        app.config["MAX_CONTENT_LENGTH"] = 10
        assert client.post("/login", json=ADA).status_code == 413


class TestWhereItStands:
    def test_a_prefix(self, app: Flask, auth: Countersign) -> None:
        CountersignFlask(app, auth, prefix="/auth")
        client = app.test_client()
        assert client.post("/auth/register", json=ADA).status_code == 201
        assert client.post("/register", json=ADA).status_code == 404
        metadata = client.get("/.well-known/oauth-authorization-server").json
        assert metadata is not None
        assert metadata["token_endpoint"] == "https://auth.test/auth/token"

    def test_a_script_name(self, app: Flask, auth: Countersign) -> None:
        app.config["APPLICATION_ROOT"] = "/shop"
        CountersignFlask(app, auth, prefix="/auth")
        outer = Client(DispatcherMiddleware(Flask("root"), {"/shop": app}))
        assert outer.post("/shop/auth/register", json=ADA).status_code == 201
        assert outer.get("/shop/auth/users/me/sessions").status_code == 401
        metadata = outer.get("/shop/.well-known/oauth-authorization-server").json
        assert metadata is not None
        assert metadata["token_endpoint"] == "https://auth.test/shop/auth/token"
        assert outer.get("/auth/users/me").status_code == 404

    def test_a_script_name_that_the_application_was_not_told(
        self, app: Flask, cs: CountersignFlask
    ) -> None:
        outer = Client(DispatcherMiddleware(Flask("root"), {"/shop": app}))
        assert outer.post("/shop/register", json=ADA).status_code == 201

    def test_a_path_that_needs_quoting(
        self, client: FlaskClient, cs: CountersignFlask, tokens: TokenFactory
    ) -> None:
        headers = bearer(tokens.good())
        for id in ("a%20b", "caf%C3%A9", "50%25", "%3Fx", "a%2520b", "%FF"):
            assert client.delete(f"/users/me/sessions/{id}", headers=headers).status_code == 404


class TestPeers:
    def sessions(self, auth: Countersign) -> list[str | None]:
        return [event.address for event in auth.list_events(kind="login.failed")]

    def fail(self, client: Any, **options: Any) -> None:
        answer = client.post("/login", json={"username": "x", "password": "y"}, **options)
        assert answer.status_code == 401

    def test_the_peer(self, client: FlaskClient, cs: CountersignFlask, auth: Countersign) -> None:
        self.fail(client, environ_base={"REMOTE_ADDR": "203.0.113.9"})
        assert self.sessions(auth) == ["203.0.113.9"]

    def test_nobody_speaks_for_others(
        self, client: FlaskClient, cs: CountersignFlask, auth: Countersign
    ) -> None:
        self.fail(client, headers={"X-Forwarded-For": "198.51.100.1"})
        assert self.sessions(auth) == ["127.0.0.1"]

    def test_behind_proxy_fix(
        self, app: Flask, cs: CountersignFlask, auth: Countersign, caplog: pytest.LogCaptureFixture
    ) -> None:
        client = Client(ProxyFix(app))
        self.fail(client, headers={"X-Forwarded-For": "192.0.2.1, 198.51.100.1"})
        assert self.sessions(auth) == ["198.51.100.1"]
        assert "trusted_proxies" not in caplog.text

    def test_a_unix_socket_has_no_address(
        self, client: FlaskClient, cs: CountersignFlask, auth: Countersign
    ) -> None:
        self.fail(client, environ_base={"REMOTE_ADDR": ""})
        assert self.sessions(auth) == [None]


class _Endless:
    read_so_far = 0

    def read(self, size: int = -1) -> bytes:
        assert size > 0
        self.read_so_far += size
        return b"a" * size


class _InPieces(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        return super().read(7)
