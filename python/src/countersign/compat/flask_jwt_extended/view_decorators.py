"""Protect a view: `jwt_required`; or ask in the middle of one: `verify_jwt_in_request`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar

from flask import current_app, g, request

from ._locations import FINDERS
from ._locations import token_in_cookies as _decode_jwt_from_cookies
from ._locations import token_in_headers as _decode_jwt_from_headers
from ._locations import token_in_json as _decode_jwt_from_json
from ._locations import token_in_query_string as _decode_jwt_from_query_string
from ._refusals import REFUSALS, answer_in_place
from .config import config
from .exceptions import CSRFError, FreshTokenRequired, NoAuthorizationError, UserLookupError
from .internal_utils import (
    custom_verification_for_token,
    has_user_lookup,
    user_lookup,
    verify_token_not_blocklisted,
    verify_token_type,
)
from .utils import decode_token, get_unverified_jwt_headers

__all__ = [
    "LocationType",
    # Not public, but programs import them.
    "_decode_jwt_from_cookies",
    "_decode_jwt_from_headers",
    "_decode_jwt_from_json",
    "_decode_jwt_from_query_string",
    "_decode_jwt_from_request",
    "jwt_required",
    "verify_jwt_in_request",
]

LocationType = str | Sequence[str] | None
Parameters = ParamSpec("Parameters")
Returned = TypeVar("Returned")
Claims = dict[str, Any]


def jwt_required(
    optional: bool = False,
    fresh: bool = False,
    refresh: bool = False,
    locations: LocationType = None,
    verify_type: bool = True,
    skip_revocation_check: bool = False,
) -> Callable[[Callable[Parameters, Returned]], Callable[Parameters, Returned]]:
    """Decorate a view that needs a token. The view may be ``async``.

    Args:
        optional: Whether a request without a token is let in, too. One with a bad token is not.
        fresh: Whether the token must be from a recent log-in.
        refresh: Whether it must be a refresh token, instead of an access token.
        locations: Where to look for it, instead of ``JWT_TOKEN_LOCATION``.
        verify_type: Whether it must be of one type; else both are let in.
        skip_revocation_check: Whether a revoked token is let in, too.
    """

    def decorate(view: Callable[Parameters, Returned]) -> Callable[Parameters, Returned]:
        @wraps(view)
        def protected(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Any:
            try:
                verify_jwt_in_request(
                    optional, fresh, refresh, locations, verify_type, skip_revocation_check
                )
            except REFUSALS as refusal:
                if not config.errors_as_responses:
                    raise
                return answer_in_place(refusal)
            return current_app.ensure_sync(view)(*args, **kwargs)

        return protected

    return decorate


def verify_jwt_in_request(
    optional: bool = False,
    fresh: bool = False,
    refresh: bool = False,
    locations: LocationType = None,
    verify_type: bool = True,
    skip_revocation_check: bool = False,
) -> tuple[Claims, Claims] | None:
    """Verify the token of this request, as `jwt_required` does, whose arguments these are.

    Returns:
        The header and the claims; None if there is no token and none is needed.

    Raises:
        JWTExtendedException: There is no token, or it is not good enough here.
        InvalidTokenError: The token is no good anywhere.
    """
    if request.method in config.exempt_methods:
        return None
    lenient = optional and config.try_all_locations
    location = None
    try:
        claims, header, location = _decode_jwt_from_request(
            locations,
            fresh,
            refresh=refresh,
            verify_type=verify_type,
            skip_revocation_check=skip_revocation_check,
            # Tests of programs replace this function by one without our parameter.
            **({"forget_stale_cookie": True} if lenient else {}),
        )
        user = _load_user(header, claims)
    except NoAuthorizationError:
        if not optional or location is not None:
            raise
        _remember_nobody()
        return None
    except UserLookupError:
        if not lenient or location != "cookies":
            raise
        _remember_nobody()
        return None
    # Last, so that nothing is remembered of a token whose user is not found.
    _remember(user, header, claims, location)
    return header, claims


def _remember_nobody() -> None:
    _remember({"loaded_user": None}, {}, {}, None)


def _remember(
    user: dict[str, Any] | None, header: Claims, claims: Claims, location: str | None
) -> None:
    """Keep for `get_jwt` and its like; programs and their tests know these names."""
    g._jwt_extended_jwt_user = user
    g._jwt_extended_jwt_header = header
    g._jwt_extended_jwt = claims
    g._jwt_extended_jwt_location = location


def _load_user(jwt_header: Mapping[str, Any], jwt_data: Mapping[str, Any]) -> dict[str, Any] | None:
    if not has_user_lookup():
        return None
    user = user_lookup(jwt_header, jwt_data)
    if user is None:
        identity = jwt_data[config.identity_claim_key]
        raise UserLookupError(f"user_lookup returned None for {identity}", jwt_header, jwt_data)
    return {"loaded_user": user}


class _Wanted(NamedTuple):
    """What a route asks of a token."""

    fresh: bool
    refresh: bool
    verify_type: bool
    skip_revocation_check: bool

    def verify(self, header: Claims, claims: Claims) -> None:
        if self.verify_type:
            verify_token_type(claims, self.refresh)
        if self.fresh:
            _verify_token_is_fresh(header, claims)
        if not self.skip_revocation_check:
            verify_token_not_blocklisted(header, claims)
        custom_verification_for_token(header, claims)


def _decode_jwt_from_request(
    locations: LocationType,
    fresh: bool,
    refresh: bool = False,
    verify_type: bool = True,
    skip_revocation_check: bool = False,
    forget_stale_cookie: bool = False,
) -> tuple[Claims, Claims, str]:
    """Find the token and do everything but look up its user.

    The first token found decides. Where ``JWT_TRY_ALL_LOCATIONS`` is on, the first *good* one does,
    and if there is none, the first refusal.
    """
    asked = _asked_for(locations)
    wanted = _Wanted(fresh, refresh, verify_type, skip_revocation_check)
    missing: list[str] = []
    refused: dict[str, Exception] = {}
    for location in asked:
        found = _try(location, wanted, missing, refused)
        if found is not None:
            return *found, location
    if refused and not (forget_stale_cookie and _is_only_a_stale_cookie(refused)):
        raise next(iter(refused.values()))
    raise NoAuthorizationError(_explain_missing(asked, missing))


def _try(
    location: str, wanted: _Wanted, missing: list[str], refused: dict[str, Exception]
) -> tuple[Claims, Claims] | None:
    """Take the token in a location if it is good; if not, add to the list or the dict why."""
    try:
        opened = _open(location, wanted.refresh, missing)
        if opened is not None:
            claims, header = opened
            wanted.verify(header, claims)
    except REFUSALS as refusal:
        if not config.try_all_locations:
            raise
        refused.setdefault(location, refusal)
        return None
    return opened


def _asked_for(locations: LocationType) -> Sequence[str]:
    asked = [locations] if isinstance(locations, str) else locations or config.token_location
    for location in asked:
        if location not in FINDERS:
            raise RuntimeError(f"{location!r} is not a location; they are {tuple(FINDERS)}")
    return asked


def _open(location: str, refresh: bool, missing: list[str]) -> tuple[Claims, Claims] | None:
    """Decode the token in a location; if there is none, say so in the list."""
    try:
        encoded, csrf_value = FINDERS[location](refresh)
        claims = decode_token(encoded, csrf_value)
    except NoAuthorizationError as error:
        missing.append(str(error))
        return None
    # A replaced `decode_token` may return any dict.
    header = getattr(claims, "header", None) or get_unverified_jwt_headers(encoded)
    return claims, header


def _is_only_a_stale_cookie(refused: Mapping[str, Exception]) -> bool:
    """Tell whether nobody but the browser, which sends cookies unasked, presented anything."""
    return refused.keys() == {"cookies"} and not isinstance(refused["cookies"], CSRFError)


def _explain_missing(asked: Sequence[str], missing: Sequence[str]) -> str:
    if len(asked) == 1 and missing:
        return missing[0]
    *first, last = asked
    return f"Missing JWT in {', '.join(first)} or {last} ({'; '.join(missing)})"


def _verify_token_is_fresh(jwt_header: Mapping[str, Any], jwt_data: Mapping[str, Any]) -> None:
    fresh = jwt_data["fresh"]
    if isinstance(fresh, (int, float)) and not isinstance(fresh, bool):
        fresh = fresh >= datetime.now(timezone.utc).timestamp()
    if fresh is not True:
        raise FreshTokenRequired("Fresh token required", jwt_header, jwt_data)
