"""``JWT_REVOCATION_STORE`` and `revoke_token`: a token that is logged out is refused."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from countersign import jwt
from countersign.compat.flask_jwt_extended import decode_token, jwt_required, revoke_token
from countersign.compat.flask_jwt_extended._store import current_store
from countersign.compat.flask_jwt_extended.revocation import (
    MemoryStore,
    RevocationStore,
    SqliteStore,
    open_store,
)

from .application import SECRET, access_token, bearer, make_app, manager_of, refresh_token


@pytest.fixture(params=["memory", "sqlite"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Flask:
    stores = {"memory": "memory", "sqlite": f"sqlite:///{tmp_path}/revoked.db"}
    return with_logout(make_app(JWT_REVOCATION_STORE=stores[request.param]))


def with_logout(app: Flask) -> Flask:
    @app.post("/logout")
    @jwt_required(verify_type=False)
    def logout() -> dict[str, bool]:
        revoke_token()
        return {"ok": True}

    return app


def status(app: Flask, path: str, token: str, method: str = "GET") -> int:
    client = app.test_client(use_cookies=False)
    code: int = client.open(path, headers=bearer(token), method=method).status_code
    return code


def test_a_revoked_token_is_refused_everywhere(app: Flask) -> None:
    token, other = access_token(app), access_token(app)
    assert status(app, "/protected", token) == 200
    assert status(app, "/logout", token, "POST") == 200
    answer = app.test_client().get("/protected", headers=bearer(token))
    assert (answer.status_code, answer.get_json()) == (401, {"msg": "Token has been revoked"})
    assert status(app, "/optional", token) == 401
    assert status(app, "/logout", token, "POST") == 401
    assert status(app, "/unchecked", token) == 200
    assert status(app, "/protected", other) == 200


def test_a_refresh_token_is_revoked_alike(app: Flask) -> None:
    token = refresh_token(app)
    assert status(app, "/logout", token, "POST") == 200
    assert status(app, "/refresh", token) == 401


def test_another_token_than_this_requests_can_be_revoked(app: Flask) -> None:
    token = access_token(app)
    with app.test_request_context():
        revoke_token(decode_token(token))
        revoke_token(decode_token(token))
    assert status(app, "/protected", token) == 401


def test_an_expired_token_can_be_revoked(app: Flask) -> None:
    token = access_token(app, additional_claims={"exp": 1})
    with app.test_request_context():
        revoke_token(decode_token(token, allow_expired=True))


def test_a_token_without_jti_is_refused_because_it_could_never_be_revoked(app: Flask) -> None:
    token = jwt.encode({"sub": "user-1"}, SECRET)
    answer = app.test_client().get("/protected", headers=bearer(token))
    assert (answer.status_code, answer.get_json()) == (422, {"msg": "Missing claim: jti"})
    with app.test_request_context(), pytest.raises(ValueError, match="without jti"):
        revoke_token(decode_token(token))


def test_the_applications_own_blocklist_still_counts(app: Flask) -> None:
    manager_of(app).token_in_blocklist_loader(lambda header, claims: claims["sub"] == "blocked")
    assert status(app, "/protected", access_token(app, "blocked")) == 401
    assert status(app, "/protected", access_token(app)) == 200


def test_nothing_is_revoked_without_a_store() -> None:
    app = make_app()
    with app.test_request_context(), pytest.raises(RuntimeError, match="JWT_REVOCATION_STORE"):
        revoke_token({"jti": "j-1"})


def test_outside_of_a_verified_request_there_is_nothing_to_revoke(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(RuntimeError, match="No token was verified"):
        revoke_token()


def test_a_forged_token_does_not_reach_the_store() -> None:
    class Watching:
        asked = 0

        def revoke(self, claims: Mapping[str, Any]) -> None: ...

        def is_revoked(self, claims: Mapping[str, Any]) -> bool:
            self.asked += 1
            return False

    store = Watching()
    app = make_app(JWT_REVOCATION_STORE=store)
    assert (
        status(app, "/protected", jwt.encode({"jti": "x", "sub": "1"}, "another" + SECRET)) == 422
    )
    assert store.asked == 0
    assert status(app, "/protected", access_token(app)) == 200
    assert store.asked == 1


def test_a_store_that_fails_fails_the_request() -> None:
    class Broken:
        def revoke(self, claims: Mapping[str, Any]) -> None:
            raise OSError("disk on fire")

        def is_revoked(self, claims: Mapping[str, Any]) -> bool:
            raise OSError("disk on fire")

    app = with_logout(make_app(JWT_REVOCATION_STORE=Broken()))
    assert status(app, "/protected", access_token(app)) == 500
    assert status(app, "/logout", access_token(app), "POST") == 500


def test_the_store_is_opened_once() -> None:
    app = make_app(JWT_REVOCATION_STORE="memory")
    with app.app_context():
        first = current_store()
        app.config["JWT_REVOCATION_STORE"] = "".join(["mem", "ory"])
        assert current_store() is first
        app.config["JWT_REVOCATION_STORE"] = other = MemoryStore()
        assert current_store() is other


def test_applications_do_not_share_a_store_in_memory() -> None:
    first, second = (make_app(JWT_REVOCATION_STORE="memory") for _ in range(2))
    with first.app_context():
        one = current_store()
    with second.app_context():
        assert current_store() is not one


@pytest.mark.parametrize(
    "setting",
    [
        "redis",
        "",
        "sqlite:",
        "sqlite:///",
        "sqlite:///:memory:",
        1,
        object(),
        MemoryStore,
        ["memory"],
    ],
)
def test_a_setting_that_means_nothing_says_what_could_be_meant(setting: object) -> None:
    with pytest.raises(RuntimeError, match='must be "memory", "sqlite:///path'):
        open_store(setting)


def test_settings_that_mean_something(tmp_path: Path) -> None:
    own = MemoryStore()
    assert open_store(None) is None
    assert open_store(own) is own
    assert isinstance(open_store("memory"), MemoryStore)
    assert isinstance(open_store(f"sqlite:///{tmp_path}/x.db"), SqliteStore)
    assert isinstance(own, RevocationStore)


def test_memory_is_given_back_when_a_token_has_expired_anyway() -> None:
    store = MemoryStore(margin=10)
    now = time.time()
    for number in range(100):
        store.revoke({"jti": f"old-{number}", "exp": now - 11})
    store.revoke({"jti": "within the margin", "exp": now - 5})
    store.revoke({"jti": "for ever"})
    store.revoke({"jti": "new", "exp": now + 100})
    assert len(store) == 3
    assert all(store.is_revoked({"jti": one}) for one in ("within the margin", "for ever", "new"))


def test_an_entry_outlives_the_leeway() -> None:
    """With a leeway a token is good after its ``exp``, so it must stay revoked for longer."""
    app = with_logout(make_app(JWT_REVOCATION_STORE="memory", JWT_DECODE_LEEWAY=7200))
    token = access_token(app, additional_claims={"exp": int(time.time()) - 3600})
    assert status(app, "/logout", token, "POST") == 200
    assert status(app, "/logout", access_token(app), "POST") == 200
    assert status(app, "/protected", token) == 401
