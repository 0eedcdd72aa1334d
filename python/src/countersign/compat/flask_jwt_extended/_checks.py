"""Find settings that do not mean what they seem to.

A running application goes on as it did, so they are only warned of; what cannot work at all is an
error where it is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

from countersign.compat._warn import is_text_for_no
from countersign.jwt import InsecureKeyLengthWarning, get_algorithm_by_name
from countersign.jwt.algorithms import get_default_algorithms, requires_cryptography

Mistake = tuple[str, str, type[Warning]]
"""The setting, what is wrong with it, and what to warn with."""

_SWITCHES: Final = (
    "JWT_COOKIE_CSRF_PROTECT",
    "JWT_COOKIE_SECURE",
    "JWT_CSRF_CHECK_FORM",
    "JWT_CSRF_IN_COOKIES",
    "JWT_ENCODE_NBF",
    "JWT_ERRORS_AS_RESPONSES",
    "JWT_ONLY_ACCESS_TOKENS",
    "JWT_RFC6750",
    "JWT_SESSION_COOKIE",
    "JWT_STRICT",
    "JWT_TRY_ALL_LOCATIONS",
    "JWT_VERIFY_SUB",
)
_POLICIES: Final = ("Strict", "Lax", "None")


class UnknownSettingWarning(UserWarning):
    """Warn that a setting begins with ``JWT_`` and means nothing here, or not what it seems."""


def mistakes(config: Mapping[str, Any]) -> Iterator[Mistake]:
    """Look at the settings that an application has."""
    for name, problem in (
        *_switches(config),
        *_algorithms(config),
        *_csrf_methods(config),
        *_cookie_policy(config),
    ):
        yield name, f"{name} = {config[name]!r} {problem}", UnknownSettingWarning
    yield from _secret(config)


def _switches(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in _SWITCHES:
        if is_text_for_no(config[name]):
            yield name, "is a text, which means yes: write False"


def _algorithms(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    accepted = config["JWT_DECODE_ALGORITHMS"] or ()
    for setting, names in (
        ("JWT_ALGORITHM", (config["JWT_ALGORITHM"],)),
        ("JWT_DECODE_ALGORITHMS", (accepted,) if isinstance(accepted, str) else accepted),
    ):
        for name in names:
            if not _is_algorithm(name):
                near = get_close_matches(str(name), get_default_algorithms().keys() - {"none"}, n=1)
                hint = f"did you mean {near[0]}?" if near else "write HS256, RS256, ES256 or so"
                yield setting, f"has no algorithm {name!r} that signs: {hint}"


def _is_algorithm(name: object) -> bool:
    if not isinstance(name, str) or name == "none":
        return False
    if name in requires_cryptography:
        # Where that is not installed, the error says so.
        return True
    try:
        # The application may have registered one of its own.
        get_algorithm_by_name(name)
    except NotImplementedError:
        return False
    return True


def _csrf_methods(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    methods = config["JWT_CSRF_METHODS"]
    if isinstance(methods, str):
        yield "JWT_CSRF_METHODS", f"is a text, of which other methods are no part: [{methods!r}]"
    elif any(method != str(method).upper() for method in methods):
        yield "JWT_CSRF_METHODS", 'has methods in lower case, which no request has: ["POST", ...]'


def _cookie_policy(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    policy = config["JWT_COOKIE_SAMESITE"]
    if policy is None:
        return
    if str(policy).title() not in _POLICIES:
        yield "JWT_COOKIE_SAMESITE", f"is none of {', '.join(_POLICIES)}: no cookie can be set"
    elif str(policy).title() == "None" and not config["JWT_COOKIE_SECURE"]:
        yield "JWT_COOKIE_SAMESITE", "needs JWT_COOKIE_SECURE = True: browsers drop such cookies"


def _secret(config: Mapping[str, Any]) -> Iterator[Mistake]:
    name = "JWT_SECRET_KEY" if config["JWT_SECRET_KEY"] else "SECRET_KEY"
    secret, algorithm = config.get(name), config["JWT_ALGORITHM"]
    if not isinstance(secret, (str, bytes)) or not secret or not _is_algorithm(algorithm):
        return
    if algorithm in requires_cryptography:
        return
    key = secret.encode() if isinstance(secret, str) else secret
    problem = get_algorithm_by_name(algorithm).check_key_length(key)
    if problem is not None:
        mend = 'Make one by python -c "import secrets; print(secrets.token_urlsafe(64))"'
        yield name, f"{name}: {problem} {mend}", InsecureKeyLengthWarning
