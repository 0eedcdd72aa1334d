"""The application's own accounts and claims."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from countersign import (
    AccessDeniedError,
    ConfigurationError,
    Countersign,
    CountersignError,
    InvalidGrantError,
    Standing,
    Subject,
)
from tests.engine.support import PASSWORD, make_engine


@pytest.fixture
def unopened(tmp_path: Path) -> Iterator[Countersign]:
    engine = make_engine(tmp_path)
    yield engine
    engine.close()


def test_claims_are_added_at_every_issue(unopened: Countersign) -> None:
    asked: list[Subject] = []

    @unopened.claims
    def tenant(subject: Subject) -> dict[str, Any]:
        asked.append(subject)
        return {"tenant": "acme", "asked": len(asked)}

    unopened.add_user("ada", PASSWORD, roles=["editor"], scopes=["reports:read"])
    tokens = unopened.login("ada", PASSWORD)
    principal = unopened.authenticate(tokens.access_token)
    assert (principal.claims["tenant"], principal.claims["asked"]) == ("acme", 1)
    tokens = unopened.refresh(tokens.refresh_token)
    assert unopened.authenticate(tokens.access_token).claims["asked"] == 2
    assert asked[0] == Subject(
        user_id=principal.user_id,
        client_id="first-party",
        session_id=principal.session_id,
        username="ada",
        roles=frozenset({"editor"}),
        scopes=frozenset({"reports:read"}),
    )
    assert tenant(asked[0])["tenant"] == "acme"


def test_no_claims_are_fine(unopened: Countersign) -> None:
    unopened.claims(lambda subject: None)
    unopened.authenticate(unopened.start_session("ada").access_token)


def test_own_accounts_say_who_may(unopened: Countersign) -> None:
    standings = {
        "1": Standing(username="ada", roles=("editor",), claims={"plan": "pro"}),
        "2": Standing(active=False),
        "3": Standing(scopes=["reports:read"]),
    }
    unopened.accounts(standings.get)
    tokens = unopened.start_session("1", scopes=["reports:read"])
    ada = unopened.authenticate(tokens.access_token)
    assert (ada.username, ada.roles, ada.scopes) == ("ada", ("editor",), ("reports:read",))
    assert ada.claims["plan"] == "pro"
    for nobody in ("2", "4"):
        with pytest.raises(AccessDeniedError):
            unopened.start_session(nobody)
    narrowed = unopened.start_session("3", scopes=["reports:read", "reports:write"])
    assert narrowed.scope == "reports:read"
    standings["1"] = Standing(active=False)
    with pytest.raises(InvalidGrantError):
        unopened.refresh(tokens.refresh_token)


@pytest.mark.parametrize(
    "answer",
    ["tenant", [("tenant", "acme")], 7, {"sub": "root"}, {"sid": "x"}, {1: 2}, {"a": object()},
     {"a": float("nan")}, {"a": "\ud800"}, {"a": "x" * 5000}, {"a": 10**5000}],
)  # fmt: skip
def test_impossible_claims_fail_the_call(
    unopened: Countersign, caplog: pytest.LogCaptureFixture, answer: Any
) -> None:
    unopened.claims(lambda subject: answer)
    with pytest.raises(CountersignError) as failed:
        unopened.start_session("ada")
    assert failed.value.status in (500, 503)
    assert "root" not in failed.value.description


@pytest.mark.parametrize(
    "answer",
    ["ada", {"active": True}, 7, Standing(roles=7), Standing(claims={"a": object()}),  # type: ignore[arg-type]
     Standing(username=7), Standing(roles=["\ud800"])],  # type: ignore[arg-type]
)  # fmt: skip
def test_impossible_standings_fail_the_call(
    unopened: Countersign, caplog: pytest.LogCaptureFixture, answer: Any
) -> None:
    unopened.accounts(lambda user_id: answer)
    with pytest.raises(CountersignError) as failed:
        unopened.start_session("ada")
    assert failed.value.status in (500, 503)


def test_what_a_hook_raises_is_logged_and_not_told(
    unopened: Countersign, caplog: pytest.LogCaptureFixture
) -> None:
    @unopened.claims
    def fails(subject: Subject) -> dict[str, Any]:
        raise LookupError("no tenant for ada")

    with pytest.raises(CountersignError) as failed:
        unopened.start_session("ada")
    assert failed.value.status in (500, 503)
    assert "no tenant" not in str(failed.value.body)
    assert "no tenant for ada" in caplog.text
    assert "Traceback" in caplog.text


def test_a_hook_may_use_the_engine(unopened: Countersign) -> None:
    unopened.add_user("ada", PASSWORD, claims={"team": "blue"})
    unopened.close()

    @unopened.claims
    def looks(subject: Subject) -> dict[str, Any]:
        assert threading.current_thread() is not threading.main_thread()
        return {"teams": [unopened.user(subject.user_id).claims["team"]]}

    token = unopened.login("ada", PASSWORD).access_token
    assert unopened.authenticate(token).claims["teams"] == ["blue"]


def test_hooks_are_registered_once_early_and_plain(unopened: Countersign) -> None:
    async def later(argument: Any) -> Any: ...

    for register in (unopened.claims, unopened.accounts):
        with pytest.raises(ConfigurationError, match="async def"):
            register(later)  # type: ignore[type-var]
        with pytest.raises(ConfigurationError, match="a function"):
            register(7)  # type: ignore[type-var]

    def claims(subject: Subject) -> dict[str, Any]:
        return {}

    assert unopened.claims(claims) is claims
    with pytest.raises(ConfigurationError, match="already"):
        unopened.claims(claims)
    unopened.open()
    with pytest.raises(ConfigurationError, match="close"):
        unopened.accounts(lambda user_id: None)
    unopened.close()
    unopened.accounts(lambda user_id: Standing())
    with pytest.raises(ConfigurationError, match="already"):
        unopened.accounts(lambda user_id: None)


def test_a_hook_that_answers_a_coroutine(
    unopened: Countersign, caplog: pytest.LogCaptureFixture
) -> None:
    async def later() -> dict[str, Any]:
        return {}

    unopened.claims(lambda subject: later())  # type: ignore[type-var]
    with pytest.raises(CountersignError):
        unopened.start_session("ada")
    assert "awaitable" in caplog.text
