"""Print what a bug report needs: ``python -m countersign.jwt.help``."""

from __future__ import annotations

import json
import platform
from importlib.metadata import PackageNotFoundError, version

from . import __version__

__all__ = ["info", "main"]


def info() -> dict[str, dict[str, str]]:
    """Describe the platform and the versions."""
    return {
        "platform": {"system": platform.system(), "release": platform.release()},
        "implementation": {
            "name": platform.python_implementation(),
            "version": platform.python_version(),
        },
        "cryptography": {"version": _version("cryptography")},
        "pyjwt": {"version": __version__},
        "countersign": {"version": _version("countersign-auth")},
    }


def main() -> None:
    """Print the description as JSON."""
    print(json.dumps(info(), sort_keys=True, indent=2))


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


if __name__ == "__main__":
    main()
