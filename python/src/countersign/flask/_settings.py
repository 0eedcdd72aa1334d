"""An engine from ``app.config``."""

from __future__ import annotations

import difflib
from typing import Any, Final

from flask import Flask

from countersign.engine import Countersign
from countersign.exceptions import ConfigurationError
from countersign.settings import Settings

_PREFIX: Final = "COUNTERSIGN_"
_NEEDED: Final = ("database_url", "issuer", "audience")


def from_config(app: Flask) -> Countersign:
    """The engine that ``COUNTERSIGN_DATABASE_URL`` and its neighbours describe.

    Raises:
        ConfigurationError: a key is missing or unknown, or its value cannot be meant.
    """
    given = {
        key.removeprefix(_PREFIX).lower(): value
        for key, value in app.config.items()
        if key.startswith(_PREFIX)
    }
    _refuse_unknown(given)
    missing = [_key(name) for name in _NEEDED if name not in given]
    if missing:
        raise ConfigurationError(
            f"there is no engine: give one, CountersignFlask(app, Countersign(...)), or set"
            f" {', '.join(missing)} in app.config before init_app"
        )
    return Countersign(
        given.pop("database_url"),
        issuer=given.pop("issuer"),
        audience=given.pop("audience"),
        **given,
    )


def _refuse_unknown(given: dict[str, Any]) -> None:
    known = (*_NEEDED, *Settings.__annotations__)
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            meant = f": did you mean {_key(near[0])}?" if near else ""
            raise ConfigurationError(f"app.config has {_key(name)}, which is no setting{meant}")


def _key(name: str) -> str:
    return _PREFIX + name.upper()
