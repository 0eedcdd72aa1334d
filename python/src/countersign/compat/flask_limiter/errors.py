"""What is raised when there were too many requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.exceptions import TooManyRequests

if TYPE_CHECKING:
    from flask.wrappers import Response

    from ._limits import ActiveLimit

__all__ = ["RateLimitExceeded"]


class RateLimitExceeded(TooManyRequests):
    """Answer 429: this request is one too many.

    ``limit.limit`` is the rate, ``description`` the limit's error message, or the rate as text;
    ``response`` is what a callback wants answered instead.
    """

    def __init__(self, limit: ActiveLimit, response: Response | None = None) -> None:
        """Make the exception for a limit that was breached."""
        self.limit = limit
        message = limit.error_message
        text = (message() if callable(message) else message) if message else str(limit.limit)
        super().__init__(description=text, response=response)
