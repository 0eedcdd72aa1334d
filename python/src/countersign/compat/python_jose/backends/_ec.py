"""Keys for ES256, ES384 and ES512."""

from __future__ import annotations

from ..constants import ALGORITHMS
from ._keys import KeyPairKey


class ECKey(KeyPairKey):
    """Use an EC key, on the algorithm's own curve (RFC 7518 section 3.4)."""

    _names = ALGORITHMS.EC_DS
    _names_of_encryption = ALGORITHMS.EC_KW
    _kty = "EC"

    def to_pem(self) -> bytes:
        """Write the key in PEM: SubjectPublicKeyInfo, or SEC1 of a private key."""
        from cryptography.hazmat.primitives.serialization import (
            Encoding,
            NoEncryption,
            PrivateFormat,
            PublicFormat,
        )

        if self.is_public():
            public: bytes = self.prepared_key.public_bytes(
                Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
            )
            return public
        private: bytes = self.prepared_key.private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        )
        return private
