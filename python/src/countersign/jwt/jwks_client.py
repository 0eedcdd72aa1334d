"""Fetch the keys of an issuer from its JWKS endpoint, and keep them."""

from __future__ import annotations

import json
import math
import threading
import time
import urllib.request
from functools import lru_cache
from http.client import HTTPException
from ssl import SSLContext
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlparse

from .api_jwk import PyJWK, PyJWKSet
from .api_jwt import decode_complete as decode_token
from .exceptions import PyJWKClientConnectionError, PyJWKClientError
from .jwk_set_cache import JWKSetCache

__all__ = ["PyJWKClient"]


class _NoRedirectHandler(urllib.request.HTTPRedirectHandler):
    """Make a redirect an error: whoever it leads to must not become a source of keys."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: Any,
        code: int,
        msg: str,
        headers: Any,
        newurl: str,
    ) -> urllib.request.Request | None:
        return None


class PyJWKClient:
    """Find the key of a token among those that its issuer publishes."""

    def __init__(
        self,
        uri: str,
        cache_keys: bool = False,
        max_cached_keys: int = 16,
        cache_jwk_set: bool = True,
        lifespan: float = 300,
        headers: dict[str, Any] | None = None,
        timeout: float = 30,
        ssl_context: SSLContext | None = None,
        cooldown_duration: float = 30,
    ) -> None:
        """Prepare a client; it fetches on first use.

        Args:
            uri: Where the set is: an ``http`` or ``https`` URL. Redirects are not followed.
            cache_keys: Whether keys that were found are kept by their ``kid``, without an end.
            max_cached_keys: How many of them.
            cache_jwk_set: Whether the set is kept.
            lifespan: For how many seconds.
            headers: Headers of the request.
            timeout: Seconds until a request fails.
            ssl_context: How TLS is checked.
            cooldown_duration: Seconds after a fetch during which an unknown ``kid`` does not
                cause another one. Anybody can send a token with an unknown ``kid``.

        Raises:
            PyJWKClientError: The scheme, the lifespan or the cooldown is not possible.
        """
        _check_scheme(uri)
        _check_cooldown(cooldown_duration)
        if cache_jwk_set and lifespan <= 0:
            raise PyJWKClientError(f'Lifespan must be greater than 0, the input is "{lifespan}"')
        self.uri = uri
        self.headers = {} if headers is None else headers
        self.timeout = timeout
        self.ssl_context = ssl_context
        self.cooldown_duration = cooldown_duration
        self.jwk_set_cache = JWKSetCache(lifespan) if cache_jwk_set else None
        self._last_successful_fetch: float | None = None
        self._refresh_lock = threading.Lock()
        if cache_keys:
            cached = lru_cache(maxsize=max_cached_keys)(self.get_signing_key)
            # Shadows the method, so that a subclass may override that, too.
            self.get_signing_key = cached  # type: ignore[method-assign]

    def fetch_data(self) -> Any:
        """Fetch the set from the endpoint. A subclass may change it; the result is what is kept.

        Raises:
            PyJWKClientConnectionError: The endpoint could not be read, or redirects.
            PyJWKClientError: It did not answer with a JSON object.
        """
        data = self._as_jwk_set_payload(self._read())
        self._last_successful_fetch = time.monotonic()
        return data

    def get_jwk_set(self, refresh: bool = False) -> PyJWKSet:
        """Return the set: the kept one, unless it is too old or a refresh is asked for."""
        if self.jwk_set_cache is not None and not refresh:
            kept = self.jwk_set_cache.get()
            if kept is not None:
                return kept
        jwk_set = PyJWKSet.from_dict(self._as_jwk_set_payload(self.fetch_data()))
        if self.jwk_set_cache is not None:
            self.jwk_set_cache.put(jwk_set)
        return jwk_set

    def get_signing_keys(self, refresh: bool = False) -> list[PyJWK]:
        """Return the keys that are for signatures and have a ``kid``.

        Raises:
            PyJWKClientError: There are none.
        """
        return self._get_signing_keys_from_jwk_set(self.get_jwk_set(refresh))

    def get_signing_key(self, kid: str) -> PyJWK:
        """Return the key with this ``kid``, fetching once more if it is not among the kept ones.

        Raises:
            PyJWKClientError: There is no such key.
        """
        key = self.match_kid(self.get_signing_keys(), kid)
        if key is None:
            key = self.match_kid(self._refreshed_signing_keys(), kid)
        if key is None:
            raise PyJWKClientError(f'Unable to find a signing key that matches: "{kid}"')
        return key

    def get_signing_key_from_jwt(self, token: str | bytes) -> PyJWK:
        """Return the key that the token names in its ``kid``. Nothing is verified here."""
        unverified = decode_token(token, options={"verify_signature": False})
        kid: Any = unverified["header"].get("kid")
        return self.get_signing_key(kid)

    @staticmethod
    def match_kid(signing_keys: list[PyJWK], kid: str) -> PyJWK | None:
        """Find the first key with this ``kid``."""
        return next((key for key in signing_keys if key.key_id == kid), None)

    def _read(self) -> Any:
        request = urllib.request.Request(url=self.uri, headers=self.headers)  # noqa: S310
        handlers: list[urllib.request.BaseHandler] = [_NoRedirectHandler()]
        if self.ssl_context is not None:
            handlers.append(urllib.request.HTTPSHandler(context=self.ssl_context))
        opener = urllib.request.build_opener(*handlers)
        try:
            with opener.open(request, timeout=self.timeout) as response:
                body = response.read()
        except (OSError, HTTPException) as error:
            if isinstance(error, HTTPError):
                error.close()
            raise PyJWKClientConnectionError(
                f'Fail to fetch data from the url, err: "{error}"'
            ) from error
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise PyJWKClientError("The JWKS endpoint did not return a JSON object") from error

    def _refreshed_signing_keys(self) -> list[PyJWK]:
        """Fetch once for all who miss a key at the same time, and not again too soon."""
        with self._refresh_lock:
            return self.get_signing_keys(refresh=not self._cools_down())

    def _cools_down(self) -> bool:
        last = self._last_successful_fetch
        return (
            self.jwk_set_cache is not None
            and last is not None
            and time.monotonic() - last < self.cooldown_duration
        )

    @staticmethod
    def _as_jwk_set_payload(data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise PyJWKClientError("The JWKS endpoint did not return a JSON object")
        return data

    @staticmethod
    def _get_signing_keys_from_jwk_set(jwk_set: PyJWKSet) -> list[PyJWK]:
        keys = [key for key in jwk_set if key.public_key_use in ("sig", None) and key.key_id]
        if not keys:
            raise PyJWKClientError("The JWKS endpoint did not contain any signing keys")
        return keys


def _check_scheme(uri: str) -> None:
    """Refuse what `urllib` would read from files and other protocols."""
    scheme = urlparse(uri).scheme.lower()
    if scheme not in ("http", "https"):
        raise PyJWKClientError(
            f"Invalid JWKS URI scheme {scheme!r}: only 'http' and 'https' are supported."
        )


def _check_cooldown(cooldown_duration: float) -> None:
    if not math.isfinite(cooldown_duration):
        raise PyJWKClientError(
            f'Cooldown duration must be finite, the input is "{cooldown_duration}"'
        )
    if cooldown_duration < 0:
        raise PyJWKClientError(
            "Cooldown duration must be greater than or equal to 0, "
            f'the input is "{cooldown_duration}"'
        )
