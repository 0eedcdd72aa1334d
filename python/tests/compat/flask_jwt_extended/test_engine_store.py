"""The engine as revocation store: tokens of this package die with their session there."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, jsonify

from countersign import Countersign
from countersign.compat.flask_jwt_extended import (
    create_access_token,
    create_refresh_token,
    decode_token,
    get_jwt,
    get_jwt_identity,
    jwt_required,
    revoke_token,
)
from countersign.compat.flask_jwt_extended.exceptions import UserLookupError
from countersign.compat.flask_jwt_extended.revocation import (
    BindingStore,
    EngineStore,
    MemoryStore,
    SessionEndsSoonerWarning,
    open_store,
)
from tests.compat.served import Server, served
from tests.engine.support import make_engine

from .application import access_token, bearer, make_app, refresh_token


@pytest.fixture
def auth(tmp_path: Path) -> Iterator[Countersign]:
    with make_engine(tmp_path, sessions_idle="60d") as engine:
        yield engine


@pytest.fixture
def app(auth: Countersign) -> Flask:
    return with_sessions(make_app(JWT_REVOCATION_STORE=auth))


def with_sessions(app: Flask) -> Flask:
    @app.post("/login/<user>")
    def login(user: str) -> Any:
        return jsonify(access=create_access_token(user), refresh=create_refresh_token(user))

    @app.post("/renew")
    @jwt_required(refresh=True)
    def renew() -> Any:
        return jsonify(access=create_access_token(get_jwt_identity()))

    @app.post("/rotate")
    @jwt_required(refresh=True)
    def rotate() -> Any:
        revoke_token()
        return jsonify(refresh=create_refresh_token(get_jwt_identity()))

    @app.post("/logout")
    @jwt_required(verify_type=False)
    def logout() -> Any:
        revoke_token()
        return jsonify(ended=get_jwt()["cs_sid"])

    return app


def post(app: Flask, path: str, token: str | None = None) -> Any:
    headers = bearer(token) if token else {}
    answer = app.test_client(use_cookies=False).post(path, headers=headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def status(app: Flask, path: str, token: str) -> int:
    code: int = app.test_client(use_cookies=False).get(path, headers=bearer(token)).status_code
    return code


def claims_of(app: Flask, token: str) -> dict[str, Any]:
    with app.test_request_context():
        return decode_token(token)


def test_log_out_ends_every_token_of_the_log_in_and_no_other(app: Flask) -> None:
    here, there = post(app, "/login/ada"), post(app, "/login/ada")
    renewed = post(app, "/renew", here["refresh"])["access"]
    post(app, "/logout", renewed)
    for token, path in ((here["access"], "/protected"), (renewed, "/protected")):
        answer = app.test_client().get(path, headers=bearer(token))
        assert (answer.status_code, answer.get_json()) == (401, {"msg": "Token has been revoked"})
    assert status(app, "/refresh", here["refresh"]) == 401
    assert status(app, "/protected", there["access"]) == 200
    assert status(app, "/refresh", there["refresh"]) == 200


def test_the_session_is_the_engines(app: Flask, auth: Countersign) -> None:
    first, second = post(app, "/login/ada"), post(app, "/login/ada")
    sessions = {claims_of(app, each["access"])["cs_sid"] for each in (first, second)}
    assert {each.id for each in auth.user_sessions("ada")} == sessions
    assert {claims_of(app, each["refresh"])["cs_sid"] for each in (first, second)} == sessions


@pytest.mark.parametrize(
    "end",
    [
        lambda auth: auth.end_user_sessions("ada"),
        lambda auth: auth.disable_user("ada"),
        lambda auth: auth.delete_user("ada"),
        lambda auth: [auth.end_session(each.id) for each in auth.user_sessions("ada")],
        lambda auth: auth.logout_all(auth.start_session("ada").refresh_token),
    ],
    ids=["sessions", "disable", "delete", "session", "logout_all"],
)
def test_what_ends_the_session_in_the_engine_ends_the_token(
    app: Flask, auth: Countersign, end: Any
) -> None:
    ada, bob = post(app, "/login/ada")["access"], post(app, "/login/bob")["access"]
    end(auth)
    assert status(app, "/protected", ada) == 401
    assert status(app, "/protected", bob) == 200


def test_who_revokes_and_goes_on_gets_another_session(app: Flask) -> None:
    before = post(app, "/login/ada")
    after = post(app, "/rotate", before["refresh"])["refresh"]
    assert status(app, "/refresh", before["refresh"]) == 401
    assert status(app, "/protected", before["access"]) == 401
    assert status(app, "/refresh", after) == 200


def test_a_token_for_somebody_else_does_not_belong_to_this_session(app: Flask) -> None:
    @app.post("/act-as/<user>")
    @jwt_required()
    def act_as(user: str) -> Any:
        return jsonify(access=create_access_token(user))

    admin = post(app, "/login/admin")["access"]
    other = post(app, "/act-as/ada", admin)["access"]
    post(app, "/logout", admin)
    assert status(app, "/protected", other) == 200


def test_a_disabled_user_gets_no_token(app: Flask, auth: Countersign) -> None:
    post(app, "/login/ada")
    auth.disable_user("ada")
    with app.test_request_context(), pytest.raises(UserLookupError):
        create_access_token("ada")
    answer = app.test_client().post("/login/ada")
    assert (answer.status_code, answer.get_json()) == (401, {"msg": "Error loading the user ada"})


def test_revoking_twice_or_what_was_purged_is_no_error(app: Flask) -> None:
    claims = claims_of(app, access_token(app))
    gone = {**claims, "cs_sid": "01234567-89ab-7def-8123-456789abcdef"}
    with app.test_request_context():
        for revoked in (claims, claims, gone):
            revoke_token(revoked)


def test_a_token_from_before_has_no_session_and_is_refused(app: Flask) -> None:
    old = access_token(make_app())
    assert status(app, "/protected", old) == 401


def test_tokens_from_before_may_have_a_store_of_their_own(auth: Countersign) -> None:
    old, kept = access_token(make_app()), access_token(make_app())
    store = EngineStore(auth, unbound=MemoryStore())
    app = with_sessions(make_app(JWT_REVOCATION_STORE=store))
    with app.test_request_context():
        revoke_token(decode_token(old))
    assert status(app, "/protected", old) == 401
    assert status(app, "/protected", kept) == 200
    new = post(app, "/login/ada")["access"]
    post(app, "/logout", new)
    assert status(app, "/protected", new) == 401


def test_an_identity_that_is_no_user_id_says_what_to_do(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(RuntimeError, match="user_identity_loader"):
        create_access_token("Ada Lovelace")


def test_the_claim_is_the_engines(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(RuntimeError, match="cs_sid"):
        create_access_token("ada", additional_claims={"cs_sid": "mine"})


def test_another_identity_claim_and_a_number_as_identity(auth: Countersign) -> None:
    settings = {"JWT_IDENTITY_CLAIM": "uid", "JWT_REVOCATION_STORE": auth}
    app = with_sessions(make_app(**settings))
    token = access_token(app, 7)
    assert [each.id for each in auth.user_sessions("7")] == [claims_of(app, token)["cs_sid"]]
    assert status(app, "/protected", token) == 200
    post(app, "/logout", token)
    assert status(app, "/protected", token) == 401


def test_tokens_that_outlive_the_session_are_warned_of(tmp_path: Path) -> None:
    with make_engine(tmp_path) as auth:
        app = make_app(JWT_REVOCATION_STORE=auth)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            access_token(app)
        with pytest.warns(SessionEndsSoonerWarning, match="sessions_idle") as seen:
            refresh_token(app)
        assert seen[0].filename == __file__.replace("test_engine_store", "application")
        for lifetime in (False, timedelta(days=20)):
            with pytest.warns(SessionEndsSoonerWarning):
                access_token(app, expires_delta=lifetime)
        with pytest.warns(SessionEndsSoonerWarning):
            access_token(app, additional_claims={"exp": 4_000_000_000})


def test_an_engine_that_cannot_be_asked_fails_the_request(tmp_path: Path) -> None:
    with make_engine(tmp_path, sessions_idle="60d") as auth:
        app = with_sessions(make_app(JWT_REVOCATION_STORE=auth))
        token = post(app, "/login/ada")["access"]
    (tmp_path / "auth.db").unlink()
    (tmp_path / "auth.db").mkdir()
    assert status(app, "/protected", token) == 500


def test_the_setting_opens_nothing(tmp_path: Path) -> None:
    engine = make_engine(tmp_path)
    store = open_store(engine)
    assert isinstance(store, EngineStore)
    assert isinstance(store, BindingStore)
    assert not isinstance(MemoryStore(), BindingStore)
    make_app(JWT_REVOCATION_STORE=engine)
    assert not engine.opened


_PROGRAM = f"""
import os, sys
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from pathlib import Path
from tests.compat.flask_jwt_extended.application import make_app
from tests.compat.flask_jwt_extended.test_engine_store import with_sessions
from tests.engine.support import make_engine

auth = make_engine(Path(os.environ.get("FOLDER", ".")), sessions_idle="60d")
app = with_sessions(make_app(JWT_REVOCATION_STORE=auth))

@app.after_request
def tell_worker(response):
    response.headers["X-Worker"] = str(os.getpid())
    return response
"""


def test_what_another_process_ended_is_refused_at_once(
    app: Flask, auth: Countersign, tmp_path: Path
) -> None:
    here, kept = post(app, "/login/ada")["access"], post(app, "/login/ada")["access"]
    assert status(app, "/protected", here) == 200
    log_out = (
        "import sys\n"
        "answer = app.test_client().post('/logout', headers={'Authorization': sys.argv[1]})\n"
        "print(answer.status_code, flush=True)\n"
        "os._exit(0)\n"  # as if it were killed: what is acknowledged is durable
    )
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", _PROGRAM + log_out, f"Bearer {here}"],
        env={**os.environ, "FOLDER": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.stdout, ended.stderr) == ("200\n", "")
    assert status(app, "/protected", here) == 401
    assert status(app, "/protected", kept) == 200


@pytest.mark.parametrize("options", [["--preload"], []], ids=["preload", "lazy"])
def test_all_workers_of_a_server_refuse_at_once(tmp_path: Path, options: list[str]) -> None:
    with served(_PROGRAM, tmp_path, "--workers", "2", *options) as server:
        both_answer(server, "/optional", {}, 200)
        for _ in range(3):
            headers = bearer(server.request("POST", "/login/ada").json["access"])
            assert server.request("GET", "/protected", headers).status == 200
            assert server.request("POST", "/logout", headers).status == 200
            both_answer(server, "/protected", headers, 401)


def both_answer(server: Server, path: str, headers: dict[str, str], status: int) -> None:
    """Ask until both workers have answered, all the time in the same way.

    On a busy machine one of them may begin much later than the other.
    """
    workers: set[str] = set()
    for _ in range(200):
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: server.request("GET", path, headers), range(24)))
        assert {answer.status for answer in answers} == {status}
        workers |= {answer.headers["X-Worker"] for answer in answers}
        if len(workers) == 2:
            return
    pytest.fail(f"only {workers} answered")
