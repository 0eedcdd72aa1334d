"""What is raised when there were too many requests."""

from collections.abc import Mapping

from fastapi import HTTPException, WebSocket, WebSocketException
from starlette.requests import HTTPConnection
from starlette.status import HTTP_429_TOO_MANY_REQUESTS, WS_1008_POLICY_VIOLATION

from ._headers import RequestLimit


class RateLimitExceeded(HTTPException):
    """Answer 429: this request is one too many.

    ``limit`` says how the limit stands; ``detail`` is its error message, or the rate as text.
    """

    def __init__(self, limit: RequestLimit, detail: str, headers: Mapping[str, str]) -> None:
        """Make the exception for a limit that was breached."""
        super().__init__(HTTP_429_TOO_MANY_REQUESTS, detail, dict(headers))
        self.limit = limit


def refusal(
    connection: HTTPConnection, limit: RequestLimit, detail: str, headers: Mapping[str, str]
) -> Exception:
    """What to raise for this connection."""
    if isinstance(connection, WebSocket):
        return WebSocketException(WS_1008_POLICY_VIOLATION, detail[:100])
    return RateLimitExceeded(limit, detail, headers)
