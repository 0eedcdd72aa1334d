"""Countersign in a FastAPI application: routes, dependencies, errors, OpenAPI.

::

    from typing import Annotated

    from countersign import Countersign, Principal
    from countersign.fastapi import CountersignFastAPI
    from fastapi import Depends, FastAPI, Security

    auth = Countersign("sqlite:///auth.db", issuer="https://api.example.com", audience="api")
    cs = CountersignFastAPI(auth)
    app = FastAPI()
    cs.install(app)  # /login, /token, /refresh, /users/me ..., and the Authorize button of /docs

    @app.get("/me")
    async def me(user: Annotated[Principal, Depends(cs.principal)]) -> str:
        return user.user_id

    @app.get("/reports")
    async def reports(user: Annotated[Principal, Security(cs.principal, scopes=["reports:read"])]):
        ...

    @app.delete("/reports", dependencies=[Depends(cs.require(roles=["admin"], max_auth_age=300))])
    async def delete_reports(): ...

    @app.post("/search", dependencies=[Depends(cs.limit("5 per minute"))])
    async def search(): ...
"""

try:
    import fastapi as _fastapi  # noqa: F401
except ModuleNotFoundError as _missing:
    raise ImportError(
        'countersign.fastapi needs FastAPI: pip install "countersign-auth[fastapi]"'
    ) from _missing

from countersign.fastapi._extension import CountersignFastAPI

__all__ = ["CountersignFastAPI"]
