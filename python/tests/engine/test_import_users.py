"""Importing users of another system from Python."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from werkzeug.security import generate_password_hash

from countersign import (
    ConfigurationError,
    Countersign,
    InsufficientScopeError,
    InvalidCredentialsError,
    InvalidRequestError,
    Principal,
    UserToImport,
)
from tests.engine.support import PASSWORD

CREATED = datetime(2019, 5, 6, 7, 8, 9, 250_000, tzinfo=timezone(timedelta(hours=2)))


def werkzeug(name: str) -> UserToImport:
    return {"username": name, "password_hash": generate_password_hash(PASSWORD, "pbkdf2:sha256:9")}


def test_hashes_log_in_and_what_is_there_stays(engine: Countersign) -> None:
    ada: UserToImport = {
        **werkzeug("Ada"),
        "id": "old-7",
        "email": "ada@example.com",
        "roles": {"editor"},
        "scopes": ("read", "write"),
        "claims": {"tenant": 7},
        "created_at": CREATED,
    }
    (tried,) = engine.import_users([ada], dry_run=True)
    assert (tried.outcome, engine.list_users().items) == ("added", ())
    (added,) = engine.import_users(iter([ada]), source="old.db")
    assert (added.outcome, added.id, added.reason) == ("added", "old-7", None)
    user = engine.user("ada")
    assert (user.id, user.created_at) == ("old-7", CREATED)
    assert user.scopes == {"read", "write"}
    (event,) = engine.list_events(kind="account.added")
    assert event.detail == {"import": "old.db"}

    assert engine.login("ada", PASSWORD).scope == "read write"
    # The hash is another now; the import finds its own work all the same.
    assert [user.outcome for user in engine.import_users([ada])] == ["same"]
    changed: UserToImport = {"username": "ada", "roles": []}
    (refused,) = engine.import_users([changed])
    assert (refused.outcome, refused.id) == ("refused", None)
    assert "differs in roles" in (refused.reason or "")
    assert engine.import_users([changed], update=True)[0].outcome == "updated"
    assert engine.user("ada").roles == frozenset()
    assert engine.user("ada").email == "ada@example.com"


def test_one_bad_user_stops_no_other(engine: Countersign) -> None:
    users: list[UserToImport] = [
        werkzeug("ada"),
        {"username": "bob", "password_hash": "md5$salt$0123456789"},
        {"username": "a b"},
        {"username": "cy", "password": PASSWORD, "disabled": True},
    ]
    outcomes = engine.import_users(users)
    assert [user.outcome for user in outcomes] == ["added", "refused", "refused", "added"]
    assert [user.field for user in outcomes] == [None, "password_hash", "username", None]
    assert "0123456789" not in repr(outcomes)
    with pytest.raises(InvalidCredentialsError):
        engine.login("cy", PASSWORD)
    again = engine.import_users(users)
    assert [user.outcome for user in again] == ["same", "refused", "refused", "same"]


def test_more_than_a_transaction_holds(engine: Countersign) -> None:
    one = werkzeug("ada")["password_hash"]
    users: list[UserToImport] = [
        {"username": f"user-{number}", "password_hash": one} for number in range(1_201)
    ]

    async def imported() -> list[str]:
        return [user.outcome for user in await engine.aimport_users(users)]

    assert asyncio.run(imported()) == ["added"] * 1_201
    assert asyncio.run(imported()) == ["same"] * 1_201
    assert engine.import_users([]) == []


@pytest.mark.parametrize(
    ("users", "part"),
    [
        ("ada", "users: write a list"),
        ({"username": "ada"}, "users: write a list"),
        (None, "users: write a list"),
        (["ada"], r"users\[0\]: write a dict"),
        ([{"username": "ada"}, {"username": "bob", "pass": "secret"}], r"users\[1\]: 'pass'"),
        ([{"password": "secret"}], r"users\[0\]: username"),
        ([{"username": "ada", "roles": "editor"}], r"users\[0\].roles: write a list"),
        ([{"username": "ada", "created_at": datetime(2020, 1, 1)}], "a time zone"),
        ([{"username": "ada", "password": 42_424_242}], r"users\[0\].password"),
    ],
)
def test_what_is_no_user_is_named(engine: Countersign, users: Any, part: str) -> None:
    with pytest.raises((ConfigurationError, InvalidRequestError), match=part) as refused:
        engine.import_users(users)
    assert "42424242" not in str(refused.value)
    assert "secret" not in str(refused.value)
    assert engine.list_users().items == ()


def test_only_administrators_import(engine: Countersign, ada: Principal) -> None:
    with pytest.raises(InsufficientScopeError):
        engine.import_users([werkzeug("bob")], actor=ada)
