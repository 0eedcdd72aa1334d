"""Keys for RS256, RS384 and RS512."""

from __future__ import annotations

from ..constants import ALGORITHMS
from ._keys import KeyPairKey


class RSAKey(KeyPairKey):
    """Use an RSA key: from PEM, a certificate, a JWK or an object of `cryptography`."""

    _names = ALGORITHMS.RSA_DS
    _names_of_encryption = ALGORITHMS.RSA_KW
    _kty = "RSA"

    def to_pem(self, pem_format: str = "PKCS8") -> bytes:
        """Write the key in PEM.

        Args:
            pem_format: ``PKCS8`` (of a public key: SubjectPublicKeyInfo), or ``PKCS1``.

        Raises:
            ValueError: The format is neither.
        """
        from cryptography.hazmat.primitives.serialization import (
            Encoding,
            NoEncryption,
            PrivateFormat,
            PublicFormat,
        )

        if pem_format not in ("PKCS8", "PKCS1"):
            raise ValueError(f"Invalid format specified: {pem_format!r}")
        is_new = pem_format == "PKCS8"
        if self.is_public():
            form = PublicFormat.SubjectPublicKeyInfo if is_new else PublicFormat.PKCS1
            public: bytes = self.prepared_key.public_bytes(Encoding.PEM, form)
            return public
        private: bytes = self.prepared_key.private_bytes(
            Encoding.PEM,
            PrivateFormat.PKCS8 if is_new else PrivateFormat.TraditionalOpenSSL,
            NoEncryption(),
        )
        return private
