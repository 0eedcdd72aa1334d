# No postponed annotations in these tests: FastAPI reads the real ones of routes and dependencies.
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from countersign import Countersign
from countersign.fastapi import CountersignFastAPI
from tests.fastapi.support import PASSWORD, Bearer


@pytest.fixture(scope="package")
def auth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Countersign]:
    """One engine for all tests that do not change it: to open one takes a while."""
    made = engine(tmp_path_factory.mktemp("engine"))
    made.add_user(
        "ada", PASSWORD, email="ada@example.com", scopes=["reports:read"], roles=["author"]
    )
    made.add_user("admin", PASSWORD, roles=["author", "editor"], scopes=["reports:read", "x"])
    yield made
    made.close()


@pytest.fixture
def own_auth(tmp_path: Path) -> Iterator[Countersign]:
    """An engine that the test may do anything with."""
    made = engine(tmp_path)
    yield made
    made.close()


def engine(folder: Path) -> Countersign:
    return Countersign(
        f"sqlite:///{folder}/auth.db", issuer="https://api.example.com", audience="api"
    )


@pytest.fixture
def cs(auth: Countersign) -> CountersignFastAPI:
    return CountersignFastAPI(auth)


@pytest.fixture
def app() -> FastAPI:
    return FastAPI()


@pytest.fixture(scope="package")
def ada(auth: Countersign) -> Bearer:
    return _bearer(auth, "ada")


@pytest.fixture(scope="package")
def admin(auth: Countersign) -> Bearer:
    return _bearer(auth, "admin")


def _bearer(auth: Countersign, username: str) -> Bearer:
    user = next(user for user in auth.list_users().items if user.username == username)
    return Bearer(auth.start_session(user.id, scopes=user.scopes).access_token, user.id)
