"""Beside another verifier, PyJWT, over the corpus and over signatures that are nearly right.

Where the two disagree there is a rule that says why. A disagreement without a rule fails the test,
and so does a rule that nothing needs.
"""

from __future__ import annotations

import base64
import datetime
import json
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from countersign import Key, TokenError, Verifier

from .test_corpus import keys_of, load, token_of, verdict, verifier_of

pyjwt = pytest.importorskip("jwt", reason="PyJWT is compared with if it is installed")
if not pyjwt.__version__.startswith("2.15."):
    pytest.skip("PyJWT is not 2.15", allow_module_level=True)

NOW = 1_800_000_000


class Clock(datetime.datetime):
    """PyJWT reads the clock by itself; here it reads this one."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Clock:
        return cls.fromtimestamp(NOW, tz)


@pytest.fixture(autouse=True)
def fixed_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jwt.api_jwt.datetime", Clock)


class Part:
    """A decoded part of a token, and what an ordinary parser lets pass in it."""

    def __init__(self, encoded: bytes) -> None:
        self.raw = base64.urlsafe_b64decode(encoded + b"==")
        self.names_twice = self.not_a_number = False
        self.value = json.loads(
            self.raw, object_pairs_hook=self._object, parse_constant=self._constant
        )

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        self.names_twice |= len({name for name, _ in pairs}) < len(pairs)
        return dict(pairs)

    def _constant(self, _: str) -> None:
        self.not_a_number = True

    def get(self, name: str) -> Any:
        return self.value.get(name)

    def is_plain_utf_8(self) -> bool:
        return self.raw.startswith(b"{") and b"\0" not in self.raw

    def depth(self) -> int:
        return max(self.raw.count(b"["), self.raw.count(b"{"))


Rule = tuple[str, str, Callable[[bytes, Part, Part], bool]]


def times(payload: Part) -> list[Any]:
    return [payload.get(name) for name in ("exp", "nbf", "iat") if name in payload.value]


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


RULES: list[Rule] = [
    ("token_too_large", "a token has a limit", lambda token, h, p: len(token) > 16 * 1024),
    (
        "malformed_base64",
        "base64url has no padding (RFC 7515 2)",
        lambda token, h, p: b"=" in token,
    ),
    ("malformed_header", "names are unique (RFC 7515 4)", lambda token, h, p: h.names_twice),
    ("malformed_header", "NaN is no JSON (RFC 8259 6)", lambda token, h, p: h.not_a_number),
    (
        "malformed_header",
        "JSON is UTF-8 (RFC 8725 3.7)",
        lambda token, h, p: not h.is_plain_utf_8(),
    ),
    ("malformed_header", "nesting has a limit", lambda token, h, p: h.depth() > 32),
    ("malformed_claims", "names are unique (RFC 7519 4)", lambda token, h, p: p.names_twice),
    ("malformed_claims", "NaN is no JSON (RFC 8259 6)", lambda token, h, p: p.not_a_number),
    (
        "malformed_claims",
        "JSON is UTF-8 (RFC 8725 3.7)",
        lambda token, h, p: not p.is_plain_utf_8(),
    ),
    (
        "malformed_claims",
        "half a character is none (RFC 8259 8.2)",
        lambda t, h, p: b"\\ud" in p.raw,
    ),
    (
        "claim_type",
        "times are numbers (RFC 7519 2)",
        lambda token, h, p: not all(map(is_number, times(p))),
    ),
    (
        "claim_type",
        "exp is before the year 10000 (our policy)",
        lambda token, h, p: is_number(p.get("exp")) and p.get("exp") > 253_402_300_799,
    ),
    (
        "claim_type",
        "sub is a string without tricks (RFC 7519 4.1.2)",
        lambda token, h, p: not str(p.get("sub")).isprintable() or p.get("sub") == "",
    ),
    ("header_invalid", "typ is a string (RFC 7515 4.1.9)", lambda t, h, p: h.get("typ") is None),
    (
        "typ_mismatch",
        "typ says which kind of token (RFC 8725 3.11)",
        lambda t, h, p: h.get("typ") != "at+jwt",
    ),
]


def rule_of(code: str, token: str | bytes) -> str | None:
    raw = token.encode() if isinstance(token, str) else token
    header, payload = (Part(part) for part in raw.split(b".")[:2])
    fitting = (
        name for own, name, applies in RULES if own == code and applies(raw, header, payload)
    )
    return next(fitting, None)


def peer_accepts(token: str | bytes, key: Any, profile: dict[str, Any]) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            pyjwt.decode(
                token,
                pyjwt.PyJWK(key["jwk"], profile["algs"][0]),
                algorithms=profile["algs"],
                audience=profile["aud"],
                issuer=profile["iss"],
                leeway=profile["leeway"],
                options={"require": profile["required"]},
            )
        except Exception:
            return False
    return True


def test_over_the_corpus_each_disagreement_with_pyjwt_has_a_rule() -> None:
    corpus, keys = load("misuse_corpus.json"), load("test_keys.json")["keys"]
    used: set[str] = set()
    compared = 0
    for case in corpus["cases"]:
        profile = corpus["profiles"][case["profile"]]
        key = keys[profile["key"]]
        verifier = verifier_of(profile, key)
        if "jwk" not in key or len(profile["algs"]) != 1 or not isinstance(verifier, Verifier):
            continue
        token = token_of(case)
        code = verdict(verifier, token)
        compared += 1
        if peer_accepts(token, key, profile) == (code is None):
            continue
        assert code is not None, f"{case['id']}: accepted by us only"
        rule = rule_of(code, token)
        assert rule is not None, f"{case['id']}: {code} without a rule"
        used.add(rule)
    assert compared > 600
    assert used == {name for _, name, _ in RULES}


def test_pyjwt_agrees_on_every_signature_that_is_nearly_right() -> None:
    for group in load("forged_signatures.json")["groups"]:
        algorithm = group["alg"]
        if algorithm == "Ed25519":  # PyJWT knows it as EdDSA only.
            continue
        profile: dict[str, Any] = {
            "algs": [algorithm],
            "key_format": "jwk",
            "iss": ["https://issuer.example"],
            "aud": ["https://api.example"],
            "leeway": 0,
            "required": ["exp"],
        }
        verifier = Verifier(
            keys=keys_of(profile, group),
            algorithms=[algorithm],
            issuer=profile["iss"],
            audience=profile["aud"],
            clock=lambda: NOW,
        )
        for case in group["cases"]:
            name = f"{algorithm}: {case['name']}"
            assert accepts(verifier, case["token"]) == case["accept"], name
            assert peer_accepts(case["token"], group, profile) == case["accept"], name


def accepts(verifier: Verifier, token: str) -> bool:
    try:
        verifier.verify(token)
    except TokenError:
        return False
    return True


def test_a_key_of_pyjwt_signs_what_we_accept_and_the_other_way_round() -> None:
    claims = {"iss": "i", "aud": "a", "sub": "s", "exp": NOW + 60}
    for algorithm in (
        "HS256",
        "HS384",
        "HS512",
        "RS256",
        "PS384",
        "ES256",
        "ES384",
        "ES512",
        "EdDSA",
    ):
        key = Key.generate(algorithm)
        theirs = pyjwt.PyJWK(key.to_jwk(private=True), algorithm)
        verifier = Verifier(
            keys=key, algorithms=[algorithm], issuer="i", audience="a", clock=lambda: NOW
        )
        assert dict(verifier.verify(pyjwt.encode(claims, theirs))) == claims
