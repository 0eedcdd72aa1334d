"""The guide's FastAPI program, with Countersign's python-jose in the place of python-jose."""

import os
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

from countersign.compat.python_jose import JWTError, jwt  # was: from jose import JWTError, jwt
from fastapi import Depends, FastAPI, HTTPException, status

# mended: OAuth2PasswordRequestForm was used and not imported: a NameError at the start.
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from pydantic import BaseModel
from users import authenticate_user, get_user

# mended: a placeholder stood here, and who reads the source could sign with it. HS256 needs 32
# bytes (RFC 7518 3.2).
SECRET_KEY = os.environ.get("SECRET_KEY", "")
if len(SECRET_KEY.encode()) < 32:
    raise SystemExit("SECRET_KEY needs 32 bytes: export SECRET_KEY=$(openssl rand -hex 32)")
ALGORITHM = "HS256"
ISSUER = "https://auth.example.com"
AUDIENCE = "https://api.example.com"
ACCESS_TOKEN_EXPIRE_MINUTES = 30

app = FastAPI()
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="token")


class Token(BaseModel):
    """What a log-in answers."""

    access_token: str
    token_type: str
    expires_in: int


class User(BaseModel):
    """A user, as others may see it."""

    username: str
    email: str | None = None
    disabled: bool = False


def create_access_token(data: dict[str, Any], expires_delta: timedelta) -> str:
    """A token with these claims."""
    # mended: `utcnow()` answers a time without a zone, and is deprecated.
    expire = datetime.now(timezone.utc) + expires_delta
    # mended: nothing said who made the token and for whom, so that any token of this secret was
    # taken (RFC 8725 3.8, 3.9).
    claims = {**data, "iss": ISSUER, "aud": AUDIENCE, "exp": expire, "jti": str(uuid4())}
    return jwt.encode(claims, SECRET_KEY, algorithm=ALGORITHM)


async def get_current_user(token: str = Depends(oauth2_scheme)) -> User:
    """The user whose token it is."""
    credentials_exception = HTTPException(
        status_code=status.HTTP_401_UNAUTHORIZED,
        detail="Could not validate credentials",
        headers={"WWW-Authenticate": "Bearer"},
    )
    try:
        # A token without `exp` would be good for ever, one without `sub` nobody's, and python-jose
        # lets one without `aud` pass.
        payload = jwt.decode(
            token,
            SECRET_KEY,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require_exp": True, "require_sub": True, "require_aud": True},
        )
    except JWTError:
        raise credentials_exception from None
    if (user := get_user(payload["sub"])) is None:
        raise credentials_exception
    # mended: nobody looked at `disabled`.
    if user.disabled:
        raise credentials_exception
    return User(username=user.username, email=user.email, disabled=user.disabled)


# Not `async`: passwords are checked on a thread, because that takes a while.
@app.post("/token")
def login(
    form_data: OAuth2PasswordRequestForm = Depends(),  # noqa: B008 - as the guide has it
) -> Token:
    """Answers a token to whoever knows the password."""
    user = authenticate_user(form_data.username, form_data.password)
    if user is None:
        raise HTTPException(
            status_code=status.HTTP_401_UNAUTHORIZED,
            detail="Incorrect username or password",
            headers={"WWW-Authenticate": "Bearer"},
        )
    lifetime = timedelta(minutes=ACCESS_TOKEN_EXPIRE_MINUTES)
    access_token = create_access_token({"sub": user.username}, lifetime)
    # mended: a number that had to be the same as the one above was written here once more.
    expires_in = int(lifetime.total_seconds())
    return Token(access_token=access_token, token_type="bearer", expires_in=expires_in)  # noqa: S106


@app.get("/users/me")
async def read_users_me(
    current_user: User = Depends(get_current_user),  # noqa: B008 - as the guide has it
) -> User:
    """Who is logged in."""
    return current_user


@app.get("/protected")
async def protected(
    current_user: User = Depends(get_current_user),  # noqa: B008 - as the guide has it
) -> dict[str, str]:
    """A route for those who are logged in."""
    return {"message": f"Hello {current_user.username}"}
