"""Runs a subject of the contract against one host: sends, compares, remembers."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from tests.contract import comparison, composition, minting
from tests.contract.documents import Case, Contract, Difference, Subject
from tests.contract.patterns import Patterns, strict_json
from tests.contract.population import Service
from tests.contract.variables import Variables
from tests.contract.wire import Answer, Request, WireError, send

__all__ = ["Exchange", "Transcript", "run"]

Json = dict[str, Any]

# Answers may hand these out; from then on no refusal repeats them.
_SECRET_MEMBERS: Final = ("access_token", "refresh_token", "client_secret")
# What of a step is not sent.
_UNSENT: Final = frozenset({"each", "expect", "save", "label", "why"})


@dataclass(frozen=True)
class Exchange:
    """One request and its answer."""

    case: str
    label: str | None
    request: Request
    answer: Answer
    difference: Difference | None
    problems: tuple[str, ...]
    """What the contract minds, whatever difference is accepted here."""

    @property
    def what(self) -> str:
        """The request line, more or less."""
        return f"{self.request.method.decode()} {self.request.target.decode('latin-1')}"


@dataclass
class Transcript:
    """What happened in one subject at one host."""

    exchanges: list[Exchange] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)


def run(contract: Contract, subject: Subject, service: Service) -> Transcript:
    """Runs all cases of the subject against the service, which is its own."""
    transcript = Transcript()
    patterns = Patterns(contract.patterns, partial(_decode, service))
    for case in subject.cases:
        for each in case.each:
            _Run(contract, subject, case, service, patterns, transcript).steps(each)
    return transcript


def _decode(service: Service, token: str) -> Json:
    """Header and claims, after the keys that the service publishes have verified them."""
    answer = send(service.address, Request(b"GET", b"/.well-known/jwks.json", []))
    return minting.decode(token, json.loads(answer.body))


class _Run:
    """One case. What its steps save is forgotten afterwards."""

    def __init__(
        self,
        contract: Contract,
        subject: Subject,
        case: Case,
        service: Service,
        patterns: Patterns,
        transcript: Transcript,
    ) -> None:
        self._contract = contract
        self._subject = subject
        self._case = case
        self._service = service
        self._transcript = transcript
        self._variables = Variables(service.variables)
        self._patterns = patterns

    def steps(self, each: Any) -> None:
        for position, step in enumerate(self._case.steps):
            where = f"{self._subject.name}: {self._case.name}, step {position + 1}"
            try:
                for value in self._variables.fill(step.get("each", [each])):
                    self._variables.save("each", value)
                    self._step(step, where)
            except (WireError, LookupError, ValueError) as error:
                # The later steps of the case live on what this one was to answer.
                self._transcript.problems.append(f"{where}: {error!r}")
                return

    def _step(self, step: Json, where: str) -> None:
        if "mint" in step:
            self._mint(step)
            return
        if "log_in" in step:
            step = composition.log_in(step)
        exchange = self._exchange(step)
        found = self._differing(exchange) if exchange.difference else exchange.problems
        problems = [*found, *comparison.leaks(exchange.answer, self._transcript.secrets)]
        self._transcript.exchanges.append(exchange)
        self._transcript.problems += [f"{where} ({exchange.what}): {one}" for one in problems]
        if "save" in step:
            self._save(step["save"], strict_json(exchange.answer.body))

    def _exchange(self, step: Json) -> Exchange:
        # Only what is sent is filled in: the expectation may refer to what the answer brings.
        given = {
            name: self._variables.fill(value) for name, value in step.items() if name not in _UNSENT
        }
        request = composition.request(given, self._service.mount)
        self._transcript.secrets |= composition.passwords(given)
        answer = send(self._service.address, request)
        label = step.get("label")
        return Exchange(
            self._case.name,
            label,
            request,
            answer,
            self._difference(label),
            tuple(self._problems(step["expect"], answer)),
        )

    def _difference(self, label: str | None) -> Difference | None:
        place = (self._service.kind, self._subject.name, self._case.name, label)
        found = (entry for entry in self._contract.differences if entry.covers(*place))
        return next(found, None)

    def _differing(self, exchange: Exchange) -> Iterator[str]:
        assert exchange.difference is not None
        return self._problems(exchange.difference.expect, exchange.answer)

    def _problems(self, written: Any, answer: Answer) -> Iterator[str]:
        expected = self._contract.expectation(written).filled(self._variables.fill)
        return comparison.problems(expected, answer, self._patterns, self._contract.framing)

    def _mint(self, step: Json) -> None:
        claims = self._variables.fill(step.get("claims", {}))
        minted = minting.Mint(self._service.database).changed(
            self._variables.fill(step["mint"]),
            claims={name: _instant(value) for name, value in claims.items()},
            header=self._variables.fill(step.get("header", {})),
            signer=step.get("signer", "the service"),
        )
        self._save(step["save"], minted)

    def _save(self, name: str, value: Any) -> None:
        self._variables.save(name, value)
        if isinstance(value, str):
            self._transcript.secrets.add(value)
        elif isinstance(value, dict):
            handed = {value[member] for member in _SECRET_MEMBERS if member in value}
            self._transcript.secrets |= handed


def _instant(claim: Any) -> Any:
    """``{"$now": -1}`` is the second before this one."""
    if isinstance(claim, dict) and claim.keys() == {"$now"}:
        return int(time.time()) + claim["$now"]
    return claim
