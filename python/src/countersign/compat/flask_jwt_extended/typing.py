"""Annotate what `create_access_token` and `create_refresh_token` take."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

ExpiresDelta = Literal[False] | timedelta
"""How long a token is good; False: for ever."""

Fresh = bool | float | timedelta
"""Whether a token counts as fresh, until which moment (seconds since 1970), or for how long."""
