"""Name algorithms: `ALGORITHMS`.

The names of encryption are here because programs mention them; nothing here encrypts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from .backends.base import Key

__all__ = ["ALGORITHMS", "JWE_SIZE_LIMIT", "ZIPS", "Algorithms", "Zips"]


class Algorithms:
    """The names of the algorithms, alone and in sets."""

    NONE = "none"
    HS256, HS384, HS512 = "HS256", "HS384", "HS512"
    RS256, RS384, RS512 = "RS256", "RS384", "RS512"
    ES256, ES384, ES512 = "ES256", "ES384", "ES512"

    A128CBC_HS256, A192CBC_HS384, A256CBC_HS512 = "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"
    A128GCM, A192GCM, A256GCM = "A128GCM", "A192GCM", "A256GCM"
    A128CBC, A192CBC, A256CBC = "A128CBC", "A192CBC", "A256CBC"

    DIR = "dir"
    RSA1_5, RSA_OAEP, RSA_OAEP_256 = "RSA1_5", "RSA-OAEP", "RSA-OAEP-256"
    A128KW, A192KW, A256KW = "A128KW", "A192KW", "A256KW"
    ECDH_ES = "ECDH-ES"
    ECDH_ES_A128KW, ECDH_ES_A192KW = "ECDH-ES+A128KW", "ECDH-ES+A192KW"
    ECDH_ES_A256KW = "ECDH-ES+A256KW"
    A128GCMKW, A192GCMKW, A256GCMKW = "A128GCMKW", "A192GCMKW", "A256GCMKW"
    PBES2_HS256_A128KW = "PBES2-HS256+A128KW"
    PBES2_HS384_A192KW = "PBES2-HS384+A192KW"
    PBES2_HS512_A256KW = "PBES2-HS512+A256KW"
    DEF = "DEF"

    HMAC: ClassVar[set[str]] = {HS256, HS384, HS512}
    RSA_DS: ClassVar[set[str]] = {RS256, RS384, RS512}
    RSA_KW: ClassVar[set[str]] = {RSA1_5, RSA_OAEP, RSA_OAEP_256}
    RSA: ClassVar[set[str]] = RSA_DS | RSA_KW
    EC_DS: ClassVar[set[str]] = {ES256, ES384, ES512}
    EC_KW: ClassVar[set[str]] = {ECDH_ES, ECDH_ES_A128KW, ECDH_ES_A192KW, ECDH_ES_A256KW}
    EC: ClassVar[set[str]] = EC_DS | EC_KW
    HMAC_AUTH_TAG: ClassVar[set[str]] = {A128CBC_HS256, A192CBC_HS384, A256CBC_HS512}
    GCM: ClassVar[set[str]] = {A128GCM, A192GCM, A256GCM}
    AES_PSEUDO: ClassVar[set[str]] = {A128CBC, A192CBC, A256CBC} | GCM
    AES_JWE_ENC: ClassVar[set[str]] = HMAC_AUTH_TAG | GCM
    AES_ENC: ClassVar[set[str]] = AES_JWE_ENC | AES_PSEUDO
    AES_KW: ClassVar[set[str]] = {A128KW, A192KW, A256KW}
    AEC_GCM_KW: ClassVar[set[str]] = {A128GCMKW, A192GCMKW, A256GCMKW}
    AES: ClassVar[set[str]] = AES_ENC | AES_KW
    PBES2_KW: ClassVar[set[str]] = {PBES2_HS256_A128KW, PBES2_HS384_A192KW, PBES2_HS512_A256KW}

    SUPPORTED: ClassVar[set[str]] = HMAC | RSA_DS | EC_DS | {DIR} | AES_JWE_ENC | RSA_KW | AES_KW
    ALL: ClassVar[set[str]] = SUPPORTED | {NONE} | AEC_GCM_KW | EC_KW | PBES2_KW

    HASHES: ClassVar[dict[str, Callable[..., Any]]] = {
        **dict.fromkeys((HS256, RS256, ES256), hashlib.sha256),
        **dict.fromkeys((HS384, RS384, ES384), hashlib.sha384),
        **dict.fromkeys((HS512, RS512, ES512), hashlib.sha512),
    }

    KEYS: ClassVar[dict[str, type[Key]]] = {}
    """The classes of keys that a program has registered, by algorithm."""


ALGORITHMS = Algorithms()


class Zips:
    """The names of compressions."""

    DEF = "DEF"
    NONE = None
    SUPPORTED: ClassVar[set[str | None]] = {DEF, NONE}


ZIPS = Zips()

JWE_SIZE_LIMIT = 250 * 1024
