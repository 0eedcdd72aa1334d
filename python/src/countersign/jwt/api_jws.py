"""Sign bytes and verify signed bytes: JWS compact serialization (RFC 7515, RFC 7797)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from countersign import _native

from ._algorithm import Algorithm, HMACAlgorithm
from ._json import dumps, loads
from ._keys import BoundedCache
from .algorithms import get_default_algorithms, has_crypto, requires_cryptography
from .api_jwk import PyJWK
from .exceptions import (
    DecodeError,
    InvalidAlgorithmError,
    InvalidKeyError,
    InvalidSignatureError,
    InvalidTokenError,
)
from .types import SigOptions
from .utils import base64url_encode
from .warnings import InsecureKeyLengthWarning, RemovedInPyjwt3Warning, warn_caller

if TYPE_CHECKING:
    from .algorithms import AllowedPrivateKeys, AllowedPublicKeys

__all__ = [
    "PyJWS",
    "decode",
    "decode_complete",
    "encode",
    "get_algorithm_by_name",
    "get_unverified_header",
    "register_algorithm",
    "unregister_algorithm",
]

_ALGORITHM_UNSET: Any = object()

# The classes whose objects prepare equal keys equally, and may have the engine do their work.
_BUILT_IN: tuple[type[Algorithm], ...] = (HMACAlgorithm,)
if has_crypto:
    from ._ec import ECAlgorithm
    from ._okp import OKPAlgorithm
    from ._rsa import RSAAlgorithm, RSAPSSAlgorithm

    _BUILT_IN += (RSAAlgorithm, RSAPSSAlgorithm, ECAlgorithm, OKPAlgorithm)


class _Ready(NamedTuple):
    """A key that an algorithm has prepared.

    It is found by identities, so it holds what they belong to: they cannot be given away meanwhile.
    """

    algorithm: Algorithm
    source: object
    key: Any
    native: _native.RawKey | None
    too_short: str | None


class _Plain(NamedTuple):
    """A header segment and a key that were verified together: what is left to do next time.

    The header says nothing that asks for more care than its algorithm. The key is held for the
    same reason as in `_Ready`; of a `PyJWK`, what it held then is kept beside it.
    """

    algorithm: str
    verify: Callable[[bytes, bytes], bool]
    key: object
    of_jwk: object


# Header parameters with which a token takes the long way every time.
_CAREFUL = frozenset({"crit", "b64"})


class PyJWS:
    """Encode and decode JWS with algorithms and options of one's own."""

    header_typ = "JWT"
    _supported_crit: ClassVar[set[str]] = {"b64"}

    def __init__(
        self, algorithms: Sequence[str] | None = None, options: SigOptions | None = None
    ) -> None:
        """Prepare an instance.

        Args:
            algorithms: The names of the algorithms to know; all by default.
            options: What differs from the default options.
        """
        known = get_default_algorithms()
        self._algorithms: dict[str, Algorithm] = {
            name: algorithm
            for name, algorithm in known.items()
            if algorithms is None or name in algorithms
        }
        self.options: SigOptions = self._merge_options(options)
        self._forget_keys()

    @staticmethod
    def _get_default_options() -> SigOptions:
        return {"verify_signature": True, "enforce_minimum_key_length": False}

    def _merge_options(self, options: SigOptions | None) -> SigOptions:
        own = getattr(self, "options", None) or self._get_default_options()
        return own if options is None else {**own, **options}

    def _forget_keys(self) -> None:
        """Start with nothing prepared: for changed algorithms, too."""
        self._verifying: BoundedCache[_Ready] = BoundedCache(128)
        self._signing: BoundedCache[_Ready] = BoundedCache(64)
        # What `open_plain` may do again; header segments that were written before.
        self._plain: BoundedCache[_Plain] = BoundedCache(256)
        self._written_headers: BoundedCache[bytes] = BoundedCache(256)

    def register_algorithm(self, alg_id: str, alg_obj: Algorithm) -> None:
        """Add an algorithm of your own under a name.

        Raises:
            ValueError: The name is taken.
            TypeError: The object is not an `Algorithm`.
        """
        if alg_id in self._algorithms:
            raise ValueError("Algorithm already has a handler.")
        if not isinstance(alg_obj, Algorithm):
            raise TypeError("Object is not of type `Algorithm`")
        self._algorithms[alg_id] = alg_obj
        self._forget_keys()

    def unregister_algorithm(self, alg_id: str) -> None:
        """Remove an algorithm.

        Raises:
            KeyError: It is not there.
        """
        if alg_id not in self._algorithms:
            raise KeyError(
                "The specified algorithm could not be removed because it is not registered."
            )
        del self._algorithms[alg_id]
        self._forget_keys()

    def get_algorithms(self) -> list[str]:
        """List the names of the algorithms."""
        return list(self._algorithms)

    def get_algorithm_by_name(self, alg_name: str) -> Algorithm:
        """Return an algorithm.

        Raises:
            NotImplementedError: It is not there.
        """
        try:
            return self._algorithms[alg_name]
        except KeyError as error:
            if not has_crypto and alg_name in requires_cryptography:
                raise NotImplementedError(
                    f"Algorithm '{alg_name}' could not be found. "
                    "Do you have cryptography installed?"
                ) from error
            raise NotImplementedError("Algorithm not supported") from error

    def encode(
        self,
        payload: bytes,
        key: AllowedPrivateKeys | PyJWK | str | bytes,
        algorithm: str | None = _ALGORITHM_UNSET,
        headers: dict[str, Any] | None = None,
        json_encoder: type[json.JSONEncoder] | None = None,
        is_payload_detached: bool = False,
        sort_headers: bool = True,
    ) -> str:
        """Sign bytes.

        Args:
            payload: What is signed.
            key: A secret, a private key in PEM, a key object of `cryptography` or a `PyJWK`.
            algorithm: The algorithm; by default that of the `PyJWK`, else HS256.
            headers: More header parameters. ``alg`` overrides the algorithm, an empty ``typ``
                leaves ``typ`` out, ``b64: False`` detaches the payload.
            json_encoder: How the header is written.
            is_payload_detached: Whether the payload is left out of the token (RFC 7797).
            sort_headers: Whether the header parameters are sorted by name.
        """
        name = _algorithm_to_sign_with(algorithm, key, headers)
        detached = is_payload_detached or (headers or {}).get("b64") is False
        if detached or json_encoder is not None:
            header = self._write_header(name, headers, json_encoder, detached, sort_headers)
        else:
            header = self._written_header(name, headers, sort_headers)
        body = payload if detached else base64url_encode(payload)
        message = header + b"." + body
        signature = _native.b64url_encode(self._sign(message, name, key))
        return b".".join((header, b"" if detached else body, signature)).decode("ascii")

    def decode_complete(
        self,
        jwt: str | bytes,
        key: AllowedPublicKeys | PyJWK | str | bytes = "",
        algorithms: Sequence[str] | None = None,
        options: SigOptions | None = None,
        detached_payload: bytes | None = None,
        **kwargs: dict[str, Any],
    ) -> dict[str, Any]:
        """Verify a token and return ``payload`` (bytes), ``header`` and ``signature``.

        Args:
            jwt: The token.
            key: A secret, a public key in PEM or SSH form, a key object or a `PyJWK`.
            algorithms: The algorithms to accept; may be left out with a `PyJWK` only.
            options: What differs from the options of this instance.
            detached_payload: The payload of a token that does not contain it (RFC 7797).
            **kwargs: Ignored, with a warning.
        """
        if kwargs:
            _warn_about_kwargs("decode_complete", kwargs)
        merged = self._merge_options(options)
        verify = merged["verify_signature"]
        if verify and not algorithms and not isinstance(key, PyJWK):
            raise DecodeError(
                "It is required that you pass in a value for the "
                '"algorithms" argument when calling decode().'
            )
        payload, message, header, signature = self._load(jwt)
        self._validate_headers(header)
        if header.get("b64", True) is False:
            payload = _detached(header, detached_payload)
            message = message.rpartition(b".")[0] + b"." + payload
        elif detached_payload is not None:
            raise DecodeError(
                'It is only valid to pass "detached_payload" when the protected header has '
                '"b64" set to false.'
            )
        if verify:
            self._verify_signature(message, header, signature, key, algorithms, merged)
        return {"payload": payload, "header": header, "signature": signature}

    def decode(
        self,
        jwt: str | bytes,
        key: AllowedPublicKeys | PyJWK | str | bytes = "",
        algorithms: Sequence[str] | None = None,
        options: SigOptions | None = None,
        detached_payload: bytes | None = None,
        **kwargs: dict[str, Any],
    ) -> Any:
        """Verify a token and return its payload; the arguments are those of `decode_complete`."""
        if kwargs:
            _warn_about_kwargs("decode", kwargs)
        return self.decode_complete(jwt, key, algorithms, options, detached_payload)["payload"]

    def get_unverified_header(self, jwt: str | bytes) -> dict[str, Any]:
        """Read the header of a token, which anybody may have written."""
        header = self._load(jwt)[2]
        self._validate_headers(header)
        return header

    def open_plain(
        self, token: object, key: object, algorithms: Sequence[str] | None
    ) -> dict[str, Any] | None:
        """Verify a token whose header and key were verified together before.

        This is the short way for what servers do all day. It accepts nothing that
        `decode_complete` does not accept; whatever is not plain is left to that.

        Returns:
            The claims, or None if the long way must be taken.

        Raises:
            InvalidSignatureError: The signature is not the key's.
        """
        if type(token) is str:
            if not token.isascii():
                return None
            token = token.encode()
        elif type(token) is not bytes:
            return None
        message, _, crypto = token.rpartition(b".")
        head, dot, body = message.partition(b".")
        if not dot:
            return None
        place = key if type(key) is str or type(key) is bytes else id(key)
        plain = self._plain.entries.get((head, place))
        if plain is None:
            return None
        name, verify, _, of_jwk = plain
        if of_jwk is not None and type(key) is PyJWK:
            if key.key is not of_jwk or key.algorithm_name != name:
                return None
            if algorithms is not None and name not in algorithms:
                return None
        elif algorithms is None or name not in algorithms:
            return None
        try:
            payload = _native.b64url_decode(body)
            if not verify(message, _native.b64url_decode(crypto)):
                raise InvalidSignatureError("Signature verification failed")
            claims = _native.loads(payload)
        except ValueError:
            return None
        return claims if type(claims) is dict else None

    def _load(self, jwt: str | bytes) -> tuple[bytes, bytes, dict[str, Any], bytes]:
        """Take a token apart: payload, signed message, header, signature."""
        token = jwt.encode("utf-8", "surrogatepass") if isinstance(jwt, str) else jwt
        if not isinstance(token, bytes):
            raise DecodeError(f"Invalid token type. Token must be a {bytes}")
        try:
            message, crypto_segment = token.rsplit(b".", 1)
            header_segment, payload_segment = message.split(b".", 1)
        except ValueError as error:
            raise DecodeError("Not enough segments") from error
        header = _read_header(self._decode_base64url_segment(header_segment, "header"))
        if header.get("b64", True) is not False:
            payload = self._decode_base64url_segment(payload_segment, "payload")
        elif payload_segment:
            # Refused before any work is done for it.
            raise DecodeError("Payload segment must be empty when 'b64' is false.")
        else:
            payload = b""
        signature = self._decode_base64url_segment(crypto_segment, "crypto")
        return payload, message, header, signature

    @staticmethod
    def _decode_base64url_segment(segment: bytes, name: str) -> bytes:
        """Decode a segment: the one spelling of its bytes, or that with correct padding."""
        unpadded = segment.rstrip(b"=")
        if unpadded != segment and len(segment) % 4:
            raise DecodeError(f"Invalid {name} padding")
        try:
            return _native.b64url_decode(unpadded)
        except ValueError as error:
            raise DecodeError(f"Invalid {name} padding") from error

    def _verify_signature(
        self,
        signing_input: bytes,
        header: dict[str, Any],
        signature: bytes,
        key: AllowedPublicKeys | PyJWK | str | bytes = "",
        algorithms: Sequence[str] | None = None,
        options: SigOptions | None = None,
    ) -> None:
        name = _allowed_algorithm(header, key, algorithms)
        if isinstance(key, PyJWK):
            algorithm, source = key.Algorithm, key.key
        else:
            source = key
            try:
                algorithm = self.get_algorithm_by_name(name)
            except NotImplementedError as error:
                raise InvalidAlgorithmError("Algorithm not supported") from error
        ready = self._prepared(algorithm, source, signing=False)
        _check_length(ready, self._merge_options(options))
        if ready.native is not None:
            valid = ready.native.verify(signing_input, signature)
        else:
            valid = algorithm.verify(signing_input, ready.key, signature)
        if not valid:
            raise InvalidSignatureError("Signature verification failed")
        if (
            ready.native is not None
            and ready.too_short is None
            and header.keys().isdisjoint(_CAREFUL)
        ):
            material = key.key if isinstance(key, PyJWK) else None
            plain = _Plain(name, ready.native.verify, key, material)
            self._plain.put((signing_input.partition(b".")[0], _place(key)), plain)

    def _validate_headers(self, headers: dict[str, Any], *, encoding: bool = False) -> None:
        if "kid" in headers:
            self._validate_kid(headers["kid"])
        if not encoding and "crit" in headers:
            self._validate_crit(headers)

    def _validate_kid(self, kid: Any) -> None:
        if not isinstance(kid, str):
            raise InvalidTokenError("Key ID header parameter must be a string")

    def _validate_crit(self, headers: dict[str, Any]) -> None:
        """Refuse extensions that the sender requires and that are not known (RFC 7515 4.1.11)."""
        crit = headers["crit"]
        if not isinstance(crit, list) or not crit:
            raise InvalidTokenError("Invalid 'crit' header: must be a non-empty list")
        for ext in crit:
            if not isinstance(ext, str):
                raise InvalidTokenError("Invalid 'crit' header: values must be strings")
            if ext not in self._supported_crit:
                raise InvalidTokenError(f"Unsupported critical extension: {ext}")
            if ext not in headers:
                raise InvalidTokenError(f"Critical extension '{ext}' is missing from headers")

    def _sign(self, message: bytes, name: str, key: Any) -> bytes:
        algorithm = self.get_algorithm_by_name(name)
        source = key.key if isinstance(key, PyJWK) else key
        ready = self._prepared(algorithm, source, signing=True)
        _check_length(ready, self.options)
        if ready.native is not None:
            return ready.native.sign(message)
        return algorithm.sign(message, ready.key)

    def _prepared(self, algorithm: Algorithm, source: Any, *, signing: bool) -> _Ready:
        """Have an algorithm prepare a key, once."""
        cache = self._signing if signing else self._verifying
        place = (id(algorithm), _place(source))
        ready = cache.entries.get(place)
        if ready is not None:
            return ready
        key = algorithm.prepare_key(source)
        built_in = type(algorithm) in _BUILT_IN
        native = _native_key(algorithm, key, signing) if built_in else None
        ready = _Ready(algorithm, source, key, native, algorithm.check_key_length(key))
        if built_in:
            cache.put(place, ready)
        return ready

    def _written_header(
        self, name: str, headers: dict[str, Any] | None, sort_headers: bool
    ) -> bytes:
        """Write a header, or find it written: without parameters, or with a ``kid`` only."""
        if not headers:
            kid = None
        elif len(headers) == 1 and type(headers.get("kid")) is str:
            kid = headers["kid"]
        else:
            return self._write_header(name, headers, None, False, sort_headers)
        place = (name, self.header_typ, kid, sort_headers)
        written = self._written_headers.entries.get(place)
        if written is None:
            written = self._write_header(name, headers, None, False, sort_headers)
            self._written_headers.put(place, written)
        return written

    def _write_header(
        self,
        name: str,
        headers: dict[str, Any] | None,
        json_encoder: type[json.JSONEncoder] | None,
        detached: bool,
        sort_headers: bool,
    ) -> bytes:
        header: dict[str, Any] = {"typ": self.header_typ, "alg": name}
        if headers:
            self._validate_headers(headers, encoding=True)
            header.update(headers)
        header["alg"] = name
        if not header["typ"]:
            del header["typ"]
        if detached:
            header["b64"] = False
            header["crit"] = _crit_with_b64(header.get("crit", []))
        else:
            header.pop("b64", None)
        return _native.b64url_encode(dumps(header, json_encoder, sort_headers))


def _algorithm_to_sign_with(
    algorithm: str | None, key: object, headers: dict[str, Any] | None
) -> str:
    if headers and headers.get("alg"):
        named: str = headers["alg"]
        return named
    if isinstance(key, PyJWK) and (algorithm is None or algorithm is _ALGORITHM_UNSET):
        return key.algorithm_name
    if algorithm is _ALGORITHM_UNSET:
        return "HS256"
    return "none" if algorithm is None else algorithm


def _allowed_algorithm(
    header: dict[str, Any], key: object, algorithms: Sequence[str] | None
) -> str:
    """Decide by the program's list, and by the key's own algorithm, never by the token alone."""
    if "alg" not in header:
        raise InvalidAlgorithmError("Algorithm not specified")
    name = header["alg"]
    if algorithms is None and isinstance(key, PyJWK):
        algorithms = [key.algorithm_name]
    if not isinstance(name, str) or not name or (algorithms is not None and name not in algorithms):
        raise InvalidAlgorithmError("The specified alg value is not allowed")
    if isinstance(key, PyJWK) and name != key.algorithm_name:
        raise InvalidAlgorithmError(
            f"Token algorithm {name!r} does not match the key's algorithm {key.algorithm_name!r}"
        )
    return name


def _read_header(data: bytes) -> dict[str, Any]:
    try:
        header = loads(data)
    except (ValueError, RecursionError) as error:
        raise DecodeError(f"Invalid header string: {error}") from error
    if not isinstance(header, dict):
        raise DecodeError("Invalid header string: must be a json object")
    return header


def _detached(header: dict[str, Any], payload: bytes | None) -> bytes:
    """Take the payload that the program passes, for a header with ``b64: false``."""
    if "b64" not in header.get("crit", []):
        raise InvalidTokenError("The 'b64' header parameter requires 'b64' to be listed in 'crit'.")
    if payload is None:
        raise DecodeError(
            "It is required that you pass in a value for the "
            '"detached_payload" argument to decode a message having the b64 header set to false.'
        )
    return payload


def _crit_with_b64(crit: object) -> list[str]:
    if not isinstance(crit, list):
        raise InvalidTokenError("Invalid 'crit' header: must be a list")
    return crit if "b64" in crit else [*crit, "b64"]


def _native_key(algorithm: Any, key: Any, signing: bool) -> _native.RawKey | None:
    if isinstance(algorithm, HMACAlgorithm):
        return algorithm.native_key(key)
    found: _native.RawKey | None
    found = algorithm.native_signer(key) if signing else algorithm.native_verifier(key)
    return found


def _place(key: object) -> object:
    """Say where a key is kept: text by its value, an object by its identity."""
    return key if type(key) is str or type(key) is bytes else id(key)


def _check_length(ready: _Ready, options: SigOptions) -> None:
    if ready.too_short is None:
        return
    if options.get("enforce_minimum_key_length", False):
        raise InvalidKeyError(ready.too_short)
    warn_caller(ready.too_short, InsecureKeyLengthWarning)


def _warn_about_kwargs(function: str, kwargs: dict[str, Any]) -> None:
    warn_caller(
        f"passing additional kwargs to {function}() is deprecated "
        "and will be removed in pyjwt version 3. "
        f"Unsupported kwargs: {tuple(kwargs.keys())}",
        RemovedInPyjwt3Warning,
    )


_jws_global_obj = PyJWS()
encode = _jws_global_obj.encode
decode_complete = _jws_global_obj.decode_complete
decode = _jws_global_obj.decode
register_algorithm = _jws_global_obj.register_algorithm
unregister_algorithm = _jws_global_obj.unregister_algorithm
get_algorithm_by_name = _jws_global_obj.get_algorithm_by_name
get_unverified_header = _jws_global_obj.get_unverified_header
