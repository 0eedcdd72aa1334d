"""Tells who must know of forks of this process and of the interpreter's exit."""

from __future__ import annotations

import atexit

# It registers hooks for forks when it is imported, and asyncio imports it late. If that is while a
# hook of ours waits, its hooks are called after the fork and were not before it.
import concurrent.futures.thread  # noqa: F401
import logging
import os
import threading
import weakref
from collections.abc import Callable
from typing import Final, Protocol

__all__ = ["EXITING", "Watched", "watch"]

_LOG: Final = logging.getLogger("countersign")

EXITING: Final = threading.Event()
"""Set when the interpreter exits: what is opened now nobody would close."""


class Watched(Protocol):
    """Who is told."""

    def before_fork(self) -> None:
        """Gets ready; the process forks next."""
        ...

    def after_fork_in_parent(self) -> None:
        """Goes on where it was."""
        ...

    def after_fork_in_child(self) -> None:
        """Starts anew: only the thread that forked is here."""
        ...

    def at_exit(self) -> None:
        """Closes; threads still run, and locks still work."""
        ...


class _Watch:
    """All of them, by weak references: what `os.register_at_fork` takes it never gives back."""

    def __init__(self) -> None:
        # Only forks take it: who is added may hold a lock that a fork waits for.
        self._forking = threading.Lock()
        self._watched: dict[int, weakref.ref[Watched]] = {}
        self._held: list[Watched] = []

    def add(self, watched: Watched) -> None:
        key = id(watched)
        self._watched[key] = weakref.ref(watched, lambda _: self._watched.pop(key, None))

    def _all(self) -> list[Watched]:
        # A copy: others are added, and go, meanwhile.
        found = [reference() for reference in list(self._watched.values())]
        return [watched for watched in found if watched is not None]

    def before_fork(self) -> None:
        # One fork after the other, or two would wait for each other's engines.
        self._forking.acquire()
        for watched in self._all():
            self._held.append(watched)
            _tell(watched.before_fork)

    def after_fork_in_parent(self) -> None:
        while self._held:
            self._held.pop().after_fork_in_parent()
        self._forking.release()

    def after_fork_in_child(self) -> None:
        # Whoever forked may have run no hooks before, and any thread may have held the lock.
        self._forking = threading.Lock()
        self._held.clear()
        for watched in self._all():
            watched.after_fork_in_child()

    def at_exit(self) -> None:
        EXITING.set()
        for watched in self._all():
            _tell(watched.at_exit)


def _tell(told: Callable[[], None]) -> None:
    try:
        told()
    # What one cannot do must not keep the others from doing it.
    except Exception:
        _LOG.exception("the engine could not be closed")


_WATCH: Final = _Watch()
watch: Final = _WATCH.add
"""Tells this one from now on, for as long as it lives."""

atexit.register(_WATCH.at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_WATCH.before_fork,
        after_in_parent=_WATCH.after_fork_in_parent,
        after_in_child=_WATCH.after_fork_in_child,
    )
