"""One route left open, one behind an empty dependency, one behind each way to check a token."""

import os
import time
from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import Depends, FastAPI, HTTPException, Security
from fastapi.security import OAuth2PasswordBearer
from starlette.types import Receive, Scope, Send

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
cs = CountersignFastAPI(auth)
Endpoint = TypeVar("Endpoint", bound=Callable[..., object])
alone: dict[str, FastAPI] = {}


def get(path: str) -> Callable[[Endpoint], Endpoint]:
    """Puts a route into an application of its own.

    A router tries its routes in order, so that of several in one the last would pay for the others.
    """

    def add(endpoint: Endpoint) -> Endpoint:
        alone[path] = FastAPI()
        cs.install(alone[path])
        return alone[path].get(path)(endpoint)

    return add


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """All of them as one."""
    await alone[scope.get("path", "/tokens")](scope, receive, send)


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


@get("/open")
async def left_open() -> dict:
    return {"hello": "world"}


@get("/empty")
async def empty_dependency(_: Annotated[None, Depends(nothing)]) -> dict:
    return {"hello": "world"}


@get("/countersign")
async def by_countersign(_: Annotated[Principal, Security(cs.principal)]) -> dict:
    return {"hello": "world"}


@get("/pyjwt")
async def by_pyjwt(_: Annotated[dict, Depends(checked_by_pyjwt)]) -> dict:
    return {"hello": "world"}


@get("/tokens")
async def tokens() -> dict[str, str]:
    """What each route is to be asked with."""
    ours = await auth.astart_session("user-1", scopes=["reports:read"])
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "iat": now, "exp": now + 3600}
    theirs = jwt.encode({**claims, "jti": "1", "scope": "reports:read"}, private, ALGORITHM)
    # What an open route costs is asked with the same request.
    same = dict.fromkeys(["/open", "/empty", "/countersign"], ours.access_token)
    return {**same, "/pyjwt": theirs}
