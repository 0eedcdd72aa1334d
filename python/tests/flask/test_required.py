from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, jsonify
from flask.testing import FlaskClient
from flask.views import MethodView

from countersign import Countersign, MissingTokenError, Subject
from countersign.flask import CountersignFlask, current_principal, get_current_principal
from countersign.testing import Clock, TokenFactory, assert_rejects
from tests.flask.conftest import bearer

Show = Callable[[], Any]


def test_without_parentheses(
    app: Flask, cs: CountersignFlask, client: FlaskClient, tokens: TokenFactory
) -> None:
    @app.get("/me")
    @cs.required
    def me() -> Any:
        """Who am I."""
        return jsonify(user=current_principal.username)

    assert client.get("/me", headers=bearer(tokens.good("ada"))).json == {"user": "ada"}
    assert (me.__name__, me.__doc__) == ("me", "Who am I.")
    assert_rejects(app, "/me", tokens)


def test_views_keep_their_names(
    app: Flask, cs: CountersignFlask, client: FlaskClient, tokens: TokenFactory
) -> None:
    @app.get("/one")
    @cs.required
    def one() -> str:
        return "1"

    @app.get("/two")
    @cs.required
    def two() -> str:
        return "2"

    headers = bearer(tokens.good())
    assert [client.get(path, headers=headers).text for path in ("/one", "/two")] == ["1", "2"]


def test_custom_claims_are_there_after_a_refresh_too(
    app: Flask, auth: Countersign, client: FlaskClient, tokens: TokenFactory
) -> None:
    @auth.claims
    def tenant(subject: Subject) -> dict[str, str]:
        return {"tenant": f"of {subject.username}"}

    cs = CountersignFlask(app, auth)

    @app.get("/tenant")
    @cs.required
    def show() -> str:
        return str(current_principal.claims["tenant"])

    pair = tokens.pair("ada")
    assert client.get("/tenant", headers=bearer(pair.access_token)).text == "of ada"
    again = client.post("/refresh", json={"refresh_token": pair.refresh_token}).json
    assert again is not None
    assert client.get("/tenant", headers=bearer(again["access_token"])).text == "of ada"


def test_scopes_and_roles_are_all_needed(
    app: Flask, cs: CountersignFlask, client: FlaskClient, tokens: TokenFactory, show: Show
) -> None:
    app.get("/reports")(cs.required(scopes=["reports:read", "reports:list"], roles=["clerk"])(show))
    grants: dict[str, Any] = {"scopes": ["reports:read", "reports:list"], "roles": ["clerk"]}
    assert client.get("/reports", headers=bearer(tokens.good(**grants))).status_code == 200
    assert_rejects(app, "/reports", tokens, **grants)


def test_the_answer_is_the_servers_to_the_byte(
    app: Flask, cs: CountersignFlask, client: FlaskClient, tokens: TokenFactory, show: Show
) -> None:
    app.get("/show")(cs.required(show))
    for headers in ({}, bearer(tokens.expired())):
        ours, servers = (
            client.get("/show", headers=headers),
            client.get("/users/me", headers=headers),
        )
        assert ours.data == servers.data
        for name in ("WWW-Authenticate", "Cache-Control", "Content-Type", "Content-Length"):
            assert ours.headers.getlist(name) == servers.headers.getlist(name)


def test_a_missing_token_is_challenged_with_the_realm_only(
    app: Flask, cs: CountersignFlask, client: FlaskClient, show: Show
) -> None:
    app.get("/show")(cs.required(show))
    answer = client.get("/show")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="https://auth.test"'


@pytest.mark.parametrize(
    "field", ["", "Bearer", "Bearer ", "Bearer a b", "Bearer\tx", "Bearer é", "bearer x, Bearer y"]
)
def test_a_field_that_is_no_token_is_refused(
    app: Flask, cs: CountersignFlask, client: FlaskClient, show: Show, field: str
) -> None:
    app.get("/show")(cs.required(show))
    assert client.get("/show", headers={"Authorization": field}).status_code in {400, 401}


def test_the_scheme_is_case_insensitive(
    app: Flask, cs: CountersignFlask, client: FlaskClient, tokens: TokenFactory, show: Show
) -> None:
    app.get("/show")(cs.required(show))
    headers = {"Authorization": f"bearer {tokens.good()}"}
    assert client.get("/show", headers=headers).status_code == 200


def test_two_fields_are_refused_even_if_both_are_good(
    app: Flask, cs: CountersignFlask, client: FlaskClient, tokens: TokenFactory, show: Show
) -> None:
    app.get("/show")(cs.required(show))
    good = f"Bearer {tokens.good()}"
    headers = [("Authorization", good), ("Authorization", good)]
    assert client.get("/show", headers=headers).status_code in {400, 401}


def test_optional(
    app: Flask, cs: CountersignFlask, client: FlaskClient, tokens: TokenFactory, show: Show
) -> None:
    app.get("/show")(cs.required(optional=True)(show))
    assert client.get("/show").json == {"user": None}
    assert client.get("/show", headers=bearer(tokens.good())).json == {"user": "ada"}
    # Another scheme presents no token.
    assert client.get("/show", headers={"Authorization": "Basic YTpi"}).json == {"user": None}
    for token in tokens.bad().values():
        assert client.get("/show", headers=bearer(token)).status_code == 401


def test_optional_with_scopes_asks_them_of_those_who_have_a_token(
    app: Flask, cs: CountersignFlask, client: FlaskClient, tokens: TokenFactory, show: Show
) -> None:
    app.get("/show")(cs.required(optional=True, scopes=["a:b"])(show))
    assert client.get("/show").status_code == 200
    assert client.get("/show", headers=bearer(tokens.good())).status_code == 403
    assert client.get("/show", headers=bearer(tokens.good(scopes=["a:b"]))).status_code == 200


@pytest.mark.parametrize("age", [60, timedelta(minutes=1)])
def test_max_auth_age(
    app: Flask,
    cs: CountersignFlask,
    client: FlaskClient,
    tokens: TokenFactory,
    clock: Clock,
    show: Show,
    age: int | timedelta,
) -> None:
    app.get("/pay")(cs.required(max_auth_age=age)(show))
    headers = bearer(tokens.good())
    assert client.get("/pay", headers=headers).status_code == 200
    clock.advance(61)
    answer = client.get("/pay", headers=headers)
    assert answer.status_code == 401
    # RFC 9470 3.
    challenge = answer.headers["WWW-Authenticate"]
    assert 'error="insufficient_user_authentication"' in challenge
    assert "max_age" in challenge


def test_an_async_view(
    app: Flask, cs: CountersignFlask, client: FlaskClient, tokens: TokenFactory
) -> None:
    @app.get("/me")
    @cs.required(scopes=["a:b"])
    async def me() -> Any:
        return jsonify(user=current_principal.username)

    assert inspect.iscoroutinefunction(me)
    assert client.get("/me", headers=bearer(tokens.good(scopes=["a:b"]))).json == {"user": "ada"}
    assert_rejects(app, "/me", tokens, scopes=["a:b"])


class Notes(MethodView):
    cs = CountersignFlask()

    def get(self) -> str:
        return "open"

    @cs.required
    def post(self) -> str:
        return str(current_principal.username)

    @cs.required(roles=["clerk"])
    async def delete(self) -> str:
        return str(current_principal.username)


def test_methods_of_a_view_class(
    app: Flask, cs: CountersignFlask, client: FlaskClient, tokens: TokenFactory
) -> None:
    app.add_url_rule("/notes", view_func=Notes.as_view("notes"))
    assert client.get("/notes").text == "open"
    assert client.post("/notes").status_code == 401
    assert client.post("/notes", headers=bearer(tokens.good())).text == "ada"
    assert client.delete("/notes", headers=bearer(tokens.good())).status_code == 403
    assert client.delete("/notes", headers=bearer(tokens.good(roles=["clerk"]))).text == "ada"


def test_a_whole_view_class(
    app: Flask, cs: CountersignFlask, client: FlaskClient, tokens: TokenFactory
) -> None:
    class Office(MethodView):
        decorators = [cs.required(roles=["clerk"])]  # noqa: RUF012

        def get(self) -> str:
            return "in"

    app.add_url_rule("/office", view_func=Office.as_view("office"))
    assert client.get("/office", headers=bearer(tokens.good(roles=["clerk"]))).text == "in"
    assert_rejects(app, "/office", tokens, roles=["clerk"])


def test_a_class_says_where_the_decorator_belongs(cs: CountersignFlask) -> None:
    with pytest.raises(TypeError, match=r"decorators = \[@cs.required\] in Notes"):
        cs.required(Notes)


def test_a_text_where_a_list_is_meant(cs: CountersignFlask) -> None:
    with pytest.raises(TypeError, match=r"scopes=\['a:b'\]"):
        cs.required(scopes="a:b")
    with pytest.raises(TypeError, match=r"roles=\['clerk'\]"):
        cs.required(roles="clerk")


def test_views_get_their_arguments(
    app: Flask, cs: CountersignFlask, client: FlaskClient, tokens: TokenFactory
) -> None:
    @app.get("/notes/<int:number>")
    @cs.required
    def note(number: int) -> str:
        return str(number + 1)

    assert client.get("/notes/41", headers=bearer(tokens.good())).text == "42"


def test_logged_out_is_refused_at_once(
    app: Flask, cs: CountersignFlask, client: FlaskClient, tokens: TokenFactory, show: Show
) -> None:
    app.get("/show")(cs.required(show))
    headers = bearer(tokens.good())
    assert client.get("/show", headers=headers).status_code == 200
    assert client.post("/logout", headers=headers).status_code == 204
    assert client.get("/show", headers=headers).status_code == 401


def test_one_decorator_above_another_checks_the_token_once(
    app: Flask,
    cs: CountersignFlask,
    auth: Countersign,
    client: FlaskClient,
    tokens: TokenFactory,
    show: Show,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cs.protect()
    app.get("/show")(cs.required(cs.limit("9/day", key="user")(cs.required(roles=["clerk"])(show))))
    headers = bearer(tokens.good(roles=["clerk"]))
    calls: list[str] = []

    class Counted:
        def __getattr__(self, name: str) -> Any:
            calls.append(name)
            return getattr(core, name)

    core = auth._lifecycle.current
    monkeypatch.setattr(auth._lifecycle, "current", Counted())
    assert client.get("/show", headers=headers).status_code == 200
    assert calls.count("authorize_wsgi") == 1
    assert "authorize" not in calls


def test_called_in_a_request_context_it_raises(
    app: Flask, cs: CountersignFlask, tokens: TokenFactory
) -> None:
    @cs.required
    def who() -> str | None:
        return current_principal.username

    with app.test_request_context(headers=bearer(tokens.good("grace"))):
        assert who() == "grace"
    with app.test_request_context(), pytest.raises(MissingTokenError):
        who()


def test_requests_within_one_application_context_do_not_share_a_principal(
    app: Flask, cs: CountersignFlask, client: FlaskClient, tokens: TokenFactory, show: Show
) -> None:
    app.get("/show")(cs.required(show))
    app.get("/maybe", endpoint="maybe")(cs.required(optional=True)(show))
    with app.app_context():
        assert client.get("/show", headers=bearer(tokens.good("ada"))).json == {"user": "ada"}
        assert client.get("/show", headers=bearer(tokens.good("bob"))).json == {"user": "bob"}
        assert client.get("/maybe").json == {"user": None}
        assert client.get("/show").status_code == 401


def test_with_the_client_the_principal_of_the_last_request_is_there(
    app: Flask, cs: CountersignFlask, tokens: TokenFactory, show: Show
) -> None:
    app.get("/show")(cs.required(show))
    with app.test_client() as client:
        client.get("/show", headers=bearer(tokens.good("ada")))
        assert current_principal.username == "ada"
        client.get("/show", headers=bearer(tokens.good("bob")))
        assert get_current_principal() == current_principal
        assert current_principal.username == "bob"


def test_outside_of_a_protected_view_the_principal_is_an_error(
    app: Flask, cs: CountersignFlask, client: FlaskClient, tokens: TokenFactory
) -> None:
    @app.get("/open")
    def open_view() -> str:
        with pytest.raises(RuntimeError, match="nobody has been asked for a token here"):
            _ = current_principal.username
        assert not current_principal
        return "open"

    assert client.get("/open", headers=bearer(tokens.good())).text == "open"
    with pytest.raises(RuntimeError):
        get_current_principal()


def test_an_application_without_the_extension_says_so(cs: CountersignFlask) -> None:
    other = Flask("other")
    other.testing = True

    @other.get("/")
    @cs.required
    def view() -> str:
        return "never"

    with pytest.raises(RuntimeError, match=r"the application 'other' has no Countersign"):
        other.test_client().get("/")
