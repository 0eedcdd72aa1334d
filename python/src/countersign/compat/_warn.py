"""Warn where a developer looks: at the line of the program, not inside this package."""

from __future__ import annotations

import sys
import warnings

_PACKAGE = __name__.partition(".")[0]


def warn_caller(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line of the program that called into this package, however deep we are."""
    level = 2
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__")):
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)


def is_text_for_no(value: object) -> bool:
    """Tell whether a switch is a text that its author takes for no, and Python for yes."""
    return isinstance(value, str) and value.strip().lower() in ("false", "no", "off", "0")


def _is_ours(module: object) -> bool:
    return isinstance(module, str) and module.partition(".")[0] == _PACKAGE
