"""The programs of docs/migrate, run as they stand.

A program below the mark ``<!-- before: needs PyPI package X -->`` shows another library, and runs
against that one. Where the mark ends in ``; compiled only``, the library is not among the
development packages: then the program is compiled, and the page has to say so.
"""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "migrate"
PAGES = (
    *("README", "pyjwt", "python-jose", "flask-jwt-extended", "flask-limiter"),
    *("fastapi-users", "authx", "hand-written", "users"),
)
# They show nobody else's library.
OURS_ALONE = ("README", "users")
BEFORE = "<!-- before: needs PyPI package "
ONLY_COMPILED = "; compiled only"
SAID = "It is compiled by the tests, not run"
# A mark belongs to the block right below it.
BLOCK = re.compile(rf"(?:({re.escape(BEFORE)})([^>]+) -->\n)?```python\n(.*?)```", re.DOTALL)


class Program(NamedTuple):
    """A block of a page."""

    name: str
    library: str | None
    source: str


def programs_of(page: str) -> list[Program]:
    blocks = BLOCK.findall((FOLDER / f"{page}.md").read_text())
    return [
        Program(f"{page}-{number}", library if mark else None, source)
        for number, (mark, library, source) in enumerate(blocks, 1)
    ]


PROGRAMS = [program for page in PAGES for program in programs_of(page)]
AFTER = [program for program in PROGRAMS if program.library is None]
OTHERS = [(program, program.library) for program in PROGRAMS if program.library is not None]


def run(program: Program, folder: Path, *options: str) -> None:
    (folder / "program.py").write_text(program.source)
    ended = subprocess.run(
        [sys.executable, *options, "program.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_all_pages_are_known_and_reached() -> None:
    assert {page.stem for page in FOLDER.glob("*.md")} == set(PAGES)
    entrance = (FOLDER / "README.md").read_text()
    assert all(f"]({page}.md)" in entrance for page in PAGES[1:])
    root = FOLDER.parents[1]
    assert "](docs/migrate/README.md)" in (root / "README.md").read_text()
    assert "](../docs/migrate/README.md)" in (root / "python" / "README.md").read_text()


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = BLOCK.sub("", (FOLDER / f"{page}.md").read_text())
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (FOLDER / target).exists(), target


@pytest.mark.parametrize("page", PAGES)
def test_each_page_has_programs_and_misses_no_mark(page: str) -> None:
    text = (FOLDER / f"{page}.md").read_text()
    programs = programs_of(page)
    assert len(programs) == text.count("```python")
    marked = [program for program in programs if program.library]
    assert len(marked) == text.count("<!-- before") == (0 if page in OURS_ALONE else 1)
    assert any(program.library is None for program in programs)


@pytest.mark.parametrize("program", AFTER, ids=lambda program: program.name)
def test_ours_runs_with_every_warning_an_error(program: Program, tmp_path: Path) -> None:
    assert "assert " in program.source or "raise AssertionError" in program.source
    run(program, tmp_path, "-W", "error")


@pytest.mark.parametrize(
    ("program", "library"), OTHERS, ids=[program.name for program, _ in OTHERS]
)
def test_the_other_library_does_what_the_page_shows(
    program: Program, library: str, tmp_path: Path
) -> None:
    compile(program.source, program.name, "exec")
    if library.endswith(ONLY_COMPILED):
        page = (FOLDER / f"{program.name.rpartition('-')[0]}.md").read_text()
        assert SAID in page
        return
    try:
        version(library)
    except PackageNotFoundError:
        pytest.skip(f"{library} is not installed")
    run(program, tmp_path)
