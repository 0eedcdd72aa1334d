"""Catch what can be wrong with a request's token, besides what `countersign.jwt` raises.

JWTExtendedException
├── JWTDecodeError               a claim that we need is missing
├── InvalidHeaderError           the header names our scheme, but has no token
├── InvalidQueryParamError       the query parameter does not start as it should
├── NoAuthorizationError         there is no token
├── CSRFError                    the double submit value is missing or wrong
├── WrongTokenError              a refresh token in place of an access token, or the reverse
├── RevokedTokenError            .jwt_header, .jwt_data
├── FreshTokenRequired           .jwt_header, .jwt_data
├── UserLookupError              .jwt_header, .jwt_data
└── UserClaimsVerificationError  .jwt_header, .jwt_data
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = [
    "CSRFError",
    "FreshTokenRequired",
    "InvalidHeaderError",
    "InvalidQueryParamError",
    "JWTDecodeError",
    "JWTExtendedException",
    "NoAuthorizationError",
    "RevokedTokenError",
    "UserClaimsVerificationError",
    "UserLookupError",
    "WrongTokenError",
]


class JWTExtendedException(Exception):
    """Catch everything that this package itself raises about a request's token."""


class JWTDecodeError(JWTExtendedException):
    """Tell that a claim which this package needs is missing."""


class InvalidHeaderError(JWTExtendedException):
    """Tell that the header names our scheme, but does not hold one token after it."""


class InvalidQueryParamError(JWTExtendedException):
    """Tell that the query parameter does not start with the configured prefix."""


class NoAuthorizationError(JWTExtendedException):
    """Tell that none of the locations holds a token."""


class CSRFError(JWTExtendedException):
    """Tell that the double submit value is missing, or not the one in the cookie's token."""


class WrongTokenError(JWTExtendedException):
    """Tell that the token is for something else, such as a refresh token for an access token."""


class _TokenError(JWTExtendedException):
    """Carry the header and the claims of a token that is genuine, but not good enough."""

    def __init__(
        self, message: str, jwt_header: Mapping[str, Any], jwt_data: Mapping[str, Any]
    ) -> None:
        super().__init__(message)
        self.jwt_header = jwt_header
        self.jwt_data = jwt_data

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.jwt_header, self.jwt_data)


class RevokedTokenError(_TokenError):
    """Tell that the token is revoked."""

    def __init__(self, jwt_header: Mapping[str, Any], jwt_data: Mapping[str, Any]) -> None:
        super().__init__("Token has been revoked", jwt_header, jwt_data)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.jwt_header, self.jwt_data)


class FreshTokenRequired(_TokenError):
    """Tell that the route wants a token from a recent log-in."""


class UserLookupError(_TokenError):
    """Tell that the user lookup found nobody for the token."""


class UserClaimsVerificationError(_TokenError):
    """Tell that the application's own verification refused the claims."""
