"""One test for each advisory against PyJWT, and each line of what 2.10 to 2.15 hardened."""

from __future__ import annotations

import base64
import codecs
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from countersign import jwt
from countersign.jwt.algorithms import HMACAlgorithm, OKPAlgorithm, get_default_algorithms
from countersign.jwt.exceptions import InvalidJTIError, InvalidSubjectError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .key_pairs import KeyPair

SECRET = "a secret of more than thirty-two bytes"


def segment(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forge(header: Any, payload: Any, secret: bytes) -> str:
    """Sign by hand, with what no encoder would write."""
    message = f"{segment(header)}.{segment(payload)}"
    signature = hmac.digest(secret, message.encode(), "sha256")
    return f"{message}.{segment(signature)}"


def decode(token: str, key: Any = SECRET, **kwargs: Any) -> dict[str, Any]:
    return jwt.decode(token, key, algorithms=["HS256"], **kwargs)


def jwk_of(pair: KeyPair) -> dict[str, Any]:
    algorithm: Any = get_default_algorithms()[pair.algorithm]
    jwk: dict[str, Any] = algorithm.to_jwk(pair.public, as_dict=True)
    return jwk


# Confusion of algorithms: CVE-2017-11424, CVE-2022-29217, CVE-2026-48526, GHSA-ffc3-869f-jxw9,
# GHSA-r6x4-923q-g947, GHSA-p4g4-x82p-q773, GHSA-w2cx-738m-mc7w.

FORMS: dict[str, Callable[[KeyPair], bytes]] = {
    "pem": lambda pair: pair.public_pem(),
    "pem with carriage returns": lambda pair: pair.public_pem().replace(b"\n", b"\r"),
    "pem in one line": lambda pair: pair.public_pem().replace(b"\n", b""),
    "pem after text": lambda pair: b"our key:\n" + pair.public_pem(),
    "pem after an unfinished one": lambda pair: b"-----BEGIN PUBLIC KEY-----" + pair.public_pem(),
    "pem after an end": lambda pair: b"-----END CERTIFICATE" + pair.public_pem(),
    "pem with byte order mark": lambda pair: codecs.BOM_UTF8 + pair.public_pem(),
    "pem in utf-16": lambda pair: pair.public_pem().decode().encode("utf-16"),
    "private pem": lambda pair: pair.private_pem(),
    "der": lambda pair: pair.public_bytes(Encoding.DER),
    "der with byte order mark": lambda pair: codecs.BOM_UTF8 + pair.public_bytes(Encoding.DER),
    "der in base64": lambda pair: base64.b64encode(pair.public_bytes(Encoding.DER)),
    "der in base64 lines": lambda pair: base64.encodebytes(pair.public_bytes(Encoding.DER)),
    "der in base64url": lambda pair: segment(pair.public_bytes(Encoding.DER)).encode(),
    "der in hexadecimal": lambda pair: pair.public_bytes(Encoding.DER).hex().encode(),
    "pem in base64": lambda pair: base64.b64encode(pair.public_pem()),
    "jwk": lambda pair: json.dumps(jwk_of(pair)).encode(),
    "jwk indented": lambda pair: b" \n" + json.dumps(jwk_of(pair), indent=2).encode(),
    "jwk with byte order mark": lambda pair: json.dumps(jwk_of(pair)).encode("utf-8-sig"),
    "jwk in utf-16": lambda pair: json.dumps(jwk_of(pair)).encode("utf-16-le"),
    "jwk in utf-32": lambda pair: json.dumps(jwk_of(pair)).encode("utf-32"),
    "jwk in base64": lambda pair: base64.b64encode(json.dumps(jwk_of(pair)).encode()),
    "jwk set": lambda pair: json.dumps({"keys": [jwk_of(pair)]}).encode(),
    "jwk array": lambda pair: json.dumps([[jwk_of(pair)]]).encode(),
    "jwk with an escaped name": lambda pair: (
        json.dumps(jwk_of(pair)).replace('"kty"', '"\\u006bty"').encode()
    ),
    "jwk with a huge number": lambda pair: (
        json.dumps(jwk_of(pair)).replace("{", '{"x":' + "1" * 5000 + ",", 1).encode()
    ),
    "jwk nested deep": lambda pair: (
        b"[" * 20_000 + json.dumps(jwk_of(pair)).encode() + b"]" * 20_000
    ),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_public_key_is_not_taken_for_a_secret(
    key_pairs: dict[str, KeyPair], algorithm: str, form: str
) -> None:
    public = FORMS[form](key_pairs[algorithm])
    token = forge({"alg": "HS256"}, {"sub": "admin"}, public)
    with pytest.raises(jwt.InvalidKeyError, match=r"asymmetric key|looks like a JWK"):
        jwt.decode(token, public, algorithms=[algorithm, "HS256"])
    with pytest.raises(jwt.InvalidKeyError, match=r"asymmetric key|looks like a JWK"):
        jwt.encode({}, public, algorithm="HS256")


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_ssh_public_key_is_not_taken_for_a_secret(
    key_pairs: dict[str, KeyPair], algorithm: str
) -> None:
    public = key_pairs[algorithm].public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    for spelled in (public, b"\n" + public, codecs.BOM_UTF8 + public):
        token = forge({"alg": "HS256"}, {"sub": "admin"}, spelled)
        with pytest.raises(jwt.InvalidKeyError):
            jwt.decode(token, spelled, algorithms=list(get_default_algorithms()))


def test_pkcs1_der_public_key_is_not_taken_for_a_secret(key_pairs: dict[str, KeyPair]) -> None:
    der = key_pairs["RS256"].public_bytes(Encoding.DER, PublicFormat.PKCS1)
    with pytest.raises(jwt.InvalidKeyError, match="asymmetric key"):
        HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(der)


@pytest.mark.parametrize(
    "secret",
    [
        b"0\x82not-a-der-key",
        b"-----BEGIN PUBLIC KEY-----" * 10_000,
        b'{"this": "is just a json-shaped secret"}',
        b'["kty", ' + b"[" * 2000 + b"0" + b"]" * 2000 + b"]",
        b"[" * 2000 + b"0" + b"]" * 2000,
        b"kty",
        "пароль длиннее тридцати двух байт".encode(),
        bytes(range(256)),
        b"\xff\xfe\x00",
        hashlib.sha256(b"x").hexdigest().encode(),
        base64.b64encode(hashlib.sha512(b"x").digest()),
    ],
)
def test_secrets_that_only_resemble_keys_stay_secrets(secret: bytes) -> None:
    assert HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret) == secret


def test_a_key_that_is_all_openings_is_read_in_linear_time() -> None:
    # A quadratic scan of this takes minutes.
    for secret in (
        b"-----BEGIN PUBLIC KEY-----" * 200_000,
        b'{"' * 200_000,
        b'{"' + b'\\"' * 200_000,
        b'{"' + b'\\"' * 200_000 + b"\\",
        b'{"a"' + b" " * 200_000,
        b"ssh-" * 200_000,
        b"\x30\x80" * 200_000,
    ):
        assert HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret) == secret


# iss: CVE-2024-53861.


@pytest.mark.parametrize("issuer", ["abc", "__abcd", ""])
def test_issuer_is_compared_as_a_whole(issuer: str) -> None:
    token = jwt.encode({"iss": issuer}, SECRET)
    for _ in range(2):
        with pytest.raises(jwt.InvalidIssuerError):
            decode(token, issuer="__abcd__")


# Weak keys: CVE-2025-45768.


def test_short_keys_warn_or_are_refused_by_option() -> None:
    with pytest.warns(jwt.InsecureKeyLengthWarning, match="below the minimum"):
        token = jwt.encode({}, "short")
    with pytest.warns(jwt.InsecureKeyLengthWarning, match="below the minimum"):
        decode(token, "short")
    with pytest.raises(jwt.InvalidKeyError, match="below the minimum"):
        decode(token, "short", options={"enforce_minimum_key_length": True})
    strict = jwt.PyJWT(options={"enforce_minimum_key_length": True})
    with pytest.raises(jwt.InvalidKeyError, match="below the minimum"):
        strict.encode({}, "short")
    with pytest.raises(jwt.InvalidKeyError, match="below the minimum"):
        strict.decode(token, "short", algorithms=["HS256"])


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_empty_secrets_are_refused(algorithm: str) -> None:
    for empty in ("", b""):
        with pytest.raises(jwt.InvalidKeyError, match="must not be empty"):
            jwt.encode({}, empty, algorithm=algorithm)


def test_empty_secret_in_a_jwk_is_refused() -> None:  # GHSA-pxh4-856f-4h89
    with pytest.raises(jwt.InvalidKeyError, match="must not be empty"):
        jwt.PyJWK({"kty": "oct", "k": "", "alg": "HS256"})


def test_secret_of_a_jwk_is_checked_like_any_other(key_pairs: dict[str, KeyPair]) -> None:
    pem = key_pairs["RS256"].public_pem()
    key = jwt.PyJWK({"kty": "oct", "k": segment(pem), "alg": "HS256"})
    with pytest.raises(jwt.InvalidKeyError, match="asymmetric key"):
        decode(forge({"alg": "HS256"}, {}, pem), key)


# crit: CVE-2026-32597. RFC 7515 section 4.1.11.


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"crit": ["x"], "x": 1}, "Unsupported critical extension: x"),
        ({"crit": ["exp"], "exp": 1}, "Unsupported critical extension: exp"),
        ({"crit": []}, "must be a non-empty list"),
        ({"crit": "b64"}, "must be a non-empty list"),
        ({"crit": None}, "must be a non-empty list"),
        ({"crit": [1]}, "values must be strings"),
        ({"crit": ["b64"]}, "'b64' is missing from headers"),
    ],
)
def test_critical_extensions_are_understood_or_refused(
    parameters: dict[str, Any], message: str
) -> None:
    token = forge({"alg": "HS256"} | parameters, {}, SECRET.encode())
    for read in (decode, jwt.get_unverified_header):
        with pytest.raises(jwt.InvalidTokenError, match=message):
            read(token)


# The key's algorithm: CVE-2026-48523.


def test_token_must_have_the_algorithm_of_the_jwk() -> None:
    key = jwt.PyJWK({"kty": "oct", "k": segment(b"k" * 64), "alg": "HS512"})
    token = jwt.encode({}, "k" * 64, algorithm="HS256")
    for _ in range(2):
        with pytest.raises(jwt.InvalidAlgorithmError, match="does not match the key's algorithm"):
            jwt.decode(token, key, algorithms=["HS256", "HS512"])
        with pytest.raises(jwt.InvalidAlgorithmError):
            jwt.decode(token, key)


def test_algorithm_is_decided_anew_for_every_call() -> None:
    token = jwt.encode({}, SECRET)
    assert decode(token) == {}
    for refused in (["HS512"], ["none"], ()):
        with pytest.raises((jwt.InvalidAlgorithmError, jwt.DecodeError)):
            jwt.decode(token, SECRET, algorithms=refused)


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", None, 1, ["HS256"], "hs256"])
def test_unsigned_tokens_and_strange_algorithms_are_refused(alg: Any) -> None:
    token = f"{segment({'alg': alg})}.{segment({})}."
    for algorithms in (["HS256"], ["none", "HS256"], "HS256", {"none"}):
        with pytest.raises((jwt.InvalidAlgorithmError, jwt.DecodeError, jwt.InvalidKeyError)):
            jwt.decode(token, SECRET, algorithms=algorithms)  # type: ignore[arg-type]


# b64 (RFC 7797): CVE-2026-48525, and the detached payload of an attached token.


def test_detached_payload_comes_from_the_program() -> None:
    jws = jwt.PyJWS()
    token = jws.encode(b"payload", SECRET, is_payload_detached=True)
    assert token.split(".")[1] == ""
    assert jws.get_unverified_header(token)["crit"] == ["b64"]
    for _ in range(2):
        assert jws.decode(token, SECRET, ["HS256"], detached_payload=b"payload") == b"payload"
        with pytest.raises(jwt.InvalidSignatureError):
            jws.decode(token, SECRET, ["HS256"], detached_payload=b"other")
        with pytest.raises(jwt.DecodeError, match="required that you pass in a value"):
            jws.decode(token, SECRET, ["HS256"])


def test_payload_segment_of_a_detached_token_is_not_even_decoded() -> None:
    header = {"alg": "HS256", "b64": False, "crit": ["b64"]}
    token = f"{segment(header)}.{'A' * 1025}.{segment(b'x')}"
    with pytest.raises(jwt.DecodeError, match="Payload segment must be empty"):
        jwt.decode(token, SECRET, algorithms=["HS256"], detached_payload=b"")


def test_b64_without_crit_is_refused() -> None:
    token = f"{segment({'alg': 'HS256', 'b64': False})}..{segment(b'x')}"
    with pytest.raises(jwt.InvalidTokenError, match="requires 'b64' to be listed in 'crit'"):
        jwt.decode(token, SECRET, algorithms=["HS256"], detached_payload=b"")


def test_detached_payload_is_refused_for_a_token_that_has_one() -> None:
    token = jwt.encode({"a": 1}, SECRET)
    for _ in range(2):
        with pytest.raises(jwt.DecodeError, match="only valid to pass"):
            decode(token, detached_payload=b'{"a":2}')


# The compact form: GHSA-hxm8-2xgr-2p9m, and padding again since 2.15.1.


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_token_has_one_spelling(place: int) -> None:
    parts = jwt.encode({"ab": 1}, SECRET, headers={"kid": "k"}).split(".")
    assert decode(".".join(parts)) == {"ab": 1}
    for junk in ("!!!!", "\n", " ", "A", "====", "é", "."):
        spelled = [*parts]
        spelled[place] += junk
        with pytest.raises(jwt.DecodeError):
            decode(".".join(spelled))


def test_trailing_bits_must_be_zero() -> None:
    token = jwt.encode({}, SECRET)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(token[-1])
    assert decode(token) == {}
    with pytest.raises(jwt.DecodeError, match="Invalid crypto padding"):
        decode(token[:-1] + alphabet[last | 1])


def test_correct_padding_is_accepted() -> None:
    token = jwt.encode({"a": 1}, SECRET)
    assert decode(token + "=") == {"a": 1}
    with pytest.raises(jwt.DecodeError, match="Invalid crypto padding"):
        decode(token + "==")


@pytest.mark.parametrize("token", ["", ".", "..", "...", "a.b", "a", "é.é.é", "\ud800.a.b"])
def test_what_is_no_token_is_a_decode_error(token: str) -> None:
    for _ in range(2):
        with pytest.raises(jwt.DecodeError):
            decode(token)


def test_a_signed_header_alone_is_no_token() -> None:
    known = jwt.encode({}, SECRET)
    decode(known)
    head = known.split(".")[0]
    signature = segment(hmac.digest(SECRET.encode(), head.encode(), "sha256"))
    with pytest.raises(jwt.DecodeError):
        decode(f"{head}.{signature}")


@pytest.mark.parametrize("token", [None, 1, 1.5, [], {}, bytearray(b"a.b.c"), object()])
def test_other_types_are_a_decode_error(token: Any) -> None:
    with pytest.raises(jwt.DecodeError, match="Invalid token type"):
        decode(token)


# Nesting: GHSA-8wjv-2p76-3863, and payloads since 2.15.


@pytest.mark.parametrize("depth", [1000, 100_000])
def test_deep_nesting_is_a_decode_error(depth: int) -> None:
    deep = b"[" * depth + b"]" * depth
    with pytest.raises(jwt.DecodeError, match="Invalid header string"):
        decode(f"{segment(deep)}.{segment({})}.")
    with pytest.raises(jwt.DecodeError, match="Invalid payload string"):
        decode(forge({"alg": "HS256"}, deep, SECRET.encode()))
    with pytest.raises(jwt.InvalidKeyError):
        OKPAlgorithm.from_jwk("[" * depth)


# Key sets: GHSA-w6j9-cwv2-h6wq.


def test_unusable_members_of_a_set_are_skipped(key_pairs: dict[str, KeyPair]) -> None:
    usable = jwk_of(key_pairs["ES256"]) | {"kid": "usable"}
    bad: list[Any] = [
        *(None, 7, "text", [], {}),
        {"kty": "RSA", "n": 1, "e": "AQAB"},
        {"kty": "RSA", "n": "AA", "e": "AQAB"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
        {"kty": "EC", "crv": ["P-256"], "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "X25519", "x": "AA"},
        {"kty": "oct", "k": 5},
        {"kty": "oct"},
        {"kty": ["oct"], "k": "AA"},
        {"kty": "oct", "k": "AA", "alg": "none"},
        {"kty": "oct", "k": "AA", "alg": {"a": 1}},
        {"kty": "oct", "k": "AA", "alg": "A256KW"},
    ]
    assert [key.key_id for key in jwt.PyJWKSet([*bad, usable])] == ["usable"]
    with pytest.raises(jwt.PyJWKSetError, match="did not contain any usable keys"):
        jwt.PyJWKSet(bad)


@pytest.mark.parametrize("curve", ["EdDSA", "Ed448"])
def test_private_okp_key_must_fit_its_public_part(
    key_pairs: dict[str, KeyPair], curve: str
) -> None:
    jwk = OKPAlgorithm.to_jwk(key_pairs[curve].private, as_dict=True)
    assert isinstance(OKPAlgorithm.from_jwk(jwk), type(key_pairs[curve].private))
    for d in (segment(b"\x01" * len(base64.urlsafe_b64decode(jwk["d"] + "=="))), "AA", 1):
        with pytest.raises(jwt.InvalidKeyError):
            OKPAlgorithm.from_jwk(jwk | {"d": d})


def test_ecdsa_key_must_be_on_the_curve_of_the_algorithm(key_pairs: dict[str, KeyPair]) -> None:
    with pytest.raises(jwt.InvalidKeyError, match=r"secp384r1.*secp256r1"):
        jwt.encode({}, key_pairs["ES384"].private, algorithm="ES256")
    token = jwt.encode({}, key_pairs["ES256"].private, algorithm="ES256")
    with pytest.raises(jwt.InvalidKeyError, match=r"secp384r1.*secp256r1"):
        jwt.decode(token, key_pairs["ES384"].public, algorithms=["ES256"])


# Claims: types since 2.10, 2.11 and 2.15.


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", [[], {}, None, [1], "x", float("inf"), float("nan"), "9" * 5000])
def test_times_that_are_no_numbers_are_refused_in_words(claim: str, value: Any) -> None:
    token = jwt.encode({claim: value}, SECRET)
    for _ in range(2):
        with pytest.raises((jwt.DecodeError, jwt.InvalidIssuedAtError), match=claim):
            decode(token)


@pytest.mark.parametrize("value", [1, None, [], ["a"], {}, True])
def test_sub_and_jti_and_iss_must_be_strings(value: Any) -> None:
    sub, jti, iss = (
        forge({"alg": "HS256"}, {claim: value}, SECRET.encode()) for claim in ("sub", "jti", "iss")
    )
    for _ in range(2):
        with pytest.raises(InvalidSubjectError, match="Subject must be a string"):
            decode(sub)
        with pytest.raises(InvalidJTIError, match="JWT ID must be a string"):
            decode(jti)
        with pytest.raises(jwt.InvalidIssuerError, match="must be a string"):
            decode(iss, issuer="a")
    with pytest.raises(TypeError, match=r"Issuer \(iss\) must be a string"):
        jwt.encode({"iss": value}, SECRET)


@pytest.mark.parametrize("kid", [1, None, [], {}, True])
def test_kid_must_be_a_string(kid: Any) -> None:
    token = forge({"alg": "HS256", "kid": kid}, {}, SECRET.encode())
    for read in (decode, jwt.get_unverified_header):
        with pytest.raises(jwt.InvalidTokenError, match="Key ID header parameter must be a string"):
            read(token)
    with pytest.raises(jwt.InvalidTokenError, match="Key ID header parameter must be a string"):
        jwt.encode({}, SECRET, headers={"kid": kid})
