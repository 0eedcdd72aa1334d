"""Settings: the same table as the server's, as Python writes them."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from countersign import ConfigurationError, Countersign, OpenError
from countersign.settings import Settings, key_of
from tests.engine.support import ISSUER, PASSWORD, make_engine

TABLE = Path(__file__).parents[3] / "crates" / "countersign" / "src" / "config" / "settings.rs"
# What the constructor's own arguments are for, what hosts decide, and what only a server has.
ELSEWHERE = {"database_url", "issuer", "audience", "http.mount", "http.routes", "listen"}
SERVER = ("server.", "log.")


def test_the_settings_are_those_of_the_table() -> None:
    keys = re.findall(r'^ {4}"([a-z_.]+)" [a-z_.0-9]+ (?:open|secret) "', TABLE.read_text(), re.M)
    assert len(keys) > 40
    wanted = {key for key in keys if key not in ELSEWHERE and not key.startswith(SERVER)}
    assert {key_of(name) for name in Settings.__annotations__} == wanted


def make(**settings: Any) -> Countersign:
    return Countersign("sqlite:///a.db", **{"issuer": ISSUER, "audience": "api", **settings})


@pytest.mark.parametrize(
    "ttl", ["5m", "300", 300, 300.0, timedelta(minutes=5), timedelta(seconds=300)]
)
def test_a_duration_is_written_as_one_likes(tmp_path: Path, ttl: Any) -> None:
    with make_engine(tmp_path, tokens_access_ttl=ttl) as engine:
        assert 280 <= engine.start_session("ada").expires_in <= 300


def test_every_kind_of_value(tmp_path: Path) -> None:
    engine = make_engine(
        tmp_path,
        audience=["api", "reports,more"],
        master_key_file=tmp_path / "elsewhere.key",
        tokens_algorithm="EdDSA",
        tokens_include_username=False,
        sessions_grace=timedelta(milliseconds=1500),
        sessions_most_live=1,
        accounts_registration=False,
        limits_account_network=["3 per minute", "9/day"],
        limits_login_address="none",
        http_trusted_proxies=("10.0.0.0/8", "::1"),
        http_cors_origins=[],
        http_hsts=True,
    )
    with engine:
        assert engine.audiences == ("api", "reports,more")
        assert engine.list_keys()[0].algorithm == "EdDSA"
        assert (tmp_path / "elsewhere.key").exists()
        engine.add_user("ada", PASSWORD)
        principal = engine.authenticate(engine.login("ada", PASSWORD).access_token)
        assert principal.username is None
        engine.login("ada", PASSWORD)
        assert len(engine.user_sessions("ada")) == 1
    assert not (tmp_path / "auth.db.key").exists()


def test_the_master_key_may_come_from_the_program(tmp_path: Path) -> None:
    key = f"1:{'A' * 42}E"
    with make_engine(tmp_path, master_key=key) as engine:
        engine.ready()
    assert not (tmp_path / "auth.db.key").exists()
    with pytest.raises(ConfigurationError, match="master key"):
        make_engine(tmp_path, master_key=f"1:{'B' * 42}E").open()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"issuer": "http://a.example"}, "issuer"),
        ({"issuer": None}, "issuer"),
        ({"audience": []}, "audience"),
        ({"audience": b"api"}, "audience"),
        ({"audience": [b"api"]}, "audience"),
        ({"audience": 7}, "audience"),
        ({"tokens_access_ttl": "2d"}, "tokens.access_ttl"),
        ({"tokens_access_ttl": -1}, "tokens.access_ttl"),
        ({"tokens_access_ttl": float("nan")}, "tokens_access_ttl"),
        ({"tokens_access_ttl": float("inf")}, "tokens_access_ttl"),
        ({"tokens_access_ttl": 10**5000}, "tokens_access_ttl"),
        ({"tokens_access_ttl": object()}, "tokens_access_ttl"),
        ({"tokens_access_ttl": "\ud800"}, "tokens_access_ttl"),
        ({"tokens_access_ttl": None}, "tokens_access_ttl"),
        ({"http_trusted_proxies": [["10.0.0.0/8"]]}, "http_trusted_proxies"),
        ({"http_trusted_proxies": "proxy"}, "proxy"),
        ({"sessions_most_live": 1.5}, "sessions.most_live"),
        ({"passwords_memory_kib": 64}, "OWASP"),
        ({"tokens_acess_ttl": 300}, "tokens_access_ttl"),
        ({"http_mount": "/auth"}, "http_mount"),
        ({"colour_of_the_moon": 1}, "countersign.Settings"),
    ],
)
def test_what_cannot_be_meant_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        make(**settings)


@pytest.mark.parametrize("url", [None, 7, b"sqlite:///a.db", "\ud800", "mysql://a", "auth.db", ""])
def test_an_impossible_url_is_refused(url: Any) -> None:
    with pytest.raises(ConfigurationError):
        Countersign(url, issuer=ISSUER, audience="api")


def test_making_an_engine_opens_nothing(tmp_path: Path) -> None:
    engine = make_engine(tmp_path)
    engine.routes("/auth").openapi()
    assert not engine.opened
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_cannot_be_used(tmp_path: Path) -> None:
    engine = make_engine(tmp_path / "missing")
    for _ in range(2):
        with pytest.raises(OpenError, match="make it first"):
            engine.open()
    with pytest.raises(OpenError):
        engine.login("ada", PASSWORD)
    (tmp_path / "missing").mkdir()
    engine.ready()
    engine.close()


def test_from_file_and_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "countersign.toml").write_text(
        f'database_url = "sqlite:///{tmp_path}/auth.db"\nissuer = "{ISSUER}"\naudience = "api"\n'
        '[tokens]\naccess_ttl = "5m"\n'
    )
    environment = {"COUNTERSIGN_AUDIENCE": "reports", "HOME": "\udcff"}
    with Countersign.from_settings(environment=environment) as engine:
        assert engine.audiences == ("reports",)
        assert engine.start_session("ada").expires_in <= 300
    with Countersign.from_settings(environment=None) as engine:
        assert engine.audiences == ("api",)
    named = tmp_path / "named.toml"
    (tmp_path / "countersign.toml").rename(named)
    assert Countersign.from_settings(named, None).audiences == ("api",)
    environment = {"COUNTERSIGN_CONFIG": str(named)}
    assert Countersign.from_settings(environment=environment).audiences == ("api",)
    monkeypatch.setenv("COUNTERSIGN_CONFIG", str(named))
    assert Countersign.from_settings().audiences == ("api",)


def test_what_is_wrong_outside_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    good = {
        "COUNTERSIGN_DATABASE_URL": "sqlite:///a.db",
        "COUNTERSIGN_ISSUER": ISSUER,
        "COUNTERSIGN_AUDIENCE": "api",
    }
    with pytest.raises(ConfigurationError, match="COUNTERSIGN_ISSUER"):
        Countersign.from_settings(environment={})
    with pytest.raises(ConfigurationError, match="did you mean COUNTERSIGN_ISSUER"):
        Countersign.from_settings(environment={**good, "COUNTERSIGN_ISUER": "x"})
    with pytest.raises(ConfigurationError):
        Countersign.from_settings(environment={**good, "COUNTERSIGN_ISSUER": "\udcff"})
    with pytest.raises(ConfigurationError, match="there is no file"):
        Countersign.from_settings("other.toml", environment=good)
    for file in (7, b"\xff"):
        with pytest.raises(ConfigurationError):
            Countersign.from_settings(file, environment=good)  # type: ignore[arg-type]
    with caplog.at_level(logging.WARNING, "countersign"):
        Countersign.from_settings(environment={**good, "COUNTERSIGN_BIN": "x"})
    assert "COUNTERSIGN_BIN" in caplog.text
