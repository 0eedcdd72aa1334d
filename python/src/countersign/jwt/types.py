"""Annotate the options that are passed to ``decode``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict

__all__ = ["FullOptions", "HashlibHash", "JWKDict", "Options", "SigOptions"]

JWKDict = dict[str, Any]
HashlibHash = Callable[..., Any]


class SigOptions(TypedDict, total=False):
    """Choose how signatures are checked: the options of ``PyJWS``."""

    verify_signature: bool
    """Whether the signature is checked at all. Default: ``True``."""
    enforce_minimum_key_length: bool
    """Whether a short key is an ``InvalidKeyError`` and not only a warning. Default: ``False``."""


class Options(TypedDict, total=False):
    """Choose what is checked: the options of ``PyJWT`` and ``decode``.

    Each ``verify_*`` is ``True`` by default. With ``verify_signature`` off, the others are off
    unless they are given.
    """

    verify_signature: bool
    """Whether the signature is checked."""
    require: list[str]
    """Claims that must be there and not be ``null``. Default: none."""
    strict_aud: bool
    """Whether audience and ``aud`` must be one string each. Default: ``False``."""
    verify_aud: bool
    """Whether ``aud`` is compared with the audience given."""
    verify_exp: bool
    """Whether an expired token is refused."""
    verify_iat: bool
    """Whether ``iat`` must be a number that is not in the future."""
    verify_iss: bool
    """Whether ``iss`` is compared with the issuer given."""
    verify_jti: bool
    """Whether ``jti`` must be a string."""
    verify_nbf: bool
    """Whether a token is refused before the moment in ``nbf``."""
    verify_sub: bool
    """Whether ``sub`` must be a string, and the subject given."""
    enforce_minimum_key_length: bool
    """Whether a short key is an ``InvalidKeyError`` and not only a warning. Default: ``False``."""


class FullOptions(TypedDict):
    """Read the options with every default filled in."""

    verify_signature: bool
    require: list[str]
    strict_aud: bool
    verify_aud: bool
    verify_exp: bool
    verify_iat: bool
    verify_iss: bool
    verify_jti: bool
    verify_nbf: bool
    verify_sub: bool
    enforce_minimum_key_length: bool
