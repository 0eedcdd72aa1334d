"""The guide's FastAPI program in Countersign's own style.

``POST /token``, ``/login``, ``/refresh``, ``/logout``, ``/register`` and ``GET /users/me`` come
from ``cs.install(app)``, the users and their passwords with them.
"""

import os
from typing import Annotated

from countersign import Countersign, Principal
from countersign.fastapi import CountersignFastAPI
from fastapi import Depends, FastAPI

# These are for this machine. Every setting can come from the environment instead.
auth = Countersign.from_settings(
    environment={
        "COUNTERSIGN_DATABASE_URL": "sqlite:///first-guide-fastapi.db",
        "COUNTERSIGN_ISSUER": "http://127.0.0.1:8000",
        "COUNTERSIGN_AUDIENCE": "first-guide-fastapi",
        "COUNTERSIGN_TOKENS_ACCESS_TTL": "30m",
        **os.environ,
    }
)
cs = CountersignFastAPI(auth)

app = FastAPI()
cs.install(app)


@app.get("/protected")
async def protected(current_user: Annotated[Principal, Depends(cs.principal)]) -> dict[str, str]:
    """A route for those who are logged in."""
    return {"message": f"Hello {current_user.username}"}
