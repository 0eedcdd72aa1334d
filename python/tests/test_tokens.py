"""Signing and verifying, and what comes out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import pytest
from freezegun import freeze_time

from countersign import (
    ANY,
    ConfigurationError,
    ExpiredTokenError,
    ImmatureTokenError,
    InvalidClaimError,
    InvalidHeaderError,
    Key,
    KeyNotFoundError,
    KeySet,
    NotSerializableError,
    Signer,
    TokenError,
    Verified,
    Verifier,
)
from tests.support import (
    ASYMMETRIC,
    AUDIENCE,
    ISSUER,
    NOW,
    SYMMETRIC,
    claims,
    make_verifier,
    policy,
)


@pytest.mark.parametrize("algorithm", SYMMETRIC + ASYMMETRIC)
def test_what_is_signed_is_verified(algorithm: str) -> None:
    key = Key.generate(algorithm)
    token = Signer(key).sign(claims())
    assert make_verifier(key).verify(token) == claims()
    assert make_verifier(key).verify(token.encode()) == claims()
    with pytest.raises(TokenError):
        make_verifier(Key.generate(algorithm)).verify(token)


def test_a_verified_token_is_an_immutable_mapping(verifier: Verifier, token: str) -> None:
    verified = verifier.verify(token)
    assert isinstance(verified, Verified)
    assert isinstance(verified, Mapping)
    assert verified == claims()
    assert claims() == verified
    assert verified == verifier.verify(token)
    assert verified != {}
    assert verified.__eq__("5") is False
    assert dict(verified) == {**verified} == verified.to_dict() == claims()
    assert list(verified) == list(verified.keys()) == list(claims())
    assert list(verified.items()) == list(claims().items())
    assert list(verified.values()) == list(claims().values())
    assert len(verified) == 7
    assert "sub" in verified
    assert "nothing" not in verified
    assert verified["sub"] == verified.get("sub") == "user-1"
    assert verified.get("nothing") is None
    assert verified.get("nothing", 5) == 5
    with pytest.raises(KeyError, match="nothing"):
        verified["nothing"]
    with pytest.raises(TypeError):
        verified["sub"] = "root"  # type: ignore[index]
    with pytest.raises(AttributeError):
        verified.sub = "root"  # type: ignore[misc]
    with pytest.raises(TypeError):
        hash(verified)
    match verified:
        case {"sub": sub}:
            assert sub == "user-1"
        case _:
            pytest.fail("a mapping matches as one")


def test_a_dict_is_the_callers_own(verifier: Verifier, signer: Signer) -> None:
    verified = verifier.verify(signer.sign(claims(roles=["user"])))
    verified.to_dict()["roles"].append("admin")
    verified.to_dict()["sub"] = "root"
    assert verified == claims(roles=["user"])


def test_typed_access(signer: Signer, verifier: Verifier) -> None:
    more = {"n": 3, "f": 0.5, "truth": True, "none": None, "list": [1]}
    verified = verifier.verify(signer.sign({**claims(aud=[AUDIENCE, "x"], iat=NOW - 0.5), **more}))
    assert (verified.iss, verified.sub, verified.jti) == (ISSUER, "user-1", "j-1")
    assert verified.aud == (AUDIENCE, "x")
    assert (verified.exp, verified.nbf, verified.iat) == (NOW + 600, NOW - 60, NOW - 0.5)
    assert isinstance(verified.exp, int)
    assert verified.get_as("sub", str) == "user-1"
    assert verified.get_as("n", int) == 3
    assert verified.get_as("n", float) == 3.0
    assert verified.get_as("truth", bool) is True
    assert verified.get_as("list", list) == [1]
    assert verified.get_as("nothing", str) is None
    assert verified.get_as("none", str) is None
    wrong: list[tuple[str, type]] = [("sub", int), ("truth", int), ("truth", float), ("f", int)]
    for name, kind in wrong:
        with pytest.raises(InvalidClaimError) as caught:
            verified.get_as(name, kind)
        assert (caught.value.code, caught.value.claim) == ("claim_type", name)


def test_the_header_and_the_key(key: Key) -> None:
    signer = Signer(key, typ="at+jwt", header={"x": [1, None], "y": "z"})
    verified = make_verifier(key, typ="at+jwt").verify(signer.sign(claims()))
    header = {"alg": "HS256", "typ": "at+jwt", "kid": key.kid, "x": [1, None], "y": "z"}
    assert isinstance(verified.header, MappingProxyType)
    assert verified.header == header
    assert verified.key.kid == key.kid
    bare = Signer(key, typ=None, with_kid=False).sign(claims())
    assert make_verifier(key).verify(bare).header == {"alg": "HS256"}
    with pytest.raises(InvalidHeaderError) as caught:
        make_verifier(key, typ="at+jwt").verify(bare)
    assert caught.value.code == "typ_mismatch"


def test_times(key: Key, token: str) -> None:
    def at(now: float, leeway: int = 0) -> Verified:
        return make_verifier(key, clock=lambda: now, leeway=leeway).verify(token)

    assert at(NOW + 599.9)
    assert at(NOW + 600, leeway=1)
    with pytest.raises(ExpiredTokenError):
        at(NOW + 600)
    with pytest.raises(ImmatureTokenError) as caught:
        at(NOW - 61)
    assert caught.value.code == "token_not_yet_valid"
    assert at(NOW - 61, leeway=1)


def test_the_ordinary_clock_can_be_frozen(key: Key, token: str) -> None:
    verifier = make_verifier(key, clock=None)
    with freeze_time("2027-01-15T08:09:59Z"):
        assert verifier.verify(token)
    with freeze_time("2027-01-15T08:10:00Z"), pytest.raises(ExpiredTokenError):
        verifier.verify(token)


@pytest.mark.parametrize("now", [math.nan, math.inf, -math.inf, 1e300, None, "5", 10**400])
def test_a_clock_that_tells_no_time_is_a_configuration_error(
    key: Key, token: str, now: object
) -> None:
    with pytest.raises(ConfigurationError):
        make_verifier(key, clock=lambda: now).verify(token)


def test_a_clock_that_fails(key: Key, token: str) -> None:
    def broken() -> float:
        raise OSError("no clock")

    with pytest.raises(ConfigurationError) as caught:
        make_verifier(key, clock=broken).verify(token)
    assert isinstance(caught.value.__cause__, OSError)

    def interrupted() -> float:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_verifier(key, clock=interrupted).verify(token)


def test_issuers_and_audiences(key: Key, signer: Signer) -> None:
    several = make_verifier(key, issuer=["other", ISSUER], audience=("other", AUDIENCE))
    assert several.verify(signer.sign(claims()))
    unchecked = make_verifier(key, issuer=ANY, audience=ANY)
    assert unchecked.verify(signer.sign(claims(iss=None, aud="anybody")))
    nobody = make_verifier(key, audience=[])
    assert nobody.verify(signer.sign(claims(aud=None)))
    for refused in (claims(), claims(aud=[])):
        with pytest.raises(InvalidClaimError) as caught:
            nobody.verify(signer.sign(refused))
        assert (caught.value.code, caught.value.claim) == ("aud_mismatch", "aud")
    with pytest.raises(InvalidClaimError) as caught:
        make_verifier(key).verify(signer.sign(claims(iss="other")))
    assert (caught.value.code, caught.value.claim) == ("iss_mismatch", "iss")
    with pytest.raises(InvalidClaimError) as caught:
        make_verifier(key, require=["exp", "tenant"]).verify(signer.sign(claims()))
    assert (caught.value.code, caught.value.claim) == ("missing_claim", "tenant")


def test_exp_is_required_unless_said_otherwise(key: Key, signer: Signer) -> None:
    endless = signer.sign(claims(exp=None))
    with pytest.raises(InvalidClaimError):
        make_verifier(key).verify(endless)
    assert make_verifier(key, require=[]).verify(endless)


def test_a_key_ignores_the_kid_and_a_set_looks_it_up() -> None:
    one, two = Key.generate("ES256", kid="one"), Key.generate("ES256", kid="two")
    keys = KeySet([one, two])
    assert [key.kid for key in keys] == ["one", "two"]
    assert len(keys) == 2
    named = Signer(two).sign(claims())
    assert make_verifier(two.with_kid("another")).verify(named)
    verifier = Verifier(**{**policy(two), "keys": keys})
    assert verifier.verify(named).key == two.public()
    unnamed = Signer(two, with_kid=False).sign(claims())
    unknown = Signer(two.with_kid("three")).sign(claims())
    for token in (unnamed, unknown):
        with pytest.raises(KeyNotFoundError):
            verifier.verify(token)
    assert Verifier(**{**policy(two), "keys": KeySet([two])}).verify(unnamed)
    swapped = Signer(two.with_kid("one")).sign(claims())
    with pytest.raises(TokenError) as caught:
        verifier.verify(swapped)
    assert caught.value.code == "signature_invalid"


def test_values_survive(signer: Signer, verifier: Verifier) -> None:
    floats = [0.0, -0.0, 0.1, 1e-300, 1.7976931348623157e308, 5e-324, 1e16, 123456.789]
    values = {
        "ints": [0, -1, 2**31, -(2**63), 2**63, 2**64, 10**300, -(10**300)],
        "floats": floats,
        "texts": ["", "é", "\u0000\u001f\u007f", "\U0001f600", '"\\/\b\f\n\r\t', "\u2028\ufffd"],
        "others": [True, False, None, [], {}, [[]], {"": {"a": {}}}],
        "é\n\U0001f600": 1,
    }
    verified = verifier.verify(signer.sign({**claims(), **values}))
    assert verified == {**claims(), **values}
    assert [str(value) for value in verified["floats"]] == [str(value) for value in floats]
    assert verifier.verify(signer.sign(claims(t=(1, 2))))["t"] == [1, 2]


def test_many_names_and_depth(signer: Signer, key: Key) -> None:
    wide = {f"claim-{number}": number for number in range(500)}
    assert make_verifier(key).verify(signer.sign({**claims(), **wide}))["claim-499"] == 499

    def nested(depth: int) -> list[object]:
        value: list[object] = []
        for _ in range(depth - 1):
            value = [value]
        return value

    assert make_verifier(key).verify(signer.sign(claims(n=nested(31))))
    with pytest.raises(TokenError) as caught:
        make_verifier(key).verify(signer.sign(claims(n=nested(32))))
    assert caught.value.code == "malformed_claims"
    assert make_verifier(key, max_json_depth=128).verify(signer.sign(claims(n=nested(127))))


def recursive() -> dict[str, object]:
    value: dict[str, object] = {}
    value["itself"] = value
    return value


@pytest.mark.parametrize(
    "refused",
    [
        None, 5, "text", [], [("sub", "x")], b"{}",
        {1: 2}, {None: 1}, {"a": object()}, {"a": b""}, {"a": {1, 2}}, {"a": 1j},
        {"a": math.nan}, {"a": math.inf}, {"a": "\ud800"}, {"\udfff": 1}, {"a": 10**309},
        {"a": 10**10000}, {"a": [[{"b": object()}]]}, recursive(),
    ],
)  # fmt: skip
def test_claims_that_have_no_json_form_are_refused(signer: Signer, refused: object) -> None:
    with pytest.raises(NotSerializableError):
        signer.sign(refused)  # type: ignore[arg-type]


def test_subclasses_are_taken_for_what_they_are(signer: Signer, verifier: Verifier) -> None:
    class Text(str):
        def __str__(self) -> str:
            raise AssertionError("no code of a subclass runs")

    class Number(int):
        def __repr__(self) -> str:
            raise AssertionError("no code of a subclass runs")

    class Dict(dict[str, object]):
        def items(self) -> object:  # type: ignore[override]
            raise AssertionError("no code of a subclass runs")

    token = signer.sign(Dict(claims(n=Number(2**70), t=Text("x"))))
    assert verifier.verify(Text(token)) == claims(n=2**70, t="x")
