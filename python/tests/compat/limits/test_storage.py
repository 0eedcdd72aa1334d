"""The memory storage: bounded, safe among threads and forks, and clear about what it takes."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from countersign.compat.limits import parse
from countersign.compat.limits.errors import ConfigurationError
from countersign.compat.limits.storage import MemoryStorage, storage_from_string
from countersign.compat.limits.strategies import STRATEGIES

from ..clock import Clock, stopped_clock


@pytest.fixture
def clock() -> Iterator[Clock]:
    with stopped_clock() as stopped:
        yield stopped


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_what_is_over_is_forgotten_while_others_are_counted(clock: Clock, strategy: str) -> None:
    storage = MemoryStorage()
    limiter, rate = STRATEGIES[strategy](storage), parse("5/second")
    for number in range(5000):
        assert limiter.hit(rate, f"user {number}")
        clock.forward(0.01)
    # A window of two seconds, twice as much for the look-back, and some slack.
    assert storage.budgets < 450


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_full_memory_gives_newcomers_one_budget_and_takes_from_nobody(
    clock: Clock, strategy: str, caplog: pytest.LogCaptureFixture
) -> None:
    storage = MemoryStorage(max_keys=50)
    limiter, rate, other = STRATEGIES[strategy](storage), parse("3/minute"), parse("2/hour")
    assert limiter.hit(rate, "victim", cost=3)
    with caplog.at_level(logging.WARNING, "countersign"):
        passed = sum(limiter.hit(rate, f"flood {number}") for number in range(1000))
    assert passed == 49 + 3
    assert storage.budgets <= 51
    assert not limiter.hit(rate, "victim")
    assert not limiter.test(rate, "another newcomer")
    assert limiter.hit(other, "another rate")
    assert [record.message for record in caplog.records] == [
        "50 rate limit budgets are in use, so newcomers share one for each rate;"
        " if these are your users, raise storage_options['max_keys']"
    ]
    clock.forward(130)
    assert limiter.hit(rate, "newcomer")
    assert limiter.hit(rate, "another newcomer", cost=3)


def test_the_rates_that_share_are_bounded_too(clock: Clock) -> None:
    storage = MemoryStorage(max_keys=1)
    limiter = STRATEGIES["fixed-window"](storage)
    for amount in range(500):
        limiter.hit(parse(f"{amount}/minute"), "me")
    assert storage.budgets <= 66


def test_a_long_moving_window_is_remembered_in_groups(clock: Clock) -> None:
    storage = MemoryStorage()
    limiter, rate = STRATEGIES["moving-window"](storage), parse("20000/hour")
    passed = 0
    for _ in range(25_000):
        passed += limiter.hit(rate, "me")
        clock.forward(0.05)
    assert passed == 20_000
    assert storage._moving.weight <= 4097
    # Never more than the rate in an hour: the first come back when they are an hour old.
    clock.forward(3600 - 25_000 * 0.05 - 0.1)
    assert not limiter.hit(rate, "me")
    clock.forward(3)
    assert limiter.hit(rate, "me")


def test_moving_windows_are_bounded_together(clock: Clock) -> None:
    storage = MemoryStorage(max_hits=100)
    limiter, rate = STRATEGIES["moving-window"](storage), parse("50/minute")
    for number in range(40):
        for _ in range(60):
            limiter.hit(rate, f"user {number}")
            clock.forward(0.001)
    assert storage._moving.weight <= 140
    assert not any(limiter.hit(rate, f"user {number}") for number in range(40))
    clock.forward(61)
    assert limiter.hit(rate, "user 0")
    assert limiter.hit(rate, "user 39")
    for _ in range(100):
        assert limiter.hit(rate, f"later {_}")
    assert storage._moving.weight <= 140


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_threads_get_together_what_one_would_get(strategy: str) -> None:
    storage = MemoryStorage()
    limiter, rate = STRATEGIES[strategy](storage), parse("500/day")
    before, interval = threading.active_count(), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            passed = sum(pool.map(lambda _: limiter.hit(rate, "me"), range(2000)))
    finally:
        sys.setswitchinterval(interval)
    assert passed == 500
    assert threading.active_count() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_in_the_middle_of_something_locks_nobody_out() -> None:
    storage = MemoryStorage()
    limiter, rate = STRATEGIES["fixed-window"](storage), parse("1/minute")
    assert limiter.hit(rate, "me")
    with storage._lock:
        child = os.fork()
        if child == 0:
            os._exit(0 if limiter.hit(rate, "me") else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert not limiter.hit(rate, "me")


def test_memory_is_the_one_storage() -> None:
    assert isinstance(storage_from_string("memory://"), MemoryStorage)
    assert storage_from_string("memory://", max_keys=5, max_hits=6, wrap_exceptions=True).check()


@pytest.mark.parametrize("scheme", ["redis", "rediss", "memcached", "mongodb", "async+memory"])
def test_another_storage_is_named_without_its_password(scheme: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        storage_from_string(f"{scheme}://:secret@host:6379/0")
    assert f"{scheme}:// is not offered here" in str(caught.value)
    assert "storage_uri='memory://'" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("uri", ["", "memory", 5, None, "http://[::1"])
def test_what_is_no_storage_is_said_to_be_none(uri: object) -> None:
    with pytest.raises(ConfigurationError, match="write 'memory://'"):
        storage_from_string(uri)  # type: ignore[arg-type]


def test_an_option_that_does_not_exist_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"no option 'socket_timeout': leave it out"):
        storage_from_string("memory://", socket_timeout=3)


@pytest.mark.parametrize("value", [0, -1, "5", 1.5, True, None])
def test_a_bound_is_a_whole_number(value: object) -> None:
    with pytest.raises(ConfigurationError, match=r"max_keys=.*whole number"):
        storage_from_string("memory://", max_keys=value)
