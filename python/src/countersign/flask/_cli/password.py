"""Where a password comes from: a prompt without echo, or standard input.

Never an argument, which every process on the machine could read.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from countersign.flask._cli.exit_codes import Failure

_Command = TypeVar("_Command", bound=Callable[..., Any])

# More than any password has; what is longer the engine refuses.
_LONGEST: Final = 4096


def password_option(command: _Command) -> _Command:
    """``--password-stdin``."""
    about = "Read the password from standard input."
    return click.option("--password-stdin", is_flag=True, help=about)(command)


def read_password(password_stdin: bool) -> str:
    """A new password, asked for twice where somebody types it."""
    if password_stdin:
        return _without_line_end(sys.stdin.read(_LONGEST + 1))
    if not sys.stdin.isatty():
        raise Failure(
            "there is no terminal to ask for the password: give it on standard input with"
            " --password-stdin"
        )
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt="Again", err=True)
    return typed


def _without_line_end(text: str) -> str:
    password = text.removesuffix("\n").removesuffix("\r")
    if not password:
        raise Failure("standard input has no password")
    return password
