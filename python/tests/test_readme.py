"""The README's programs, run as they stand."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path


def test_the_readme_runs(tmp_path: Path) -> None:
    text = (Path(__file__).parents[1] / "README.md").read_text()
    programs = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert programs
    for program in programs:
        ended = subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        # The last line says what its comment says.
        said = re.findall(r"# (401 .*)\n", program)
        assert ended.stdout.splitlines()[-1] == said[-1]
