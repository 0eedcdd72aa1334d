"""Find the revocation store of the current application."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import current_app, g

from ._settings import app_state
from .config import config
from .revocation import MARGIN, BindingStore, open_store

if TYPE_CHECKING:
    from .revocation import RevocationStore


def current_store() -> RevocationStore | None:
    """Open what ``JWT_REVOCATION_STORE`` says, once for each value that it has; None for none."""
    setting = current_app.config["JWT_REVOCATION_STORE"]
    state = app_state()
    opened, store = state.store
    if _is_same(opened, setting):
        return store
    with state.lock:
        opened, store = state.store
        if not _is_same(opened, setting):
            store = open_store(setting, MARGIN + _leeway())
            state.store = (setting, store)
    return store


def claims_of_store(claims: Mapping[str, Any]) -> Mapping[str, Any]:
    """Ask the store what to add to a token with these claims that is about to be issued."""
    store = current_store()
    if not isinstance(store, BindingStore):
        return {}
    return store.bind(claims, g.get("_jwt_extended_jwt", {}))


def _is_same(opened: object, setting: object) -> bool:
    return opened is setting or (isinstance(setting, str) and opened == setting)


def _leeway() -> float:
    """Say for how long after its ``exp`` a token is still accepted."""
    leeway = config.leeway
    return leeway.total_seconds() if isinstance(leeway, timedelta) else float(leeway)
