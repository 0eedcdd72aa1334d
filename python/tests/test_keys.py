"""Keys in and out, and the refusal of those that are not what they should be."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from countersign import ConfigurationError, CountersignError, Key, KeyMaterialError, KeySet, Signer
from countersign._native import b64url_decode
from tests.support import ASYMMETRIC, SECRET, SYMMETRIC, claims, hs256, make_verifier


def test_the_size_of_an_rsa_key_may_be_chosen() -> None:
    for algorithm, bits in (("RS256", 3072), ("PS512", 2048), ("RS256", None)):
        key = Key.generate(algorithm, bits=bits)
        modulus = b64url_decode(key.to_jwk()["n"].encode())
        assert len(modulus) * 8 == (bits or 2048)
        assert make_verifier(key).verify(Signer(key).sign(claims())) == claims()
    with pytest.raises(KeyMaterialError, match="only an rsa key"):
        Key.generate("ES256", bits=2048)
    for size in (0, 1024, 2049, -1, True, "2048", 2**64):
        with pytest.raises(ConfigurationError, match="bits"):
            Key.generate("RS256", bits=size)  # type: ignore[arg-type]


@pytest.mark.parametrize("algorithm", SYMMETRIC + ASYMMETRIC)
def test_keys_survive_every_form(algorithm: str) -> None:
    key = Key.generate(algorithm, kid="my key")
    assert (key.algorithm, key.kid, key.can_sign) == (algorithm, "my key", True)
    assert key.is_symmetric == (algorithm in SYMMETRIC)
    jwk = key.to_jwk(private=True)
    assert Key.from_jwk(jwk) == Key.from_jwk(json.dumps(jwk)) == key
    assert Key.from_jwk(jwk, algorithm) == Key.from_jwk(json.dumps(jwk).encode()) == key
    assert hash(Key.from_jwk(jwk)) == hash(key)
    if key.is_symmetric:
        assert Key.from_secret(key.to_secret(), algorithm=algorithm, kid="my key") == key
        for no_public in (key.public, key.to_jwk, key.to_pem, lambda: key.to_pem(private=True)):
            with pytest.raises(KeyMaterialError):
                no_public()
        return
    public = key.public()
    assert (public.algorithm, public.kid, public.can_sign) == (algorithm, "my key", False)
    assert public.public() == public != key
    assert Key.from_jwk(key.to_jwk()) == Key.from_jwk(public.to_jwk()) == public
    assert Key.from_pem(key.to_pem(), algorithm=algorithm, kid="my key") == public
    private_pem = key.to_pem(private=True)
    assert Key.from_pem(private_pem, algorithm=algorithm, kid="my key") == key
    assert Key.from_pem(private_pem.encode(), algorithm=algorithm).with_kid("my key") == key
    assert not {"d", "p", "q", "k"} & key.to_jwk().keys()
    for impossible in (
        lambda: public.to_pem(private=True),
        lambda: public.to_jwk(private=True),
        public.to_secret,
        key.to_secret,
        lambda: Signer(public),
    ):
        with pytest.raises(KeyMaterialError):
            impossible()
    published = KeySet([key]).to_jwks()
    assert published == {"keys": [key.to_jwk()]}
    again = KeySet.from_jwks(published)
    assert list(again) == list(KeySet.from_jwks(json.dumps(published))) == [public]
    assert again.get("my key") == public
    assert again.get("other") is None
    assert make_verifier(public).verify(Signer(key).sign(claims()))


def test_other_programs_read_our_pem() -> None:
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    for algorithm in ASYMMETRIC:
        key = Key.generate(algorithm)
        private = serialization.load_pem_private_key(key.to_pem(private=True).encode(), None)
        public = private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        assert public.decode() == key.to_pem()


def test_a_set_refuses_what_is_ambiguous_or_secret() -> None:
    one, two = Key.generate("ES256", kid="same"), Key.generate("ES256", kid="same")
    for refused in ([one, two], [one, one], [one, hs256()]):
        with pytest.raises(KeyMaterialError):
            KeySet(refused)
    rsa = Key.generate("RS256", kid="rsa")
    pss = Key.from_pem(rsa.to_pem(), algorithm="PS256", kid="rsa")
    assert len(KeySet([rsa, pss])) == 2
    assert KeySet([hs256()]).to_jwks() == {"keys": []}
    for secret in (one.to_jwk(private=True), hs256().to_jwk(private=True)):
        with pytest.raises(KeyMaterialError):
            KeySet.from_jwks({"keys": [secret]})


def test_a_published_set_leaves_out_what_is_not_for_signatures() -> None:
    rsa, ed = Key.generate("RS256", kid="rsa"), Key.generate("EdDSA", kid="ed")
    bare = {name: value for name, value in rsa.to_jwk().items() if name != "alg"}
    others = [{"kty": "EC", "crv": "P-999"}, {**ed.to_jwk(), "use": "enc", "kid": "x"}, {}]
    keys = KeySet.from_jwks({"keys": [bare, ed.to_jwk(), *others]})
    assert list(keys) == [rsa.public(), ed.public()]
    both = KeySet.from_jwks({"keys": [bare]}, rsa_algorithms=["RS256", "PS256"])
    assert [key.algorithm for key in both] == ["RS256", "PS256"]


BAD_KEYS: list[Any] = [
    lambda: Key.from_secret(b"short", algorithm="HS256"),
    lambda: Key.from_secret(b"x" * 10, algorithm="HS256"),
    lambda: Key.from_secret(b"", algorithm="HS256"),
    lambda: Key.from_secret(b"\0" * 32, algorithm="HS256"),
    lambda: Key.from_secret(SECRET, algorithm="HS512"),
    lambda: Key.from_secret(SECRET, algorithm="ES256"),
    lambda: Key.from_secret("text" * 10, algorithm="HS256"),  # type: ignore[arg-type]
    lambda: Key.from_secret(None, algorithm="HS256"),  # type: ignore[arg-type]
    lambda: Key.from_secret(bytearray(SECRET), algorithm="HS256"),  # type: ignore[arg-type]
    lambda: Key.from_secret(SECRET, algorithm="none"),
    lambda: Key.from_secret(SECRET, algorithm="hs256"),
    lambda: Key.from_secret(SECRET, algorithm=None),  # type: ignore[arg-type]
    lambda: Key.from_secret(SECRET, algorithm=256),  # type: ignore[arg-type]
    lambda: Key.from_secret(SECRET, algorithm="\ud800"),
    lambda: Key.from_secret(SECRET, algorithm="HS256", kid=5),  # type: ignore[arg-type]
    lambda: Key.from_secret(SECRET),  # type: ignore[call-arg]
    lambda: Key.from_secret(SECRET, "HS256"),  # type: ignore[call-arg]
    lambda: Key.from_secret(),  # type: ignore[call-arg]
    lambda: Key.from_pem("", algorithm="ES256"),
    lambda: Key.from_pem("\ud800", algorithm="ES256"),
    lambda: Key.from_pem(b"\xff", algorithm="ES256"),
    lambda: Key.from_pem(None, algorithm="ES256"),  # type: ignore[arg-type]
    lambda: Key.from_pem("-----BEGIN PRIVATE KEY-----\n", algorithm="ES256"),
    lambda: Key.from_pem(Key.generate("ES256").to_pem(), algorithm="RS256"),
    lambda: Key.from_pem(Key.generate("ES256").to_pem(), algorithm="HS256"),
    lambda: Key.from_pem(Key.generate("ES256").to_pem(private=True), algorithm="ES384"),
    lambda: Key.from_jwk({}),
    lambda: Key.from_jwk([]),  # type: ignore[arg-type]
    lambda: Key.from_jwk(None),  # type: ignore[arg-type]
    lambda: Key.from_jwk("{"),
    lambda: Key.from_jwk({"kty": "oct", "k": 5}, "HS256"),
    lambda: Key.from_jwk({"kty": "oct", "k": "AAAA"}, "HS256"),
    lambda: Key.from_jwk({"kty": object()}),
    lambda: Key.from_jwk({5: 5}),  # type: ignore[dict-item]
    lambda: Key.from_jwk({"kty": "EC", "d": "AAAA", "crv": "P-256"}),
    lambda: Key.from_jwk(Key.generate("ES256").to_jwk(), "ES384"),
    lambda: Key.generate("RS1"),
    lambda: Key.generate("none"),
    lambda: Key.generate(),  # type: ignore[call-arg]
    lambda: KeySet(hs256()),  # type: ignore[arg-type]
    lambda: KeySet([5]),  # type: ignore[list-item]
    lambda: KeySet("abc"),  # type: ignore[arg-type]
    lambda: KeySet.from_jwks({}),
    lambda: KeySet.from_jwks([]),  # type: ignore[arg-type]
    lambda: KeySet.from_jwks({"keys": 5}),
    lambda: KeySet.from_jwks({"keys": []}, rsa_algorithms="RS256"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("make", BAD_KEYS)
def test_a_bad_key_is_an_error_of_ours_that_says_why(make: Any) -> None:
    with pytest.raises(CountersignError) as caught:
        make()
    assert isinstance(caught.value, ValueError)
    assert len(str(caught.value)) > 15


def test_keys_do_not_leak() -> None:
    for key in (hs256(), Key.generate("EdDSA")):
        with pytest.raises(TypeError):
            pickle.dumps(key)
        with pytest.raises(TypeError):
            copy.deepcopy(key)
        private = key.to_jwk(private=True)
        secret = private.get("k") or private["d"]
        for text in (repr(key), str(key), repr(Signer(key)), repr(make_verifier(key))):
            assert secret not in text
            assert SECRET.hex() not in text
