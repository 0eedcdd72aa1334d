"""What a `Limiter` goes by: its arguments, else the application's settings, else the defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from flask import request

from countersign.compat._warn import is_text_for_no, warn_caller
from countersign.compat.limits import parse_many
from countersign.compat.limits.errors import ConfigurationError

from .constants import ConfigVars, HeaderNames

if TYPE_CHECKING:
    from flask import Flask

SETTINGS: Final = frozenset(
    value for name, value in vars(ConfigVars).items() if name.isupper() and isinstance(value, str)
)

_SWITCHES: Final = (
    ConfigVars.ENABLED,
    ConfigVars.SWALLOW_ERRORS,
    ConfigVars.FAIL_ON_FIRST_BREACH,
    ConfigVars.HEADERS_ENABLED,
    ConfigVars.IN_MEMORY_FALLBACK_ENABLED,
    ConfigVars.DEFAULT_LIMITS_PER_METHOD,
    ConfigVars.APPLICATION_LIMITS_PER_METHOD,
)
_HEADER_SETTINGS: Final = {
    HeaderNames.RESET: ConfigVars.HEADER_RESET,
    HeaderNames.REMAINING: ConfigVars.HEADER_REMAINING,
    HeaderNames.LIMIT: ConfigVars.HEADER_LIMIT,
    HeaderNames.RETRY_AFTER: ConfigVars.HEADER_RETRY_AFTER,
}
_RETRY_AFTER: Final = ("delta-seconds", "http-date")


class UnknownSettingWarning(UserWarning):
    """Warn of a setting that begins with ``RATELIMIT_`` and means nothing, or not what it seems."""


@dataclass
class Rules:
    """What holds for a group of limits where they do not say it themselves."""

    per_method: bool | None
    exempt_when: Callable[[], bool] | None
    deduct_when: Callable[[Any], bool] | None
    cost: int | Callable[[], int] | None

    def complete(self, config: Mapping[str, Any], prefix: str) -> None:
        """Fill in from the settings what the program left open."""
        if self.per_method is None:
            self.per_method = bool(config.get(f"{prefix}_PER_METHOD", False))
        self.exempt_when = self.exempt_when or config.get(f"{prefix}_EXEMPT_WHEN")
        self.deduct_when = self.deduct_when or config.get(f"{prefix}_DEDUCT_WHEN")
        self.cost = self.cost or config.get(f"{prefix}_COST", 1)

    def options(self) -> dict[str, Any]:
        """The same as arguments of `Limit`."""
        return dict(vars(self))


def endpoint_of_request() -> str:
    """By what views are told apart, unless the program says otherwise."""
    return request.endpoint or ""


def header_names(given: Mapping[HeaderNames, str], config: Mapping[str, Any]) -> dict[Any, str]:
    """What each header is called."""
    for name in given:
        if name not in _HEADER_SETTINGS:
            known = ", ".join(str(each) for each in HeaderNames)
            _warn(f"header_name_mapping has {name!r}, which is none of {known}; it has no effect")
    return {
        name: given.get(name, config.get(setting, name.value))
        for name, setting in _HEADER_SETTINGS.items()
    }


def check_retry_after(value: object) -> None:
    """Warn of a form of ``Retry-After`` that does not exist."""
    if value and value not in _RETRY_AFTER:
        _warn(
            f"retry_after={value!r} ({ConfigVars.HEADER_RETRY_AFTER_VALUE}): write one of"
            f" {', '.join(_RETRY_AFTER)}; until then it is {_RETRY_AFTER[0]}"
        )


def check_rates(provider: object, name: str, *, fatal: bool) -> None:
    """Refuse a rate that cannot be read, before the first request does.

    Args:
        provider: The rate, or a function that answers it, which is not called.
        name: What to call the argument or setting.
        fatal: Whether it would stop every request; otherwise it is only warned of.
    """
    if callable(provider) or not provider:
        return
    try:
        parse_many(provider)  # type: ignore[arg-type]  # It says what is wrong with it.
    except ValueError as error:
        if fatal:
            raise ConfigurationError(f"{name}: {error}") from None
        _warn(f"{name}: {error}. As errors are swallowed, nothing is limited until then")


def check_arguments(*, switches: Mapping[str, object], functions: Mapping[str, object]) -> None:
    """Warn of arguments of a limiter that mean something else than they seem to."""
    for name, value in switches.items():
        if is_text_for_no(value):
            _warn(f"{name}={value!r} is a text, which means yes: write False")
    for name, value in functions.items():
        if value and not callable(value):
            _warn(f"{name}={value!r} is no function, and fails at each breach: write a function")


def check_config(app: Flask) -> None:
    """Warn of settings that mean nothing, or not what they seem."""
    for name in app.config:
        if name.startswith("RATELIMIT_") and name not in SETTINGS:
            near = get_close_matches(name, SETTINGS, n=1)
            hint = f"did you mean {near[0]}?" if near else "it has no effect; leave it out"
            _warn(f"{name} is not a setting of flask_limiter: {hint}")
    if app.config.get(ConfigVars.KEY_FUNC) is not None:
        _warn(f"{ConfigVars.KEY_FUNC} has no effect: pass it to Limiter as key_func")
    for name in _SWITCHES:
        value = app.config.get(name)
        if is_text_for_no(value):
            _warn(f"{name} = {value!r} is a text, which means yes: write False")


def _warn(message: str) -> None:
    warn_caller(message, UnknownSettingWarning)
