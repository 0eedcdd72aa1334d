"""The tree of exceptions, its codes, and that each of them can travel."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest

import countersign
from countersign import exceptions
from countersign.exceptions import CountersignError, InvalidClaimError, TokenError

ALL = [
    kind
    for _, kind in inspect.getmembers(exceptions, inspect.isclass)
    if issubclass(kind, CountersignError)
]


def test_all_are_exported_and_drawn() -> None:
    names = {kind.__name__ for kind in ALL}
    assert names == set(exceptions.__all__)
    assert names <= set(countersign.__all__)
    for kind in ALL:
        assert f"{kind.__name__}(" in exceptions.__doc__ or kind.__name__ in exceptions.__doc__
        assert kind.__doc__


def test_all_exports_exist() -> None:
    for module in (countersign, exceptions):
        assert sorted(module.__all__) == list(module.__all__)
        for name in module.__all__:
            assert hasattr(module, name), name


def test_the_drawing_says_every_category_under_its_class() -> None:
    drawing = exceptions.__doc__
    for code, kind in exceptions._CLASSES.items():
        assert code in drawing
        made = exceptions._make(code, "message", None, issubclass(kind, TokenError))
        assert type(made) is kind
        assert (made.code, str(made)) == (code, "message")


def test_a_token_error_is_one_whatever_the_category() -> None:
    for code in (*exceptions._CLASSES, "crypto_failed", "unheard_of"):
        made = exceptions._make(code, "m", "sub", True)
        assert isinstance(made, TokenError)
        assert (made.code, made.error, made.status) == (code, "invalid_token", 401)
        other = exceptions._make(code, "m", None, False)
        assert not isinstance(other, TokenError)


@pytest.mark.parametrize("kind", ALL)
def test_exceptions_travel(kind: type[CountersignError]) -> None:
    error = kind("what happened", code="some_code")
    if isinstance(error, InvalidClaimError):
        error.claim = "sub"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(error, protocol))
        assert type(again) is kind
        assert vars(again) == vars(error)
        assert (str(again), again.code) == ("what happened", "some_code")
    assert copy.copy(error).code == copy.deepcopy(error).code == "some_code"


def test_a_real_refusal_travels() -> None:
    from tests.support import claims, hs256, make_verifier

    key = hs256()
    token = countersign.Signer(key).sign(claims(iss="other"))
    with pytest.raises(InvalidClaimError) as caught:
        make_verifier(key).verify(token)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.code, again.claim, again.status) == ("iss_mismatch", "iss", 401)
    assert token not in repr(again)
