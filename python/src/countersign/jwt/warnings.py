"""Filter what this package warns about."""

from __future__ import annotations

import sys
import warnings as _warnings

__all__ = ["InsecureKeyLengthWarning", "RemovedInPyjwt3Warning"]


class RemovedInPyjwt3Warning(DeprecationWarning):
    """Find calls that PyJWT 3 will not accept any more."""


class InsecureKeyLengthWarning(UserWarning):
    """Find keys that are shorter than RFC 7518 (HMAC) or NIST SP 800-131A (RSA) ask for."""


def warn_caller(message: str, category: type[Warning]) -> None:
    """Warn at the line of the program that called into this package, however deep we are."""
    package = __name__.rpartition(".")[0]
    level = 2
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_of(frame.f_globals.get("__name__"), package):
        frame = frame.f_back
        level += 1
    _warnings.warn(message, category, stacklevel=level)


def _is_of(module: object, package: str) -> bool:
    return isinstance(module, str) and (module == package or module.startswith(package + "."))
