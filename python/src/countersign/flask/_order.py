"""Finds decorators that stand above ``@app.route`` and therefore protect nothing.

Flask registers the function that ``@app.route`` is given. ``@cs.required`` above it makes another
one that nobody calls, and the view is open to all without a word. So what was decorated is
remembered, and looked for among the application's views before its first request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary, ref

from countersign.exceptions import ConfigurationError

_View = Callable[..., Any]


class DecoratedViews:
    """Which function was decorated, with what, and what came of it."""

    def __init__(self) -> None:
        # Weak, so that decorating within a request leaks nothing.
        self._made: WeakKeyDictionary[_View, list[tuple[str, ref[_View]]]] = WeakKeyDictionary()

    def add(self, view: _View, name: str, decorated: _View) -> None:
        """Remembers ``decorated``, which ``name`` made of ``view``."""
        try:
            self._made.setdefault(view, []).append((name, ref(decorated)))
        except TypeError:
            # It takes no weak reference: no function, and not what this mistake is made with.
            return

    def refuse_open(self, views: dict[str, _View]) -> None:
        """Looks through an application's views by endpoint.

        Raises:
            ConfigurationError: a view is registered only without what it is decorated with.
        """
        if not self._made:
            return
        called = {id(layer) for view in views.values() for layer in _layers(view)}
        for endpoint, view in views.items():
            for layer in _layers(view):
                for name in self._lost(layer, called):
                    raise ConfigurationError(
                        f"the view {endpoint!r} is registered without its {name}: write {name}"
                        " below @app.route, next to the function"
                    )

    def _lost(self, view: _View, called: set[int]) -> set[str]:
        """The decorators of which nothing that they made is called."""
        try:
            made = self._made.get(view, [])
        except TypeError:
            return set()
        kept = {name for name, decorated in made if id(decorated()) in called}
        return {name for name, _ in made} - kept


def _layers(view: _View) -> Iterator[_View]:
    """The view and what it wraps."""
    layer: Any = view
    while callable(layer):
        yield layer
        layer = getattr(layer, "__wrapped__", None)
