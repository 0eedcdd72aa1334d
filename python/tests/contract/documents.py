"""The contract as ``contract/`` has it, read strictly: what is misspelled is an error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from tests.contract.patterns import ABSENT, strict_json

__all__ = ["FOLDER", "Case", "Contract", "Difference", "Expectation", "Subject"]

FOLDER: Final = Path(__file__).parents[3] / "contract"

Json = dict[str, Any]

# The member that says what kind of step it is, and what may stand beside it.
_STEPS: Final = {
    "send": {"bearer", "basic", "headers", "json", "form", "body", "type", "framing", "trailing"},
    "log_in": {"scope"},
    "mint": {"claims", "header", "signer"},
}
_EVERYWHERE: Final = {"each", "expect", "save", "label", "why"}
_EXPECTATION: Final = {"like", "status", "headers", "json", "text", "interim"}
_SUBJECT: Final = {"about", "settings", "routes", "in_order", "cases"}
_CASE: Final = {"name", "why", "each", "steps"}
_DIFFERENCE: Final = {"hosts", "subject", "case", "steps", "expect", "reason"}


@dataclass(frozen=True)
class Expectation:
    """What an answer is to be."""

    status: int
    headers: Json
    json: Any = None
    text: str | None = None
    interim: tuple[int, ...] = ()

    def filled(self, fill: Callable[[Any], Any]) -> Expectation:
        """The same with its references replaced."""
        return replace(self, headers=fill(self.headers), json=fill(self.json), text=fill(self.text))


@dataclass(frozen=True)
class Case:
    """Steps that belong together; what they save is theirs."""

    name: str
    each: tuple[Any, ...]
    """The values for which the whole case is run, as ``${each}``."""
    steps: tuple[Json, ...]


@dataclass(frozen=True)
class Subject:
    """One file: cases for a service of their own."""

    name: str
    settings: dict[str, str]
    routes: tuple[str, ...]
    in_order: bool
    """Whether a case needs the ones before it."""
    cases: tuple[Case, ...]

    def reversed(self) -> Subject:
        """The same cases, the last of them first."""
        return replace(self, cases=self.cases[::-1])


@dataclass(frozen=True)
class Difference:
    """Where a host may answer otherwise, and why."""

    hosts: tuple[str, ...]
    subject: str
    case: str
    steps: tuple[str, ...]
    """The labels of the steps."""
    expect: Any
    reason: str

    def covers(self, kind: str, subject: str, case: str, label: str | None) -> bool:
        """Whether this is one of the steps, and the kind of host one of those."""
        place = (self.subject, self.case) == (subject, case) and label in self.steps
        return place and kind in self.hosts


class Contract:
    """Everything in the folder."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self.service = self._read("service.json")
        self._differences: Json = self._read("differences.json")
        self._answers: Json = {**self._read("answers.json"), **self._differences["answers"]}

    @cached_property
    def subjects(self) -> dict[str, Subject]:
        """The subjects by name."""
        folder = self._folder / "subjects"
        return {path.stem: self._subject(path) for path in sorted(folder.glob("*.json"))}

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """Where hosts may differ."""
        entries = self._differences["differences"]
        for entry in entries:
            _refuse_unknown(entry, _DIFFERENCE, f"a difference of {entry.get('subject')}")
        lists = ("hosts", "steps")
        return tuple(
            Difference(**{**entry, **{name: tuple(entry[name]) for name in lists}})
            for entry in entries
        )

    @cached_property
    def framing(self) -> Mapping[str, str]:
        """The header fields that are the web server's own, and why."""
        fields: dict[str, str] = self._differences["framing"]
        return fields

    @cached_property
    def patterns(self) -> dict[str, str]:
        """The named regular expressions."""
        named: dict[str, str] = self._read("patterns.json")
        return named

    def expectation(self, written: Any) -> Expectation:
        """The whole of what an answer is to be: the named answer, and what refines it."""
        whole = self._resolved(written)
        return Expectation(
            whole["status"],
            {name: value for name, value in whole["headers"].items() if value != ABSENT},
            whole.get("json"),
            whole.get("text"),
            tuple(whole.get("interim", ())),
        )

    def _resolved(self, written: Any) -> Json:
        if isinstance(written, str):
            written = {"like": written}
        _refuse_unknown(written, _EXPECTATION, f"the expectation {written}")
        own = {name: value for name, value in written.items() if name != "like"}
        if "like" not in written:
            return own
        return _refined(self._resolved(self._answers[written["like"]]), own)

    def _subject(self, path: Path) -> Subject:
        written = self._read(f"subjects/{path.name}")
        _refuse_unknown(written, _SUBJECT, path.name)
        cases = tuple(self._case(case, path.name) for case in written["cases"])
        names = [case.name for case in cases]
        if len(set(names)) != len(names):
            raise ValueError(f"{path.name}: two cases have one name")
        routes = written.get("routes", self.service["routes"])
        in_order = written.get("in_order", False)
        return Subject(path.stem, written.get("settings", {}), tuple(routes), in_order, cases)

    def _case(self, written: Json, file: str) -> Case:
        where = f"{file}: {written.get('name')}"
        _refuse_unknown(written, _CASE, where)
        for step in written["steps"]:
            (kind,) = _STEPS.keys() & step.keys()
            _refuse_unknown(step, {kind} | _STEPS[kind] | _EVERYWHERE, where)
            if "expect" in step:
                self.expectation(step["expect"])
        return Case(written["name"], tuple(written.get("each", [None])), tuple(written["steps"]))

    def _read(self, name: str) -> Any:
        try:
            return strict_json((self._folder / name).read_bytes())
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error


def _refined(answer: Json, own: Json) -> Json:
    refined = {**answer, **own}
    refined["headers"] = {**answer.get("headers", {}), **own.get("headers", {})}
    if _is_object(answer.get("json")) and _is_object(own.get("json")):
        refined["json"] = {**answer["json"], **own["json"]}
    if "text" in own:
        refined.pop("json", None)
    return refined


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and not any(name.startswith("$") for name in value)


def _refuse_unknown(written: Json, known: Iterable[str], where: str) -> None:
    unknown = written.keys() - set(known)
    if unknown:
        raise ValueError(f"{where}: {json.dumps(sorted(unknown))} means nothing here")
