"""The security scheme of protected operations in OpenAPI: what the Authorize button speaks."""

from collections.abc import Mapping
from typing import Any

from fastapi.openapi.models import HTTPBearer, OAuthFlowPassword, OAuthFlows
from fastapi.openapi.models import OAuth2 as OAuth2Model
from fastapi.security import OAuth2

SCHEME = "Countersign"
"""The name of the scheme that `cs.principal` adds to a route."""

BEARER = SCHEME + "Bearer"
"""The name of the scheme for a token that was got elsewhere."""


def names(document: Mapping[str, Any]) -> dict[str, str]:
    """The names of the engine's own schemes, and what they are called beside an application's."""
    schemes = document.get("components", {}).get("securitySchemes", {})
    main = "password" if "password" in schemes else "bearer"
    return {name: SCHEME + name.capitalize() for name in schemes} | {main: SCHEME}


def model(document: Mapping[str, Any]) -> OAuth2Model | HTTPBearer:
    """The scheme of the engine's routes: log-in with a password, or without them a bare token."""
    scheme = document.get("components", {}).get("securitySchemes", {}).get("password")
    if scheme is None:
        return HTTPBearer(bearerFormat="JWT", description="An access token (RFC 6750).")
    flow = scheme["flows"]["password"]
    return OAuth2Model(
        flows=OAuthFlows(password=OAuthFlowPassword(**flow)),
        description=scheme.get("description"),
    )


class Scheme(OAuth2):
    """What FastAPI recognises as a security dependency.

    Older versions of FastAPI tell the scopes of a route only of those that are `OAuth2`.
    """

    def __init__(self, described: OAuth2Model | HTTPBearer) -> None:
        self.model = described
        self.scheme_name = SCHEME
        self.auto_error = True
