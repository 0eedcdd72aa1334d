"""Who uses the examples, over HTTP."""

from __future__ import annotations

from typing import Any

import httpx

PASSWORD = "correct horse battery"


def bearer(token: str) -> dict[str, str]:
    """The header that presents an access token."""
    return {"Authorization": f"Bearer {token}"}


def tampered(token: str) -> str:
    """The same token with another signature."""
    return token[:-10] + ("A" * 10 if not token.endswith("A" * 10) else "B" * 10)


class Person:
    """Somebody who has an account; nothing is kept alive between requests."""

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        self.name = name
        self.tokens: dict[str, Any] = {}

    @property
    def access_token(self) -> str:
        """The present one."""
        token: str = self.tokens["access_token"]
        return token

    def register(self) -> None:
        """Makes the account."""
        answer = self.post("/register", {"username": self.name, "password": PASSWORD})
        assert answer.status_code == 201, answer.text

    def log_in(self, path: str = "/login") -> None:
        """Gets a pair of tokens."""
        answer = self.post(path, {"username": self.name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        self.tokens = answer.json()

    def refresh(self, token: str | None = None, path: str = "/refresh") -> httpx.Response:
        """Asks for the next pair, and keeps it."""
        answer = self.post(path, {"refresh_token": token or self.tokens["refresh_token"]})
        if answer.status_code == 200:
            self.tokens = answer.json()
        return answer

    def post(self, path: str, body: Any) -> httpx.Response:
        """Sends JSON, as nobody in particular."""
        return httpx.post(self.url + path, json=body)

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Sends a request with the access token."""
        headers = bearer(self.access_token)
        return httpx.request(method, self.url + path, headers=headers, **request)
