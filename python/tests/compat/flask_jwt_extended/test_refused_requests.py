"""What made Flask-JWT-Extended fail with status 500 is refused, or answered, in words."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from countersign import jwt
from countersign.compat.flask_jwt_extended import (
    create_access_token,
    decode_token,
    get_csrf_token,
    set_access_cookies,
)

from .application import SECRET, access_token, bearer, cookie, make_app, manager_of


@pytest.fixture
def cookie_app() -> Flask:
    return make_app(JWT_TOKEN_LOCATION=["cookies"])


@pytest.mark.parametrize("submitted", ["ümlaut", "\x80", "☃"])
def test_double_submit_value_outside_ascii(cookie_app: Flask, submitted: str) -> None:
    headers = cookie(access_token(cookie_app)) | {
        "X-CSRF-TOKEN": submitted.encode().decode("latin1")
    }
    answer = cookie_app.test_client(use_cookies=False).post("/protected", headers=headers)
    assert (answer.status_code, answer.get_json()) == (
        401,
        {"msg": "CSRF double submit tokens do not match"},
    )


@pytest.mark.parametrize("claim", [1, None, ["x"]])
def test_double_submit_claim_of_another_type(cookie_app: Flask, claim: Any) -> None:
    token = access_token(cookie_app, additional_claims={"csrf": claim})
    headers = cookie(token) | {"X-CSRF-TOKEN": "x"}
    assert (
        cookie_app.test_client(use_cookies=False).post("/protected", headers=headers).status_code
        == 401
    )


@pytest.mark.parametrize("body", ["[]", '["access_token"]', "1", "null", '"access_token"', "{"])
def test_json_body_without_a_token(body: str) -> None:
    client = make_app(JWT_TOKEN_LOCATION="json").test_client(use_cookies=False)
    answer = client.post("/protected", data=body, content_type="application/json")
    assert (answer.status_code, answer.get_json()) == (
        401,
        {"msg": 'Missing "access_token" key in json data.'},
    )


@pytest.mark.parametrize("fresh", ["yes", None, [], {}, "9999999999"])
def test_fresh_of_another_type_is_not_fresh(fresh: Any) -> None:
    app = make_app()
    token = access_token(app, additional_claims={"fresh": fresh})
    answer = app.test_client(use_cookies=False).get("/fresh", headers=bearer(token))
    assert (answer.status_code, answer.get_json()) == (401, {"msg": "Fresh token required"})


def test_expired_token_of_a_direct_decode_is_answered() -> None:
    app = make_app()

    @app.get("/direct")
    def direct() -> Any:
        return jwt.decode(jwt.encode({"exp": 1}, SECRET), SECRET, algorithms=["HS256"])

    answer = app.test_client(use_cookies=False).get("/direct")
    assert (answer.status_code, answer.get_json()) == (401, {"msg": "Token has expired"})


def test_expired_token_for_somebody_else_is_invalid_rather_than_expired() -> None:
    app = make_app(JWT_DECODE_ISSUER="me")
    token = access_token(app, additional_claims={"exp": 1, "iss": "you"})
    answer = app.test_client(use_cookies=False).get("/protected", headers=bearer(token))
    assert (answer.status_code, answer.get_json()) == (422, {"msg": "Invalid issuer"})


def test_what_callbacks_return_is_not_changed() -> None:
    app = make_app()
    claims, headers = {"a": 1}, {"kid": "1"}
    manager_of(app).additional_claims_loader(lambda identity: claims)
    manager_of(app).additional_headers_loader(lambda identity: headers)
    with app.test_request_context():
        token = create_access_token(
            "user-1", additional_claims={"b": 2}, additional_headers={"x": "y"}
        )
        opened = decode_token(token)
    assert (opened["a"], opened["b"]) == (1, 2)
    assert (claims, headers) == ({"a": 1}, {"kid": "1"})


def test_callbacks_may_return_nothing() -> None:
    app = make_app()
    manager_of(app).additional_claims_loader(lambda identity: None)
    manager_of(app).additional_headers_loader(lambda identity: None)
    assert access_token(app)


def test_max_age_of_zero_means_zero(cookie_app: Flask) -> None:
    with cookie_app.test_request_context():
        response = cookie_app.make_response("")
        set_access_cookies(response, create_access_token("user-1"), max_age=0)
    assert all("Max-Age=0" in one for one in response.headers.getlist("Set-Cookie"))


def test_csrf_value_of_a_token_that_has_none() -> None:
    app = make_app(JWT_COOKIE_CSRF_PROTECT=False)
    with app.test_request_context(), pytest.raises(KeyError):
        get_csrf_token(create_access_token("user-1"))
