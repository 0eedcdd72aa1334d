"""Refusals as FastAPI raises and answers them.

A dependency raises the engine's own exception, which is an ``HTTPException``, too: an application
without the handler still answers with the right status and challenge, and one that handles
``ExpiredTokenError`` by itself gets it.
"""

import logging

from fastapi import FastAPI, HTTPException, Request, WebSocket, WebSocketException
from fastapi.responses import JSONResponse
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.status import WS_1008_POLICY_VIOLATION
from starlette.websockets import WebSocketState

from countersign.exceptions import (
    ConfigurationError,
    CountersignError,
    KeyMaterialError,
    NotSerializableError,
    RefusedError,
    TokenError,
)

_LOGGER = logging.getLogger("countersign")

REFUSALS = (TokenError, RefusedError)
"""What a request can be refused with."""

# Mistakes in the program, which surface as any other exception of it.
_MISTAKES = (ConfigurationError, KeyMaterialError, NotSerializableError)


def raised(error: CountersignError, connection: HTTPConnection) -> Exception:
    """What a dependency raises instead of the refusal."""
    if error.status == 500:
        # Not the client's doing: whoever handles it, or nobody, is to see it as it is.
        return error
    if isinstance(connection, WebSocket) and not _answers_http(connection):
        return WebSocketException(WS_1008_POLICY_VIOLATION, error.error)
    return _as_http(error)


def install_handler(app: FastAPI) -> None:
    """Answers every refusal, from a dependency or from the application's own calls (RFC 6750 3).

    Handlers of the application for this class or for closer ones go before it.
    """
    app.exception_handlers.setdefault(CountersignError, _answer)  # type: ignore[arg-type]


async def _answer(connection: Request | WebSocket, error: CountersignError) -> Response | None:
    if isinstance(error, _MISTAKES):
        raise error
    if error.status == 500:
        _LOGGER.error("a request failed", exc_info=error)
    answer = JSONResponse(error.body, status_code=error.status, headers=error.headers)
    if not isinstance(connection, WebSocket):
        return answer
    if _answers_http(connection):
        # Here and not by returning it: older versions of Starlette do not send it then.
        await connection.send_denial_response(answer)
    else:
        await connection.close(WS_1008_POLICY_VIOLATION, error.error)
    return None


def _answers_http(websocket: WebSocket) -> bool:
    """Whether a WebSocket can still be refused with an HTTP answer."""
    waiting = websocket.application_state is WebSocketState.CONNECTING
    return waiting and "websocket.http.response" in (websocket.scope.get("extensions") or {})


def _as_http(error: CountersignError) -> HTTPException:
    made = _made.get(type(error)) or _http_class(type(error))
    refusal = made.__new__(made, *error.args)
    refusal.__dict__.update(error.__dict__)
    refusal.status_code = error.status
    refusal.detail = error.body  # type: ignore[assignment]  # FastAPI takes any JSON.
    return refusal


_made: dict[type[CountersignError], type[HTTPException]] = {}
"""What `_http_class` has made: classes are many times as dear as instances."""


def _http_class(error: type[CountersignError]) -> type[HTTPException]:
    # The refusal comes first among the bases, so that its handler is found before the one for
    # HTTPException, and its `headers` are the ones that are sent.
    members = {"__str__": Exception.__str__, "__reduce__": _reduce, "__module__": error.__module__}
    return _made.setdefault(error, type(error.__name__, (error, HTTPException), members))


def _reduce(refusal: CountersignError) -> tuple[object, ...]:
    """Pickles what the engine raised: a class that is made here has no name to find it by."""
    plain = type(refusal).__mro__[1]
    added = {"status_code", "detail"}
    state = {name: value for name, value in refusal.__dict__.items() if name not in added}
    return plain, refusal.args, state
