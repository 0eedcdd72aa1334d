"""The examples are held to the rules of the package: ruff, and mypy --strict."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.examples.servers import EXAMPLES, ROOT
from tests.examples.test_readmes import PYTHON_EXAMPLES

PACKAGE = ROOT / "python"


def check(*command: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=PACKAGE,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=["check", "format"])
def test_ruff(command: list[str]) -> None:
    check("ruff", *command, str(EXAMPLES))


@pytest.mark.parametrize("example", PYTHON_EXAMPLES)
def test_mypy(example: str) -> None:
    # Each for itself: several of them have an `app`.
    check("mypy", *map(str, (EXAMPLES / example).glob("*.py")))
