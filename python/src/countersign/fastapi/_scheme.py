"""The security scheme of protected operations in OpenAPI: what the Authorize button speaks."""

from collections.abc import Mapping
from typing import Any

from fastapi.openapi.models import HTTPBearer, OAuthFlowPassword, OAuthFlows
from fastapi.openapi.models import OAuth2 as OAuth2Model
from fastapi.security import OAuth2

from countersign.exceptions import ConfigurationError

SCHEME = "Countersign"
"""The name of the scheme that `cs.principal` adds to a route."""

BEARER = SCHEME + "Bearer"
"""The name of the scheme for a token that was got elsewhere."""


def names(document: Mapping[str, Any], *, password: bool) -> dict[str, str]:
    """The names of the engine's own schemes, and what they are called beside an application's.

    Args:
        document: The engine's.
        password: Whether one can log in with a password, here or at the application's own route.
    """
    schemes = document.get("components", {}).get("securitySchemes", {})
    main = "password" if password else "bearer"
    return {name: SCHEME + name.capitalize() for name in schemes} | {main: SCHEME}


def model(document: Mapping[str, Any], token_url: str | None) -> OAuth2Model | HTTPBearer:
    """The scheme of the engine's routes: log-in with a password, or without them a bare token.

    Args:
        document: The engine's.
        token_url: Where the application itself takes user names and passwords.
    """
    scheme = document.get("components", {}).get("securitySchemes", {}).get("password", {})
    flow = scheme.get("flows", {}).get("password", {})
    if token_url is not None:
        flow = {**flow, "tokenUrl": _checked(token_url)}
    if not flow:
        return HTTPBearer(bearerFormat="JWT", description="An access token (RFC 6750).")
    return OAuth2Model(
        flows=OAuthFlows(password=OAuthFlowPassword(**flow)),
        description=scheme.get("description", "With a user name and a password."),
    )


def _checked(token_url: str) -> str:
    if not token_url.startswith(("/", "https://")):
        raise ConfigurationError(
            f'token_url={token_url!r}: write a path from the root of the application, "/login"'
        )
    return token_url


class Scheme(OAuth2):
    """What FastAPI recognises as a security dependency.

    Older versions of FastAPI tell the scopes of a route only of those that are `OAuth2`.
    """

    def __init__(self, described: OAuth2Model | HTTPBearer) -> None:
        self.model = described
        self.scheme_name = SCHEME
        self.auto_error = True
