"""The guide's Flask program in Countersign's own style.

``POST /login``, ``/refresh``, ``/logout``, ``/register`` and ``GET /users/me`` come from
``CountersignFlask(app, auth)``, the users and their passwords with them.
"""

import os
from typing import Any

from countersign import Countersign, ExpiredTokenError
from countersign.flask import CountersignFlask, current_principal
from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

app = Flask(__name__)

# These are for this machine. Every setting can come from the environment instead.
auth = Countersign.from_settings(
    environment={
        "COUNTERSIGN_DATABASE_URL": "sqlite:///first-guide-flask.db",
        "COUNTERSIGN_ISSUER": "http://127.0.0.1:8000",
        "COUNTERSIGN_AUDIENCE": "first-guide-flask",
        "COUNTERSIGN_TOKENS_ACCESS_TTL": "1h",
        "COUNTERSIGN_SESSIONS_IDLE": "30d",
        "COUNTERSIGN_LIMITS_LOGIN_ADDRESS": "5 per minute",
        **os.environ,
    }
)
cs = CountersignFlask(app, auth)


@app.errorhandler(ExpiredTokenError)
def expired_token(error: ExpiredTokenError) -> tuple[Response, int, dict[str, str]]:
    """Answers a token that has expired; status and challenge stay (RFC 6750 3)."""
    body = {**error.body, "error_description": "The token has expired"}
    return jsonify(body), error.status, error.headers


@app.errorhandler(HTTPException)
def handle_http_error(error: HTTPException) -> tuple[Response, int]:
    """Answers whatever else is refused."""
    code = error.name.lower().replace(" ", "_")
    return jsonify(error=code, error_description=error.description), error.code or 500


@app.get("/protected")
@cs.limit("200 per day; 50 per hour")
@cs.required
def protected() -> dict[str, Any]:
    """A view for those who are logged in."""
    return {"logged_in_as": current_principal.username, "roles": current_principal.roles}
