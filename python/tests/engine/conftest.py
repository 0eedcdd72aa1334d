from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from countersign import Countersign, Principal, Tokens
from tests.engine.support import PASSWORD, make_engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Countersign]:
    """An engine on a database of its own."""
    engine = make_engine(tmp_path)
    yield engine
    engine.close()


@pytest.fixture
def tokens(engine: Countersign) -> Tokens:
    """What Ada was answered when she logged in."""
    engine.register("ada", PASSWORD)
    return engine.login("ada", PASSWORD)


@pytest.fixture
def ada(engine: Countersign, tokens: Tokens) -> Principal:
    return engine.authenticate(tokens.access_token)
