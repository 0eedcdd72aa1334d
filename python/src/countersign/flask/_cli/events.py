"""``flask countersign events``."""

from __future__ import annotations

import json
from typing import Final

import click
from flask.cli import with_appcontext

from countersign.events import KINDS, EventKind
from countersign.exceptions import NotFoundError
from countersign.flask._cli.output import instant, json_option, print_json, print_table
from countersign.flask._installed import installed
from countersign.models import Event

_HEADER: Final = ("AT", "KIND", "USER", "ACTOR", "ADDRESS", "COUNT", "DETAIL")


@click.command("events")
@click.option("--user", help="Only those of the user of this name or id.")
@click.option("--kind", type=click.Choice(KINDS), metavar="KIND", help="Such as login.failed.")
@click.option("--limit", default=50, type=click.IntRange(1, 500), show_default=True)
@json_option
@with_appcontext
def events(user: str | None, kind: EventKind | None, limit: int, as_json: bool) -> None:
    """List what happened, the newest first."""
    id = None if user is None else _id(user)
    found = installed().auth.list_events(user_id=id, kind=kind, limit=limit)
    if as_json:
        print_json([event.to_dict() for event in found])
    else:
        print_table(_HEADER, [_row(event) for event in found], "there are no events")


def _id(user: str) -> str:
    """The id; of who was deleted only the id is left, and with it the events."""
    try:
        return installed().auth.user(user).id
    except NotFoundError:
        return user


def _row(event: Event) -> tuple[str, ...]:
    return (
        instant(event.at),
        event.kind,
        event.user_id or "",
        event.actor or "",
        event.address or "",
        str(event.count),
        json.dumps(dict(event.detail), ensure_ascii=False) if event.detail else "",
    )
