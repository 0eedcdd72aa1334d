"""Flask applications with Countersign installed, in one gunicorn with a socket for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask

from countersign.flask import CountersignFlask
from tests.contract.plan import CLOSE, Entry, read

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def _application(entry: Entry) -> Flask:
    """The least that an application is."""
    app = Flask(__name__)
    CountersignFlask(app, entry.auth, prefix=entry.prefix, routes=entry.routes)
    return app


_ENTRIES = {str(entry.port): entry for entry in read()}
_APPLICATIONS = {port: _application(entry) for port, entry in _ENTRIES.items()}


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The application that is served at the port of the request, which is not touched."""
    port = environ["SERVER_PORT"]
    if environ["PATH_INFO"] == CLOSE:
        _ENTRIES[port].auth.close()
        start_response("204 No Content", [])
        return []
    return _APPLICATIONS[port](environ, start_response)
