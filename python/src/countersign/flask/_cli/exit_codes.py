"""What a command ends with when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask.cli import AppGroup

from countersign.exceptions import ConfigurationError, CountersignError, KeyMaterialError
from countersign.flask._cli.output import printable

_INPUT = 1
_OURS = 2


class Commands(AppGroup):
    """A group that tells failures of the input from failures of the machine."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Reads the group's own arguments."""
        with _exit_codes():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Reads a command's arguments and runs it."""
        with _exit_codes():
            return super().invoke(ctx)


class Failure(click.ClickException):
    """The input must be changed; why, in one line."""

    exit_code = _INPUT

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class OurFailure(Failure):
    """The machine or the program failed."""

    exit_code = _OURS


@contextmanager
def _exit_codes() -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        # Click's own is 2.
        vars(error)["exit_code"] = _INPUT
        raise
    except CountersignError as error:
        settings = isinstance(error, (ConfigurationError, KeyMaterialError))
        failure = OurFailure if error.status >= 500 and not settings else Failure
        raise failure(str(error) or error.description) from error
