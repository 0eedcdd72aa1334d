"""When the engine opens and closes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from starlette.testclient import TestClient

from countersign import Countersign
from countersign.fastapi import CountersignFastAPI
from tests.fastapi.support import acall, http_scope


@pytest.fixture
def cs(own_auth: Countersign) -> CountersignFastAPI:
    return CountersignFastAPI(own_auth)


def test_it_opens_on_first_use_and_closes_at_the_end(app: FastAPI, cs: CountersignFastAPI) -> None:
    cs.install(app)
    with TestClient(app) as client:
        assert not cs.auth.opened
        client.get("/users/me")
        assert cs.auth.opened
    assert not cs.auth.opened


def test_it_works_without_a_lifespan_and_after_one(app: FastAPI, cs: CountersignFastAPI) -> None:
    app.add_api_route("/mine", lambda: None, dependencies=[Depends(cs.principal)])
    cs.install(app)
    for _ in range(2):
        for path in ("/users/me", "/mine"):
            assert TestClient(app).get(path).status_code == 401
            with TestClient(app) as client:
                assert client.get(path).status_code == 401


def test_the_applications_own_lifespan_runs_inside(own_auth: Countersign) -> None:
    seen: list[object] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        own_auth.open()
        yield {"mine": 7}
        # What ends with the application may still want the engine.
        seen.append(own_auth.opened)

    app = FastAPI(lifespan=lifespan)
    CountersignFastAPI(own_auth).install(app)

    with TestClient(app) as client:
        seen.append(client.app_state["mine"])
    assert seen == [7, True]
    assert not own_auth.opened


def test_startup_handlers_still_run(cs: CountersignFastAPI) -> None:
    seen: list[str] = []
    app = FastAPI(on_startup=[lambda: seen.append("up")], on_shutdown=[lambda: seen.append("down")])
    cs.install(app)
    with TestClient(app):
        assert seen == ["up"]
    assert seen == ["up", "down"]


def test_lifespans_of_routers_that_come_later_still_run(
    app: FastAPI, cs: CountersignFastAPI
) -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        seen.append("up")
        yield
        seen.append("down")

    cs.install(app)
    app.include_router(APIRouter(lifespan=lifespan))
    with TestClient(app) as client:
        client.get("/users/me")
    assert seen == ["up", "down"]
    assert not cs.auth.opened


def test_a_start_that_fails_closes_too(own_auth: Countersign) -> None:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        own_auth.open()
        raise RuntimeError("no")
        yield

    app = FastAPI(lifespan=lifespan)
    CountersignFastAPI(own_auth).install(app)
    with pytest.raises(RuntimeError, match="no"), TestClient(app):
        pass
    assert not own_auth.opened


def test_the_first_requests_may_come_at_once(app: FastAPI, cs: CountersignFastAPI) -> None:
    app.add_api_route("/mine", lambda: None, dependencies=[Depends(cs.principal)])
    cs.install(app)

    async def all_at_once() -> list[int]:
        paths = ["/mine", "/users/me"] * 10
        calls = [acall(app, http_scope("GET", path)) for path in paths]
        return [answered.status for answered in await asyncio.gather(*calls)]

    assert set(asyncio.run(all_at_once())) == {401}


def test_an_engine_closed_meanwhile_opens_again(app: FastAPI, cs: CountersignFastAPI) -> None:
    app.add_api_route("/mine", lambda: None, dependencies=[Depends(cs.principal)])
    cs.install(app)
    client = TestClient(app)
    for _ in range(3):
        assert client.get("/mine").status_code == 401
        assert client.get("/users/me").status_code == 401
        cs.auth.close()
