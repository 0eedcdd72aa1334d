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
        self._lock = threading.RLock()
        self._watched: weakref.WeakSet[Watched] = weakref.WeakSet()
        self._held: list[Watched] = []

    def add(self, watched: Watched) -> None:
        with self._lock:
            self._watched.add(watched)

    def _all(self) -> list[Watched]:
        with self._lock:
            return list(self._watched)

    def before_fork(self) -> None:
        # One fork after the other, or two would wait for each other's engines.
        self._lock.acquire()
        for watched in self._all():
            self._held.append(watched)
            try:
                watched.before_fork()
            except Exception:
                _LOG.exception("the engine could not be closed before a fork")

    def after_fork_in_parent(self) -> None:
        while self._held:
            self._held.pop().after_fork_in_parent()
        self._lock.release()

    def after_fork_in_child(self) -> None:
        # Whoever forked may have run no hooks before, and any thread may have held the lock.
        self._lock = threading.RLock()
        self._held.clear()
        for watched in self._all():
            watched.after_fork_in_child()

    def at_exit(self) -> None:
        EXITING.set()
        for watched in self._all():
            try:
                watched.at_exit()
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
