"""What fastapi.mjs looks at: the same protected route at the root and in a mounted application."""

from typing import Annotated

from fastapi import Depends, FastAPI, Security

from countersign import Countersign, Principal
from countersign.fastapi import CountersignFastAPI

auth = Countersign("sqlite:///auth.db", issuer="http://127.0.0.1", audience="browser")
cs = CountersignFastAPI(auth, prefix="/auth")


def application() -> FastAPI:
    app = FastAPI()
    cs.install(app)

    @app.get("/mine")
    async def mine(user: Annotated[Principal, Depends(cs.principal)]) -> dict[str, str | None]:
        return {"username": user.username}

    @app.get("/reports")
    async def reports(
        user: Annotated[Principal, Security(cs.principal, scopes=["reports:read"])],
    ) -> str:
        return "all of them"

    return app


app = application()
app.mount("/mounted", application())
