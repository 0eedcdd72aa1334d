"""The names, signatures and settings that programs written for Flask-JWT-Extended 4.7 rely on."""

from __future__ import annotations

import importlib
import inspect
import pickle
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from countersign import jwt
from countersign.compat import flask_jwt_extended as package
from countersign.compat.flask_jwt_extended import exceptions
from countersign.compat.flask_jwt_extended._settings import ADDED, SETTINGS

from .application import make_app

PACKAGE = {
    *("JWTManager", "jwt_required", "verify_jwt_in_request", "current_user", "get_current_user"),
    *("create_access_token", "create_refresh_token", "decode_token", "get_csrf_token", "get_jti"),
    *("get_jwt", "get_jwt_header", "get_jwt_identity", "get_jwt_request_location"),
    *("get_unverified_jwt_headers", "set_access_cookies", "set_refresh_cookies"),
    *("unset_access_cookies", "unset_jwt_cookies", "unset_refresh_cookies"),
}
OURS = {"UnknownSettingWarning", "revoke_token"}

SUBMODULES = {
    "config": ["config"],
    "default_callbacks": ["default_unauthorized_callback", "default_decode_key_callback"],
    "exceptions": exceptions.__all__,
    "internal_utils": [
        *("JSONEncoder", "custom_verification_for_token", "get_json_encoder", "get_jwt_manager"),
        *("has_user_lookup", "user_lookup", "verify_token_not_blocklisted", "verify_token_type"),
    ],
    "jwt_manager": ["JWTManager"],
    "tokens": [],
    "typing": ["ExpiresDelta", "Fresh"],
    "utils": [*(PACKAGE - {"JWTManager", "jwt_required", "verify_jwt_in_request"})],
    "view_decorators": [
        *("LocationType", "jwt_required", "verify_jwt_in_request"),
        # Not public, but imported or replaced by programs and their tests.
        *("_decode_jwt_from_cookies", "_decode_jwt_from_headers", "_decode_jwt_from_json"),
        *("_decode_jwt_from_query_string", "_decode_jwt_from_request", "_load_user"),
        "_verify_token_is_fresh",
    ],
}

PARAMETERS = {
    package.JWTManager: "app=None add_context_processor=False",
    package.JWTManager.init_app: "self app add_context_processor=False",
    package.jwt_required: "optional=False fresh=False refresh=False locations=None"
    " verify_type=True skip_revocation_check=False",
    package.verify_jwt_in_request: "optional=False fresh=False refresh=False locations=None"
    " verify_type=True skip_revocation_check=False",
    package.create_access_token: "identity fresh=False expires_delta=None"
    " additional_claims=None additional_headers=None",
    package.create_refresh_token: "identity expires_delta=None additional_claims=None"
    " additional_headers=None",
    package.decode_token: "encoded_token csrf_value=None allow_expired=False",
    package.get_csrf_token: "encoded_token",
    package.get_jti: "encoded_token",
    package.get_unverified_jwt_headers: "encoded_token",
    package.set_access_cookies: "response encoded_access_token max_age=None domain=None",
    package.set_refresh_cookies: "response encoded_refresh_token max_age=None domain=None",
    package.unset_access_cookies: "response domain=None",
    package.unset_refresh_cookies: "response domain=None",
    package.unset_jwt_cookies: "response domain=None",
}

LOADERS = [
    *("additional_claims_loader", "additional_headers_loader", "decode_key_loader"),
    *("encode_key_loader", "expired_token_loader", "invalid_token_loader"),
    *("needs_fresh_token_loader", "revoked_token_loader", "token_in_blocklist_loader"),
    *("token_verification_failed_loader", "token_verification_loader", "unauthorized_loader"),
    *("user_identity_loader", "user_lookup_error_loader", "user_lookup_loader"),
]

HANDLED = {
    *(exceptions.CSRFError, exceptions.FreshTokenRequired, exceptions.InvalidHeaderError),
    *(exceptions.InvalidQueryParamError, exceptions.JWTDecodeError),
    *(exceptions.NoAuthorizationError, exceptions.RevokedTokenError),
    *(exceptions.UserClaimsVerificationError, exceptions.UserLookupError),
    exceptions.WrongTokenError,
    *(jwt.DecodeError, jwt.ExpiredSignatureError, jwt.MissingRequiredClaimError),
    *(jwt.InvalidAudienceError, jwt.InvalidIssuerError, jwt.InvalidTokenError),
}


def _parameters(function: Any) -> str:
    return " ".join(
        parameter.name
        if parameter.default is parameter.empty
        else f"{parameter.name}={parameter.default!r}"
        for parameter in inspect.signature(function).parameters.values()
    )


def test_the_package_exports_what_the_original_exports() -> None:
    assert set(package.__all__) == PACKAGE | OURS
    assert all(hasattr(package, name) for name in package.__all__)


@pytest.mark.parametrize("module", SUBMODULES)
def test_submodules_have_their_names(module: str) -> None:
    imported = importlib.import_module(f"countersign.compat.flask_jwt_extended.{module}")
    names = [*SUBMODULES[module], *getattr(imported, "__all__", [])]
    assert [name for name in names if not hasattr(imported, name)] == []


@pytest.mark.parametrize("function", PARAMETERS, ids=lambda f: getattr(f, "__qualname__", ""))
def test_parameters_have_their_names_order_and_defaults(function: Any) -> None:
    assert _parameters(function) == PARAMETERS[function]


@pytest.mark.parametrize("loader", LOADERS)
def test_loaders_are_decorators(loader: str) -> None:
    def callback() -> None: ...

    assert getattr(package.JWTManager(), loader)(callback) is callback


def test_there_are_no_other_loaders() -> None:
    assert [name for name in dir(package.JWTManager) if name.endswith("_loader")] == LOADERS


def test_settings_have_their_names_and_defaults() -> None:
    app = Flask("application")
    package.JWTManager(app)
    assert len(SETTINGS) == 43
    given = {name: value for name, value in app.config.items() if name.startswith("JWT_")}
    assert given == SETTINGS | ADDED
    assert app.config["JWT_ACCESS_TOKEN_EXPIRES"] == timedelta(minutes=15)


def test_what_the_application_has_set_stays() -> None:
    own = {"JWT_ALGORITHM": "HS384", "JWT_SECRET_KEY": "k" * 48}
    app = make_app(**own, JWT_STRICT=True, JWT_COOKIE_SECURE=False)
    assert app.config["JWT_ALGORITHM"] == "HS384"
    assert app.config["JWT_COOKIE_SECURE"] is False


def test_applications_do_not_share_their_lists() -> None:
    first, second = make_app(), make_app()
    first.config["JWT_CSRF_METHODS"].append("GET")
    assert second.config["JWT_CSRF_METHODS"] == ["POST", "PUT", "PATCH", "DELETE"]


def test_sixteen_exceptions_are_answered() -> None:
    handlers: Any = make_app().error_handler_spec[None][None]
    assert set(handlers) == HANDLED
    assert len(HANDLED) == 16


def test_an_own_error_handler_goes_first() -> None:
    app = make_app()

    @app.errorhandler(exceptions.NoAuthorizationError)
    def handle(error: Exception) -> tuple[str, int]:
        return "own", 418

    answer = app.test_client(use_cookies=False).get("/protected")
    assert (answer.status_code, answer.text) == (418, "own")


@pytest.mark.parametrize(
    "error",
    [
        exceptions.RevokedTokenError({"alg": "HS256"}, {"sub": "1"}),
        exceptions.FreshTokenRequired("Fresh token required", {"alg": "HS256"}, {"sub": "1"}),
        exceptions.CSRFError("Missing CSRF token"),
    ],
)
def test_exceptions_can_be_pickled(error: Exception) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


def test_without_a_manager_the_error_says_what_to_do() -> None:
    with (
        Flask("application").test_request_context(),
        pytest.raises(RuntimeError, match=r"JWTManager\(app\)"),
    ):
        package.create_access_token("user-1")


def test_neither_original_is_imported() -> None:
    program = (
        "import sys\n"
        "sys.modules['jwt'] = sys.modules['flask_jwt_extended'] = None\n"
        "import countersign.compat.flask_jwt_extended\n"
        "assert not any(name.startswith('cryptography') for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=60)
