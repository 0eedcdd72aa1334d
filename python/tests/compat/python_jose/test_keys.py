"""Keys in every form that python-jose takes, to verify and to sign."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from countersign.compat.python_jose import jwk, jws, jwt
from countersign.compat.python_jose.backends import ECKey, HMACKey, RSAKey
from countersign.compat.python_jose.constants import ALGORITHMS
from countersign.compat.python_jose.exceptions import JWKError, JWSError, JWTError
from countersign.compat.python_jose.utils import base64url_decode

from .conftest import Pair
from .forging import SECRET, forge


def certificate(pair: Pair) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "issuer.example")])
    day = datetime.timedelta(days=1)
    now = datetime.datetime(2020, 1, 1)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(pair.public)
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + day)
        .sign(pair.private, hashes.SHA256())
    )
    from cryptography.hazmat.primitives.serialization import Encoding

    return built.public_bytes(Encoding.PEM).decode()


VERIFYING: dict[str, Callable[[Pair, Pair], Any]] = {
    "pem": lambda own, other: own.public_pem(),
    "pem as bytes": lambda own, other: own.public_pem().encode(),
    "certificate": lambda own, other: certificate(own),
    "object of cryptography": lambda own, other: own.public,
    "key": lambda own, other: jwk.construct(own.public_pem(), own.algorithm),
    "jwk": lambda own, other: own.jwk(),
    "jwk without alg": lambda own, other: {**own.jwk(), "alg": None},
    "jwk with line breaks": lambda own, other: own.jwk() | {
        name: f" {value[:9]}\n{value[9:]} " for name, value in own.jwk().items() if name in "nxy"
    },
    "jwk as text": lambda own, other: json.dumps(own.jwk()),
    "jwk as bytes": lambda own, other: json.dumps(own.jwk()).encode(),
    "jwk set": lambda own, other: {"keys": [other.jwk(kid="b"), own.jwk(kid="a")]},
    "jwk set with wrong kids": lambda own, other: {"keys": [other.jwk(kid="a"), own.jwk(kid="b")]},
    "jwk set with useless keys": lambda own, other: {
        "keys": [None, 1, {}, {"kty": "OKP"}, {"kty": "RSA"}, other.jwk(use="enc"), own.jwk()]
    },
    "jwk set as text": lambda own, other: json.dumps({"keys": [other.jwk(), own.jwk()]}),
    "list": lambda own, other: [other.public_pem(), own.public_pem()],
    "tuple": lambda own, other: (own.jwk(), other.public_pem()),
    "iterator": lambda own, other: iter([other.jwk(), own.jwk()]),
    "list as text": lambda own, other: json.dumps([other.public_pem(), own.public_pem()]),
    "kid to pem": lambda own, other: {"b": other.public_pem(), "a": own.public_pem()},
    "kid to certificate": lambda own, other: {"b": certificate(other), "a": certificate(own)},
    "kid to pem as text": lambda own, other: json.dumps({"a": own.public_pem()}),
    "wrong kid to pem": lambda own, other: {"a": other.public_pem(), "b": own.public_pem()},
}  # fmt: skip


@pytest.mark.parametrize("form", VERIFYING)
@pytest.mark.parametrize("kid", ["a", None])
def test_rsa_keys_that_verify(rsa_pair: Pair, other_rsa_pair: Pair, form: str, kid: Any) -> None:
    headers = {"kid": kid} if kid else None
    token = jwt.encode({"a": 1}, rsa_pair.private_pem(), algorithm="RS256", headers=headers)
    for _ in range(2):
        key = VERIFYING[form](rsa_pair, other_rsa_pair)
        assert jwt.decode(token, key, algorithms=["RS256"]) == {"a": 1}
    forged = jwt.encode({"a": 1}, Pair("RS256", new_key()).private_pem(), algorithm="RS256")
    with pytest.raises(JWTError, match=r"Signature verification failed\."):
        jwt.decode(forged, VERIFYING[form](rsa_pair, other_rsa_pair), algorithms=["RS256"])


def new_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize(
    "form", ["pem", "certificate", "object of cryptography", "jwk", "jwk with line breaks", "key"]
)
def test_ec_keys_that_verify(ec_pair: Pair, form: str) -> None:
    token = jwt.encode({"a": 1}, ec_pair.private_pem(), algorithm="ES256")
    key = VERIFYING[form](ec_pair, ec_pair)
    assert jwt.decode(token, key, algorithms=["ES256"]) == {"a": 1}


@pytest.mark.parametrize(
    "key",
    [
        SECRET,
        SECRET.encode(),
        {"kty": "oct", "k": "YSBzZWNyZXQgb2YgbW9yZSB0aGFuIHRoaXJ0eS10d28gYnl0ZXM"},
        {"keys": ["another secret of more than thirty-two bytes", SECRET]},
        ["another secret of more than thirty-two bytes", SECRET],
        json.dumps(["another secret of more than thirty-two bytes", SECRET]),
        jwk.construct(SECRET, "HS256"),
    ],
    ids=lambda key: type(key).__name__,
)
def test_secrets_that_verify(key: Any) -> None:
    assert jwt.decode(forge({"a": 1}), key, algorithms=["HS256"]) == {"a": 1}


@pytest.mark.parametrize("secret", ["1234567890" * 4, "true", "null", '"text"', "1e5", "NaN"])
@pytest.mark.filterwarnings("ignore:The HMAC key")
def test_a_secret_that_happens_to_be_json_stays_a_secret(secret: str) -> None:
    assert jwt.decode(jwt.encode({"a": 1}, secret), secret, algorithms=["HS256"]) == {"a": 1}


@pytest.mark.parametrize(
    "form", [Pair.private_pem, lambda pair: pair.jwk(private=True), lambda pair: pair.private]
)
@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "ES256"])
def test_keys_that_sign(rsa_pair: Pair, ec_pair: Pair, form: Any, algorithm: str) -> None:
    pair = ec_pair if algorithm == "ES256" else rsa_pair
    token = jws.sign(b"data", form(pair), algorithm=algorithm)
    assert jws.verify(token, pair.public_pem(), algorithm) == b"data"
    with pytest.warns(UserWarning, match="verify a message with a private key"):
        assert jws.verify(token, pair.private_pem(), algorithm) == b"data"


def test_public_keys_do_not_sign(rsa_pair: Pair, ec_pair: Pair) -> None:
    for pair in (rsa_pair, ec_pair):
        with pytest.raises(JWSError):
            jws.sign(b"data", pair.public_pem(), algorithm=pair.algorithm)


def test_keys_are_written_as_they_were_read(rsa_pair: Pair, ec_pair: Pair) -> None:
    for pair in (rsa_pair, ec_pair):
        key = jwk.construct(pair.private_pem(), pair.algorithm)
        again = jwk.construct(key.to_dict())
        assert again == key
        assert again != key.public_key()
        assert again.__eq__("key") is NotImplemented
        assert jwk.construct(key.to_pem(), pair.algorithm) == key
        public = key.public_key()
        assert public.to_pem() == pair.public_pem().encode()
        assert "d" in key.to_dict()
        assert "d" not in public.to_dict()
        assert jwk.construct(public.to_dict()) == public.public_key()
    secret = jwk.construct(SECRET, "HS256").to_dict()
    assert secret == {"alg": "HS256", "kty": "oct", "k": secret["k"]}
    assert base64url_decode(secret["k"]) == SECRET.encode()


def test_rsa_keys_are_written_in_two_formats(rsa_pair: Pair) -> None:
    key = RSAKey(rsa_pair.private_pem(), "RS256")
    assert key.to_pem("PKCS1").startswith(b"-----BEGIN RSA PRIVATE KEY-----")
    assert key.to_pem().startswith(b"-----BEGIN PRIVATE KEY-----")
    public = RSAKey(rsa_pair.public_pem(), "RS256")
    assert public.to_pem("PKCS1").startswith(b"-----BEGIN RSA PUBLIC KEY-----")
    with pytest.raises(ValueError, match="Invalid format specified"):
        key.to_pem("DER")


def test_the_recipe_of_amazon_cognito(rsa_pair: Pair) -> None:
    token = jwt.encode({"a": 1}, rsa_pair.private_pem(), "RS256", headers={"kid": "k-1"})
    keys = [rsa_pair.jwk(kid="k-1")]
    found = next(key for key in keys if key["kid"] == jwt.get_unverified_headers(token)["kid"])
    message, encoded_signature = str(token).rsplit(".", 1)
    key = jwk.construct(found)
    signature = base64url_decode(encoded_signature.encode("utf-8"))
    assert key.verify(message.encode("utf8"), signature)
    assert key.verify(message, signature)  # type: ignore[arg-type]
    assert not key.verify(b"other", signature)


def test_a_class_of_ones_own() -> None:
    class Reversed(jwk.Key):
        def __init__(self, key: Any, algorithm: str) -> None:
            self.key: str = key

        def sign(self, msg: bytes) -> bytes:
            return bytes(reversed(msg)) + self.key.encode()

        def verify(self, msg: bytes, sig: bytes) -> bool:
            return sig == self.sign(msg)

    jwk.register_key("REV", Reversed)
    try:
        token = jwt.encode({"a": 1}, "k", algorithm="REV")
        assert jwt.decode(token, "k", algorithms=["REV"]) == {"a": 1}
        with pytest.raises(JWTError, match="Signature verification failed"):
            jwt.decode(token, "other", algorithms=["REV"])
        with pytest.raises(JWTError, match="not allowed"):
            jwt.decode(token, "k", algorithms=["HS256"])
    finally:
        ALGORITHMS.KEYS.pop("REV")
        ALGORITHMS.SUPPORTED.discard("REV")


def test_a_class_of_ones_own_must_be_a_key() -> None:
    with pytest.raises(TypeError, match=r"not a subclass of jwk\.Key"):
        jwk.register_key("X", object)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [RSAKey, ECKey, HMACKey])
@pytest.mark.parametrize(
    "key", [object(), None, 1, {}, {"kty": "X"}, {"kty": "RSA"}, {"kty": "EC"}]
)
def test_what_is_no_key_is_a_jwk_error(kind: Any, key: Any) -> None:
    with pytest.raises(JWKError):
        kind(key, {RSAKey: "RS256", ECKey: "ES256", HMACKey: "HS256"}[kind])


def test_key_classes_by_algorithm() -> None:
    assert jwk.get_key("HS256") is HMACKey
    assert jwk.get_key("RS512") is RSAKey
    assert jwk.get_key("ES384") is ECKey
    assert jwk.get_key("none") is None
    assert jwk.get_key(["HS256"]) is None  # type: ignore[arg-type]
    with pytest.raises(JWKError, match="Unable to find an algorithm for key"):
        jwk.construct({"kty": "oct", "k": "eA"})
