"""Each known hole of python-jose, by name: what passed there does not pass here."""

from __future__ import annotations

import base64
import codecs
import copy
import json
import time
import tracemalloc
import warnings
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import freezegun
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from countersign.compat.python_jose import jwe, jwk, jws, jwt
from countersign.compat.python_jose.constants import ALGORITHMS
from countersign.compat.python_jose.exceptions import (
    ExpiredSignatureError,
    JWEError,
    JWKError,
    JWSError,
    JWTClaimsError,
    JWTError,
    MissingAlgorithmsWarning,
    UnknownOptionWarning,
)
from countersign.jwt.algorithms import HMACAlgorithm

from .conftest import Pair
from .forging import SECRET, forge

HS256 = ["HS256"]

# Confusion of algorithms: CVE-2024-33663 and what its mend left open.

PUBLIC_FORMS: dict[str, Callable[[Pair], Any]] = {
    "pem": lambda pair: pair.public_pem(),
    "pem as bytes": lambda pair: pair.public_bytes(Encoding.PEM),
    "pem without line breaks": lambda pair: pair.public_pem().replace("\n", ""),
    "pem after text": lambda pair: "our key:\n" + pair.public_pem(),
    "pem after a byte order mark": lambda pair: codecs.BOM_UTF8 + pair.public_bytes(Encoding.PEM),
    "pem in base64": lambda pair: base64.b64encode(pair.public_bytes(Encoding.PEM)),
    "der": lambda pair: pair.public_bytes(Encoding.DER),
    "der in base64": lambda pair: base64.b64encode(pair.public_bytes(Encoding.DER)).decode(),
    "der in hexadecimal": lambda pair: pair.public_bytes(Encoding.DER).hex(),
    "ssh": lambda pair: pair.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
    "jwk as text": lambda pair: json.dumps(pair.jwk()),
    "jwk as text in base64": lambda pair: base64.b64encode(json.dumps(pair.jwk()).encode()),
    "jwk set as text": lambda pair: json.dumps({"keys": [pair.jwk()]}),
    "list of jwk as text": lambda pair: json.dumps([pair.jwk()]),
    "jwk as utf-16 text": lambda pair: json.dumps(pair.jwk()).encode("utf-16"),
}
PUBLIC_KEYS_AS_DICTS: dict[str, Callable[[Pair], Any]] = {
    "jwk": lambda pair: pair.jwk(),
    "jwk without alg": lambda pair: {**pair.jwk(), "alg": None},
    "jwk set": lambda pair: {"keys": [pair.jwk()]},
    "list of pem": lambda pair: [pair.public_pem()],
    "kid to pem": lambda pair: {"k-1": pair.public_pem()},
    "kid to der": lambda pair: {"k-1": pair.public_bytes(Encoding.DER)},
}
ACCEPTED = [None, ["RS256", "HS256"], ["HS256"], "HS256"]


@pytest.mark.filterwarnings(
    "ignore::countersign.compat.python_jose.exceptions.MissingAlgorithmsWarning"
)
@pytest.mark.parametrize("algorithms", ACCEPTED, ids=str)
@pytest.mark.parametrize("kind", ["rsa", "ec"])
@pytest.mark.parametrize("form", PUBLIC_FORMS)
def test_public_key_as_hmac_secret(
    rsa_pair: Pair, ec_pair: Pair, form: str, kind: str, algorithms: Any
) -> None:
    public = PUBLIC_FORMS[form](rsa_pair if kind == "rsa" else ec_pair)
    forged = forge({"sub": "admin"}, public)
    with pytest.raises(JWTError):
        jwt.decode(forged, public, algorithms=algorithms)
    with pytest.raises(JWSError):
        jws.verify(forged, public, algorithms)
    with pytest.raises(JWSError):
        jwt.encode({"sub": "admin"}, public, algorithm="HS256")


@pytest.mark.filterwarnings(
    "ignore::countersign.compat.python_jose.exceptions.MissingAlgorithmsWarning"
)
@pytest.mark.parametrize("algorithms", ACCEPTED, ids=str)
@pytest.mark.parametrize("form", PUBLIC_KEYS_AS_DICTS)
def test_public_keys_in_containers_as_hmac_secrets(
    rsa_pair: Pair, form: str, algorithms: Any
) -> None:
    key = PUBLIC_KEYS_AS_DICTS[form](rsa_pair)
    secrets = [rsa_pair.public_pem(), rsa_pair.public_bytes(Encoding.DER),
               json.dumps(rsa_pair.jwk()), rsa_pair.jwk()["n"], "RSA", "AQAB"]  # fmt: skip
    for secret in secrets:
        forged = forge({"sub": "admin"}, secret, header={"alg": "HS256", "kid": "k-1"})
        with pytest.raises(JWTError):
            jwt.decode(forged, key, algorithms=algorithms)


def test_values_of_a_jwk_without_kty_as_secrets(rsa_pair: Pair) -> None:
    """Taken for a mapping of kid to key, its exponent "AQAB" was a secret that everybody knows."""
    key = rsa_pair.jwk()
    del key["kty"], key["alg"]
    for kid in (None, "e"):
        forged = forge({"sub": "admin"}, "AQAB", header={"alg": "HS256", "kid": kid or "x"})
        with pytest.raises(JWTError, match="mapping of kid to key holds public keys"):
            jwt.decode(forged, key, algorithms=["RS256", "HS256"])


def test_values_of_some_other_dict_as_secrets() -> None:
    configuration = {"issuer": "https://issuer.example", "jwks_uri": "https://issuer.example/keys"}
    forged = forge({"sub": "admin"}, "https://issuer.example")
    with pytest.raises(JWTError):
        jwt.decode(forged, configuration, algorithms=HS256)


@pytest.mark.parametrize(
    "beginning", ["-----BEGIN PUBLIC KEY-----", "---- BEGIN SSH2 PUBLIC KEY ----"]
)
def test_the_beginning_of_a_key_as_hmac_secret(beginning: str) -> None:
    with pytest.raises(JWKError, match="should not be used as an HMAC secret"):
        jwk.construct(beginning, "HS256")


@pytest.mark.parametrize("secret", ["", b""])
def test_empty_secret(secret: str | bytes) -> None:
    with pytest.raises(JWSError):
        jwt.encode({"a": 1}, secret)
    with pytest.raises(JWTError):
        jwt.decode(forge({"a": 1}, b""), secret, algorithms=HS256)


# algorithms=None: the token was trusted.


def test_algorithms_none_warns_and_the_key_decides(rsa_pair: Pair) -> None:
    token = jwt.encode({"a": 1}, rsa_pair.private_pem(), algorithm="RS256")
    with pytest.warns(MissingAlgorithmsWarning, match=r"algorithms=\[...\]"):
        assert jwt.decode(token, rsa_pair.public_pem()) == {"a": 1}
    with pytest.warns(MissingAlgorithmsWarning):
        assert jwt.decode(forge({"a": 1}), SECRET) == {"a": 1}
    with pytest.warns(MissingAlgorithmsWarning), pytest.raises(JWTError):
        jwt.decode(token, SECRET)


@pytest.mark.filterwarnings(
    "ignore::countersign.compat.python_jose.exceptions.MissingAlgorithmsWarning"
)
@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", None, "HS1", "dir", "A128KW", "OWN"])
def test_algorithms_none_takes_no_other_algorithm(
    monkeypatch: pytest.MonkeyPatch, alg: Any
) -> None:
    class Anything(jwk.Key):
        def verify(self, msg: bytes, sig: bytes) -> bool:
            return True

    monkeypatch.setitem(ALGORITHMS.KEYS, "OWN", Anything)
    token = forge({"sub": "admin"}, header={"alg": alg})
    for text in (token, token.rpartition(".")[0] + "."):
        with pytest.raises(JWTError):
            jwt.decode(text, SECRET)


def test_a_jwk_is_for_the_algorithm_that_it_names(rsa_pair: Pair) -> None:
    token = jwt.encode({"a": 1}, rsa_pair.private_pem(), algorithm="RS512")
    for algorithms in (["RS256", "RS512"], ["RS512"]):
        with pytest.raises(JWTError, match="The key is for RS256, the token says RS512"):
            jwt.decode(token, rsa_pair.jwk(), algorithms=algorithms)
    unbound = {**rsa_pair.jwk(), "alg": None}
    assert jwt.decode(token, unbound, algorithms=["RS512"]) == {"a": 1}


def test_a_key_object_is_for_the_algorithm_that_it_was_made_for() -> None:
    key = jwk.construct(SECRET * 2, "HS256")
    with pytest.raises(JWTError, match="The key is for HS256"):
        jwt.decode(forge({"a": 1}, SECRET * 2, algorithm="HS512"), key, algorithms=["HS512"])


def test_a_key_for_encryption_does_not_verify(rsa_pair: Pair) -> None:
    token = jwt.encode({"a": 1}, rsa_pair.private_pem(), algorithm="RS256")
    with pytest.raises(JWTError, match="not for signatures"):
        jwt.decode(token, rsa_pair.jwk(use="enc"), algorithms=["RS256"])


@pytest.mark.parametrize("algorithm", ["ES384", "ES512"])
def test_a_key_on_another_curve(ec_pair: Pair, algorithm: str) -> None:
    for form in (ec_pair.private_pem(), ec_pair.jwk(private=True), ec_pair.private):
        with pytest.raises(JWKError, match="curve"):
            jwk.construct(form, algorithm)


def test_one_algorithm_as_text_is_not_searched_for_a_part() -> None:
    """``alg in algorithms`` found "HS" in "HS256"."""
    with pytest.raises(JWTError, match="The specified alg value is not allowed"):
        jwt.decode(forge({}, header={"alg": "HS"}), SECRET, algorithms="HS256")


def test_headers_that_name_another_algorithm() -> None:
    with pytest.raises(JWSError, match="headers say none, but the algorithm is HS256"):
        jwt.encode({}, SECRET, headers={"alg": "none"})


def test_crit_that_nobody_understands() -> None:
    for crit in (["exp"], ["b64"], [], "exp", [1], None):
        header = {"alg": "HS256", "crit": crit, "exp": 1}
        with pytest.raises(JWTError):
            jwt.decode(forge({"sub": "1"}, header=header), SECRET, algorithms=HS256)


@pytest.mark.parametrize("character", ["!", "\n", " ", "é", "=", "+"])
def test_characters_that_do_not_belong_into_base64(character: str) -> None:
    token = forge({"sub": "1"})
    for place in (3, token.index(".") + 3, len(token) - 2):
        changed = token[:place] + character + token[place:]
        with pytest.raises(JWTError):
            jwt.decode(changed, SECRET, algorithms=HS256)


# Claims.


@pytest.mark.parametrize("options", [{}, {"require_exp": True}])
def test_missing_aud_although_an_audience_is_given(options: dict[str, bool]) -> None:
    token = forge({"sub": "1", "exp": time.time() + 100})
    with pytest.raises(JWTClaimsError, match="Invalid audience"):
        jwt.decode(token, SECRET, algorithms=HS256, audience="api", options=options)
    options = options | {"verify_aud": False}
    assert jwt.decode(token, SECRET, algorithms=HS256, audience="api", options=options)


def test_missing_sub_although_a_subject_is_given() -> None:
    with pytest.raises(JWTClaimsError, match="Invalid subject"):
        jwt.decode(forge({"a": 1}), SECRET, algorithms=HS256, subject="user-1")


@pytest.mark.parametrize("iss", [["me"], {"me": 1}, 1, None, True])
def test_issuer_of_another_type(iss: Any) -> None:
    with pytest.raises(JWTClaimsError, match="Invalid issuer"):
        jwt.decode(forge({"iss": iss}), SECRET, algorithms=HS256, issuer={"me", "you"})


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize(
    "value", [None, [], {}, [1], "x", "", float("nan"), float("inf"), "9" * 5000]
)
def test_moments_of_another_type(claim: str, value: Any) -> None:
    with pytest.raises(JWTClaimsError, match=rf"\({claim}\) must be an integer"):
        jwt.decode(forge({claim: value}), SECRET, algorithms=HS256)


def test_the_very_second_of_exp() -> None:
    with freezegun.freeze_time("2030-01-01 00:00:00"):
        now = int(time.time())
        for exp in (now, now - 1):
            with pytest.raises(ExpiredSignatureError, match="Signature has expired"):
                jwt.decode(forge({"exp": exp}), SECRET, algorithms=HS256)
        assert jwt.decode(forge({"exp": now + 1}), SECRET, algorithms=HS256)
        options = {"leeway": 1}
        assert jwt.decode(forge({"exp": now}), SECRET, algorithms=HS256, options=options)
        with pytest.raises(ExpiredSignatureError):
            jwt.decode(forge({"exp": now - 1}), SECRET, algorithms=HS256, options=options)


def test_claims_that_encode_is_given_stay_as_they_are() -> None:
    claims = {
        "exp": datetime(2040, 1, 1, tzinfo=timezone.utc),
        "nbf": datetime(2020, 1, 1),
        "a": [1],
    }
    before, headers = copy.deepcopy(claims), {"kid": "k-1"}
    token = jwt.encode(claims, SECRET, headers=headers, access_token="t")
    assert claims == before
    assert headers == {"kid": "k-1"}
    read = jwt.get_unverified_claims(token)
    assert (read["exp"], read["nbf"]) == (2208988800, 1577836800)
    assert "at_hash" in read


def test_options_that_decode_is_given_stay_as_they_are() -> None:
    options = {"require_aud": True, "verify_aud": False, "leeway": timedelta(seconds=5)}
    before = dict(options)
    with pytest.raises(JWTError):
        jwt.decode(forge({}), SECRET, algorithms=HS256, options=options)
    assert options == before


@pytest.mark.parametrize(
    ("option", "right"),
    [
        ("verify_audience", "verify_iat|verify_aud"),
        ("require_expp", "require_exp"),
        ("require", "require"),
    ],
)
def test_options_that_do_not_exist_are_named(option: str, right: str) -> None:
    with pytest.warns(
        UnknownOptionWarning, match=rf"{option} is not .*(did you mean ({right})|has)"
    ):
        jwt.decode(forge({}), SECRET, algorithms=HS256, options={option: True})


# Errors of another kind than the documented ones.


@pytest.mark.parametrize("token", [None, 1, [], {}, object()])
def test_a_token_that_is_no_text(token: Any) -> None:
    with pytest.raises(JWTError):
        jwt.decode(token, SECRET, algorithms=HS256)
    with pytest.raises(JWTError):
        jwt.get_unverified_claims(token)
    with pytest.raises(JWTError):
        jwt.get_unverified_header(token)
    with pytest.raises(JWSError):
        jws.verify(token, SECRET, HS256)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": ["HS256"]}, {"alg": {"a": 1}}, {"alg": 1}, {"alg": True}, {}, [], 1, "x", None,
        {"alg": "HS256", "kid": 1}, b"\xff", b"{", b"[" * 100_000,
    ],
    ids=lambda header: str(header)[:20],
)  # fmt: skip
def test_headers_of_another_type(header: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for algorithms in (None, ["HS256", "RS256"]):
            with pytest.raises(JWTError):
                jwt.decode(forge({"sub": "1"}, header=header), SECRET, algorithms=algorithms)


@pytest.mark.parametrize(
    "claims",
    [[], 1, "x", None, b"\xff", b"{", b"[" * 100_000, b'{"a":' * 100_000],
    ids=lambda claims: str(claims)[:20],
)
def test_claims_of_another_type(claims: Any) -> None:
    token = forge(claims)
    with pytest.raises(JWTError, match="Invalid payload string"):
        jwt.decode(token, SECRET, algorithms=HS256)
    with pytest.raises(JWTError, match="Invalid claims string"):
        jwt.get_unverified_claims(token)


def test_a_key_of_another_family_is_both_a_jwt_error_and_a_jwk_error(rsa_pair: Pair) -> None:
    """Where python-jose raised a bare `JWKError`, which ``except JWTError`` does not catch."""
    token = jwt.encode({}, rsa_pair.private_pem(), algorithm="RS256")
    for key in (
        SECRET,
        b"x",
        {"kty": "oct", "k": "eA"},
        {},
        None,
        1,
        object(),
        {"keys": [1, None]},
    ):
        for error in (JWTError, JWKError, JWSError):
            with pytest.raises(error):
                jwt.decode(token, key, algorithms=["RS256", "HS256"])


@pytest.mark.parametrize("at_hash", [None, 1, [], "x"])
@pytest.mark.parametrize("access_token", [None, "", "token", 1, b"token"])
def test_at_hash_of_another_type(at_hash: Any, access_token: Any) -> None:
    with pytest.raises(JWTClaimsError):
        jwt.decode(forge({"at_hash": at_hash}), SECRET, HS256, access_token=access_token)


@pytest.mark.parametrize("audience", [1, b"api", {"api": 1}, [1], [None], object()])
def test_audience_of_another_type(audience: Any) -> None:
    with pytest.raises(JWTError, match="audience must be a string or None"):
        jwt.decode(forge({"aud": "api"}), SECRET, algorithms=HS256, audience=audience)


def test_short_keys_are_warned_of() -> None:
    from countersign.jwt import InsecureKeyLengthWarning

    with pytest.warns(InsecureKeyLengthWarning, match="HMAC key is 6 bytes long"):
        jwt.encode({}, "secret")
    with pytest.warns(InsecureKeyLengthWarning, match="RSA key is 1024 bits long"):
        jwk.construct(rsa.generate_private_key(65537, 1024), "RS256")


def test_private_key_on_another_curve_does_not_sign() -> None:
    """ES256 with P-521 signed, and verified, in python-jose."""
    key = Pair("ES512", ec.generate_private_key(ec.SECP521R1()))
    with pytest.raises(JWSError, match="curve"):
        jwt.encode({}, key.private_pem(), algorithm="ES256")


@pytest.mark.parametrize("leeway", ["5", None, [5]])
def test_a_leeway_of_another_type_is_named_with_every_token(leeway: Any) -> None:
    """It used to fail only where the token had a claim to compare."""
    for claims in ({"sub": "1"}, {"sub": "1", "exp": 4_000_000_000}):
        token = jwt.encode(claims, SECRET)
        with pytest.raises(TypeError, match=r'options\["leeway"\] must be a number of seconds'):
            jwt.decode(token, SECRET, algorithms=["HS256"], options={"leeway": leeway})


def test_claims_that_are_no_dict_are_named() -> None:
    with pytest.raises(JWTError, match="The claims must be a dict, and not list"):
        jwt.encode(["sub"], SECRET)  # type: ignore[arg-type]


def test_a_mac_is_checked_and_not_made_again_and_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """CVE-2016-7036: an early exit of a comparison tells how much of a forged MAC is right."""
    key = jwk.construct(SECRET, algorithm="HS256")
    signature = key.sign(b"message")

    def sign(*_: Any) -> bytes:
        raise AssertionError("verifying asked for the right MAC")

    monkeypatch.setattr(HMACAlgorithm, "sign", sign)
    with pytest.raises(AssertionError):
        key.sign(b"message")
    assert key.verify(b"message", signature)
    assert not key.verify(b"message", signature[:-1] + bytes([signature[-1] ^ 1]))


def test_a_compressed_token_is_not_inflated() -> None:
    """CVE-2024-33664: some kilobytes that become gigabytes."""
    header = base64.urlsafe_b64encode(b'{"alg":"dir","enc":"A256GCM","zip":"DEF"}').rstrip(b"=")
    bomb = base64.urlsafe_b64encode(zlib.compress(bytes(50_000_000), 9)).rstrip(b"=")
    token = b".".join([header, b"", b"AAAAAAAAAAAAAAAA", bomb, b"AAAAAAAAAAAAAAAAAAAAAA"])
    tracemalloc.start()
    try:
        with pytest.raises(JWEError, match="not offered"):
            jwe.decrypt(token, b"k" * 32)
        with pytest.raises(JWTError):
            jwt.decode(token, SECRET, algorithms=["HS256"])
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
