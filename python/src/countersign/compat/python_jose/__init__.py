"""Keep your python-jose code and change the import.

::

    from countersign.compat.python_jose import jwt, JWTError

**The same** as python-jose 3.5: the functions of `jwt`, `jws` and `jwk`, their arguments and
options, the exceptions, and keys as text, bytes, dict, JWK, JWK set, list, or mapping of ``kid`` to
PEM or certificate, also as JSON text.

**Refused**, where python-jose let it pass:

- a public key as an HMAC secret, in any form in which people keep one: PEM, DER, SSH, JWK, JWK set,
  base64, hexadecimal. The key decides what it is for, never the token. `jwt.decode` without
  ``algorithms`` still works by that rule, and warns;
- a JWK for another algorithm than its ``alg`` says, or with another ``use`` than ``sig``; an EC key
  on another curve than the algorithm's; an empty secret;
- a token without ``aud`` where ``audience`` is given, without ``sub`` where ``subject`` is;
- a token at the very second of its ``exp``;
- the header parameter ``crit`` with something that nobody here understands; base64 with characters
  that do not belong there; ``headers`` that name another ``alg`` than the token is signed with.

**Refused in words**, where python-jose broke with a `TypeError`, an `AttributeError`, a
`RecursionError` or a bare `JWKError`: every token that is no good is a `JWTError`. A key that does
not fit is a `JWTError` and a `JWKError`, so old ``except`` lines work.

**Other**: the claims you pass are not changed; ``audience`` may be a list; the key with the token's
``kid`` is tried first; keys are parsed once; a short key is warned of, and so is an option that
does not exist. Encryption (JWE) raises a `JWEError` that says what to use.
"""

from __future__ import annotations

from .exceptions import ExpiredSignatureError, JOSEError, JWSError, JWTError

__version__ = "3.5.0"
"""The version of python-jose whose interface this is."""

__all__ = ["ExpiredSignatureError", "JOSEError", "JWSError", "JWTError"]
