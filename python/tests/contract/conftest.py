from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contract.documents import Contract, Subject
from tests.contract.hosts import HOSTS, Host, serve
from tests.contract.population import Population
from tests.contract.runner import Transcript, run


@dataclass(frozen=True)
class Runs:
    """Every subject that is asked for at every host that is, all hosts at the same time."""

    population: Population
    transcripts: Mapping[tuple[Host, str], Transcript]
    logs: Mapping[Host, str]

    def of(self, host: Host, subject: str) -> Transcript:
        """What happened in the subject at the host."""
        return self.transcripts[host, subject]


@pytest.fixture(scope="session")
def contract() -> Contract:
    return Contract()


@pytest.fixture(scope="session")
def population(contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> Population:
    return Population(contract.service, tmp_path_factory.mktemp("contract") / "service")


@pytest.fixture(scope="session")
def runs(
    request: pytest.FixtureRequest,
    contract: Contract,
    population: Population,
    tmp_path_factory: pytest.TempPathFactory,
) -> Runs:
    hosts, names = _asked(request.session.items, contract)
    subjects = [contract.subjects[name] for name in names]
    folders = [tmp_path_factory.mktemp(host.kind) for host in hosts]

    def at(host: Host, folder: Path) -> tuple[list[Transcript], str]:
        return run_all(contract, population, host, subjects, folder)

    with ThreadPoolExecutor(len(hosts)) as pool:
        results = dict(zip(hosts, pool.map(at, hosts, folders), strict=True))
    transcripts = {
        (host, name): transcript
        for host, (found, _) in results.items()
        for name, transcript in zip(names, found, strict=True)
    }
    return Runs(population, transcripts, {host: log for host, (_, log) in results.items()})


def _asked(
    items: Sequence[pytest.Item], contract: Contract
) -> tuple[Collection[Host], Sequence[str]]:
    """The hosts and subjects that the selected tests want; one that names none wants all."""
    using = [item for item in items if "runs" in getattr(item, "fixturenames", ())]
    params = [
        callspec.params if (callspec := getattr(item, "callspec", None)) else {} for item in using
    ]
    hosts = {param.get("host") for param in params}
    subjects = {param.get("subject") for param in params}
    return (
        HOSTS if None in hosts else [host for host in HOSTS if host in hosts],
        [name for name in contract.subjects if None in subjects or name in subjects],
    )


def run_all(
    contract: Contract,
    population: Population,
    host: Host,
    subjects: Sequence[Subject],
    folder: Path,
) -> tuple[list[Transcript], str]:
    """What happened in each of the subjects, and what the host logged."""
    with serve(host, contract, population, subjects, folder) as (services, serving):
        found = [
            run(contract, subject, service)
            for service, subject in zip(services, subjects, strict=True)
        ]
    # When it has ended, lest something be written afterwards.
    return found, "".join(log.read_text() for log in serving.logs)
