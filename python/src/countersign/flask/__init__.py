"""Countersign in a Flask application: the routes, the door, the limits, the commands.

::

    from countersign import Countersign
    from countersign.flask import CountersignFlask, current_principal

    auth = Countersign("sqlite:///auth.db", issuer="https://api.example.com", audience="api")
    cs = CountersignFlask(app, auth)

    @app.get("/reports")
    @cs.required(scopes=["reports:read"])
    def reports():
        return {"for": current_principal.username}
"""

try:
    import flask as _flask  # noqa: F401
except ModuleNotFoundError as _missing:
    raise ImportError(
        'countersign.flask needs Flask: pip install "countersign-auth[flask]"'
    ) from _missing

from countersign.flask._extension import CountersignFlask
from countersign.flask._limit import Limit
from countersign.flask._principal import current_principal, get_current_principal

__all__ = ["CountersignFlask", "Limit", "current_principal", "get_current_principal"]
