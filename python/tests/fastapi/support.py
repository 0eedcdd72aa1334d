"""What the tests of the FastAPI part share."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PASSWORD = "correct horse battery staple"
CHALLENGE = 'Bearer realm="https://api.example.com"'


@dataclass(frozen=True)
class Bearer:
    """A token and whose it is."""

    token: str
    user_id: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass
class Answered:
    """What an ASGI application sent."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def field(self, name: str) -> list[str]:
        return [value.decode() for key, value in self.headers if key == name.encode()]


def http_scope(method: str, path: str, **members: Any) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"testserver")],
        "client": ("192.0.2.1", 50000),
        "server": ("testserver", 80),
        **members,
    }


def call(app: ASGIApp, scope: Scope, *messages: Message) -> Answered:
    """One request without a client's help: messages as they are, headers as they were sent."""
    return asyncio.run(acall(app, scope, *messages))


async def acall(app: ASGIApp, scope: Scope, *messages: Message) -> Answered:
    answered = Answered()
    waiting = list(messages or [{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answered.status = message["status"]
            answered.headers = list(message["headers"])
        else:
            answered.body += message.get("body", b"")

    await app(scope, receive, send)
    return answered


def client_at(app: ASGIApp, address: str) -> TestClient:
    """A client with this address."""

    async def connected(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "client": (address, 50000)}, receive, send)

    return TestClient(connected)


def problem(error: str, description: str) -> dict[str, str]:
    return {"error": error, "error_description": description}


MISSING = problem(
    "missing_token", "This needs an access token: send Authorization: Bearer <token>."
)
INVALID = problem(
    "invalid_token",
    "The access token is expired, revoked, malformed or not meant for this service.",
)
INSUFFICIENT = problem("insufficient_scope", "The access token does not allow this.")
LIMITED = problem("rate_limited", "Too many attempts; try again later.")
