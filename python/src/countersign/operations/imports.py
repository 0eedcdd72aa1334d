"""Users of another system, with the password hashes that it kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from countersign._native import Principal
from countersign.exceptions import ConfigurationError
from countersign.models import ImportedUser, Origin, UserToImport
from countersign.operations.operation import Operation, given, names_if_given

__all__ = ["import_users"]

_MEMBERS: Final = tuple(UserToImport.__annotations__)


def import_users(
    users: Iterable[UserToImport],
    *,
    update: bool = False,
    dry_run: bool = False,
    source: str = "the application",
    actor: Principal | None = None,
    origin: Origin | None = None,
) -> Operation[list[ImportedUser]]:
    """Imports users of another system; answers what became of each, in their order.

    A user whose hash is of Werkzeug, Django, passlib, bcrypt or Argon2 logs in with the password
    of old, and the hash is replaced by Argon2id then. What is wrong with one user concerns no
    other. What was done stays done: called again with the same users, it answers ``same``.

    Args:
        users: Members as :class:`countersign.UserToImport` names them; only ``username`` is
            needed. Import a hundred thousand in parts of some thousands, to see them progress.
        update: Change users who are there and differ; otherwise they are refused. What a user
            does not say stays.
        dry_run: Write nothing, and answer what would be.
        source: What the audit log calls the source.
        actor: The administrator.
        origin: Where the administrator's request comes from.

    Raises:
        ConfigurationError: a member is unknown; nothing was imported.
        InvalidRequestError: a member is of another type; nothing was imported.
        UnavailableError: the database failed; call it again.
    """
    if isinstance(users, (str, bytes, Mapping)) or not isinstance(users, Iterable):
        raise ConfigurationError('users: write a list, such as [{"username": "ada"}]')
    arguments = {
        "users": [_row(index, user) for index, user in enumerate(users)],
        "update": bool(update),
        "dry_run": bool(dry_run),
        "source": source,
    }
    return Operation("import_users", _read, arguments, actor, origin)


def _read(answers: Iterable[Mapping[str, Any]]) -> list[ImportedUser]:
    return [ImportedUser.from_dict(answer) for answer in answers]


def _row(index: int, user: Any) -> dict[str, Any]:
    where = f"users[{index}]"
    if not isinstance(user, Mapping):
        raise ConfigurationError(f'{where}: write a dict, such as {{"username": "ada"}}')
    for member in user:
        if member not in _MEMBERS:
            raise ConfigurationError(
                f"{where}: {member!r} is no member of a user; there are {', '.join(_MEMBERS)}"
            )
    if not isinstance(user.get("username"), str):
        raise ConfigurationError(f"{where}: username is missing or no text")
    return given(
        **{
            **user,
            "roles": names_if_given(f"{where}.roles", user.get("roles")),
            "scopes": names_if_given(f"{where}.scopes", user.get("scopes")),
            "created_at": _milliseconds(where, user.get("created_at")),
        }
    )


def _milliseconds(where: str, instant: Any) -> int | None:
    if instant is None:
        return None
    if not isinstance(instant, datetime) or instant.tzinfo is None:
        raise ConfigurationError(
            f"{where}.created_at: write a datetime with a time zone, such as "
            "datetime.now(timezone.utc)"
        )
    return round(instant.timestamp() * 1000)
