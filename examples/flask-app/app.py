"""Countersign in a Flask application.

``POST /login``, ``/token``, ``/refresh``, ``/logout``, ``/revoke``, ``GET /users/me`` and the rest
come from ``CountersignFlask(app, auth)``; what stands here is the application's own.
"""

import logging
import os
from typing import Any

from countersign import Countersign, Event, ExpiredTokenError, Subject
from countersign.flask import CountersignFlask, current_principal
from flask import Flask, Response, abort, jsonify
from werkzeug.exceptions import HTTPException

logging.basicConfig(level=logging.INFO)
log = logging.getLogger("flask-app")

# These are for this machine. Every setting can come from the environment instead.
auth = Countersign.from_settings(
    environment={
        "COUNTERSIGN_DATABASE_URL": "sqlite:///flask-app.db",
        "COUNTERSIGN_ISSUER": "http://127.0.0.1:8000",
        "COUNTERSIGN_AUDIENCE": "flask-app",
        **os.environ,
    }
)
app = Flask(__name__)
cs = CountersignFlask(app, auth)

# A `before_request` guard: a token is needed everywhere but here. One can always log in; static
# files, preflights and health checks pass as well.
cs.protect(exempt=["/about"])


@auth.claims
def plan(subject: Subject) -> dict[str, Any]:
    """Adds claims to every access token, after a refresh, too."""
    return {"plan": "pro" if "subscriber" in subject.roles else "free"}


@auth.on("login.failed", "refresh.replayed")
def watch(event: Event) -> None:
    """Hears of what may be an attack, when it has been written to the audit log."""
    log.warning("%s: user %s, from %s", event.kind, event.user_id, event.address)


@app.get("/")
@cs.exempt
@cs.required(optional=True)
def front_page() -> dict[str, str]:
    """Open to all; greets by name who is logged in."""
    return {"hello": (current_principal and current_principal.username) or "stranger"}


@app.get("/about")
def about() -> dict[str, str]:
    """Open to all, because the guard exempts its path."""
    return {"about": "Reports by season."}


@app.get("/health")
def health() -> dict[str, str]:
    """For the load balancer."""
    auth.ready()
    return {"status": "ok"}


@app.get("/protected")
def protected() -> dict[str, Any]:
    """For everybody with a good token that nobody has revoked: the guard sees to it."""
    user = current_principal
    return {"logged_in_as": user.username, "roles": user.roles, "plan": user.claims["plan"]}


@app.get("/reports")
@cs.required(scopes=["reports:read"])
def reports() -> dict[str, Any]:
    """For tokens with the scope ``reports:read``; others get 403."""
    return {"for": current_principal.username, "reports": ["spring", "summer"]}


@app.post("/reports")
@cs.limit("5 per minute", key="user")
def order_report() -> tuple[dict[str, Any], int]:
    """At most five a minute for each user; then 429 with Retry-After."""
    return {"ordered_by": current_principal.username}, 201


@app.get("/reports/<season>")
@cs.required(scopes=["reports:read"])
def report(season: str) -> dict[str, Any]:
    """Answers 404 in the shape of all other errors."""
    if season not in {"spring", "summer"}:
        abort(404, f"There is no report for {season}.")
    return {"season": season, "for": current_principal.username}


@app.delete("/people/<username>/sessions")
@cs.required(roles=["admin"], max_auth_age=3600)
def log_out(username: str) -> tuple[str, int]:
    """Logs somebody out everywhere: every token that the person has is refused from now on."""
    auth.end_user_sessions(username)
    log.info("%s logged %s out", current_principal.username, username)
    return "", 204


@app.errorhandler(ExpiredTokenError)
def expired(error: ExpiredTokenError) -> tuple[Response, int, dict[str, str]]:
    """An answer of our own to one kind of refusal; status and challenge stay (RFC 6750 3)."""
    body = {**error.body, "error_description": "Your token is too old: POST /refresh."}
    return jsonify(body), error.status, error.headers


@app.errorhandler(HTTPException)
def as_json(error: HTTPException) -> tuple[Response, int]:
    """The application's own errors, and Flask's, in the shape of the engine's."""
    code = error.name.lower().replace(" ", "_")
    return jsonify(error=code, error_description=error.description), error.code or 500
