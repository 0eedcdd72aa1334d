"""Sign data and verify signed data: JWS compact serialization (RFC 7515)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from countersign.compat._warn import warn_caller
from countersign.jwt import PyJWS
from countersign.jwt.exceptions import PyJWTError
from countersign.jwt.utils import base64url_encode, force_bytes

from . import jwk
from ._candidates import Candidates
from ._candidates import listed as _get_keys
from .backends.base import Key
from .constants import ALGORITHMS
from .exceptions import (
    JOSEError,
    JWSAlgorithmError,
    JWSError,
    JWSSignatureError,
    MissingAlgorithmsWarning,
    UnusableKeyError,
)

__all__ = [
    "_get_keys",
    "get_unverified_claims",
    "get_unverified_header",
    "get_unverified_headers",
    "sign",
    "verify",
]

_reader = PyJWS()
_UNVERIFIED: Any = {"verify_signature": False}


def sign(
    payload: Mapping[str, Any] | bytes | str,
    key: Any,
    headers: Mapping[str, Any] | None = None,
    algorithm: str = ALGORITHMS.HS256,
) -> str:
    """Sign data.

    Args:
        payload: What is signed; a mapping is written as JSON.
        key: A secret, a private key in PEM, a JWK as a dict, or a `Key`.
        headers: More header parameters.
        algorithm: The algorithm.

    Raises:
        JWSError: The algorithm is not supported, or the key is not for it.
    """
    if algorithm not in ALGORITHMS.SUPPORTED:
        raise JWSAlgorithmError(f"Algorithm {algorithm} not supported.")
    header = {"typ": "JWT", "alg": algorithm, **(headers or {})}
    if header["alg"] != algorithm:
        raise JWSAlgorithmError(f"headers say {header['alg']}, but the algorithm is {algorithm}")
    body = _to_json(payload) if isinstance(payload, Mapping) else force_bytes(payload)
    message = base64url_encode(_to_json(header, sort=True)) + b"." + base64url_encode(body)
    try:
        signing_key = key if isinstance(key, Key) else jwk.construct(key, algorithm)
        signature = signing_key.sign(message)
    except JOSEError as error:
        raise JWSError(str(error)) from error
    return (message + b"." + base64url_encode(signature)).decode("ascii")


def verify(
    token: str | bytes,
    key: Any,
    algorithms: str | Iterable[str] | None,
    verify: bool = True,
) -> bytes:
    """Verify a token and return what was signed.

    Args:
        token: The token.
        key: A secret, a public key or certificate in PEM, a JWK, a `Key`; or several: a JWK set, a
            list, a mapping of ``kid`` to PEM. All of them may be JSON text.
        algorithms: The algorithm to accept, or a list of them. Without it the key decides, with a
            warning.
        verify: Whether the signature is checked at all.

    Raises:
        JWSError: The token is refused.
    """
    header, payload, message, signature = _load(token)
    if verify:
        _verify_signature(message, header, signature, key, algorithms)
    return payload


def get_unverified_header(token: str | bytes) -> dict[str, Any]:
    """Read the header of a token, which anybody may have written.

    Raises:
        JWSError: It is no token.
    """
    return _load(token)[0]


def get_unverified_headers(token: str | bytes) -> dict[str, Any]:
    """Read the header of a token; it is another name of `get_unverified_header`."""
    return get_unverified_header(token)


def get_unverified_claims(token: str | bytes) -> bytes:
    """Read what was signed, or what anybody may have written.

    Raises:
        JWSError: It is no token.
    """
    return _load(token)[1]


def _to_json(value: Mapping[str, Any], sort: bool = False) -> bytes:
    return json.dumps(dict(value), separators=(",", ":"), sort_keys=sort).encode("utf-8")


def _load(token: str | bytes) -> tuple[dict[str, Any], bytes, bytes, bytes]:
    """Take a token apart: header, payload, signed message, signature."""
    if not isinstance(token, (str, bytes)):
        raise JWSError("Invalid token type. Token must be text or bytes")
    try:
        opened = _reader.decode_complete(token, options=_UNVERIFIED)
    except PyJWTError as error:
        raise JWSError(str(error)) from error
    message = force_bytes(token).rpartition(b".")[0]
    return opened["header"], opened["payload"], message, opened["signature"]


def _verify_signature(
    message: bytes,
    header: Mapping[str, Any],
    signature: bytes,
    key: Any,
    algorithms: str | Iterable[str] | None,
) -> None:
    algorithm = _allowed_algorithm(header, algorithms)
    candidates = Candidates(key, algorithm, header.get("kid"))
    if any(_is_signed_with(candidate, message, signature) for candidate in candidates):
        return
    if candidates.usable or candidates.refusal is None:
        raise JWSSignatureError("Signature verification failed.")
    raise UnusableKeyError(str(candidates.refusal)) from candidates.refusal


def _allowed_algorithm(header: Mapping[str, Any], algorithms: str | Iterable[str] | None) -> str:
    """Decide by the program's list; what a key is for is looked at with the key."""
    name = header.get("alg")
    if not name:
        raise JWSAlgorithmError("No algorithm was specified in the JWS header.")
    if algorithms is None:
        warn_caller(
            "Pass algorithms=[...]: without it, a token chooses among those that fit the key",
            MissingAlgorithmsWarning,
        )
        algorithms = ALGORITHMS.HMAC | ALGORITHMS.RSA_DS | ALGORITHMS.EC_DS
    accepted = [algorithms] if isinstance(algorithms, str) else list(algorithms)
    if not isinstance(name, str) or name not in accepted:
        raise JWSAlgorithmError("The specified alg value is not allowed")
    return name


def _is_signed_with(key: Key, message: bytes, signature: bytes) -> bool:
    try:
        return bool(key.verify(message, signature))
    except Exception:
        # A class of the program's own may raise anything; another key may still fit.
        return False
