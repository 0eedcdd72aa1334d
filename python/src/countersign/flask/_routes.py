"""The engine's routes as rules of the application."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import MethodNotAllowed

from countersign.flask._handover import hand_over, response
from countersign.flask._installed import NAME, installed

if TYPE_CHECKING:
    from countersign.engine import HostRoutes


def rules(routes: HostRoutes, root: str) -> Iterator[tuple[str, frozenset[str]]]:
    """The paths as Flask writes them, without the application's root, and their methods."""
    for template, methods in routes.paths:
        path = template if template.startswith("/.well-known/") else template[len(root) :]
        yield re.sub(r"\{(\w+)\}", r"<\1>", path), methods


def blueprint(routes: HostRoutes, root: str) -> Blueprint:
    """All of them. ``url_for("countersign.login")`` and so on give their URLs."""
    made = Blueprint(NAME, __name__)
    mount = routes.prefix[len(root) :]
    for rule, methods in rules(routes, root):
        made.add_url_rule(
            rule,
            _endpoint(rule.removeprefix(mount)),
            _answer,
            methods=[*methods, "OPTIONS"],
            provide_automatic_options=False,
            # A log-in must not be sent twice, and where to would be the Host header's to say.
            merge_slashes=False,
        )
    return made


def _endpoint(rule: str) -> str:
    return re.sub(r"\W+", "_", rule).strip("_")


def _answer(**_values: Any) -> Response:
    """The one view of them all. The values of the rule are in the path, which is handed over."""
    answer = hand_over(installed(), request)
    if request.method == "OPTIONS" and answer.status == 405:
        # No origins are allowed by the engine's settings, and Flask's answer is one that
        # Flask-CORS can complete.
        return current_app.make_default_options_response()
    return response(answer)


def answer_wrong_method(refusal: MethodNotAllowed) -> Response | None:
    """The engine's 405, unless a view of the application's has the path, too."""
    adapter = current_app.create_url_adapter(request)
    methods = set(refusal.valid_methods or ()) - {"HEAD", "OPTIONS"}
    if adapter is None or not methods:
        return None
    for method in methods:
        rule, _ = adapter.match(method=method, return_rule=True)
        if not str(rule.endpoint).startswith(f"{NAME}."):
            return None
    return response(hand_over(installed(), request))
