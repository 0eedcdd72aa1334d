"""The three hosts on one database at the same time: what one does holds at the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest

from tests.contract.client import call
from tests.contract.documents import Contract
from tests.contract.hosts import Host, Place
from tests.contract.population import Population
from tests.contract.wire import Address

Json = dict[str, Any]

PASSWORD = "seven paper cranes fly"
# Far more than it takes; the promise is 50 ms for 99 of 100.
WITHIN = 20.0


@pytest.fixture(scope="module")
def addresses(
    contract: Contract, population: Population, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Address]]:
    written = contract.service
    folder = tmp_path_factory.mktemp("one") / "database"
    population.copy(folder)
    settings = {**written["settings"], "limits.account_network": "3 per hour"}
    place = Place(folder, settings, written["issuer"], written["audience"], written["routes"], "")
    with ExitStack() as stack:
        found: list[Address] = []
        for kind in ("server", "fastapi", "flask"):
            serving = Host(kind, "").start([place])
            stack.callback(serving.stop)
            found.append(serving.open(0))
        yield found


@pytest.fixture(params=range(3), ids=["server first", "fastapi first", "flask first"])
def hosts(request: pytest.FixtureRequest, addresses: list[Address]) -> list[Address]:
    return addresses[request.param :] + addresses[: request.param]


def test_an_account_and_its_tokens_are_good_everywhere(hosts: list[Address]) -> None:
    first, second, third = hosts
    name = _register(first)
    tokens = _log_in(second, name)
    for address in hosts:
        assert call(address, "GET /users/me", None, tokens["access_token"])[1]["username"] == name
    status, taken = call(third, "POST /register", {"username": name, "password": PASSWORD})
    assert (status, taken["error"]) == (409, "username_taken")


def test_refresh_tokens_rotate_across_hosts_and_an_old_one_is_theft(hosts: list[Address]) -> None:
    first, second, third = hosts
    pairs = [_log_in(first, _register(first))]
    for address in (second, third, first):
        body = {"refresh_token": pairs[-1]["refresh_token"]}
        status, answer = call(address, "POST /refresh", body)
        assert status == 200
        pairs.append(answer)
    status, answer = call(second, "POST /refresh", {"refresh_token": pairs[0]["refresh_token"]})
    assert (status, answer["error"]) == (400, "invalid_grant")
    for address in hosts:
        _soon(partial(_is_dead, address, pairs[-1]["access_token"]))
        status, _ = call(address, "POST /refresh", {"refresh_token": pairs[-1]["refresh_token"]})
        assert status == 400


def test_a_log_out_is_one_everywhere(hosts: list[Address]) -> None:
    first, second, third = hosts
    tokens = _log_in(first, _register(first))
    assert call(second, "POST /logout", None, tokens["access_token"])[0] == 204
    assert _is_dead(second, tokens["access_token"])
    for address in (first, third):
        _soon(partial(_is_dead, address, tokens["access_token"]))


def test_tries_at_a_password_are_counted_together(hosts: list[Address]) -> None:
    name = _register(hosts[0])
    wrong = {"username": name, "password": "not the password"}
    for address in hosts:
        assert call(address, "POST /login", wrong)[0] == 401
    for address in hosts:
        right = {"username": name, "password": PASSWORD}
        assert call(address, "POST /login", right)[0] == 429


def test_a_compromised_key_is_refused_everywhere(
    population: Population, hosts: list[Address]
) -> None:
    first, second, third = hosts
    root = population.variables["users"]["root"]
    login = {"username": "root", "password": root["password"], "scope": "countersign:admin"}
    tokens = call(first, "POST /login", login)[1]
    keys = call(second, "GET /admin/keys", None, tokens["access_token"])[1]["keys"]
    (signing,) = (key["kid"] for key in keys if key["state"] == "signing")
    line = f"POST /admin/keys/{signing}/compromise"
    assert call(third, line, None, tokens["access_token"])[0] == 200
    for address in hosts:
        _soon(partial(_is_dead, address, tokens["access_token"]))
    again = call(first, "POST /login", login)[1]
    for address in hosts:
        assert call(address, "GET /users/me", None, again["access_token"])[0] == 200


def _register(address: Address) -> str:
    name = f"user-{time.monotonic_ns()}"
    assert call(address, "POST /register", {"username": name, "password": PASSWORD})[0] == 201
    return name


def _log_in(address: Address, name: str) -> Json:
    status, tokens = call(address, "POST /login", {"username": name, "password": PASSWORD})
    assert status == 200
    return tokens


def _is_dead(address: Address, token: str) -> bool:
    return call(address, "GET /users/me", None, token)[1].get("error") == "invalid_token"


def _soon(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.01)
