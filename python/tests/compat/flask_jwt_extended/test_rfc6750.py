"""``JWT_RFC6750``: the status codes and challenges of RFC 6750 and RFC 9470."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, Response

from countersign import jwt
from countersign.compat.flask_jwt_extended import create_access_token, jwt_required

from .application import (
    SECRET,
    access_token,
    bearer,
    cookie,
    make_app,
    manager_of,
    refresh_token,
)


@pytest.fixture
def app() -> Flask:
    return make_app(JWT_RFC6750=True, JWT_TOKEN_LOCATION=["headers"])


def get(app: Flask, path: str, token: str) -> Any:
    return app.test_client(use_cookies=False).get(path, headers=bearer(token))


def assert_challenged(answer: Any, status: int, error: str, message: str) -> None:
    assert (answer.status_code, answer.get_json()) == (status, {"msg": message})
    described = f'Bearer error="{error}", error_description="{message}"'
    assert answer.headers["WWW-Authenticate"] == described


def test_no_token_is_told_how_to_come_back_and_nothing_else(app: Flask) -> None:
    answer = app.test_client(use_cookies=False).get("/protected")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_realm(app: Flask) -> None:
    app.config["JWT_REALM"] = 'the "API"'
    answer = app.test_client(use_cookies=False).get("/protected")
    assert answer.headers["WWW-Authenticate"] == "Bearer realm=\"the 'API'\""


def test_forged_token(app: Flask) -> None:
    token = jwt.encode({"sub": "user-1"}, "another" + SECRET)
    message = "Signature verification failed"
    assert_challenged(get(app, "/protected", token), 401, "invalid_token", message)


def test_expired_token(app: Flask) -> None:
    token = access_token(app, additional_claims={"exp": 1})
    answer = get(app, "/protected", token)
    assert (answer.status_code, answer.get_json()) == (401, {"msg": "Token has expired"})
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_token_of_the_wrong_type(app: Flask) -> None:
    message = "Only non-refresh tokens are allowed"
    assert_challenged(get(app, "/protected", refresh_token(app)), 401, "invalid_token", message)


def test_token_without_a_claim_that_we_need(app: Flask) -> None:
    answer = get(app, "/protected", jwt.encode({}, SECRET))
    assert_challenged(answer, 401, "invalid_token", "Missing claim: sub")


def test_revoked_token(app: Flask) -> None:
    manager_of(app).token_in_blocklist_loader(lambda header, claims: True)
    answer = get(app, "/protected", access_token(app))
    assert_challenged(answer, 401, "invalid_token", "Token has been revoked")


def test_token_of_a_user_who_is_gone(app: Flask) -> None:
    manager_of(app).user_lookup_loader(lambda header, claims: None)
    answer = get(app, "/protected", access_token(app))
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_token_that_is_not_fresh(app: Flask) -> None:
    answer = get(app, "/fresh", access_token(app))
    error = "insufficient_user_authentication"
    assert_challenged(answer, 401, error, "Fresh token required")


def test_claims_that_the_application_refuses(app: Flask) -> None:
    manager_of(app).token_verification_loader(lambda header, claims: False)
    answer = get(app, "/protected", access_token(app))
    assert_challenged(answer, 403, "insufficient_scope", "User claims verification failed")


@pytest.mark.parametrize("header", ["Bearer", "Bearer a b"])
def test_header_that_cannot_be_read(app: Flask, header: str) -> None:
    answer = app.test_client(use_cookies=False).get("/protected", headers={"Authorization": header})
    assert answer.status_code == 400
    assert answer.headers["WWW-Authenticate"].startswith('Bearer error="invalid_request"')


def test_missing_double_submit_value_is_forbidden_without_a_challenge(app: Flask) -> None:
    app.config["JWT_TOKEN_LOCATION"] = ["cookies"]
    answer = app.test_client(use_cookies=False).post(
        "/protected", headers=cookie(access_token(app))
    )
    assert (answer.status_code, answer.get_json()) == (403, {"msg": "Missing CSRF token"})
    assert "WWW-Authenticate" not in answer.headers


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer"])
def test_the_scheme_has_no_case(app: Flask, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {access_token(app)}"}
    assert app.test_client(use_cookies=False).get("/protected", headers=headers).status_code == 200


def test_a_callback_of_the_application_decides_status_and_body(app: Flask) -> None:
    manager_of(app).expired_token_loader(lambda header, claims: ({"error": claims["sub"]}, 418))
    answer = get(app, "/protected", access_token(app, additional_claims={"exp": 1}))
    assert (answer.status_code, answer.get_json()) == (418, {"error": "user-1"})
    assert "WWW-Authenticate" not in answer.headers


def test_a_callback_that_answers_401_gets_the_challenge_unless_it_has_one(app: Flask) -> None:
    manager_of(app).unauthorized_loader(lambda reason: ("no", 401))
    assert (
        app.test_client(use_cookies=False).get("/protected").headers["WWW-Authenticate"] == "Bearer"
    )
    own = Response("no", 401, {"WWW-Authenticate": "DPoP"})
    manager_of(app).unauthorized_loader(lambda reason: own)
    assert app.test_client(use_cookies=False).get("/protected").headers.getlist(
        "WWW-Authenticate"
    ) == ["DPoP"]


def test_text_from_a_token_cannot_leave_its_quotes(app: Flask) -> None:
    nasty = 'x", evil="1\r\nSet-Cookie: a=b\\\u2603'
    token = jwt.encode({}, SECRET, headers={"crit": [nasty], nasty: 1})
    answer = get(app, "/protected", token)
    assert answer.status_code == 401
    challenge = answer.headers["WWW-Authenticate"]
    assert challenge.count('"') == 4
    assert "\n" not in challenge
    assert "\\" not in challenge
    assert challenge.isascii()
    assert "Set-Cookie" not in answer.headers


def test_another_scheme_is_the_one_that_is_challenged_for(app: Flask) -> None:
    app.config["JWT_HEADER_TYPE"] = "JWT"
    assert app.test_client(use_cookies=False).get("/protected").headers["WWW-Authenticate"] == "JWT"
    app.config["JWT_HEADER_TYPE"] = ""
    assert (
        app.test_client(use_cookies=False).get("/protected").headers["WWW-Authenticate"] == "Bearer"
    )


def test_without_the_setting_there_is_no_challenge() -> None:
    assert (
        "WWW-Authenticate"
        not in make_app().test_client(use_cookies=False).get("/protected").headers
    )


def test_views_may_be_asynchronous(app: Flask) -> None:
    @app.get("/later")
    @jwt_required()
    async def later() -> str:
        return "now"

    with app.test_request_context():
        token = create_access_token("user-1")
    assert get(app, "/later", token).text == "now"
    assert app.test_client(use_cookies=False).get("/later").status_code == 401
