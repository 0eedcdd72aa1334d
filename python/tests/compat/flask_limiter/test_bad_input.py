"""Settings that cannot be: an error that names the mend, or a warning where others ran on."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask

from countersign.compat.flask_limiter import (
    InvalidRateWarning,
    Limiter,
    MetaLimit,
    UnknownSettingWarning,
)
from countersign.compat.limits.strategies import STRATEGIES
from countersign.exceptions import ConfigurationError
from tests.compat.served import served


def _make(config: dict[str, Any] | None = None, **options: Any) -> tuple[Flask, Limiter]:
    app = Flask(__name__)
    app.config.update(config or {})
    options = {"storage_uri": "memory://", **options}
    return app, Limiter(options.pop("key_func", lambda: "me"), app=app, **options)


ERRORS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "key_func": ({}, {"key_func": None}, "key_func=None: write a function"),
    "strategy": ({}, {"strategy": "moving_window"}, "did you mean 'moving-window'?"),
    "strategy set": (
        {"RATELIMIT_STRATEGY": "leaky"},
        {},
        "strategy='leaky' (RATELIMIT_STRATEGY) is none: write one of fixed-window,",
    ),
    "storage": ({}, {"storage_uri": "redis://h"}, "the storage redis:// is not offered here"),
    "storage set": (
        {"RATELIMIT_STORAGE_URI": "redis://h"},
        {"storage_uri": None},
        "write storage_uri='memory://'",
    ),
    "option": ({}, {"storage_options": {"ssl": True}}, "memory:// has no option 'ssl'"),
    "option set": (
        {"RATELIMIT_STORAGE_OPTIONS": {"pool": 3}},
        {},
        "memory:// has no option 'pool': leave it out of storage_options",
    ),
    "default": (
        {},
        {"default_limits": ["5/sec"]},
        "default_limits (RATELIMIT_DEFAULT): '5/sec' is no rate",
    ),
    "default set": ({"RATELIMIT_DEFAULT": "5"}, {}, "write '5 per minute'"),
    "application": (
        {"RATELIMIT_APPLICATION": "many"},
        {},
        "application_limits (RATELIMIT_APPLICATION): 'many' is no rate",
    ),
    "meta": ({}, {"meta_limits": ["x"]}, "meta_limits (RATELIMIT_META): 'x' is no rate"),
    "fallback": ({}, {"in_memory_fallback": ["x"]}, "in_memory_fallback (RATELIMIT_IN_MEMORY"),
    "text for a list": ({}, {"default_limits": "5/day"}, "write a list, ['5/day']"),
    "list for a text": ({"RATELIMIT_DEFAULT": ["5/day"]}, {}, "write one text, with ; between"),
    "number": ({}, {"default_limits": [5]}, "5 is no rate, but int"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_what_cannot_be_is_named_at_start(name: str) -> None:
    config, options, message = ERRORS[name]
    with pytest.raises(ConfigurationError) as caught:
        _make(config, **options)
    assert message in str(caught.value)


WARNINGS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "setting": ({"RATELIMIT_STORAGE_URL": "x"}, {}, "did you mean RATELIMIT_STORAGE_URI?"),
    "unlike any": ({"RATELIMIT_ZZZZZZZZZZZZZZZZZZ": 1}, {}, "it has no effect; leave it out"),
    "key_func": ({"RATELIMIT_KEY_FUNC": len}, {}, "pass it to Limiter as key_func"),
    "text for a switch": ({"RATELIMIT_SWALLOW_ERRORS": "False"}, {}, "write False"),
    "retry_after": ({}, {"retry_after": "date"}, "write one of delta-seconds, http-date"),
    "header": ({}, {"header_name_mapping": {"RESET": "R"}}, "has 'RESET', which is none of"),
    "rate": (
        {},
        {"default_limits": ["5/sec"], "swallow_errors": True},
        "As errors are swallowed, nothing is limited until then",
    ),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_what_ran_before_is_warned_of_where_it_is_written(name: str) -> None:
    config, options, message = WARNINGS[name]
    with pytest.warns(UnknownSettingWarning) as caught:
        _make(config, **options)
    (warning,) = caught
    assert message in str(warning.message)
    assert warning.filename == __file__


def test_a_storage_that_nobody_named_is_warned_of() -> None:
    with pytest.warns(UserWarning, match="storage_uri='memory://'") as caught:
        _make(storage_uri=None)
    assert caught[0].filename == __file__


def test_a_storage_that_was_named_is_not() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _make({"RATELIMIT_STORAGE_URI": "memory://"}, storage_uri=None)


@pytest.mark.parametrize("where", ["limit", "shared_limit"])
def test_a_rate_that_cannot_be_read_is_warned_of_where_it_is_written(where: str) -> None:
    _, limiter = _make()
    scope = {"scope": "all"}
    with pytest.warns(InvalidRateWarning, match="did you mean second") as caught:
        limit = getattr(limiter, where)("2/sec", **scope)
    assert caught[0].filename == __file__
    limit(Blueprint("main", __name__))


def test_an_argument_that_does_not_exist_is_named() -> None:
    with pytest.raises(TypeError, match="'defaults'"):
        _make(defaults=["5/day"])


def test_nothing_is_looked_at_when_it_is_switched_off() -> None:
    app, _ = _make({"RATELIMIT_ENABLED": False}, storage_uri="redis://h", default_limits=["x"])
    app.add_url_rule("/", view_func=lambda: "fine", endpoint="view")
    assert app.test_client().get("/").status_code == 200


def test_the_storage_is_asked_for_too_early() -> None:
    limiter = Limiter(lambda: "me")
    with pytest.raises(ConfigurationError, match=r"call init_app\(app\) first"):
        limiter.reset()


OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "methods": ({"methods": "POST"}, r"methods='POST' is a list of letters.*\['POST'\]"),
    "negative": ({"cost": -1}, "cost=-1: write a whole number from 1 on"),
    "text": ({"cost": "5"}, "cost='5': write a whole number from 1 on"),
    "part": ({"cost": 0.5}, "cost=0.5: write a whole number from 1 on"),
    "exempt": ({"exempt_when": True}, "exempt_when=True is no function"),
    "deduct": ({"deduct_when": "x"}, "deduct_when='x' is no function"),
    "breach": ({"on_breach": "x"}, "on_breach='x' is no function"),
    "key": ({"key_func": "x"}, "key_func='x' is no function"),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_of_a_limit_that_cannot_be_meant_is_named_where_it_is_written(name: str) -> None:
    options, message = OPTIONS[name]
    limiter = Limiter(lambda: "k", app=Flask("shop"), storage_uri="memory://")
    with pytest.warns(UnknownSettingWarning, match=message) as seen:
        limiter.limit("5/day", **options)
    assert seen[0].filename == __file__


@pytest.mark.parametrize("meta_limits", [["x"], "1/day", [5], [MetaLimit("x")]])
def test_meta_limits_that_cannot_be_read_take_the_limit_with_them(meta_limits: Any) -> None:
    limiter = Limiter(lambda: "k", app=Flask("shop"), storage_uri="memory://")
    with pytest.warns(InvalidRateWarning, match="is no rate.*this limit is left out"):
        limiter.limit("5/day", meta_limits=meta_limits)


def test_a_number_is_no_rate() -> None:
    limiter = Limiter(lambda: "k", app=Flask("shop"), storage_uri="memory://")
    with pytest.warns(InvalidRateWarning, match="5 is no rate, but int"):
        limiter.limit(5)  # type: ignore[arg-type]


ARGUMENTS: dict[str, tuple[dict[str, Any], str]] = {
    "enabled": ({"enabled": "False"}, "enabled='False' is a text, which means yes"),
    "headers": ({"headers_enabled": "no"}, "headers_enabled='no' is a text"),
    "breach": ({"on_breach": "x"}, "on_breach='x' is no function, and fails at each breach"),
    "default cost": ({"default_limits": ["5/day"], "default_limits_cost": -1}, "cost=-1"),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_an_argument_that_does_not_mean_what_it_seems_is_warned_of(name: str) -> None:
    arguments, message = ARGUMENTS[name]
    with pytest.warns(UnknownSettingWarning, match=message) as seen:
        Limiter(lambda: "k", app=Flask("shop"), storage_uri="memory://", **arguments)
    assert seen[0].filename == __file__


def test_storage_options_are_a_dict() -> None:
    with pytest.raises(ConfigurationError, match="storage_options='x': write a dict"):
        Limiter(lambda: "k", storage_options="x")  # type: ignore[arg-type]


@pytest.mark.parametrize("uri", ["memory://?max_keys=5", "memory://host/1"])
def test_what_stands_behind_memory_has_no_effect_and_that_is_said(uri: str) -> None:
    with pytest.warns(UserWarning, match="max_keys and max_hits in storage_options"):
        Limiter(lambda: "k", app=Flask("shop"), storage_uri=uri)


def test_a_limit_above_the_routes_decorator_is_never_reached_and_that_is_said_once() -> None:
    app = Flask("shop")
    limiter = Limiter(lambda: "k", app=app, storage_uri="memory://")

    @limiter.limit("1/day")
    @app.get("/wrong")
    def wrong() -> str:
        return "free"

    @app.get("/right")
    @limiter.limit("1/day")
    def right() -> str:
        return "limited"

    http = app.test_client()
    with pytest.warns(UnknownSettingWarning, match=r"wrong stands above its route's decorator"):
        assert http.get("/wrong").status_code == 200
    assert http.get("/wrong").status_code == 200
    assert [http.get("/right").status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("name", STRATEGIES)
def test_requests_at_the_same_time_get_no_more_than_the_rate(tmp_path: Path, name: str) -> None:
    """In the server that it is deployed with, by real threads."""
    program = (
        "from flask import Flask\n"
        "from countersign.compat.flask_limiter import Limiter\n"
        "app = Flask(__name__)\n"
        f"limiter = Limiter(lambda: 'k', app=app, storage_uri='memory://', strategy={name!r})\n"
        "app.add_url_rule('/', 'view', limiter.limit('50/day')(lambda: 'in'))\n"
    )
    threads = ("--worker-class", "gthread", "--threads", "16")
    with served(program, tmp_path, *threads) as server, ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda _: server.request("GET", "/").status, range(150)))
    assert (answers.count(200), answers.count(429)) == (50, 100)
