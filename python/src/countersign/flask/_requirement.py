"""What a view asks of who calls it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from countersign.flask._installed import installed
from countersign.flask._principal import check


class Requirement:
    """A token, and what it must allow.

    Raises:
        TypeError: ``scopes`` or ``roles`` is a text: its letters would be the scopes.
    """

    def __init__(
        self,
        scopes: Sequence[str],
        roles: Sequence[str],
        max_auth_age: int | timedelta | None,
        optional: bool = False,
    ) -> None:
        for name, given in (("scopes", scopes), ("roles", roles)):
            if isinstance(given, str):
                raise TypeError(f"{name} is a list: write {name}=[{given!r}]")
        self._optional = optional
        self._more: dict[str, Any] = {}
        if scopes or roles or max_auth_age is not None:
            self._more = {
                "scopes": tuple(scopes),
                "roles": tuple(roles),
                "max_auth_age": max_auth_age,
            }

    def demand(self) -> None:
        """Lets the request pass or refuses it.

        Raises:
            MissingTokenError: there is no token, and it is not optional.
            TokenError: the token is refused.
            InsufficientScopeError: it lacks a scope or a role.
            ReauthenticationRequiredError: its user authenticated too long ago.
        """
        auth = installed().auth
        principal = check(auth)
        if principal is None:
            if not self._optional:
                # The engine knows the realm that the challenge must name.
                auth.authorize([])
        elif self._more:
            auth.require(principal, **self._more)
