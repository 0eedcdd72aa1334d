"""Issue tokens with claims and read them back: JWT (RFC 7519)."""

from __future__ import annotations

from calendar import timegm
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from countersign.jwt._json import loads

from . import jws
from ._claims import Expected, full_options, verify_claims
from .constants import ALGORITHMS
from .exceptions import JWSError, JWTError
from .utils import calculate_at_hash

__all__ = [
    "decode",
    "encode",
    "get_unverified_claims",
    "get_unverified_header",
    "get_unverified_headers",
]


def encode(
    claims: Mapping[str, Any],
    key: Any,
    algorithm: str = ALGORITHMS.HS256,
    headers: Mapping[str, Any] | None = None,
    access_token: str | None = None,
) -> str:
    """Issue a token.

    Args:
        claims: The claims. ``exp``, ``iat`` and ``nbf`` may be `datetime`, naive ones in UTC.
        key: A secret, a private key in PEM, a JWK as a dict, or a `Key`.
        algorithm: The algorithm.
        headers: More header parameters.
        access_token: The access token for whose hash the claim ``at_hash`` is added.

    Raises:
        JWSError: The algorithm is not supported, or the key is not for it.
        JWTError: The claims are no dict.
    """
    if not isinstance(claims, Mapping):
        raise JWTError(f"The claims must be a dict, and not {type(claims).__name__}")
    written = dict(claims)
    for name in ("exp", "iat", "nbf"):
        if isinstance(written.get(name), datetime):
            written[name] = timegm(written[name].utctimetuple())
    if access_token:
        written["at_hash"] = calculate_at_hash(access_token, ALGORITHMS.HASHES[algorithm])
    return jws.sign(written, key, headers=headers, algorithm=algorithm)


def decode(
    token: str | bytes,
    key: Any,
    algorithms: str | Iterable[str] | None = None,
    options: Mapping[str, Any] | None = None,
    audience: str | Iterable[str] | None = None,
    issuer: str | Iterable[str] | None = None,
    subject: str | None = None,
    access_token: str | None = None,
) -> dict[str, Any]:
    """Verify a token and return its claims.

    Args:
        token: The token.
        key: A secret, a public key or certificate in PEM, a JWK, a `Key`; or several: a JWK set, a
            list, a mapping of ``kid`` to PEM. All of them may be JSON text.
        algorithms: The algorithm to accept, or a list of them. Without it the key decides, with a
            warning.
        options: ``verify_*`` (of ``signature, aud, iat, exp, nbf, iss, sub, jti, at_hash``), all
            True by default; ``require_*`` (of the claims), all False; ``leeway`` in seconds.
        audience: One of these must be in ``aud``. A token with ``aud`` is refused without it.
        issuer: ``iss`` must be one of these.
        subject: What ``sub`` must be.
        access_token: The access token that ``at_hash`` is compared with, if the token has that.

    Raises:
        ExpiredSignatureError: The moment in ``exp`` has come.
        JWTClaimsError: A claim is not as it must be.
        JWTError: Anything else is wrong with the token.
    """
    full = full_options(options)
    try:
        payload = jws.verify(token, key, algorithms, verify=full["verify_signature"])
        claims = _read_claims(payload, "payload")
        algorithm = jws.get_unverified_header(token).get("alg") if "at_hash" in claims else None
    except JWTError:
        raise
    except JWSError as error:
        raise JWTError(str(error)) from error
    verify_claims(claims, full, Expected(audience, issuer, subject, access_token), algorithm)
    return claims


def get_unverified_header(token: str | bytes) -> dict[str, Any]:
    """Read the header of a token, which anybody may have written.

    Raises:
        JWTError: It is no token.
    """
    try:
        return jws.get_unverified_headers(token)
    except JWSError as error:
        raise JWTError("Error decoding token headers.") from error


def get_unverified_headers(token: str | bytes) -> dict[str, Any]:
    """Read the header of a token; it is another name of `get_unverified_header`."""
    return get_unverified_header(token)


def get_unverified_claims(token: str | bytes) -> dict[str, Any]:
    """Read the claims of a token, which anybody may have written.

    Raises:
        JWTError: It is no token.
    """
    try:
        # countersign: allow S14 -- the original's function for just this
        payload = jws.get_unverified_claims(token)
    except JWSError as error:
        raise JWTError("Error decoding token claims.") from error
    return _read_claims(payload, "claims")


def _read_claims(payload: bytes, name: str) -> dict[str, Any]:
    try:
        claims = loads(payload)
    except (ValueError, RecursionError) as error:
        raise JWTError(f"Invalid {name} string: {error}") from error
    if not isinstance(claims, dict):
        raise JWTError(f"Invalid {name} string: must be a json object")
    return claims
