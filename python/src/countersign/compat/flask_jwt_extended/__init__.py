"""Keep your Flask-JWT-Extended code and change the import.

::

    from countersign.compat.flask_jwt_extended import JWTManager, jwt_required, get_jwt_identity

**The same** as Flask-JWT-Extended 4.7: every function, decorator, callback, setting, exception,
status code and message. Its own tests pass against this package.

**Different**, always:

- ``jwt`` is `countersign.jwt`. Where your code catches ``jwt.ExpiredSignatureError``, import that
  ``jwt``.
- A request's token is decoded once, not twice.
- A setting that begins with ``JWT_`` and is none is named in a warning, with the one you may mean.
  So are a secret that is too short, an algorithm that does not exist, a switch that is the text
  ``"False"``, and methods and cookie policies that no request or browser has.
- Lists and dicts in your settings and from your callbacks are not changed.
- Text outside ASCII as double submit value, a JSON body that is no object, a claim ``fresh`` of no
  known type: these are refused, not errors 500. ``max_age=0`` means zero.
- A lifetime of zero, which makes tokens that never expire, is warned of.

**New**, each with a setting of its own. ``JWT_STRICT = True`` turns on all that are not set, the
store excepted, whose place you must choose:

``JWT_REVOCATION_STORE``
    ``"memory"``, ``"sqlite:///revoked.db"``, a `countersign.Countersign` or an object of yours:
    `revoke_token` revokes, every route refuses. See
    `countersign.compat.flask_jwt_extended.revocation`.
``JWT_RFC6750``
    A token that is no good: 401 instead of 422, 403 where another token would not help, and
    ``WWW-Authenticate`` (with ``JWT_REALM``) as RFC 6750 wants it. ``bearer`` in any case.
``JWT_ONLY_ACCESS_TOKENS``
    Routes for access tokens take nothing but ``type: access``. Otherwise whatever is not a refresh
    token passes: also the link in your confirmation e-mail.
``JWT_TRY_ALL_LOCATIONS``
    A token that is no good in one location does not hide a good one in the next. A stale cookie is
    like none where the token is optional.
``JWT_ERRORS_AS_RESPONSES``
    `jwt_required` returns the answer instead of raising, so that Flask-RESTful and flask-restx
    pass it on.
``JWT_COOKIE_SECURE``, ``JWT_COOKIE_SAMESITE``
    As ever; ``JWT_STRICT`` makes them True and ``"Lax"`` unless you set them before `JWTManager`.
"""

from __future__ import annotations

from ._checks import UnknownSettingWarning
from .jwt_manager import JWTManager
from .utils import (
    create_access_token,
    create_refresh_token,
    current_user,
    decode_token,
    get_csrf_token,
    get_current_user,
    get_jti,
    get_jwt,
    get_jwt_header,
    get_jwt_identity,
    get_jwt_request_location,
    get_unverified_jwt_headers,
    revoke_token,
    set_access_cookies,
    set_refresh_cookies,
    unset_access_cookies,
    unset_jwt_cookies,
    unset_refresh_cookies,
)
from .view_decorators import jwt_required, verify_jwt_in_request

__version__ = "4.7.4"
"""The version of Flask-JWT-Extended whose interface this is."""

__all__ = [
    "JWTManager",
    "UnknownSettingWarning",
    "create_access_token",
    "create_refresh_token",
    "current_user",
    "decode_token",
    "get_csrf_token",
    "get_current_user",
    "get_jti",
    "get_jwt",
    "get_jwt_header",
    "get_jwt_identity",
    "get_jwt_request_location",
    "get_unverified_jwt_headers",
    "jwt_required",
    "revoke_token",
    "set_access_cookies",
    "set_refresh_cookies",
    "unset_access_cookies",
    "unset_jwt_cookies",
    "unset_refresh_cookies",
    "verify_jwt_in_request",
]
