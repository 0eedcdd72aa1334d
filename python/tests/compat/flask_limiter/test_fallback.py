"""A storage that fails: what is swallowed, what is not, and the limits in memory instead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from flask import Flask

from countersign.compat import flask_limiter as ours

from ..clock import stopped_clock

# Seconds to wait before a request, and whether the storage fails at it.
STORY = [
    *[(0.1, False)] * 4, *[(0.1, True)] * 4, (2.5, True), (2.5, True), (5.1, True), (61.3, True),
    (0.1, False), (0.1, False), (3.3, False), *[(0.1, False)] * 5, (70.7, True), (0.1, True),
    (33.3, False), *[(0.1, False)] * 4, (70.7, False),
]  # fmt: skip
OPTIONS: dict[str, dict[str, Any]] = {
    "the same limits": {"in_memory_fallback_enabled": True},
    "other limits": {"in_memory_fallback": ["1/minute"]},
    "swallowed": {"swallow_errors": True},
    "neither": {},
}


@contextmanager
def _broken(limiter: Any, broken: bool) -> Iterator[None]:
    """Fail like a server that is away."""

    def fail(*_: Any, **__: Any) -> Any:
        raise ConnectionError("away")

    if not broken:
        yield
        return
    counts = limiter._limiter
    with (
        patch.object(counts, "hit", fail),
        patch.object(counts, "test", fail),
        patch.object(counts, "get_window_stats", fail),
        patch.object(limiter._storage, "check", lambda: False),
    ):
        yield


def _answers(package: Any, path: str, options: dict[str, Any]) -> list[Any]:
    app = Flask(__name__)
    limiter = package.Limiter(
        lambda: "me", app=app, default_limits=["3/minute"], storage_uri="memory://",
        headers_enabled=True, **options,
    )  # fmt: skip

    @app.get("/plain")
    def plain() -> str:
        return "plain"

    @app.get("/own")
    @limiter.limit("2/minute")  # type: ignore[untyped-decorator]
    def own() -> str:
        return "own"

    answers = []
    with stopped_clock() as clock:
        limiter.reset()
        for pause, broken in STORY:
            clock.forward(pause)
            with _broken(limiter, broken):
                answer = app.test_client().get(path)
            answers.append((answer.status_code, sorted(answer.headers.items())))
    return answers


@pytest.mark.parametrize("path", ["/plain", "/own"])
@pytest.mark.parametrize("name", OPTIONS)
def test_the_same_failures_have_the_same_answers(name: str, path: str) -> None:
    original = pytest.importorskip("flask_limiter", reason="the original is compared with")
    with stopped_clock():
        mine = _answers(ours, path, OPTIONS[name])
        theirs = _answers(original, path, OPTIONS[name])
    for number, (answer, other) in enumerate(zip(mine, theirs, strict=True)):
        assert answer == other, number


def test_failures_are_errors_unless_something_is_said() -> None:
    statuses = {
        name: {status for status, _ in _answers(ours, "/plain", options)}
        for name, options in OPTIONS.items()
    }
    assert statuses["neither"] == {200, 429, 500}
    assert statuses["swallowed"] == {200, 429}
    assert statuses["the same limits"] == {200, 429}
    assert statuses["other limits"] == {200, 429}
