"""Printing: tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])

_GAP = "  "


def json_option(command: _Command) -> _Command:
    """``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(
        command
    )


def print_json(value: Any) -> None:
    """Prints a value as indented JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(header: Sequence[str], rows: Collection[Sequence[str]], none: str) -> None:
    """Prints a row a line, or ``none``."""
    if not rows:
        click.echo(none)
        return
    clean = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *clean, strict=True)]
    click.secho(_line(header, widths), bold=True)
    for row in clean:
        click.echo(_line(row, widths))


def print_record(header: Sequence[str], row: Sequence[str]) -> None:
    """Prints one row, its columns one below the other."""
    width = max(map(len, header))
    for name, cell in zip(header, row, strict=True):
        click.echo(f"{click.style(name.ljust(width), bold=True)}{_GAP}{printable(cell)}".rstrip())


def printable(text: str) -> str:
    """What users and clients wrote must not move the cursor, or start a line."""
    return "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in text
    )


def instant(moment: datetime | None) -> str:
    """To the second, in UTC."""
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%SZ}"


def joined(names: Iterable[str]) -> str:
    """Names, separated by spaces."""
    return " ".join(sorted(names))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return _GAP.join(padded).rstrip()
