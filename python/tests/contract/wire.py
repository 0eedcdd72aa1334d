"""HTTP/1.1 as bytes: requests that client libraries would mend, answers with nothing hidden.

One connection a request. Everything up to its end is the answer, and whatever does not belong to
one well-formed answer is an error (RFC 9112).
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["Address", "Answer", "Request", "WireError", "send"]

# Of the whole exchange; a host that is stuck must not hold up the suite.
_PATIENCE: Final = 60.0
# How long to wait for a host that says nothing to `Expect: 100-continue` (RFC 9110 10.1.1).
_CONTINUE_PATIENCE: Final = 20.0
_BODILESS: Final = frozenset({204, 304})

Address = tuple[str, int]
Fields = list[tuple[bytes, bytes]]
Framing = Literal["length", "chunked", "continue", "cut", "none"]


class WireError(Exception):
    """What came is no HTTP answer."""


@dataclass(frozen=True)
class Request:
    """A request as it goes over the wire."""

    method: bytes
    target: bytes
    fields: Fields
    body: bytes | None = None
    framing: Framing = "length"
    trailing: bytes = b""
    """What comes after the request, on the same connection."""


@dataclass(frozen=True)
class Answer:
    """An answer as it came over the wire."""

    status: int
    """0: the connection ended without an answer."""
    fields: Fields
    body: bytes
    interim: tuple[int, ...] = ()
    """The statuses of the interim answers before it, such as 100."""
    faults: tuple[str, ...] = ()
    """What HTTP forbids and this answer does; it could be read all the same."""

    def values(self, name: str) -> list[bytes]:
        """All fields of this name."""
        return [value for own, value in self.fields if own == name.lower().encode()]


def send(address: Address, request: Request) -> Answer:
    """Sends one request and reads the connection to its end.

    Raises:
        WireError: There is no answer, or it is none.
    """
    try:
        with socket.create_connection(address, timeout=_PATIENCE) as connection:
            if request.framing == "continue":
                received = _send_when_asked(connection, _head(address, request), request)
            else:
                received = b""
                _send_at_once(connection, _head(address, request), request)
            return _parse(received + _rest(connection), request.method)
    except OSError as error:
        raise WireError(f"{error!r} during {request.method!r} {request.target!r}") from error


def _head(address: Address, request: Request) -> bytes:
    fields = [(b"Host", f"{address[0]}:{address[1]}".encode()), (b"Connection", b"close")]
    if request.framing == "chunked":
        fields.append((b"Transfer-Encoding", b"chunked"))
    elif request.body is not None and request.framing != "none":
        length = len(request.body) + (request.framing == "cut")
        fields.append((b"Content-Length", str(length).encode()))
    if request.framing == "continue":
        fields.append((b"Expect", b"100-continue"))
    lines = [b"%s %s HTTP/1.1" % (request.method, request.target)]
    lines += [b"%s: %s" % (name, value) for name, value in fields + request.fields]
    return b"\r\n".join([*lines, b"", b""])


def _content(request: Request) -> bytes:
    body = request.body or b""
    if request.framing != "chunked":
        return body
    # Several chunks, the last of them short, as streaming clients send them.
    size = max(1, min(4096, len(body) // 3))
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def _send_at_once(connection: socket.socket, head: bytes, request: Request) -> None:
    # A host may answer before it has read everything; the answer is read next.
    with suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(head + _content(request) + request.trailing)
        if request.framing == "cut":
            connection.shutdown(socket.SHUT_WR)


def _send_when_asked(connection: socket.socket, head: bytes, request: Request) -> bytes:
    """The head; the body only if the host wants it, or keeps silent (RFC 9110 10.1.1)."""
    connection.sendall(head)
    connection.settimeout(_CONTINUE_PATIENCE)
    received = b""
    with suppress(TimeoutError):
        while b"\r\n\r\n" not in received and (some := connection.recv(65536)):
            received += some
    connection.settimeout(_PATIENCE)
    if not received or received.startswith(b"HTTP/1.1 100"):
        connection.sendall(_content(request))
    return received


def _rest(connection: socket.socket) -> bytes:
    received = b""
    while some := connection.recv(65536):
        received += some
    return received


def _parse(received: bytes, method: bytes) -> Answer:
    if not received:
        return Answer(0, [], b"")
    interim: list[int] = []
    while True:
        status, fields, rest = _parse_head(received)
        if status >= 200:
            break
        interim.append(status)
        received = rest
    body = _parse_body(status, fields, rest, method)
    return Answer(status, fields, body, tuple(interim), tuple(_faults(status, fields)))


def _faults(status: int, fields: Fields) -> Iterator[str]:
    lengths = [value for name, value in fields if name == b"content-length"]
    codings = [value for name, value in fields if name == b"transfer-encoding"]
    if len(lengths) > 1 or (lengths and codings):
        yield f"it is framed twice: {lengths} {codings} (RFC 9112 6.3)"
    if status in _BODILESS and codings:
        yield f"{status} with {codings} (RFC 9112 6.1)"
    if status == 204 and lengths:
        yield f"204 with Content-Length {lengths} (RFC 9110 8.6)"


def _parse_head(received: bytes) -> tuple[int, Fields, bytes]:
    head, separator, rest = received.partition(b"\r\n\r\n")
    line, *lines = head.split(b"\r\n")
    parts = line.split(b" ", 2)
    if not separator or len(parts) < 2 or parts[0] != b"HTTP/1.1" or not parts[1].isdigit():
        raise WireError(f"no answer: {received[:200]!r}")
    fields: Fields = []
    for entry in lines:
        name, colon, value = entry.partition(b":")
        if not colon or not name or name != name.strip():
            raise WireError(f"no header field: {entry!r}")
        fields.append((name.lower(), value.strip(b" \t")))
    return int(parts[1]), fields, rest


def _parse_body(status: int, fields: Fields, rest: bytes, method: bytes) -> bytes:
    if method == b"HEAD" or status in _BODILESS:
        if rest:
            raise WireError(f"a body where none may be: {rest[:200]!r}")
        return b""
    values = dict(fields)
    if b"transfer-encoding" in values:
        return _unchunked(rest)
    # Without either, the end of the connection is the body's (RFC 9112 6.3).
    length = int(values.get(b"content-length", len(rest)))
    if length != len(rest):
        raise WireError(f"{len(rest)} bytes, but {length} were announced")
    return rest


def _unchunked(rest: bytes) -> bytes:
    body = b""
    while True:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        chunk, end, rest = rest[:length], rest[length : length + 2], rest[length + 2 :]
        if len(chunk) != length or end != b"\r\n":
            raise WireError("a chunk is cut")
        body += chunk
        if length == 0:
            if rest:
                raise WireError(f"something after the last chunk: {rest[:200]!r}")
            return body
