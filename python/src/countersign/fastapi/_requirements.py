"""Dependencies that ask ``cs.principal`` and more, so that overriding it replaces all of them."""

# No postponed annotations here: FastAPI reads the real ones of a dependency.
from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta

from fastapi import Security
from starlette.requests import HTTPConnection

from countersign import Countersign, Principal
from countersign.exceptions import ConfigurationError
from countersign.fastapi._conditions import OPTIONAL, Exempt
from countersign.fastapi._errors import REFUSALS, raised
from countersign.fastapi._principal import PrincipalDependency
from countersign.operations.operation import names

Require = Callable[..., Awaitable[Principal]]
"""A dependency that answers the principal."""

Allow = Callable[..., Awaitable[Principal | None]]
"""A dependency that answers the principal, or None where nobody has to log in."""


def requirement(
    auth: Countersign,
    principal: PrincipalDependency,
    *,
    scopes: Collection[str],
    roles: Collection[str],
    max_auth_age: int | timedelta | None,
) -> Require:
    """Scopes, roles and the age of the log-in (RFC 9470).

    Raises:
        ConfigurationError: One of them cannot be meant. It is told here, not to the first request.
    """
    scopes, roles, age = names("scopes", scopes), names("roles", roles), _seconds(max_auth_age)
    # The scopes go to `principal`, too, so that they stand in OpenAPI.
    caller = Security(principal, scopes=scopes)

    async def require(connection: HTTPConnection, principal: Principal = caller) -> Principal:
        if not isinstance(principal, Principal):
            raise TypeError(
                f"what overrides cs.principal answered {type(principal).__name__}, "
                "not a Principal: its scopes and roles cannot be checked. "
                "countersign.testing makes real ones"
            )
        try:
            auth.require(principal, scopes=scopes, roles=roles, max_auth_age=age)
        except REFUSALS as refusal:
            raise raised(refusal, connection) from None
        return principal

    return require


def _seconds(age: int | timedelta | None) -> int | None:
    seconds = int(age.total_seconds()) if isinstance(age, timedelta) else age
    if seconds is not None and (not isinstance(seconds, int) or seconds < 0):
        raise ConfigurationError(f"max_auth_age={age!r}: write seconds, or a timedelta")
    return seconds


def optional(principal: PrincipalDependency) -> Allow:
    """The principal, or None for a request without a token."""
    caller = Security(principal, scopes=[OPTIONAL])

    async def optional_principal(principal: Principal | None = caller) -> Principal | None:
        return principal

    return optional_principal


def protection(principal: PrincipalDependency, exempt: Collection[str]) -> Allow:
    """A principal for every path but the exempt ones."""
    if not exempt:
        return principal
    caller = Security(principal, scopes=[Exempt(exempt)])

    async def protect(principal: Principal | None = caller) -> Principal | None:
        return principal

    return protect
