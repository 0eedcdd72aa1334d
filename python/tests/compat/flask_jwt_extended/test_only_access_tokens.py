"""``JWT_ONLY_ACCESS_TOKENS``: a route for access tokens takes nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from countersign import jwt
from countersign.compat.flask_jwt_extended.internal_utils import verify_token_type

from .application import SECRET, access_token, bearer, make_app, refresh_token

OTHERS: list[Any] = ["email_verify", "password_reset", "Access", "", None, 1, ["access"]]


def status(app: Any, path: str, token: str) -> int:
    code: int = app.test_client(use_cookies=False).get(path, headers=bearer(token)).status_code
    return code


@pytest.mark.parametrize("kind", OTHERS)
def test_another_type_is_no_access_token(kind: Any) -> None:
    app = make_app(JWT_ONLY_ACCESS_TOKENS=True)
    token = access_token(app, additional_claims={"type": kind})
    answer = app.test_client(use_cookies=False).get("/protected", headers=bearer(token))
    assert (answer.status_code, answer.get_json()) == (
        422,
        {"msg": "Only access tokens are allowed"},
    )
    assert status(app, "/optional", token) == 422
    assert status(app, "/any", token) == 200


def test_a_token_without_type_is_no_access_token() -> None:
    app = make_app(JWT_ONLY_ACCESS_TOKENS=True)
    assert status(app, "/protected", jwt.encode({"sub": "user-1"}, SECRET)) == 422


def test_access_and_refresh_tokens_are_what_they_were() -> None:
    app = make_app(JWT_ONLY_ACCESS_TOKENS=True)
    assert status(app, "/protected", access_token(app)) == 200
    assert status(app, "/refresh", refresh_token(app)) == 200
    assert status(app, "/refresh", access_token(app)) == 422
    assert status(app, "/protected", refresh_token(app)) == 422


@pytest.mark.parametrize("kind", OTHERS)
def test_without_the_setting_other_types_pass_as_ever(kind: Any) -> None:
    app = make_app()
    assert status(app, "/protected", access_token(app, additional_claims={"type": kind})) == 200


def test_a_plain_dict_is_believed() -> None:
    """Programs call this with claims that they have decoded themselves."""
    with make_app(JWT_ONLY_ACCESS_TOKENS=True).app_context():
        verify_token_type({"type": "access"}, refresh=False)
