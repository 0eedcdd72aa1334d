"""One's own account: registration, password, sessions."""

from __future__ import annotations

from typing import Any

from countersign._native import Principal
from countersign.models import Origin, Session, Tokens, User
from countersign.operations.operation import Operation, given, nothing


def register(
    username: str, password: str, *, email: str | None = None, origin: Origin | None = None
) -> Operation[User]:
    """Makes an account, without roles and scopes.

    Args:
        username: Unique, in its canonical form (RFC 8265).
        password: At least 8 characters, at most 1,024 bytes, none of the common ones.
        email: Unverified and not unique.
        origin: Where the request comes from.

    Raises:
        UsernameTakenError: somebody has the name.
        WeakPasswordError: the description says why.
        AccessDeniedError: registration is closed.
        RateLimitedError: too many registrations from there.
    """
    arguments = given(username=username, password=password, email=email)
    return Operation("register", User.from_dict, arguments, origin=origin)


def me(principal: Principal) -> Operation[User]:
    """The account of the access token's user.

    Raises:
        RevokedTokenError: there is no such user any more.
    """
    return Operation("me", User.from_dict, principal=principal)


def update_account(
    principal: Principal,
    *,
    email: str | None,
    current_password: str,
    origin: Origin | None = None,
) -> Operation[User]:
    """Changes one's own e-mail address; ``None`` takes it away.

    Raises:
        InvalidCredentialsError: ``reauthentication_failed``: the password is wrong.
        RateLimitedError: too many failed checks.
    """
    arguments = {"email": email, "current_password": current_password}
    return Operation("update_account", User.from_dict, arguments, principal, origin)


def change_password(
    principal: Principal,
    *,
    current_password: str,
    new_password: str,
    origin: Origin | None = None,
) -> Operation[Tokens]:
    """Changes one's own password: ends all sessions, opens a new one and answers its tokens.

    Raises:
        InvalidCredentialsError: ``reauthentication_failed``: the current password is wrong.
        WeakPasswordError: the new one is too weak.
        RateLimitedError: too many failed checks.
    """
    arguments = {"current_password": current_password, "new_password": new_password}
    return Operation("change_password", Tokens.from_dict, arguments, principal, origin)


def sessions(principal: Principal) -> Operation[list[Session]]:
    """The live sessions of the access token's user, the newest first."""
    return Operation("sessions", read_sessions, principal=principal)


def read_sessions(answer: Any) -> list[Session]:
    """Reads an answer that is a list of sessions."""
    return [Session.from_dict(session) for session in answer["sessions"]]


def end_own_session(
    principal: Principal, id: str, *, origin: Origin | None = None
) -> Operation[None]:
    """Ends one of one's own sessions.

    Raises:
        NotFoundError: there is none of this id, or it is somebody else's.
    """
    return Operation("end_own_session", nothing, {"id": id}, principal, origin)
