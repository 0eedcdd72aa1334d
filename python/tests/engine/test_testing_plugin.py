"""`countersign.testing` and the fixtures, as the tests of an application use them."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from countersign import (
    Countersign,
    CountersignError,
    Event,
    ExpiredTokenError,
    InvalidGrantError,
    NotFoundError,
    RevokedTokenError,
    TokenError,
)
from countersign.testing import Clock, TokenFactory, assert_rejects, client, in_memory
from tests.engine.support import PASSWORD, eventually, make_engine

pytest_plugins = ["pytester"]


def plugin_arguments() -> list[str]:
    """The plugin comes with the package where that is installed."""
    installed = metadata.entry_points(group="pytest11")
    return [] if "countersign" in installed.names else ["-p", "countersign.pytest_plugin"]


def test_the_engine_is_in_memory(auth: Countersign, auth_clock: Clock) -> None:
    assert not auth.opened
    auth.register("ada", PASSWORD)
    assert abs(auth_clock.now - time.time()) < 60
    created = auth.user("ada").created_at.timestamp()
    time.sleep(0.01)
    assert created == auth_clock.now
    assert not Path("in-memory.db").exists()


def test_the_clock_stands_still_until_it_is_advanced(
    auth: Countersign, auth_clock: Clock, auth_tokens: TokenFactory
) -> None:
    tokens = auth_tokens.pair()
    auth.authenticate(tokens.access_token)
    auth_clock.advance(timedelta(minutes=10))
    auth.authenticate(tokens.access_token)
    auth_clock.advance(6 * 60)
    with pytest.raises(ExpiredTokenError):
        auth.authenticate(tokens.access_token)
    tokens = auth.refresh(tokens.refresh_token)
    signing = auth.authenticate(tokens.access_token).key_id
    auth_clock.advance(timedelta(days=13))
    tokens = auth.refresh(tokens.refresh_token)
    auth_clock.advance(timedelta(days=60))
    with pytest.raises(InvalidGrantError):
        auth.refresh(tokens.refresh_token)
    assert auth.authenticate(auth_tokens.good()).key_id != signing


def test_an_application_that_stops_loses_nothing(auth: Countersign) -> None:
    with auth:
        auth.register("ada", PASSWORD)
    auth.close()
    asyncio.run(auth.aclose())
    assert auth.user("ada").username == "ada"


def test_tokens_of_every_kind(auth: Countersign, auth_tokens: TokenFactory) -> None:
    good = auth.authenticate(
        auth_tokens.good("ada", roles=["editor"], scopes=["reports:read"], claims={"tenant": "a"})
    )
    assert (good.username, good.roles, good.scopes) == ("ada", ("editor",), ("reports:read",))
    assert good.claims["tenant"] == "a"
    assert auth.authenticate(auth_tokens.good(scopes=["other"])).scopes == ("other",)
    with pytest.raises(ExpiredTokenError):
        auth.authenticate(auth_tokens.expired())
    with pytest.raises(RevokedTokenError):
        auth.authenticate(auth_tokens.revoked())
    codes = {}
    for what, token in auth_tokens.bad(scopes=["reports:read"]).items():
        with pytest.raises(TokenError) as refused:
            auth.authenticate(token)
        codes[what] = refused.value.code
    assert codes == {
        "expired": "token_expired",
        "revoked": "token_revoked",
        "tampered": "signature_invalid",
        "forged": "signature_invalid",
        "unsigned": "alg_not_allowed",
        "a refresh token": "malformed_token",
        "no token at all": "malformed_token",
    }
    assert auth.authenticate(auth_tokens.good()).username == "ada"
    assert {user.username for user in auth.list_users().items} == {"ada"}


def test_an_engine_in_use_is_put_into_memory(tmp_path: Path) -> None:
    engine = make_engine(tmp_path, tokens_access_ttl="5m")
    heard: list[Event] = []
    engine.on("session.started")(heard.append)
    engine.claims(lambda subject: {"tenant": "acme"})
    routes = engine.routes()
    engine.register("ada", PASSWORD)
    with in_memory(engine) as clock:
        with pytest.raises(NotFoundError):
            engine.user("ada")
        tokens = engine.start_session("grace")
        assert engine.authenticate(tokens.access_token).claims["tenant"] == "acme"
        assert tokens.expires_in <= 300
        clock.advance(1)
        assert routes.handle("GET", "/users/me", b"", [], b"", None).status == 401
        eventually(lambda: heard)
        with in_memory(engine):
            assert engine.list_users().items == ()
    assert not engine.opened
    assert engine.user("ada").username == "ada"
    assert [user.username for user in engine.list_users().items] == ["ada"]
    engine.close()


def refusal_of(auth: Countersign, fields: list[str]) -> CountersignError | None:
    """How a route is guarded without the parts for FastAPI and Flask."""
    try:
        auth.authorize(fields, scopes=["reports:read"], roles=["editor"])
    except CountersignError as refusal:
        return refusal
    return None


def starlette_app(auth: Countersign) -> Any:
    starlette = pytest.importorskip("starlette.applications")
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def reports(request: Any) -> Any:
        fields = request.headers.getlist("authorization")
        refusal = refusal_of(auth, fields)
        if refusal is not None:
            return JSONResponse(refusal.body, refusal.status, refusal.headers)
        return JSONResponse({"of": auth.authorize(fields).username})

    return starlette.Starlette(routes=[Route("/reports", reports, methods=["GET", "POST"])])


def flask_app(auth: Countersign) -> Any:
    flask = pytest.importorskip("flask")
    app = flask.Flask("reports")

    def reports() -> Any:
        fields = flask.request.headers.getlist("Authorization")
        refusal = refusal_of(auth, fields)
        if refusal is not None:
            return refusal.body, refusal.status, refusal.headers
        return {"of": auth.authorize(fields).username}

    app.add_url_rule("/reports", view_func=reports, methods=["GET", "POST"])
    return app


@pytest.mark.parametrize("make", [starlette_app, flask_app])
def test_clients_and_what_must_be_rejected(
    auth: Countersign, auth_client: Any, auth_tokens: TokenFactory, make: Any
) -> None:
    app = make(auth)
    grants: dict[str, Any] = {"scopes": ["reports:read"], "roles": ["editor"]}
    ada = auth_client(app, "ada", **grants)
    grace = auth_client(app, "grace", **grants)
    for http, name in ((ada, "ada"), (grace, "grace"), (ada, "ada")):
        answer = http.get("/reports")
        assert (answer.status_code, name in answer.text) == (200, True)
    assert auth_client(app, "linus").get("/reports").status_code == 403
    with client(app) as http:
        assert http.get("/reports").status_code == 401
    assert_rejects(app, "/reports", auth_tokens, **grants)
    assert_rejects(app, "/reports", auth_tokens, method="POST", json={}, headers={"X-A": "b"})


@pytest.mark.parametrize("make", [starlette_app, flask_app])
def test_what_is_not_rejected_is_named(
    auth: Countersign, auth_tokens: TokenFactory, make: Any
) -> None:
    app = make(auth)
    with pytest.raises(AssertionError, match="no token: answered 404 instead of 401"):
        assert_rejects(app, "/open", auth_tokens)
    with pytest.raises(AssertionError, match="without reports:write: answered 200"):
        assert_rejects(
            app,
            "/reports",
            auth_tokens,
            scopes=["reports:read", "reports:write"],
            roles=["editor"],
        )


def test_the_fixtures(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from countersign import Countersign, ExpiredTokenError
        from countersign.testing import assert_rejects, in_memory

        mine = Countersign("sqlite:///mine.db", issuer="https://mine.test", audience="mine")

        def test_defaults(auth, auth_clock, auth_tokens):
            token = auth_tokens.good()
            assert auth.authenticate(token).claims["iss"] == "https://auth.test"
            auth_clock.advance(3600)
            with pytest.raises(ExpiredTokenError):
                auth.authenticate(token)

        def test_each_test_has_its_own(auth):
            assert auth.list_users().items == ()

        class TestSettings:
            @pytest.fixture
            def auth_settings(self, auth_settings):
                return {**auth_settings, "tokens_access_ttl": 60}

            def test_they_are_used(self, auth_tokens):
                assert auth_tokens.pair().expires_in <= 60

        class TestMine:
            @pytest.fixture
            def auth(self, auth_clock):
                with in_memory(mine, auth_clock):
                    yield mine

            def test_it_is_used(self, auth, auth_tokens):
                assert mine.authenticate(auth_tokens.good()).claims["aud"] == "mine"

        def test_it_left_nothing(tmp_path):
            assert not mine.opened
        """
    )
    outcome = pytester.runpytest_subprocess(*plugin_arguments(), "-W", "error", "-q")
    outcome.assert_outcomes(passed=5)
    assert not list(pytester.path.glob("*.db*"))


def test_the_plugin_imports_nothing_large(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_modules():
            assert not {"countersign.testing", "fastapi", "flask", "starlette"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess(*plugin_arguments()).assert_outcomes(passed=1)
