"""The name that was in python-jose's ``backends.ecdsa_backend``."""

from __future__ import annotations

from ._ec import ECKey as ECDSAECKey

__all__ = ["ECDSAECKey"]
