"""Countersign in a FastAPI application.

``POST /token``, ``/login``, ``/refresh``, ``/logout``, ``/revoke``, ``GET /users/me`` and the rest
come from ``cs.install(app)``; what stands here is the application's own.
"""

import logging
import os
from http import HTTPStatus
from typing import Annotated, Any

from countersign import Countersign, Event, ExpiredTokenError, Principal, Subject
from countersign.fastapi import CountersignFastAPI
from fastapi import Depends, FastAPI, HTTPException, Request, Security
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

logging.basicConfig(level=logging.INFO)
log = logging.getLogger("fastapi-app")

# These are for this machine. Every setting can come from the environment instead.
auth = Countersign.from_settings(
    environment={
        "COUNTERSIGN_DATABASE_URL": "sqlite:///fastapi-app.db",
        "COUNTERSIGN_ISSUER": "http://127.0.0.1:8000",
        "COUNTERSIGN_AUDIENCE": "fastapi-app",
        **os.environ,
    }
)
cs = CountersignFastAPI(auth)

# A token is needed everywhere but here. The engine's own routes and the documentation ask for what
# they need themselves.
app = FastAPI(title="Reports", dependencies=[Depends(cs.protect(exempt={"/", "/health"}))])
cs.install(app)

Visitor = Annotated[Principal | None, Depends(cs.optional_principal)]
CurrentUser = Annotated[Principal, Depends(cs.principal)]
Reader = Annotated[Principal, Security(cs.principal, scopes=["reports:read"])]
# The role, and a log-in that is an hour old at most (RFC 9470).
Admin = Annotated[Principal, Depends(cs.require(roles=["admin"], max_auth_age=3600))]


@auth.claims
def plan(subject: Subject) -> dict[str, Any]:
    """Adds claims to every access token, after a refresh, too."""
    return {"plan": "pro" if "subscriber" in subject.roles else "free"}


@auth.on("login.failed", "refresh.replayed")
def watch(event: Event) -> None:
    """Hears of what may be an attack, when it has been written to the audit log."""
    log.warning("%s: user %s, from %s", event.kind, event.user_id, event.address)


@app.get("/")
async def front_page(visitor: Visitor) -> dict[str, str]:
    """Open to all; greets by name who is logged in."""
    return {"hello": (visitor and visitor.username) or "stranger"}


@app.get("/health")
async def health() -> dict[str, str]:
    """For the load balancer."""
    await auth.aready()
    return {"status": "ok"}


@app.get("/protected")
async def protected(user: CurrentUser) -> dict[str, Any]:
    """For everybody with a good token that nobody has revoked."""
    return {"logged_in_as": user.username, "roles": user.roles, "plan": user.claims["plan"]}


@app.get("/reports")
async def reports(reader: Reader) -> dict[str, Any]:
    """For tokens with the scope ``reports:read``; others get 403."""
    return {"for": reader.username, "reports": ["spring", "summer"]}


@app.post("/reports", status_code=201, dependencies=[Depends(cs.limit("5 per minute", key="user"))])
async def order_report(user: CurrentUser) -> dict[str, Any]:
    """At most five a minute for each user; then 429 with Retry-After."""
    return {"ordered_by": user.username}


@app.get("/reports/{season}")
async def report(season: str, reader: Reader) -> dict[str, Any]:
    """Answers 404 in the shape of all other errors."""
    if season not in {"spring", "summer"}:
        raise HTTPException(404, f"There is no report for {season}.")
    return {"season": season, "for": reader.username}


@app.delete("/people/{username}/sessions", status_code=204)
async def log_out(username: str, admin: Admin) -> None:
    """Logs somebody out everywhere: every token that the person has is refused from now on."""
    await auth.aend_user_sessions(username)
    log.info("%s logged %s out", admin.username, username)


@app.exception_handler(ExpiredTokenError)
async def expired(request: Request, error: ExpiredTokenError) -> JSONResponse:
    """An answer of our own to one kind of refusal; status and challenge stay (RFC 6750 3)."""
    body = {**error.body, "error_description": "Your token is too old: POST /refresh."}
    return JSONResponse(body, error.status, error.headers)


@app.exception_handler(StarletteHTTPException)
async def as_json(request: Request, error: StarletteHTTPException) -> JSONResponse:
    """The application's own errors, and FastAPI's, in the shape of the engine's."""
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    body = {"error": code, "error_description": error.detail}
    return JSONResponse(body, error.status_code, error.headers)
