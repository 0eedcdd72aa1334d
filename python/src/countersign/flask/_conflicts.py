"""A path and method that both the application and the engine have is an error that names it.

Werkzeug would take the rule that was there first and keep the other without a word: a log-in that
is not the engine's, or a view that nobody reaches.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from flask import Flask
from werkzeug.routing import Rule, RuleFactory

from countersign.exceptions import ConfigurationError
from countersign.flask._installed import NAME


class Conflicts:
    """The engine's rules, compared with the application's."""

    def __init__(self, rules: Iterable[tuple[str, frozenset[str]]]) -> None:
        self._ours = {(_shape(rule), method): rule for rule, methods in rules for method in methods}

    def refuse_present(self, app: Flask) -> None:
        """Looks at the rules that the application has.

        Raises:
            ConfigurationError: one of them is the engine's, too.
        """
        for rule in app.url_map.iter_rules():
            self._refuse(rule)

    def refuse_later(self, app: Flask) -> None:
        """Looks at every rule that is added from now on, before it is."""
        add = app.url_map.add

        def add_if_free(rulefactory: RuleFactory) -> None:
            for rule in rulefactory.get_rules(app.url_map):
                self._refuse(rule)
            add(rulefactory)

        app.url_map.add = add_if_free  # type: ignore[method-assign]

    def _refuse(self, rule: Rule) -> None:
        # Another host or subdomain is another place.
        if rule.build_only or rule.subdomain or rule.host or _is_ours(rule):
            return
        for method in sorted(rule.methods or {method for _, method in self._ours}):
            ours = self._ours.get((_shape(rule.rule), method))
            if ours is not None:
                raise ConfigurationError(
                    f"{method} {ours} is Countersign's and this application's (endpoint"
                    f" {rule.endpoint!r}): take the application's away, give Countersign's a place"
                    ' of their own with CountersignFlask(prefix="/auth"), or leave their group out'
                    " with routes={...}"
                )


def _is_ours(rule: Any) -> bool:
    return str(rule.endpoint).startswith(f"{NAME}.")


def _shape(rule: str) -> str:
    """The rule without the names and kinds of its variables."""
    return re.sub(r"<[^>]*>", "<>", rule)
