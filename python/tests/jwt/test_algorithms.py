"""Algorithms: every built-in one with every form of its key, and those of programs."""

from __future__ import annotations

import copy
import hashlib
import json
import pickle
import subprocess
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from countersign import jwt
from countersign.jwt import _keys
from countersign.jwt.algorithms import (
    Algorithm,
    ECAlgorithm,
    HMACAlgorithm,
    NoneAlgorithm,
    OKPAlgorithm,
    RSAAlgorithm,
    RSAPSSAlgorithm,
    get_default_algorithms,
)

if TYPE_CHECKING:
    from .key_pairs import KeyPair

SECRET = "a secret of more than sixty-four bytes, so that it is long enough for HS512"
NAMES = [
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES256K", "ES384", "ES512", "EdDSA", "Ed448"),
]


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_secret_signs_and_verifies(algorithm: str) -> None:
    token = jwt.encode({"a": 1}, SECRET, algorithm=algorithm)
    for secret in (SECRET, SECRET.encode()):
        for _ in range(2):
            assert jwt.decode(token, secret, algorithms=[algorithm]) == {"a": 1}
            with pytest.raises(jwt.InvalidSignatureError):
                jwt.decode(token, secret[1:], algorithms=[algorithm])


@pytest.mark.parametrize("name", NAMES)
def test_key_pair_signs_and_verifies_in_every_form(
    key_pairs: dict[str, KeyPair], name: str
) -> None:
    pair = key_pairs[name]
    algorithm: Any = get_default_algorithms()[pair.algorithm]
    private_jwk = algorithm.to_jwk(pair.private, as_dict=True) | {"alg": pair.algorithm}
    public_jwk = algorithm.to_jwk(pair.public, as_dict=True) | {"alg": pair.algorithm}
    private: list[Any] = [
        *(pair.private, pair.private_pem(), pair.private_pem().decode()),
        jwt.PyJWK(private_jwk),
    ]
    public: list[Any] = [
        *(pair.public, pair.public_pem(), pair.public_pem().decode()),
        *(jwt.PyJWK(public_jwk), jwt.PyJWK.from_json(json.dumps(public_jwk)), pair.private),
    ]
    for signing in private:
        token = jwt.encode({"a": 1}, signing, algorithm=pair.algorithm)
        for verifying in public:
            for _ in range(2):
                assert jwt.decode(token, verifying, algorithms=[pair.algorithm]) == {"a": 1}
            with pytest.raises(jwt.InvalidSignatureError):
                jwt.decode(_with_other_signature(token), verifying, algorithms=[pair.algorithm])


def _with_other_signature(token: str) -> str:
    head, _, signature = token.rpartition(".")
    middle = len(signature) // 2
    other = "A" if signature[middle] != "A" else "B"
    return f"{head}.{signature[:middle]}{other}{signature[middle + 1 :]}"


@pytest.mark.parametrize("name", ["RS256", "ES256", "ES384", "ES512", "EdDSA"])
def test_ssh_public_key_verifies(key_pairs: dict[str, KeyPair], name: str) -> None:
    pair = key_pairs[name]
    ssh = pair.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    token = jwt.encode({"a": 1}, pair.private, algorithm=name)
    assert jwt.decode(token, ssh, algorithms=[name]) == {"a": 1}


@pytest.mark.parametrize("name", NAMES)
def test_engine_and_cryptography_agree(key_pairs: dict[str, KeyPair], name: str) -> None:
    pair = key_pairs[name]
    algorithm: Any = get_default_algorithms()[pair.algorithm]
    by_engine = algorithm.sign(b"message", pair.private)
    with (
        mock.patch.object(type(algorithm), "native_signer", return_value=None),
        mock.patch.object(type(algorithm), "native_verifier", return_value=None),
    ):
        assert algorithm.verify(b"message", pair.public, by_engine)
        assert not algorithm.verify(b"other", pair.public, by_engine)
        assert not algorithm.verify(b"message", pair.public, by_engine[:-1])
        by_cryptography = algorithm.sign(b"message", pair.private)
    assert algorithm.verify(b"message", pair.public, by_cryptography)
    assert not algorithm.verify(b"other", pair.public, by_cryptography)
    assert not algorithm.verify(b"message", pair.public, b"")
    uses_engine = algorithm.native_verifier(pair.public) is not None
    assert uses_engine == (name != "Ed448")


@pytest.mark.parametrize("name", NAMES)
def test_public_keys_do_not_sign(key_pairs: dict[str, KeyPair], name: str) -> None:
    pair = key_pairs[name]
    with pytest.raises(jwt.InvalidKeyError, match="private key is needed to sign"):
        jwt.encode({}, pair.public, algorithm=pair.algorithm)


def test_small_rsa_keys_work_with_a_warning() -> None:
    small = rsa.generate_private_key(65537, 1024)
    for algorithm in ("RS256", "RS384", "RS512", "PS256", "PS384"):
        with pytest.warns(jwt.InsecureKeyLengthWarning, match="1024 bits long, which is below"):
            token = jwt.encode({}, small, algorithm=algorithm)
        with pytest.warns(jwt.InsecureKeyLengthWarning, match="NIST SP 800-131A"):
            assert jwt.decode(token, small.public_key(), algorithms=[algorithm]) == {}


def test_unusual_pair_of_curve_and_hash_works() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    algorithm = ECAlgorithm(ECAlgorithm.SHA512)
    assert algorithm.expected_curve is None
    signature = algorithm.sign(b"message", key)
    assert len(signature) == 64
    assert algorithm.verify(b"message", key.public_key(), signature)
    assert not ECAlgorithm(ECAlgorithm.SHA256).verify(b"message", key.public_key(), signature)


def test_wrong_keys_are_refused(key_pairs: dict[str, KeyPair]) -> None:
    def prepare(algorithm: str, key: Any) -> Any:
        return get_default_algorithms()[algorithm].prepare_key(key)

    with pytest.raises(jwt.InvalidKeyError, match="Could not parse the provided public key"):
        prepare("RS256", b"junk")
    with pytest.raises(jwt.InvalidKeyError, match="Invalid Key type for RSAAlgorithm"):
        prepare("RS256", key_pairs["EdDSA"].private_pem())
    with pytest.raises(jwt.InvalidKeyError, match="Invalid Key type for ECAlgorithm"):
        prepare("ES256", key_pairs["RS256"].public_pem())
    with pytest.raises(jwt.InvalidKeyError, match="Not a public or private key"):
        prepare("EdDSA", b"junk")
    with pytest.raises(jwt.InvalidKeyError, match="Invalid Key type for OKPAlgorithm"):
        prepare("EdDSA", None)
    with pytest.raises(ValueError, match="PEM"):
        prepare("ES256", b"junk")
    for algorithm in ("RS256", "ES256"):
        with pytest.raises(TypeError, match=r"Expecting a PEM-formatted key\."):
            prepare(algorithm, 5)
    with pytest.raises(TypeError, match="Expected a string or bytes value"):
        prepare("HS256", bytearray(b"x"))
    with pytest.raises(jwt.InvalidKeyError, match="key value must be None"):
        prepare("none", "key")


def test_prepared_objects_are_returned_as_they_are(key_pairs: dict[str, KeyPair]) -> None:
    for name in NAMES:
        pair = key_pairs[name]
        algorithm = get_default_algorithms()[pair.algorithm]
        assert algorithm.prepare_key(pair.public) is pair.public
        assert algorithm.prepare_key(pair.private) is pair.private


def test_digest_of_the_algorithm_is_available() -> None:
    expected = hashlib.sha256(b"foo").digest()
    for algorithm in ("HS256", "RS256", "PS256", "ES256"):
        assert get_default_algorithms()[algorithm].compute_hash_digest(b"foo") == expected
    with pytest.raises(NotImplementedError):
        NoneAlgorithm().compute_hash_digest(b"foo")


def test_hash_and_curve_are_those_of_cryptography() -> None:
    es384: Any = get_default_algorithms()["ES384"]
    assert es384.hash_alg is ECAlgorithm.SHA384
    assert es384.expected_curve is ec.SECP384R1
    assert RSAAlgorithm.SHA256 is RSAPSSAlgorithm.SHA256
    assert HMACAlgorithm.SHA512 is hashlib.sha512


def test_hmac_takes_any_hash_of_hashlib() -> None:
    algorithm = HMACAlgorithm(hashlib.sha3_256)
    signature = algorithm.sign(b"message", b"key")
    assert algorithm.verify(b"message", b"key", signature)
    assert not algorithm.verify(b"message", b"other", signature)


# Keys are parsed once.


def test_pem_is_parsed_once(key_pairs: dict[str, KeyPair]) -> None:
    pair = key_pairs["RS256"]
    private, public = pair.private_pem().decode() + "\n", pair.public_pem().decode() + "\n"
    jws = jwt.PyJWS()
    with mock.patch.object(
        RSAAlgorithm, "prepare_key", autospec=True, side_effect=RSAAlgorithm.prepare_key
    ) as prepare:
        for _ in range(5):
            token = jws.encode(b"{}", private, algorithm="RS256")
            jws.decode(token, public, algorithms=["RS256"])
    assert prepare.call_count == 2


def test_caches_of_keys_are_bounded() -> None:
    jws = jwt.PyJWS()
    for number in range(600):
        secret = f"{number:064}"
        jws.decode(jws.encode(b"{}", secret, headers={"kid": secret}), secret, ["HS256"])
    caches = (jws._verifying, jws._signing, jws._plain, jws._written_headers)
    assert [len(cache.entries) for cache in caches] == [128, 64, 256, 256]
    cache: _keys.IdentityCache[int] = _keys.IdentityCache(3)
    for number in range(10):
        assert cache.get(object(), "kind", lambda number=number: number) == number  # type: ignore[misc]
    assert len(cache._cache.entries) == 3


def test_key_that_takes_the_place_of_another_in_memory_is_another_key() -> None:
    jws = jwt.PyJWS()
    first = ec.generate_private_key(ec.SECP256R1())
    token = jws.encode(b"{}", first, algorithm="ES256")
    jws.decode(token, first.public_key(), ["ES256"])
    for _ in range(300):
        other = ec.generate_private_key(ec.SECP256R1()).public_key()
        with pytest.raises(jwt.InvalidSignatureError):
            jws.decode(token, other, ["ES256"])
        del other


def test_threads_share_the_caches() -> None:
    failures: list[BaseException] = []
    jws = jwt.PyJWS()

    def work(start: int) -> None:
        try:
            for number in range(start, start + 300):
                secret = f"{number % 200:064}"
                token = jws.encode(str(number).encode(), secret, headers={"kid": secret})
                assert jws.decode(token, secret, ["HS256"]) == str(number).encode()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(start * 40,)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_jwk_whose_key_was_exchanged_is_looked_at_anew() -> None:
    def jwk(secret: str) -> Any:
        return jwt.PyJWK({"kty": "oct", "alg": "HS256", "k": secret * 11})

    key, other = jwk("AAAA"), jwk("BBBB")
    token = jwt.encode({}, key)
    for _ in range(2):
        assert jwt.decode(token, key) == {}
    key.key = other.key
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, key)


def test_objects_can_be_copied_and_pickled() -> None:
    token = jwt.encode({"a": 1}, SECRET)
    instance = jwt.PyJWT({"require": ["a"]})
    assert instance.decode(token, SECRET, algorithms=["HS256"]) == {"a": 1}
    for copied in (copy.deepcopy(instance), pickle.loads(pickle.dumps(instance))):
        assert copied.decode(token, SECRET, algorithms=["HS256"]) == {"a": 1}
        assert copied.options == instance.options
    error = pickle.loads(pickle.dumps(jwt.MissingRequiredClaimError("exp")))
    assert (error.claim, str(error)) == ("exp", 'Token is missing the "exp" claim')


# Algorithms of programs.


class Reversing(Algorithm):
    """The secret backwards behind the message's length: enough to see who is called."""

    prepared = 0

    def prepare_key(self, key: Any) -> bytes:
        self.prepared += 1
        return str(key).encode()

    def sign(self, msg: bytes, key: bytes) -> bytes:
        return key[::-1] + str(len(msg)).encode()

    def verify(self, msg: bytes, key: bytes, sig: bytes) -> bool:
        return sig == self.sign(msg, key)

    @staticmethod
    def to_jwk(key_obj: Any, as_dict: bool = False) -> Any:
        raise NotImplementedError

    @staticmethod
    def from_jwk(jwk: Any) -> Any:
        raise NotImplementedError


def test_own_algorithm_signs_and_verifies() -> None:
    algorithm = Reversing()
    jwt.register_algorithm("REV", algorithm)
    try:
        assert jwt.get_algorithm_by_name("REV") is algorithm
        token = jwt.encode({"a": 1}, "secret", algorithm="REV")
        for _ in range(3):
            assert jwt.decode(token, "secret", algorithms=["REV"]) == {"a": 1}
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(token, "other", algorithms=["REV"])
        # Its keys are not kept: it may have its reasons to prepare one each time.
        assert algorithm.prepared == 5
        with pytest.raises(ValueError, match=r"Algorithm already has a handler\."):
            jwt.register_algorithm("REV", Reversing())
    finally:
        jwt.unregister_algorithm("REV")
    with pytest.raises(NotImplementedError, match="Algorithm not supported"):
        jwt.encode({}, "secret", algorithm="REV")
    with pytest.raises(KeyError, match="could not be removed because it is not registered"):
        jwt.unregister_algorithm("REV")
    with pytest.raises(TypeError, match="Object is not of type `Algorithm`"):
        jwt.register_algorithm("REV", object())  # type: ignore[arg-type]


def test_subclass_of_a_built_in_algorithm_is_called() -> None:
    class Refusing(HMACAlgorithm):
        def verify(self, msg: bytes, key: bytes, sig: bytes) -> bool:
            return False

    jws = jwt.PyJWS()
    token = jws.encode(b"{}", SECRET)
    assert jws.decode(token, SECRET, ["HS256"]) == b"{}"
    jws.unregister_algorithm("HS256")
    with pytest.raises(jwt.InvalidAlgorithmError, match="Algorithm not supported"):
        jws.decode(token, SECRET, ["HS256"])
    jws.register_algorithm("HS256", Refusing(Refusing.SHA256))
    with pytest.raises(jwt.InvalidSignatureError):
        jws.decode(token, SECRET, ["HS256"])


def test_global_algorithms_are_replaced_for_decode_too() -> None:
    class Refusing(HMACAlgorithm):
        def verify(self, msg: bytes, key: bytes, sig: bytes) -> bool:
            return False

    token = jwt.encode({}, SECRET)
    original = jwt.get_algorithm_by_name("HS256")
    for _ in range(2):
        assert jwt.decode(token, SECRET, algorithms=["HS256"]) == {}
    jwt.unregister_algorithm("HS256")
    try:
        jwt.register_algorithm("HS256", Refusing(Refusing.SHA256))
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(token, SECRET, algorithms=["HS256"])
        jwt.unregister_algorithm("HS256")
    finally:
        jwt.register_algorithm("HS256", original)


def test_key_objects_of_a_program_sign_themselves(key_pairs: dict[str, KeyPair]) -> None:
    inner = key_pairs["EdDSA"].private

    class InHardware:
        calls = 0

        def sign(self, data: bytes) -> bytes:
            type(self).calls += 1
            signature: bytes = inner.sign(data)
            return signature

        def public_key(self) -> Any:
            return inner.public_key()

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    Ed25519PrivateKey.register(InHardware)
    token = jwt.encode({"a": 1}, InHardware(), algorithm="EdDSA")  # type: ignore[arg-type]
    assert InHardware.calls == 1
    assert jwt.decode(token, inner.public_key(), algorithms=["EdDSA"]) == {"a": 1}


def test_only_named_algorithms_are_known_to_an_instance() -> None:
    jws = jwt.PyJWS(algorithms=["HS512"])
    assert jws.get_algorithms() == ["HS512"]
    token = jwt.PyJWS().encode(b"{}", SECRET)
    with pytest.raises(jwt.InvalidAlgorithmError, match="Algorithm not supported"):
        jws.decode(token, SECRET, ["HS256"])


def test_without_cryptography_there_is_hmac_and_a_clear_error() -> None:
    program = """
import sys
sys.modules["cryptography"] = None
from countersign import jwt
from countersign.jwt import algorithms, exceptions
assert not algorithms.has_crypto
assert set(algorithms.get_default_algorithms()) == {"none", "HS256", "HS384", "HS512"}
assert not hasattr(algorithms, "RSAAlgorithm")
algorithms.AllowedKeys
key = "k" * 32
assert jwt.decode(jwt.encode({"a": 1}, key), key, algorithms=["HS256"]) == {"a": 1}
try:
    jwt.encode({}, "key", algorithm="RS256")
except NotImplementedError as error:
    assert "Do you have cryptography installed?" in str(error)
for make in (jwt.PyJWK, lambda jwk: jwt.PyJWKSet([jwk])):
    try:
        make({"kty": "RSA"})
    except exceptions.MissingCryptographyError as error:
        assert str(error) == "RS256 requires 'cryptography' to be installed."
    else:
        raise AssertionError
try:
    algorithms.HMACAlgorithm(algorithms.HMACAlgorithm.SHA256).check_crypto_key_type(1)
except ValueError:
    print("done")
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        check=True,
        capture_output=True,
        timeout=60,
    )
    assert done.stdout.strip() == b"done"


def test_no_warning_in_everyday_use(key_pairs: dict[str, KeyPair]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in NAMES:
            pair = key_pairs[name]
            token = jwt.encode({}, pair.private_pem(), algorithm=pair.algorithm)
            jwt.decode(token, pair.public_pem(), algorithms=[pair.algorithm])


def test_jwk_of_a_private_key_is_read_back(key_pairs: dict[str, KeyPair]) -> None:
    for name in ("RS256", "ES256", "ES512", "EdDSA", "Ed448"):
        pair = key_pairs[name]
        algorithm: Any = get_default_algorithms()[pair.algorithm]
        text = algorithm.to_jwk(pair.private)
        assert algorithm.to_jwk(algorithm.from_jwk(text)) == text
        assert "d" not in json.loads(algorithm.to_jwk(pair.public))


def test_messages_about_a_jwk_do_not_show_its_secret() -> None:
    with pytest.raises(jwt.InvalidKeyError, match="kty is not found") as caught:
        jwt.PyJWK({"k": "dG9wLXNlY3JldA", "kid": "shown"})
    assert "shown" in str(caught.value)
    assert "dG9wLXNlY3JldA" not in str(caught.value)


@pytest.mark.parametrize(
    ("jwk", "message"),
    [
        ({"kty": "OKP", "x": "AA"}, "crv is not found"),
        ({"kty": "OKP", "crv": "Ed448", "x": "AA"}, "Unsupported crv: Ed448"),
        ({"kty": "EC", "crv": "P-999"}, "Unsupported crv: P-999"),
        ({"kty": "EC", "crv": "P-256"}, "Not an Elliptic curve key"),
        ({"kty": "XX"}, "Unsupported kty: XX"),
        ({"kty": "RSA"}, "Not a public or private key"),
        ({"kty": "oct", "k": "AA", "alg": "RS256"}, "Not an RSA key"),
        ({"kty": "OKP", "crv": "Ed25519"}, 'OKP should have "x" parameter'),
        ({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, "Coords should be 32 bytes"),
    ],
)
def test_unusable_jwk_says_why(jwk: dict[str, Any], message: str) -> None:
    with pytest.raises(jwt.InvalidKeyError, match=message):
        jwt.PyJWK(jwk)


def test_okp_from_jwk_takes_text_and_members(key_pairs: dict[str, KeyPair]) -> None:
    jwk = OKPAlgorithm.to_jwk(key_pairs["EdDSA"].public, as_dict=True)
    for form in (jwk, json.dumps(jwk)):
        assert OKPAlgorithm.from_jwk(form) == key_pairs["EdDSA"].public
