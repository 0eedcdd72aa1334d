"""The names and signatures that programs written for python-jose 3.5 rely on."""

from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest

from countersign.compat import python_jose as package
from countersign.compat.python_jose import exceptions, jwe, jwk, jws, jwt, utils
from countersign.compat.python_jose.backends import AESKey, DIRKey, RSAKey
from countersign.compat.python_jose.constants import ALGORITHMS

from .conftest import Pair

MODULES = {
    "jwt": ["encode", "decode", "get_unverified_header", "get_unverified_headers",
            "get_unverified_claims"],
    "jws": ["sign", "verify", "get_unverified_header", "get_unverified_headers",
            "get_unverified_claims"],
    "jwk": ["construct", "get_key", "register_key", "Key", "HMACKey", "RSAKey", "ECKey", "AESKey",
            "DIRKey"],
    "jwe": ["encrypt", "decrypt", "get_unverified_header"],
    "constants": ["ALGORITHMS", "ZIPS", "JWE_SIZE_LIMIT"],
    "exceptions": ["JOSEError", "JWSError", "JWSSignatureError", "JWSAlgorithmError", "JWTError",
                   "JWTClaimsError", "ExpiredSignatureError", "JWKError", "JWEError",
                   "JWEParseError", "JWEInvalidAuth", "JWEAlgorithmUnsupportedError"],
    "utils": ["base64url_decode", "base64url_encode", "base64_to_long", "long_to_base64",
              "long_to_bytes", "calculate_at_hash", "timedelta_total_seconds", "ensure_binary",
              "is_pem_format", "is_ssh_key"],
    "backends": ["RSAKey", "ECKey", "HMACKey", "AESKey", "DIRKey", "get_random_bytes"],
    "backends.base": ["Key", "DIRKey"],
    "backends.native": ["HMACKey", "get_random_bytes"],
    "backends.cryptography_backend": ["CryptographyRSAKey", "CryptographyECKey",
                                      "CryptographyHMACKey", "CryptographyAESKey"],
    "backends.rsa_backend": ["RSAKey"],
    "backends.ecdsa_backend": ["ECDSAECKey"],
}  # fmt: skip

PARAMETERS = {
    jwt.encode: "claims key algorithm='HS256' headers=None access_token=None",
    jwt.decode: "token key algorithms=None options=None audience=None issuer=None subject=None"
    " access_token=None",
    jwt.get_unverified_header: "token",
    jwt.get_unverified_headers: "token",
    jwt.get_unverified_claims: "token",
    jws.sign: "payload key headers=None algorithm='HS256'",
    jws.verify: "token key algorithms verify=True",
    jws.get_unverified_claims: "token",
    jwk.construct: "key_data algorithm=None",
    jwk.get_key: "algorithm",
    jwk.register_key: "algorithm key_class",
    jwe.encrypt: "plaintext key encryption='A256GCM' algorithm='dir' zip=None cty=None kid=None",
    jwe.decrypt: "jwe_str key",
    jwk.Key: "key algorithm",
    utils.calculate_at_hash: "access_token hash_alg",
    utils.long_to_base64: "data size=0",
}

BASES = {
    "JWSError": "JOSEError",
    "JWSSignatureError": "JWSError",
    "JWSAlgorithmError": "JWSError",
    "JWTError": "JOSEError",
    "JWTClaimsError": "JWTError",
    "ExpiredSignatureError": "JWTError",
    "JWKError": "JOSEError",
    "JWEError": "JOSEError",
    "JWEParseError": "JWEError",
    "JWEInvalidAuth": "JWEError",
    "JWEAlgorithmUnsupportedError": "JWEError",
}


def _parameters(function: Any) -> str:
    return " ".join(
        parameter.name
        if parameter.default is parameter.empty
        else f"{parameter.name}={parameter.default!r}"
        for parameter in inspect.signature(function).parameters.values()
    )


@pytest.mark.parametrize("module", MODULES)
def test_modules_have_their_names(module: str) -> None:
    imported = importlib.import_module(f"countersign.compat.python_jose.{module}")
    assert [name for name in MODULES[module] if not hasattr(imported, name)] == []


def test_the_package_exports_what_the_original_exports() -> None:
    assert set(package.__all__) == {"ExpiredSignatureError", "JOSEError", "JWSError", "JWTError"}
    assert package.JWTError is exceptions.JWTError


@pytest.mark.parametrize("function", PARAMETERS, ids=lambda f: getattr(f, "__qualname__", ""))
def test_parameters_have_their_names_order_and_defaults(function: Any) -> None:
    assert _parameters(function) == PARAMETERS[function]


@pytest.mark.parametrize("name", BASES)
def test_exceptions_form_the_known_tree(name: str) -> None:
    assert getattr(exceptions, name).__bases__ == (getattr(exceptions, BASES[name]),)


def test_sets_of_algorithms() -> None:
    assert {"HS256", "HS384", "HS512"} == ALGORITHMS.HMAC
    assert {"RS256", "RSA-OAEP"} < ALGORITHMS.RSA
    assert {"ES256", "ECDH-ES"} < ALGORITHMS.EC
    assert {"A128KW", "A128GCM", "A128CBC-HS256", "A128CBC"} < ALGORITHMS.AES
    assert {"HS256", "RS256", "ES256", "dir"} < ALGORITHMS.SUPPORTED < ALGORITHMS.ALL
    assert "none" not in ALGORITHMS.SUPPORTED


@pytest.mark.parametrize(
    "call",
    [
        lambda pair: jwe.encrypt("text", "k" * 32),
        lambda pair: jwe.decrypt("a.b.c.d.e", "k" * 32),
        lambda pair: jwe.get_unverified_header("a.b.c.d.e"),
        lambda pair: jwk.construct(b"k" * 32, "A256GCM"),
        lambda pair: AESKey(b"k" * 16, "A128KW"),
        lambda pair: DIRKey(b"k", "dir"),
        lambda pair: RSAKey(pair.public_pem(), "RSA-OAEP").wrap_key(b"key"),
        lambda pair: RSAKey(pair.private_pem(), "RSA-OAEP").unwrap_key(b"key"),
        lambda pair: RSAKey(pair.private_pem(), "RSA-OAEP").sign(b"data"),
    ],
)
def test_encryption_says_what_to_use(rsa_pair: Pair, call: Any) -> None:
    with pytest.raises(exceptions.JWEError, match=r"joserfc\.jwe\.encrypt_compact"):
        call(rsa_pair)


def test_a_key_for_encryption_can_be_read_and_written(rsa_pair: Pair) -> None:
    key = RSAKey(rsa_pair.public_pem(), "RSA-OAEP")
    assert key.to_pem() == rsa_pair.public_pem().encode()
    assert key.to_dict() == {**rsa_pair.jwk(), "alg": "RSA-OAEP"}


@pytest.mark.parametrize("method", ["sign", "verify", "encrypt", "decrypt", "wrap_key",
                                    "unwrap_key", "public_key", "to_pem", "to_dict"])  # fmt: skip
def test_a_key_is_an_interface(method: str) -> None:
    function = getattr(jwk.Key("key", "ALG"), method)
    given = [b""] * (
        2 if method == "verify" else 1 if inspect.signature(function).parameters else 0
    )
    with pytest.raises(NotImplementedError):
        function(*given)


def test_utilities() -> None:
    assert utils.base64url_encode(b"\xff\xfe") == b"__4"
    assert utils.base64url_decode(b"__4") == b"\xff\xfe"
    assert utils.long_to_base64(0xDEADBEEF) == b"3q2-7w"
    assert utils.long_to_base64(0xCAFED00D, size=10) == b"AAAAAAAAyv7QDQ"
    assert utils.base64_to_long("3q2-7w") == 0xDEADBEEF
    assert utils.long_to_bytes(0) == b"\x00"
    assert utils.long_to_bytes(1, 4) == b"\x00\x00\x00\x01"
    assert utils.timedelta_total_seconds(timedelta(days=1, seconds=5, microseconds=9)) == 86405
    assert utils.ensure_binary("é") == b"\xc3\xa9"
    with pytest.raises(TypeError):
        utils.ensure_binary(1)  # type: ignore[arg-type]


def test_at_hash_is_that_of_openid_connect() -> None:
    # The example of OpenID Connect Core 1.0 appendix A.3.
    import hashlib

    access_token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
    assert utils.calculate_at_hash(access_token, hashlib.sha256) == "77QmUPtjPfzWtF2AnpK9RQ"


def test_data_is_signed_as_it_is() -> None:
    secret = "a secret of more than thirty-two bytes"
    for data, read in ((b"\x00\xff", b"\x00\xff"), ("é", "é".encode()), ({"b": 1}, b'{"b":1}')):
        token = jws.sign(data, secret)
        assert jws.verify(token, secret, ["HS256"]) == read
        assert jws.get_unverified_claims(token) == read
        assert jws.verify(token.encode(), "another", [], verify=False) == read
        assert jws.get_unverified_headers(token) == {"alg": "HS256", "typ": "JWT"}


def test_headers_are_sorted() -> None:
    token = jwt.encode({}, "a secret of more than thirty-two bytes", headers={"b": 1, "a": 2})
    header = utils.base64url_decode(token.partition(".")[0])
    assert list(json.loads(header)) == ["a", "alg", "b", "typ"]


def test_the_original_is_not_imported() -> None:
    program = (
        "import sys\n"
        "sys.modules['jose'] = sys.modules['jwt'] = None\n"
        "from countersign.compat.python_jose import jwt\n"
        "token = jwt.encode({'a': 1}, 'k' * 32)\n"
        "assert jwt.decode(token, 'k' * 32, algorithms=['HS256']) == {'a': 1}\n"
        "assert not any(name.startswith('cryptography') for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=60)


def test_without_cryptography_the_error_says_what_to_install() -> None:
    program = (
        "import sys\n"
        "sys.modules['cryptography'] = None\n"
        "from countersign.compat.python_jose import jwk, JWTError, jwt\n"
        "from countersign.compat.python_jose.exceptions import JWKError\n"
        "try:\n"
        "    jwk.construct('x', 'RS256')\n"
        "except JWKError as error:\n"
        "    assert 'pip install cryptography' in str(error), error\n"
        "else:\n"
        "    raise SystemExit(1)\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=60)
