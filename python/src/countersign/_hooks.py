"""What the application hangs in: its accounts, its claims, and who hears of events."""

from __future__ import annotations

import difflib
import inspect
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

from countersign.events import KINDS
from countersign.exceptions import ConfigurationError
from countersign.models import Event, Standing, Subject

__all__ = ["Accounts", "Callback", "Claims", "Hooks", "Inside"]

Claims: TypeAlias = Callable[[Subject], Mapping[str, Any] | None]
Accounts: TypeAlias = Callable[[str], Standing | None]
Callback: TypeAlias = Callable[[Event], object]

_LOG: Final = logging.getLogger("countersign")
_ENGINE_LOG: Final = logging.getLogger("countersign.engine")


class Inside(threading.local):
    """Whether this thread runs a function that the engine waits for, or that it waits for to close.

    Such a function must not wait for the engine to close or to open: both would wait for ever.
    """

    hook = False
    callback = False

    @contextmanager
    def running(self, what: str) -> Iterator[None]:
        """Says that a hook or a callback runs here."""
        before = getattr(self, what)
        setattr(self, what, True)
        try:
            yield
        finally:
            setattr(self, what, before)


class Hooks:
    """The functions of one engine. Nothing here knows the engine, so that it can be collected."""

    def __init__(self) -> None:
        self.inside = Inside()
        self._claims: Claims | None = None
        self._accounts: Accounts | None = None
        self._callbacks: tuple[tuple[frozenset[str], Callback], ...] = ()

    def set_claims(self, function: Claims) -> None:
        """Takes the function that adds claims."""
        _refuse_async("claims", function)
        if self._claims is not None:
            raise ConfigurationError("claims: there is a function already; one adds all claims")
        self._claims = function

    def set_accounts(self, function: Accounts) -> None:
        """Takes the function that says how a user stands."""
        _refuse_async("accounts", function)
        if self._accounts is not None:
            raise ConfigurationError("accounts: there is a function already; one knows all users")
        self._accounts = function

    def add_callback(self, kinds: tuple[str, ...], callback: Callback) -> None:
        """Takes a function that wants to hear of these kinds of events, or of all."""
        _refuse_async("on", callback)
        # Replaced, never changed: the thread of the notices reads it meanwhile.
        self._callbacks = (*self._callbacks, (frozenset(kinds), callback))

    def native_claims(self) -> Callable[[dict[str, Any]], dict[str, Any]] | None:
        """The function that adds claims, as the engine calls it."""
        function = self._claims
        if function is None:
            return None
        inside = self.inside

        def claims(subject: dict[str, Any]) -> dict[str, Any]:
            with inside.running("hook"), _logged("claims"):
                return _claims(function(_subject(subject)))

        return claims

    def native_accounts(self) -> Callable[[str], dict[str, Any] | None] | None:
        """The function that says how a user stands, as the engine calls it."""
        function = self._accounts
        if function is None:
            return None
        inside = self.inside

        def accounts(user_id: str) -> dict[str, Any] | None:
            with inside.running("hook"), _logged("accounts"):
                return _standing(function(user_id))

        return accounts

    def hear(self, what: str, notice: dict[str, Any]) -> None:
        """Takes a notice of the engine: an event for the callbacks, or a line for the log."""
        if what == "log":
            level = logging.getLevelName(notice["level"])
            _ENGINE_LOG.log(level, "%s", notice["message"], extra={"target": notice["target"]})
            return
        event = Event.from_dict(notice)
        for kinds, callback in self._callbacks:
            if not kinds or event.kind in kinds:
                self._tell(callback, event)

    def _tell(self, callback: Callback, event: Event) -> None:
        try:
            with self.inside.running("callback"):
                _refuse_awaitable("on", callback(event))
        # It happened and was committed; nobody is left to refuse anything.
        except Exception:
            _LOG.exception("a callback for %s failed", event.kind)


@contextmanager
def _logged(what: str) -> Iterator[None]:
    """Logs what a hook raises: whoever called the engine is only told that it failed."""
    try:
        yield
    except Exception:
        _LOG.exception("the function for %s failed", what)
        raise


def check_kinds(kinds: tuple[str, ...]) -> None:
    """Refuses kinds of events that there are not.

    Raises:
        ConfigurationError: one is misspelled, or a function was given instead.
    """
    for kind in kinds:
        if not isinstance(kind, str):
            raise ConfigurationError('on: write @auth.on("login.failed"), or @auth.on() for all')
        if kind not in KINDS:
            near = difflib.get_close_matches(kind, KINDS, n=1)
            mend = f"did you mean {near[0]!r}?" if near else "see countersign.events.KINDS"
            raise ConfigurationError(f"on: there are no events {kind!r}: {mend}")


def _subject(told: dict[str, Any]) -> Subject:
    return Subject(
        user_id=told["user_id"],
        client_id=told["client_id"],
        session_id=told["session_id"],
        username=told["username"],
        roles=frozenset(told["roles"]),
        scopes=frozenset(told["scopes"]),
    )


def _claims(answer: Any) -> dict[str, Any]:
    _refuse_awaitable("claims", answer)
    if answer is None:
        return {}
    if not isinstance(answer, Mapping):
        raise ConfigurationError("claims: the function answers a dict of claims, or None")
    return dict(answer)


def _standing(answer: Any) -> dict[str, Any] | None:
    _refuse_awaitable("accounts", answer)
    if answer is None:
        return None
    if not isinstance(answer, Standing):
        raise ConfigurationError("accounts: the function answers a Standing, or None for nobody")
    return {
        "active": answer.active,
        "username": answer.username,
        "roles": list(answer.roles),
        "scopes": None if answer.scopes is None else list(answer.scopes),
        "claims": dict(answer.claims),
    }


def _refuse_async(what: str, function: Any) -> None:
    if not callable(function):
        raise ConfigurationError(f"{what}: a function is wanted, not {type(function).__name__}")
    if any(map(_is_async, (function, type(function).__call__))):
        raise ConfigurationError(
            f"{what}: the engine calls plain functions on threads of its own: write `def`, not "
            "`async def`; to reach an event loop from there, use "
            "asyncio.run_coroutine_threadsafe(..., loop)"
        )


def _is_async(function: Any) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _refuse_awaitable(what: str, answer: Any) -> None:
    """A plain function may still answer a coroutine, which nobody would await."""
    if inspect.isawaitable(answer):
        if inspect.iscoroutine(answer):
            answer.close()
        raise ConfigurationError(f"{what}: the function answered an awaitable; write a plain one")
