"""Recognise public keys and other key material that was passed as an HMAC secret.

Whoever verifies with an HMAC secret that everybody knows accepts forged tokens: the confusion of
algorithms (RFC 8725 section 2.1). So what looks like an asymmetric key, in any of the forms in
which people store one, is refused as a secret. Nothing here needs `cryptography`, nothing recurses,
and everything takes time proportional to the length.
"""

from __future__ import annotations

import binascii
import codecs
import json
import re
from contextlib import suppress

from countersign import _native

from .utils import is_pem_format, is_ssh_key

_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE,
         codecs.BOM_UTF16_BE)  # fmt: skip
_HEX = re.compile(rb"[0-9a-fA-F\s]+")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_\-=\s]+")


def is_asymmetric(secret: bytes) -> bool:
    """Tell whether the secret is a key pair's half or a certificate: PEM, SSH, DER or encoded."""
    if _is_asymmetric_as_is(secret):
        return True
    text = _without_bom(secret)
    if text is not secret and _is_asymmetric_as_is(text):
        return True
    wide = _from_utf16(secret)
    if wide is not None and _is_asymmetric_as_is(wide):
        return True
    return any(_is_asymmetric_as_is(decoded) for decoded in _unarmoured(text))


def is_jwk(secret: bytes) -> bool:
    """Tell whether the secret is JSON text with a ``kty`` anywhere: a JWK, or a set of them."""
    if _json_names_kty(secret):
        return True
    return any(_json_names_kty(decoded) for decoded in _unarmoured(_without_bom(secret)))


def is_der_key(data: bytes) -> bool:
    """Tell whether the data is the DER of a public key, a private key or a certificate."""
    members = _members(data)
    if members is None:
        return False
    tags = bytes(tag for tag, _ in members)
    return (
        _is_spki(tags, members)
        or tags == _INTEGER * 2  # RSAPublicKey
        or _is_certificate(tags)
        or _is_private(tags)
    )


def _is_asymmetric_as_is(data: bytes) -> bool:
    return is_pem_format(data) or is_ssh_key(data) or is_der_key(data)


def _without_bom(data: bytes) -> bytes:
    for bom in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :]
    return data


def _from_utf16(data: bytes) -> bytes | None:
    """Read text that an editor saved in a wide encoding."""
    if b"\x00" not in data:
        return None
    try:
        return data.decode(json.detect_encoding(data)).encode("ascii")
    except (UnicodeError, ValueError):
        return None


def _unarmoured(data: bytes) -> list[bytes]:
    """Undo hexadecimal and base64, if the whole of the data can be one of them."""
    if len(data) < 32:
        return []
    decoded = []
    if _HEX.fullmatch(data) is not None:
        with suppress(ValueError):
            decoded.append(binascii.unhexlify(b"".join(data.split())))
    if _BASE64.fullmatch(data) is not None:
        plain = b"".join(data.split()).rstrip(b"=").translate(_TO_URL_SAFE)
        with suppress(ValueError):
            decoded.append(_native.b64url_decode(plain))
    return decoded


_TO_URL_SAFE = bytes.maketrans(b"+/", b"-_")


# DER (X.690): just enough to tell the outermost structure.

_INTEGER, _BIT_STRING, _OCTET_STRING, _OID, _SEQUENCE = b"\x02", b"\x03", b"\x04", b"\x06", b"\x30"


def _members(data: bytes) -> list[tuple[int, bytes]] | None:
    """Split a SEQUENCE that fills the data exactly into the tags and contents of its members."""
    outer = _element(data, 0)
    if outer is None or data[:1] != _SEQUENCE or outer[1] != len(data):
        return None
    position, end = outer
    members = []
    while position < end:
        element = _element(data, position)
        if element is None:
            return None
        start, after = element
        members.append((data[position], data[start:after]))
        position = after
    return members


def _element(data: bytes, position: int) -> tuple[int, int] | None:
    """Find where the content of the element at the position begins and ends."""
    header = data[position : position + 2]
    if len(header) < 2:
        return None
    start, length = position + 2, header[1]
    if length >= 0x80:
        width = length - 0x80
        if not 1 <= width <= 4:
            return None
        length = int.from_bytes(data[start : start + width], "big")
        start += width
    after = start + length
    return (start, after) if after <= len(data) else None


def _is_spki(tags: bytes, members: list[tuple[int, bytes]]) -> bool:
    """SubjectPublicKeyInfo: the algorithm, then the key (RFC 5280 section 4.1)."""
    return tags == _SEQUENCE + _BIT_STRING and members[0][1][:1] == _OID


def _is_certificate(tags: bytes) -> bool:
    """Certificate, list of revoked ones or request for one: signed body, algorithm, signature."""
    return tags == _SEQUENCE + _SEQUENCE + _BIT_STRING


def _is_private(tags: bytes) -> bool:
    """PKCS#8, encrypted PKCS#8, SEC1 and PKCS#1 private keys."""
    return (
        tags.startswith(_INTEGER + _SEQUENCE + _OCTET_STRING)
        or tags == _SEQUENCE + _OCTET_STRING
        or tags.startswith(_INTEGER + _OCTET_STRING)
        or tags.startswith(_INTEGER * 9)
    )


# JSON, without building it: a secret may be nested deeper than any parser goes.

# A string without an end is taken to the end of the text, so that nothing is looked at twice.
_STRING = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)(?:"|\\?\Z)(\s*:)?', re.DOTALL)


def _json_names_kty(data: bytes) -> bool:
    """Tell whether the data is shaped like JSON and has a member named ``kty``."""
    try:
        text = data.decode(json.detect_encoding(data), "surrogatepass").lstrip("\ufeff \t\r\n")
    except (UnicodeError, ValueError):
        return False
    if not text.startswith(("{", "[")):
        return False
    return any(
        string.group(2) is not None and _unescaped(string.group(1)) == "kty"
        for string in _STRING.finditer(text)
    )


_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


def _unescaped(name: str) -> str:
    return _ESCAPE.sub(lambda escape: chr(int(escape.group(1), 16)), name)
