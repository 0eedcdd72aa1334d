"""Tokens that no service issues: expired, for somebody else, of another kind; properly signed.

They are made of good ones with the service's own signing key. That lies in the database, encrypted
with AES-256-GCM under a key that HKDF-SHA-256 derives from the master key beside the database. What
is encrypted is a JWK; before it stand one byte of version, the master key's id and the nonce.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

import jwt

if TYPE_CHECKING:
    from jwt.types import Options

__all__ = ["Mint", "decode"]

_LABEL: Final = b"countersign/seal/signing-key/v1"
_ALGORITHM: Final = "ES256"

Json = Mapping[str, Any]


class Mint:
    """Changes tokens of the service with this database and signs them again."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._masters = _masters(Path(f"{database}.key"))

    def changed(
        self, token: str, *, claims: Json, header: Json, signer: str = "the service"
    ) -> str:
        """The token with these claims and header members instead of its own; None removes one.

        Args:
            token: An access token of the service.
            claims: The claims that are other.
            header: The header's members that are other.
            signer: ``the service``, ``another key``, or ``nobody``.
        """
        own_header, own_claims = (json.loads(_decoded(part)) for part in token.split(".")[:2])
        signed = (
            f"{_encoded(_changed(own_header, header))}.{_encoded(_changed(own_claims, claims))}"
        )
        if signer == "nobody":
            return f"{signed}."
        key = self._key(own_header["kid"]) if signer == "the service" else _another_key()
        r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")  # RFC 7518 3.4
        return f"{signed}.{_base64url(signature)}"

    def _key(self, kid: str) -> ec.EllipticCurvePrivateKey:
        with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as connection:
            row = connection.execute("SELECT private_key FROM keys WHERE kid = ?", (kid,))
            (sealed,) = row.fetchone()
        version, master_id, nonce = sealed[0], sealed[1], sealed[2:14]
        assert version == 1, "the database encrypts its keys in a way that is not known here"
        master = self._masters[master_id]
        derived = HKDF(SHA256(), length=32, salt=b"", info=_LABEL).derive(master)
        jwk = AESGCM(derived).decrypt(nonce, sealed[14:], sealed[:2] + kid.encode())
        return _private_key(json.loads(jwk))


def decode(token: str, jwks: Mapping[str, Any]) -> dict[str, Any]:
    """Header and claims of a token whose signature the key of its ``kid`` in the JWK set verifies.

    Raises:
        jwt.PyJWTError: It does not.
    """
    kid = jwt.get_unverified_header(token)["kid"]
    key = next(key for key in jwt.PyJWKSet.from_dict(dict(jwks)).keys if key.key_id == kid)
    # Only the signature: the claims are compared with what the contract expects of them.
    unchecked = dict.fromkeys(("verify_exp", "verify_aud", "verify_nbf", "verify_iat"), False)
    options = cast("Options", unchecked)
    verified = jwt.decode_complete(token, key, algorithms=[_ALGORITHM], options=options)
    return {"header": verified["header"], "claims": verified["payload"]}


def _changed(members: Json, changes: Json) -> Json:
    changed = {**members, **changes}
    return {name: value for name, value in changed.items() if value is not None}


def _private_key(jwk: Json) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(_decoded(jwk["d"]), "big"), ec.SECP256R1())


def _another_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _masters(file: Path) -> dict[int, bytes]:
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    entries = (entry.split(":", 1) for line in lines for entry in line.split(","))
    return {int(number): _decoded(key) for number, key in entries}


def _encoded(members: Json) -> str:
    return _base64url(json.dumps(members, separators=(",", ":")).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
