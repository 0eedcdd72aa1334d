"""What the hosts answer is what their OpenAPI document says: statuses, error codes, members."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from typing import Any

import pytest

from countersign import Countersign
from tests.contract.conftest import Runs
from tests.contract.documents import Contract
from tests.contract.hosts import HOSTS
from tests.contract.runner import Exchange

Json = dict[str, Any]


Operation = tuple[str, re.Pattern[str], Json]
"""Method, path and responses, as they are documented."""


@pytest.mark.parametrize("subject", list(Contract().subjects))
def test_every_answer_is_documented(runs: Runs, contract: Contract, subject: str) -> None:
    operations = _operations(contract, contract.subjects[subject].routes)
    undocumented = [
        f"{exchange.what}: {problem}"
        for exchange in runs.of(HOSTS[0], subject).exchanges
        for responses in _responses(exchange, operations)
        if (problem := _problem(exchange, responses))
    ]
    assert not undocumented


def test_every_route_is_asked_and_answers(runs: Runs, contract: Contract) -> None:
    good = [
        exchange
        for subject in contract.subjects
        for exchange in runs.of(HOSTS[0], subject).exchanges
        if exchange.answer.status < 300
    ]
    for operation in _operations(contract, contract.service["routes"]):
        assert any(_responses(exchange, [operation]) for exchange in good), operation[:2]


def _operations(contract: Contract, groups: Collection[str]) -> list[Operation]:
    written = contract.service
    auth = Countersign("sqlite:///never.db", issuer=written["issuer"], audience=written["audience"])
    return [
        (method.upper(), re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), operation["responses"])
        for path, item in auth.routes("", groups).openapi()["paths"].items()
        for method, operation in item.items()
    ]


def _responses(exchange: Exchange, operations: Sequence[Operation]) -> list[Json]:
    """Those of the operation that the request was for; none where there is no such path."""
    method = exchange.request.method.decode()
    path = exchange.request.target.decode("latin-1").partition("?")[0]
    return [
        responses
        for own, template, responses in operations
        if own == method and template.fullmatch(path)
    ]


def _problem(exchange: Exchange, responses: Json) -> str | None:
    answer = exchange.answer
    if not answer.values("x-request-id"):
        return None  # It did not reach the routes.
    response = responses.get(str(answer.status))
    if response is None:
        return f"{answer.status} is not documented"
    content = response.get("content", {}).get("application/json")
    if content is None:
        return "a body is not documented" if answer.body else None
    body = json.loads(answer.body)
    if answer.status >= 400 and body["error"] not in content["examples"]:
        return f"{body['error']} is not documented"
    return _misshapen(body, content["schema"])


def _misshapen(body: Any, schema: Json) -> str | None:
    parts = schema.get("allOf", [schema])
    known = {name for part in parts for name in part.get("properties", {})}
    required = {name for part in parts for name in part.get("required", ())}
    unknown, missing = body.keys() - known, required - body.keys()
    return f"members {unknown} are not documented, {missing} are" if unknown or missing else None
