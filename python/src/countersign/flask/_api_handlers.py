"""Whether an API extension was told itself what to answer to a refusal.

``@api.errorhandler(ExpiredTokenError)`` of Flask-RESTX is as much the application's will as Flask's
``@app.errorhandler``; then the extension gets the exception.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from flask import Flask


def has_own_handler(app: Flask, error: Exception) -> bool:
    """Whether the API whose view this is has a handler for the error."""
    return any(
        isinstance(error, tuple(getattr(api, "_own_and_child_error_handlers", ())))
        and api._has_fr_route()
        for api in _apis(app)
    )


def _apis(app: Flask) -> Iterator[Any]:
    """Both extensions put their ``error_router`` before the handler that they find."""
    handler = vars(app).get("handle_user_exception")
    while isinstance(handler, partial) and handler.args:
        yield getattr(handler.func, "__self__", None)
        handler = handler.args[0]
