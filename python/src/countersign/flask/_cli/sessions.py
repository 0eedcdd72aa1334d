"""``flask countersign sessions``."""

from __future__ import annotations

from typing import Final

import click
from flask.cli import AppGroup

from countersign.flask._cli.output import instant, json_option, print_json, print_table
from countersign.flask._installed import installed

_HEADER: Final = ("ID", "CLIENT", "CREATED", "LAST USED", "EXPIRES", "DEVICE")

sessions = AppGroup("sessions", help="List and end sessions.")


@sessions.command("list")
@click.argument("user")
@json_option
def list_sessions(user: str, as_json: bool) -> None:
    """List the live sessions of a user."""
    found = installed().auth.user_sessions(user)
    if as_json:
        # `current` is for who asks by a session of his own.
        print_json([_without_current(session.to_dict()) for session in found])
        return
    rows = [
        (
            session.id,
            session.client_id,
            instant(session.created_at),
            instant(session.last_used_at),
            instant(session.expires_at),
            session.device or "",
        )
        for session in found
    ]
    print_table(_HEADER, rows, "there are no live sessions")


@sessions.command("revoke")
@click.argument("session", required=False)
@click.option("--user", help="All sessions of this user.")
@json_option
def revoke(session: str | None, user: str | None, as_json: bool) -> None:
    """End a session, or all of a user; the access tokens die at once."""
    if (session is None) == (user is None):
        raise click.UsageError("give the id of a session, or --user")
    if session is not None:
        installed().auth.end_session(session)
        _print("session", session, f"{session} has ended", as_json)
    if user is not None:
        installed().auth.end_user_sessions(user)
        _print("user", user, f"all sessions of {user} have ended", as_json)


def _print(member: str, value: str, sentence: str, as_json: bool) -> None:
    if as_json:
        print_json({member: value})
    else:
        click.echo(sentence)


def _without_current(session: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in session.items() if name != "current"}
