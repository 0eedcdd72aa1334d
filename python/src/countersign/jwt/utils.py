"""Convert between the encodings of JOSE: base64url, big-endian integers, ECDSA signatures."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from countersign import _native

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurve

__all__ = [
    "base64url_decode",
    "base64url_encode",
    "bytes_from_int",
    "bytes_to_number",
    "der_to_raw_signature",
    "force_bytes",
    "from_base64url_uint",
    "is_pem_format",
    "is_ssh_key",
    "number_to_bytes",
    "raw_to_der_signature",
    "to_base64url_uint",
]


def force_bytes(value: bytes | str) -> bytes:
    """Take text or bytes as bytes (UTF-8)."""
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, bytes):
        return value
    raise TypeError("Expected a string or bytes value")


def base64url_decode(input: bytes | str) -> bytes:
    """Decode base64url with or without padding.

    This is the lenient decoder for keys and data of one's own. Tokens are read by the strict one.

    Raises:
        binascii.Error: The text has an impossible length.
    """
    data = force_bytes(input)
    try:
        return _native.b64url_decode(data)
    except ValueError:
        remainder = len(data) % 4
        return base64.urlsafe_b64decode(data + b"=" * (4 - remainder if remainder else 0))


def base64url_encode(input: bytes) -> bytes:
    """Encode as base64url without padding."""
    return _native.b64url_encode(input if type(input) is bytes else bytes(memoryview(input)))


def to_base64url_uint(val: int, *, bit_length: int | None = None) -> bytes:
    """Encode a non-negative integer as a JWK does (RFC 7518 section 2, Base64urlUInt).

    Args:
        val: The integer.
        bit_length: The width to fill up with leading zeros; else the shortest form.
    """
    if val < 0:
        raise ValueError("Must be a positive integer")
    return base64url_encode(bytes_from_int(val, bit_length=bit_length) or b"\x00")


def from_base64url_uint(val: bytes | str) -> int:
    """Decode an integer of a JWK."""
    return int.from_bytes(base64url_decode(val), "big")


def number_to_bytes(num: int, num_bytes: int) -> bytes:
    """Write an integer big-endian in so many bytes."""
    return num.to_bytes(num_bytes, "big")


def bytes_to_number(string: bytes) -> int:
    """Read a big-endian integer."""
    return int.from_bytes(string, "big")


def bytes_from_int(val: int, *, bit_length: int | None = None) -> bytes:
    """Write an integer big-endian in as few bytes as its width, or the given one, needs."""
    bits = val.bit_length() if bit_length is None else bit_length
    return val.to_bytes((bits + 7) // 8, "big")


def der_to_raw_signature(der_sig: bytes, curve: EllipticCurve) -> bytes:
    """Turn a DER ECDSA signature into the ``r || s`` of JWS (RFC 7518 section 3.4)."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    width = (curve.key_size + 7) // 8
    r, s = decode_dss_signature(der_sig)
    return number_to_bytes(r, width) + number_to_bytes(s, width)


def raw_to_der_signature(raw_sig: bytes, curve: EllipticCurve) -> bytes:
    """Turn the ``r || s`` of JWS into a DER ECDSA signature.

    Raises:
        ValueError: The signature does not have the curve's length.
    """
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    width = (curve.key_size + 7) // 8
    if len(raw_sig) != 2 * width:
        raise ValueError("Invalid signature")
    return encode_dss_signature(bytes_to_number(raw_sig[:width]), bytes_to_number(raw_sig[width:]))


# The encapsulation boundaries of RFC 7468 and RFC 4716, around anything that names key material.
_ARMOUR = re.compile(
    rb"----[- ](?=(BEGIN|END) ([A-Z0-9 ]{0,48}?"
    rb"(?:KEY|CERTIFICATE|REQUEST|CRL|PARAMETERS|PKCS7|CMS))[- ]----)"
)


def is_pem_format(key: bytes) -> bool:
    """Tell whether there is a complete PEM (or SSH2) block anywhere in the data."""
    begun: set[bytes] = set()
    for boundary in _ARMOUR.finditer(key):
        word, label = boundary.groups()
        if word == b"BEGIN":
            begun.add(label)
        elif label in begun:
            return True
    return False


_SSH_KEY = re.compile(
    rb"\s*(?:ssh-(?:ed25519|rsa|dss)"
    rb"|ecdsa-sha2-nistp(?:256|384|521)"
    rb"|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com"
    rb"|[a-z0-9-]+-cert-v01@openssh\.com)"
)


def is_ssh_key(key: bytes) -> bool:
    """Tell whether the data is an OpenSSH public key or certificate."""
    return _SSH_KEY.match(key) is not None
