"""A door for the whole application, or a blueprint, and who may pass without a token.

Nobody is locked out of logging in: Countersign's own routes ask for what they need themselves.
Static files, preflights, health checks and paths that are no view pass too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Request, current_app, request

from countersign.flask._installed import NAME

if TYPE_CHECKING:
    from countersign.flask._requirement import Requirement
    from countersign.flask._views import View

HEALTH: Final = frozenset({"/health", "/healthz", "/live", "/livez", "/ready", "/readyz"})
"""What orchestrators ask without a token; only for GET."""

_EXEMPT: Final = "_countersign_exempt"


def exempt(view: View) -> View:
    """Marks a view, a view class or one of its methods: the guard lets everybody in."""
    setattr(view, _EXEMPT, True)
    return view


class Guard:
    """A ``before_request`` function that asks for a token, with exemptions."""

    def __init__(self, requirement: Requirement, exemptions: Iterable[str]) -> None:
        self._requirement = requirement
        self._exemptions = Exemptions(exemptions)

    def __call__(self) -> None:
        """Refuses the request, or says nothing."""
        if not (_needs_no_token(request) or self._exemptions.hold(request)):
            self._requirement.demand()


class Exemptions:
    """Endpoints and paths that the application exempts.

    ``"pages.index"`` is an endpoint, ``".index"`` one of the request's blueprint, as in
    ``url_for``. What begins with a slash is a path, a rule (``"/pages/<name>"``), or with ``/*`` at
    its end everything below a path.
    """

    def __init__(self, exemptions: Iterable[str]) -> None:
        if isinstance(exemptions, str):
            raise TypeError(f"exempt is a list: write exempt=[{exemptions!r}]")
        written = frozenset(exemptions)
        self._trees = tuple(text[:-1] for text in written if text.endswith("/*"))
        self._names = frozenset(text for text in written if not text.endswith("/*"))

    def hold(self, request: Request) -> bool:
        """Whether the request is for one of them."""
        rule = "" if request.url_rule is None else request.url_rule.rule
        endpoint = request.endpoint or ""
        relative = f".{endpoint.rpartition('.')[2]}"
        return (
            not self._names.isdisjoint((request.path, rule, endpoint, relative))
            or any(request.path.startswith(tree) for tree in self._trees)
        )  # fmt: skip


def _needs_no_token(request: Request) -> bool:
    endpoint = request.endpoint
    return (
        # No view will run: 404, 405 or a redirect to the path with its slash.
        endpoint is None
        # A browser asks so before it sends the token (Fetch 3.2.2).
        or request.method == "OPTIONS"
        or request.blueprint == NAME
        or _is_health_check(request)
        or _is_static(current_app, request)
        or _is_marked(current_app.view_functions.get(endpoint), request.method)
    )


def _is_health_check(request: Request) -> bool:
    return request.path in HEALTH and request.method in {"GET", "HEAD"}


def _is_static(app: Flask, request: Request) -> bool:
    """A file of the application's or a blueprint's static folder."""
    folder, _, name = (request.endpoint or "").rpartition(".")
    owner: Any = app.blueprints.get(folder) if folder else app
    return name == "static" and owner is not None and owner.has_static_folder


def _is_marked(view: Any, method: str) -> bool:
    """Whether the view, its class or the method of its class is marked."""
    kind = getattr(view, "view_class", None)
    name = "get" if method == "HEAD" else method.lower()
    return any(
        getattr(marked, _EXEMPT, False) for marked in (view, kind, getattr(kind, name, None))
    )
