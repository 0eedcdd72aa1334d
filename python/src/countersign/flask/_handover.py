"""A request handed to the engine's own routes, and their answer handed back, both untouched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from flask import Request, Response, current_app
from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestEntityTooLarge

from countersign.engine import BODY_LIMIT
from countersign.flask._installed import Installed

if TYPE_CHECKING:
    from countersign.engine import Answer

_PROXY_FIX: Final = "werkzeug.proxy_fix.orig"
_FORWARDED: Final = "HTTP_X_FORWARDED_FOR"
# The body is handed over whole, or cut at the limit: these would say otherwise.
_NOT_HANDED: Final = frozenset({"HTTP_CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"})


def hand_over(host: Installed, request: Request) -> Answer:
    """Lets the engine's routes answer."""
    return host.routes.handle(
        request.method,
        _path(host, request),
        request.environ.get("QUERY_STRING", "").encode("latin-1"),
        list(_headers(request)),
        _body(request),
        peer(request),
    )


def response(answer: Answer) -> Response:
    """The answer as it is. Flask's own Content-Type is not for what has none."""
    made = current_app.response_class(answer.body, status=answer.status)
    made.headers = Headers(
        [(name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers]
    )
    return made


def peer(request: Request) -> str | None:
    """The peer's address; with ProxyFix, the client's as the proxies tell it."""
    return request.remote_addr or None


def forwarded(request: Request) -> list[bytes]:
    """The ``X-Forwarded-For`` field, unless ProxyFix has read it already."""
    field = request.environ.get(_FORWARDED)
    return [] if field is None or _PROXY_FIX in request.environ else [field.encode("latin-1")]


def _path(host: Installed, request: Request) -> str:
    """The path as clients see it; WSGI takes the application's root off."""
    path = request.path
    return path if path.startswith("/.well-known/") else host.root + path


def _headers(request: Request) -> Iterator[tuple[bytes, bytes]]:
    environ = request.environ
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            if key in _NOT_HANDED or (key == _FORWARDED and _PROXY_FIX in environ):
                continue
            name = key[5:]
        elif key == "CONTENT_TYPE" and value:
            name = key
        else:
            continue
        yield name.replace("_", "-").lower().encode("latin-1"), value.encode("latin-1")


def _body(request: Request) -> bytes | None:
    """At most one byte more than is taken, or None for a body that broke off.

    Some servers hand over what came before the client went away as if it were the whole.
    """
    chunks, missing = [], BODY_LIMIT + 1
    try:
        while missing > 0 and (chunk := request.stream.read(missing)):
            chunks.append(chunk)
            missing -= len(chunk)
    except RequestEntityTooLarge:
        raise
    except Exception:
        # The client has gone, or its chunks are none; each server has its own exception for it.
        return None
    body = b"".join(chunks) or _read_already(request)
    read_before = not chunks and body
    announced = min(request.content_length or 0, BODY_LIMIT + 1)
    return body if read_before or len(body) >= announced else None


def _read_already(request: Request) -> bytes:
    """What a hook of the application has read before us, such as CSRF protection the form."""
    if request.form:
        return urlencode(list(request.form.items(multi=True))).encode()
    return request.get_data()
