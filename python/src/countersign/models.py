"""What operations answer and take: values that cannot be changed.

Each class has the members of the HTTP API's schema of the same name; ``from_dict`` reads such an
answer, ``to_dict`` gives it back, ready to be written as JSON.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final, Generic, TypedDict, TypeVar

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "Client",
    "ClientSecret",
    "Event",
    "ImportedUser",
    "Introspection",
    "Model",
    "Origin",
    "Page",
    "Session",
    "SigningKey",
    "Standing",
    "Subject",
    "Tokens",
    "User",
    "UserDetail",
    "UserToImport",
]

_T = TypeVar("_T")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)


def _instant(value: str | int | None) -> datetime | None:
    """RFC 3339, or milliseconds since 1970, which is how events that just happened are told."""
    if isinstance(value, int):
        return _EPOCH + timedelta(milliseconds=value)
    # `fromisoformat` takes the Z from Python 3.11 on.
    return None if value is None else datetime.fromisoformat(value.replace("Z", "+00:00"))


_INSTANT: Final = {"read": _instant}
_NAMES: Final = {"read": frozenset}


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return sorted(value) if isinstance(value, frozenset) else value


class Model:
    """A value with named members."""

    __slots__ = ()

    @classmethod
    def from_dict(cls, answer: Mapping[str, Any]) -> Self:
        """Reads an answer of the API; members that are not known here are left out."""
        members = dataclasses.fields(cls)  # type: ignore[arg-type]
        return cls(
            **{
                member.name: member.metadata.get("read", _as_it_is)(answer[member.name])
                for member in members
                if member.name in answer
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """The same as the API answers it."""
        members = dataclasses.fields(self)  # type: ignore[arg-type]
        return {member.name: _written(getattr(self, member.name)) for member in members}


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Tokens(Model):
    """A pair of tokens (RFC 6749 5.1). They are secrets: ``repr`` does not show them."""

    access_token: str = field(repr=False)
    """An RFC 9068 JWT, for ``Authorization: Bearer ...``."""
    token_type: str
    """``bearer``."""
    expires_in: int
    """The life of the access token, in seconds."""
    refresh_token: str = field(repr=False)
    """Works once; the next answer brings its successor."""
    scope: str
    """The access token's scopes, separated by spaces."""


@dataclass(frozen=True, slots=True)
class User(Model):
    """An account as its owner sees it."""

    id: str
    """Opaque, and never given to anybody else."""
    username: str | None
    email: str | None
    disabled: bool
    roles: frozenset[str] = field(metadata=_NAMES)
    scopes: frozenset[str] = field(metadata=_NAMES)
    created_at: datetime = field(metadata=_INSTANT)


@dataclass(frozen=True, slots=True)
class UserDetail(User):
    """An account as administrators see it."""

    claims: Mapping[str, Any] = field(hash=False)
    """Custom claims of the access tokens."""
    generation: int
    """Access tokens of lower generations are dead."""
    has_password: bool
    """Whether the user can log in by password."""


class _Named(TypedDict):
    username: str


class UserToImport(_Named, total=False):
    """A user as another system has it. What is left out, or is None, it does not say."""

    password_hash: str | None
    """As Werkzeug, Django, passlib, bcrypt or Argon2 wrote it."""
    password: str | None
    """Or the password in clear."""
    email: str | None
    roles: Collection[str] | None
    scopes: Collection[str] | None
    claims: Mapping[str, Any] | None
    disabled: bool | None
    created_at: datetime | None
    """With a time zone."""
    id: str | None
    """The id that tokens name as ``sub``; one is made otherwise."""


@dataclass(frozen=True, slots=True)
class ImportedUser(Model):
    """What became of a user that was to be imported."""

    outcome: str
    """``added``, ``same``, ``updated`` or ``refused``."""
    id: str | None
    """None for one that was refused."""
    field: str | None
    """The member for whose sake it was refused, where it is one's fault."""
    reason: str | None
    """Why it was refused. It repeats no password and no hash."""


@dataclass(frozen=True, slots=True)
class Session(Model):
    """A live session."""

    id: str
    """The ``sid`` of its access tokens; no secret."""
    client_id: str
    created_at: datetime = field(metadata=_INSTANT)
    last_used_at: datetime = field(metadata=_INSTANT)
    """When it began or was last refreshed."""
    expires_at: datetime = field(metadata=_INSTANT)
    """When it ends unless it is refreshed."""
    device: str | None
    """What the client said it is."""
    current: bool = False
    """It is the one that asks."""


@dataclass(frozen=True, slots=True)
class Client(Model):
    """A registered client."""

    id: str
    kind: str
    """``resource_server``, ``public`` or ``confidential``."""
    audiences: frozenset[str] = field(metadata=_NAMES)
    """The audiences that it may ask about."""
    scopes: frozenset[str] = field(metadata=_NAMES)
    disabled: bool
    created_at: datetime = field(metadata=_INSTANT)


@dataclass(frozen=True, slots=True)
class ClientSecret(Model):
    """A client's secret, answered this once: it is kept nowhere."""

    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    """None for a public client."""


@dataclass(frozen=True, slots=True)
class SigningKey(Model):
    """A signing key as an operator sees it. Private parts never leave the engine."""

    kid: str
    algorithm: str
    state: str
    """``next``, ``signing``, ``verifying``, ``retired`` or ``compromised``."""
    published_at: datetime = field(metadata=_INSTANT)
    """Since when it stands in the JWKS."""
    signs_from: datetime = field(metadata=_INSTANT)
    verifies_until: datetime | None = field(metadata=_INSTANT)
    compromised_at: datetime | None = field(metadata=_INSTANT)


@dataclass(frozen=True, slots=True)
class Event(Model):
    """Something that happened; without secrets."""

    kind: str
    """Such as ``login.failed``; ``countersign.events.KINDS`` has them all."""
    at: datetime = field(metadata=_INSTANT)
    user_id: str | None = None
    session_id: str | None = None
    client_id: str | None = None
    actor: str | None = None
    """Who did it, when that is somebody else: an administrator's id, or ``cli``."""
    address: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict, hash=False)
    id: int | None = None
    """The position in the audit log; none for what just happened."""
    count: int = 1
    """How often, where equal events share a row."""


@dataclass(frozen=True, slots=True)
class Introspection(Model):
    """What is known of a token (RFC 7662 2.2); an inactive one has nothing but ``active``."""

    active: bool
    scope: str | None = None
    client_id: str | None = None
    username: str | None = None
    token_type: str | None = None
    """``access_token`` or ``refresh_token``."""
    exp: int | None = None
    iat: int | None = None
    sub: str | None = None
    aud: str | None = None
    iss: str | None = None
    jti: str | None = None
    sid: str | None = None
    auth_time: int | None = None
    roles: tuple[str, ...] | None = field(default=None, metadata={"read": tuple})

    def to_dict(self) -> dict[str, Any]:
        """The same as RFC 7662 answers it: without what is not known."""
        # `super()` finds no class here: a dataclass with slots is another class than the one that
        # was written.
        known = Model.to_dict(self)
        return {name: value for name, value in known.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Page(Generic[_T]):
    """A stretch of a list."""

    items: tuple[_T, ...]
    next: str | None
    """What to ask ``after`` next; none at the end."""

    @classmethod
    def reader(
        cls, member: str, read: Callable[[Mapping[str, Any]], _T]
    ) -> Callable[[Mapping[str, Any]], Page[_T]]:
        """Reads answers that have the list in ``member``."""
        return lambda answer: cls(tuple(map(read, answer[member])), answer.get("next"))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from: for the limits, the audit log and the list of sessions."""

    address: str | None = None
    """The client's address. Without one all requests share their limits."""
    user_agent: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a user of the application's own accounts stands now."""

    active: bool = True
    """May have sessions."""
    username: str | None = None
    """The name for ``preferred_username``."""
    roles: Collection[str] = ()
    scopes: Collection[str] | None = None
    """The scopes that a session may still have; none leaves the session's as they are."""
    claims: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Custom claims of the access tokens."""


@dataclass(frozen=True, slots=True)
class Subject:
    """For whom an access token is being made."""

    user_id: str
    client_id: str
    session_id: str
    username: str | None
    roles: frozenset[str]
    scopes: frozenset[str]
    """The session's."""
