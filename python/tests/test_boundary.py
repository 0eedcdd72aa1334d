"""Anything at all may be given as a token, and nothing but a `TokenError` comes back."""

from __future__ import annotations

import base64
import json
import math
import os
import random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from countersign import (
    CountersignError,
    Key,
    KeySet,
    NotSerializableError,
    Signer,
    TokenError,
    Verifier,
)
from countersign._native import b64url_decode, b64url_encode, loads
from tests.support import NOW, claims, hs256, make_verifier

KEY = hs256()
SIGNER = Signer(KEY)
VERIFIERS = [
    make_verifier(KEY),
    make_verifier(Key.generate("ES256")),
    Verifier(
        keys=KeySet([Key.generate("EdDSA", kid="a"), Key.generate("EdDSA", kid="b")]),
        algorithms=["EdDSA"],
        issuer="x",
        audience=[],
    ),
]
TOKEN = SIGNER.sign(claims())


class Text(str):
    def encode(self, *_: Any) -> bytes:
        raise AssertionError("no code of a subclass runs")

    def __len__(self) -> int:
        raise AssertionError("no code of a subclass runs")


class Bytes(bytes):
    def __bytes__(self) -> bytes:
        raise AssertionError("no code of a subclass runs")

    def __len__(self) -> int:
        raise AssertionError("no code of a subclass runs")


class Hostile:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __str__(self) -> str:
        raise RuntimeError("str")

    def __eq__(self, _: object) -> bool:
        raise RuntimeError("eq")

    __hash__ = None  # type: ignore[assignment]


any_text = st.text(st.characters())  # surrogates included
any_object = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), st.binary(),
    any_text, any_text.map(Text), st.binary().map(Bytes), st.binary().map(bytearray),
    st.binary().map(lambda data: memoryview(data)), st.lists(st.none()),
    st.dictionaries(st.text(), st.none()),
    st.just(10**5000), st.just(Hostile()), st.just(object), st.just(NOW),
)  # fmt: skip
base64ish = st.text("ABCDEFabcdef0123456789-_=+/. \n\u00e9", max_size=40)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**300), 2**300) | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


def many(times: int) -> settings:
    """So many examples; more of them in a long run."""
    examples = int(os.environ.get("COUNTERSIGN_FUZZ_EXAMPLES", "250"))
    return settings(max_examples=times * examples, deadline=None)


def refused_or_right(verifier: Verifier, token: Any) -> None:
    try:
        verified = verifier.verify(token)
    except TokenError as refusal:
        assert refusal.code
        assert (refusal.error, refusal.status) == ("invalid_token", 401)
    else:
        assert verified == claims()


@many(2)
@given(any_object)
@example("")
@example("\ud800")
@example(TOKEN + "\ud800")
@example(TOKEN.encode("utf-16"))
@example("." * 20000)
@example("a" * 2_000_000)
@example("é" * 2_000_000)
@example(bytearray(TOKEN.encode()))
@example(type("Strange", (str,), {"__slots__": ()})(TOKEN))
def test_any_object(token: Any) -> None:
    for verifier in VERIFIERS:
        refused_or_right(verifier, token)


@many(2)
@given(st.lists(base64ish, min_size=1, max_size=5).map(".".join))
def test_any_parts(token: str) -> None:
    for verifier in VERIFIERS:
        refused_or_right(verifier, token)


@many(2)
@given(st.integers(0, len(TOKEN) - 1), st.characters(), st.booleans())
def test_any_change_of_a_token(place: int, character: str, replace: bool) -> None:
    changed = TOKEN[:place] + character + TOKEN[place + replace :]
    if changed != TOKEN:
        for verifier in VERIFIERS:
            with pytest.raises(TokenError):
                verifier.verify(changed)


def test_a_great_many_broken_tokens() -> None:
    """Quick and blind: three random bytes of a good token, changed."""
    chance = random.Random(7)
    verify = VERIFIERS[0].verify
    good = TOKEN.encode()
    for _ in range(400 * int(os.environ.get("COUNTERSIGN_FUZZ_EXAMPLES", "250"))):
        broken = bytearray(good)
        for _ in range(3):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        if broken != good:
            try:
                verify(bytes(broken))
            except TokenError:
                continue
            pytest.fail(f"accepted: {broken!r}")


@many(1)
@given(st.binary(), st.binary())
def test_any_header_and_payload_under_a_right_signature(header: bytes, payload: bytes) -> None:
    for text in (header, b'{"alg":"HS256"}'):
        refused_or_right(VERIFIERS[0], signed(text, payload))


@many(2)
@given(json_values)
def test_any_json_under_a_right_signature(value: Any) -> None:
    for payload in (value, {**claims(), "x": value}):
        text = json.dumps(payload).encode("utf-8", "surrogatepass")
        try:
            verified = VERIFIERS[0].verify(signed(b'{"alg":"HS256"}', text))
        except TokenError as refusal:
            assert refusal.code in {"malformed_claims", "claim_type", "missing_claim"}
        else:
            assert dict(verified) == payload
            assert loads(text) == payload


@many(2)
@given(st.dictionaries(any_text, any_object | json_values, max_size=5))
def test_any_claims_to_sign(value: dict[str, Any]) -> None:
    try:
        token = SIGNER.sign({**value, **claims()})
    except NotSerializableError:
        return
    verified = VERIFIERS[0].verify(token)
    assert json.dumps(verified.to_dict()) == json.dumps({**value, **claims()})


NAMES = [
    "keys", "algorithms", "issuer", "audience", "leeway", "require", "typ", "max_token_bytes",
    "max_json_depth", "clock", "algorithm", "secret", "jwk", "text", "kid", "key", "header",
    "jwks", "other",
]  # fmt: skip


@many(1)
@given(
    st.lists(any_object, max_size=2),
    st.dictionaries(st.sampled_from(NAMES), any_object, max_size=4),
)
def test_any_configuration(args: list[Any], kwargs: dict[str, Any]) -> None:
    good: dict[str, Any] = {
        "keys": KEY, "algorithms": ["HS256"], "issuer": "x", "audience": "y",
    }  # fmt: skip
    makers: list[Any] = [
        Verifier, Signer, KeySet, KeySet.from_jwks, Key.from_pem, Key.from_jwk, Key.from_secret,
        Key.generate, KEY.with_kid, lambda *a, **k: Verifier(*a, **{**good, **k}),
    ]  # fmt: skip
    for make in makers:
        try:
            make(*args, **kwargs)
        except CountersignError as refusal:
            assert isinstance(refusal, ValueError)
        except TypeError:
            assert make == KEY.with_kid


@many(2)
@given(st.binary())
def test_base64url_has_one_spelling(data: bytes) -> None:
    text = b64url_encode(data)
    assert text == base64.urlsafe_b64encode(data).rstrip(b"=")
    assert b64url_decode(text) == data
    try:
        decoded = b64url_decode(data)
    except ValueError:
        return
    assert b64url_encode(decoded) == data


def reference(text: str) -> Any:
    """Python's parser, made strict."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("duplicate")
        return dict(pairs)

    def finite(text: str) -> float:
        if not math.isfinite(float(text)):
            raise ValueError("range")
        return float(text)

    def integer(text: str) -> int:
        finite(text)
        return int(text)

    def constant(text: str) -> None:
        raise ValueError(text)

    value = json.loads(
        text,
        object_pairs_hook=unique,
        parse_float=finite,
        parse_int=integer,
        parse_constant=constant,
    )
    json.dumps(value, ensure_ascii=False).encode()  # lone surrogates
    return value


pieces = st.sampled_from(
    [*'{}[]:,"\\ \n\t\x00\x0b', "u0041", "ud83d", "ude00", "dead", '"a"', '"\\u0061"', "0", "1",
     "-", "+", ".", "e", "E", "99", "true", "false", "null", "NaN", "Infinity", "é", "\U0001f600",
     "123456789012345678901234567890", "1e400", "/", "\\n"]
)  # fmt: skip


@many(4)
@given(st.lists(pieces, max_size=14).map("".join))
@example('{"a":1,"\\u0061":2}')
@example("9" * 309)
@example("9" * 310)
@example("-" + "9" * 5000)
@example("1" + "0" * 308 + ".5")
@example('"\\ud800\\u0041"')
@example('["\\ud83d\\ude00"]')
def test_strict_json_is_pythons_made_strict(text: str) -> None:
    try:
        expected = reference(text)
    except (ValueError, RecursionError):
        with pytest.raises(ValueError, match=r".+"):
            loads(text.encode())
    else:
        found = loads(text.encode())
        assert found == expected
        assert json.dumps(found) == json.dumps(expected)


def test_depth_of_json() -> None:
    assert loads(b"[" * 128 + b"]" * 128)
    for depth in (129, 1_000_000):
        with pytest.raises(ValueError, match="deep"):
            loads(b"[" * depth)
    assert loads(b'{"a":[]}', max_depth=2) == {"a": []}
    with pytest.raises(ValueError, match="deep"):
        loads(b'{"a":[]}', max_depth=1)
    for refused in (0, 129):
        with pytest.raises(ValueError, match="max_depth"):
            loads(b"1", max_depth=refused)


def signed(header: bytes, payload: bytes) -> str:
    import hashlib
    import hmac

    message = b64url_encode(header) + b"." + b64url_encode(payload)
    tag = hmac.new(KEY.to_secret(), message, hashlib.sha256).digest()
    return (message + b"." + b64url_encode(tag)).decode()
