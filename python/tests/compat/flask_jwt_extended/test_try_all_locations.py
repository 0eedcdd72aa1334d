"""``JWT_TRY_ALL_LOCATIONS``: a bad token in one place does not hide a good one in the next."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from .application import access_token, bearer, cookie, make_app, manager_of, refresh_token


@pytest.fixture
def app() -> Flask:
    return make_app(JWT_TRY_ALL_LOCATIONS=True, JWT_TOKEN_LOCATION=["cookies", "headers"])


def expired(app: Flask) -> str:
    return access_token(app, "old", additional_claims={"exp": 1})


def get(app: Flask, path: str, headers: dict[str, str], **kwargs: Any) -> tuple[int, Any]:
    answer = app.test_client(use_cookies=False).get(path, headers=headers, **kwargs)
    return answer.status_code, answer.get_json()


def test_a_stale_cookie_does_not_block_a_good_header(app: Flask) -> None:
    headers = cookie(expired(app)) | bearer(access_token(app))
    assert get(app, "/protected", headers) == (200, {"sub": "user-1", "location": "headers"})


@pytest.mark.parametrize("stale", ["x", "a.b.c", "aaaaa.bbbbb.ccccc"])
def test_a_cookie_that_is_no_token_does_not_block_a_good_header(app: Flask, stale: str) -> None:
    assert get(app, "/protected", cookie(stale) | bearer(access_token(app)))[0] == 200


def test_a_cookie_without_double_submit_value_does_not_block_a_good_header(app: Flask) -> None:
    headers = cookie(access_token(app)) | bearer(access_token(app))
    assert app.test_client(use_cookies=False).post("/protected", headers=headers).status_code == 200


def test_a_revoked_cookie_does_not_block_a_good_header(app: Flask) -> None:
    manager_of(app).token_in_blocklist_loader(lambda header, claims: claims["sub"] == "old")
    headers = cookie(access_token(app, "old")) | bearer(access_token(app))
    assert get(app, "/protected", headers)[0] == 200


def test_a_cookie_that_is_not_fresh_does_not_block_a_fresh_header(app: Flask) -> None:
    headers = cookie(access_token(app, "old")) | bearer(access_token(app, fresh=True))
    assert get(app, "/fresh", headers) == (200, {"sub": "user-1", "location": "headers"})


def test_a_bad_header_does_not_block_a_good_cookie(app: Flask) -> None:
    app.config["JWT_TOKEN_LOCATION"] = ["headers", "cookies"]
    for bad in ({"Authorization": "Bearer"}, bearer("x"), bearer(refresh_token(app))):
        assert get(app, "/protected", bad | cookie(access_token(app)))[0] == 200


def test_if_none_is_good_the_first_refusal_is_answered(app: Flask) -> None:
    headers = cookie(expired(app)) | bearer("x")
    assert get(app, "/protected", headers) == (401, {"msg": "Token has expired"})


def test_one_bad_token_is_not_called_a_missing_one(app: Flask) -> None:
    assert get(app, "/protected", bearer("x")) == (422, {"msg": "Not enough segments"})


def test_a_stale_cookie_is_like_none_where_the_token_is_optional(app: Flask) -> None:
    for stale in (expired(app), "x", refresh_token(app)):
        assert get(app, "/optional", cookie(stale)) == (200, {"sub": None, "location": None})


def test_a_cookie_that_has_outlived_its_user_is_like_none_where_the_token_is_optional(
    app: Flask,
) -> None:
    manager_of(app).user_lookup_loader(lambda header, claims: None)
    token = access_token(app)
    assert get(app, "/optional", cookie(token)) == (200, {"sub": None, "location": None})
    assert get(app, "/optional", bearer(token))[0] == 401
    assert get(app, "/protected", cookie(token))[0] == 401
    app.config["JWT_TRY_ALL_LOCATIONS"] = False
    assert get(app, "/optional", cookie(token))[0] == 401


def test_a_bad_header_is_refused_where_the_token_is_optional(app: Flask) -> None:
    for headers in (bearer("x"), bearer(expired(app)), bearer("x") | cookie("x")):
        assert get(app, "/optional", headers)[0] in (401, 422)


def test_a_missing_double_submit_value_is_refused_where_the_token_is_optional(app: Flask) -> None:
    answer = app.test_client(use_cookies=False).post("/optional", headers=cookie(access_token(app)))
    assert (answer.status_code, answer.get_json()) == (401, {"msg": "Missing CSRF token"})


def test_a_stale_cookie_is_refused_where_a_token_is_needed(app: Flask) -> None:
    assert get(app, "/protected", cookie(expired(app)))[0] == 401


def test_without_the_setting_the_first_token_decides() -> None:
    app = make_app(JWT_TOKEN_LOCATION=["cookies", "headers"])
    headers = cookie(expired(app)) | bearer(access_token(app))
    assert get(app, "/protected", headers)[0] == 401
    assert get(app, "/optional", cookie(expired(app)))[0] == 401
