"""The recipes in the documentation of Flask-JWT-Extended, from log-in to log-out."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import freezegun
import pytest
from flask import Flask, Response, jsonify

from countersign import jwt
from countersign.compat.flask_jwt_extended import (
    create_access_token,
    create_refresh_token,
    current_user,
    get_jwt,
    get_jwt_header,
    get_jwt_identity,
    jwt_required,
    revoke_token,
    set_access_cookies,
    unset_jwt_cookies,
)
from countersign.compat.flask_jwt_extended.exceptions import NoAuthorizationError

from .application import bearer, make_app, manager_of


@pytest.fixture
def app() -> Flask:
    return make_app(JWT_TOKEN_LOCATION=["cookies"], JWT_ACCESS_TOKEN_EXPIRES=timedelta(hours=1))


def with_implicit_refresh(app: Flask) -> Flask:
    """Give a new cookie to whoever comes with one that is good for less than half an hour."""

    @app.get("/login")
    def login() -> Response:
        response = jsonify(ok=True)
        set_access_cookies(response, create_access_token("user-1"))
        return response

    @app.get("/logout")
    def logout() -> Response:
        response = jsonify(ok=True)
        unset_jwt_cookies(response)
        return response

    @app.after_request
    def refresh(response: Response) -> Response:
        try:
            soon = datetime.now(timezone.utc) + timedelta(minutes=30)
            if soon.timestamp() > get_jwt()["exp"]:
                set_access_cookies(response, create_access_token(get_jwt_identity()))
        except (RuntimeError, KeyError):
            pass
        return response

    return app


def test_implicit_refresh_with_cookies(app: Flask) -> None:
    client = with_implicit_refresh(app).test_client()
    with freezegun.freeze_time("2030-01-01 00:00:00") as clock:
        client.get("/login")
        assert "Set-Cookie" not in client.get("/protected").headers
        clock.tick(timedelta(minutes=40))
        assert len(client.get("/protected").headers.getlist("Set-Cookie")) == 2
        clock.tick(timedelta(minutes=40))
        assert client.get("/protected").status_code == 200
        clock.tick(timedelta(hours=2))
        assert client.get("/protected").get_json() == {"msg": "Token has expired"}


def test_double_submit_with_cookies(app: Flask) -> None:
    client = with_implicit_refresh(app).test_client()
    client.get("/login")
    assert client.post("/protected").get_json() == {"msg": "Missing CSRF token"}
    submitted = client.get_cookie("csrf_access_token")
    assert submitted is not None
    headers = {"X-CSRF-TOKEN": submitted.value}
    assert client.post("/protected", headers=headers).status_code == 200
    assert client.get_cookie("access_token_cookie").http_only  # type: ignore[union-attr]
    client.get("/logout")
    assert client.get("/protected").status_code == 401


def test_users_are_loaded_from_tokens() -> None:
    app = make_app()
    users = {"1": {"name": "ada"}}
    manager_of(app).user_identity_loader(lambda user: user["id"])
    manager_of(app).user_lookup_loader(lambda header, claims: users.get(claims["sub"]))

    @app.get("/me")
    @jwt_required(optional=True)
    def me() -> Any:
        return jsonify(name=current_user["name"] if current_user else None)

    with app.test_request_context():
        token, gone = create_access_token({"id": "1"}), create_access_token({"id": "2"})
    client = app.test_client()
    assert client.get("/me", headers=bearer(token)).get_json() == {"name": "ada"}
    assert client.get("/me").get_json() == {"name": None}
    assert client.get("/me", headers=bearer(gone)).get_json() == {"msg": "Error loading the user 2"}


@pytest.mark.parametrize("strict", [False, True])
def test_a_user_lookup_may_refuse_where_the_token_is_optional(strict: bool) -> None:
    app = make_app(JWT_STRICT=strict)

    @manager_of(app).user_lookup_loader
    def look_up(header: Any, claims: Any) -> Any:
        raise NoAuthorizationError("banned")

    with app.test_request_context():
        token = create_access_token("user-1")
    answer = app.test_client().get("/optional", headers=bearer(token))
    assert (answer.status_code, answer.get_json()) == (401, {"msg": "banned"})


def test_fresh_for_ten_minutes() -> None:
    app = make_app()
    with freezegun.freeze_time("2030-01-01 00:00:00") as clock, app.test_request_context():
        token = create_access_token("user-1", fresh=timedelta(minutes=10))
        client = app.test_client()
        assert client.get("/fresh", headers=bearer(token)).status_code == 200
        clock.tick(timedelta(minutes=11))
        assert client.get("/fresh", headers=bearer(token)).status_code == 401
        assert client.get("/protected", headers=bearer(token)).status_code == 200


def test_refresh_tokens_and_log_out() -> None:
    app = make_app(JWT_REVOCATION_STORE="memory", JWT_STRICT=True)

    @app.post("/renew")
    @jwt_required(refresh=True)
    def renew() -> Any:
        return jsonify(token=create_access_token(get_jwt_identity()), alg=get_jwt_header()["alg"])

    @app.delete("/session")
    @jwt_required(verify_type=False)
    def end() -> Any:
        revoke_token()
        return jsonify(revoked=get_jwt()["type"])

    with app.test_request_context():
        token = create_refresh_token("user-1")
    client = app.test_client()
    renewed = client.post("/renew", headers=bearer(token)).get_json()
    assert renewed["alg"] == "HS256"
    assert client.get("/protected", headers=bearer(renewed["token"])).status_code == 200
    assert client.delete("/session", headers=bearer(token)).get_json() == {"revoked": "refresh"}
    assert client.post("/renew", headers=bearer(token)).status_code == 401


def test_keys_are_chosen_by_kid() -> None:
    app = make_app(JWT_ALGORITHM="HS256")
    keys = {name: f"{name}: a secret of more than thirty-two bytes" for name in ("old", "new")}
    manager_of(app).encode_key_loader(lambda identity: keys["new"])
    manager_of(app).additional_headers_loader(lambda identity: {"kid": "new"})
    manager_of(app).decode_key_loader(lambda header, claims: keys[header["kid"]])
    with app.test_request_context():
        new = create_access_token("user-1")
    old = jwt.encode({"sub": "user-1"}, keys["old"], headers={"kid": "old"})
    swapped = jwt.encode({"sub": "user-1"}, keys["old"], headers={"kid": "new"})
    client = app.test_client()
    statuses = [client.get("/protected", headers=bearer(one)).status_code for one in
                (new, old, swapped)]  # fmt: skip
    assert statuses == [200, 200, 422]


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA", "PS256"])
def test_key_pairs(algorithm: str) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    private: Any = {
        "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate,
    }.get(algorithm, lambda: rsa.generate_private_key(65537, 2048))()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    app = make_app(JWT_ALGORITHM=algorithm, JWT_PRIVATE_KEY=pem, JWT_PUBLIC_KEY=public.decode())
    with app.test_request_context():
        token = create_access_token("user-1")
    client = app.test_client()
    assert client.get("/protected", headers=bearer(token)).status_code == 200
    forged = jwt.encode({"sub": "user-1"}, "k" * 64, algorithm="HS256")
    assert client.get("/protected", headers=bearer(forged)).status_code == 422
