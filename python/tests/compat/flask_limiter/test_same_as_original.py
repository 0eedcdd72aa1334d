"""The same requests get the same answers as from Flask-Limiter, where that is installed.

The same requests at the same times go to two applications that differ in the import only.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from flask import make_response, request

from countersign.compat import flask_limiter as ours

from ..clock import stopped_clock
from .application import make_app

original = pytest.importorskip("flask_limiter", reason="the original is compared with")
if not original.__version__.startswith("4.1."):
    pytest.skip("Flask-Limiter is not 4.1", allow_module_level=True)

PATHS = [
    "/plain", "/plain", "/tight", "/stacked", "/posts", "/costly", "/failures/200", "/failures/404",
    "/scoped/a", "/scoped/b", "/exempt", "/half-exempt", "/later", "/shared/one", "/shared/two",
    "/item", "/inner", "/block/a", "/block/b", "/parent/", "/parent/own", "/parent/child/",
    "/parent/child/own", "/parent/free/", "/parent/free/own", "/missing", "/static/missing",
]  # fmt: skip
HEADERS: list[dict[str, str]] = [
    {}, {}, {}, {"User": "me"}, {"User": "me"}, {"Trusted": "yes"}, {"Cost": "7"}, {"User": ""},
    {"Rate": "1/minute"}, {"Rate": ""}, {"Rate": "2 per minute; 3/hour"},
]  # fmt: skip
PAUSES = [0.0, 0.0, 0.0, 0.31, 1.27, 7.83, 20.53, 61.19, 400.11, 4000.57]


@pytest.fixture(autouse=True)
def _timely_original() -> Iterator[None]:
    """Let the original forget when it is time, and not when a timer of its own comes to it.

    In between it tells clients of windows that are over, with a negative ``Retry-After``.
    """
    from limits.storage import MemoryStorage

    look = MemoryStorage.get_moving_window

    def look_in_time(storage: Any, *args: Any) -> Any:
        storage._MemoryStorage__expire_events()
        return look(storage, *args)

    silent = patch.object(MemoryStorage, "_MemoryStorage__schedule_expiry", lambda _: None)
    with silent, patch.object(MemoryStorage, "get_moving_window", look_in_time):
        yield


def _teapot(_: Any) -> Any:
    return make_response("tea", 429)


def _without(_: Any) -> None:
    return None


OPTIONS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "defaults": {"default_limits": ["4/minute", "20/hour"]},
    "defaults in one": {"default_limits": ["4/minute; 20/hour", lambda: "5/10 minutes"]},
    "defaults per method": {"default_limits": ["2/minute"], "default_limits_per_method": True},
    "defaults with conditions": {
        "default_limits": ["3/minute"],
        "default_limits_exempt_when": lambda: request.path == "/tight",
        "default_limits_deduct_when": lambda response: response.status_code == 200,
        "default_limits_cost": 2,
    },
    "application": {"application_limits": ["9/minute"], "default_limits": ["4/minute"]},
    "application with conditions": {
        "application_limits": ["20/hour"],
        "application_limits_per_method": True,
        "application_limits_exempt_when": lambda: request.path == "/plain",
        "application_limits_deduct_when": lambda response: response.status_code != 404,
        "application_limits_cost": lambda: 2,
    },
    "all limits at once": {"default_limits": ["3/minute"], "fail_on_first_breach": False},
    "callbacks": {"default_limits": ["3/minute"], "on_breach": _teapot},
    "callback without answer": {"default_limits": ["3/minute"], "on_breach": _without},
    "meta": {"default_limits": ["3/minute"], "meta_limits": ["4/hour"]},
    "meta with callback": {
        "default_limits": ["3/minute"], "meta_limits": ["2/minute", lambda: "5/hour"],
        "on_meta_breach": _teapot,
    },
    "prefix": {"default_limits": ["3/minute"], "key_prefix": "mine"},
    "dates": {"default_limits": ["3/minute"], "retry_after": "http-date"},
    "identifier": {"default_limits": ["3/minute"], "request_identifier": lambda: "everything"},
    "no headers": {"default_limits": ["3/minute"], "headers_enabled": False},
    "off": {"default_limits": ["3/minute"], "enabled": False},
}  # fmt: skip
CONFIG: dict[str, dict[str, Any]] = {
    "everything": {
        "RATELIMIT_APPLICATION": "30/hour",
        "RATELIMIT_APPLICATION_COST": 2,
        "RATELIMIT_DEFAULT": "3/minute; 10/hour",
        "RATELIMIT_DEFAULTS_PER_METHOD": True,
        "RATELIMIT_DEFAULTS_DEDUCT_WHEN": lambda response: response.status_code == 200,
        "RATELIMIT_META": "6/hour",
        "RATELIMIT_ON_META_BREACH_CALLBACK": _teapot,
        "RATELIMIT_ON_BREACH_CALLBACK": _without,
        "RATELIMIT_FAIL_ON_FIRST_BREACH": False,
        "RATELIMIT_KEY_PREFIX": "set",
        "RATELIMIT_HEADER_LIMIT": "A",
        "RATELIMIT_HEADER_REMAINING": "B",
        "RATELIMIT_HEADER_RESET": "C",
        "RATELIMIT_HEADER_RETRY_AFTER": "D",
        "RATELIMIT_HEADER_RETRY_AFTER_VALUE": "http-date",
    },
    "the program goes first": {"RATELIMIT_DEFAULT": "1/minute", "RATELIMIT_STRATEGY": "nonsense"},
    "off": {"RATELIMIT_ENABLED": False, "RATELIMIT_STORAGE_URI": "nonsense://"},
}


def _answers(package: Any, seed: int, config: dict[str, Any], options: dict[str, Any]) -> list[Any]:
    choose = random.Random(seed)
    with stopped_clock() as clock:
        client = make_app(package, dict(config), **options).test_client()
        answers = []
        for _ in range(120):
            clock.forward(choose.choice(PAUSES))
            path, method = choose.choice(PATHS), choose.choice(["GET", "GET", "GET", "POST"])
            response = client.open(path, method=method, headers=choose.choice(HEADERS))
            headers = sorted(response.headers.items())
            answers.append((method, path, response.status_code, response.text, headers))
        return answers


def _compare(mine: list[Any], theirs: list[Any]) -> None:
    for number, (answer, other) in enumerate(zip(mine, theirs, strict=True)):
        assert answer == other, number


@pytest.mark.parametrize("strategy", ["fixed-window", "moving-window", "sliding-window-counter"])
@pytest.mark.parametrize("name", OPTIONS)
def test_every_answer_is_the_same(name: str, strategy: str) -> None:
    options = {"strategy": strategy, **OPTIONS[name]}
    _compare(_answers(ours, 1, {}, options), _answers(original, 1, {}, options))


@pytest.mark.parametrize("name", CONFIG)
def test_every_answer_is_the_same_with_settings(name: str) -> None:
    options: dict[str, Any] = {"headers_enabled": None}
    if name == "the program goes first":
        options = {"default_limits": ["5/minute"], "strategy": "moving-window"}
    config = {"RATELIMIT_HEADERS_ENABLED": True, **CONFIG[name]}
    _compare(_answers(ours, 2, config, options), _answers(original, 2, config, options))


@pytest.mark.parametrize("name", original.__all__)
def test_every_name_is_there_with_the_same_arguments(name: str) -> None:
    theirs, mine = getattr(original, name), getattr(ours, name)
    if name in ("ExemptionScope", "HeaderNames"):
        assert {each.name: each.value for each in mine} == {
            each.name: each.value for each in theirs
        }
        return
    assert _arguments(mine) == _arguments(theirs)


@pytest.mark.parametrize("name", ["limit", "shared_limit", "exempt", "request_filter", "init_app"])
def test_every_method_has_the_same_arguments(name: str) -> None:
    assert _arguments(getattr(ours.Limiter, name)) == _arguments(getattr(original.Limiter, name))


def test_the_limiter_has_every_public_member() -> None:
    public = {name for name in dir(original.Limiter) if not name.startswith("_")}
    # Says of itself that it is private.
    assert public - set(dir(ours.Limiter)) == {"context"}


def test_the_settings_are_the_same() -> None:
    from flask_limiter.constants import ConfigVars

    from countersign.compat.flask_limiter.constants import ConfigVars as OurVars

    theirs = {name: value for name, value in vars(ConfigVars).items() if name.isupper()}
    assert {name: value for name, value in vars(OurVars).items() if name.isupper()} == theirs


def _arguments(function: Any) -> list[tuple[str, Any]]:
    """Names and kinds; but for what the original declares without meaning it for the public."""
    parameters = inspect.signature(function).parameters.values()
    return [(each.name, each.kind) for each in parameters if each.name != "finalized"]
