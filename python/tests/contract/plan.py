"""What the framework processes are told to serve."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from countersign import Countersign

__all__ = ["CLOSE", "Entry", "read"]

CLOSE: Final = "/-/close"
"""A path that is taken off before the application sees the request: its engine is closed."""


@dataclass(frozen=True)
class Entry:
    """One service: an engine, and where its application is served."""

    auth: Countersign
    prefix: str
    routes: frozenset[str]
    descriptor: int
    port: int


def read() -> list[Entry]:
    """The plan that the environment names."""
    written = json.loads(Path(os.environ["CONTRACT_PLAN"]).read_bytes())
    return [_entry(**entry) for entry in written]


def _entry(
    database: str,
    issuer: str,
    audience: list[str],
    settings: dict[str, Any],
    routes: list[str],
    prefix: str,
    descriptor: int,
    port: int,
) -> Entry:
    auth = Countersign(database, issuer=issuer, audience=audience, **settings)
    return Entry(auth, prefix, frozenset(routes), descriptor, port)
