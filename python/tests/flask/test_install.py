from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask, jsonify

from countersign import ConfigurationError, Countersign
from countersign.flask import CountersignFlask, current_principal
from countersign.testing import Clock, TokenFactory, in_memory
from tests.flask.conftest import PASSWORD, bearer, engine


def test_with_the_application(app: Flask, auth: Countersign) -> None:
    cs = CountersignFlask(app, auth)
    assert app.extensions["countersign"].auth is auth
    assert cs.auth is auth
    assert app.test_client().get("/users/me").status_code == 401


def test_an_application_factory(auth: Countersign, tokens: TokenFactory) -> None:
    cs = CountersignFlask(auth=auth, prefix="/auth")
    pages = Blueprint("pages", __name__)

    @pages.get("/me")
    @cs.required
    def me() -> Any:
        return jsonify(user=current_principal.username)

    def create_app(name: str) -> Flask:
        made = Flask(name)
        cs.init_app(made)
        made.register_blueprint(pages)
        return made

    for app in (create_app("one"), create_app("two")):
        client = app.test_client()
        assert client.get("/me").status_code == 401
        assert client.get("/me", headers=bearer(tokens.good())).json == {"user": "ada"}
        assert client.get("/auth/users/me").status_code == 401


def test_one_extension_for_applications_with_engines_of_their_own(clock: Clock) -> None:
    cs = CountersignFlask()

    @cs.required
    def view() -> str:
        return str(current_principal.username)

    def create_app(auth: Countersign) -> Flask:
        app = Flask("shop")
        cs.init_app(app, auth)
        app.get("/me")(view)
        return app

    one, two = engine(), engine()
    with in_memory(one, clock), in_memory(two, clock):
        clients = [create_app(auth).test_client() for auth in (one, two)]
        token = TokenFactory(one, clock).good()
        # Each has its own keys.
        assert [client.get("/me", headers=bearer(token)).status_code for client in clients] == [
            200,
            401,
        ]
        with clients[1].application.app_context():
            assert cs.auth is two


def test_a_second_extension_is_refused(app: Flask, auth: Countersign) -> None:
    CountersignFlask(app, auth)
    with pytest.raises(ConfigurationError, match="'shop' has a Countersign already"):
        CountersignFlask(app, auth)


def test_the_engine_in_the_applications_place(auth: Countersign) -> None:
    with pytest.raises(TypeError, match=r"CountersignFlask\(app, auth\)"):
        CountersignFlask(auth)  # type: ignore[arg-type]


def test_groups_of_routes(app: Flask, auth: Countersign) -> None:
    CountersignFlask(app, auth, routes={"login", "admin"})
    client = app.test_client()
    assert client.post("/register").status_code == 404
    assert client.get("/users/me").status_code == 404
    assert client.get("/.well-known/jwks.json").status_code == 404
    assert client.get("/admin/users").status_code == 401
    assert client.post("/login").status_code == 415


def test_no_routes_at_all(app: Flask, auth: Countersign, tokens: TokenFactory, show: Any) -> None:
    cs = CountersignFlask(app, auth, routes=())
    app.get("/show")(cs.required(show))
    client = app.test_client()
    assert client.post("/login").status_code == 404
    assert client.get("/show", headers=bearer(tokens.good())).status_code == 200


@pytest.mark.parametrize(
    ("options", "message"),
    [({"routes": {"logins"}}, "logins"), ({"prefix": "auth"}, "auth")],
)
def test_a_prefix_or_group_that_cannot_be_meant(
    app: Flask, auth: Countersign, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        CountersignFlask(app, auth, **options)
    assert "countersign" not in app.extensions


def test_installing_opens_nothing(tmp_path: Path) -> None:
    database = tmp_path / "auth.db"
    auth = Countersign(f"sqlite:///{database}", issuer="https://auth.test", audience="api")
    app = Flask("shop")
    CountersignFlask(app, auth)
    assert not database.exists()
    app.test_client().get("/.well-known/jwks.json")
    assert database.exists()
    auth.close()


class TestConfig:
    @pytest.fixture
    def configured(self, app: Flask, tmp_path: Path) -> Flask:
        app.config.update(
            COUNTERSIGN_DATABASE_URL=f"sqlite:///{tmp_path}/auth.db",
            COUNTERSIGN_ISSUER="https://auth.test",
            COUNTERSIGN_AUDIENCE=["api", "other"],
        )
        return app

    def test_the_engine_is_made_of_it(self, configured: Flask) -> None:
        configured.config["COUNTERSIGN_TOKENS_ACCESS_TTL"] = "5m"
        configured.config["COUNTERSIGN_ACCOUNTS_REGISTRATION"] = False
        cs = CountersignFlask(configured)
        with configured.app_context():
            auth = cs.auth
        assert auth.audiences == ("api", "other")
        with in_memory(auth):
            registered = configured.test_client().post(
                "/register", json={"username": "ada", "password": PASSWORD}
            )
            assert registered.status_code == 403
            auth.add_user("ada", PASSWORD)
            assert 240 <= auth.login("ada", PASSWORD).expires_in <= 300

    def test_an_unknown_key_names_its_neighbour(self, configured: Flask) -> None:
        configured.config["COUNTERSIGN_TOKENS_ACESS_TTL"] = "5m"
        with pytest.raises(
            ConfigurationError, match=r"did you mean COUNTERSIGN_TOKENS_ACCESS_TTL\?"
        ):
            CountersignFlask(configured)

    def test_a_key_that_resembles_nothing(self, configured: Flask) -> None:
        configured.config["COUNTERSIGN_QQQ"] = 1
        with pytest.raises(ConfigurationError, match=r"COUNTERSIGN_QQQ, which is no setting$"):
            CountersignFlask(configured)

    def test_what_is_missing_is_named(self, configured: Flask) -> None:
        del configured.config["COUNTERSIGN_ISSUER"]
        with pytest.raises(ConfigurationError, match=r"COUNTERSIGN_ISSUER in app\.config"):
            CountersignFlask(configured)

    def test_nothing_at_all_says_how_to_give_an_engine(self, app: Flask) -> None:
        with pytest.raises(
            ConfigurationError, match=r"CountersignFlask\(app, Countersign\(\.\.\.\)\)"
        ):
            CountersignFlask(app)

    def test_a_value_that_cannot_be_meant(self, configured: Flask) -> None:
        configured.config["COUNTERSIGN_TOKENS_ACCESS_TTL"] = "soon"
        with pytest.raises(ConfigurationError, match="soon"):
            CountersignFlask(configured)
