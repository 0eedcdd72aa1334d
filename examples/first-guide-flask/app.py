"""The guide's Flask program, with Countersign's Flask-JWT-Extended and Flask-Limiter."""

import os
import sqlite3
import time
from contextlib import closing
from datetime import timedelta
from typing import Any

# was: from flask_jwt_extended import ...
from countersign.compat.flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,  # mended: it was not imported, and never called.
    decode_token,
    get_jwt,
    get_jwt_identity,
    jwt_required,
)
from countersign.compat.flask_limiter import Limiter  # was: from flask_limiter import Limiter
from countersign.compat.flask_limiter.util import get_remote_address
from flask import Flask, Response, jsonify, request
from users import User, authenticate_user, get_user
from werkzeug.exceptions import HTTPException

app = Flask(__name__)

# mended: a placeholder stood here, and who reads the source could sign with it. HS256 needs 32
# bytes (RFC 7518 3.2).
app.config["JWT_SECRET_KEY"] = os.environ.get("JWT_SECRET_KEY", "")
if len(app.config["JWT_SECRET_KEY"].encode()) < 32:
    raise RuntimeError(
        "JWT_SECRET_KEY needs 32 bytes: export JWT_SECRET_KEY=$(openssl rand -hex 32)"
    )
app.config["JWT_ACCESS_TOKEN_EXPIRES"] = timedelta(hours=1)
app.config["JWT_REFRESH_TOKEN_EXPIRES"] = timedelta(days=30)
# mended: a token of any other service with this secret was taken (RFC 8725 3.8, 3.9).
for name in ("JWT_ENCODE_AUDIENCE", "JWT_DECODE_AUDIENCE"):
    app.config[name] = "https://api.example.com"
for name in ("JWT_ENCODE_ISSUER", "JWT_DECODE_ISSUER"):
    app.config[name] = "https://auth.example.com"
# mended: refusals of tokens had no WWW-Authenticate, and some the status 422 (RFC 6750 3).
app.config["JWT_STRICT"] = True

jwt = JWTManager(app)
limiter = Limiter(
    get_remote_address,
    app=app,
    default_limits=["200 per day", "50 per hour"],
    storage_uri="memory://",
    headers_enabled=True,  # mended: a 429 did not say when to come again.
)


class AuthError(Exception):
    """A log-in or a refresh that is refused."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error
        self.message = message


def run(statement: str, *values: object) -> int:
    """Runs a statement on the table of tokens; how many rows it changed or found."""
    # mended: both stores were a set and a dict of one process. Another worker did not know what
    # was in them, and a restart let logged-out tokens in again.
    path = os.environ.get("TOKENS_DATABASE", "tokens.db")
    with closing(sqlite3.connect(path, timeout=10)) as database, database:
        database.execute(
            "CREATE TABLE IF NOT EXISTS tokens (jti TEXT, kind TEXT, username TEXT, exp REAL, "
            "PRIMARY KEY (jti, kind))"
        )
        database.execute("DELETE FROM tokens WHERE exp <= ?", [time.time()])
        done = database.execute(statement, values)
        return len(done.fetchall()) if done.description else done.rowcount


class TokenManager:
    """Makes tokens, and remembers those that are good no more."""

    def create_tokens(self, user: User) -> dict[str, Any]:
        """A pair of tokens for this user."""
        # mended: the e-mail address stood in a token that anybody can read. And who lost a role
        # kept it until the token expired: now another generation ends all tokens of before.
        claims = {"roles": user.roles, "gen": user.generation}
        access_token = create_access_token(user.username, additional_claims=claims)
        refresh_token = create_refresh_token(
            user.username, additional_claims={"gen": user.generation}
        )
        made = decode_token(refresh_token)
        refresh_tokens.store(user.username, made["jti"], made["exp"])
        # mended: 3600 was written here once more.
        expires_in = int(app.config["JWT_ACCESS_TOKEN_EXPIRES"].total_seconds())
        return {
            "access_token": access_token,
            "refresh_token": refresh_token,
            "token_type": "bearer",
            "expires_in": expires_in,
        }

    def add_to_blacklist(self, jti: str, exp: float) -> None:
        """Refuses the token with this id from now on."""
        # mended: nothing was ever taken from the list. Each stays until it would have expired.
        run("INSERT OR IGNORE INTO tokens VALUES (?, 'revoked', NULL, ?)", jti, exp)

    def is_blacklisted(self, jti: str) -> bool:
        """Whether the token with this id is refused."""
        return run("SELECT 1 FROM tokens WHERE kind = 'revoked' AND jti = ?", jti) > 0


class RefreshTokenStore:
    """Remembers which refresh tokens a user may use, by their ids."""

    # mended: it kept one token for each user, so that a log-in ended all others; and the token
    # itself, so that whoever saw the store could use it.
    def store(self, username: str, jti: str, exp: float) -> None:
        """Lets the user use the token with this id, once."""
        run("INSERT INTO tokens VALUES (?, 'refresh', ?, ?)", jti, username, exp)

    def use(self, username: str, jti: str) -> bool:
        """Whether the user may use the token with this id; never again after that."""
        statement = "DELETE FROM tokens WHERE kind = 'refresh' AND jti = ? AND username = ?"
        return run(statement, jti, username) == 1

    def revoke(self, username: str) -> None:
        """Takes all of the user's tokens away."""
        run("DELETE FROM tokens WHERE kind = 'refresh' AND username = ?", username)


token_manager = TokenManager()
refresh_tokens = RefreshTokenStore()


def refusal(error: str, message: str) -> Response:
    """The body of every refusal."""
    # mended: there were three shapes of them, and pages of HTML.
    return jsonify({"error": error, "message": message})


@app.errorhandler(AuthError)
def handle_auth_error(error: AuthError) -> tuple[Response, int, dict[str, str]]:
    """Answers a refused log-in or refresh."""
    return refusal(error.error, error.message), 401, {"WWW-Authenticate": "Bearer"}


@app.errorhandler(HTTPException)
def handle_http_error(error: HTTPException) -> Response:
    """Answers whatever else is refused: 404, 429."""
    body = refusal(error.name.lower().replace(" ", "_"), error.description or "")
    body.status_code = error.code or 500
    return body


@jwt.expired_token_loader
def expired_token(header: dict[str, Any], payload: dict[str, Any]) -> tuple[Response, int]:
    """Answers a token that has expired."""
    return refusal("token_expired", "The token has expired"), 401


# mended: the other refusals had no loader, and another body.
@jwt.invalid_token_loader
def invalid_token(reason: str) -> tuple[Response, int]:
    """Answers what is no good token."""
    return refusal("invalid_token", reason), 401


@jwt.unauthorized_loader
def missing_token(reason: str) -> tuple[Response, int]:
    """Answers who has no token."""
    return refusal("missing_token", reason), 401


@jwt.revoked_token_loader
def revoked_token(header: dict[str, Any], payload: dict[str, Any]) -> tuple[Response, int]:
    """Answers a token that was logged out."""
    return refusal("token_revoked", "The token has been revoked"), 401


@jwt.token_in_blocklist_loader
def is_blacklisted(header: dict[str, Any], payload: dict[str, Any]) -> bool:
    """Whether somebody has logged out with this token, or its user is not who it says."""
    user = get_user(payload["sub"])
    # mended: who was disabled, deleted or lost a role was let in until the token expired.
    if user is None or user.disabled or payload.get("gen") != user.generation:
        return True
    return token_manager.is_blacklisted(payload["jti"])


@app.post("/login")
@limiter.limit("5 per minute")
def login() -> dict[str, Any]:
    """Answers a pair of tokens to whoever knows the password."""
    # mended: `request.json.get` was an error for what is no JSON object.
    body = request.get_json(silent=True)
    given = body if isinstance(body, dict) else {}
    user = authenticate_user(str(given.get("username")), str(given.get("password")))
    if user is None:
        raise AuthError("invalid_credentials", "Incorrect username or password")
    # mended: a log-in made no refresh token, so that nobody could refresh.
    return token_manager.create_tokens(user)


@app.post("/refresh")
@jwt_required(refresh=True)
def refresh() -> dict[str, Any]:
    """Answers the next pair of tokens for a refresh token."""
    # mended: the store was never asked, and a refresh token good as often as one liked.
    user = get_user(get_jwt_identity())
    if user is None or not refresh_tokens.use(user.username, get_jwt()["jti"]):
        raise AuthError("invalid_grant", "The refresh token was used or revoked")
    # mended: after a refresh the claims were gone, and the roles with them.
    return token_manager.create_tokens(user)


# mended: nobody called `add_to_blacklist`: one could not log out.
@app.post("/logout")
@jwt_required()
def logout() -> tuple[str, int]:
    """Ends this access token, and all refresh tokens of the user."""
    token_manager.add_to_blacklist(get_jwt()["jti"], get_jwt()["exp"])
    refresh_tokens.revoke(get_jwt_identity())
    return "", 204


@app.get("/protected")
@jwt_required()
def protected() -> dict[str, Any]:
    """A view for those who are logged in."""
    return {"logged_in_as": get_jwt_identity(), "roles": get_jwt()["roles"]}
