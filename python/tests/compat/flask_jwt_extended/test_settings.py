"""Settings that are none are named; the strict switch changes what is not set."""

from __future__ import annotations

import warnings

import pytest
from flask import Flask

from countersign import jwt
from countersign.compat.flask_jwt_extended import (
    JWTManager,
    UnknownSettingWarning,
    create_access_token,
    set_access_cookies,
    set_refresh_cookies,
)
from countersign.compat.flask_jwt_extended.config import config
from countersign.jwt.algorithms import HMACAlgorithm

from .application import make_app


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("JWT_ACCES_TOKEN_EXPIRES", "JWT_ACCESS_TOKEN_EXPIRES"),
        ("JWT_ACCESS_TOKEN_EXPIRE", "JWT_ACCESS_TOKEN_EXPIRES"),
        ("JWT_TOKEN_LOCATIONS", "JWT_TOKEN_LOCATION"),
        ("JWT_COOKIE_SAME_SITE", "JWT_COOKIE_SAMESITE"),
        ("JWT_REVOCATION_STORAGE", "JWT_REVOCATION_STORE"),
        ("JWT_SECRET", "JWT_SECRET_KEY"),
    ],
)
def test_a_misspelled_setting_is_named_with_the_nearest_one(wrong: str, right: str) -> None:
    with pytest.warns(UnknownSettingWarning, match=rf"^{wrong} is not .* did you mean {right}\?$"):
        make_app(**{wrong: 1})


def test_a_setting_that_is_like_no_other_is_named() -> None:
    with pytest.warns(UnknownSettingWarning, match="JWT_XYZZY is not .* it has no effect"):
        make_app(JWT_XYZZY=1)


def test_a_setting_that_comes_late_is_named_at_the_first_use_and_once() -> None:
    app = make_app()
    app.config["JWT_STRIKT"] = True
    with app.test_request_context():
        with pytest.warns(UnknownSettingWarning, match=r"did you mean JWT_STRICT\?"):
            create_access_token("user-1")
        create_access_token("user-1")


def test_the_warning_points_at_the_program() -> None:
    with pytest.warns(UnknownSettingWarning) as caught:
        make_app(JWT_ALGORITHMS="HS256")
    # tests are no part of the package, so the first of their files is the caller.
    assert caught[0].filename.endswith("application.py")


def test_other_settings_are_not_our_business() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_app(SECRET_KEY="x", JWTX=1, MY_JWT_KEY=1)


def _cookies(app: Flask) -> list[str]:
    with app.test_request_context():
        response = app.make_response("")
        token = create_access_token("user-1")
        set_access_cookies(response, token)
        set_refresh_cookies(response, token)
        return response.headers.getlist("Set-Cookie")


def test_strict_cookies_are_secure_and_lax() -> None:
    cookies = _cookies(make_app(JWT_STRICT=True))
    assert len(cookies) == 4
    assert all("; Secure;" in cookie and cookie.endswith("SameSite=Lax") for cookie in cookies)


def test_without_strict_cookies_are_as_ever() -> None:
    assert not any("Secure" in cookie or "SameSite" in cookie for cookie in _cookies(make_app()))


def test_strict_may_be_switched_on_after_the_manager_was_made() -> None:
    app = make_app()
    app.config["JWT_STRICT"] = True
    assert all("; Secure;" in cookie for cookie in _cookies(app))


def test_what_the_application_sets_itself_goes_before_strict() -> None:
    app = make_app(JWT_STRICT=True, JWT_COOKIE_SECURE=False, JWT_COOKIE_SAMESITE="Strict")
    cookies = _cookies(app)
    assert not any("Secure" in cookie for cookie in cookies)
    assert all(cookie.endswith("SameSite=Strict") for cookie in cookies)


def test_a_second_manager_does_not_take_defaults_for_the_applications_own() -> None:
    app = make_app(JWT_STRICT=True)
    JWTManager(app)
    assert all("; Secure;" in cookie for cookie in _cookies(app))


@pytest.mark.parametrize(
    "flag", ["rfc6750", "only_access_tokens", "try_all_locations", "errors_as_responses"]
)
def test_each_switch_follows_strict_and_has_its_own_setting(flag: str) -> None:
    name = f"JWT_{flag.upper()}"
    for settings, expected in (
        ({}, False),
        ({"JWT_STRICT": True}, True),
        ({name: True}, True),
        ({"JWT_STRICT": True, name: False}, False),
    ):
        with make_app(**settings).app_context():
            assert getattr(config, flag) is expected


def test_settings_are_not_changed_by_use() -> None:
    algorithms = ["HS512"]
    with make_app(JWT_DECODE_ALGORITHMS=algorithms).app_context():
        assert config.decode_algorithms == ["HS512", "HS256"]
    assert algorithms == ["HS512"]


def test_one_decode_algorithm_may_be_text() -> None:
    with make_app(JWT_ALGORITHM="RS256", JWT_DECODE_ALGORITHMS="PS256").app_context():
        assert config.decode_algorithms == ["PS256", "RS256"]


@pytest.mark.parametrize("nothing", [0, None])
def test_a_lifetime_of_zero_is_warned_of(nothing: int | None) -> None:
    from datetime import timedelta

    lifetime = timedelta(0) if nothing is None else nothing
    app = make_app(JWT_ACCESS_TOKEN_EXPIRES=lifetime)
    with app.test_request_context(), pytest.warns(UserWarning, match="never expire"):
        create_access_token("user-1")


MISTAKES: dict[str, tuple[object, str]] = {
    "JWT_ALGORITHM": ("HS255", "'HS255' that signs: did you mean HS256?"),
    "JWT_DECODE_ALGORITHMS": (["HS256", "none"], "no algorithm 'none' that signs: write HS256"),
    "JWT_STRICT": ("False", "is a text, which means yes: write False"),
    "JWT_COOKIE_SECURE": ("0", "is a text, which means yes: write False"),
    "JWT_COOKIE_CSRF_PROTECT": ("off", "is a text, which means yes: write False"),
    "JWT_CSRF_METHODS": ("POST, PUT", "is a text"),
    "JWT_COOKIE_SAMESITE": ("lax!", "is none of Strict, Lax, None"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_setting_that_cannot_be_meant_is_named_with_the_mend(name: str) -> None:
    value, problem = MISTAKES[name]
    with pytest.warns(UnknownSettingWarning, match=f"^{name} = ") as caught:
        make_app(**{name: value})
    assert problem in str(caught[0].message)
    assert caught[0].filename.endswith("application.py")


def test_methods_in_lower_case_protect_nothing() -> None:
    with pytest.warns(UnknownSettingWarning, match=r"lower case, which no request has: \[\"POST\""):
        make_app(JWT_CSRF_METHODS=["post", "PUT"])


def test_cookies_for_other_sites_that_browsers_would_drop() -> None:
    with pytest.warns(UnknownSettingWarning, match="needs JWT_COOKIE_SECURE = True"):
        make_app(JWT_COOKIE_SAMESITE="None")
    make_app(JWT_COOKIE_SAMESITE="None", JWT_COOKIE_SECURE=True)


def test_algorithms_of_the_applications_own_are_known() -> None:
    jwt.register_algorithm("OWN", HMACAlgorithm(HMACAlgorithm.SHA256))
    try:
        make_app(JWT_ALGORITHM="OWN")
    finally:
        jwt.unregister_algorithm("OWN")


@pytest.mark.parametrize("name", ["JWT_SECRET_KEY", "SECRET_KEY"])
def test_a_short_secret_is_named_where_the_program_sets_it(name: str) -> None:
    with pytest.warns(
        jwt.InsecureKeyLengthWarning, match=f"^{name}: .* 13 bytes .*secrets"
    ) as seen:
        make_app(**{"JWT_SECRET_KEY": None, name: "my_secret_key"})
    assert seen[0].filename.endswith("application.py")
    assert "my_secret_key" not in str(seen[0].message)


def test_a_secret_is_not_asked_for_where_keys_sign() -> None:
    make_app(JWT_ALGORITHM="RS256", JWT_SECRET_KEY="short")


def test_a_secret_or_leeway_of_another_type_is_named() -> None:
    numbered, textual = make_app(JWT_SECRET_KEY=12345), make_app(JWT_DECODE_LEEWAY="5")
    with numbered.app_context(), pytest.raises(RuntimeError, match="JWT_SECRET_KEY must be a text"):
        create_access_token("user-1")
    with textual.app_context(), pytest.raises(RuntimeError, match="JWT_DECODE_LEEWAY must be a"):
        _ = config.leeway


@pytest.mark.parametrize("setting", ["redis://:pass@host", "sqlite://revoked.db", "redis", 7])
def test_a_store_that_means_nothing_stops_the_application_at_start(setting: object) -> None:
    with pytest.raises(RuntimeError, match=r"JWT_REVOCATION_STORE is .*, and must be") as caught:
        make_app(JWT_REVOCATION_STORE=setting)
    assert "pass" not in str(caught.value)
