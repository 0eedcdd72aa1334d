"""A verifier that remembers what it has accepted answers as one that does not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from countersign import (
    ANY,
    ConfigurationError,
    ExpiredTokenError,
    ImmatureTokenError,
    Key,
    Signer,
    TokenError,
    Verified,
    Verifier,
)
from tests.support import ASYMMETRIC, NOW, SYMMETRIC, claims, make_verifier, policy


@pytest.fixture(scope="module")
def key() -> Key:
    return Key.generate("ES256", kid="one")


@pytest.fixture
def verifier(key: Key) -> Verifier:
    return make_verifier(key, cache=100)


def seen(verified: Verified) -> dict[str, Any]:
    """All that can be asked of one."""
    names = ["iss", "sub", "aud", "jti", "exp", "nbf", "iat", "header", "key"]
    return {name: getattr(verified, name) for name in names} | {
        "claims": verified.to_dict(),
        "repr": repr(verified),
        "items": list(verified.items()),
        "types": [type(verified.exp), type(verified.nbf), type(verified.iat)],
    }


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_a_remembered_token_is_what_it_was(algorithm: str) -> None:
    key = Key.generate(algorithm)
    verifier = make_verifier(key, cache=8)
    token = Signer(key).sign(claims())
    first = verifier.verify(token)
    assert verifier.remembered == 1
    for again in (verifier.verify(token), verifier.verify(token.encode())):
        assert again == first == claims()
        assert again.key == first.key == key.public()
    assert verifier.remembered == 1


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"iss": None, "sub": None, "jti": None, "aud": None, "nbf": None, "iat": None, "exp": None},
        {"aud": []},
        {"aud": ["a", "b"], "sub": '\u00e4\u20ac\U0001f600"\\'},
        {"exp": NOW + 600.5, "nbf": NOW - 1.0, "iat": 1e9},
        {"exp": 253402300799, "iat": 0, "nbf": 0.5, "nested": {"a": [1, {"b": None}], "c": 1.5}},
    ],
)
def test_it_reads_like_one_that_was_just_verified(key: Key, change: dict[str, Any]) -> None:
    loose = {"issuer": ANY, "audience": ANY, "require": []}
    token = Signer(key).sign(claims(**change))
    expected = seen(make_verifier(key, **loose).verify(token))
    verifier = make_verifier(key, **loose, cache=8)
    assert [seen(verifier.verify(token)) for _ in range(3)] == [expected] * 3


def test_dates_are_checked_at_every_call(key: Key) -> None:
    now = NOW
    verifier = make_verifier(key, cache=8, clock=lambda: now, leeway=5)
    token = Signer(key).sign(claims(exp=NOW + 10, nbf=NOW - 10))
    assert verifier.verify(token)
    now = NOW + 15
    with pytest.raises(ExpiredTokenError):
        verifier.verify(token)
    now = NOW - 16
    with pytest.raises(ImmatureTokenError):
        verifier.verify(token)
    now = NOW
    assert verifier.verify(token)


def test_a_token_that_differs_in_one_character_is_another(verifier: Verifier, key: Key) -> None:
    token = Signer(key).sign(claims())
    assert verifier.verify(token)
    for at in range(len(token)):
        for other in {"A", "z", "-", "."} - {token[at]}:
            changed = token[:at] + other + token[at + 1 :]
            try:
                verifier.verify(changed)
            except TokenError:
                continue
            pytest.fail(f"accepted with another character at {at}")
    for changed in (token[:-1], token + "A", token + "=", " " + token, token[1:]):
        with pytest.raises(TokenError):
            verifier.verify(changed)
    assert verifier.verify(token)
    assert verifier.remembered == 1


def test_refusals_are_not_remembered(key: Key, verifier: Verifier) -> None:
    for change in ({"exp": NOW}, {"iss": "other"}, {"aud": "other"}):
        with pytest.raises(TokenError):
            verifier.verify(Signer(key).sign(claims(**change)))
    with pytest.raises(TokenError):
        verifier.verify(Signer(Key.generate("ES256", kid="one")).sign(claims()))
    assert verifier.remembered == 0


def test_policies_remember_apart(key: Key, verifier: Verifier) -> None:
    token = Signer(key).sign(claims())
    assert verifier.verify(token)
    elsewhere = make_verifier(key, cache=8, audience="other")
    with pytest.raises(TokenError):
        elsewhere.verify(token)


def test_what_one_caller_does_with_claims_no_other_sees(key: Key, verifier: Verifier) -> None:
    token = Signer(key).sign(claims(groups=["staff"], nested={"a": [1]}))
    for _ in range(3):
        verified = verifier.verify(token)
        taken = verified.to_dict()
        taken["sub"] = "mallory"
        taken["groups"].append("admin")
        # A mapping that cannot be changed holds lists that can, as it does without the cache.
        verified["groups"].append("admin")
        verified["nested"]["a"].clear()
        again = verifier.verify(token)
        assert (again.sub, again["groups"], again["nested"]) == ("user-1", ["staff"], {"a": [1]})
        assert again.to_dict() == claims(groups=["staff"], nested={"a": [1]})


def test_no_more_are_remembered_than_was_said(key: Key) -> None:
    verifier, signer = make_verifier(key, cache=4), Signer(key)
    tokens = [signer.sign(claims(jti=str(number))) for number in range(20)]
    for _ in range(2):
        assert [verifier.verify(token).jti for token in tokens] == [str(n) for n in range(20)]
    assert 0 < verifier.remembered <= 4


@pytest.mark.parametrize("algorithm", SYMMETRIC)
def test_a_mac_is_remembered_too(algorithm: str) -> None:
    key = Key.generate(algorithm)
    verifier = make_verifier(key, cache=8)
    token = Signer(key).sign(claims())
    assert verifier.verify(token) == verifier.verify(token) == claims()
    assert verifier.remembered == 1


def test_without_a_size_nothing_is_remembered(key: Key) -> None:
    for verifier in (make_verifier(key), make_verifier(key, cache=0)):
        assert verifier.verify(Signer(key).sign(claims()))
        assert verifier.remembered == 0


@pytest.mark.parametrize("cache", [-1, 1.5, True, None, "8", 2**32, 2**80])
def test_a_size_that_is_none(key: Key, cache: object) -> None:
    with pytest.raises(ConfigurationError, match="cache"):
        Verifier(**policy(key, cache=cache))


def test_the_largest_size_takes_no_memory_in_advance(key: Key) -> None:
    verifier = make_verifier(key, cache=2**32 - 1)
    token = Signer(key).sign(claims())
    assert verifier.verify(token) == verifier.verify(token)


def test_threads_share_it(key: Key) -> None:
    verifier, signer = make_verifier(key, cache=16), Signer(key)
    tokens = [signer.sign(claims(sub=f"user-{number}")) for number in range(32)]
    stranger = Signer(Key.generate("ES256", kid="one")).sign(claims())

    def work(offset: int) -> None:
        for turn in range(400):
            number = (turn * 7 + offset) % len(tokens)
            verified = verifier.verify(tokens[number])
            assert (verified.sub, verified["sub"]) == (f"user-{number}",) * 2
            if turn % 20 == 0:
                with pytest.raises(TokenError):
                    verifier.verify(stranger)

    with ThreadPoolExecutor(8) as pool:
        for outcome in [pool.submit(work, offset) for offset in range(8)]:
            outcome.result()
    assert verifier.remembered <= 16
