"""Put tokens into cookies, and take them out again.

Each token has two cookies: its own, which scripts cannot read, and one with its double submit
value, which they must read to send it back in a header.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .config import config

if TYPE_CHECKING:
    from flask import Response


class _Cookie(NamedTuple):
    name: str
    path: str
    for_scripts: bool = False


def set_token(
    response: Response,
    kind: str,
    encoded_token: str,
    csrf_value: str | None,
    max_age: int | None,
    domain: str | None,
) -> None:
    """Set the cookies of a token.

    Args:
        response: What the view returns.
        kind: ``access`` or ``refresh``.
        encoded_token: The token.
        csrf_value: The double submit value; None if it has no cookie.
        max_age: Seconds that the browser keeps them; None for ``JWT_SESSION_COOKIE``.
        domain: Their domain; None for ``JWT_COOKIE_DOMAIN``.
    """
    lifetime = config.cookie_max_age if max_age is None else max_age
    _set(response, _token_cookie(kind), domain, value=encoded_token, max_age=lifetime)
    if csrf_value is not None:
        _set(response, _csrf_cookie(kind), domain, value=csrf_value, max_age=lifetime)


def unset_token(response: Response, kind: str, domain: str | None) -> None:
    """Have the browser forget the cookies of a token."""
    _set(response, _token_cookie(kind), domain, value="", expires=0)
    if has_csrf_cookie():
        _set(response, _csrf_cookie(kind), domain, value="", expires=0)


def has_csrf_cookie() -> bool:
    """Tell whether double submit values are given to browsers in cookies."""
    return config.cookie_csrf_protect and config.csrf_in_cookies


def _token_cookie(kind: str) -> _Cookie:
    if kind == "refresh":
        return _Cookie(config.refresh_cookie_name, config.refresh_cookie_path)
    return _Cookie(config.access_cookie_name, config.access_cookie_path)


def _csrf_cookie(kind: str) -> _Cookie:
    if kind == "refresh":
        return _Cookie(config.refresh_csrf_cookie_name, config.refresh_csrf_cookie_path, True)
    return _Cookie(config.access_csrf_cookie_name, config.access_csrf_cookie_path, True)


def _set(response: Response, cookie: _Cookie, domain: str | None, **kwargs: Any) -> None:
    response.set_cookie(
        cookie.name,
        path=cookie.path,
        httponly=not cookie.for_scripts,
        domain=domain or config.cookie_domain,
        secure=config.cookie_secure,
        samesite=config.cookie_samesite,
        **kwargs,
    )
