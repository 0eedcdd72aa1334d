"""Signing keys, the audit log and upkeep (see :mod:`countersign.operations.users`)."""

from __future__ import annotations

from typing import Any

from countersign._native import Principal
from countersign.events import EventKind
from countersign.models import Event, Origin, SigningKey
from countersign.operations.operation import Operation, given, nothing


def list_keys(*, actor: Principal | None = None) -> Operation[list[SigningKey]]:
    """The signing keys, in the order in which they sign."""
    return Operation("list_keys", _read_keys, principal=actor)


def _read_keys(answer: Any) -> list[SigningKey]:
    return [SigningKey.from_dict(key) for key in answer["keys"]]


def rotate_keys(
    *, actor: Principal | None = None, origin: Origin | None = None
) -> Operation[SigningKey]:
    """Lets the next key sign as soon as every reader can know it; answers that key.

    Tokens in flight stay good.
    """
    return Operation("rotate_keys", SigningKey.from_dict, principal=actor, origin=origin)


def compromise_key(
    kid: str, *, actor: Principal | None = None, origin: Origin | None = None
) -> Operation[SigningKey]:
    """Declares a key compromised: nothing that it signed is good any more, anywhere, for ever.

    Raises:
        NotFoundError: there is no such key.
    """
    return Operation("compromise_key", SigningKey.from_dict, {"kid": kid}, actor, origin)


def jwks() -> Operation[dict[str, Any]]:
    """The public keys (RFC 7517 5), for those who verify tokens themselves."""
    return Operation("jwks", dict)


def list_events(
    *,
    before: int | None = None,
    user_id: str | None = None,
    kind: EventKind | None = None,
    limit: int | None = None,
    actor: Principal | None = None,
) -> Operation[list[Event]]:
    """The audit log, the newest first.

    Args:
        before: Only those before this id.
        user_id: Only this user's.
        kind: Only of this kind.
        limit: At most so many; 100 if not said, never over 500.
        actor: The administrator.
    """
    arguments = given(before=before, user_id=user_id, kind=kind, limit=limit)
    return Operation("list_events", _read_events, arguments, actor)


def _read_events(answer: Any) -> list[Event]:
    return [Event.from_dict(event) for event in answer["events"]]


def ready() -> Operation[None]:
    """Asks the database and the revocations whether requests can be answered.

    Raises:
        UnavailableError: not now.
    """
    return Operation("ready", nothing)


def upkeep() -> Operation[None]:
    """Reads the revocation log to its end, then rotates keys that are due and purges what is old.

    An open engine does so by itself; this is for tests and for programs that run once.
    """
    return Operation("upkeep", nothing)
