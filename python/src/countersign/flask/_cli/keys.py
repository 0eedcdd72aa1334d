"""``flask countersign keys``."""

from __future__ import annotations

from typing import Final

from flask.cli import AppGroup

from countersign import SigningKey
from countersign.flask._cli.output import (
    instant,
    json_option,
    print_json,
    print_record,
    print_table,
)
from countersign.flask._installed import installed

_HEADER: Final = ("KID", "ALGORITHM", "STATE", "SIGNS FROM", "VERIFIES UNTIL")

keys = AppGroup("keys", help="List and rotate signing keys. They rotate by themselves, too.")


@keys.command("list")
@json_option
def list_keys(as_json: bool) -> None:
    """List the keys and what each is doing."""
    found = installed().auth.list_keys()
    if as_json:
        print_json([key.to_dict() for key in found])
    else:
        print_table(_HEADER, [_row(key) for key in found], "there are no keys")


@keys.command("rotate")
@json_option
def rotate(as_json: bool) -> None:
    """Let the next key sign as soon as it may; tokens in flight stay good."""
    key = installed().auth.rotate_keys()
    if as_json:
        print_json(key.to_dict())
    else:
        print_record(_HEADER, _row(key))


def _row(key: SigningKey) -> tuple[str, ...]:
    return (
        key.kid,
        key.algorithm,
        key.state,
        instant(key.signs_from),
        instant(key.verifies_until),
    )
