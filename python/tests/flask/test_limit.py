from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from flask.views import MethodView
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from countersign import ConfigurationError, RateLimitedError
from countersign.flask import CountersignFlask
from countersign.testing import Clock, TokenFactory, in_memory
from tests.flask.conftest import bearer, engine


def hits(client: Any, path: str, times: int, **options: Any) -> list[int]:
    return [client.get(path, **options).status_code for _ in range(times)]


def test_too_many_requests(
    app: Flask, cs: CountersignFlask, client: FlaskClient, clock: Clock
) -> None:
    @app.get("/page")
    @cs.limit("2 per minute")
    def page() -> str:
        """A page."""
        return "page"

    assert hits(client, "/page", 3) == [200, 200, 429]
    answer = client.get("/page")
    assert answer.json is not None
    assert answer.json["error"] == "rate_limited"
    assert answer.headers["Retry-After"] == "30"
    assert answer.headers["RateLimit-Policy"].endswith(";q=2;w=60")
    assert ";r=0;t=30" in answer.headers["RateLimit"]
    assert page.__doc__ == "A page."
    clock.advance(30)
    assert hits(client, "/page", 2) == [200, 429]


def test_several_rates(app: Flask, cs: CountersignFlask, client: FlaskClient, clock: Clock) -> None:
    app.get("/page")(cs.limit("3/hour; 2/minute")(lambda: "page"))
    assert hits(client, "/page", 3) == [200, 200, 429]
    clock.advance(60)
    assert hits(client, "/page", 2) == [200, 429]


@pytest.mark.parametrize("rates", ["", "often", "0 per minute", "5 per fortnight", "-1/day"])
def test_bad_rates_are_an_error_where_they_are_written(cs: CountersignFlask, rates: str) -> None:
    with pytest.raises(ConfigurationError):
        cs.limit(rates)


@pytest.mark.parametrize("key", ["ip", None, 7])
def test_so_is_a_bad_key(cs: CountersignFlask, key: Any) -> None:
    with pytest.raises(ConfigurationError, match="'address', 'user', 'both'"):
        cs.limit("5/minute", key=key)


def test_an_async_key_is_refused(cs: CountersignFlask) -> None:
    async def key() -> str:
        return "x"

    with pytest.raises(ConfigurationError, match="a plain function"):
        cs.limit("5/minute", key=key)  # type: ignore[arg-type]


def test_addresses_have_their_own_budgets(
    app: Flask, cs: CountersignFlask, client: FlaskClient
) -> None:
    app.get("/page")(cs.limit("1 per minute")(lambda: "page"))

    def from_(address: str) -> int:
        return client.get("/page", environ_base={"REMOTE_ADDR": address}).status_code

    assert [from_("203.0.113.1"), from_("203.0.113.2"), from_("203.0.113.1")] == [200, 200, 429]
    # One host has a /64 to itself.
    assert [from_("2001:db8::1"), from_("2001:db8::2"), from_("2001:db8:0:1::1")] == [200, 429, 200]
    # A socket without addresses is one bucket.
    assert [from_(""), from_("")] == [200, 429]


def test_forwarded_for_counts_from_trusted_proxies_only(app: Flask) -> None:
    auth = engine(http_trusted_proxies=["10.0.0.1"])
    cs = CountersignFlask(app, auth)
    app.get("/page")(cs.limit("1 per minute")(lambda: "page"))

    def status(peer: str, client: str) -> int:
        return (
            app.test_client()
            .get("/page", environ_base={"REMOTE_ADDR": peer}, headers={"X-Forwarded-For": client})
            .status_code
        )

    with in_memory(auth):
        assert [status("10.0.0.1", f"192.0.2.{n}") for n in (1, 2, 1)] == [200, 200, 429]
        assert [status("10.0.0.9", f"192.0.2.{n}") for n in (1, 2)] == [200, 429]


def test_behind_proxy_fix_the_address_is_what_it_says(app: Flask, cs: CountersignFlask) -> None:
    app.get("/page")(cs.limit("1 per minute")(lambda: "page"))
    client = Client(ProxyFix(app))

    def status(forwarded: str) -> int:
        return client.get("/page", headers={"X-Forwarded-For": forwarded}).status_code

    # What stands left of the proxy's own entry anybody could have written.
    assert [status("1.1.1.1, 192.0.2.1"), status("2.2.2.2, 192.0.2.1")] == [200, 429]
    assert status("192.0.2.2") == 200


def test_by_user(
    app: Flask, cs: CountersignFlask, client: FlaskClient, tokens: TokenFactory
) -> None:
    app.get("/page")(cs.required(cs.limit("1 per minute", key="user")(lambda: "page")))
    ada, bob = bearer(tokens.good("ada")), bearer(tokens.good("bob"))
    assert hits(client, "/page", 2, headers=ada) == [200, 429]
    assert hits(client, "/page", 2, headers=bob) == [200, 429]
    # Another token and another address are the same user.
    elsewhere = {"REMOTE_ADDR": "203.0.113.7"}
    again = bearer(tokens.good("ada"))
    assert hits(client, "/page", 1, headers=again, environ_base=elsewhere) == [429]


def test_by_user_above_required_is_the_same(
    app: Flask, cs: CountersignFlask, client: FlaskClient, tokens: TokenFactory
) -> None:
    app.get("/page")(cs.limit("1 per minute", key="user")(cs.required(lambda: "page")))
    assert hits(client, "/page", 2, headers=bearer(tokens.good("ada"))) == [200, 429]
    assert hits(client, "/page", 2, headers=bearer(tokens.good("bob"))) == [200, 429]
    # Without a user it is the address, and what is wrong with the token is the view's business.
    assert hits(client, "/page", 1) == [401]
    assert hits(client, "/page", 1, headers=bearer(tokens.expired())) == [429]


def test_by_both(
    app: Flask, cs: CountersignFlask, client: FlaskClient, tokens: TokenFactory
) -> None:
    app.get("/page")(cs.required(cs.limit("1 per minute", key="both")(lambda: "page")))

    def status(user: str, address: str) -> int:
        headers, peer = bearer(tokens.good(user)), {"REMOTE_ADDR": address}
        return client.get("/page", headers=headers, environ_base=peer).status_code

    assert [status("ada", "192.0.2.1"), status("ada", "192.0.2.1")] == [200, 429]
    assert [status("ada", "192.0.2.2"), status("bob", "192.0.2.1")] == [200, 200]


def test_by_a_function(app: Flask, cs: CountersignFlask, client: FlaskClient) -> None:
    @app.before_request
    def tenant() -> None:
        from flask import request

        g.tenant = request.args.get("tenant")

    app.get("/page")(cs.limit("1 per minute", key=lambda: g.tenant)(lambda: "page"))
    assert hits(client, "/page?tenant=a", 2) == [200, 429]
    assert hits(client, "/page?tenant=b", 1) == [200]
    # Not counted.
    assert hits(client, "/page", 3) == [200] * 3


def test_views_share_a_budget_by_name(
    app: Flask, cs: CountersignFlask, client: FlaskClient
) -> None:
    for name in ("a", "b"):
        app.get(f"/own/{name}", endpoint=f"own-{name}")(cs.limit("1/day")(lambda: "x"))
        shared = cs.limit("1/day", name="exports")
        app.get(f"/shared/{name}", endpoint=f"shared-{name}")(shared(lambda: "x"))
    assert hits(client, "/own/a", 1) + hits(client, "/own/b", 1) == [200, 200]
    assert hits(client, "/shared/a", 1) + hits(client, "/shared/b", 1) == [200, 429]


def test_before_every_request(app: Flask, cs: CountersignFlask, client: FlaskClient) -> None:
    everything = cs.limit("2 per minute", name="everything")
    app.before_request(everything.check)
    app.get("/a", endpoint="a")(lambda: "a")
    app.get("/b", endpoint="b")(lambda: "b")
    assert hits(client, "/a", 1) + hits(client, "/b", 2) == [200, 200, 429]


def test_within_a_view(app: Flask, cs: CountersignFlask, client: FlaskClient) -> None:
    @app.get("/page")
    def page() -> str:
        try:
            cs.limit("1 per minute").check()
        except RateLimitedError as refusal:
            return f"in {refusal.retry_after}"
        return "page"

    assert [client.get("/page").text for _ in range(2)] == ["page", "in 60"]


def test_where_no_view_is(app: Flask, cs: CountersignFlask, client: FlaskClient) -> None:
    app.before_request(cs.limit("1 per minute").check)
    assert hits(client, "/nothing", 2) == [404, 429]


def test_async_views_and_methods(app: Flask, cs: CountersignFlask, client: FlaskClient) -> None:
    class Page(MethodView):
        @cs.limit("1 per minute")
        async def get(self) -> str:
            return "page"

        @cs.limit("1 per minute")
        def post(self) -> str:
            return "page"

    app.add_url_rule("/page", view_func=Page.as_view("page"))
    assert client.head("/page").status_code == 200
    assert hits(client, "/page", 1) == [429]
    assert [client.post("/page").status_code for _ in range(2)] == [200, 429]
