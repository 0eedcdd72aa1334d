"""What ``flask limiter`` prints: trees and tables of plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from .constants import ConfigVars, HeaderNames

if TYPE_CHECKING:
    from ._limiter import Limiter

Tree: TypeAlias = Mapping[str, Any]
"""Lines, each with the tree of those below it."""
Row: TypeAlias = tuple[str, list[str], list[str]]
"""A note, the names of settings, and their values: as many lines of the one as of the other."""


def tree_lines(tree: Tree, indent: str = "") -> Iterator[str]:
    """The lines of a tree, each behind what shows where it belongs."""
    for number, (label, below) in enumerate(tree.items(), 1):
        last = number == len(tree)
        yield f"{indent}{'└── ' if last else '├── '}{label}"
        yield from tree_lines(below, indent + ("    " if last else "│   "))


def table_lines(rows: list[Row]) -> Iterator[str]:
    """The lines of a table with a head."""
    cells = [("Notes", "Configuration", "Value"), ("", "", "")]
    for note, names, values in rows:
        notes = [note, *[""] * (len(names) - 1)]
        cells += zip(notes, names, values, strict=True)
    widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
    for line in cells:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield "  ".join(padded).rstrip()


def shown(value: Any) -> str:
    """A value of a setting; of a function, its name."""
    if not callable(value):
        return repr(value)
    name = getattr(value, "__name__", type(value).__name__)
    module = getattr(value, "__module__", "")
    return f"<lambda>({module})" if name == "<lambda>" else f"{module}.{name}()"


def config_rows(limiter: Limiter) -> list[Row]:
    """What a limiter goes by."""
    rows = [
        _row("Enabled", ConfigVars.ENABLED, limiter.enabled),
        _row("Key Function", ConfigVars.KEY_FUNC, limiter._key_func),
        _row("Key Prefix", ConfigVars.KEY_PREFIX, limiter._key_prefix),
        _counting_row(limiter),
    ]
    manager = limiter.limit_manager
    for note, prefix, limits, rules in (
        ("Application", "APPLICATION", manager.application_limits, limiter._application_rules),
        ("Default", "DEFAULTS", manager.default_limits, limiter._default_rules),
    ):
        name = f"RATELIMIT_{prefix.removesuffix('S')}"
        rows.append(_row(f"{note} Limits", name, [str(each.limit) for each in limits]))
        if limits:
            names = [f"RATELIMIT_{prefix}_{rule.upper()}" for rule in rules.options()]
            rows.append(("", names, [shown(value) for value in rules.options().values()]))
    metas = manager.activate(limiter._meta_limits)
    return [
        *rows,
        _row("Meta Limits", ConfigVars.META_LIMITS, [str(each.limit) for each in metas]),
        _headers_row(limiter),
        _row(
            "Fail on first breach", ConfigVars.FAIL_ON_FIRST_BREACH, limiter._fail_on_first_breach
        ),
        _row("On breach callback", ConfigVars.ON_BREACH, limiter._on_breach),
    ]


def _row(note: str, name: str, value: Any) -> Row:
    return note, [name], [shown(value)]


def _counting_row(limiter: Limiter) -> Row:
    storage = limiter.storage
    names: Tree = {
        ConfigVars.STORAGE_URI: {"Instance": {}},
        ConfigVars.STORAGE_OPTIONS: {},
        "Status": {},
    }
    values: Tree = {
        # What stands behind the scheme may be a password.
        "memory://": {type(storage).__name__: {}},
        repr(limiter._storage_options): {},
        "OK" if storage.check() else "Error": {},
    }
    return (
        "Rate Limiting Config",
        [ConfigVars.STRATEGY, *tree_lines(names)],
        [type(limiter.limiter).__name__, *tree_lines(values)],
    )


def _headers_row(limiter: Limiter) -> Row:
    settings = {
        ConfigVars.HEADERS_ENABLED: shown(limiter._headers_enabled),
        ConfigVars.HEADER_LIMIT: limiter._header_mapping[HeaderNames.LIMIT],
        ConfigVars.HEADER_REMAINING: limiter._header_mapping[HeaderNames.REMAINING],
        ConfigVars.HEADER_RESET: limiter._header_mapping[HeaderNames.RESET],
        ConfigVars.HEADER_RETRY_AFTER: limiter._header_mapping[HeaderNames.RETRY_AFTER],
        ConfigVars.HEADER_RETRY_AFTER_VALUE: limiter._retry_after or "delta-seconds",
    }
    return "Header configuration", list(settings), list(settings.values())
