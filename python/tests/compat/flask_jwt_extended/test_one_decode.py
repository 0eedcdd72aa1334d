"""A request's token is verified once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from countersign import jwt

from .application import SECRET, access_token, bearer, make_app, manager_of


@contextmanager
def counted(name: str) -> Iterator[mock.Mock]:
    """Count the calls of a function of `countersign.jwt`."""
    with mock.patch.object(jwt, name, side_effect=getattr(jwt, name)) as counter:
        yield counter


def test_a_good_token_is_decoded_once() -> None:
    app = make_app()
    token = access_token(app)
    with counted("decode") as decode, counted("decode_complete") as decode_complete:
        answer = app.test_client(use_cookies=False).get("/protected", headers=bearer(token))
    assert answer.status_code == 200
    assert (decode.call_count, decode_complete.call_count) == (1, 0)


def test_a_forged_token_is_decoded_once() -> None:
    app = make_app()
    token = jwt.encode({"sub": "user-1"}, "another" + SECRET)
    with counted("decode") as decode:
        answer = app.test_client(use_cookies=False).get("/protected", headers=bearer(token))
    assert answer.status_code == 422
    assert decode.call_count == 1


def test_a_key_loader_sees_the_token_before_it_is_verified() -> None:
    app = make_app()
    seen: list[Any] = []

    @manager_of(app).decode_key_loader
    def key(header: Any, claims: Any) -> str:
        seen.append((header["alg"], claims["sub"]))
        claims["sub"] = "changed"
        return SECRET

    token = access_token(app)
    with counted("decode") as decode, counted("decode_complete") as decode_complete:
        answer = app.test_client(use_cookies=False).get("/protected", headers=bearer(token))
    assert answer.get_json()["sub"] == "user-1"
    assert seen == [("HS256", "user-1")]
    assert (decode.call_count, decode_complete.call_count) == (1, 1)


def test_a_manager_that_opens_tokens_in_its_own_way_is_asked() -> None:
    """Programs decrypt in ``_decode_jwt_from_config`` and call the original with the rest."""
    from countersign.compat.flask_jwt_extended import JWTManager

    class Wrapping(JWTManager):
        def _decode_jwt_from_config(
            self, encoded_token: str, csrf_value: str | None = None, allow_expired: bool = False
        ) -> dict[str, Any]:
            opened = encoded_token.removeprefix("wrapped-")
            return super()._decode_jwt_from_config(opened, csrf_value, allow_expired)

    app = make_app()
    Wrapping(app)
    headers = bearer("wrapped-" + access_token(app))
    assert (
        app.test_client(use_cookies=False).get("/protected", headers=headers).get_json()["sub"]
        == "user-1"
    )


def test_what_tests_of_programs_replace_is_replaced() -> None:
    """The usual way to switch authentication off in a test."""
    app = make_app()
    module = "countersign.compat.flask_jwt_extended.view_decorators"
    with mock.patch(f"{module}.verify_jwt_in_request") as verify:
        answer = app.test_client(use_cookies=False).get("/optional")
    assert verify.call_count == 1
    assert answer.status_code == 500, "nobody has verified a token, and the view asks for it"

    with mock.patch(f"{module}._decode_jwt_from_request") as decode:
        decode.return_value = ({"sub": "user-2"}, {"alg": "HS256"}, "headers")
        answer = app.test_client(use_cookies=False).get("/protected")
    assert answer.get_json() == {"sub": "user-2", "location": "headers"}
