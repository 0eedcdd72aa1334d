"""Who makes the request: checked once, and remembered for as long as the request lives.

The request object itself is the memory. ``flask.g`` belongs to the application context, which
outlives requests wherever a test or a script has pushed one around them: what it remembers would
let the next request in as the user of the one before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from flask import Request, has_request_context, request
from werkzeug.local import LocalProxy

from countersign.engine import UNSURE
from countersign.exceptions import MissingTokenError

if TYPE_CHECKING:
    from countersign import Principal
    from countersign.engine import Countersign

_MEMORY: Final = "_countersign_principal"

_request: Final[Callable[[], Request]] = request._get_current_object  # type: ignore[attr-defined]


def check(auth: Countersign) -> Principal | None:
    """The principal of this request, or none when no token is presented.

    Raises:
        TokenError: the token is refused.
        UnavailableError: it cannot be said now.
    """
    current = _request()
    memory = current.__dict__
    if _MEMORY in memory:
        known: Principal | None = memory[_MEMORY]
        return known
    # WSGI joins several fields into one with a comma, which is no token and is refused.
    field: str | None = current.environ.get("HTTP_AUTHORIZATION")
    principal = None
    if field is not None:
        try:
            principal = _principal(auth, field)
        except MissingTokenError:
            # Another scheme, such as Basic: no token is presented (RFC 6750 3).
            principal = None
    memory[_MEMORY] = principal
    return principal


def _principal(auth: Countersign, field: str) -> Principal:
    core = auth._lifecycle.current
    if core is not None:
        try:
            return core.authorize_wsgi(field)
        except UNSURE:
            pass
    return auth.authorize([field.encode("latin-1")])


def get_current_principal() -> Principal | None:
    """The principal of this request; none where a token is optional and there was none.

    Raises:
        RuntimeError: nothing has checked this request.
    """
    memory: dict[str, Any] = _request().__dict__ if has_request_context() else {}
    if _MEMORY not in memory:
        raise RuntimeError(
            "nobody has been asked for a token here: current_principal is for views with"
            " @cs.required, or @cs.required(optional=True), or behind cs.protect()"
        )
    found: Principal | None = memory[_MEMORY]
    return found


current_principal: Principal = LocalProxy(get_current_principal)  # type: ignore[assignment]
"""The principal of this request. Where a token is optional and there was none, it is false."""
