"""The hosts that the contract is held against: the server, FastAPI and Flask, each also below a
mount.

A framework's process serves a whole set of services, one application and one port each; the server
is one process for each.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from tests.contract.binary import Server
from tests.contract.client import call
from tests.contract.documents import Contract, Subject
from tests.contract.plan import CLOSE
from tests.contract.population import DATABASE, Population, Service
from tests.contract.wire import Address

__all__ = ["HOSTS", "Host", "Place", "Serving", "serve"]

_MOUNT: Final = "/auth"

Json = dict[str, Any]

_PYTHON_FOLDER: Final = Path(__file__).parents[2]


@dataclass(frozen=True)
class Host:
    """A way to serve the routes."""

    kind: str
    mount: str

    @property
    def name(self) -> str:
        """Of the kind, and below which mount."""
        return f"{self.kind} below {self.mount}" if self.mount else self.kind

    def start(self, places: Sequence[Place]) -> Serving:
        """Serves these."""
        return _STARTS[self.kind](places)


@dataclass(frozen=True)
class Place:
    """A service that a host is to serve: the copy in this folder."""

    folder: Path
    settings: Mapping[str, str]
    issuer: str
    audience: Sequence[str]
    routes: Sequence[str]
    mount: str


class Serving(Protocol):
    """Services that a host serves, by their positions among the places."""

    @property
    def logs(self) -> Sequence[Path]:
        """What was written to standard error."""

    def open(self, position: int) -> Address:
        """Serves this one from now on; where it listens."""

    def close(self, position: int) -> None:
        """It is done with. (An open engine follows its database, and that costs.)"""

    def stop(self) -> None:
        """Ends everything as an operator does; what went wrong there fails here."""


class _Servers:
    """``countersign serve``, once for each."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = places
        self._running: dict[int, Server] = {}
        self.logs: list[Path] = []

    def open(self, position: int) -> Address:
        server = _server(self._places[position])
        self._running[position] = server
        self.logs.append(server.log)
        return server.address

    def close(self, position: int) -> None:
        server = self._running.pop(position)
        assert server.stop() == 0, server.log.read_text()

    def stop(self) -> None:
        for position in list(self._running):
            self.close(position)


def _server(place: Place) -> Server:
    settings = {
        **place.settings,
        "http.mount": place.mount,
        "http.routes": ",".join(place.routes),
        "server.drain_pause": "0",
    }
    return Server(place.folder, settings, place.issuer, place.audience)


class _Framework:
    """One Python process for all of them. It inherits the sockets, which listen already."""

    def __init__(
        self, name: str, arguments: Callable[[Sequence[int]], list[str]], places: Sequence[Place]
    ) -> None:
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in places]
        self._addresses: list[Address] = [own.getsockname() for own in sockets]
        descriptors = [own.fileno() for own in sockets]
        folder = places[0].folder
        plan = folder / f"{name}.json"
        plan.write_text(json.dumps([
            _planned(place, descriptor, address)
            for place, descriptor, address in zip(places, descriptors, self._addresses, strict=True)
        ]))  # fmt: skip
        log = folder / f"{name}.log"
        self.logs = [log]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-W", "error", *arguments(descriptors)],
                cwd=_PYTHON_FOLDER,
                # Nothing of the caller's own configuration; gunicorn leaves things at home.
                env={"PATH": os.environ["PATH"], "HOME": str(folder), "CONTRACT_PLAN": str(plan)},
                pass_fds=descriptors,
                stdout=output,
                stderr=output,
            )
        for own in sockets:
            own.close()

    def open(self, position: int) -> Address:
        return self._addresses[position]

    def close(self, position: int) -> None:
        status, _ = call(self._addresses[position], f"POST {CLOSE}")
        assert status == 204

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
        assert status == 0, f"it ended with {status}: {self.logs[0].read_text()}"


def _planned(place: Place, descriptor: int, address: Address) -> Json:
    return {
        "database": f"sqlite:///{place.folder / DATABASE}",
        "issuer": place.issuer,
        "audience": place.audience,
        "settings": {key.replace(".", "_"): value for key, value in place.settings.items()},
        "routes": place.routes,
        "prefix": place.mount,
        "descriptor": descriptor,
        "port": address[1],
    }


def _fastapi(places: Sequence[Place]) -> Serving:
    return _Framework("fastapi", lambda _: ["-m", "tests.contract.serve_fastapi"], places)


def _flask(places: Sequence[Place]) -> Serving:
    def gunicorn(descriptors: Sequence[int]) -> list[str]:
        binds = [word for number in descriptors for word in ("--bind", f"fd://{number}")]
        workers = ["--worker-class", "gthread", "--threads", "8"]
        # It drops the sockets that it takes over without closing them.
        ignored = ["-W", "ignore::ResourceWarning"]
        module = ["-m", "gunicorn", *workers, *binds, "tests.contract.serve_flask:application"]
        return [*ignored, *module]

    return _Framework("flask", gunicorn, places)


_STARTS: Final[Mapping[str, Callable[[Sequence[Place]], Serving]]] = {
    "server": _Servers,
    "fastapi": _fastapi,
    "flask": _flask,
}

HOSTS: Final = tuple(Host(kind, mount) for mount in ("", _MOUNT) for kind in _STARTS)


@contextmanager
def serve(
    host: Host,
    contract: Contract,
    population: Population,
    subjects: Sequence[Subject],
    folder: Path,
) -> Iterator[tuple[Iterator[Service], Serving]]:
    """Serves fresh services, one for each of the subjects, until the end of a ``with``.

    Each is there until the next one is asked for.
    """
    places = [_place(host, contract, population, subject, folder) for subject in subjects]
    variables = {**population.variables, "mount": host.mount}
    serving = host.start(places)

    def services() -> Iterator[Service]:
        for position, place in enumerate(places):
            address = serving.open(position)
            yield Service(host.kind, address, host.mount, variables, place.folder / DATABASE)
            serving.close(position)

    try:
        yield services(), serving
    finally:
        serving.stop()


def _place(
    host: Host, contract: Contract, population: Population, subject: Subject, folder: Path
) -> Place:
    written = contract.service
    population.copy(folder / subject.name)
    return Place(
        folder / subject.name,
        {**written["settings"], **subject.settings},
        written["issuer"],
        written["audience"],
        subject.routes,
        host.mount,
    )
