"""Log-in, refresh, log-out, revocation, introspection."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from countersign._native import Principal
from countersign.models import Introspection, Origin, Tokens
from countersign.operations.operation import Operation, given, names_if_given, nothing


def login(
    username: str,
    password: str,
    *,
    scope: str | None = None,
    resource: str | None = None,
    origin: Origin | None = None,
) -> Operation[Tokens]:
    """Checks a password and opens a session.

    Args:
        username: The user's name.
        password: Compared as received, never cut.
        scope: The scopes asked for, separated by spaces. Without it: all of the user's but those
            that start with ``countersign:``, which must be named.
        resource: The audience of the tokens, one of the configured ones (RFC 8707).
        origin: Where the request comes from; failed checks are counted per account and network.

    Raises:
        InvalidCredentialsError: unknown user, wrong password or disabled user.
        RateLimitedError: too many failed checks.
        InvalidRequestError: ``invalid_scope``, ``invalid_target``.
        UnavailableError: too many hashes wait already.
    """
    arguments = given(username=username, password=password, scope=scope, resource=resource)
    return Operation("login", Tokens.from_dict, arguments, origin=origin)


def refresh(
    refresh_token: str,
    *,
    scope: str | None = None,
    idempotency_key: str | None = None,
    origin: Origin | None = None,
) -> Operation[Tokens]:
    """Takes a refresh token and answers the next pair.

    Args:
        refresh_token: Works once. An answer that was lost may be asked for again for a short time.
        scope: Narrows the new access token; the session keeps its scopes.
        idempotency_key: With the same one a lost answer may be repeated until its successor is
            used, without a time limit.
        origin: Where the request comes from.

    Raises:
        InvalidGrantError: it is not the live token of a live session. One that was used before
            ends the session: somebody else has it, too.
        RateLimitedError: too many failed refreshes from there.
    """
    arguments = given(refresh_token=refresh_token, scope=scope, idempotency_key=idempotency_key)
    return Operation("refresh", Tokens.from_dict, arguments, origin=origin)


def logout(proof: Principal | str, *, origin: Origin | None = None) -> Operation[None]:
    """Ends a session. Its tokens are refused at once; repeating it is no error.

    Args:
        proof: The principal of its access token, or its refresh token, of any age.
        origin: Where the request comes from.

    Raises:
        InvalidGrantError: the refresh token is none of ours.
    """
    return _logout("logout", proof, origin)


def logout_all(proof: Principal | str, *, origin: Origin | None = None) -> Operation[None]:
    """Ends all sessions of the user; every access token of the user dies, too.

    Args:
        proof: The principal of an access token, or a refresh token, of any age.
        origin: Where the request comes from.

    Raises:
        InvalidGrantError: the refresh token is none of ours.
    """
    return _logout("logout_all", proof, origin)


def _logout(name: str, proof: Principal | str, origin: Origin | None) -> Operation[None]:
    if isinstance(proof, Principal):
        return Operation(name, nothing, principal=proof, origin=origin)
    return Operation(name, nothing, {"refresh_token": proof}, origin=origin)


def revoke(token: str, *, origin: Origin | None = None) -> Operation[None]:
    """Revokes a token (RFC 7009): a refresh token ends its session, an access token dies alone.

    What is no token of ours is no error: it is not good anyway.
    """
    return Operation("revoke", nothing, {"token": token}, origin=origin)


def introspect(token: str, *, origin: Origin | None = None) -> Operation[Introspection]:
    """Says what is known of a token of either kind (RFC 7662)."""
    return Operation("introspect", Introspection.from_dict, {"token": token}, origin=origin)


def start_session(
    subject: str,
    *,
    scopes: Collection[str] | None = None,
    claims: Mapping[str, Any] | None = None,
    amr: Collection[str] | None = None,
    resource: str | None = None,
    origin: Origin | None = None,
) -> Operation[Tokens]:
    """Opens a session for somebody whom the application has authenticated.

    Args:
        subject: The application's own user id, 1 to 128 of ``[A-Za-z0-9._~:@-]``.
        scopes: The scopes of the session.
        claims: Custom claims of its access tokens.
        amr: How the user was authenticated (RFC 8176), such as ``["pwd", "otp"]``.
        resource: The audience of the tokens, one of the configured ones.
        origin: Where the request comes from.

    Raises:
        AccessDeniedError: the user is disabled or deleted.
        InvalidRequestError: an argument cannot be taken.
    """
    arguments = given(
        subject=subject,
        scopes=names_if_given("scopes", scopes),
        claims=claims,
        amr=names_if_given("amr", amr),
        resource=resource,
    )
    return Operation("start_session", Tokens.from_dict, arguments, origin=origin)
