"""The contract at every host, and the hosts with each other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.contract.agreement import differences
from tests.contract.conftest import Runs, run_all
from tests.contract.documents import Contract
from tests.contract.hosts import HOSTS, Host
from tests.contract.population import Population

SUBJECTS = list(Contract().subjects)

every_subject = pytest.mark.parametrize("subject", SUBJECTS)


every_host = pytest.mark.parametrize("host", HOSTS, ids=[host.name for host in HOSTS])


@every_host
@every_subject
def test_the_host_keeps_the_contract(runs: Runs, host: Host, subject: str) -> None:
    transcript = runs.of(host, subject)
    assert transcript.exchanges
    if transcript.problems:
        pytest.fail("\n".join(transcript.problems), pytrace=False)


@every_subject
def test_the_hosts_agree(runs: Runs, contract: Contract, subject: str) -> None:
    server, *others = HOSTS
    found = [
        f"{server.name}, {other.name}: {difference}"
        for other in others
        for difference in differences(
            runs.of(server, subject),
            runs.of(other, subject),
            contract.framing,
            (server.mount, other.mount),
        )
    ]
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def test_no_case_needs_another(contract: Contract, population: Population, tmp_path: Path) -> None:
    subjects = [one.reversed() for one in contract.subjects.values() if not one.in_order]
    transcripts, _ = run_all(contract, population, HOSTS[0], subjects, tmp_path)
    assert not [problem for found in transcripts for problem in found.problems]


def test_no_difference_is_accepted_without_need(runs: Runs, contract: Contract) -> None:
    needed = {
        (subject, exchange.case, exchange.label, host.kind)
        for host in HOSTS
        for subject in contract.subjects
        for exchange in runs.of(host, subject).exchanges
        if exchange.difference and exchange.problems
    }
    accepted = {
        (difference.subject, difference.case, label, kind)
        for difference in contract.differences
        for kind in difference.hosts
        for label in difference.steps
    }
    assert accepted == needed


@every_host
def test_a_host_logs_no_secret_and_no_mistake(runs: Runs, host: Host) -> None:
    secrets = {secret for subject in SUBJECTS for secret in runs.of(host, subject).secrets}
    # Thousands of tokens, and megabytes of log: each word is looked up instead.
    assert secrets.isdisjoint(_WORD.findall(runs.logs[host]))
    phrases = [secret for secret in secrets if not _WORD.fullmatch(secret)]
    for unwanted in [*phrases, "Traceback", "panicked", "never awaited", "Warning:"]:
        assert unwanted not in runs.logs[host]


_WORD = re.compile(r"[A-Za-z0-9_.-]+")
