"""Names: of settings, of headers, and of what a view can be exempt from."""

from __future__ import annotations

import enum
from typing import Final

from countersign.compat.limits._options import HeaderNames

__all__ = ["MAX_BACKEND_CHECKS", "ConfigVars", "ExemptionScope", "HeaderNames"]

MAX_BACKEND_CHECKS: Final = 5
"""The times between looks at a storage that fails double so often, and start again at a second."""


class ConfigVars:
    """Every setting of an application."""

    ENABLED: Final = "RATELIMIT_ENABLED"
    KEY_FUNC: Final = "RATELIMIT_KEY_FUNC"
    KEY_PREFIX: Final = "RATELIMIT_KEY_PREFIX"
    REQUEST_IDENTIFIER: Final = "RATELIMIT_REQUEST_IDENTIFIER"
    STRATEGY: Final = "RATELIMIT_STRATEGY"
    STORAGE_URI: Final = "RATELIMIT_STORAGE_URI"
    STORAGE_OPTIONS: Final = "RATELIMIT_STORAGE_OPTIONS"
    SWALLOW_ERRORS: Final = "RATELIMIT_SWALLOW_ERRORS"
    FAIL_ON_FIRST_BREACH: Final = "RATELIMIT_FAIL_ON_FIRST_BREACH"
    ON_BREACH: Final = "RATELIMIT_ON_BREACH_CALLBACK"
    DEFAULT_LIMITS: Final = "RATELIMIT_DEFAULT"
    DEFAULT_LIMITS_PER_METHOD: Final = "RATELIMIT_DEFAULTS_PER_METHOD"
    DEFAULT_LIMITS_EXEMPT_WHEN: Final = "RATELIMIT_DEFAULTS_EXEMPT_WHEN"
    DEFAULT_LIMITS_DEDUCT_WHEN: Final = "RATELIMIT_DEFAULTS_DEDUCT_WHEN"
    DEFAULT_LIMITS_COST: Final = "RATELIMIT_DEFAULTS_COST"
    APPLICATION_LIMITS: Final = "RATELIMIT_APPLICATION"
    APPLICATION_LIMITS_PER_METHOD: Final = "RATELIMIT_APPLICATION_PER_METHOD"
    APPLICATION_LIMITS_EXEMPT_WHEN: Final = "RATELIMIT_APPLICATION_EXEMPT_WHEN"
    APPLICATION_LIMITS_DEDUCT_WHEN: Final = "RATELIMIT_APPLICATION_DEDUCT_WHEN"
    APPLICATION_LIMITS_COST: Final = "RATELIMIT_APPLICATION_COST"
    META_LIMITS: Final = "RATELIMIT_META"
    ON_META_BREACH: Final = "RATELIMIT_ON_META_BREACH_CALLBACK"
    IN_MEMORY_FALLBACK: Final = "RATELIMIT_IN_MEMORY_FALLBACK"
    IN_MEMORY_FALLBACK_ENABLED: Final = "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED"
    HEADERS_ENABLED: Final = "RATELIMIT_HEADERS_ENABLED"
    HEADER_LIMIT: Final = "RATELIMIT_HEADER_LIMIT"
    HEADER_REMAINING: Final = "RATELIMIT_HEADER_REMAINING"
    HEADER_RESET: Final = "RATELIMIT_HEADER_RESET"
    HEADER_RETRY_AFTER: Final = "RATELIMIT_HEADER_RETRY_AFTER"
    HEADER_RETRY_AFTER_VALUE: Final = "RATELIMIT_HEADER_RETRY_AFTER_VALUE"


class ExemptionScope(enum.Flag):
    """What `Limiter.exempt` exempts from.

    ``APPLICATION``, ``META`` and ``DEFAULT`` are limits of the `Limiter`. For blueprints,
    ``DESCENDENTS`` hands the exemption down to those that are nested in it, and ``ANCESTORS``
    exempts from limits of those that it is nested in.
    """

    NONE = 0
    APPLICATION = enum.auto()
    META = enum.auto()
    DEFAULT = enum.auto()
    DESCENDENTS = enum.auto()
    ANCESTORS = enum.auto()
