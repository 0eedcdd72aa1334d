"""``flask countersign users``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

import click
from flask.cli import AppGroup

from countersign import UserDetail
from countersign.flask._cli.output import (
    instant,
    joined,
    json_option,
    print_json,
    print_record,
    print_table,
)
from countersign.flask._cli.password import password_option, read_password
from countersign.flask._installed import installed

_Command = TypeVar("_Command", bound=Callable[..., Any])

_HEADER: Final = ("USERNAME", "ID", "STATE", "ROLES", "SCOPES", "EMAIL", "CREATED")

users = AppGroup("users", help="Add, list and change users.")


def _user_argument(command: _Command) -> _Command:
    return click.argument("user", metavar="USER")(command)


@users.command("list")
@click.option("--search", metavar="TEXT", help="Only names with this in them.")
@json_option
def list_users(search: str | None, as_json: bool) -> None:
    """List users."""
    found = list(_pages(search))
    if as_json:
        print_json([user.to_dict() for user in found])
    else:
        print_table(_HEADER, [_row(user) for user in found], "there are no users")


@users.command("add")
@click.argument("name")
@password_option
@click.option("--email", help="The e-mail address.")
@click.option("--role", "roles", multiple=True, help="A role; may be repeated.")
@click.option("--scope", "scopes", multiple=True, help="A scope; may be repeated.")
@json_option
def add_user(
    name: str,
    password_stdin: bool,
    email: str | None,
    roles: tuple[str, ...],
    scopes: tuple[str, ...],
    as_json: bool,
) -> None:
    """Add a user; asks for the password on a terminal."""
    password = read_password(password_stdin)
    auth = installed().auth
    _print(auth.add_user(name, password, email=email, roles=roles, scopes=scopes), as_json)


@users.command("show")
@_user_argument
@json_option
def show_user(user: str, as_json: bool) -> None:
    """Show the user of a name or id."""
    _print(installed().auth.user(user), as_json)


@users.command("disable")
@_user_argument
@json_option
def disable_user(user: str, as_json: bool) -> None:
    """Disable a user: all sessions end, all access tokens die."""
    _print(installed().auth.disable_user(user), as_json)


@users.command("enable")
@_user_argument
@json_option
def enable_user(user: str, as_json: bool) -> None:
    """Enable a user again; the old sessions stay ended."""
    _print(installed().auth.enable_user(user), as_json)


@users.command("passwd")
@_user_argument
@password_option
@json_option
def set_password(user: str, password_stdin: bool, as_json: bool) -> None:
    """Set a password; all sessions end."""
    auth = installed().auth
    # Before a password is typed for nobody.
    id = auth.user(user).id
    auth.set_password(id, read_password(password_stdin))
    _print(auth.user(id), as_json)


@users.command("delete")
@_user_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def delete_user(user: str, yes: bool, as_json: bool) -> None:
    """Delete a user; the name becomes free, the id never returns."""
    auth = installed().auth
    found = auth.user(user)
    name = found.username or found.id
    if not yes:
        click.confirm(f"Delete {name} ({found.id}) for ever?", abort=True, err=True)
    auth.delete_user(found.id)
    if as_json:
        print_json({"deleted": found.id})
    else:
        click.echo(f"deleted {name} ({found.id})")


def _pages(search: str | None) -> Iterator[UserDetail]:
    after = None
    while True:
        page = installed().auth.list_users(after=after, search=search, limit=500)
        yield from page.items
        if page.next is None:
            return
        after = page.next


def _print(user: UserDetail, as_json: bool) -> None:
    if as_json:
        print_json(user.to_dict())
    else:
        print_record(_HEADER, _row(user))


def _row(user: UserDetail) -> tuple[str, ...]:
    state = "active" if user.has_password else "no password"
    return (
        user.username or "",
        user.id,
        "disabled" if user.disabled else state,
        joined(user.roles),
        joined(user.scopes),
        user.email or "",
        instant(user.created_at),
    )
