"""The guide's first program: a decorator asks for the token."""

import functools
from collections.abc import Callable
from typing import Any

from countersign import jwt  # was: import jwt
from flask import Flask, g, jsonify, request
from flask.typing import ResponseReturnValue
from tokens import decode_token, generate_token
from users import find_user

app = Flask(__name__)


@app.route("/login", methods=["POST"])
def login() -> ResponseReturnValue:
    """Answers a token to whoever knows the password."""
    user_id = find_user(request.get_json(silent=True))
    if user_id is None:
        return unauthorized("Invalid credentials")
    return jsonify({"token": generate_token(user_id)})


def authenticate(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Lets only bearers of a good token into a view."""

    # mended: without `wraps` all views are called the same, and Flask refuses the second one.
    @functools.wraps(view)
    def decorated_function(*args: Any, **kwargs: Any) -> ResponseReturnValue:
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
        return view(*args, **kwargs)

    return decorated_function


def unauthorized(error: str) -> ResponseReturnValue:
    """A refusal."""
    # mended: a 401 says how to authenticate (RFC 9110 15.5.2).
    return jsonify({"error": error}), 401, {"WWW-Authenticate": "Bearer"}


@app.route("/protected")
@authenticate
def protected() -> ResponseReturnValue:
    """A view for those who are logged in."""
    return jsonify({"message": "You are authenticated", "user_id": g.user["user_id"]})


@app.route("/profile")
@authenticate
def profile() -> ResponseReturnValue:
    """A second one."""
    return jsonify({"profile": g.user["user_id"]})
