"""The guide's tests: ``pytest examples/first-guide-flask/test_app.py``."""

import importlib
import secrets
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

PASSWORD = secrets.token_hex(8)


# mended: `client` and `valid_token` were used, and nowhere defined.
@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A new one: nothing is counted yet."""
    monkeypatch.setenv("JWT_SECRET_KEY", secrets.token_hex(32))
    monkeypatch.setenv("DEMO_PASSWORD", PASSWORD)
    monkeypatch.setenv("TOKENS_DATABASE", str(tmp_path / "tokens.db"))
    monkeypatch.syspath_prepend(Path(__file__).parent)
    for name in ("app", "users"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("app")


@pytest.fixture
def client(program: Any) -> FlaskClient:
    """Sends requests to it."""
    client: FlaskClient = program.app.test_client()
    return client


@pytest.fixture
def valid_token(client: FlaskClient) -> str:
    """From a log-in."""
    answer = client.post("/login", json={"username": "ada", "password": PASSWORD})
    token: str = answer.get_json()["access_token"]
    return token


def status(client: FlaskClient, token: str) -> int:
    """What `/protected` answers to this token."""
    return client.get("/protected", headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_valid_token(client: FlaskClient, valid_token: str) -> None:
    """It is let in."""
    assert status(client, valid_token) == 200


# mended: no test showed that anything is refused.
def test_without_a_token(client: FlaskClient) -> None:
    """It is refused."""
    assert client.get("/protected").status_code == 401


def test_a_tampered_token(client: FlaskClient, valid_token: str) -> None:
    """It is refused."""
    assert status(client, valid_token[:-10] + "A" * 10) == 401


def test_an_expired_token(program: Any, client: FlaskClient) -> None:
    """It is refused."""
    with program.app.app_context():
        token = program.create_access_token("ada", expires_delta=timedelta(seconds=-1))
    assert status(client, token) == 401
