"""What the extension leaves on an application, and how it is found again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from flask import Flask, current_app

if TYPE_CHECKING:
    from countersign.engine import Countersign, HostRoutes

NAME: Final = "countersign"
"""The key in ``app.extensions``, and the blueprint's name."""

# Going through the proxy costs more than all that is found with it, on every protected request.
_application: Final[Callable[[], Flask]] = current_app._get_current_object  # type: ignore[attr-defined]


class Installed(NamedTuple):
    """What one application has."""

    auth: Countersign
    routes: HostRoutes
    root: str
    """Where the application itself stands: ``APPLICATION_ROOT`` without the last slash."""


def installed() -> Installed:
    """The current application's.

    Raises:
        RuntimeError: ``init_app`` was not called for it.
    """
    app = _application()
    found: Installed | None = app.extensions.get(NAME)
    if found is None:
        raise RuntimeError(
            f"the application {app.name!r} has no Countersign: call cs.init_app(app) where it is"
            " made"
        )
    return found
