"""The plainest of clients, for what is no part of the contract itself."""

from __future__ import annotations

import json
from typing import Any

from tests.contract.wire import Address, Request, send

__all__ = ["call"]

Json = dict[str, Any]


def call(
    address: Address, line: str, body: Json | None = None, bearer: str | None = None
) -> tuple[int, Json]:
    """Status and JSON of the answer to a request such as ``POST /login``."""
    method, _, path = line.partition(" ")
    fields = [] if bearer is None else [(b"Authorization", f"Bearer {bearer}".encode())]
    content = None
    if body is not None:
        fields.append((b"Content-Type", b"application/json"))
        content = json.dumps(body).encode()
    answer = send(address, Request(method.encode(), path.encode(), fields, content))
    return answer.status, json.loads(answer.body or b"{}")
