"""Secrets for HS256, HS384 and HS512."""

from __future__ import annotations

import re
from typing import Any

from countersign.jwt.utils import force_bytes

from ..constants import ALGORITHMS
from ..exceptions import JWKError
from ._keys import SigningKey

_ARMOUR = re.compile(rb"----[- ]BEGIN [A-Z0-9 ]+[- ]----")


class HMACKey(SigningKey):
    """Use a secret that both sides have.

    What is, or encodes, a public key, a private key or a certificate is refused in every form:
    PEM, DER, SSH, JWK, base64, hexadecimal.
    """

    _names = ALGORITHMS.HMAC
    _kty = "oct"

    def _readable(self, key: Any) -> Any:
        if not isinstance(key, (str, bytes)):
            raise JWKError("Expecting a string- or bytes-formatted key.")
        # `countersign.jwt` refuses whole keys; here, also the beginning of one.
        if _ARMOUR.search(force_bytes(key)) is not None:
            raise JWKError(
                "The specified key is an asymmetric key or x509 certificate and"
                " should not be used as an HMAC secret."
            )
        return key
