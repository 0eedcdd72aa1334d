"""The body of a request for the engine's routes, read as far as they may want it."""

from starlette.types import Receive

from countersign.engine import BODY_LIMIT


async def read_body(receive: Receive) -> bytes | None:
    """The body, or its first BODY_LIMIT + 1 bytes, which the router refuses with 413.

    Returns:
        None when the client went away before it was complete: there is nobody to answer.
    """
    body = bytearray()
    while len(body) <= BODY_LIMIT:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return bytes(body[: BODY_LIMIT + 1])
