"""The headers that tell the client how its limit stands."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from werkzeug.http import http_date, parse_date

from .constants import HeaderNames

if TYPE_CHECKING:
    from flask.wrappers import Response

    from ._requests import RequestLimit


def write_headers(
    response: Response, limit: RequestLimit, names: Mapping[HeaderNames, str], retry_after: str
) -> None:
    """Add the headers to a response. A later ``Retry-After`` that it already has stays."""
    reset_at = limit.reset_at
    remaining = limit.remaining
    response.headers.add(names[HeaderNames.LIMIT], str(limit.limit.amount))
    response.headers.add(names[HeaderNames.REMAINING], str(remaining))
    response.headers.add(names[HeaderNames.RESET], str(reset_at))
    later = max(reset_at, _said_before(response) or 0)
    text = http_date(later) if retry_after == "http-date" else str(int(later - time.time()))
    response.headers.set(names[HeaderNames.RETRY_AFTER], text)


def _said_before(response: Response) -> int | None:
    said = response.headers.get("Retry-After")
    if said is None:
        return None
    date = parse_date(said)
    if date is not None:
        return int(date.timestamp())
    try:
        return int(time.time() + int(said))
    except ValueError:
        # The view's own mistake is no reason to withhold its answer.
        return None
