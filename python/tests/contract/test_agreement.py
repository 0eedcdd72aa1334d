"""What two hosts' answers are compared by: everything but what must be new each time."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.contract.agreement import differences
from tests.contract.runner import Exchange, Transcript
from tests.contract.wire import Answer, Fields, Request

ONE = "0198c2f6-3c58-7e0a-9a53-3f2b6a8c1d70"
OTHER = "0198c2f6-3c58-7e0a-9a53-3f2b6a8c1d71"


def transcript(*bodies: Any, fields: Fields | None = None, status: int = 200) -> Transcript:
    request = Request(b"GET", b"/", [])
    answers = [
        Answer(status, [(b"date", b"now"), *(fields or [])], json.dumps(body).encode())
        for body in bodies
    ]
    return Transcript([Exchange("case", None, request, answer, None, ()) for answer in answers])


def differ(one: Transcript, other: Transcript) -> bool:
    return bool(list(differences(one, other, {"date": ""}, ("", "/auth"))))


def token(**claims: Any) -> str:
    parts = [json.dumps({"alg": "ES256"}), json.dumps(claims), json.dumps(claims)]
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ([{"id": ONE}], [{"id": OTHER}]),
        ([{"id": ONE, "ids": [ONE, OTHER]}], [{"id": OTHER, "ids": [OTHER, ONE]}]),
        ([{"id": ONE}, {"id": ONE}], [{"id": OTHER}, {"id": OTHER}]),
        ([{"at": "2026-05-28T20:26:40.007Z"}], [{"at": "2027-01-01T00:00:00.000Z"}]),
        ([{"expires_in": 870}], [{"expires_in": 871}]),
        ([{"t": token(sub="a", exp=1)}], [{"t": token(sub="a", exp=2)}]),
        ([{"url": "https://a.example/token"}], [{"url": "https://a.example/auth/token"}]),
        ([{"a": 1, "b": 2}], [{"b": 2, "a": 1}]),
    ],
)
def test_what_must_be_new_is_the_same(here: list[Any], there: list[Any]) -> None:
    assert not differ(transcript(*here), transcript(*there))


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ([{"a": 1}], [{"a": 2}]),
        ([{"a": "x"}], [{"a": "y"}]),
        ([{"a": 1}], [{"a": 1, "b": 1}]),
        ([{"a": [1, 2]}], [{"a": [2, 1]}]),
        ([{"id": ONE, "ids": [ONE, OTHER]}], [{"id": ONE, "ids": [OTHER, ONE]}]),
        ([{"id": ONE}, {"id": ONE}], [{"id": ONE}, {"id": OTHER}]),
        ([{"t": token(sub="a")}], [{"t": token(sub="b")}]),
        ([{"expires_in": 870}], [{"expires_in": "870"}]),
        ([{"a": 1}], []),
    ],
)
def test_what_differs_is_found(here: list[Any], there: list[Any]) -> None:
    assert differ(transcript(*here), transcript(*there))


def test_status_and_headers_are_compared() -> None:
    base = transcript({}, fields=[(b"allow", b"GET"), (b"retry-after", b"7")])
    waits = transcript({}, fields=[(b"retry-after", b"9"), (b"allow", b"GET")])
    assert not differ(base, waits)
    assert differ(base, transcript({}, fields=[(b"allow", b"GET")]))
    assert differ(base, transcript({}, fields=[(b"allow", b"POST"), (b"retry-after", b"7")]))
    assert differ(transcript({}), transcript({}, status=201))
