"""By what requests are counted: `get_remote_address`."""

from __future__ import annotations

from typing import Any

from flask import request

__all__ = ["get_qualified_name", "get_remote_address"]


def get_remote_address() -> str:
    """The address of the client, ``127.0.0.1`` if there is none.

    Behind a proxy this is the proxy's, so that all clients share one limit. Then wrap the
    application in `werkzeug.middleware.proxy_fix.ProxyFix`.
    """
    return request.remote_addr or "127.0.0.1"


def get_qualified_name(callable: Any) -> str:
    """By what a view is known. Views of classes differ in ``__name__`` only."""
    named = callable if hasattr(callable, "__name__") else type(callable)
    own = "" if named is callable else f".{id(callable)}"
    module = getattr(named, "__module__", "")
    return f"{module}.{named.__name__}.{getattr(named, '__qualname__', '')}{own}"
