"""Every README's lines do what the README says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.examples.readme import Readme, programs
from tests.examples.servers import EXAMPLES, environment, serve

PYTHON_EXAMPLES = sorted({program.parent.name for program in EXAMPLES.glob("*/*.py")})


@pytest.mark.parametrize(
    ("example", "program"),
    [(example, program) for example in PYTHON_EXAMPLES for program in range(programs(example))],
)
def test_the_story_of(example: str, program: int, tmp_path: Path) -> None:
    readme = Readme(example, program)
    assert any(step.answered for step in readme.story)
    with serve(readme.start(), environment(tmp_path), tmp_path) as server:
        readme.tell(server)


def test_the_story_of_the_guides_second_flask_program(tmp_path: Path) -> None:
    readme = Readme("second-guide-flask")
    start = readme.start().replace("/decorator ", "/before_request ")
    with serve(start, environment(tmp_path), tmp_path) as server:
        assert "before_request" in server.log()
        readme.tell(server)
