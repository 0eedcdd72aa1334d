"""Accounts and sessions, for administrators.

``actor`` is the administrator, whose token needs the scope ``countersign:admin``; without one it is
the program itself, which may do everything. ``user`` is the user's id or name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from countersign._native import Principal
from countersign.models import Origin, Page, Session, UserDetail
from countersign.operations.account import read_sessions
from countersign.operations.operation import Operation, given, names_if_given, nothing


def list_users(
    *,
    after: str | None = None,
    search: str | None = None,
    limit: int | None = None,
    actor: Principal | None = None,
) -> Operation[Page[UserDetail]]:
    """A page of the accounts, in the order of their ids.

    Args:
        after: Only those after this id: the page before says it in ``next``.
        search: Only names with this in them.
        limit: At most so many; 100 if not said.
        actor: The administrator.
    """
    read = Page.reader("users", UserDetail.from_dict)
    return Operation("list_users", read, given(after=after, search=search, limit=limit), actor)


def user(user: str, *, actor: Principal | None = None) -> Operation[UserDetail]:
    """One account.

    Raises:
        NotFoundError: there is none.
    """
    return Operation("user", UserDetail.from_dict, {"user": user}, actor)


def add_user(
    username: str,
    password: str | None = None,
    *,
    email: str | None = None,
    roles: Collection[str] | None = None,
    scopes: Collection[str] | None = None,
    claims: Mapping[str, Any] | None = None,
    actor: Principal | None = None,
    origin: Origin | None = None,
) -> Operation[UserDetail]:
    """Makes an account, with roles and scopes.

    Without a password the user cannot log in by password yet.

    Raises:
        UsernameTakenError: somebody has the name.
        WeakPasswordError: the description says why.
        InvalidRequestError: an argument cannot be taken.
    """
    arguments = given(
        username=username,
        password=password,
        email=email,
        roles=names_if_given("roles", roles),
        scopes=names_if_given("scopes", scopes),
        claims=claims,
    )
    return Operation("add_user", UserDetail.from_dict, arguments, actor, origin)


def set_grants(
    user: str,
    *,
    roles: Collection[str] | None = None,
    scopes: Collection[str] | None = None,
    actor: Principal | None = None,
    origin: Origin | None = None,
) -> Operation[UserDetail]:
    """Sets roles and scopes; what is left out stays.

    What is removed is gone at once: the user's access tokens die, the sessions live. What is added
    shows at the next refresh.
    """
    arguments = given(
        user=user, roles=names_if_given("roles", roles), scopes=names_if_given("scopes", scopes)
    )
    return Operation("set_grants", UserDetail.from_dict, arguments, actor, origin)


def set_claims(
    user: str,
    claims: Mapping[str, Any],
    *,
    actor: Principal | None = None,
    origin: Origin | None = None,
) -> Operation[UserDetail]:
    """Sets the custom claims of the user's access tokens instead of the present ones."""
    arguments = {"user": user, "claims": claims}
    return Operation("set_claims", UserDetail.from_dict, arguments, actor, origin)


def disable_user(
    user: str, *, actor: Principal | None = None, origin: Origin | None = None
) -> Operation[UserDetail]:
    """Disables an account: its sessions end, its access tokens die."""
    return Operation("disable_user", UserDetail.from_dict, {"user": user}, actor, origin)


def enable_user(
    user: str, *, actor: Principal | None = None, origin: Origin | None = None
) -> Operation[UserDetail]:
    """Enables an account again; its old sessions stay ended."""
    return Operation("enable_user", UserDetail.from_dict, {"user": user}, actor, origin)


def delete_user(
    user: str, *, actor: Principal | None = None, origin: Origin | None = None
) -> Operation[None]:
    """Deletes an account: its name becomes free, its id never returns."""
    return Operation("delete_user", nothing, {"user": user}, actor, origin)


def set_password(
    user: str, password: str, *, actor: Principal | None = None, origin: Origin | None = None
) -> Operation[None]:
    """Sets a password; all sessions of the user end.

    Raises:
        WeakPasswordError: the description says why.
    """
    arguments = {"user": user, "password": password}
    return Operation("set_password", nothing, arguments, actor, origin)


def user_sessions(user: str, *, actor: Principal | None = None) -> Operation[list[Session]]:
    """The live sessions of a user, the newest first."""
    return Operation("user_sessions", read_sessions, {"user": user}, actor)


def end_user_sessions(
    user: str, *, actor: Principal | None = None, origin: Origin | None = None
) -> Operation[None]:
    """Ends all sessions of a user; the access tokens die, too."""
    return Operation("end_user_sessions", nothing, {"user": user}, actor, origin)


def end_session(
    id: str, *, actor: Principal | None = None, origin: Origin | None = None
) -> Operation[None]:
    """Ends a session of whomever.

    Raises:
        NotFoundError: there is none of this id.
    """
    return Operation("end_session", nothing, {"id": id}, actor, origin)
