"""What differs from Flask-Limiter on purpose, and what it never had."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import freezegun
import pytest
from flask import Blueprint, Flask

from countersign.compat.flask_limiter import ApplicationLimit, Limiter, RateLimitExceeded
from countersign.compat.flask_limiter.contrib.util import get_remote_address_cloudflare
from countersign.compat.flask_limiter.util import get_remote_address

from ..clock import Clock, stopped_clock


@pytest.fixture
def clock() -> Iterator[Clock]:
    with stopped_clock() as stopped:
        yield stopped


@pytest.fixture
def app() -> Flask:
    return Flask(__name__)


def _limiter(app: Flask, **options: object) -> Limiter:
    return Limiter(get_remote_address, app=app, storage_uri="memory://", **options)  # type: ignore[arg-type]


def test_gcra_is_a_strategy(app: Flask, clock: Clock) -> None:
    _limiter(app, default_limits=["5/minute"], strategy="gcra", headers_enabled=True)
    app.add_url_rule("/", view_func=lambda: "fine", endpoint="view")
    client = app.test_client()
    assert [client.get("/").status_code for _ in range(6)] == [200] * 5 + [429]
    answer = client.get("/")
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    # In how many seconds there is one again, rounded up.
    assert 12 <= int(answer.headers["Retry-After"]) <= 13
    clock.forward(12)
    assert [client.get("/").status_code for _ in range(2)] == [200, 429]


def test_a_blueprint_heeds_its_meta_limits(app: Flask, clock: Clock) -> None:
    limiter = _limiter(app)
    blueprint = Blueprint("main", __name__)
    blueprint.add_url_rule("/", view_func=lambda: "fine", endpoint="view")
    limiter.limit("1/minute", meta_limits=["1/day"])(blueprint)
    app.register_blueprint(blueprint)
    client = app.test_client()
    assert [client.get("/").status_code for _ in range(2)] == [200, 429]
    clock.forward(61)
    assert client.get("/").status_code == 429


@pytest.mark.parametrize("said", ["soon", "", "1.5"])
def test_a_retry_after_that_cannot_be_read_does_not_stop_the_answer(app: Flask, said: str) -> None:
    _limiter(app, default_limits=["5/minute"], headers_enabled=True)
    view = lambda: ("fine", 200, {"Retry-After": said})  # noqa: E731
    app.add_url_rule("/", view_func=view, endpoint="view")
    answer = app.test_client().get("/")
    assert answer.status_code == 200
    assert 50 < int(answer.headers["Retry-After"]) <= 60


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the time zone cannot be changed here")
def test_a_retry_after_of_the_view_is_in_utc(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        _limiter(app, default_limits=["5/minute"], headers_enabled=True, retry_after="http-date")
        date = "Sun, 06 Nov 2061 01:01:01 GMT"
        view = lambda: ("fine", 200, {"Retry-After": date})  # noqa: E731
        app.add_url_rule("/", view_func=view, endpoint="view")
        assert app.test_client().get("/").headers["Retry-After"] == date
    finally:
        monkeypatch.undo()
        time.tzset()


def test_blocks_of_many_threads_keep_their_limits(app: Flask) -> None:
    limiter = _limiter(app)

    @app.get("/<name>")
    def view(name: str) -> str:
        with limiter.limit("3/day", scope=name):
            return name

    def ask(number: int) -> int:
        return app.test_client().get(f"/{number % 10}").status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(ask, range(100)))
    assert statuses.count(200) == 30


def test_threads_get_together_what_one_would_get(app: Flask) -> None:
    limiter = _limiter(app, application_limits=["20/day"])

    @app.get("/")
    @limiter.limit("50/day")
    def view() -> str:
        return "fine"

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: app.test_client().get("/").status_code, range(60)))
    assert statuses.count(200) == 20


def test_a_view_without_a_name_is_limited_like_others(app: Flask) -> None:
    _limiter(app, default_limits=["1/day"])
    for path in ("a", "b"):
        app.add_url_rule(f"/{path}", view_func=partial(str, path), endpoint=path)
    client = app.test_client()
    assert [client.get(path).status_code for path in ("/a", "/b", "/a")] == [200, 200, 429]


def test_one_limit_may_serve_two_limiters(app: Flask) -> None:
    shared = ApplicationLimit("2/day")
    _limiter(app, application_limits=[shared])
    Limiter(lambda: "all", app=app, application_limits=[shared], storage_uri="memory://")
    app.add_url_rule("/", view_func=lambda: "fine", endpoint="view")
    ask = partial(app.test_client().get, "/")
    statuses = [ask(environ_base={"REMOTE_ADDR": f"192.0.2.{n}"}).status_code for n in range(3)]
    assert statuses == [200, 200, 429]


def test_the_exception_says_what_was_breached(app: Flask) -> None:
    limiter = _limiter(app)
    app.testing = True
    caught: list[RateLimitExceeded] = []
    app.register_error_handler(RateLimitExceeded, lambda error: caught.append(error) or "no")  # type: ignore[func-returns-value]

    @app.get("/")
    @limiter.limit("0/minute")
    def view() -> str:
        return "never"

    assert app.test_client().get("/").text == "no"
    assert (caught[0].code, caught[0].description) == (429, "0 per 1 minute")
    assert caught[0].limit.limit.amount == 0
    assert caught[0].response is None


def test_a_limiter_can_be_switched_off_and_on(app: Flask) -> None:
    limiter = _limiter(app, default_limits=["1/day"])
    app.add_url_rule("/", view_func=lambda: "fine", endpoint="view")
    client = app.test_client()
    limiter.enabled = False
    assert [client.get("/").status_code for _ in range(3)] == [200] * 3
    limiter.enabled = True
    assert [client.get("/").status_code for _ in range(2)] == [200, 429]


def test_addresses_are_those_of_the_request(app: Flask) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": "192.0.2.1"}):
        assert get_remote_address() == "192.0.2.1"
    with app.test_request_context():
        assert get_remote_address() == "127.0.0.1"
    with app.test_request_context(headers={"CF-Connecting-IP": "192.0.2.2"}):
        assert get_remote_address_cloudflare() == "192.0.2.2"


def test_headers_say_the_time_of_a_clock_that_was_set(clock: Clock) -> None:
    app = Flask(__name__)
    limiter = Limiter(lambda: "me", app=app, storage_uri="memory://", headers_enabled=True)
    app.add_url_rule("/", "view", limiter.limit("1/hour")(lambda: "fine"))
    http = app.test_client()
    assert http.get("/").status_code == 200
    clock.jump(-86_400)
    clock.forward(600)
    refused = http.get("/")
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "3000"
    assert refused.headers["X-RateLimit-Reset"] == str(int(clock.now + 3000) + 1)


def test_tests_that_freeze_the_time_may_have_made_the_limiter_before() -> None:
    app = Flask(__name__)
    limiter = Limiter(lambda: "me", app=app, storage_uri="memory://", headers_enabled=True)
    app.add_url_rule("/", "view", limiter.limit("1/minute")(lambda: "fine"))
    http = app.test_client()
    for begin in ("2031-05-01 12:00:00", "2019-01-01 00:00:00"):
        with freezegun.freeze_time(begin) as frozen:
            first = http.get("/")
            assert first.headers["X-RateLimit-Reset"] == str(int(time.time()) + 61)
            frozen.tick(59)
            refused = http.get("/")
            assert (refused.status_code, refused.headers["Retry-After"]) == (429, "2")
            frozen.tick(2)
            assert http.get("/").status_code == 200
            frozen.tick(61)
