"""Countersign in a FastAPI application that keeps its own users.

The application checks the password and says who may log in; sessions, tokens, rotation and
revocation are the engine's. Its routes are below ``/auth``: ``/auth/refresh``, ``/auth/logout``,
``/auth/revoke``.
"""

import os
from typing import Annotated, Any, Literal

from countersign import Countersign, Origin, Principal, Standing
from countersign.fastapi import CountersignFastAPI
from fastapi import Body, Depends, FastAPI, HTTPException, Request, Response, Security
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from users import User, Users

users = Users(os.environ.get("USERS_DATABASE", "own-users.db"))

# These are for this machine. Every setting can come from the environment instead.
auth = Countersign.from_settings(
    environment={
        "COUNTERSIGN_DATABASE_URL": "sqlite:///own-users-sessions.db",
        "COUNTERSIGN_ISSUER": "http://127.0.0.1:8000",
        "COUNTERSIGN_AUDIENCE": "fastapi-own-users",
        **os.environ,
    }
)
cs = CountersignFastAPI(auth, prefix="/auth", routes={"login", "wellknown"})

SCOPES = {"writer": ("notes:read", "notes:write"), "admin": ("notes:read",)}
"""What a role allows; without one a user may read."""


@auth.accounts
def standing(user_id: str) -> Standing | None:
    """Says how a user stands. The engine asks whenever it makes a token: log-in and refresh."""
    user = users.find(user_id)
    if user is None:
        return None
    return Standing(
        active=not user.disabled, username=user.name, roles=user.roles, scopes=scopes_of(user)
    )


def scopes_of(user: User) -> list[str]:
    """The scopes that the user's roles allow now."""
    return sorted({"notes:read"}.union(*(SCOPES.get(role, ()) for role in user.roles)))


class Credentials(BaseModel):
    """What somebody logs in with."""

    username: Annotated[str, Field(max_length=100)]
    password: Annotated[str, Field(max_length=1000)]


async def address_and_name(request: Request) -> str:
    """By what log-ins are counted: one address guessing one user's password.

    By the name alone, anybody could lock anybody out. What is no log-in at all counts for the
    address.
    """
    try:
        name = Credentials.model_validate(await request.json()).username.casefold()
    except ValueError:
        name = ""
    address = client_address(request)
    return f"{auth.network(address) if address else 'unknown'} {name}"


def client_address(request: Request) -> str | None:
    """Where a request comes from; ``COUNTERSIGN_HTTP_TRUSTED_PROXIES`` are believed about it."""
    forwarded = [field.encode("latin-1") for field in request.headers.getlist("x-forwarded-for")]
    return auth.client_address(request.client and request.client.host, forwarded)


app = FastAPI(title="Notes")
cs.install(app)
notes = ["buy milk"]

CurrentUser = Annotated[Principal, Depends(cs.principal)]
Reader = Annotated[Principal, Security(cs.principal, scopes=["notes:read"])]
Writer = Annotated[Principal, Security(cs.principal, scopes=["notes:write"])]
Admin = Annotated[Principal, Depends(cs.require(roles=["admin"]))]


# The second limit is for who tries one password on many names.
LOG_IN_LIMITS = [
    Depends(cs.limit("5 per minute", key=address_and_name)),
    Depends(cs.limit("100 per minute", key="address")),
]


@app.post("/login", dependencies=LOG_IN_LIMITS)
async def login(credentials: Credentials, request: Request, response: Response) -> dict[str, Any]:
    """Checks a password of ours and opens a session."""
    user = await run_in_threadpool(users.check, credentials.username, credentials.password)
    if user is None:
        raise HTTPException(401, "Wrong name or password.", {"WWW-Authenticate": "Bearer"})
    # The session may have whatever roles can bring; `standing` says what of it counts at a time.
    every = sorted({scope for scopes in SCOPES.values() for scope in scopes})
    tokens = await auth.astart_session(
        user.id,
        scopes=every,
        claims={"logged_in_by": "password"},
        amr=["pwd"],
        origin=Origin(client_address(request), request.headers.get("user-agent")),
    )
    # Tokens stand in no cache (RFC 6749 5.1).
    response.headers["Cache-Control"] = "no-store"
    return tokens.to_dict()


@app.get("/me")
async def me(user: CurrentUser) -> dict[str, Any]:
    """What the token says about its user."""
    return {
        "id": user.user_id,
        "name": user.username,
        "roles": user.roles,
        "scopes": user.scopes,
        "logged_in_by": user.claims["logged_in_by"],
    }


@app.get("/notes")
async def read(reader: Reader) -> list[str]:
    """For the scope ``notes:read``."""
    return notes


@app.post("/notes", status_code=201)
async def write(
    text: Annotated[str, Body(embed=True, max_length=200)], writer: Writer
) -> list[str]:
    """For the scope ``notes:write``."""
    notes.append(f"{writer.username}: {text}")
    return notes


class Change(BaseModel):
    """What an administrator changes."""

    roles: list[Literal["writer", "admin"]] | None = None
    disabled: bool | None = None


@app.patch("/people/{name}", status_code=204)
async def change(name: str, change: Change, admin: Admin) -> None:
    """Changes a user. New roles and scopes show at the user's next refresh.

    Nobody waits for that who is disabled or loses a role: all tokens of the user die now.
    """
    try:
        user = await run_in_threadpool(users.named, name)
    except KeyError:
        raise HTTPException(404, "There is no such user.") from None
    await run_in_threadpool(users.change, user, roles=change.roles, disabled=change.disabled)
    lost = set() if change.roles is None else set(user.roles).difference(change.roles)
    if change.disabled or lost:
        await auth.aend_user_sessions(user.id)
