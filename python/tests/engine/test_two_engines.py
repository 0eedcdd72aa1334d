"""Engines in one process do not know of each other, unless they share a database."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from countersign import (
    Countersign,
    Event,
    InvalidCredentialsError,
    InvalidGrantError,
    NotFoundError,
    RateLimitedError,
    Rates,
    RevokedTokenError,
    TokenError,
)
from tests.engine.support import PASSWORD, eventually, make_engine


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Countersign, Countersign]]:
    folders = tmp_path / "one", tmp_path / "two"
    for folder in folders:
        folder.mkdir()
    engines = make_engine(folders[0]), make_engine(folders[1], tokens_algorithm="EdDSA")
    yield engines
    for engine in engines:
        engine.close()


def test_nothing_is_shared(pair: tuple[Countersign, Countersign]) -> None:
    one, two = pair
    one.register("ada", PASSWORD)
    tokens = one.login("ada", PASSWORD)
    with pytest.raises(TokenError):
        two.authenticate(tokens.access_token)
    with pytest.raises(InvalidGrantError):
        two.refresh(tokens.refresh_token)
    with pytest.raises(InvalidCredentialsError):
        two.login("ada", PASSWORD)
    with pytest.raises(NotFoundError):
        two.user("ada")
    principal = one.authenticate(tokens.access_token)
    with pytest.raises(TokenError):
        two.me(principal)
    one.limit(Rates("1 per hour"), name="x", key="y")
    two.limit(Rates("1 per hour"), name="x", key="y")
    with pytest.raises(RateLimitedError):
        one.limit(Rates("1 per hour"), name="x", key="y")
    assert (one.list_keys()[0].algorithm, two.list_keys()[0].algorithm) == ("ES256", "EdDSA")


def test_hooks_and_callbacks_are_each_one_s_own(pair: tuple[Countersign, Countersign]) -> None:
    one, two = pair
    heard: list[tuple[str, str | None]] = []

    def hear(name: str) -> Any:
        def callback(event: Event) -> None:
            heard.append((name, event.user_id))

        return callback

    one.on("session.started")(hear("one"))
    two.on("session.started")(hear("two"))
    one.claims(lambda subject: {"engine": 1})
    two.claims(lambda subject: {"engine": 2})
    first, second = one.start_session("ada"), two.start_session("grace")
    assert one.authenticate(first.access_token).claims["engine"] == 1
    assert two.authenticate(second.access_token).claims["engine"] == 2
    eventually(lambda: sorted(heard) == [("one", "ada"), ("two", "grace")])


def test_one_closes_and_the_other_goes_on(pair: tuple[Countersign, Countersign]) -> None:
    one, two = pair
    one.register("ada", PASSWORD)
    two.register("ada", PASSWORD)
    one.close()
    assert two.opened
    assert two.login("ada", PASSWORD)
    assert not one.opened


def test_each_logs_for_itself(
    pair: tuple[Countersign, Countersign], caplog: pytest.LogCaptureFixture
) -> None:
    one, two = pair
    two.ready()
    tokens = [one.start_session("ada").refresh_token]
    for _ in range(3):
        tokens.append(one.refresh(tokens[-1]).refresh_token)
    with caplog.at_level(logging.WARNING, "countersign.engine"):
        with pytest.raises(InvalidGrantError):
            one.refresh(tokens[0])
        eventually(lambda: caplog.records)
        one.close()
        two.close()
    assert len(caplog.records) == 1


def test_two_over_one_database(tmp_path: Path) -> None:
    with make_engine(tmp_path) as one, make_engine(tmp_path) as two:
        one.register("ada", PASSWORD)
        tokens = one.login("ada", PASSWORD)
        principal = two.authenticate(tokens.access_token)
        assert two.me(principal).username == "ada"
        two.logout(principal)
        with pytest.raises(RevokedTokenError):
            two.authenticate(tokens.access_token)

        def refused() -> bool:
            try:
                one.authenticate(tokens.access_token)
            except RevokedTokenError:
                return True
            return False

        eventually(refused)
