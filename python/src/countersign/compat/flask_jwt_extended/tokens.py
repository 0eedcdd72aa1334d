"""Turn claims into tokens and tokens into claims, by the settings of the current application."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from hmac import compare_digest
from typing import Any
from uuid import uuid4

from countersign import jwt
from countersign.compat._warn import warn_caller

from .config import config
from .exceptions import CSRFError, JWTDecodeError
from .typing import ExpiresDelta, Fresh

__all__ = ["DecodedToken", "decode", "new_claims"]


class DecodedToken(dict[str, Any]):
    """The claims of a verified token, with what else was read on the same occasion."""

    header: dict[str, Any]
    """The header."""
    names_its_type: bool
    """Whether there was a claim ``type``, or this package had to assume one."""

    def __init__(self, claims: dict[str, Any], header: dict[str, Any]) -> None:
        super().__init__(claims)
        self.header = header
        self.names_its_type = "type" in claims


def new_claims(
    token_type: str, identity: Any, fresh: Fresh, expires_delta: ExpiresDelta
) -> dict[str, Any]:
    """Write the claims that every token has.

    Args:
        token_type: ``access`` or ``refresh``.
        identity: Whose token it is.
        fresh: Whether, until when or for how long it counts as fresh.
        expires_delta: How long it is good; False: for ever.
    """
    now = datetime.now(timezone.utc)
    claims: dict[str, Any] = {
        "fresh": (now + fresh).timestamp() if isinstance(fresh, timedelta) else fresh,
        "iat": now,
        "jti": str(uuid4()),
        "type": token_type,
        config.identity_claim_key: identity,
    }
    if config.encode_nbf:
        claims["nbf"] = now
    if config.cookie_csrf_protect:
        claims["csrf"] = str(uuid4())
    if config.encode_audience:
        claims["aud"] = config.encode_audience
    if config.encode_issuer:
        claims["iss"] = config.encode_issuer
    if expires_delta:
        claims["exp"] = now + expires_delta
    elif expires_delta is not False:
        warn_caller(
            f"A lifetime of nothing makes {token_type} tokens that never expire, as it does in"
            " Flask-JWT-Extended; write False if that is what you mean"
        )
    return claims


def decode(
    encoded_token: str, key: Any, csrf_value: str | None = None, *, allow_expired: bool = False
) -> DecodedToken:
    """Verify a token and read it, once.

    Args:
        encoded_token: The token.
        key: The key that verifies it.
        csrf_value: What the request submitted beside the cookie; None or "" if nothing is asked.
        allow_expired: Whether its time may be over.

    Raises:
        InvalidTokenError: It is not genuine, not for us, or its time is over.
        JWTDecodeError: It lacks a claim that we need.
        CSRFError: The request submitted another value than the token's.
    """
    audience = config.decode_audience
    claims = jwt.decode(
        encoded_token,
        key,
        algorithms=config.decode_algorithms,
        audience=audience,
        issuer=config.decode_issuer,
        leeway=config.leeway,
        options={
            "verify_aud": audience is not None,
            "verify_sub": config.verify_sub,
            "verify_exp": not allow_expired,
        },
    )
    token = DecodedToken(claims, jwt.get_unverified_header(encoded_token))
    if config.identity_claim_key not in token:
        raise JWTDecodeError(f"Missing claim: {config.identity_claim_key}")
    for claim, assumed in (("type", "access"), ("fresh", False), ("jti", None)):
        token.setdefault(claim, assumed)
    if csrf_value:
        _verify_csrf(token, csrf_value)
    return token


def _verify_csrf(token: DecodedToken, csrf_value: str) -> None:
    if "csrf" not in token:
        raise JWTDecodeError("Missing claim: csrf")
    # As bytes, because text outside ASCII cannot be compared in constant time.
    expected = str(token["csrf"]).encode("utf-8", "surrogatepass")
    if not compare_digest(expected, csrf_value.encode("utf-8", "surrogatepass")):
        raise CSRFError("CSRF double submit tokens do not match")
