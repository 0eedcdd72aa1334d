"""The security scheme of protected operations in OpenAPI: what the Authorize button speaks."""

from collections.abc import Mapping
from typing import Any

from fastapi.openapi.models import HTTPBearer, OAuth2, OAuthFlowPassword, OAuthFlows
from fastapi.security.base import SecurityBase

SCHEME = "Countersign"
"""The name of the scheme that `cs.principal` adds to a route."""

RENAMED = {"password": SCHEME, "bearer": SCHEME + "Bearer", "client": SCHEME + "Client"}
"""The engine's own scheme names, and what they are called beside an application's."""


def model(document: Mapping[str, Any]) -> OAuth2 | HTTPBearer:
    """The scheme of the engine's routes: log-in with a password, or without them a bare token."""
    scheme = document.get("components", {}).get("securitySchemes", {}).get("password")
    if scheme is None:
        return HTTPBearer(bearerFormat="JWT", description="An access token (RFC 6750).")
    flow = scheme["flows"]["password"]
    return OAuth2(
        flows=OAuthFlows(password=OAuthFlowPassword(**flow)),
        description=scheme.get("description"),
    )


class Scheme(SecurityBase):
    """What FastAPI recognises as a security dependency."""

    def __init__(self, described: OAuth2 | HTTPBearer) -> None:
        self.model = described
        self.scheme_name = SCHEME
