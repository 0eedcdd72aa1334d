"""Find the token in a request: each function knows one place.

They return the token and, for a cookie, the double submit value to compare with it. They raise
`NoAuthorizationError` where there is nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import request
from werkzeug.exceptions import BadRequest

from .config import config
from .exceptions import (
    CSRFError,
    InvalidHeaderError,
    InvalidQueryParamError,
    NoAuthorizationError,
)

Found = tuple[str, str | None]


def token_in_headers() -> Found:
    """Look into the header, which may hold several credentials, separated by commas."""
    name, scheme = config.header_name, config.header_type
    value = request.headers.get(name, "").strip().strip(",")
    if not value:
        raise NoAuthorizationError(f"Missing {name} Header")
    if not scheme:
        words = value.split()
        if len(words) != 1:
            raise InvalidHeaderError(f"Bad {name} header. Expected '{name}: <JWT>'")
        return words[0], None
    ours = [credential for credential in re.split(r",\s*", value) if _is_of(scheme, credential)]
    if len(ours) != 1:
        raise NoAuthorizationError(
            f"Missing '{scheme}' type in '{name}' header. Expected '{name}: {scheme} <JWT>'"
        )
    words = ours[0].split()
    if len(words) != 2:
        raise InvalidHeaderError(f"Bad {name} header. Expected '{name}: {scheme} <JWT>'")
    return words[1], None


def _is_of(scheme: str, credential: str) -> bool:
    """Compare the scheme: exactly as ever, or by RFC 9110 section 11.1 in any case."""
    words = credential.split()
    if not words:
        return False
    return words[0] == scheme or (config.rfc6750 and words[0].lower() == scheme.lower())


def token_in_cookies(refresh: bool) -> Found:
    """Look into the cookie, and for the double submit value where the method asks for it."""
    name = config.refresh_cookie_name if refresh else config.access_cookie_name
    token = request.cookies.get(name)
    if not token:
        raise NoAuthorizationError(f'Missing cookie "{name}"')
    if not config.cookie_csrf_protect or request.method not in config.csrf_request_methods:
        return token, None
    submitted = _double_submit_value(refresh)
    if not submitted:
        raise CSRFError("Missing CSRF token")
    return token, submitted


def _double_submit_value(refresh: bool) -> str | None:
    header = config.refresh_csrf_header_name if refresh else config.access_csrf_header_name
    value = request.headers.get(header)
    if value or not config.csrf_check_form:
        return value
    field = config.refresh_csrf_field_name if refresh else config.access_csrf_field_name
    return request.form.get(field)


def token_in_query_string() -> Found:
    """Look into the query string."""
    name, prefix = config.query_string_name, config.query_string_value_prefix
    value = request.args.get(name)
    if not value:
        raise NoAuthorizationError(f"Missing '{name}' query paramater")
    if not value.startswith(prefix):
        raise InvalidQueryParamError(
            f"Invalid value for query parameter '{name}'. "
            f"Expected the value to start with '{prefix}'"
        )
    return value.removeprefix(prefix), None


def token_in_json(refresh: bool) -> Found:
    """Look into the body, if it is JSON."""
    if not request.is_json:
        raise NoAuthorizationError("Invalid content-type. Must be application/json.")
    name = config.refresh_json_key if refresh else config.json_key
    try:
        body = request.get_json()
    except BadRequest:
        body = None
    token = body.get(name) if isinstance(body, dict) else None
    if not token:
        raise NoAuthorizationError(f'Missing "{name}" key in json data.')
    return token, None


FINDERS: dict[str, Callable[[bool], Found]] = {
    "headers": lambda refresh: token_in_headers(),
    "cookies": token_in_cookies,
    "query_string": lambda refresh: token_in_query_string(),
    "json": token_in_json,
}
"""The function of each location; it is told whether a refresh token is wanted."""
