"""Revoke in the engine: every token is bound to one of the engine's sessions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from flask import g

from countersign.compat._warn import warn_caller
from countersign.exceptions import AccessDeniedError, InvalidRequestError, NotFoundError

from .config import config
from .exceptions import UserLookupError

if TYPE_CHECKING:
    from countersign import Countersign
    from countersign.models import Session

    from .revocation import RevocationStore

_SESSION: Final = "cs_sid"
"""The claim that names the session."""
_OPENED: Final = "_countersign_sessions"
"""Where the sessions are remembered that this request has opened, by user."""


class SessionEndsSoonerWarning(UserWarning):
    """Warn that a token would live longer than the engine's session to which it is bound."""


class EngineStore:
    """Bind tokens to sessions of the engine, and refuse those whose session has ended.

    A log-in opens a session, of which the tokens that it issues say the id in the claim ``cs_sid``.
    What is issued for the same user within one request, or while one of the session's tokens is
    shown, belongs to the same session. So `revoke_token` ends the session with all its tokens, and
    whatever else ends it does the same: ``logout_all``, a changed password, a disabled or deleted
    user, an administrator. Each check reads the engine's database: what one process ended, all
    processes refuse at their next request.

    The identity must be one that the engine takes as user id: 1 to 128 of ``[A-Za-z0-9._~:@-]``.
    """

    def __init__(self, engine: Countersign, *, unbound: RevocationStore | None = None) -> None:
        """Use this engine; nothing is opened before the first token.

        Args:
            engine: Whose sessions they are.
            unbound: The store for tokens without a session, which were issued before; without it
                they are refused, because they could not be revoked.
        """
        self._engine = engine
        self._unbound = unbound

    def bind(self, claims: Mapping[str, Any], current: Mapping[str, Any]) -> dict[str, Any]:
        """Say to which session a token belongs that is about to be issued.

        Args:
            claims: The token's claims.
            current: Those of the token that this request was verified by, if it was.

        Raises:
            RuntimeError: The engine takes no such user id.
            UserLookupError: The engine has disabled or deleted the user.
        """
        if _SESSION in claims:
            raise RuntimeError(f"the claim {_SESSION} is the engine's: call yours otherwise")
        user = _user(claims)
        opened: dict[str, str] = g.setdefault(_OPENED, {})
        inherited = current.get(_SESSION) if _user(current) == user else None
        session = self._live(user, inherited) or self._live(user, opened.get(user))
        if session is None:
            session = self._open(user, claims)
            opened[user] = session.id
        _warn_of_end(session, claims)
        return {_SESSION: session.id}

    def revoke(self, claims: Mapping[str, Any]) -> None:
        """End the token's session; when this returns, that is on the disk."""
        session = claims.get(_SESSION)
        if session is None:
            if self._unbound is not None:
                self._unbound.revoke(claims)
            return
        try:
            self._engine.end_session(session)
        except NotFoundError:
            # Purged long after its end, or never there: its tokens are refused.
            return

    def is_revoked(self, claims: Mapping[str, Any]) -> bool:
        """Tell whether the token's session is over."""
        session = claims.get(_SESSION)
        if session is None:
            return self._unbound is None or self._unbound.is_revoked(claims)
        return self._live(_user(claims), session) is None

    def _live(self, user: str, session: str | None) -> Session | None:
        """The user's session of this id, unless it is over."""
        if session is None:
            return None
        try:
            live = self._engine.user_sessions(user)
        except NotFoundError:
            return None
        return next((each for each in live if each.id == session), None)

    def _open(self, user: str, claims: Mapping[str, Any]) -> Session:
        try:
            tokens = self._engine.start_session(user)
        except InvalidRequestError as error:
            raise RuntimeError(
                f"the engine takes no such user id: {error}. Answer another by user_identity_loader"
            ) from error
        except AccessDeniedError as error:
            raise UserLookupError(str(error), {}, dict(claims)) from error
        session = self._engine.authenticate(tokens.access_token).session_id
        return next(each for each in self._engine.user_sessions(user) if each.id == session)


def _user(claims: Mapping[str, Any]) -> str:
    return str(claims.get(config.identity_claim_key, ""))


def _warn_of_end(session: Session, claims: Mapping[str, Any]) -> None:
    expires = claims.get("exp")
    if isinstance(expires, (int, float)):
        expires = datetime.fromtimestamp(expires, timezone.utc)
    # The engine's instants are not ours to the second.
    if expires is None or expires > session.expires_at + timedelta(seconds=60):
        warn_caller(
            f"{claims.get('type')} tokens would live longer than their session in the engine, and"
            " are refused when that ends: give the Countersign sessions_idle=... and"
            " sessions_absolute=... of the tokens' lifetime or more, or the tokens a shorter one",
            SessionEndsSoonerWarning,
        )
