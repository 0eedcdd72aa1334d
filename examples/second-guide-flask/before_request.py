"""The guide's second program: a hook asks for the token before every view."""

from countersign import jwt  # was: import jwt
from flask import Flask, g, jsonify, request
from flask.typing import ResponseReturnValue
from tokens import decode_token, generate_token
from users import find_user

app = Flask(__name__)


@app.before_request
def authenticate() -> ResponseReturnValue | None:
    """Asks for a good token."""
    # mended: the hook asked for a token at /login, too, so that nobody could get one; and before
    # the preflights of browsers and 404s.
    if request.endpoint in (None, "login", "static") or request.method == "OPTIONS":
        return None
    token = request.headers.get("Authorization")
    if not token:
        return unauthorized("Missing token")
    try:
        # mended: the claims were thrown away, and no view knew who calls.
        g.user = decode_token(token)
    except jwt.ExpiredSignatureError:
        return unauthorized("Token has expired")
    except jwt.InvalidTokenError:
        return unauthorized("Invalid token")
    return None


def unauthorized(error: str) -> ResponseReturnValue:
    """A refusal."""
    # mended: a 401 says how to authenticate (RFC 9110 15.5.2).
    return jsonify({"error": error}), 401, {"WWW-Authenticate": "Bearer"}


@app.route("/login", methods=["POST"])
def login() -> ResponseReturnValue:
    """Answers a token to whoever knows the password."""
    user_id = find_user(request.get_json(silent=True))
    if user_id is None:
        return unauthorized("Invalid credentials")
    return jsonify({"token": generate_token(user_id)})


@app.route("/protected")
def protected() -> ResponseReturnValue:
    """A view for those who are logged in."""
    return jsonify({"message": "You are authenticated", "user_id": g.user["user_id"]})


@app.route("/profile")
def profile() -> ResponseReturnValue:
    """A second one."""
    return jsonify({"profile": g.user["user_id"]})
