"""``${name.member | filter}`` in the contract's texts: of the service, and of earlier answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

__all__ = ["Variables"]

_REFERENCE: Final = re.compile(r"\$\{([^${}]+)\}")


class Variables:
    """What texts of the contract may refer to."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def save(self, name: str, value: Any) -> None:
        """Gives a value a name, from here on."""
        self._values[name] = value

    def fill(self, template: Any) -> Any:
        """The template with its references replaced, at any depth.

        A text that is one reference and nothing else becomes the value itself, whatever its type.
        """
        if isinstance(template, str):
            return self._fill_text(template)
        if isinstance(template, list):
            return [self.fill(item) for item in template]
        if isinstance(template, dict):
            return {self._fill_text(name): self.fill(item) for name, item in template.items()}
        return template

    def _fill_text(self, text: str) -> Any:
        whole = _REFERENCE.fullmatch(text)
        if whole:
            return self._resolve(whole[1])
        return _REFERENCE.sub(lambda match: str(self._resolve(match[1])), text)

    def _resolve(self, reference: str) -> Any:
        path, *filters = (part.strip() for part in reference.split("|"))
        value: Any = self._values
        for part in path.split("."):
            value = value[int(part)] if isinstance(value, list) else value[part]
        for name in filters:
            value = FILTERS[name](value)
        return value


def _changed(text: str, position: int) -> str:
    other = "A" if text[position] != "A" else "B"
    position %= len(text)
    return text[:position] + other + text[position + 1 :]


def _changed_part(token: str, part: int) -> str:
    parts = token.split(".")
    # Not at the end: its last character may have bits that mean nothing.
    parts[part] = _changed(parts[part], len(parts[part]) // 2)
    return ".".join(parts)


FILTERS: Final[Mapping[str, Callable[[str], str]]] = {
    "url": lambda text: quote(text, safe=""),
    "percent-encoded": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "upper": str.upper,
    "changed": lambda text: _changed(text, len(text) // 2),
    "header changed": lambda token: _changed_part(token, 0),
    "payload changed": lambda token: _changed_part(token, 1),
    "signature changed": lambda token: _changed_part(token, 2),
    "signature empty": lambda token: token.rsplit(".", 1)[0] + ".",
    "without last": lambda text: text[:-1],
}
