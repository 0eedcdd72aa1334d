"""The strategies count as those of `limits` do; `gcra` counts as it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.compat.limits import parse
from countersign.compat.limits.storage import MemoryStorage
from countersign.compat.limits.strategies import STRATEGIES, RateLimiter

from ..clock import Clock, stopped_clock

THEIRS = ["fixed-window", "moving-window", "sliding-window-counter"]

# Never a whole window: at its very border the original waits for a timer.
_PAUSE = st.sampled_from([0.0, 0.13, 0.41, 3.7, 17.3, 31.9, 61.7, 125.3])
_STEP = st.tuples(
    st.sampled_from(["hit", "hit", "hit", "test"]), st.sampled_from("ab"), st.integers(1, 4), _PAUSE
)


@pytest.fixture
def clock() -> Iterator[Clock]:
    with stopped_clock() as stopped:
        yield stopped


def _limiter(strategy: str, **options: Any) -> RateLimiter:
    return STRATEGIES[strategy](MemoryStorage(**options))


@pytest.mark.parametrize("strategy", THEIRS)
@given(st.lists(_STEP, max_size=30), st.sampled_from(["0/second", "3/second", "7/minute"]))
@settings(max_examples=150, deadline=None)
def test_every_answer_is_that_of_limits(
    strategy: str, steps: list[tuple[str, str, int, float]], rate: str
) -> None:
    limits = pytest.importorskip("limits", reason="the original is compared with")
    from limits.storage import MemoryStorage as TheirStorage
    from limits.strategies import STRATEGIES as THEIR_STRATEGIES

    silent = patch.object(TheirStorage, "_MemoryStorage__schedule_expiry", lambda _: None)
    with stopped_clock() as clock, silent:
        mine, my_rate = _limiter(strategy), parse(rate)
        their, their_rate = THEIR_STRATEGIES[strategy](TheirStorage()), limits.parse(rate)
        for verb, key, cost, pause in steps:
            asked = getattr(mine, verb)(my_rate, key, cost=cost)
            assert asked is bool(getattr(their, verb)(their_rate, key, cost=cost))
            my_stats = mine.get_window_stats(my_rate, key)
            their_stats = their.get_window_stats(their_rate, key)
            assert my_stats.remaining == their_stats.remaining
            if my_stats.remaining < my_rate.amount:
                assert my_stats.reset_time == pytest.approx(their_stats.reset_time, abs=1e-3)
            clock.forward(pause)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_what_is_left_is_what_can_be_had(clock: Clock, strategy: str) -> None:
    limiter, rate = _limiter(strategy), parse("5/minute")
    for left in (5, 4, 3, 2, 1):
        assert limiter.get_window_stats(rate, "me").remaining == left
        assert limiter.test(rate, "me", cost=left)
        assert not limiter.test(rate, "me", cost=left + 1)
        assert limiter.hit(rate, "me")
    assert limiter.get_window_stats(rate, "me").remaining == 0
    assert not limiter.test(rate, "me")
    assert not limiter.hit(rate, "me")
    assert limiter.hit(rate, "you")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_who_waits_until_the_reset_gets_one(clock: Clock, strategy: str) -> None:
    limiter, rate = _limiter(strategy), parse("5/minute")
    for _ in range(5):
        assert limiter.hit(rate, "me")
        clock.forward(1.3)
    reset = limiter.get_window_stats(rate, "me").reset_time
    assert clock.now < reset < clock.now + 61
    clock.now = reset + 0.001
    if strategy == "sliding-window-counter":
        # The window that counted begins to fade only now.
        clock.forward(12)
    assert limiter.test(rate, "me")
    assert limiter.hit(rate, "me")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_clear_forgets_one_and_reset_forgets_all(clock: Clock, strategy: str) -> None:
    limiter, rate = _limiter(strategy), parse("1/minute")
    assert limiter.hit(rate, "me")
    assert limiter.hit(rate, "you")
    limiter.clear(rate, "me")
    assert limiter.hit(rate, "me")
    assert not limiter.hit(rate, "you")
    assert limiter.storage.reset() == 2
    assert limiter.hit(rate, "you")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_zero_is_never(clock: Clock, strategy: str) -> None:
    limiter, rate = _limiter(strategy), parse("0/minute")
    assert not limiter.test(rate, "me")
    assert not limiter.hit(rate, "me")
    assert limiter.get_window_stats(rate, "me").remaining == 0


def test_gcra_gives_all_at_once_and_then_evenly(clock: Clock) -> None:
    limiter, rate = _limiter("gcra"), parse("5/minute")
    assert limiter.hit(rate, "me", cost=5)
    for _ in range(20):
        assert not limiter.hit(rate, "me")
        assert limiter.get_window_stats(rate, "me").reset_time == pytest.approx(clock.now + 12)
        clock.forward(11.9)
        assert not limiter.hit(rate, "me")
        clock.forward(0.1)
        assert limiter.hit(rate, "me")
    clock.forward(24)
    assert limiter.get_window_stats(rate, "me").remaining == 2
    assert not limiter.hit(rate, "me", cost=3)
    assert limiter.hit(rate, "me", cost=2)
    clock.forward(3600)
    assert limiter.get_window_stats(rate, "me").remaining == 5


@given(st.lists(st.tuples(st.integers(1, 5), st.floats(0, 30)), max_size=60))
def test_gcra_never_gives_more_than_twice_the_rate_in_a_window(
    steps: list[tuple[int, float]],
) -> None:
    with stopped_clock() as clock:
        limiter, rate = _limiter("gcra"), parse("7/minute")
        given_out: list[tuple[float, int]] = []
        for cost, pause in steps:
            if limiter.hit(rate, "me", cost=cost):
                given_out.append((clock.now, cost))
            lately = sum(cost for at, cost in given_out if at > clock.now - 60)
            assert lately <= 14
            clock.forward(pause)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_time_that_a_tool_turns_back_costs_at_most_one_window(clock: Clock, strategy: str) -> None:
    limiter, rate = _limiter(strategy), parse("3/minute")
    assert limiter.hit(rate, "me", cost=3)
    clock.forward(-86_400)
    assert not limiter.hit(rate, "me")
    # The last of two windows counts in part, so that the whole takes two.
    clock.forward(121 if strategy == "sliding-window-counter" else 61)
    assert limiter.hit(rate, "me", cost=3)


@pytest.mark.parametrize("jump", [-86_400, -30, 30, 86_400, 400 * 86_400])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_who_sets_the_clock_frees_nobody_and_locks_nobody_out(
    clock: Clock, strategy: str, jump: float
) -> None:
    limiter, rate = _limiter(strategy), parse("3/minute")
    while limiter.hit(rate, "me"):
        clock.forward(0.5)
    waiting = limiter.get_window_stats(rate, "me").reset_time - clock.now
    clock.jump(jump)
    assert not limiter.test(rate, "me")
    told = limiter.get_window_stats(rate, "me").reset_time
    assert told == pytest.approx(clock.now + waiting, abs=1e-5)
    clock.now = told - 0.01
    assert not limiter.hit(rate, "me")
    # The last of two windows counts in part, so that it takes two; what is refused counts, too.
    clock.forward(121 if strategy == "sliding-window-counter" else 61)
    assert limiter.hit(rate, "me")
    clock.jump(-jump)
    assert limiter.test(rate, "me")
