"""The same calls give the same results and the same errors as PyJWT, where that is installed.

Every call is made twice on our side: the second one may take the short way.
"""

from __future__ import annotations

import base64
import hmac
import inspect
import json
import time
import warnings
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countersign import jwt
from countersign.jwt import exceptions

pyjwt = pytest.importorskip("jwt", reason="PyJWT is compared with if it is installed")
if not pyjwt.__version__.startswith("2.15."):
    pytest.skip("PyJWT is not 2.15", allow_module_level=True)

SECRET = "a secret of more than thirty-two bytes"
NOW = int(time.time())

many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
times: st.SearchStrategy[Any] = st.sampled_from(
    [NOW + 1000, NOW - 1000, 0, -1, "x", "12", str(NOW + 500), None, [], {}, True, 1.5, NOW + 0.5,
     float("inf"), float("nan"), 10**30, "9" * 5000]
)  # fmt: skip
names: st.SearchStrategy[Any] = st.sampled_from(
    ["a", "b", "", "abc", None, 1, [], ["a"], ["a", "b"], ["a", 1], {}, True]
)
claims = st.fixed_dictionaries(
    {},
    optional={name: times for name in ("exp", "nbf", "iat")}
    | {name: names for name in ("iss", "aud", "sub", "jti")},
)
options = st.none() | st.fixed_dictionaries(
    {},
    optional={
        name: st.booleans()
        for name in (
            *("verify_signature", "verify_exp", "verify_nbf", "verify_iat", "verify_aud"),
            *("verify_iss", "verify_sub", "verify_jti", "strict_aud"),
            "enforce_minimum_key_length",
        )
    }
    | {"require": st.sampled_from([[], ["exp"], ["sub"], ["other"]])},
)
arguments = st.fixed_dictionaries(
    {},
    optional={
        "audience": st.sampled_from(["a", "b", ["a"], ("a", "b"), {"a"}, [], "", 1, b"a", "ab"]),
        "issuer": st.sampled_from(["a", "b", ["a"], ("b",), {"a"}, "", 1, "xax", b"a", {"a": 1}]),
        "subject": st.sampled_from(["a", "b", ""]),
        "leeway": st.sampled_from([0, 10, 2000, 1.5, timedelta(seconds=2000), -5]),
        "detached_payload": st.just(b"{}"),
    },
)
algorithm_lists = st.sampled_from([["HS256"], None, [], ["HS512"], ("HS256",), "HS256", ["none"]])
secrets = st.sampled_from([SECRET, SECRET.encode(), "another secret of more than thirty-two", ""])


def outcome(call: Any) -> tuple[str, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return "returned", repr(call())
        except Exception as error:
            return type(error).__name__, str(error)


def sign(header: bytes, payload: bytes) -> bytes:
    parts = [base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, payload)]
    signature = hmac.digest(SECRET.encode(), b".".join(parts), "sha256")
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")])


def assert_same(token: Any, key: Any, algorithms: Any, opts: Any, args: dict[str, Any]) -> None:
    for function in ("decode", "decode_complete"):
        results = [
            outcome(
                lambda module=module, function=function: getattr(module, function)(
                    token, key, algorithms=algorithms, options=opts, **args
                )
            )
            for module in (pyjwt, jwt, jwt)
        ]
        assert results[0] == results[1] == results[2]


@many
@given(claims, options, arguments, algorithm_lists, secrets)
def test_claims_and_options(
    payload: dict[str, Any], opts: Any, args: dict[str, Any], algorithms: Any, key: Any
) -> None:
    token = sign(b'{"alg":"HS256","typ":"JWT"}', json.dumps(payload).encode())
    assert_same(token.decode(), key, algorithms, opts, args)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@many
@given(st.dictionaries(st.text(), json_values), st.booleans())
def test_any_json_is_read_alike(payload: dict[str, Any], escaped: bool) -> None:
    text = json.dumps(payload, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    token = sign(b'{"alg":"HS256"}', text)
    assert_same(token, SECRET, ["HS256"], {"verify_sub": True}, {})


HEADERS = [
    *(b'{"alg":"HS256"}', b'{"alg":"HS256","kid":"a"}', b'{"alg":"HS256","kid":1}', b"{}", b"[]"),
    *(b'{"alg":"none"}', b'{"alg":1}', b'{"alg":""}', b'{"alg":null}', b'{"alg":"HS512"}'),
    *(b'{"alg":"HS256","crit":["b64"]}', b'{"alg":"HS256","b64":true}', b"", b"\xff"),
    *(b'{"alg":"HS256","b64":true,"crit":["b64"]}', b'{"alg":"HS256","b64":false}'),
    *(b'{"alg":"HS256","crit":[]}', b'{"alg":"none","alg":"HS256"}', b'{"alg":"HS256","x":NaN}'),
    *(b' {"alg" : "HS256"}\n', b'\xef\xbb\xbf{"alg":"HS256"}', '{"alg":"HS256"}'.encode("utf-16")),
]
PAYLOADS = [
    *(b"{}", b"[]", b"1", b"", b"{", b'{"a":1,"a":2}', b'{"a":1}x', b"\xff", b'{"a":01}'),
    *(b'{"a":-0,"b":-0.0,"c":1E2,"d":12345678901234567890123,"e":1.1e-7}', b'{"a":"\t"}'),
]


@many
@given(
    st.sampled_from(HEADERS),
    st.sampled_from(PAYLOADS),
    st.integers(0, 200),
    st.sampled_from([None, b"", b"=", b"==", b".", b"A", b"/", b" ", b"!", b"\x80"]),
    algorithm_lists,
    st.booleans(),
)
def test_headers_payloads_and_damage(
    header: bytes, payload: bytes, place: int, damage: bytes | None, algorithms: Any, text: bool
) -> None:
    if header == b'{"alg":1}' and isinstance(algorithms, str):
        return  # PyJWT lets a TypeError out.
    token = sign(header, payload)
    if damage is not None:
        place %= len(token) + 1
        token = token[:place] + damage + token[place + 1 :]
    given_token: Any = token.decode("latin-1") if text else token
    results = [
        outcome(lambda module=module: module.decode(given_token, SECRET, algorithms=algorithms))
        for module in (pyjwt, jwt, jwt)
    ]
    assert results[0] == results[1] == results[2]


@many
@given(
    st.dictionaries(
        st.sampled_from(["exp", "iss", "aud", "é"]), st.none() | st.integers() | st.text()
    ),
    st.none()
    | st.dictionaries(
        st.sampled_from(["kid", "typ", "b64", "crit", "x"]),
        st.sampled_from(["a", "", None, 1, False, True, ["b64"], ["x"], []]),
    ),
    st.sampled_from(["HS256", "HS512", "none", None, "HS1", "hs256"]),
    st.booleans(),
)
def test_tokens_are_written_alike(
    payload: dict[str, Any], headers: Any, algorithm: Any, sort: bool
) -> None:
    for key in (SECRET, None):
        results = [
            outcome(
                lambda module=module, key=key: module.encode(
                    payload, key, algorithm=algorithm, headers=headers, sort_headers=sort
                )
            )
            for module in (pyjwt, jwt, jwt)
        ]
        assert results[0] == results[1] == results[2]


def test_signatures_are_alike() -> None:
    def shape(function: Any) -> list[tuple[str, Any]]:
        return [
            (parameter.name, parameter.kind)
            for parameter in inspect.signature(function).parameters.values()
        ]

    for name in pyjwt.__all__:
        theirs, ours = getattr(pyjwt, name), getattr(jwt, name)
        if issubclass(type(theirs), type) and issubclass(theirs, Exception):
            bases = [base.__name__ for base in theirs.__mro__]
            assert [base.__name__ for base in ours.__mro__] == bases
            continue
        assert shape(theirs) == shape(ours), name
        if isinstance(theirs, type):
            public = {member for member in vars(theirs) if not member.startswith("_")}
            assert public - {"header_typ"} <= set(dir(ours)), name
    assert set(vars(exceptions)) >= {
        name for name in vars(pyjwt.exceptions) if name.endswith("Error")
    }
