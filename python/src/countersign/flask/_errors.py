"""Refusals as answers, everywhere in the application.

The handler is a Flask error handler for :class:`CountersignError`: one that the application
registers for the same or a closer class, such as ``ExpiredTokenError``, goes before it.

Extensions that build APIs (Flask-RESTful, Flask-RESTX) put themselves before Flask's error handlers
and make ``{"message": "Internal Server Error"}`` of what they do not know. Therefore refusals are
answered where they leave the view, before anybody else sees them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, current_app, got_request_exception
from werkzeug.exceptions import MethodNotAllowed

from countersign.exceptions import CountersignError
from countersign.flask._api_handlers import has_own_handler
from countersign.flask._routes import answer_wrong_method


def install(app: Flask, at_first_request: Callable[[], None]) -> None:
    """Registers the handler, and answers refusals of views and of ``before_request`` functions."""
    # Not `register_error_handler`: that would take the place of the application's own.
    app.error_handler_spec[None][None].setdefault(CountersignError, render)
    app.preprocess_request = _answering(  # type: ignore[method-assign]
        app, _after(at_first_request, app.preprocess_request)
    )
    app.dispatch_request = _answering(app, app.dispatch_request)  # type: ignore[method-assign]


def render(error: CountersignError) -> Response:
    """The answer that the server gives, to the byte."""
    if error.status == 500:
        _report(error)
    body = json.dumps(error.body, separators=(",", ":"))
    return current_app.response_class(
        body, status=error.status, headers=error.headers, mimetype="application/json"
    )


def _report(error: CountersignError) -> None:
    """What is ours to mend is shown to developers, as any exception, and logged for operators."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    propagate = app.config["PROPAGATE_EXCEPTIONS"]
    if app.testing or app.debug if propagate is None else propagate:
        raise error
    got_request_exception.send(app, exception=error)
    app.log_exception(sys.exc_info())


def _answering(app: Flask, step: Callable[..., Any]) -> Callable[..., Any]:
    # Versions of Flask differ in whether a step takes the context.
    def answering(*context: Any) -> Any:
        try:
            return step(*context)
        except CountersignError as error:
            # What is ours to mend is no answer of a view: Flask's debugger and its like want it.
            if error.status == 500 or has_own_handler(app, error):
                raise
            # Flask's own, not what others have put before it on this instance.
            handle: Callable[..., Any] = type(app).handle_user_exception
            return handle(app, *context, error)
        except MethodNotAllowed as refusal:
            answer = answer_wrong_method(refusal)
            if answer is None:
                raise
            return answer

    return answering


def _after(first: Callable[[], None], step: Callable[..., Any]) -> Callable[..., Any]:
    done = False

    def after(*context: Any) -> Any:
        nonlocal done
        if not done:
            first()
            done = True
        return step(*context)

    return after
