"""One route left open, one behind an empty dependency, one behind each way to check a token."""

import os
import time
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Security
from fastapi.security import OAuth2PasswordBearer

import jwt
from countersign import Countersign, Key, Principal
from countersign.fastapi import CountersignFastAPI

ALGORITHM = os.environ["ALGORITHM"]
ISSUER, AUDIENCE = "https://issuer.example", "api"

auth = Countersign(
    f"sqlite:///{os.environ['DATABASE']}",
    issuer=ISSUER,
    audience=AUDIENCE,
    tokens_algorithm=ALGORITHM,
)
app = FastAPI()
cs = CountersignFastAPI(auth)
cs.install(app)

key = Key.generate(ALGORITHM)
private = key.to_secret() if key.is_symmetric else key.to_pem(private=True)
public = jwt.get_algorithm_by_name(ALGORITHM).prepare_key(
    private if key.is_symmetric else key.to_pem()
)
bearer = OAuth2PasswordBearer(tokenUrl="token")


async def nothing() -> None:
    """What a dependency costs by itself."""


async def checked_by_pyjwt(token: Annotated[str, Depends(bearer)]) -> dict:
    """As the tutorials have it, with issuer and audience checked too."""
    try:
        return jwt.decode(token, public, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=ISSUER)
    except jwt.InvalidTokenError:
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"}) from None


@app.get("/open")
async def left_open() -> dict:
    return {"hello": "world"}


@app.get("/empty")
async def empty_dependency(_: Annotated[None, Depends(nothing)]) -> dict:
    return {"hello": "world"}


@app.get("/countersign")
async def by_countersign(_: Annotated[Principal, Security(cs.principal)]) -> dict:
    return {"hello": "world"}


@app.get("/pyjwt")
async def by_pyjwt(_: Annotated[dict, Depends(checked_by_pyjwt)]) -> dict:
    return {"hello": "world"}


@app.get("/tokens")
async def tokens() -> dict[str, str]:
    """What each route is to be asked with."""
    ours = await auth.astart_session("user-1", scopes=["reports:read"])
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "iat": now, "exp": now + 3600}
    theirs = jwt.encode({**claims, "jti": "1", "scope": "reports:read"}, private, ALGORITHM)
    # What an open route costs is asked with the same request.
    same = dict.fromkeys(["/open", "/empty", "/countersign"], ours.access_token)
    return {**same, "/pyjwt": theirs}
