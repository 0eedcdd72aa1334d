"""Where a connection presents its access token."""

from itertools import pairwise

from starlette.datastructures import Headers
from starlette.types import Scope

SUBPROTOCOL = "bearer"


def presented(scope: Scope) -> list[bytes]:
    """The ``Authorization`` header fields (RFC 6750 2.1).

    Browsers cannot set them for a WebSocket, so there the token may come as the subprotocol after
    ``bearer``. Both at once are two fields, and refused as such (RFC 6750 2).
    """
    fields = [value for name, value in scope["headers"] if name == b"authorization"]
    if scope["type"] == "websocket" and (token := subprotocol_token(scope)):
        fields.append(b"Bearer " + token.encode("latin-1"))
    return fields


def subprotocol_token(scope: Scope) -> str | None:
    """``TOKEN`` of ``Sec-WebSocket-Protocol: bearer, TOKEN``."""
    for name, token in pairwise(_subprotocols(scope)):
        if name.lower() == SUBPROTOCOL:
            return token
    return None


def _subprotocols(scope: Scope) -> list[str]:
    if "subprotocols" in scope:
        return list(scope["subprotocols"])
    fields = Headers(scope=scope).getlist("sec-websocket-protocol")
    return [name.strip() for field in fields for name in field.split(",")]
