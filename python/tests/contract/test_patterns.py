from __future__ import annotations

import time
from typing import Any

import pytest

from tests.contract.documents import Contract
from tests.contract.patterns import Patterns, strict_json
from tests.contract.variables import Variables

UUID = "0198c2f6-3c58-7e0a-9a53-3f2b6a8c1d70"


@pytest.fixture(scope="module")
def patterns(contract: Contract) -> Patterns:
    tokens = {"good": {"header": {"typ": "at+jwt"}, "claims": {"sub": UUID}}}
    return Patterns(contract.patterns, tokens.__getitem__)


@pytest.mark.parametrize(
    ("expected", "good", "bad"),
    [
        ("a", "a", ["b", "aa", "", None, 1, ["a"]]),
        (1, 1, [2, True, 1.0, "1", None]),
        (True, True, [1, False, "true"]),
        (None, None, [0, "", False]),
        ("<uuid>", UUID, [UUID.upper(), f"{UUID}\n", "x"]),
        ("a.b <uuid>", f"a.b {UUID}", [f"a-b {UUID}", UUID]),
        ("<token>", "<token>", ["x"]),
        ({"a": 1}, {"a": 1}, [{}, {"a": 2}, {"a": 1, "b": 2}, [], None]),
        ({"a": 1, "b": {"$absent": True}}, {"a": 1}, [{"a": 1, "b": 2}, {"a": 1, "b": None}]),
        ([1, "<any>"], [1, "x"], [[1], [1, "x", 2], ["x", 1], {}, None]),
        ({"$integer": [1, 3]}, 2, [0, 4, "2", 2.0, True, None]),
        ({"$each": {"a": 1}}, [{"a": 1}, {"a": 1}], [[], [{"a": 1}, {}], {"a": 1}]),
        ({"$contains": [1, "x"]}, [0, "x", 1], [[1], [], "1x", None]),
        ({"$not": "a"}, "b", ["a"]),
        ({"$jwt": {"header": {"typ": "at+jwt"}, "claims": {"sub": UUID}}}, "good", ["bad", 1]),
        ({"$jwt": {"header": {"typ": "<any>"}, "claims": {"$not": {}}}}, "good", ["bad"]),
    ],
)
def test_a_value_is_the_expected_one_or_is_not(
    patterns: Patterns, expected: Any, good: Any, bad: list[Any]
) -> None:
    assert list(patterns.value(expected, good)) == []
    for other in bad:
        assert list(patterns.value(expected, other)), other


def test_instants_are_compared_with_the_clock(patterns: Patterns) -> None:
    expected = {"$seconds_from_now": [-5, 60]}
    now = int(time.time())
    assert not list(patterns.value(expected, now + 30))
    for other in (now + 90, now - 30, str(now), float(now)):
        assert list(patterns.value(expected, other))


def test_an_operator_that_is_none_is_an_error(patterns: Patterns) -> None:
    with pytest.raises(ValueError, match="no operator"):
        list(patterns.value({"$nothing": 1}, 1))


def test_a_member_stands_once() -> None:
    assert strict_json('{"a": {"b": 1}, "b": 1}') == {"a": {"b": 1}, "b": 1}
    with pytest.raises(ValueError, match="twice"):
        strict_json('{"a": {"b": 1, "b": 1}}')


def test_references_are_replaced_at_any_depth() -> None:
    variables = Variables({"a": {"list": [{"n": 1}], "text": "x/y"}})
    filled = variables.fill({"${a.text}": ["${a.list.0}", "<${a.list.0.n}>", "${a.text | url}", 7]})
    assert filled == {"x/y": [{"n": 1}, "<1>", "x%2Fy", 7]}
    with pytest.raises(KeyError):
        variables.fill("${b}")


def test_filters_change_what_they_say() -> None:
    token = "aaaa.bbbb.cccc"
    variables = Variables({"t": token})
    changed = [
        variables.fill(f"${{t | {name}}}").split(".")
        for name in ("header changed", "payload changed", "signature changed", "signature empty")
    ]
    original = token.split(".")
    for part, parts in zip((0, 1, 2, 2), changed, strict=True):
        assert [own == other for own, other in zip(original, parts, strict=True)].count(False) == 1
        assert parts[part] != original[part]
    assert variables.fill("${t | without last}") == token[:-1]
    assert variables.fill("${t | percent-encoded}").startswith("%61%61%61%61%2E")
