"""Registered clients, for administrators (see :mod:`countersign.operations.users`)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from countersign._native import Principal
from countersign.models import Client, ClientSecret, Origin
from countersign.operations.operation import Operation, given, names_if_given, nothing


def list_clients(*, actor: Principal | None = None) -> Operation[list[Client]]:
    """All clients."""
    return Operation("list_clients", _read_clients, principal=actor)


def _read_clients(answer: Any) -> list[Client]:
    return [Client.from_dict(client) for client in answer["clients"]]


def client(id: str, *, actor: Principal | None = None) -> Operation[Client]:
    """One client.

    Raises:
        NotFoundError: there is none.
    """
    return Operation("client", Client.from_dict, {"id": id}, actor)


def add_client(
    id: str,
    kind: str,
    *,
    audiences: Collection[str] | None = None,
    scopes: Collection[str] | None = None,
    actor: Principal | None = None,
    origin: Origin | None = None,
) -> Operation[ClientSecret]:
    """Adds a client. Its secret, if it has one, is answered this once and kept nowhere.

    Args:
        id: 1 to 64 of ``a-z 0-9 -``, starting with a letter.
        kind: ``resource_server``, ``public`` or ``confidential``.
        audiences: The audiences that it may ask about; all configured ones if not said.
        scopes: The scopes that it may have.
        actor: The administrator.
        origin: Where the request comes from.

    Raises:
        ConflictError: the id is taken.
        InvalidRequestError: an argument cannot be taken.
    """
    arguments = given(
        id=id,
        kind=kind,
        audiences=names_if_given("audiences", audiences),
        scopes=names_if_given("scopes", scopes),
    )
    return Operation("add_client", ClientSecret.from_dict, arguments, actor, origin)


def rotate_client_secret(
    id: str, *, actor: Principal | None = None, origin: Origin | None = None
) -> Operation[ClientSecret]:
    """Gives a client another secret; the old one is dead at once.

    Raises:
        InvalidRequestError: a public client has none.
    """
    return Operation("rotate_client_secret", ClientSecret.from_dict, {"id": id}, actor, origin)


def disable_client(
    id: str, *, actor: Principal | None = None, origin: Origin | None = None
) -> Operation[Client]:
    """Disables a client: it can do nothing, and its access tokens are refused."""
    return Operation("disable_client", Client.from_dict, {"id": id}, actor, origin)


def enable_client(
    id: str, *, actor: Principal | None = None, origin: Origin | None = None
) -> Operation[Client]:
    """Enables a client again."""
    return Operation("enable_client", Client.from_dict, {"id": id}, actor, origin)


def delete_client(
    id: str, *, actor: Principal | None = None, origin: Origin | None = None
) -> Operation[None]:
    """Deletes a client; its sessions end and its access tokens are refused."""
    return Operation("delete_client", nothing, {"id": id}, actor, origin)
