"""The program ``countersign``: found, never built here, and never skipped."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from types import TracebackType
from typing import Final

from tests.contract.wire import Address

__all__ = ["Server", "command"]

_REPOSITORY: Final = Path(__file__).parents[3]
_DATABASE: Final = "auth.db"


@cache
def _path() -> Path:
    """``COUNTERSIGN_BINARY``, or what ``cargo build --bin countersign`` has made.

    Raises:
        FileNotFoundError: It is not there. The contract cannot be tested without the server.
    """
    named = os.environ.get("COUNTERSIGN_BINARY")
    path = Path(named) if named else _target_folder() / "debug" / "countersign"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is not there: run `cargo build --bin countersign`, or set COUNTERSIGN_BINARY"
        )
    return path


def _target_folder() -> Path:
    metadata = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--no-deps"],
        cwd=_REPOSITORY,
        check=True,
        capture_output=True,
    )
    return Path(json.loads(metadata.stdout)["target_directory"])


def _arguments(
    folder: Path, settings: Mapping[str, str], issuer: str, audience: Sequence[str]
) -> list[str]:
    sets = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    audiences = [word for name in audience for word in ("--audience", name)]
    database = f"sqlite:///{folder / _DATABASE}"
    return ["--database", database, "--issuer", issuer, *audiences, *sets]


def command(
    words: Sequence[str],
    folder: Path,
    settings: Mapping[str, str],
    issuer: str,
    audience: Sequence[str],
    typed: str,
) -> None:
    """Runs an administrative command on the folder's database.

    Raises:
        subprocess.CalledProcessError: It was refused.
    """
    subprocess.run(
        [_path(), *words, *_arguments(folder, settings, issuer, audience)],
        cwd=folder,
        env={},
        input=typed.encode(),
        check=True,
        stdout=subprocess.DEVNULL,
    )


class Server:
    """``countersign serve`` on the folder's database, until the end of a ``with``."""

    def __init__(
        self, folder: Path, settings: Mapping[str, str], issuer: str, audience: Sequence[str]
    ) -> None:
        self.log = folder / "server.log"
        arguments = _arguments(folder, settings, issuer, audience)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [_path(), "serve", "--listen", "127.0.0.1:0", "--log-level", "debug", *arguments],
                cwd=folder,
                env={},
                stdout=subprocess.PIPE,
                stderr=log,
            )

    @cached_property
    def address(self) -> Address:
        """Where it listens, as soon as it does."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            words = line.decode().strip().partition("listening on http://")
            if words[1]:
                host, _, port = words[2].rpartition(":")
                return host, int(port)
        self.stop()
        raise RuntimeError(f"the server does not listen: {self.log.read_text()}")

    def terminate(self) -> None:
        """Asks it to end as an operator does, and does not wait."""
        self._process.terminate()

    def stop(self) -> int:
        """Waits for its end, which is asked for; its exit status."""
        self.terminate()
        try:
            return self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
        finally:
            assert self._process.stdout is not None
            self._process.stdout.close()

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self.stop() == 0, self.log.read_text()
