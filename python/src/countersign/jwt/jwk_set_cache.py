"""Keep a JWK set for a while."""

from __future__ import annotations

import time
from typing import Any

from .api_jwk import PyJWKSet, PyJWTSetWithTimestamp
from .exceptions import PyJWKSetError

__all__ = ["JWKSetCache"]


class JWKSetCache:
    """Keep one JWK set for so many seconds."""

    def __init__(self, lifespan: float) -> None:
        self.jwk_set_with_timestamp: PyJWTSetWithTimestamp | None = None
        self.lifespan = lifespan

    def put(self, jwk_set: PyJWKSet | dict[str, Any] | None) -> None:
        """Keep a set from now on; None empties the cache.

        Raises:
            PyJWKSetError: The value is neither a set nor the members of one.
        """
        if jwk_set is None:
            self.jwk_set_with_timestamp = None
            return
        if isinstance(jwk_set, dict):
            jwk_set = PyJWKSet.from_dict(jwk_set)
        if not isinstance(jwk_set, PyJWKSet):
            raise PyJWKSetError("Invalid JWK Set value")
        self.jwk_set_with_timestamp = PyJWTSetWithTimestamp(jwk_set)

    def get(self) -> PyJWKSet | None:
        """Return the set, or None if there is none that is fresh."""
        kept = self.jwk_set_with_timestamp
        return None if kept is None or self.is_expired() else kept.get_jwk_set()

    def is_expired(self) -> bool:
        """Tell whether there is a set that is too old; a negative lifespan never ends."""
        kept = self.jwk_set_with_timestamp
        return (
            kept is not None
            and self.lifespan > -1
            and time.monotonic() > kept.get_timestamp() + self.lifespan
        )
