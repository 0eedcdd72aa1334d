"""Keep your Flask-Limiter code and change the import.

::

    from countersign.compat.flask_limiter import Limiter
    from countersign.compat.flask_limiter.util import get_remote_address

**The same** as Flask-Limiter 4.1: every argument, setting, decorator, callback, header, status code
and message. Its own tests that need no server pass against this package; so do months of 30 days,
years of 360, and ``0/minute``, which turns every request away.

**Different**, always:

- Counts are kept in memory only: ``memory://``, bounded and without threads of its own (see
  `countersign.compat.limits.storage.MemoryStorage`). Any other storage is refused at start.
- The strategy ``"gcra"`` is new: the whole budget at once, then it flows back evenly.
- Default, application and meta limits that cannot be read are a `ConfigurationError` at start, not
  an error 500 at each request. A view with such a limit goes without it, as ever, but it is warned
  of where it is written.
- Options of a limit that cannot be meant are warned of where it is written, and a limit above its
  route's decorator, which no request comes to, at the first request.
- ``RATELIMIT_*`` settings that mean nothing, switches that are a text ``"False"``, a form of
  ``retry_after`` and headers that do not exist are warned of. One text where a list of limits
  belongs is refused.
- A blueprint's ``meta_limits`` are heeded. A ``Retry-After`` of the view is read in UTC, and one
  that cannot be read does not stop the answer.
- Blocks (``with limiter.limit(...)``) at the same place do not mix up their limits among threads.
- The command ``flask limiter`` (``config``, ``limits``, ``clear``) is there in applications that
  have a `Limiter`, and prints plain text. It is another process than the server, whose counts in
  memory it does not see; ``clear`` says so and fails. ``limits --watch`` is not offered.

**Be careful**, as ever: ``deduct_when`` looks before the view and counts after it, so requests at
the same time slip through together; behind a proxy, `util.get_remote_address` needs Werkzeug's
ProxyFix; functions of the same module and name share limits.
"""

from __future__ import annotations

from ._declared import InvalidRateWarning
from ._limiter import Limiter
from ._limits import ApplicationLimit, Limit, MetaLimit, RouteLimit
from ._requests import RequestLimit
from ._settings import UnknownSettingWarning
from .constants import ExemptionScope, HeaderNames
from .errors import RateLimitExceeded

__version__ = "4.1.1"
"""The version of Flask-Limiter whose interface this is."""

__all__ = [
    "ApplicationLimit",
    "ExemptionScope",
    "HeaderNames",
    "InvalidRateWarning",
    "Limit",
    "Limiter",
    "MetaLimit",
    "RateLimitExceeded",
    "RequestLimit",
    "RouteLimit",
    "UnknownSettingWarning",
]
