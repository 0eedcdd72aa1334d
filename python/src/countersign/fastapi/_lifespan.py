"""The engine's end at the application's."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from countersign import Countersign
from countersign.fastapi._conflicts import refuse_unreachable


def install_lifespan(app: FastAPI, auth: Countersign) -> None:
    """Closes the engine after the application's own shutdown, which may still want it.

    Nothing is opened here: that happens on first use, so that tests without a lifespan work.
    """
    original = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(started: FastAPI) -> AsyncIterator[Mapping[str, Any] | None]:
        refuse_unreachable(app.router.routes)
        try:
            async with original(started) as state:
                yield state
        finally:
            await auth.aclose()

    app.router.lifespan_context = lifespan  # type: ignore[assignment]
