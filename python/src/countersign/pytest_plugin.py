"""Fixtures for pytest; see :mod:`countersign.testing`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

# Every run of pytest loads this module: what is large is imported by the fixture that needs it.
if TYPE_CHECKING:
    from countersign.engine import Countersign
    from countersign.testing import Clients, Clock, TokenFactory


@pytest.fixture
def auth_settings() -> dict[str, Any]:
    """The arguments of the engine; override it to change them."""
    return {"issuer": "https://auth.test", "audience": "api"}


@pytest.fixture
def auth_clock() -> Clock:
    """The clock of the engine: it stands still until ``auth_clock.advance(seconds)``."""
    from countersign.testing import Clock

    return Clock()


@pytest.fixture
def auth(auth_settings: dict[str, Any], auth_clock: Clock) -> Iterator[Countersign]:
    """An engine in memory.

    For an application that makes its engine itself, override it::

        @pytest.fixture
        def auth(auth_clock):
            with in_memory(app.auth, auth_clock):
                yield app.auth
    """
    from countersign.engine import Countersign
    from countersign.testing import in_memory

    engine = Countersign(**{"url": "sqlite:///in-memory.db", **auth_settings})
    with in_memory(engine, auth_clock):
        yield engine


@pytest.fixture
def auth_tokens(auth: Countersign, auth_clock: Clock) -> TokenFactory:
    """Makes good, expired, revoked, tampered and other tokens of the engine."""
    from countersign.testing import TokenFactory

    return TokenFactory(auth, auth_clock)


@pytest.fixture
def auth_client(auth_tokens: TokenFactory) -> Iterator[Clients]:
    """Makes test clients of logged-in users: ``auth_client(app, "ada", scopes=[...])``."""
    from countersign.testing import Clients

    clients = Clients(auth_tokens)
    yield clients
    clients.close()
