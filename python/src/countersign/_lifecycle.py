"""Opening on first use, closing, and opening again."""

from __future__ import annotations

import _thread
import asyncio
import logging
import os
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

from countersign import _process
from countersign._hooks import Hooks
from countersign._native import Config, Core, TestClock
from countersign.exceptions import ConfigurationError, UnavailableError

__all__ = ["FOREIGN", "Lifecycle", "Opening"]

_T = TypeVar("_T")
_Start: TypeAlias = Callable[[Core, asyncio.AbstractEventLoop], "asyncio.Future[_T]"]
_LOG: Final = logging.getLogger("countersign")

FOREIGN: Final = (TypeError, ValueError, OverflowError, RecursionError, AttributeError)
"""What the binding may raise for arguments of the wrong type, and what Python itself raises for
numbers and nestings that are too large. None of it may escape as it is."""

_PATIENCE: Final = 10.0
"""For so many seconds closing waits for a callback that runs."""
_ATTEMPTS: Final = 4
"""So often a call is tried on cores that somebody closes meanwhile, before nobody may."""

_IN_MEMORY_FORK: Final = (
    "this process was forked from one in which the engine is open in memory, and memory is not "
    "shared: make the engine in the process that uses it"
)
_UNSAFE_FORK: Final = (
    "this process was forked while the engine was open, by something that runs none of Python's "
    "fork hooks, or inside a hook of the engine: SQLite's records of its locks were copied and are "
    "wrong here. Call close() before forking, or fork outside of hooks"
)


@dataclass(frozen=True)
class Opening:
    """With what a core is opened."""

    config: Config
    clock: TestClock | None = None
    """For tests: everything in memory, and this time."""

    def open(self, hooks: Hooks) -> Core:
        """Opens one."""
        return Core.open(
            self.config,
            accounts=hooks.native_accounts(),
            claims=hooks.native_claims(),
            clock=self.clock,
        )


class _Running:
    """An open core and the thread that hears its notices. Neither knows the engine."""

    def __init__(self, core: Core, hooks: Hooks) -> None:
        self.core = core
        self.process = os.getpid()
        self._hooks = hooks
        self._abandoned: threading.Event | None = None
        self._thread = threading.Thread(
            target=self._listen, name="countersign-notices", daemon=True
        )
        self._thread.start()
        _process.watch(self)

    def _listen(self) -> None:
        # A callback may fork: the child returns here, too, and has no core.
        while os.getpid() == self.process:
            notice = self.core.next_notice()
            if notice is None:
                return
            self._hooks.hear(*notice)

    def close(self) -> None:
        """Waits for what runs, callbacks too."""
        self.core.close()
        if threading.current_thread() is self._thread:
            return
        self._thread.join(_PATIENCE)
        if self._thread.is_alive():
            _LOG.warning("closing does not wait any longer for an event callback")

    def abandon(self) -> None:
        """Closes without waiting: a collector may run anywhere, in a hook of this core as well."""
        if os.getpid() != self.process:
            return
        self._abandoned = threading.Event()
        try:
            _thread.start_new_thread(self._close_abandoned, (self._abandoned,))
        except RuntimeError:  # The interpreter exits, and starts no more threads.
            self._abandoned = None

    def _close_abandoned(self, closed: threading.Event) -> None:
        self.core.close()
        closed.set()

    def before_fork(self) -> None:
        """Waits until an abandoned one is closed, unless a hook asks, which closing waits for."""
        if self._abandoned is not None and not self._hooks.inside.hook:
            self._abandoned.wait(_PATIENCE)

    def after_fork_in_parent(self) -> None:
        """Does nothing."""

    def after_fork_in_child(self) -> None:
        """Does nothing: a core knows the process that opened it."""

    def at_exit(self) -> None:
        """Waits until an abandoned one is closed."""
        self.before_fork()


class Lifecycle:
    """One core at a time, opened when it is first needed.

    Threads may share it. Processes do not: SQLite forbids to carry an open database over a fork
    (https://www.sqlite.org/howtocorrupt.html, 2.6), because its records of the locks that a process
    holds would be copied and the locks would not. So the core is closed before a fork, and both
    sides open their own when they need one.
    """

    def __init__(self, opening: Opening, hooks: Hooks) -> None:
        self._opening = opening
        self._hooks = hooks
        self._process = os.getpid()
        # Reentrant, for a signal handler that closes while its thread opens.
        self._lock = threading.RLock()
        self._running: _Running | None = None
        self.current: Core | None = None
        """The open core, for what is asked at every request. After a fork that ran none of Python's
        hooks it is the other process's: it may check tokens, until its revocations are too old."""
        self._finalizer: weakref.finalize[[], Lifecycle] | None = None
        self._refusal: str | None = None
        _process.watch(self)

    def core(self) -> Core:
        """The open core; opens one if there is none."""
        return self._found() or self._open()

    async def acore(self, loop: asyncio.AbstractEventLoop) -> Core:
        """The same without holding up the loop."""
        found = self._found()
        return await loop.run_in_executor(None, self._open) if found is None else found

    def _found(self) -> Core | None:
        running = self._running
        if running is not None and running.process == os.getpid():
            return running.core
        return None

    def use(self, call: Callable[[Core], _T]) -> _T:
        """Calls with the core, once more if somebody closed it meanwhile."""
        for _ in range(_ATTEMPTS):
            core = self.core()
            try:
                return call(core)
            except UnavailableError as error:
                _repeat_if_closed(error)
        return self._begin(call)

    async def ause(self, call: _Start[_T]) -> _T:
        """The same for the running asyncio loop."""
        loop = _running_loop()
        for _ in range(_ATTEMPTS):
            core = await self.acore(loop)
            try:
                return await call(core, loop)
            except UnavailableError as error:
                _repeat_if_closed(error)
        began = await loop.run_in_executor(None, self._begin, lambda core: call(core, loop))
        return await began

    def _begin(self, call: Callable[[Core], _T]) -> _T:
        """Calls while nobody may close."""
        self._acquire()
        try:
            return call(self.core())
        finally:
            self._lock.release()

    async def aopen(self) -> None:
        """Opens without holding up the running asyncio loop."""
        await self.acore(_running_loop())

    def close(self) -> None:
        """Closes the core, if there is one; the next use opens another.

        One in memory stays: it would be lost with everything in it whenever an application that is
        tested ends its lifespan.

        Raises:
            ConfigurationError: inside a hook, which closing would wait for.
        """
        if self._hooks.inside.hook:
            raise ConfigurationError("close: it would wait for the hook that calls it")
        if self._opening.clock is None:
            self._close_now()

    def _close_now(self) -> None:
        self._acquire()
        try:
            self._close()
        finally:
            self._lock.release()

    async def aclose(self) -> None:
        """Closes without holding up the running asyncio loop."""
        await _running_loop().run_in_executor(None, self.close)

    def replace(self, opening: Opening) -> Opening:
        """Closes, opens with this from now on, and answers what it was before."""
        self._close_now()
        before, self._opening = self._opening, opening
        return before

    def _open(self) -> Core:
        self._acquire()
        try:
            found = self._found()
            if found is not None:
                return found
            if self._refusal is not None:
                raise ConfigurationError(self._refusal)
            if _process.EXITING.is_set():
                raise UnavailableError("the interpreter exits", code="exiting")
            return self._start(self._opening.open(self._hooks))
        finally:
            self._lock.release()

    def _start(self, core: Core) -> Core:
        try:
            running = _Running(core, self._hooks)
        except RuntimeError as error:
            core.close()
            raise UnavailableError(f"no thread can be started: {error}") from error
        self._running, self.current = running, core
        self._finalizer = weakref.finalize(self, running.abandon)
        self._finalizer.atexit = False
        return core

    def _acquire(self) -> None:
        if self._process != os.getpid():
            self.after_fork_in_child()
        inside = self._hooks.inside
        # Who closes holds the lock and waits for hooks and callbacks: these must not wait for it.
        if not self._lock.acquire(blocking=not (inside.hook or inside.callback)):
            raise UnavailableError("the engine is opening or closing", code="busy")

    def _close(self) -> None:
        running = self._running
        if running is not None:
            self._let_go()
            running.close()

    def _let_go(self) -> None:
        self._running = self.current = None
        if self._finalizer is not None:
            self._finalizer.detach()

    def before_fork(self) -> None:
        """Closes, and lets nobody open until the fork is over."""
        self._lock.acquire()
        # In memory there are no locks of SQLite's, and nothing is left after closing.
        if self._opening.clock is None and not self._hooks.inside.hook:
            self._close()

    def after_fork_in_parent(self) -> None:
        """Lets everybody open again."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Lets everybody open; what is open still was not closed before, and stays unusable."""
        self._process = os.getpid()
        self._lock = threading.RLock()
        if self._running is not None:
            in_memory = self._opening.clock is not None
            self._refusal = _IN_MEMORY_FORK if in_memory else _UNSAFE_FORK
            self._let_go()

    def at_exit(self) -> None:
        """Closes."""
        self._close_now()


def _repeat_if_closed(error: UnavailableError) -> None:
    # A core that is closed says so before it does anything, so the call may be made again.
    if error.code != "closed":
        raise error


def _running_loop() -> asyncio.AbstractEventLoop:
    try:
        return asyncio.get_running_loop()
    except RuntimeError as error:
        raise ConfigurationError(
            "no asyncio event loop runs here (trio and others are not supported): call the method "
            "without the `a`, on a thread"
        ) from error
