"""The contract's own consistency: nothing misspelled, nothing forgotten."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.contract.conftest import Runs
from tests.contract.documents import FOLDER, Contract
from tests.contract.hosts import HOSTS

ERRORS = FOLDER.parent / "docs" / "errors.md"

UNREACHED = {
    "insufficient_user_authentication",  # only applications ask for a recent log-in
    "request_timeout",  # takes ten seconds
    "server_error",  # nothing is known that makes it
    "temporarily_unavailable",  # would need a database that fails
    "unsupported_token_type",  # every kind of token can be revoked
}


def error_table() -> list[tuple[str, int, str, str]]:
    rows = [
        line.strip("|\n ").split("|")
        for line in ERRORS.read_text().splitlines()
        if line.startswith("| `")
    ]
    cells = [[cell.strip(" `") for cell in row] for row in rows]
    return [(code, int(status), challenge, text) for code, status, challenge, text in cells]


def written(folder: Path, subject: dict[str, Any]) -> Contract:
    """The contract with this one subject."""
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("subjects"))
    (folder / "subjects").mkdir()
    (folder / "subjects" / "subject.json").write_text(json.dumps(subject))
    return Contract(folder)


def test_the_answers_are_those_of_the_error_table(contract: Contract) -> None:
    rows = error_table()
    assert len(rows) > 20
    for code, status, challenge, text in rows:
        expected = contract.expectation(code)
        assert (expected.status, expected.json) == (
            status,
            {"error": code, "error_description": text},
        )
        found = expected.headers.get("www-authenticate", "")
        assert re.sub(r'="[^"]*"', "", found).replace(", error_description", "") in (
            challenge,
            f"{challenge}, charset",
        )


def test_every_row_of_the_error_table_is_reached(runs: Runs, contract: Contract) -> None:
    codes = set()
    for subject in contract.subjects:
        for exchange in runs.of(HOSTS[0], subject).exchanges:
            found = re.match(rb'\{"error":"(\w+)"', exchange.answer.body)
            if found:
                codes.add(found[1].decode())
    assert codes | UNREACHED == {code for code, *_ in error_table()} | UNREACHED
    assert not codes & UNREACHED


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ((), "abuot"),
        (("cases", 0), "reason"),
        (("cases", 0, "steps", 0), "expct"),
        (("cases", 0, "steps", 0, "expect"), "body"),
    ],
)
def test_a_misspelled_member_is_an_error(
    tmp_path: Path, place: tuple[str | int, ...], name: str
) -> None:
    step = {"send": "GET /", "expect": {"like": "not_found"}}
    subject: Any = {"about": "", "cases": [{"name": "a", "steps": [step]}]}
    assert written(tmp_path / "good", subject).subjects
    member = subject
    for key in place:
        member = member[key]
    member[name] = 1
    with pytest.raises(ValueError, match=f'"{name}.*means nothing here'):
        written(tmp_path / "bad", subject).subjects  # noqa: B018


def test_two_cases_of_one_name_are_an_error(tmp_path: Path) -> None:
    case = {"name": "a", "steps": []}
    with pytest.raises(ValueError, match="one name"):
        written(tmp_path / "x", {"about": "", "cases": [case, case]}).subjects  # noqa: B018


def test_a_file_with_a_member_twice_is_an_error(tmp_path: Path) -> None:
    contract = written(tmp_path / "x", {"about": "", "cases": []})
    (tmp_path / "x" / "subjects" / "subject.json").write_text('{"about": "", "about": ""}')
    with pytest.raises(ValueError, match=r"subject\.json: a member stands twice"):
        contract.subjects  # noqa: B018
