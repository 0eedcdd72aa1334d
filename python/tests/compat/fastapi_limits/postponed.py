"""Routes of a module whose annotations are texts, some of them of names that it does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Query
from pydantic import BaseModel

from countersign.compat.fastapi_limits import Limiter

if TYPE_CHECKING:
    from collections.abc import Sequence


class Item(BaseModel):
    name: str


def make_app() -> FastAPI:
    app = FastAPI()
    limiter = Limiter()

    @app.post("/items")
    @limiter.limit("2/minute")
    async def items(item: Item, times: Annotated[int, Query(ge=1)] = 1) -> list[Item]:
        return [item] * times

    @app.get("/unknown", response_model=None)
    @limiter.limit("1/minute")
    async def unknown(times: int = 1) -> Sequence[int]:
        return [times]

    return app
