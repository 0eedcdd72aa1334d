"""The rules for claims, the options that change them, and what programs rely on besides."""

from __future__ import annotations

import json
import re
import time
import zlib
from collections.abc import Iterator, MutableMapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from freezegun import freeze_time

from countersign import jwt
from countersign.jwt.exceptions import InvalidSubjectError

SECRET = "a secret of more than thirty-two bytes"
NOW = 1_700_000_000
NEW_YEAR = "2024-01-01 00:00:00"
NEW_YEAR_SECONDS = 1_704_067_200


def decode(token: str | bytes, **kwargs: Any) -> dict[str, Any]:
    """Decode twice: the long way and, as the header and the key are known then, the short one."""
    outcomes = [_outcome(token, kwargs) for _ in range(2)]
    first, second = outcomes
    assert type(first) is type(second)
    assert str(first) == str(second)
    if isinstance(second, Exception):
        raise second
    return second


def _outcome(token: Any, kwargs: dict[str, Any]) -> dict[str, Any] | Exception:
    try:
        return jwt.decode(token, SECRET, algorithms=["HS256"], **kwargs)
    except Exception as error:
        return error


def token_with(**claims: Any) -> str:
    return jwt.encode(claims, SECRET)


# Times.


@freeze_time(NEW_YEAR)
@pytest.mark.parametrize(
    ("claims", "leeway", "refusal"),
    [
        ({"exp": NEW_YEAR_SECONDS + 1}, 0, None),
        ({"exp": NEW_YEAR_SECONDS}, 0, "Signature has expired"),
        ({"exp": NEW_YEAR_SECONDS}, 1, None),
        ({"exp": NEW_YEAR_SECONDS - 10}, timedelta(seconds=11), None),
        ({"exp": NEW_YEAR_SECONDS - 10}, timedelta(seconds=10), "Signature has expired"),
        ({"exp": str(NEW_YEAR_SECONDS + 1)}, 0, None),
        ({"exp": str(NEW_YEAR_SECONDS)}, 0, "Signature has expired"),
        ({"exp": NEW_YEAR_SECONDS + 0.9}, 0, "Signature has expired"),
        ({"exp": True}, 0, "Signature has expired"),
        ({"nbf": NEW_YEAR_SECONDS}, 0, None),
        ({"nbf": NEW_YEAR_SECONDS + 1}, 0, "not yet valid (nbf)"),
        ({"nbf": NEW_YEAR_SECONDS + 1}, 1, None),
        ({"iat": NEW_YEAR_SECONDS}, 0, None),
        ({"iat": NEW_YEAR_SECONDS + 1}, 0, "not yet valid (iat)"),
        ({"iat": NEW_YEAR_SECONDS + 1}, 1.5, None),
        ({"iat": str(NEW_YEAR_SECONDS)}, 0, None),
    ],
)
def test_times_are_compared_with_the_clock(
    claims: dict[str, Any], leeway: float | timedelta, refusal: str | None
) -> None:
    token = token_with(**claims)
    if refusal is None:
        assert decode(token, leeway=leeway) == claims
        return
    with pytest.raises(
        (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError), match=re.escape(refusal)
    ):
        decode(token, leeway=leeway)


def test_clock_is_python_s_own() -> None:
    with freeze_time("2001-01-01") as clock:
        token = token_with(exp=datetime(2001, 1, 2, tzinfo=timezone.utc))
        assert decode(token)["exp"] == 978_393_600
        clock.tick(timedelta(days=1))
        with pytest.raises(jwt.ExpiredSignatureError):
            decode(token)


def test_clock_of_the_module_can_be_replaced() -> None:
    token = token_with(exp=NOW)
    with mock.patch("countersign.jwt.api_jwt.datetime") as replaced:
        replaced.now.return_value.timestamp.return_value = NOW - 1
        assert decode(token) == {"exp": NOW}
        replaced.now.return_value.timestamp.return_value = NOW
        with pytest.raises(jwt.ExpiredSignatureError):
            decode(token)


def test_datetimes_are_written_as_seconds_and_the_payload_is_left_alone() -> None:
    east = timezone(timedelta(hours=2))
    claims = {
        "exp": datetime(2024, 1, 1, 2, tzinfo=east),
        "iat": datetime(2024, 1, 1),
        "nbf": datetime(2024, 1, 1, tzinfo=timezone.utc),
        "other": 1,
    }
    given = dict(claims)
    token = jwt.encode(claims, SECRET)
    read = decode(token, options={"verify_exp": False})
    assert read == dict.fromkeys(("exp", "iat", "nbf"), NEW_YEAR_SECONDS) | {"other": 1}
    assert claims == given


# Audience, issuer, subject.


@pytest.mark.parametrize(
    ("aud", "audience", "refusal"),
    [
        ("a", "a", None),
        ("a", ["a", "b"], None),
        ("a", ("b", "a"), None),
        ("a", {"a"}, None),
        ("a", iter(["a", "a", "a", "a"]), None),
        (["a", "b"], "a", None),
        (["a", "b"], ["c", "b"], None),
        (None, None, None),
        ("", None, None),
        ([], None, None),
        ("a", None, "Invalid audience"),
        (["a"], None, "Invalid audience"),
        ("a", "b", "Audience doesn't match"),
        ("ab", "a", "Audience doesn't match"),
        ("a", "ab", "Audience doesn't match"),
        ("a", b"a", "Audience doesn't match"),
        ("a", [], "Audience doesn't match"),
        (["a"], "b", "Audience doesn't match"),
        (1, "a", "Invalid claim format in token"),
        ({"a": 1}, "a", "Invalid claim format in token"),
        (["a", 1], "a", "Invalid claim format in token"),
        (None, "a", 'Token is missing the "aud" claim'),
        ("", "a", 'Token is missing the "aud" claim'),
        ([], "a", 'Token is missing the "aud" claim'),
    ],
)
def test_audience(aud: Any, audience: Any, refusal: str | None) -> None:
    token = token_with(aud=aud)
    if refusal is None:
        assert decode(token, audience=audience) == {"aud": aud}
        return
    with pytest.raises(
        (jwt.InvalidAudienceError, jwt.MissingRequiredClaimError), match=f"^{re.escape(refusal)}$"
    ):
        decode(token, audience=audience)


def test_missing_audience() -> None:
    assert decode(token_with()) == {}
    with pytest.raises(jwt.MissingRequiredClaimError) as caught:
        decode(token_with(), audience="a")
    assert caught.value.claim == "aud"


def test_audience_must_be_text_or_iterable() -> None:
    for audience in (1, object()):
        with pytest.raises(TypeError, match="audience must be a string"):
            decode(token_with(), audience=audience)


@pytest.mark.parametrize(
    ("aud", "audience", "refusal"),
    [
        ("a", "a", None),
        ("a", ["a"], "Invalid audience (strict)"),
        (["a"], "a", "Invalid claim format in token (strict)"),
        ("a", "b", "Audience doesn't match (strict)"),
    ],
)
def test_strict_audience(aud: Any, audience: Any, refusal: str | None) -> None:
    token, options = token_with(aud=aud), {"strict_aud": True}
    if refusal is None:
        assert decode(token, audience=audience, options=options) == {"aud": aud}
        return
    with pytest.raises(jwt.InvalidAudienceError, match=re.escape(refusal)):
        decode(token, audience=audience, options=options)


@pytest.mark.parametrize(
    ("iss", "issuer", "refusal"),
    [
        ("a", None, None),
        ("a", "a", None),
        ("a", ["b", "a"], None),
        ("a", {"a": 1}, None),
        ("a", "b", "Invalid issuer"),
        ("a", "ab", "Invalid issuer"),
        ("a", ["ab"], "Invalid issuer"),
        ("a", [], "Invalid issuer"),
        ("a", 1, 'Issuer param must be "str" or "Container[str]"'),
        ("a", b"a", 'Issuer param must be "str" or "Container[str]"'),
    ],
)
def test_issuer(iss: str, issuer: Any, refusal: str | None) -> None:
    token = token_with(iss=iss)
    if refusal is None:
        assert decode(token, issuer=issuer) == {"iss": iss}
        return
    with pytest.raises(jwt.InvalidIssuerError, match=f"^{re.escape(refusal)}$"):
        decode(token, issuer=issuer)


def test_missing_issuer() -> None:
    with pytest.raises(jwt.MissingRequiredClaimError, match='missing the "iss" claim'):
        decode(token_with(), issuer="a")


def test_subject() -> None:
    assert decode(token_with(sub="ann"), subject="ann") == {"sub": "ann"}
    assert decode(token_with(), subject="ann") == {}
    with pytest.raises(InvalidSubjectError, match=r"^Invalid subject$"):
        decode(token_with(sub="ann"), subject="bob")


# Options.


def test_required_claims_must_be_there_and_not_null() -> None:
    assert decode(token_with(a=0), options={"require": ["a"]}) == {"a": 0}
    for claims in ({}, {"a": None}):
        with pytest.raises(jwt.MissingRequiredClaimError, match='missing the "a" claim'):
            decode(token_with(**claims), options={"require": ["a"]})


@pytest.mark.parametrize(
    ("option", "claims"),
    [
        ("verify_exp", {"exp": 1}),
        ("verify_nbf", {"nbf": 1 << 40}),
        ("verify_iat", {"iat": 1 << 40}),
        ("verify_aud", {"aud": "a"}),
        ("verify_sub", {"sub": 1}),
        ("verify_jti", {"jti": 1}),
    ],
)
def test_each_check_can_be_left_out(option: str, claims: dict[str, Any]) -> None:
    token = token_with(**claims)
    with pytest.raises(jwt.InvalidTokenError):
        decode(token)
    assert decode(token, options={option: False}) == claims
    lax: Any = {option: False}
    strict: Any = {option: True}
    instance = jwt.PyJWT(lax)
    assert instance.decode(token, SECRET, algorithms=["HS256"]) == claims
    with pytest.raises(jwt.InvalidTokenError):
        instance.decode(token, SECRET, algorithms=["HS256"], options=strict)


def test_issuer_check_can_be_left_out() -> None:
    assert decode(token_with(iss="a"), issuer="b", options={"verify_iss": False}) == {"iss": "a"}


def test_unverified_reading_checks_only_what_is_asked_for() -> None:
    token = token_with(exp=1, aud="a", sub=1)
    unverified: jwt.types.Options = {"verify_signature": False}
    given = unverified.copy()
    for _ in range(2):
        assert jwt.decode(token, options=unverified) == {"exp": 1, "aud": "a", "sub": 1}
        with pytest.raises(jwt.ExpiredSignatureError):
            jwt.decode(token, options={"verify_signature": False, "verify_exp": True})
    assert unverified == given
    with pytest.raises(jwt.DecodeError, match='value for the "algorithms" argument'):
        jwt.decode(token, SECRET)


def test_options_of_an_instance_are_its_own() -> None:
    instance = jwt.PyJWT(options={"verify_signature": False})
    assert instance.options["verify_exp"] is False
    assert instance.options["strict_aud"] is False
    assert jwt.PyJWT().options["verify_signature"] is True
    token = token_with(exp=1)
    assert instance.decode(token) == {"exp": 1}
    with pytest.raises(jwt.ExpiredSignatureError):
        jwt.decode(token, SECRET, algorithms=["HS256"])


def test_options_may_be_any_mapping() -> None:
    class Options(MutableMapping[str, Any]):
        def __init__(self) -> None:
            self.values_: dict[str, Any] = {"verify_signature": False}

        def __getitem__(self, key: str) -> Any:
            return self.values_[key]

        def __setitem__(self, key: str, value: Any) -> None:
            self.values_[key] = value

        def __delitem__(self, key: str) -> None:
            del self.values_[key]

        def __iter__(self) -> Iterator[str]:
            return iter(self.values_)

        def __len__(self) -> int:
            return len(self.values_)

    options: Any = Options()
    assert jwt.decode(token_with(a=1), options=options) == {"a": 1}
    assert options.values_ == {"verify_signature": False}
    for wrong in (object(), "verify"):
        with pytest.raises((TypeError, ValueError, AttributeError)):
            jwt.decode(token_with(), SECRET, algorithms=["HS256"], options=wrong)  # type: ignore[arg-type]


# What is written and what is read.


def test_encode_returns_text_and_decode_takes_both() -> None:
    token = token_with(a=1)
    assert type(token) is str
    assert decode(token) == decode(token.encode()) == {"a": 1}


def test_token_is_written_as_it_always_was() -> None:
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = jwt.encode({"some": "payload"}, "secret", algorithm="HS256")
    assert token == (
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzb21lIjoicGF5bG9hZCJ9"
        ".4twFt5NiznN84AWoo1d7KO1T_yoc0Z6XOpOVswacPZg"
    )


def test_algorithms_may_be_one_name() -> None:
    token = token_with(a=1)
    for _ in range(2):
        assert jwt.decode(token, SECRET, algorithms="HS256") == {"a": 1}


@pytest.mark.parametrize(
    ("headers", "written"),
    [
        (None, {"alg": "HS256", "typ": "JWT"}),
        ({"kid": "k"}, {"alg": "HS256", "kid": "k", "typ": "JWT"}),
        ({"typ": "at+jwt"}, {"alg": "HS256", "typ": "at+jwt"}),
        ({"typ": None}, {"alg": "HS256"}),
        ({"typ": ""}, {"alg": "HS256"}),
        ({"alg": "HS384"}, {"alg": "HS384", "typ": "JWT"}),
        ({"b64": True}, {"alg": "HS256", "typ": "JWT"}),
        ({"a": {"b": 1}}, {"a": {"b": 1}, "alg": "HS256", "typ": "JWT"}),
    ],
)
def test_header_is_what_was_asked_for(
    headers: dict[str, Any] | None, written: dict[str, Any]
) -> None:
    given = json.dumps(headers)
    for _ in range(2):
        with mock.patch("countersign.jwt.api_jws.warn_caller"):
            token = jwt.encode({}, SECRET, headers=headers)
        header = jwt.get_unverified_header(token)
        assert header == written
        assert list(header) == sorted(header)
    assert json.dumps(headers) == given


def test_header_keeps_its_order_if_asked_to() -> None:
    token = jwt.encode({}, SECRET, headers={"z": 1, "a": 1}, sort_headers=False)
    assert list(jwt.get_unverified_header(token)) == ["typ", "alg", "z", "a"]


def test_algorithm_none_is_unsigned() -> None:
    for algorithm in (None, "none"):
        token = jwt.encode({"a": 1}, None, algorithm=algorithm)  # type: ignore[arg-type]
        assert token.endswith(".")
        assert jwt.decode(token, options={"verify_signature": False}) == {"a": 1}
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(token, None, algorithms=["none"])  # type: ignore[arg-type]


def test_decode_complete_returns_the_parts() -> None:
    token = jwt.encode({"a": 1}, SECRET, headers={"kid": "k"})
    complete = jwt.decode_complete(token, SECRET, algorithms=["HS256"])
    assert complete["header"] == {"alg": "HS256", "kid": "k", "typ": "JWT"}
    assert complete["payload"] == {"a": 1}
    assert len(complete["signature"]) == 32


def test_results_belong_to_the_caller() -> None:
    token = jwt.encode({"a": [1]}, SECRET, headers={"kid": "k"})
    for _ in range(3):
        complete = jwt.decode_complete(token, SECRET, algorithms=["HS256"])
        assert complete["header"] == {"alg": "HS256", "kid": "k", "typ": "JWT"}
        complete["header"].clear()
        claims = decode(token)
        assert claims == {"a": [1]}
        claims["a"].clear()
        jwt.get_unverified_header(token).clear()


def test_payload_must_be_a_dict() -> None:
    payload: Any
    for payload in ("text", (), [], 42, None, set()):
        with pytest.raises(TypeError, match="Expecting a dict object, as JWT only supports"):
            jwt.encode(payload, SECRET)


def test_own_json_encoder_writes_claims_and_header() -> None:
    class Encoder(json.JSONEncoder):
        def default(self, o: Any) -> Any:
            return str(o) if isinstance(o, Decimal) else super().default(o)

    amount = {"amount": Decimal("2.2")}
    with pytest.raises(TypeError):
        jwt.encode(amount, SECRET)
    token = jwt.encode(amount, SECRET, headers=amount, json_encoder=Encoder)
    assert decode(token) == {"amount": "2.2"}
    assert jwt.get_unverified_header(token)["amount"] == "2.2"


def test_json_that_the_engine_refuses_is_read_as_before() -> None:
    class Raw(jwt.PyJWT):
        def _encode_payload(self, payload: dict[str, Any], *args: Any, **kwargs: Any) -> bytes:
            raw: bytes = payload["raw"]
            return raw

    for raw, read in (
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'{"a": Infinity}', {"a": float("inf")}),
        (b'{"a": 1e400}', {"a": float("inf")}),
        (b'{"a": "\\ud800"}', {"a": "\ud800"}),
        ('{"a": "é"}'.encode("utf-16"), {"a": "é"}),
        (b'{"a": ' + b"[" * 200 + b"]" * 200 + b"}", None),
    ):
        token = Raw().encode({"raw": raw}, SECRET)
        assert read is None or decode(token) == read
    with pytest.raises(jwt.DecodeError, match="Invalid payload string: Expecting value: line 1"):
        decode(Raw().encode({"raw": b"x"}, SECRET))
    for raw in (b"[]", b"1", b"null", b'"a"'):
        with pytest.raises(jwt.DecodeError, match="Invalid payload string: must be a json object"):
            decode(Raw().encode({"raw": raw}, SECRET))


def test_replaced_json_loads_is_used() -> None:
    token = token_with(a=1)
    with mock.patch("json.loads", return_value={"alg": "HS256", "replaced": True}):
        complete = jwt.decode_complete(token, SECRET, algorithms=["HS256"])
    assert complete["payload"] == {"alg": "HS256", "replaced": True}


def test_payload_hooks_are_used() -> None:
    class Compressing(jwt.PyJWT):
        def _encode_payload(
            self,
            payload: dict[str, Any],
            headers: dict[str, Any] | None = None,
            json_encoder: type[json.JSONEncoder] | None = None,
        ) -> bytes:
            assert headers == {"zip": "DEF"}
            return zlib.compress(super()._encode_payload(payload, headers, json_encoder))

        def _decode_payload(self, decoded: dict[str, Any]) -> dict[str, Any]:
            assert decoded["header"]["zip"] == "DEF"
            return super()._decode_payload(
                decoded | {"payload": zlib.decompress(decoded["payload"])}
            )

    compressing = Compressing()
    token = compressing.encode({"a": "b" * 1000}, SECRET, headers={"zip": "DEF"})
    assert len(token) < 200
    for _ in range(2):
        assert compressing.decode(token, SECRET, algorithms=["HS256"]) == {"a": "b" * 1000}
        with pytest.raises(jwt.DecodeError, match="Invalid payload string"):
            jwt.decode(token, SECRET, algorithms=["HS256"])


def test_payload_hook_replaced_by_a_test_is_used() -> None:
    token = token_with(a=1)
    assert decode(token) == {"a": 1}
    with mock.patch.object(jwt.PyJWT, "_decode_payload", return_value={"b": 2}):
        assert decode(token) == {"b": 2}
    assert decode(token) == {"a": 1}


def test_overridden_rules_are_used() -> None:
    class NeverExpires(jwt.PyJWT):
        def _validate_exp(self, payload: dict[str, Any], now: float, leeway: float) -> None:
            assert now == pytest.approx(time.time(), abs=5)

    for _ in range(2):
        assert NeverExpires().decode(token_with(exp=1), SECRET, algorithms=["HS256"]) == {"exp": 1}


def test_first_failing_rule_is_the_one_reported() -> None:
    everything = {"iat": "x", "nbf": 1 << 40, "exp": 1, "iss": 1, "aud": 1, "sub": 1, "jti": 1}
    order = [
        ("iat", jwt.InvalidIssuedAtError),
        ("nbf", jwt.ImmatureSignatureError),
        ("exp", jwt.ExpiredSignatureError),
        ("iss", jwt.InvalidIssuerError),
        ("aud", jwt.InvalidAudienceError),
        ("sub", InvalidSubjectError),
        ("jti", jwt.exceptions.InvalidJTIError),
    ]
    raw = json.dumps(everything).encode()
    for name, error in order:
        token = jwt.PyJWS().encode(raw, SECRET)
        with pytest.raises(error):
            decode(token, issuer="a", audience="a")
        del everything[name]
        everything |= {"iss": "a"} if name == "iss" else {}
        everything |= {"aud": "a"} if name == "aud" else {}
        raw = json.dumps(everything).encode()
    assert decode(jwt.PyJWS().encode(raw, SECRET), issuer="a", audience="a")


def test_positions_of_arguments() -> None:
    token = token_with(sub="s", iss="i", aud="a")
    args = (SECRET, ["HS256"], None, None, None, "a")
    assert jwt.decode(token, *args, "s", "i")["sub"] == "s"
    assert jwt.decode_complete(token, *args, "i", "s")["payload"]["sub"] == "s"
