"""Rate limits of views."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from flask import request

from countersign import Rates
from countersign.exceptions import ConfigurationError, TokenError
from countersign.flask._handover import forwarded, peer
from countersign.flask._installed import Installed, installed
from countersign.flask._principal import check
from countersign.flask._views import View, run_before

if TYPE_CHECKING:
    from countersign.flask._order import DecoratedViews

Key: TypeAlias = Literal["address", "user", "both"] | Callable[[], str | None]
"""By what requests are counted."""

_KEYS: Final = ("address", "user", "both")


class Limit:
    """A decorator, or with :meth:`check` a statement. Made by ``cs.limit``."""

    def __init__(self, rates: str, key: Key, name: str | None, decorated: DecoratedViews) -> None:
        if key not in _KEYS and (not callable(key) or inspect.iscoroutinefunction(key)):
            raise ConfigurationError(
                f"key={key!r}: write 'address', 'user', 'both', or a plain function without"
                " arguments that answers a text"
            )
        self._rates = Rates(rates)
        self._key = key
        self._name = name
        self._decorated = decorated

    def __call__(self, view: View) -> View:
        """The view, behind the limit."""
        limited = run_before(view, self.check, "@cs.limit(...)")
        self._decorated.add(view, "@cs.limit", limited)
        return limited

    def check(self) -> None:
        """Counts this request.

        Raises:
            RateLimitedError: it is one too many; the answer says when to come again.
        """
        host = installed()
        key = self._whom(host)
        if key is not None:
            host.auth.limit(self._rates, name=self._name or _view_name(), key=key)

    def _whom(self, host: Installed) -> str | None:
        if callable(self._key):
            own = self._key()
            return None if own is None else f"key {own}"
        user = None if self._key == "address" else _user(host)
        if user is None:
            return f"address {_network(host)}"
        # A user id holds no space, so that the two parts cannot be mistaken.
        return f"user {user} address {_network(host)}" if self._key == "both" else f"user {user}"


def _view_name() -> str:
    """Which view this is. What is read counts the same with the body or without."""
    method = "GET" if request.method == "HEAD" else request.method
    return f"{method} {request.endpoint}"


def _user(host: Installed) -> str | None:
    """Whose request it is. A bad token is nobody's; to refuse it is the view's business."""
    try:
        principal = check(host.auth)
    except TokenError:
        return None
    return None if principal is None else principal.user_id


def _network(host: Installed) -> str:
    """Where the client is: its address, or of IPv6 the network that one host has to itself."""
    address = host.auth.client_address(peer(request), forwarded(request))
    return "unknown" if address is None else host.auth.network(address)
