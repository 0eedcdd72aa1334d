"""What the tests share: one instant, one policy, a fixed secret."""

from __future__ import annotations

from typing import Any

from countersign import Key, Verifier

NOW = 1_800_000_000
ISSUER = "https://issuer.example"
AUDIENCE = "https://api.example"
SECRET = bytes.fromhex("8e1f22c751903aee076cb84dd31965fa2be470935c0db146f8a2379e11cd6854")

SYMMETRIC = ["HS256", "HS384", "HS512"]
ASYMMETRIC = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
    "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
]  # fmt: skip


def hs256() -> Key:
    return Key.from_secret(SECRET, algorithm="HS256")


def claims(**changes: Any) -> dict[str, Any]:
    """Good claims, some of them changed; `None` removes one."""
    changed: dict[str, Any] = {
        "iss": ISSUER,
        "sub": "user-1",
        "aud": AUDIENCE,
        "exp": NOW + 600,
        "iat": NOW - 60,
        "nbf": NOW - 60,
        "jti": "j-1",
        **changes,
    }
    return {name: value for name, value in changed.items() if value is not None}


def policy(key: Key, **changes: Any) -> dict[str, Any]:
    """The arguments of a verifier, some of them changed."""
    return {
        "keys": key,
        "algorithms": [key.algorithm],
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "clock": lambda: NOW,
        **changes,
    }


def make_verifier(key: Key, **changes: Any) -> Verifier:
    return Verifier(**policy(key, **changes))
