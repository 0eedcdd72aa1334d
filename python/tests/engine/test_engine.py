"""Every operation, in both worlds, and what checks and limits answer."""

from __future__ import annotations

import asyncio
import inspect
import pickle
import re
from collections.abc import Coroutine
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeVar

import pytest

from countersign import (
    AccessDeniedError,
    ConfigurationError,
    ConflictError,
    Countersign,
    InsufficientScopeError,
    InvalidCredentialsError,
    InvalidGrantError,
    InvalidRequestError,
    Key,
    MalformedTokenError,
    MissingTokenError,
    NotFoundError,
    Origin,
    Principal,
    RateLimitedError,
    Rates,
    ReauthenticationRequiredError,
    RevokedTokenError,
    Session,
    Signer,
    TokenError,
    Tokens,
    User,
    UsernameTakenError,
    WeakPasswordError,
    operations,
)
from tests.engine.support import PASSWORD, make_engine

OTHER = "a quite different password"
OPERATIONS = sorted(set(operations.__all__) - {"Operation", "awaitable", "blocking"})
RUST = Path(__file__).parents[2] / "rust" / "src" / "host" / "call" / "mod.rs"

T = TypeVar("T")


def wait_for(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


def test_the_native_half_has_these_operations_and_no_others() -> None:
    names = re.findall(r'^ +"(\w+)" => ', RUST.read_text(), re.MULTILINE)
    assert sorted(names) == OPERATIONS


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_there_twice(engine: Countersign, name: str) -> None:
    described = inspect.signature(getattr(operations, name))
    for method_name in (name, f"a{name}"):
        method = getattr(engine, method_name)
        signature = inspect.signature(method)
        assert list(signature.parameters) == list(described.parameters)
        assert f"Operation[{signature.return_annotation}]" == described.return_annotation
        assert method.__name__ == method_name
        assert method.__qualname__ == f"Countersign.{method_name}"
        assert method.__doc__ == getattr(operations, name).__doc__ != ""
        assert inspect.iscoroutinefunction(method) == (method_name != name)


def test_a_life(engine: Countersign) -> None:
    user = engine.register("ada", PASSWORD, email="ada@example.com")
    assert (user.username, user.email, user.disabled) == ("ada", "ada@example.com", False)
    assert user.roles == user.scopes == frozenset()
    tokens = engine.login("ada", PASSWORD)
    principal = engine.authenticate(tokens.access_token)
    assert (principal.user_id, principal.username) == (user.id, "ada")
    assert engine.me(principal) == user

    second = engine.refresh(tokens.refresh_token)
    assert second.refresh_token != tokens.refresh_token
    assert engine.authenticate(second.access_token).session_id == principal.session_id
    assert engine.introspect(second.access_token).sub == user.id
    assert engine.introspect("nothing").to_dict() == {"active": False}

    changed = engine.update_account(principal, email=None, current_password=PASSWORD)
    assert changed.email is None
    third = engine.change_password(principal, current_password=PASSWORD, new_password=OTHER)
    with pytest.raises(RevokedTokenError):
        engine.authenticate(second.access_token)
    with pytest.raises(InvalidCredentialsError):
        engine.login("ada", PASSWORD)
    principal = engine.authenticate(third.access_token)
    (session,) = engine.sessions(principal)
    assert session.current
    assert session.id == principal.session_id
    engine.logout(principal)
    engine.logout(third.refresh_token)
    assert not engine.introspect(third.refresh_token).active
    with pytest.raises(InvalidGrantError):
        engine.refresh(third.refresh_token)


def test_the_same_life_awaited(engine: Countersign) -> None:
    async def life() -> None:
        user = await engine.aregister("ada", PASSWORD)
        tokens = await engine.alogin("ada", PASSWORD)
        principal = engine.authenticate(tokens.access_token)
        assert await engine.ame(principal) == user
        tokens = await engine.arefresh(tokens.refresh_token)
        assert (await engine.aintrospect(tokens.access_token)).active
        assert len(await engine.asessions(principal)) == 1
        await engine.arevoke(tokens.access_token)
        with pytest.raises(TokenError):
            engine.authenticate(tokens.access_token)
        await engine.alogout_all(tokens.refresh_token)
        with pytest.raises(InvalidGrantError):
            await engine.arefresh(tokens.refresh_token)
        with pytest.raises(UsernameTakenError):
            await engine.aregister("Ada", PASSWORD)

    wait_for(life())


def test_sessions_are_ended_one_by_one_and_all_at_once(engine: Countersign, ada: Principal) -> None:
    others = [engine.login("ada", PASSWORD) for _ in range(3)]
    principals = [engine.authenticate(other.access_token) for other in others]
    engine.end_own_session(ada, principals[0].session_id)
    engine.end_session(principals[1].session_id)
    with pytest.raises(NotFoundError):
        engine.end_own_session(ada, "unknown")
    assert {session.id for session in engine.user_sessions("ada")} == {
        ada.session_id,
        principals[2].session_id,
    }
    engine.end_user_sessions("ada")
    assert engine.user_sessions(ada.user_id) == []
    for other in others:
        with pytest.raises(RevokedTokenError):
            engine.authenticate(other.access_token)


def test_everybody_is_logged_out_everywhere(engine: Countersign, ada: Principal) -> None:
    other = engine.login("ada", PASSWORD)
    engine.logout_all(ada)
    with pytest.raises(RevokedTokenError):
        engine.authenticate(other.access_token)


def test_administration_of_users(engine: Countersign) -> None:
    grace = engine.add_user(
        "grace",
        PASSWORD,
        email="grace@example.com",
        roles=["editor"],
        scopes={"reports:read"},
        claims={"tenant": {"id": 7}},
    )
    assert grace == engine.user("grace") == engine.user(grace.id)
    assert grace.roles == {"editor"}
    assert grace.scopes == {"reports:read"}
    assert (grace.claims, grace.generation, grace.has_password) == ({"tenant": {"id": 7}}, 0, True)
    principal = engine.authenticate(engine.login("grace", PASSWORD).access_token)
    assert (principal.scopes, principal.roles) == (("reports:read",), ("editor",))
    assert principal.claims["tenant"] == {"id": 7}

    assert engine.set_grants("grace", roles=()).scopes == {"reports:read"}
    assert engine.set_claims("grace", {}).claims == {}
    assert engine.disable_user("grace").disabled
    with pytest.raises(InvalidCredentialsError):
        engine.login("grace", PASSWORD)
    assert not engine.enable_user("grace").disabled
    engine.set_password("grace", OTHER)
    assert engine.login("grace", OTHER).scope == "reports:read"
    engine.delete_user("grace")
    with pytest.raises(NotFoundError):
        engine.user("grace")
    assert not engine.add_user("linus").has_password


def test_pages_of_users(engine: Countersign) -> None:
    made = {engine.add_user(f"user-{number}").id for number in range(5)}
    seen: set[str] = set()
    page = engine.list_users(limit=2)
    while True:
        seen.update(user.id for user in page.items)
        if page.next is None:
            break
        page = engine.list_users(limit=2, after=page.next)
    assert seen == made
    (found,) = engine.list_users(search="user-3").items
    assert found.username == "user-3"


def test_administration_of_clients(engine: Countersign) -> None:
    client = engine.add_client("reports-api", "resource_server", scopes=["reports:read"])
    assert client.client_id == "reports-api"
    assert client.client_secret is not None
    assert client.client_secret not in repr(client)
    assert engine.client("reports-api").audiences == {"api"}
    assert engine.rotate_client_secret("reports-api").client_secret != client.client_secret
    assert engine.disable_client("reports-api").disabled
    assert not engine.enable_client("reports-api").disabled
    assert [client.id for client in engine.list_clients()][-1] == "reports-api"
    with pytest.raises(ConflictError):
        engine.add_client("reports-api", "public")
    engine.delete_client("reports-api")
    with pytest.raises(NotFoundError):
        engine.client("reports-api")
    assert engine.add_client("app", "public").client_secret is None
    with pytest.raises(InvalidRequestError):
        engine.rotate_client_secret("app")


def test_administration_of_keys(engine: Countersign, tokens: Tokens) -> None:
    first = engine.list_keys()[0]
    assert (first.algorithm, first.state) == ("ES256", "signing")
    assert {key["kid"] for key in engine.jwks()["keys"]} >= {first.kid}
    assert engine.rotate_keys().kid != first.kid
    engine.ready()
    engine.upkeep()
    compromised = engine.compromise_key(first.kid)
    assert compromised.state == "compromised"
    assert compromised.compromised_at is not None
    with pytest.raises(TokenError):
        engine.authenticate(tokens.access_token)
    with pytest.raises(NotFoundError):
        engine.compromise_key("unknown")


def test_the_audit_log(engine: Countersign, ada: Principal) -> None:
    kinds = [event.kind for event in engine.list_events()]
    assert kinds[:2] == ["login.succeeded", "account.registered"]
    newest, before = engine.list_events(limit=2)
    assert newest.id is not None
    assert engine.list_events(before=newest.id, limit=1) == [before]
    (registered,) = engine.list_events(kind="account.registered", user_id=ada.user_id)
    assert registered.user_id == ada.user_id


def test_an_administrator_needs_the_scope(engine: Countersign, ada: Principal) -> None:
    with pytest.raises(InsufficientScopeError) as refused:
        engine.list_users(actor=ada)
    assert refused.value.status == 403
    engine.add_user("root", PASSWORD, scopes=["countersign:admin"])
    tokens = engine.login("root", PASSWORD, scope="countersign:admin")
    root = engine.authenticate(tokens.access_token)
    engine.disable_user("ada", actor=root, origin=Origin(address="192.0.2.1"))
    (event,) = engine.list_events(kind="account.disabled", actor=root)
    assert (event.actor, event.user_id) == (root.user_id, ada.user_id)


def test_a_session_for_somebody_whom_the_application_knows(engine: Countersign) -> None:
    tokens = engine.start_session(
        "customer:4711", scopes=["reports:read"], claims={"tenant": "acme"}, amr=["otp"]
    )
    principal = engine.authenticate(tokens.access_token)
    assert (principal.user_id, principal.scopes) == ("customer:4711", ("reports:read",))
    assert principal.claims["tenant"] == "acme"
    assert principal.username is None
    with pytest.raises(InvalidRequestError):
        engine.start_session("not an id")


def test_an_origin_is_remembered(engine: Countersign) -> None:
    engine.register("ada", PASSWORD)
    origin = Origin(address="203.0.113.9", user_agent="test/1", request_id="r-1")
    tokens = engine.login("ada", PASSWORD, origin=origin)
    (session,) = engine.sessions(engine.authenticate(tokens.access_token))
    assert session.device == "test/1"
    (event,) = engine.list_events(kind="login.succeeded")
    assert event.address == "203.0.113.9"


def test_what_is_refused_says_why(engine: Countersign, tokens: Tokens) -> None:
    with pytest.raises(WeakPasswordError) as weak:
        engine.register("grace", "short")
    assert weak.value.body["error"] == "weak_password"
    with pytest.raises(InvalidRequestError):
        engine.login("ada", PASSWORD, scope="not:mine")
    with pytest.raises(InvalidRequestError):
        engine.login("ada", PASSWORD, resource="elsewhere")
    with pytest.raises(InvalidGrantError):
        engine.refresh("cs_rt_nothing")
    engine.disable_user("ada")
    with pytest.raises(AccessDeniedError):
        engine.start_session(engine.user("ada").id)


def test_failed_log_ins_are_limited(engine: Countersign) -> None:
    engine.register("ada", PASSWORD)
    origin = Origin(address="203.0.113.9")
    for _ in range(5):
        with pytest.raises(InvalidCredentialsError):
            engine.login("ada", "wrong password", origin=origin)
    with pytest.raises(RateLimitedError) as limited:
        engine.login("ada", PASSWORD, origin=origin)
    assert (limited.value.retry_after or 0) > 0
    assert "Retry-After" in limited.value.headers


def test_authorization_fields(engine: Countersign, tokens: Tokens) -> None:
    good = f"Bearer {tokens.access_token}"
    assert engine.authorize([good]).username == "ada"
    assert engine.authorize([good.encode()]).username == "ada"
    for fields in ([], ["Basic YTpi"]):
        with pytest.raises(MissingTokenError) as missing:
            engine.authorize(fields)
        assert missing.value.headers["WWW-Authenticate"].startswith("Bearer")
        assert "error=" not in missing.value.headers["WWW-Authenticate"]
    with pytest.raises(TokenError) as refused:
        engine.authorize(["Bearer nothing"])
    assert 'error="invalid_token"' in refused.value.headers["WWW-Authenticate"]
    for hostile in ([good, good], [good + "\u00e9"], ["Bearer \ud800"]):
        with pytest.raises((InvalidRequestError, TokenError)):
            engine.authorize(hostile)
    with pytest.raises(ConfigurationError):
        engine.authorize(good)


def test_requirements(engine: Countersign) -> None:
    engine.add_user("grace", PASSWORD, roles=["editor"], scopes=["reports:read"])
    field = f"Bearer {engine.login('grace', PASSWORD).access_token}"
    grace = engine.authorize([field], scopes=["reports:read"], roles=["editor"], max_auth_age=60)
    engine.require(grace)
    engine.require(grace, max_auth_age=timedelta(minutes=1))
    with pytest.raises(InsufficientScopeError) as lacking:
        engine.authorize([field], scopes=["reports:read", "reports:write"])
    assert "reports:write" in lacking.value.headers["WWW-Authenticate"]
    with pytest.raises(InsufficientScopeError, match="admin"):
        engine.require(grace, roles=["editor", "admin"])
    for mistaken in ({"scopes": "reports:read"}, {"roles": "editor"}, {"max_auth_age": -1}):
        arguments: dict[str, Any] = mistaken
        with pytest.raises(ConfigurationError):
            engine.require(grace, **arguments)


def test_a_log_in_long_ago(auth: Countersign, auth_clock: Any) -> None:
    auth.add_user("ada", PASSWORD)
    token = auth.login("ada", PASSWORD).access_token
    auth_clock.advance(120)
    with pytest.raises(ReauthenticationRequiredError) as old:
        auth.authorize([f"Bearer {token}"], max_auth_age=60)
    assert "max_age=60" in old.value.headers["WWW-Authenticate"].replace('"', "")


def test_own_limits(engine: Countersign) -> None:
    rates = Rates("2 per minute")
    for _ in range(2):
        engine.limit(rates, name="reports", key="ada")
    with pytest.raises(RateLimitedError) as limited:
        engine.limit(rates, name="reports", key="ada")
    assert limited.value.status == 429
    engine.limit(rates, name="reports", key="grace")
    engine.limit(rates, name="exports", key="ada")
    with pytest.raises(ConfigurationError):
        Rates("now and then")
    with pytest.raises(ConfigurationError):
        engine.limit("2 per minute", name="reports", key="ada")  # type: ignore[arg-type]


def test_the_client_behind_a_proxy(tmp_path: Path) -> None:
    with make_engine(tmp_path, http_trusted_proxies=["10.0.0.0/8"]) as engine:
        assert engine.client_address("203.0.113.9", [b"192.0.2.1"]) == "203.0.113.9"
        assert engine.client_address("10.0.0.1", [b"192.0.2.1"]) == "192.0.2.1"
        assert engine.client_address(None) is None


def test_a_token_of_somebody_else(engine: Countersign, tokens: Tokens) -> None:
    foreign = Signer(Key.generate("ES256")).sign({"iss": "me", "exp": 1})
    for token in (foreign, tokens.access_token + "x", tokens.refresh_token, "", "a.b.c"):
        with pytest.raises(TokenError) as refused:
            engine.authenticate(token)
        assert (refused.value.status, refused.value.error) == (401, "invalid_token")
    with pytest.raises(MalformedTokenError):
        engine.authenticate(None)  # type: ignore[arg-type]


def test_tokens_are_not_shown(tokens: Tokens) -> None:
    for shown in (repr(tokens), str(tokens), f"{tokens}"):
        assert tokens.access_token not in shown
        assert tokens.refresh_token not in shown
    assert Tokens.from_dict(tokens.to_dict()) == tokens
    assert tokens.to_dict()["token_type"] == "bearer"
    assert pickle.loads(pickle.dumps(tokens)) == tokens


def test_models_are_what_the_routes_answer(engine: Countersign, ada: Principal) -> None:
    user = engine.me(ada)
    written = user.to_dict()
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", written["created_at"])
    assert written["roles"] == []
    assert User.from_dict(written) == user
    assert user.created_at.tzinfo == timezone.utc
    assert abs(user.created_at - datetime.now(timezone.utc)) < timedelta(minutes=1)
    (session,) = engine.sessions(ada)
    assert Session.from_dict(session.to_dict()) == session
    with pytest.raises(AttributeError):
        user.username = "eve"  # type: ignore[misc]
    assert len({user, engine.me(ada)}) == 1


def test_what_the_engine_says_of_itself(engine: Countersign) -> None:
    assert engine.issuer == "https://auth.test"
    assert engine.audiences == ("api",)
    assert repr(engine) == "<Countersign issuer='https://auth.test' audiences=('api',)>"


def test_another_loop_is_refused_clearly(engine: Countersign) -> None:
    call = engine.alogin("ada", PASSWORD)
    with pytest.raises(ConfigurationError, match="asyncio"):
        call.send(None)
