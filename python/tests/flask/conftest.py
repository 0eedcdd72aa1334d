from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, jsonify
from flask.testing import FlaskClient

from countersign import Countersign
from countersign.flask import CountersignFlask, current_principal
from countersign.testing import Clock, TokenFactory, in_memory

PASSWORD = "correct horse battery staple"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def engine(**settings: Any) -> Countersign:
    return Countersign(
        "sqlite:///in-memory.db", issuer="https://auth.test", audience="api", **settings
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def auth(clock: Clock) -> Iterator[Countersign]:
    made = engine()
    with in_memory(made, clock):
        yield made


@pytest.fixture
def tokens(auth: Countersign, clock: Clock) -> TokenFactory:
    return TokenFactory(auth, clock)


@pytest.fixture
def app() -> Flask:
    made = Flask("shop")
    made.testing = True
    return made


@pytest.fixture
def cs(app: Flask, auth: Countersign) -> CountersignFlask:
    return CountersignFlask(app, auth)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def show() -> Callable[[], Any]:
    """A view that tells who calls."""

    def show() -> Any:
        return jsonify(user=current_principal.username if current_principal else None)

    return show
