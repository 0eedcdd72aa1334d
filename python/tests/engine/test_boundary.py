"""Anything at all may be given, and nothing but our exceptions comes back."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from countersign import (
    ConfigurationError,
    Countersign,
    CountersignError,
    Origin,
    Principal,
    Rates,
    TokenError,
    operations,
)
from countersign.events import KINDS
from countersign.testing import Clock, TokenFactory, in_memory
from tests.engine.support import CHEAP, ISSUER

OPERATIONS = sorted(set(operations.__all__) - {"Operation", "awaitable", "blocking"})


class Text(str):
    __slots__ = ()

    def encode(self, *_: Any) -> bytes:
        raise AssertionError("no code of a subclass runs")


class Hostile:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __str__(self) -> str:
        raise RuntimeError("str")

    def __eq__(self, _: object) -> bool:
        raise RuntimeError("eq")

    __hash__ = None  # type: ignore[assignment]


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


any_text = st.text(st.characters())  # surrogates included
texts = st.one_of(
    any_text,
    any_text.map(Text),
    st.sampled_from(["ada", "correct horse battery staple", "\ud800", "a" * 70_000, "é" * 3_000]),
)
any_object = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), st.timedeltas(),
    st.binary(), st.binary().map(bytearray), st.binary().map(lambda data: memoryview(data)),
    texts, st.lists(texts), st.sets(any_text), st.lists(st.none()), st.tuples(texts),
    st.dictionaries(any_text, st.integers() | any_text), st.dictionaries(st.integers(), st.none()),
    st.sampled_from([10**5000, -(10**30), 2**63, 2**64, float("nan"), float("inf"), timedelta.max]),
    st.sampled_from([nested(50), object, Hostile(), Origin(), Origin(address="x")]),
)  # fmt: skip


def many(times: int) -> settings:
    """So many examples; more of them in a long run."""
    examples = int(os.environ.get("COUNTERSIGN_FUZZ_EXAMPLES", "250")) // 5
    checks = [HealthCheck.too_slow]
    return settings(max_examples=times * examples, deadline=None, suppress_health_check=checks)


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def auth(clock: Clock) -> Iterator[Countersign]:
    auth = Countersign("sqlite:///a.db", issuer=ISSUER, audience="api", **CHEAP)
    with in_memory(auth, clock):
        yield auth


@pytest.fixture(scope="module")
def ada(auth: Countersign, clock: Clock) -> Principal:
    return auth.authenticate(TokenFactory(auth, clock).good())


def tried(call: Any, *args: Any, **kwargs: Any) -> Any:
    """The answer, or the refusal; any other exception fails the test."""
    try:
        answer = call(*args, **kwargs)
        return asyncio.run(answer) if inspect.iscoroutine(answer) else answer
    except CountersignError as refusal:
        assert refusal.code
        assert refusal.body["error"]
        assert refusal.status >= 400
        return refusal


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation(auth: Countersign, ada: Principal, name: str) -> None:
    described = inspect.signature(getattr(operations, name))

    @many(1)
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        values = {
            parameter.name: data.draw(
                st.just(ada) if parameter.name in ("principal", "proof") else any_object
            )
            for parameter in described.parameters.values()
            if parameter.default is parameter.empty or data.draw(st.booleans())
        }
        wrong = data.draw(st.sampled_from([*values, None]))
        if wrong is not None:
            values[wrong] = data.draw(any_object)
        tried(getattr(auth, data.draw(st.sampled_from([name, f"a{name}"]))), **values)

    holds()


def test_what_is_nested_too_deep(auth: Countersign, ada: Principal) -> None:
    deep = nested(100_000)
    for refused in (
        tried(auth.login, deep, deep),
        tried(auth.set_claims, "ada", {"deep": deep}),
        tried(auth.start_session, "ada", claims={"deep": deep}),
        tried(auth.authenticate, deep),
        tried(auth.authorize, deep),
        tried(auth.require, ada, scopes=deep),
        tried(Countersign, deep, issuer=ISSUER, audience=deep),
    ):
        assert isinstance(refused, CountersignError)


@many(5)
@given(any_object)
@example("." * 20_000)
@example(b"a.b.c")
def test_any_token(auth: Countersign, token: Any) -> None:
    assert isinstance(tried(auth.authenticate, token), TokenError)


@many(5)
@given(st.lists(any_object, max_size=3) | any_object)
@example(["Bearer \ud800"])
@example([b"Bearer " + b"a" * 100_000])
def test_any_header(auth: Countersign, fields: Any) -> None:
    assert isinstance(tried(auth.authorize, fields), CountersignError)


@many(5)
@given(any_object, any_object, any_object, any_object)
def test_any_requirement(
    auth: Countersign, ada: Principal, scopes: Any, roles: Any, age: Any, principal: Any
) -> None:
    tried(auth.require, ada, scopes=scopes, roles=roles, max_auth_age=age)
    assert isinstance(tried(auth.require, principal, scopes=scopes), ConfigurationError)


@many(5)
@given(any_object, any_object, any_object, any_object)
def test_any_limit(auth: Countersign, rates: Any, name: Any, key: Any, forwarded: Any) -> None:
    assert isinstance(tried(auth.limit, rates, name=name, key=key), ConfigurationError)
    tried(auth.limit, Rates("5 per minute"), name=name, key=key)
    tried(auth.client_address, key, forwarded)
    tried(auth.network, key)
    tried(Rates, rates)


@many(5)
@given(st.data())
def test_any_request(auth: Countersign, data: st.DataObject) -> None:
    routes = auth.routes("/auth")
    good = ["POST", "/auth/login", b"", [(b"content-type", b"application/json")], b"{}", None]
    strange = [data.draw(st.just(part) | any_object) for part in good]
    for handle in (routes.handle, routes.ahandle):
        answer = tried(handle, *strange)
        assert isinstance(answer, CountersignError) or 200 <= answer.status < 600


@many(5)
@given(any_object, any_object, any_object, any_object)
def test_any_configuration(url: Any, issuer: Any, audience: Any, setting: Any) -> None:
    for arguments in (
        {"url": url, "issuer": ISSUER, "audience": "api"},
        {"url": "sqlite:///a.db", "issuer": issuer, "audience": "api"},
        {"url": "sqlite:///a.db", "issuer": ISSUER, "audience": audience},
        *(
            {"url": "sqlite:///a.db", "issuer": ISSUER, "audience": "api", name: setting}
            for name in ("tokens_access_ttl", "master_key", "http_hsts", "http_trusted_proxies")
        ),
    ):
        tried(Countersign, **arguments)


@many(5)
@given(any_object, any_object)
def test_any_registration(auth: Countersign, kind: Any, function: Any) -> None:
    if not isinstance(kind, str) or kind not in KINDS:
        assert isinstance(tried(auth.on, kind), ConfigurationError)
    tried(auth.claims, function)
    tried(auth.accounts, function)
    tried(auth.routes, kind, function)
