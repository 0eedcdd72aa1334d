"""The service that every subject starts with: made once, copied for each subject and host.

The copies share ids, secrets and keys, so that what hosts answer can be compared to the byte.
"""

from __future__ import annotations

import base64
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.contract.binary import Server, command
from tests.contract.client import call
from tests.contract.wire import Address

__all__ = ["DATABASE", "Population", "Service"]

DATABASE: Final = "auth.db"

Json = dict[str, Any]

_ADMINISTRATOR: Final = "root"


@dataclass(frozen=True)
class Service:
    """One copy, and the host that serves it."""

    kind: str
    """Of the host: ``server``, ``fastapi`` or ``flask``."""
    address: Address
    mount: str
    variables: Mapping[str, Any]
    database: Path


class Population:
    """What ``contract/service.json`` says is there, in a folder.

    Args:
        written: The content of that file.
        folder: Where the one that is copied is made.
    """

    def __init__(self, written: Json, folder: Path) -> None:
        self._written = written
        self._folder = folder
        self.variables: Json = {
            "issuer": written["issuer"],
            "users": {name: dict(user) for name, user in written["users"].items()},
            "clients": {name: dict(client) for name, client in written["clients"].items()},
        }
        folder.mkdir()
        with Server(folder, written["settings"], written["issuer"], written["audience"]) as server:
            address = server.address  # It is there, and so is the database.
            self._add_administrator()
            self._fill(address)

    def copy(self, folder: Path) -> None:
        """A fresh service."""
        shutil.copytree(self._folder, folder)

    def _add_administrator(self) -> None:
        user = self._written["users"][_ADMINISTRATOR]
        scopes = [word for scope in user["scopes"] for word in ("--scope", scope)]
        command(
            ["users", "add", _ADMINISTRATOR, "--password-stdin", *scopes],
            self._folder,
            self._written["settings"],
            self._written["issuer"],
            self._written["audience"],
            user["password"],
        )

    def _fill(self, address: Address) -> None:
        root = self.variables["users"][_ADMINISTRATOR]
        login = {"username": _ADMINISTRATOR, "password": root["password"]}
        tokens = _made(address, "POST /login", {**login, "scope": "countersign:admin"})
        bearer = tokens["access_token"]
        root["id"] = _made(address, "GET /users/me", None, bearer)["id"]
        for name, user in self.variables["users"].items():
            if name != _ADMINISTRATOR:
                _add_user(address, name, user, bearer)
        for name, client in self.variables["clients"].items():
            _add_client(address, name, client, bearer)
        # What the population needed is no part of it.
        _made(address, "POST /logout", None, bearer)


def _add_user(address: Address, name: str, user: Json, bearer: str) -> None:
    body = {key: value for key, value in user.items() if key != "disabled"}
    user["id"] = _made(address, "POST /admin/users", {"username": name, **body}, bearer)["id"]
    if user.get("disabled"):
        _made(address, f"POST /admin/users/{user['id']}/disable", None, bearer)


def _add_client(address: Address, name: str, client: Json, bearer: str) -> None:
    body = {key: value for key, value in client.items() if key != "disabled"}
    made = _made(address, "POST /admin/clients", {"id": name, **body}, bearer)
    if "client_secret" in made:
        pair = f"{name}:{made['client_secret']}"
        client["secret"] = made["client_secret"]
        client["basic"] = base64.b64encode(pair.encode()).decode()
    if client.get("disabled"):
        _made(address, f"POST /admin/clients/{name}/disable", None, bearer)


def _made(address: Address, line: str, body: Json | None, bearer: str | None = None) -> Json:
    status, answer = call(address, line, body, bearer)
    assert status < 300, f"{line}: {status} {answer}"
    return answer
