"""Issue tokens with claims and read them back (RFC 7519)."""

from __future__ import annotations

import json
import time
from calendar import timegm
from collections.abc import Container, Iterable, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from ._json import dumps, loads
from .api_jws import _ALGORITHM_UNSET, PyJWS, _jws_global_obj, _warn_about_kwargs
from .exceptions import (
    DecodeError,
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAudienceError,
    InvalidIssuedAtError,
    InvalidIssuerError,
    InvalidJTIError,
    InvalidSubjectError,
    MissingRequiredClaimError,
)
from .types import FullOptions, Options, SigOptions
from .warnings import RemovedInPyjwt3Warning, warn_caller

if TYPE_CHECKING:
    from .algorithms import AllowedPrivateKeys, AllowedPublicKeys
    from .api_jwk import PyJWK

__all__ = ["PyJWT", "RemovedInPyjwt3Warning", "decode", "decode_complete", "encode"]

_NUMERIC_DATES = ("exp", "iat", "nbf")
_VERIFY_CLAIMS = (
    *("verify_exp", "verify_nbf", "verify_iat", "verify_aud"),
    *("verify_iss", "verify_sub", "verify_jti"),
)


class PyJWT:
    """Encode and decode JWTs with options of one's own.

    A subclass may override `_encode_payload` and `_decode_payload`, for example to compress.
    """

    def __init__(self, options: Options | None = None) -> None:
        """Prepare an instance with what differs from the default options."""
        self.options: FullOptions = self._get_default_options()
        if options is not None:
            self.options = self._merge_options(options)
        self._jws = PyJWS(options=self._get_sig_options())

    @staticmethod
    def _get_default_options() -> FullOptions:
        return {
            "verify_signature": True,
            "verify_exp": True,
            "verify_nbf": True,
            "verify_iat": True,
            "verify_aud": True,
            "verify_iss": True,
            "verify_sub": True,
            "verify_jti": True,
            "require": [],
            "strict_aud": False,
            "enforce_minimum_key_length": False,
        }

    def _get_sig_options(self) -> SigOptions:
        return {
            "verify_signature": self.options["verify_signature"],
            "enforce_minimum_key_length": self.options.get("enforce_minimum_key_length", False),
        }

    def _merge_options(self, options: Options | None = None) -> FullOptions:
        """Fill in what is not given. Without a signature check, no claim is checked by default."""
        if options is None:
            return self.options
        merged: Any = {**self.options, **options}
        if not options.get("verify_signature", True):
            merged |= {name: options.get(name, False) for name in _VERIFY_CLAIMS}
        full: FullOptions = merged
        return full

    def encode(
        self,
        payload: dict[str, Any],
        key: AllowedPrivateKeys | PyJWK | str | bytes,
        algorithm: str | None = _ALGORITHM_UNSET,
        headers: dict[str, Any] | None = None,
        json_encoder: type[json.JSONEncoder] | None = None,
        sort_headers: bool = True,
    ) -> str:
        """Issue a token.

        Args:
            payload: The claims. ``exp``, ``iat`` and ``nbf`` may be `datetime`, naive ones in UTC.
            key: A secret, a private key in PEM, a key object of `cryptography` or a `PyJWK`.
            algorithm: The algorithm; by default that of the `PyJWK`, else HS256.
            headers: More header parameters; ``alg`` overrides the algorithm.
            json_encoder: How the claims and the header are written.
            sort_headers: Whether the header parameters are sorted by name.

        Raises:
            TypeError: The payload is not a dict, or ``iss`` is not a string.
            InvalidKeyError: The key does not fit the algorithm.
        """
        if not isinstance(payload, dict):
            raise TypeError(
                "Expecting a dict object, as JWT only supports JSON objects as payloads."
            )
        payload = payload.copy()
        for name in _NUMERIC_DATES:
            moment = payload.get(name)
            if isinstance(moment, datetime):
                payload[name] = timegm(moment.utctimetuple())
        if "iss" in payload and not isinstance(payload["iss"], str):
            raise TypeError("Issuer (iss) must be a string.")
        body = self._encode_payload(payload, headers=headers, json_encoder=json_encoder)
        return self._jws.encode(
            body, key, algorithm, headers, json_encoder, sort_headers=sort_headers
        )

    def _encode_payload(
        self,
        payload: dict[str, Any],
        headers: dict[str, Any] | None = None,
        json_encoder: type[json.JSONEncoder] | None = None,
    ) -> bytes:
        """Turn claims into the bytes that are signed; override it to do so in another way."""
        return dumps(payload, json_encoder)

    def decode_complete(
        self,
        jwt: str | bytes,
        key: AllowedPublicKeys | PyJWK | str | bytes = "",
        algorithms: Sequence[str] | None = None,
        options: Options | None = None,
        # Does nothing; older programs pass it.
        verify: bool | None = None,
        detached_payload: bytes | None = None,
        # What the claims are compared with.
        audience: str | Iterable[str] | None = None,
        issuer: str | Container[str] | None = None,
        subject: str | None = None,
        leeway: float | timedelta = 0,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Verify a token and return ``payload`` (the claims), ``header`` and ``signature``.

        The arguments are those of `decode`, but ``issuer`` stands before ``subject``.
        """
        if kwargs:
            _warn_about_kwargs("decode_complete", kwargs)
        merged = self._merge_options(options)
        if verify is not None and verify != merged["verify_signature"]:
            _warn_about_verify()
        decoded = self._jws.decode_complete(
            jwt,
            key=key,
            algorithms=algorithms,
            options={
                "verify_signature": merged["verify_signature"],
                "enforce_minimum_key_length": merged.get("enforce_minimum_key_length", False),
            },
            detached_payload=detached_payload,
        )
        payload = self._decode_payload(decoded)
        self._validate_claims(payload, merged, audience, issuer, subject, leeway)
        decoded["payload"] = payload
        return decoded

    def _decode_payload(self, decoded: dict[str, Any]) -> dict[str, Any]:
        """Turn the bytes that were signed into claims; override it to do so in another way.

        Args:
            decoded: ``payload`` (bytes), ``header`` and ``signature``.
        """
        try:
            payload = loads(decoded["payload"])
        except (ValueError, RecursionError) as error:
            raise DecodeError(f"Invalid payload string: {error}") from error
        if not isinstance(payload, dict):
            raise DecodeError("Invalid payload string: must be a json object")
        return payload

    def decode(
        self,
        jwt: str | bytes,
        key: AllowedPublicKeys | PyJWK | str | bytes = "",
        algorithms: Sequence[str] | None = None,
        options: Options | None = None,
        # Does nothing; older programs pass it.
        verify: bool | None = None,
        detached_payload: bytes | None = None,
        # What the claims are compared with.
        audience: str | Iterable[str] | None = None,
        subject: str | None = None,
        issuer: str | Container[str] | None = None,
        leeway: float | timedelta = 0,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Verify a token and return its claims.

        Args:
            jwt: The token.
            key: A secret, a public key in PEM or SSH form, a key object or a `PyJWK`.
            algorithms: The algorithms to accept. Never take them from the token. They may be left
                out with a `PyJWK` only.
            options: What differs from the options of this instance.
            verify: Ignored, with a warning if it contradicts the options.
            detached_payload: The payload of a token that does not contain it (RFC 7797).
            audience: One of these must be in ``aud``. A token with ``aud`` is refused without it.
            subject: What ``sub`` must be.
            issuer: What ``iss`` must be, or a container of accepted ones.
            leeway: Seconds by which clocks may differ.
            **kwargs: Ignored, with a warning.

        Raises:
            InvalidTokenError: The token is refused; the subclass says why.
            InvalidKeyError: The key does not fit the algorithm.
        """
        if kwargs:
            _warn_about_kwargs("decode", kwargs)
        # A payload hook that was replaced, in a subclass or in a test, takes the long way.
        replaced = type(self)._decode_payload is not _DECODE_PAYLOAD
        if type(self) is PyJWT and not replaced and verify is None and detached_payload is None:
            merged = self.options if options is None else self._merge_options(options)
            if merged["verify_signature"] and type(self._jws) is PyJWS:
                claims = self._jws.open_plain(jwt, key, algorithms)
                if claims is not None:
                    if not _is_plainly_valid(claims, merged, audience, issuer, subject, leeway):
                        self._validate_claims(claims, merged, audience, issuer, subject, leeway)
                    return claims
        decoded = self.decode_complete(
            jwt,
            key,
            algorithms,
            options,
            verify=verify,
            detached_payload=detached_payload,
            audience=audience,
            subject=subject,
            issuer=issuer,
            leeway=leeway,
        )
        payload: dict[str, Any] = decoded["payload"]
        return payload

    def _validate_claims(
        self,
        payload: dict[str, Any],
        options: FullOptions,
        audience: Iterable[str] | str | None = None,
        issuer: Container[str] | str | None = None,
        subject: str | None = None,
        leeway: float | timedelta = 0,
    ) -> None:
        if isinstance(leeway, timedelta):
            leeway = leeway.total_seconds()
        if audience is not None and not isinstance(audience, (str, Iterable)):
            raise TypeError("audience must be a string, iterable or None")
        if options["require"]:
            self._validate_required_claims(payload, options["require"])
        now = _now()
        if "iat" in payload and options["verify_iat"]:
            self._validate_iat(payload, now, leeway)
        if "nbf" in payload and options["verify_nbf"]:
            self._validate_nbf(payload, now, leeway)
        if "exp" in payload and options["verify_exp"]:
            self._validate_exp(payload, now, leeway)
        if options["verify_iss"]:
            self._validate_iss(payload, issuer)
        if options["verify_aud"]:
            self._validate_aud(payload, audience, strict=options.get("strict_aud", False))
        if options["verify_sub"]:
            self._validate_sub(payload, subject)
        if options["verify_jti"]:
            self._validate_jti(payload)

    def _validate_required_claims(self, payload: dict[str, Any], claims: Iterable[str]) -> None:
        for claim in claims:
            if payload.get(claim) is None:
                raise MissingRequiredClaimError(claim)

    def _validate_sub(self, payload: dict[str, Any], subject: str | None = None) -> None:
        if "sub" not in payload:
            return
        if not isinstance(payload["sub"], str):
            raise InvalidSubjectError("Subject must be a string")
        if subject is not None and payload["sub"] != subject:
            raise InvalidSubjectError("Invalid subject")

    def _validate_jti(self, payload: dict[str, Any]) -> None:
        if "jti" in payload and not isinstance(payload["jti"], str):
            raise InvalidJTIError("JWT ID must be a string")

    def _validate_iat(self, payload: dict[str, Any], now: float, leeway: float) -> None:
        try:
            iat = int(payload["iat"])
        except (ValueError, TypeError, OverflowError):
            raise InvalidIssuedAtError("Issued At claim (iat) must be an integer.") from None
        if iat > now + leeway:
            raise ImmatureSignatureError("The token is not yet valid (iat)")

    def _validate_nbf(self, payload: dict[str, Any], now: float, leeway: float) -> None:
        try:
            nbf = int(payload["nbf"])
        except (ValueError, TypeError, OverflowError):
            raise DecodeError("Not Before claim (nbf) must be an integer.") from None
        if nbf > now + leeway:
            raise ImmatureSignatureError("The token is not yet valid (nbf)")

    def _validate_exp(self, payload: dict[str, Any], now: float, leeway: float) -> None:
        try:
            exp = int(payload["exp"])
        except (ValueError, TypeError, OverflowError):
            raise DecodeError("Expiration Time claim (exp) must be an integer.") from None
        if exp <= now - leeway:
            raise ExpiredSignatureError("Signature has expired")

    def _validate_aud(
        self,
        payload: dict[str, Any],
        audience: str | Iterable[str] | None,
        *,
        strict: bool = False,
    ) -> None:
        claim = payload.get("aud")
        if audience is None:
            # Somebody else's token, as far as this program says (RFC 7519 section 4.1.3).
            if claim:
                raise InvalidAudienceError("Invalid audience")
            return
        if not claim:
            raise MissingRequiredClaimError("aud")
        if strict:
            _match_audience_strictly(claim, audience)
            return
        claimed = [claim] if isinstance(claim, str) else claim
        if not isinstance(claimed, list) or not all(isinstance(one, str) for one in claimed):
            raise InvalidAudienceError("Invalid claim format in token")
        accepted = [audience] if isinstance(audience, str) else audience
        if not any(one in claimed for one in accepted):
            raise InvalidAudienceError("Audience doesn't match")

    def _validate_iss(self, payload: dict[str, Any], issuer: Container[str] | str | None) -> None:
        if issuer is None:
            return
        if "iss" not in payload:
            raise MissingRequiredClaimError("iss")
        iss = payload["iss"]
        if not isinstance(iss, str):
            raise InvalidIssuerError("Payload Issuer (iss) must be a string")
        # Text is compared as a whole: "in" would find "abc" in "__abcd__".
        if isinstance(issuer, str):
            if iss != issuer:
                raise InvalidIssuerError("Invalid issuer")
            return
        try:
            accepted = iss in issuer
        except TypeError:
            raise InvalidIssuerError('Issuer param must be "str" or "Container[str]"') from None
        if not accepted:
            raise InvalidIssuerError("Invalid issuer")


_DATETIME = datetime
_DECODE_PAYLOAD = PyJWT._decode_payload


def _now() -> float:
    """Read the clock.

    Where a test has put another clock in the place of `datetime` in this module, that one counts.
    """
    if datetime is _DATETIME:
        return time.time()
    return datetime.now(tz=timezone.utc).timestamp()


_CONTAINERS = frozenset({list, tuple, set, frozenset})


def _is_plainly_valid(
    payload: dict[str, Any],
    options: FullOptions,
    audience: object,
    issuer: object,
    subject: str | None,
    leeway: object,
) -> bool:
    """Tell whether claims of the usual types pass all that `_validate_claims` could ask.

    It is the short way beside `PyJWS.open_plain`: False does not mean that they would not pass.
    """
    if options["strict_aud"] or (type(leeway) is not int and type(leeway) is not float):
        return False
    get = payload.get
    for claim in options["require"]:
        if get(claim) is None:
            return False
    now = _now()
    exp, nbf, iat = get("exp", _NEVER), get("nbf", 0), get("iat", 0)
    if type(exp) is not int or type(nbf) is not int or type(iat) is not int:
        return False
    if exp <= now - leeway or nbf > now + leeway or iat > now + leeway:
        return False
    sub = get("sub", "")
    if type(sub) is not str or (subject is not None and sub != subject):
        return False
    if type(get("jti", "")) is not str:
        return False
    aud = get("aud")
    if audience is None:
        if aud:
            return False
    elif not _is_one_of(aud, audience):
        return False
    return issuer is None or _is_one_of(get("iss"), issuer)


_NEVER = 1 << 62


def _is_one_of(claim: object, accepted: Any) -> bool:
    return (
        type(claim) is str
        and bool(claim)
        and (
            claim == accepted
            if type(accepted) is str
            else type(accepted) in _CONTAINERS and claim in accepted
        )
    )


def _match_audience_strictly(claim: object, audience: object) -> None:
    if not isinstance(audience, str):
        raise InvalidAudienceError("Invalid audience (strict)")
    if not isinstance(claim, str):
        raise InvalidAudienceError("Invalid claim format in token (strict)")
    if audience != claim:
        raise InvalidAudienceError("Audience doesn't match (strict)")


def _warn_about_verify() -> None:
    warn_caller(
        "The `verify` argument to `decode` does nothing in PyJWT 2.0 and newer. "
        "The equivalent is setting `verify_signature` to False in the `options` dictionary. "
        "This invocation has a mismatch between the kwarg and the option entry.",
        DeprecationWarning,
    )


_jwt_global_obj = PyJWT()
_jwt_global_obj._jws = _jws_global_obj
encode = _jwt_global_obj.encode
decode_complete = _jwt_global_obj.decode_complete
decode = _jwt_global_obj.decode
