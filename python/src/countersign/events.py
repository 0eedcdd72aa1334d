"""The kinds of events."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

__all__ = ["KINDS", "EventKind"]

EventKind: TypeAlias = Literal[
    "account.registered",
    "account.added",
    "account.email_changed",
    "account.password_changed",
    "account.disabled",
    "account.enabled",
    "account.grants_changed",
    "account.claims_changed",
    "account.deleted",
    "login.succeeded",
    "login.failed",
    "session.started",
    "session.ended",
    "session.all_ended",
    "refresh.repeated",
    "refresh.replayed",
    "store.rolled_back",
    "token.revoked",
    "client.added",
    "client.rotated",
    "client.disabled",
    "client.enabled",
    "client.deleted",
    "key.added",
    "key.rotated",
    "key.compromised",
]

KINDS: Final[tuple[EventKind, ...]] = get_args(EventKind)
