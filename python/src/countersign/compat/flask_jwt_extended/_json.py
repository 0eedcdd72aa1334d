"""Write the claims of a token with the JSON provider of the application."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flask import current_app
from flask.json.provider import DefaultJSONProvider

if TYPE_CHECKING:
    from flask import Flask


class JSONEncoder(json.JSONEncoder):
    """Write what `json` cannot write as the application's JSON provider does."""

    def default(self, o: Any) -> Any:
        """Convert dates, UUIDs, data classes and whatever else the provider knows."""
        provider = current_app.json_provider_class
        return getattr(provider, "default", DefaultJSONProvider.default)(o)


def get_json_encoder(app: Flask) -> type[json.JSONEncoder]:
    """Choose the encoder for an application's claims."""
    return JSONEncoder
