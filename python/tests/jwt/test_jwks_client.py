"""`PyJWKClient` against a real HTTP server."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from countersign import jwt
from countersign.jwt.algorithms import ECAlgorithm
from countersign.jwt.jwk_set_cache import JWKSetCache
from countersign.jwt.jwks_client import _NoRedirectHandler

if TYPE_CHECKING:
    from .key_pairs import KeyPair

SECRET = "a secret of more than thirty-two bytes"


class Endpoint:
    """A JWKS endpoint: what it answers can be changed, and what it was asked is counted."""

    def __init__(self) -> None:
        self.status = 200
        self.body = b""
        self.headers: dict[str, str] = {}
        self.delay = 0.0
        self.requests: list[tuple[str, dict[str, str]]] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                endpoint.requests.append((self.path, dict(self.headers)))
                time.sleep(endpoint.delay)
                self.send_response(endpoint.status)
                for name, value in endpoint.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                with contextlib.suppress(OSError):  # the client has gone
                    self.wfile.write(endpoint.body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/jwks.json"

    def publish(self, *jwks: dict[str, Any]) -> None:
        self.body = json.dumps({"keys": jwks}).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    running = Endpoint()
    yield running
    running.close()


@pytest.fixture(scope="session")
def jwk(key_pairs: dict[str, KeyPair]) -> dict[str, Any]:
    members = ECAlgorithm.to_jwk(key_pairs["ES256"].public, as_dict=True)
    return members | {"kid": "first", "use": "sig", "alg": "ES256"}


def token(key_pairs: dict[str, KeyPair], kid: str = "first") -> str:
    private = key_pairs["ES256"].private
    return jwt.encode({"sub": "ann"}, private, algorithm="ES256", headers={"kid": kid})


def test_key_of_a_token_is_found(
    endpoint: Endpoint, jwk: dict[str, Any], key_pairs: dict[str, KeyPair]
) -> None:
    endpoint.publish(jwk)
    client = jwt.PyJWKClient(endpoint.url, headers={"X-Api-Key": "letmein"})
    signed = token(key_pairs)
    for _ in range(3):
        key = client.get_signing_key_from_jwt(signed)
        assert jwt.decode(signed, key, algorithms=["ES256"]) == {"sub": "ann"}
        assert jwt.decode(signed, key) == {"sub": "ann"}
        assert jwt.decode(signed, key.key, algorithms=["ES256"]) == {"sub": "ann"}
    assert len(endpoint.requests) == 1
    assert endpoint.requests[0][1]["X-Api-Key"] == "letmein"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_refused(endpoint: Endpoint, status: int) -> None:  # GHSA-9v7f-9g4p-ffgj
    endpoint.status = status
    endpoint.headers = {"Location": endpoint.url.replace("jwks", "elsewhere")}
    with pytest.raises(jwt.PyJWKClientConnectionError, match="Fail to fetch data from the url"):
        jwt.PyJWKClient(endpoint.url).fetch_data()
    assert [path for path, _ in endpoint.requests] == ["/jwks.json"]
    handler: Any = _NoRedirectHandler()
    assert handler.redirect_request(None, None, status, "", {}, "https://evil.test") is None
    assert isinstance(handler, urllib.request.HTTPRedirectHandler)


@pytest.mark.parametrize(
    "uri",
    [
        *("file:///etc/passwd", "ftp://example.org/x", "data:application/json,{}", "/etc/passwd"),
        *("", "jwks.json", "ldap://internal/x", "FILE:///etc/passwd"),
    ],
)
def test_other_schemes_are_refused(uri: str) -> None:  # CVE-2026-48522
    with pytest.raises(jwt.PyJWKClientError, match="Invalid JWKS URI scheme"):
        jwt.PyJWKClient(uri)


@pytest.mark.parametrize("uri", ["http://a.test/x", "https://a.test/x", "HTTPS://A.test/x"])
def test_http_and_https_are_accepted(uri: str) -> None:
    assert jwt.PyJWKClient(uri).uri == uri


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("lifespan", 0, "Lifespan must be greater than 0"),
        ("lifespan", -1, "Lifespan must be greater than 0"),
        ("cooldown_duration", -1, "greater than or equal to 0"),
        ("cooldown_duration", float("nan"), "must be finite"),
        ("cooldown_duration", float("inf"), "must be finite"),
    ],
)
def test_impossible_durations_are_refused(argument: str, value: float, message: str) -> None:
    options: Any = {argument: value}
    with pytest.raises(jwt.PyJWKClientError, match=message):
        jwt.PyJWKClient("https://a.test/", **options)


def test_failed_fetch_keeps_the_set(endpoint: Endpoint, jwk: dict[str, Any]) -> None:
    # CVE-2026-48524
    endpoint.publish(jwk)
    client = jwt.PyJWKClient(endpoint.url)
    kept = client.get_jwk_set()
    for status, body in ((500, b""), (200, b"<html>"), (200, b"[]"), (200, b'{"keys": []}')):
        endpoint.status, endpoint.body = status, body
        with pytest.raises((jwt.PyJWKClientError, jwt.PyJWKSetError)):
            client.get_jwk_set(refresh=True)
        assert client.get_jwk_set() is kept


def test_unknown_kid_does_not_cause_a_flood(
    endpoint: Endpoint, jwk: dict[str, Any], key_pairs: dict[str, KeyPair]
) -> None:  # GHSA-2gx3-rcp4-g85q
    endpoint.publish(jwk)
    client = jwt.PyJWKClient(endpoint.url)
    for number in range(5):
        with pytest.raises(jwt.PyJWKClientError, match="Unable to find a signing key"):
            client.get_signing_key_from_jwt(token(key_pairs, f"unknown-{number}"))
    assert len(endpoint.requests) == 1


def test_rotated_key_is_found_after_the_cooldown(
    endpoint: Endpoint, jwk: dict[str, Any], key_pairs: dict[str, KeyPair]
) -> None:
    endpoint.publish(jwk)
    client = jwt.PyJWKClient(endpoint.url, cooldown_duration=0.05)
    client.get_signing_key("first")
    endpoint.publish(jwk | {"kid": "second"})
    time.sleep(0.06)
    assert client.get_signing_key_from_jwt(token(key_pairs, "second")).key_id == "second"
    assert len(endpoint.requests) == 2


def test_many_misses_at_once_fetch_once(endpoint: Endpoint, jwk: dict[str, Any]) -> None:
    endpoint.publish(jwk)
    client = jwt.PyJWKClient(endpoint.url, cooldown_duration=5)
    client.get_jwk_set()
    client._last_successful_fetch = time.monotonic() - 6
    endpoint.publish(jwk | {"kid": "second"})
    endpoint.delay = 0.1
    found: list[jwt.PyJWK] = []
    threads = [
        threading.Thread(target=lambda: found.append(client.get_signing_key("second")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [key.key_id for key in found] == ["second"] * 8
    assert len(endpoint.requests) == 2


def test_without_a_cache_every_use_fetches(endpoint: Endpoint, jwk: dict[str, Any]) -> None:
    endpoint.publish(jwk)
    client = jwt.PyJWKClient(endpoint.url, cache_jwk_set=False, lifespan=-5)
    for _ in range(3):
        client.get_signing_key("first")
    assert len(endpoint.requests) == 3


def test_found_keys_can_be_kept(endpoint: Endpoint, jwk: dict[str, Any]) -> None:
    endpoint.publish(jwk)
    client = jwt.PyJWKClient(endpoint.url, cache_keys=True, cache_jwk_set=False)
    assert client.get_signing_key("first") is client.get_signing_key("first")
    assert len(endpoint.requests) == 1


def test_set_is_fetched_again_when_it_is_too_old(endpoint: Endpoint, jwk: dict[str, Any]) -> None:
    endpoint.publish(jwk)
    client = jwt.PyJWKClient(endpoint.url, lifespan=0.05)
    first = client.get_jwk_set()
    assert client.get_jwk_set() is first
    time.sleep(0.06)
    assert client.get_jwk_set() is not first


def test_overridden_fetch_decides_what_is_kept(endpoint: Endpoint, jwk: dict[str, Any]) -> None:
    class Client(jwt.PyJWKClient):
        def fetch_data(self) -> Any:
            data = super().fetch_data()
            return {"keys": [key for key in data["keys"] if key["kid"] != "first"]}

    endpoint.publish(jwk, jwk | {"kid": "second"})
    client = Client(endpoint.url)
    for _ in range(2):
        assert [key.key_id for key in client.get_signing_keys()] == ["second"]
    assert len(endpoint.requests) == 1


def test_only_keys_for_signatures_with_a_kid_are_used(
    endpoint: Endpoint, jwk: dict[str, Any]
) -> None:
    without_use = {name: jwk[name] for name in jwk if name != "use"} | {"kid": "no-use"}
    without_kid = {name: jwk[name] for name in jwk if name != "kid"}
    endpoint.publish(jwk, jwk | {"use": "enc", "kid": "enc"}, without_use, without_kid)
    client = jwt.PyJWKClient(endpoint.url)
    assert [key.key_id for key in client.get_signing_keys()] == ["first", "no-use"]
    endpoint.publish(jwk | {"use": "enc"})
    with pytest.raises(jwt.PyJWKClientError, match="did not contain any signing keys"):
        client.get_signing_keys(refresh=True)


def test_broken_connections_are_one_exception(endpoint: Endpoint) -> None:
    endpoint.headers = {"Content-Length": "1000"}
    endpoint.body = b"{"
    with pytest.raises(jwt.PyJWKClientConnectionError):
        jwt.PyJWKClient(endpoint.url, timeout=5).get_jwk_set()
    endpoint.headers, endpoint.delay = {}, 0.5
    with pytest.raises(jwt.PyJWKClientConnectionError, match="timed out"):
        jwt.PyJWKClient(endpoint.url, timeout=0.05).get_jwk_set()
    with pytest.raises(jwt.PyJWKClientConnectionError, match="refused"):
        jwt.PyJWKClient("http://127.0.0.1:1/").get_jwk_set()


def test_tls_context_is_used() -> None:
    import ssl

    context = ssl.create_default_context()
    client = jwt.PyJWKClient("https://a.test/", ssl_context=context)
    with (
        mock.patch("urllib.request.build_opener", side_effect=OSError("stop")) as build,
        pytest.raises(OSError, match="stop"),
    ):
        client.fetch_data()
    assert any(getattr(handler, "_context", None) is context for handler in build.call_args.args)


def test_cache_takes_sets_and_their_members_only(jwk: dict[str, Any]) -> None:
    cache = JWKSetCache(300)
    assert cache.get() is None
    cache.put({"keys": [jwk]})
    kept = cache.get()
    assert isinstance(kept, jwt.PyJWKSet)
    assert kept["first"].algorithm_name == "ES256"
    with pytest.raises(jwt.PyJWKSetError, match="Invalid JWK Set value"):
        cache.put("text")  # type: ignore[arg-type]
    assert cache.get() is kept
    cache.put(None)
    assert cache.get() is None
