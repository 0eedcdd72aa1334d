"""The body of a request for the engine's routes, read as far as they may want it."""

from typing import Final

import anyio
from starlette.types import Receive

from countersign.engine import BODY_LIMIT

_PATIENCE: Final = 2.0
_THROWN_AWAY: Final = 16 * 1024 * 1024
"""For so many seconds, and so many bytes, the rest of a body that is too large is awaited."""


async def read_body(receive: Receive) -> bytes | None:
    """The body, or its first BODY_LIMIT + 1 bytes, which the router refuses with 413.

    Returns:
        None when the client went away before it was complete: there is nobody to answer.
    """
    body = bytearray()
    more = True
    while more and len(body) <= BODY_LIMIT:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    if more:
        await _throw_away(receive)
    return bytes(body[: BODY_LIMIT + 1])


async def _throw_away(receive: Receive) -> None:
    """Lets the client send on for a while.

    A server closes the connection after the answer if the request is not read. With bytes unread
    that resets it, and a reset takes the answer with it (RFC 9112 9.6).
    """
    rest = 0
    with anyio.move_on_after(_PATIENCE):
        while rest < _THROWN_AWAY:
            message = await receive()
            rest += len(message.get("body", b""))
            if not message.get("more_body", False):
                return
