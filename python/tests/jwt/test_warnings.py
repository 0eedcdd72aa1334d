"""What is warned about, and that a warning points at the program's own line."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from countersign import jwt
from countersign.jwt.warnings import RemovedInPyjwt3Warning

SECRET = "a secret of more than thirty-two bytes"


@pytest.mark.parametrize("function", [jwt.decode, jwt.decode_complete])
def test_unknown_arguments_are_deprecated(function: Any) -> None:
    token = jwt.encode({}, SECRET)
    name = function.__name__
    with pytest.warns(RemovedInPyjwt3Warning) as caught:
        function(token, SECRET, algorithms=["HS256"], foo="bar")
    assert len(caught) == 1
    assert str(caught[0].message) == (
        f"passing additional kwargs to {name}() is deprecated and will be removed in pyjwt "
        "version 3. Unsupported kwargs: ('foo',)"
    )
    assert caught[0].filename == __file__


@pytest.mark.parametrize("name", ["decode", "decode_complete"])
def test_unknown_arguments_of_jws_are_deprecated(name: str) -> None:
    jws = jwt.PyJWS()
    token = jws.encode(b"", SECRET)
    with pytest.warns(RemovedInPyjwt3Warning, match=rf"{name}\(\) is deprecated") as caught:
        getattr(jws, name)(token, SECRET, algorithms=["HS256"], foo="bar")
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("function", [jwt.decode, jwt.decode_complete])
@pytest.mark.parametrize(("verify", "signature"), [(False, True), (True, False)])
def test_verify_that_contradicts_the_options_is_deprecated(
    function: Any, verify: bool, signature: bool
) -> None:
    token = jwt.encode({}, SECRET)
    options = {"verify_signature": signature}
    with pytest.warns(DeprecationWarning, match="`verify` argument to `decode` does nothing") as w:
        function(token, SECRET, algorithms=["HS256"], verify=verify, options=options)
    assert [warning.filename for warning in w] == [__file__]


@pytest.mark.filterwarnings("ignore:The `verify` argument:DeprecationWarning")
def test_verify_switches_nothing_off() -> None:
    token = jwt.encode({}, SECRET)
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, SECRET + "x", algorithms=["HS256"], verify=False)


def test_verify_that_agrees_is_not_worth_a_warning() -> None:
    token = jwt.encode({}, SECRET)
    assert jwt.decode(token, SECRET, algorithms=["HS256"], verify=True) == {}
    assert jwt.decode(token, verify=False, options={"verify_signature": False}) == {}


def test_short_key_is_warned_about_at_the_line_of_the_program() -> None:
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = jwt.encode({}, "short")
    with pytest.warns(jwt.InsecureKeyLengthWarning) as caught:  # noqa: PT031
        for _ in range(3):
            jwt.decode(token, "short", algorithms=["HS256"])
            jwt.decode_complete(token, "short", algorithms=["HS256"])
    assert [warning.filename for warning in caught] == [__file__] * 6
    assert str(caught[0].message) == (
        "The HMAC key is 5 bytes long, which is below the minimum recommended length of "
        "32 bytes for SHA256. See RFC 7518 Section 3.2."
    )


def test_short_key_can_be_silenced_by_category() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", category=jwt.InsecureKeyLengthWarning)
        jwt.decode(jwt.encode({}, "short"), "short", algorithms=["HS256"])


def test_categories_are_those_of_pyjwt() -> None:
    assert jwt.InsecureKeyLengthWarning.__bases__ == (UserWarning,)
    assert RemovedInPyjwt3Warning.__bases__ == (DeprecationWarning,)
