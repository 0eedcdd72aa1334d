"""Limits whose answers decide whether a request counts."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

from starlette.datastructures import Headers
from starlette.types import Scope

from countersign.exceptions import ConfigurationError

_PENDING: Final = "countersign.compat.fastapi_limits.pending"


class Answered(NamedTuple):
    """How a request was answered."""

    status_code: int
    headers: Headers


Deduct = Callable[[Answered], bool | Awaitable[bool]]
"""Says of an answer whether its request counts, at once or later."""


def begin(scope: Scope) -> None:
    """Let requests of this scope wait for their answer."""
    scope[_PENDING] = {}


def wait_for_answer(scope: Scope, key: str, decide: Deduct, deduct: Callable[[], Any]) -> None:
    """Count a budget when the answer is there, if it is to be counted.

    Raises:
        ConfigurationError: nobody would see the answer.
    """
    if _PENDING not in scope:
        raise ConfigurationError(
            "deduct_when has no answer to look at: write"
            " app.add_middleware(LimitHeadersMiddleware), and leave it out for a WebSocket"
        )
    scope[_PENDING][key] = (decide, deduct)


async def settle(scope: Scope, answer: Answered) -> None:
    """Count what waited for this answer."""
    pending, scope[_PENDING] = scope[_PENDING], {}
    for decide, deduct in pending.values():
        said = decide(answer)
        if await said if inspect.isawaitable(said) else said:
            deduct()
