"""What is raised for settings that cannot be used."""

from __future__ import annotations

from countersign.exceptions import ConfigurationError

__all__ = ["ConfigurationError"]
