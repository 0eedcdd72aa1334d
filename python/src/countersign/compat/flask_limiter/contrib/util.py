"""By what requests are counted behind a particular proxy."""

from __future__ import annotations

from flask import request

__all__ = ["get_remote_address_cloudflare"]


def get_remote_address_cloudflare() -> str:
    """The address of the client as Cloudflare tells it.

    Anybody else can tell you that, too: close the server to all but Cloudflare.
    """
    return request.headers["CF-Connecting-IP"] or "127.0.0.1"
