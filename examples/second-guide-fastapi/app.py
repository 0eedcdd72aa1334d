"""The guide's FastAPI program, with ``countersign.jwt`` in the place of PyJWT."""

import datetime
import hmac
import os
import uuid
from typing import Any

from countersign import jwt  # was: import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm

app = FastAPI()
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="login")

# mended: the secret stood here, 13 bytes long, and who reads the source could sign with it. HS256
# needs 32 bytes (RFC 7518 3.2); for less countersign.jwt warns, as PyJWT does.
secret_key = os.environ.get("SECRET_KEY", "")
if len(secret_key.encode()) < 32:
    raise SystemExit("SECRET_KEY needs 32 bytes: export SECRET_KEY=$(openssl rand -hex 32)")
issuer = "https://auth.example.com"
audience = "https://api.example.com"

username = os.environ.get("DEMO_USER", "ada")
password = os.environ.get("DEMO_PASSWORD", "")
if not password:
    raise SystemExit("DEMO_PASSWORD is not set: the user needs a password")


def generate_token(user_id: int) -> str:
    """A token for the user with this id."""
    # mended: there was no `exp`: a token was good for ever, and "Token has expired" never said.
    expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=15)
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


async def get_current_user(token: str = Depends(oauth2_scheme)) -> dict[str, Any]:
    """The user whose token is presented."""
    try:
        claims = jwt.decode(
            token, secret_key, algorithms=["HS256"], audience=audience, issuer=issuer
        )
    except jwt.ExpiredSignatureError:
        raise unauthorized("Token has expired") from None
    except jwt.InvalidTokenError:
        raise unauthorized("Invalid token") from None
    # mended: nobody asked whether the user is there.
    if claims.get("user_id") != 1:
        raise unauthorized("Invalid token")
    return {"user_id": 1}


def unauthorized(detail: str) -> HTTPException:
    """A refusal."""
    # mended: a 401 says how to authenticate (RFC 9110 15.5.2).
    return HTTPException(status_code=401, detail=detail, headers={"WWW-Authenticate": "Bearer"})


@app.post("/login")
async def login(
    form_data: OAuth2PasswordRequestForm = Depends(),  # noqa: B008 - as the guide has it
) -> dict[str, str]:
    """Answers a token to whoever knows the password."""
    # mended: the form was never looked at: whoever came was user 1.
    right = hmac.compare_digest(form_data.password.encode(), password.encode())
    if form_data.username != username or not right:
        raise unauthorized("Invalid credentials")
    return {"access_token": generate_token(1), "token_type": "bearer"}


@app.get("/protected")
async def protected(
    user: dict[str, Any] = Depends(get_current_user),  # noqa: B008 - as the guide has it
) -> dict[str, Any]:
    """A route for those who are logged in."""
    return {"message": "You are authenticated", "user_id": user["user_id"]}
