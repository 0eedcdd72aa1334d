"""Read the JSON of tokens: with the engine, and what that refuses as Python's own `json` does."""

from __future__ import annotations

import json
from typing import Any

from countersign import _native

_STANDARD_LOADS = json.loads


def loads(data: bytes) -> Any:
    """Read JSON by the rules of `json.loads`.

    The engine reads strict JSON to the same objects, only faster. Duplicate names, ``NaN``, lone
    surrogates, UTF-16 and the wording of errors are left to `json`, or to what a program has put
    in the place of `json.loads`.
    """
    if json.loads is _STANDARD_LOADS:
        try:
            return _native.loads(data)
        except ValueError:
            pass
    return json.loads(data)


_compact = json.JSONEncoder(separators=(",", ":")).encode


def dumps(value: Any, encoder: type[json.JSONEncoder] | None = None, sort: bool = False) -> bytes:
    """Write JSON without white space."""
    if encoder is None and not sort:
        return _compact(value).encode("utf-8")
    return json.dumps(value, separators=(",", ":"), cls=encoder, sort_keys=sort).encode("utf-8")
