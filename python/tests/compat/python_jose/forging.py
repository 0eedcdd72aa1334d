"""Make tokens that no encoder would write."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

SECRET = "a secret of more than thirty-two bytes"


def segment(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forge(
    claims: Any, secret: str | bytes = SECRET, header: Any = ..., algorithm: str = "HS256"
) -> str:
    """Sign by hand with HMAC; the header, the claims and the secret may be anything."""
    key = secret.encode() if isinstance(secret, str) else secret
    message = f"{segment({'alg': algorithm} if header is ... else header)}.{segment(claims)}"
    digest = hmac.digest(key, message.encode(), f"sha{algorithm[2:]}")
    return f"{message}.{segment(digest)}"
