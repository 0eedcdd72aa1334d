"""The names and signatures that programs written for PyJWT 2.15 rely on."""

from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys
from typing import Any

import pytest

from countersign import jwt
from countersign.jwt import (
    algorithms,
    api_jwk,
    api_jws,
    api_jwt,
    exceptions,
    jwk_set_cache,
    jwks_client,
    types,
    utils,
)

PACKAGE = {
    *("PyJWS", "PyJWT", "PyJWKClient", "PyJWK", "PyJWKSet"),
    *("decode", "decode_complete", "encode", "get_unverified_header"),
    *("register_algorithm", "unregister_algorithm", "get_algorithm_by_name"),
    *("InsecureKeyLengthWarning", "DecodeError", "ExpiredSignatureError"),
    *("ImmatureSignatureError", "InvalidAlgorithmError", "InvalidAudienceError"),
    *("InvalidIssuedAtError", "InvalidIssuerError", "InvalidKeyError"),
    *("InvalidSignatureError", "InvalidTokenError", "MissingRequiredClaimError"),
    *("PyJWKClientConnectionError", "PyJWKClientError", "PyJWKError", "PyJWKSetError"),
    "PyJWTError",
}

SUBMODULES = {
    "algorithms": [
        *("Algorithm", "NoneAlgorithm", "HMACAlgorithm", "RSAAlgorithm", "RSAPSSAlgorithm"),
        *("ECAlgorithm", "OKPAlgorithm", "get_default_algorithms", "requires_cryptography"),
        *("has_crypto", "AllowedKeys", "AllowedRSAKeys", "AllowedECKeys", "AllowedOKPKeys"),
        *("AllowedPrivateKeys", "AllowedPublicKeys", "HashlibHash", "JWKDict"),
        *("RSAPrivateKey", "RSAPublicKey", "EllipticCurvePrivateKey", "Ed448PublicKey"),
    ],
    "api_jwk": ["PyJWK", "PyJWKSet", "PyJWTSetWithTimestamp"],
    "api_jws": [
        *("PyJWS", "encode", "decode", "decode_complete", "get_unverified_header"),
        *("register_algorithm", "unregister_algorithm", "get_algorithm_by_name"),
    ],
    "api_jwt": ["PyJWT", "encode", "decode", "decode_complete"],
    "exceptions": ["InvalidSubjectError", "InvalidJTIError", "MissingCryptographyError"],
    "help": ["info", "main"],
    "jwk_set_cache": ["JWKSetCache"],
    "jwks_client": ["PyJWKClient", "_NoRedirectHandler"],
    "types": ["FullOptions", "HashlibHash", "JWKDict", "Options", "SigOptions"],
    "utils": [
        *("force_bytes", "base64url_encode", "base64url_decode", "to_base64url_uint"),
        *("from_base64url_uint", "bytes_from_int", "number_to_bytes", "bytes_to_number"),
        *("der_to_raw_signature", "raw_to_der_signature", "is_pem_format", "is_ssh_key"),
    ],
    "warnings": ["InsecureKeyLengthWarning", "RemovedInPyjwt3Warning"],
}

PARAMETERS = {
    jwt.encode: "payload key algorithm headers=None json_encoder=None sort_headers=True",
    jwt.decode: "jwt key='' algorithms=None options=None verify=None detached_payload=None"
    " audience=None subject=None issuer=None leeway=0 kwargs",
    # Not the order of decode: issuer stands before subject.
    jwt.decode_complete: "jwt key='' algorithms=None options=None verify=None"
    " detached_payload=None audience=None issuer=None subject=None leeway=0 kwargs",
    jwt.get_unverified_header: "jwt",
    jwt.register_algorithm: "alg_id alg_obj",
    jwt.unregister_algorithm: "alg_id",
    jwt.get_algorithm_by_name: "alg_name",
    jwt.PyJWT: "options=None",
    jwt.PyJWS: "algorithms=None options=None",
    jwt.PyJWK: "jwk_data algorithm=None",
    jwt.PyJWKSet: "keys",
    jwt.PyJWKClient: "uri cache_keys=False max_cached_keys=16 cache_jwk_set=True lifespan=300"
    " headers=None timeout=30 ssl_context=None cooldown_duration=30",
    api_jws.PyJWS.encode: "self payload key algorithm headers=None json_encoder=None"
    " is_payload_detached=False sort_headers=True",
    api_jws.PyJWS.decode: "self jwt key='' algorithms=None options=None detached_payload=None"
    " kwargs",
    api_jws.PyJWS.decode_complete: "self jwt key='' algorithms=None options=None"
    " detached_payload=None kwargs",
    api_jwt.PyJWT._encode_payload: "self payload headers=None json_encoder=None",
    api_jwt.PyJWT._decode_payload: "self decoded",
    api_jwk.PyJWK.from_dict: "obj algorithm=None",
    api_jwk.PyJWK.from_json: "data algorithm=None",
    api_jwk.PyJWKSet.from_dict: "obj",
    api_jwk.PyJWKSet.from_json: "data",
    jwks_client.PyJWKClient.get_jwk_set: "self refresh=False",
    jwks_client.PyJWKClient.get_signing_keys: "self refresh=False",
    jwks_client.PyJWKClient.get_signing_key: "self kid",
    jwks_client.PyJWKClient.get_signing_key_from_jwt: "self token",
    jwks_client.PyJWKClient.match_kid: "signing_keys kid",
    jwks_client.PyJWKClient.fetch_data: "self",
    jwk_set_cache.JWKSetCache: "lifespan",
    jwk_set_cache.JWKSetCache.put: "self jwk_set",
    algorithms.Algorithm.to_jwk: "key_obj as_dict=False",
    algorithms.Algorithm.from_jwk: "jwk",
    algorithms.Algorithm.sign: "self msg key",
    algorithms.Algorithm.verify: "self msg key sig",
    algorithms.Algorithm.prepare_key: "self key",
    algorithms.Algorithm.check_key_length: "self key",
    algorithms.Algorithm.compute_hash_digest: "self bytestr",
    algorithms.HMACAlgorithm: "hash_alg",
    algorithms.RSAAlgorithm: "hash_alg",
    algorithms.ECAlgorithm: "hash_alg expected_curve=None",
    algorithms.OKPAlgorithm: "kwargs",
    utils.base64url_decode: "input",
    utils.base64url_encode: "input",
    utils.to_base64url_uint: "val bit_length=None",
    utils.der_to_raw_signature: "der_sig curve",
    utils.raw_to_der_signature: "raw_sig curve",
    exceptions.MissingRequiredClaimError: "claim",
}

BASES = {
    "InvalidTokenError": "PyJWTError",
    "DecodeError": "InvalidTokenError",
    "InvalidSignatureError": "DecodeError",
    "ExpiredSignatureError": "InvalidTokenError",
    "ImmatureSignatureError": "InvalidTokenError",
    "InvalidIssuedAtError": "InvalidTokenError",
    "InvalidAudienceError": "InvalidTokenError",
    "InvalidIssuerError": "InvalidTokenError",
    "InvalidSubjectError": "InvalidTokenError",
    "InvalidJTIError": "InvalidTokenError",
    "InvalidAlgorithmError": "InvalidTokenError",
    "MissingRequiredClaimError": "InvalidTokenError",
    "InvalidKeyError": "PyJWTError",
    "PyJWKError": "PyJWTError",
    "MissingCryptographyError": "PyJWKError",
    "PyJWKSetError": "PyJWTError",
    "PyJWKClientError": "PyJWTError",
    "PyJWKClientConnectionError": "PyJWKClientError",
}


def _parameters(function: Any) -> str:
    """Write the parameters as `PARAMETERS` does; a sentinel as default is not shown."""
    shown = []
    for parameter in inspect.signature(function).parameters.values():
        default = parameter.default
        plain = default is None or isinstance(default, (bool, int, str))
        shown.append(f"{parameter.name}={default!r}" if plain else parameter.name)
    return " ".join(shown)


def test_the_package_exports_what_pyjwt_exports() -> None:
    assert set(jwt.__all__) == PACKAGE
    assert all(hasattr(jwt, name) for name in PACKAGE)


@pytest.mark.parametrize("module", SUBMODULES)
def test_submodules_have_their_names(module: str) -> None:
    imported = importlib.import_module(f"countersign.jwt.{module}")
    missing = [name for name in SUBMODULES[module] if not hasattr(imported, name)]
    assert missing == []
    exported = getattr(imported, "__all__", [])
    assert [name for name in exported if not hasattr(imported, name)] == []


@pytest.mark.parametrize("function", PARAMETERS, ids=lambda f: getattr(f, "__qualname__", ""))
def test_parameters_have_their_names_order_and_defaults(function: Any) -> None:
    assert _parameters(function) == PARAMETERS[function]


@pytest.mark.parametrize("name", BASES)
def test_exceptions_form_the_known_tree(name: str) -> None:
    kind = getattr(exceptions, name)
    assert kind.__bases__ == (getattr(exceptions, BASES[name]),)
    assert getattr(jwt, name, kind) is kind


def test_options_have_the_known_names() -> None:
    names = {
        *("verify_signature", "verify_exp", "verify_nbf", "verify_iat", "verify_aud"),
        *("verify_iss", "verify_sub", "verify_jti", "require", "strict_aud"),
        "enforce_minimum_key_length",
    }
    assert set(types.Options.__annotations__) == names
    assert set(types.FullOptions.__annotations__) == names
    assert jwt.PyJWT().options.keys() == names
    assert set(types.SigOptions.__annotations__) == jwt.PyJWS().options.keys()


def test_default_algorithms_are_the_known_ones() -> None:
    names = {
        *("none", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512"),
        *("PS256", "PS384", "PS512", "ES256", "ES256K", "ES384", "ES512", "ES521", "EdDSA"),
    }
    assert set(algorithms.get_default_algorithms()) == names
    assert algorithms.requires_cryptography == {
        name for name in names if name[:2] not in ("no", "HS")
    }


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        algorithms.Nothing  # noqa: B018


def test_the_version_is_that_of_the_interface() -> None:
    assert jwt.__version__.startswith("2.15.")


def test_importing_and_hmac_do_not_import_cryptography() -> None:
    program = (
        "import sys\n"
        "from countersign import jwt\n"
        "token = jwt.encode({'a': 1}, 'k' * 32)\n"
        "assert jwt.decode(token, 'k' * 32, algorithms=['HS256']) == {'a': 1}\n"
        "assert not any(name.startswith('cryptography') for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=60)


def test_help_is_a_program_that_prints_json() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "countersign.jwt.help"],
        check=True,
        capture_output=True,
        timeout=60,
    )
    assert json.loads(done.stdout)["pyjwt"]["version"] == jwt.__version__
