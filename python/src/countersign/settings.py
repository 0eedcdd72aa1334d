"""What an engine can be configured with.

The names are the keys of ``countersign.toml`` with ``_`` for the section's dot:
``tokens_access_ttl`` is ``access_ttl`` under ``[tokens]``. What a value may be is decided, and
explained, by the engine; here they only become text.
"""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, TypeAlias, TypedDict

from countersign.exceptions import ConfigurationError

__all__ = ["Duration", "Settings"]

Duration: TypeAlias = str | int | float | timedelta
"""``"15m"``, ``"12h"``, ``"90d"``, a number of seconds, or a :class:`datetime.timedelta`."""


class Settings(TypedDict, total=False):
    """The settings that have a default."""

    master_key: str
    """The master keys, ``id:base64url``; the first is current. From your secret store."""
    master_key_file: str | os.PathLike[str]
    """The file with the master keys; beside the database by default."""
    tokens_access_ttl: Duration
    """The life of an access token."""
    tokens_algorithm: str
    """What new signing keys sign with."""
    tokens_rotate_keys_every: Duration
    """How long a signing key signs."""
    tokens_publish_before: Duration
    """How long the next key is published before it signs."""
    tokens_include_username: bool
    """Whether access tokens carry ``preferred_username``."""
    sessions_idle: Duration
    """A session that is not refreshed for so long ends."""
    sessions_absolute: Duration
    """A session ends after so long in any case."""
    sessions_grace: Duration
    """For so long a lost refresh answer may be repeated."""
    sessions_most_live: int
    """So many live sessions a user may have; the oldest ends."""
    accounts_registration: bool
    """Whether anybody may register."""
    accounts_password_grant: bool
    """Whether POST /token takes the password form."""
    accounts_usernames: str
    """What user names look like: ``name`` or ``email``."""
    passwords_memory_kib: int
    """Argon2id: memory in KiB."""
    passwords_iterations: int
    """Argon2id: passes over the memory."""
    passwords_lanes: int
    """Argon2id: lanes."""
    passwords_allow_weak_cost: bool
    """Take a cost below OWASP's: for tests only."""
    passwords_concurrency: int
    """How many hashes run at once."""
    passwords_queue: int
    """How many wait for that; more are answered 503."""
    limits_account_network: str | Sequence[str]
    """Failed checks per account and network: ``"5 per minute"``."""
    limits_account_unknown: str | Sequence[str]
    """Failed checks per account over unknown networks."""
    limits_login_address: str | Sequence[str]
    """Log-ins per address."""
    limits_register_address: str | Sequence[str]
    """Registrations per address."""
    limits_failures_address: str | Sequence[str]
    """Failed refreshes, revocations, introspections per address."""
    revocations_max_staleness: Duration
    """How old the revocations may be before routes answer 503."""
    revocations_capacity: int
    """How many revocations are held in memory at most."""
    events_keep: Duration
    """How long audit rows are kept."""
    http_cors_origins: Sequence[str]
    """The origins that browsers may call from."""
    http_trusted_proxies: Sequence[str]
    """The peers whose X-Forwarded-For counts."""
    http_hsts: bool
    """Whether answers carry Strict-Transport-Security."""


Given: TypeAlias = dict[str, str | list[str]]
"""Settings as the engine takes them."""

_SECTIONS: Final = (
    "tokens", "sessions", "accounts", "passwords", "limits", "revocations", "events", "http",
)  # fmt: skip


def key_of(name: str) -> str:
    """The engine's key of a setting: ``tokens_access_ttl`` is ``tokens.access_ttl``."""
    section, _, rest = name.partition("_")
    return f"{section}.{rest}" if section in _SECTIONS else name


def texts(settings: Mapping[str, Any]) -> Given:
    """The settings as the engine takes them.

    Raises:
        ConfigurationError: a name is none of a setting, or a value cannot be written as text.
    """
    for name in settings:
        if name not in Settings.__annotations__:
            raise ConfigurationError(_unknown(name))
    return {key_of(name): text(name, value) for name, value in settings.items()}


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, Settings.__annotations__, n=1)
    if near:
        return f"there is no setting {name!r}: did you mean {near[0]!r}?"
    return f"there is no setting {name!r}: countersign.Settings has them all"


def text(name: str, value: Any) -> str | list[str]:
    """One value as the engine takes it."""
    try:
        if isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray)):
            return [_text(item) for item in value]
        return _text(value)
    except (TypeError, ValueError, OverflowError) as error:
        problem = f"{name}: {type(value).__name__} cannot be written as a setting: {error}"
        raise ConfigurationError(problem) from error


def _text(value: Any) -> str:
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, str):
        # A lone surrogate is refused here, and no code of a subclass runs.
        str.encode(value)
        return str.__str__(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, timedelta)):
        return _number(value)
    raise TypeError("write a text, a number, a bool, a timedelta or a list of texts")


def _number(value: float | timedelta) -> str:
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(seconds, int) or (math.isfinite(seconds) and seconds.is_integer()):
        return str(int(seconds))
    return f"{round(seconds * 1000)}ms"
