"""What a view asks of who calls it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from countersign.flask._installed import installed
from countersign.flask._principal import check

if TYPE_CHECKING:
    from countersign import Principal


class Requirement(NamedTuple):
    """A token, and what it must allow."""

    scopes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    max_auth_age: int | timedelta | None = None
    optional: bool = False

    @classmethod
    def of(
        cls,
        scopes: Sequence[str],
        roles: Sequence[str],
        max_auth_age: int | timedelta | None,
        optional: bool = False,
    ) -> Requirement:
        """Refuses a text where several are meant: its letters would be the scopes.

        Raises:
            TypeError: ``scopes`` or ``roles`` is a text.
        """
        for name, given in (("scopes", scopes), ("roles", roles)):
            if isinstance(given, str):
                raise TypeError(f"{name} is a list: write {name}=[{given!r}]")
        return cls(tuple(scopes), tuple(roles), max_auth_age, optional)

    @property
    def more_than_a_token(self) -> bool:
        """Whether anything is asked of the token but to be good."""
        return bool(self.scopes or self.roles) or self.max_auth_age is not None

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
            if not self.optional:
                # The engine knows the realm that the challenge must name.
                auth.authorize([])
        elif self.more_than_a_token:
            self._demand_of(principal)

    def _demand_of(self, principal: Principal) -> None:
        installed().auth.require(
            principal, scopes=self.scopes, roles=self.roles, max_auth_age=self.max_auth_age
        )
