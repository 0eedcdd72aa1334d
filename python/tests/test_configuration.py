"""A wrong configuration is an error of ours that says what to write instead, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from countersign import ANY, ConfigurationError, CountersignError, Key, KeySet, Signer, Verifier
from tests.support import hs256, policy

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"keys": None}, "Key"),
    ({"keys": "secret"}, "Key"),
    ({"keys": [hs256()]}, "KeySet"),
    ({"keys": KeySet([])}, "no key"),
    ({"keys": Key.generate("ES256")}, "no key"),
    ({"algorithms": None}, "list"),
    ({"algorithms": []}, "at least one"),
    ({"algorithms": "HS256"}, "list"),
    ({"algorithms": ["none"]}, "known are"),
    ({"algorithms": ["HS256", "RS256"]}, "two verifiers"),
    ({"algorithms": [5]}, "algorithms"),
    ({"algorithms": {"HS256": 1}}, "list"),
    ({"issuer": None}, "ANY"),
    ({"issuer": ""}, "issuer"),
    ({"issuer": []}, "issuer"),
    ({"issuer": [""]}, "issuer"),
    ({"issuer": 5}, "issuer"),
    ({"issuer": ["\ud800"]}, "issuer"),
    ({"issuer": [None]}, "issuer"),
    ({"issuer": b"bytes"}, "issuer"),
    ({"audience": None}, "ANY"),
    ({"audience": ""}, "audience"),
    ({"audience": [""]}, "audience"),
    ({"audience": [ANY]}, "audience"),
    ({"audience": 1.5}, "audience"),
    ({"leeway": -1}, "leeway"),
    ({"leeway": 301}, "300"),
    ({"leeway": 10**30}, "leeway"),
    ({"leeway": 1.5}, "leeway"),
    ({"leeway": True}, "leeway"),
    ({"leeway": None}, "leeway"),
    ({"leeway": "1"}, "leeway"),
    ({"require": "exp"}, "list"),
    ({"require": None}, "list"),
    ({"require": [5]}, "require"),
    ({"typ": ""}, "media type"),
    ({"typ": 5}, "typ"),
    ({"max_token_bytes": 0}, "token bytes"),
    ({"max_token_bytes": -1}, "max_token_bytes"),
    ({"max_token_bytes": 2**80}, "max_token_bytes"),
    ({"max_token_bytes": 2**21}, "token bytes"),
    ({"max_token_bytes": None}, "max_token_bytes"),
    ({"max_json_depth": 0}, "nesting"),
    ({"max_json_depth": 129}, "nesting"),
    ({"clock": 5}, "callable"),
    ({"isuer": "x"}, "isuer"),
    ({"verify": False}, "verify"),
    ({"options": {"verify_aud": False}}, "options"),
]


@pytest.mark.parametrize(("change", "hint"), REFUSED, ids=repr)
def test_a_bad_verifier(change: dict[str, Any], hint: str) -> None:
    with pytest.raises(ConfigurationError, match=hint) as caught:
        Verifier(**policy(hs256(), **change))
    assert caught.value.code == "config_invalid"
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("missing", ["keys", "algorithms", "issuer", "audience"])
def test_what_nobody_else_can_know_cannot_be_left_out(missing: str) -> None:
    arguments = policy(hs256())
    del arguments[missing]
    with pytest.raises(ConfigurationError, match=f"needs `{missing}`"):
        Verifier(**arguments)


def test_arguments_have_names() -> None:
    with pytest.raises(ConfigurationError, match="without their names"):
        Verifier(hs256(), ["HS256"])  # type: ignore[call-arg]
    with pytest.raises(ConfigurationError, match="given twice"):
        Signer(hs256(), key=hs256())  # type: ignore[misc]


SIGNERS: list[dict[str, Any]] = [
    {"key": None}, {"key": "secret"}, {"key": Key.generate("ES256").public()},
    {"typ": 5}, {"typ": "\ud800"}, {"with_kid": None}, {"with_kid": 1}, {"header": []},
    {"header": {5: 5}}, {"header": {"a": object()}}, {"header": {"alg": "none"}},
    {"header": {"crit": ["b64"]}}, {"header": {"kid": "x"}}, {"header": {"b64": False}},
    {"header": {"\ud800": 1}}, {"headers": {}},
]  # fmt: skip


@pytest.mark.parametrize("change", SIGNERS, ids=repr)
def test_a_bad_signer(change: dict[str, Any]) -> None:
    arguments: dict[str, Any] = {"key": hs256(), **change}
    with pytest.raises(CountersignError) as caught:
        Signer(**arguments)
    assert isinstance(caught.value, ValueError)
    assert len(str(caught.value)) > 10


def test_the_classes_are_closed() -> None:
    for kind in (Key, KeySet, Signer, Verifier):
        with pytest.raises(TypeError):
            type("Sub", (kind,), {})
    with pytest.raises(TypeError):
        Key()
    assert repr(ANY) == "countersign.ANY"
