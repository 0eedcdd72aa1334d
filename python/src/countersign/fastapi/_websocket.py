"""The answer to ``Sec-WebSocket-Protocol: bearer, TOKEN``."""

from collections.abc import Iterable

from fastapi import WebSocket

from countersign.fastapi._presented import SUBPROTOCOL, subprotocol_token


def accept_bearer(websocket: WebSocket) -> None:
    """Makes ``websocket.accept()`` answer ``bearer`` where the token came as a subprotocol.

    A browser that has offered subprotocols fails the connection when none of them is answered
    (RFC 6455 4.1). An application that names another of the offered ones keeps it.
    """
    if subprotocol_token(websocket.scope) is None:
        return
    accept = websocket.accept

    async def accept_with_bearer(
        subprotocol: str | None = None,
        headers: Iterable[tuple[bytes, bytes]] | None = None,
    ) -> None:
        await accept(subprotocol or SUBPROTOCOL, headers)

    websocket.accept = accept_with_bearer  # type: ignore[method-assign]
