"""The one user whom the guide's programs know."""

import hmac
import os
from typing import Any

name = os.environ.get("DEMO_USER", "ada")
password = os.environ.get("DEMO_PASSWORD", "")
if not password:
    raise SystemExit("DEMO_PASSWORD is not set: the user needs a password")


def find_user(credentials: Any) -> int | None:
    """The id of the user with this name and password."""
    # mended: what is no JSON object, or lacks a member, was answered with a page of HTML.
    given = credentials if isinstance(credentials, dict) else {}
    # mended: `==` takes the longer the more of the password is right.
    right = hmac.compare_digest(_bytes(given.get("password")), _bytes(password))
    return 1 if given.get("username") == name and right else None


def _bytes(text: Any) -> bytes:
    return str(text).encode("utf-8", "surrogatepass")
