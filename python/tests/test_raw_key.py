"""Signatures without policy, against another implementation."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

import pytest

from countersign import Key
from countersign._native import RawKey

MESSAGE = b"a message"


def test_hmac_with_any_secret() -> None:
    for secret in (b"", b"x", b"x" * 1000):
        for name in ("sha256", "sha384", "sha512"):
            key = RawKey.hmac(secret, name)
            tag = key.sign(MESSAGE)
            assert tag == hmac.new(secret, MESSAGE, getattr(hashlib, name)).digest()
            assert key.verify(MESSAGE, tag)
            assert not key.verify(MESSAGE, tag[:-1])
            assert not key.verify(MESSAGE + b".", tag)


@pytest.mark.parametrize(
    ("algorithm", "length"),
    [("ES256", 64), ("ES256K", 64), ("ES384", 96), ("ES512", 132), ("EdDSA", 64), ("PS256", 256),
     ("RS256", 256), ("RS384", 384), ("RS512", 384), ("PS384", 384), ("PS512", 384)],
)  # fmt: skip
def test_both_halves(algorithm: str, length: int) -> None:
    private, public = key_pair(algorithm)
    signing = RawKey.from_der_private(private, algorithm)
    verifying = RawKey.from_der_public(public, algorithm)
    signature = signing.sign(MESSAGE)
    assert len(signature) == length
    assert signing.verify(MESSAGE, signature)
    assert verifying.verify(MESSAGE, signature)
    assert not verifying.verify(MESSAGE + b".", signature)
    for wrong in (b"", signature[:-1], signature + b"\0", bytes(length)):
        assert not verifying.verify(MESSAGE, wrong)
    with pytest.raises(ValueError, match="public"):
        verifying.sign(MESSAGE)


@pytest.mark.parametrize("bits", [1024, 2047])
def test_small_rsa_keys_verify_where_the_library_can(bits: int) -> None:
    pytest.importorskip("cryptography")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    key = rsa.generate_private_key(65537, bits)
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signature = key.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())
    assert RawKey.from_der_public(public, "RS256").verify(MESSAGE, signature)
    for algorithm in ("RS384", "PS256"):
        with pytest.raises(ValueError, match="not supported"):
            RawKey.from_der_public(public, algorithm)


def test_refusals() -> None:
    private, public = key_pair("ES256")
    attempts: list[Callable[[], RawKey]] = [
        lambda: RawKey.hmac(b"", "md5"),
        lambda: RawKey.from_der_private(b"", "ES256"),
        lambda: RawKey.from_der_private(private, "ES384"),
        lambda: RawKey.from_der_private(private, "RS256"),
        lambda: RawKey.from_der_private(public, "ES256"),
        lambda: RawKey.from_der_public(public, "ES512"),
        lambda: RawKey.from_der_public(public, "EdDSA"),
        lambda: RawKey.from_der_public(public, "none"),
    ]
    for refused in attempts:
        with pytest.raises(ValueError, match=r".+"):
            refused()


def key_pair(algorithm: str) -> tuple[bytes, bytes]:
    """PKCS#8 and SubjectPublicKeyInfo."""
    if algorithm == "ES256K":
        pytest.importorskip("cryptography")
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256K1())
        return (
            key.private_bytes(
                serialization.Encoding.DER,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
            key.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            ),
        )
    ours = Key.generate(algorithm)
    return der(ours.to_pem(private=True)), der(ours.to_pem())


def der(pem: str) -> bytes:
    import base64

    return base64.b64decode("".join(pem.splitlines()[1:-1]))
