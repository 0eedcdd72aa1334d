"""Check the claims of a token against what a program expects."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, NamedTuple

from countersign.compat._warn import warn_caller

from .constants import ALGORITHMS
from .exceptions import ExpiredSignatureError, JWTClaimsError, JWTError, UnknownOptionWarning
from .utils import calculate_at_hash, timedelta_total_seconds

_CLAIMS = ("aud", "iat", "exp", "nbf", "iss", "sub", "jti", "at_hash")

DEFAULTS: dict[str, Any] = {
    "verify_signature": True,
    **{f"verify_{claim}": True for claim in _CLAIMS},
    **{f"require_{claim}": False for claim in _CLAIMS},
    "leeway": 0,
}
"""The options, as they are where a program does not say otherwise."""


def full_options(options: Mapping[str, Any] | None) -> dict[str, Any]:
    """Fill in what is not given; a claim that is required is verified, too."""
    full = {**DEFAULTS, **(options or {})}
    for name in full.keys() - DEFAULTS.keys():
        near = get_close_matches(name, DEFAULTS, n=1)
        hint = f"did you mean {near[0]}?" if near else "it has no effect."
        warn_caller(f"{name} is not an option of jwt.decode: {hint}", UnknownOptionWarning)
    for claim in _CLAIMS:
        if full[f"require_{claim}"]:
            full[f"verify_{claim}"] = True
    return full


class Expected(NamedTuple):
    """What the claims are compared with."""

    audience: str | Iterable[str] | None
    issuer: str | Iterable[str] | None
    subject: str | None
    access_token: str | None


def verify_claims(
    claims: Mapping[str, Any], options: Mapping[str, Any], expected: Expected, algorithm: object
) -> None:
    """Check whatever the options do not switch off.

    Args:
        claims: The claims of the token.
        options: What `full_options` made.
        expected: What they are compared with.
        algorithm: The token's, for ``at_hash``.

    Raises:
        JWTError: A claim is not as it must be; the subclass says in which way.
    """
    for claim in _CLAIMS:
        if options[f"require_{claim}"] and claim not in claims:
            raise JWTError(f'missing required key "{claim}" among claims')
    audience = _accepted(expected.audience)
    seconds = _seconds(options["leeway"])
    now = time.time()
    if options["verify_iat"]:
        _moment(claims, "iat", "Issued At claim (iat) must be an integer.")
    if options["verify_nbf"]:
        nbf = _moment(claims, "nbf", "Not Before claim (nbf) must be an integer.")
        if nbf is not None and nbf > now + seconds:
            raise JWTClaimsError("The token is not yet valid (nbf)")
    if options["verify_exp"]:
        exp = _moment(claims, "exp", "Expiration Time claim (exp) must be an integer.")
        if exp is not None and exp <= now - seconds:
            raise ExpiredSignatureError("Signature has expired.")
    if options["verify_aud"]:
        _verify_aud(claims, audience)
    if options["verify_iss"]:
        _verify_iss(claims, expected.issuer)
    if options["verify_sub"]:
        _verify_sub(claims, expected.subject)
    if options["verify_jti"] and not isinstance(claims.get("jti", ""), str):
        raise JWTClaimsError("JWT ID must be a string.")
    if options["verify_at_hash"]:
        _verify_at_hash(claims, expected.access_token, algorithm)


def _accepted(audience: object) -> list[str] | None:
    """Take one audience or several."""
    if audience is None:
        return None
    names = [audience] if isinstance(audience, str) else audience
    if not isinstance(names, Iterable) or isinstance(names, (bytes, Mapping)):
        raise JWTError("audience must be a string or None")
    listed = list(names)
    if not all(isinstance(name, str) for name in listed):
        raise JWTError("audience must be a string or None")
    return listed


def _seconds(leeway: Any) -> float:
    if isinstance(leeway, timedelta):
        return timedelta_total_seconds(leeway)
    if not isinstance(leeway, (int, float)):
        raise TypeError(
            'options["leeway"] must be a number of seconds or a timedelta, and not'
            f" {type(leeway).__name__}"
        )
    return leeway


def _moment(claims: Mapping[str, Any], claim: str, message: str) -> int | None:
    """Read a moment; None if the claim is not there."""
    if claim not in claims:
        return None
    try:
        return int(claims[claim])
    except (ValueError, TypeError, OverflowError):
        raise JWTClaimsError(message) from None


def _verify_aud(claims: Mapping[str, Any], accepted: list[str] | None) -> None:
    if "aud" not in claims:
        if accepted is not None:
            raise JWTClaimsError("Invalid audience")
        return
    named = claims["aud"]
    named = [named] if isinstance(named, str) else named
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise JWTClaimsError("Invalid claim format in token")
    if accepted is None or not any(name in named for name in accepted):
        raise JWTClaimsError("Invalid audience")


def _verify_iss(claims: Mapping[str, Any], issuer: str | Iterable[str] | None) -> None:
    if issuer is None:
        return
    accepted = (issuer,) if isinstance(issuer, str) else issuer
    named = claims.get("iss")
    if not isinstance(named, str) or named not in accepted:
        raise JWTClaimsError("Invalid issuer")


def _verify_sub(claims: Mapping[str, Any], subject: str | None) -> None:
    if not isinstance(claims.get("sub", ""), str):
        raise JWTClaimsError("Subject must be a string.")
    if subject is not None and claims.get("sub") != subject:
        raise JWTClaimsError("Invalid subject")


def _verify_at_hash(claims: Mapping[str, Any], access_token: object, algorithm: object) -> None:
    if "at_hash" not in claims:
        return
    if not access_token:
        raise JWTClaimsError("No access_token provided to compare against at_hash claim.")
    hash_alg = ALGORITHMS.HASHES.get(algorithm) if isinstance(algorithm, str) else None
    if not isinstance(access_token, str) or hash_alg is None:
        raise JWTClaimsError("Unable to calculate at_hash to verify against token claims.")
    if claims["at_hash"] != calculate_at_hash(access_token, hash_alg):
        raise JWTClaimsError("at_hash claim does not match access_token.")
