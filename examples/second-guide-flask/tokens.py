"""The tokens of the guide's programs, made and checked with ``countersign.jwt``."""

import datetime
import os
import uuid
from typing import Any

from countersign import jwt  # was: import jwt

# mended: the secret stood here, 13 bytes long, and who reads the source could sign with it. HS256
# needs 32 bytes (RFC 7518 3.2); for less countersign.jwt warns, as PyJWT does.
secret_key = os.environ.get("SECRET_KEY", "")
if len(secret_key.encode()) < 32:
    raise SystemExit("SECRET_KEY needs 32 bytes: export SECRET_KEY=$(openssl rand -hex 32)")
issuer = "https://auth.example.com"
audience = "https://api.example.com"


def generate_token(user_id: int) -> str:
    """A token for the user with this id."""
    # mended: there was no `exp`: a token was good for ever, and "Token has expired" never said.
    expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=15)
    # mended: PyJWT 2 answers a text; `token.decode("utf-8")` made every log-in a 500.
    # mended: nothing said who made the token and for whom, so that any token of this secret was
    # taken; and one could not be told from another (RFC 7519 4.1).
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": str(user_id),
        "user_id": user_id,
        "exp": expires,
        "jti": str(uuid.uuid4()),
    }
    return jwt.encode(claims, secret_key, algorithm="HS256")


def decode_token(authorization: str) -> dict[str, Any]:
    """The claims of the token in an ``Authorization`` header."""
    # mended: the whole header was decoded as a token, the word "Bearer" with it.
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise jwt.InvalidTokenError("not a bearer token")
    return jwt.decode(token, secret_key, algorithms=["HS256"], audience=audience, issuer=issuer)
