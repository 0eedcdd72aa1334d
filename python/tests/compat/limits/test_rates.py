"""Rates: what is one, what it means, and what is said of one that is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.compat import limits as ours
from countersign.compat.limits.errors import ConfigurationError

UNITS = ["second", "minute", "hour", "day", "month", "year"]


@pytest.mark.parametrize(
    ("text", "said", "seconds"),
    [
        ("5 per minute", "5 per 1 minute", 60),
        ("10 PER 15 Minutes", "10 per 15 minute", 900),
        ("200/day", "200 per 1 day", 86_400),
        ("0/minute", "0 per 1 minute", 60),
        ("1/month", "1 per 1 month", 30 * 86_400),
        ("1/year", "1 per 1 year", 360 * 86_400),
        ("365per365days", "365 per 365 day", 365 * 86_400),
    ],
)
def test_a_rate_means_what_it_says(text: str, said: str, seconds: int) -> None:
    rate = ours.parse(text)
    assert repr(rate) == said
    assert rate.get_expiry() == seconds


def test_rates_have_keys_an_order_and_are_equal_by_value() -> None:
    many = ours.parse_many("200/day; 50/hour, 5/minute | 1/second")
    assert [rate.amount for rate in sorted(many)] == [1, 5, 50, 200]
    assert many[2].key_for("me", b"here", 7) == "LIMITER/me/here/7/5/1/minute"
    assert ours.RateLimitItemPerMinute(5, namespace="X").key_for() == "X/5/1/minute"
    assert many[2] == ours.RateLimitItemPerMinute(5)
    assert hash(many[2]) == hash(ours.RateLimitItemPerMinute(5))
    assert many[2] != ours.RateLimitItemPerMinute(5, 2)
    assert many[2] != "5/minute"


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("2/sec", "did you mean second?"),
        ("1/minute; 2 per dy", "' 2 per dy' in '1/minute; 2 per dy'"),
        ("1/week", "the units are second, minute, hour, day, month, year"),
        ("five per minute", "write '5 per minute'"),
        ("-1/minute", "write '5 per minute'"),
        ("1.5/minute", "write '5 per minute'"),
        ("", "write '5 per minute'"),
        ("1/minute;", "'' in '1/minute;'"),
        (5, "is no rate, but int"),
        (None, "is no rate, but NoneType"),
    ],
)
def test_what_is_no_rate_is_named_with_the_mend(text: object, mend: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ours.parse_many(text)  # type: ignore[arg-type]
    assert mend in str(caught.value)
    assert isinstance(caught.value, ValueError)


_PIECE = st.sampled_from(
    ["5", "0", "12", " ", "/", "per", " per ", "PER", ";", ",", "|", "s", "x", "-", ".", *UNITS]
)


@given(st.lists(_PIECE, max_size=9).map("".join))
def test_the_same_texts_are_the_same_rates_as_in_limits(text: str) -> None:
    limits = pytest.importorskip("limits", reason="the original is compared with")
    try:
        theirs = [(repr(rate), rate.key_for("a")) for rate in limits.parse_many(text)]
    except ValueError:
        with pytest.raises(ConfigurationError):
            ours.parse_many(text)
        return
    assert [(repr(rate), rate.key_for("a")) for rate in ours.parse_many(text)] == theirs
