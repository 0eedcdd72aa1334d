"""The runner finds what is wrong: answers with one fault each, from a host that is told them."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.contract.documents import FOLDER, Contract
from tests.contract.population import Service
from tests.contract.runner import Transcript, run
from tests.contract.wire import Address

HEADERS = {
    "content-type": "application/json",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "pragma": "no-cache",
    "x-request-id": "0123456789abcdef0123456789abcdef",
}
BODY = '{"error":"not_found","error_description":"There is nothing here."}'
GOOD_STEP = {"send": "GET /", "expect": "not_found"}


def answer(status: int = 404, body: str = BODY, more: str = "", **changes: str | None) -> bytes:
    """A good answer, or one that is changed; None takes a header away."""
    named = {name.replace("_", "-"): value for name, value in changes.items()}
    headers = {"content-length": str(len(body)), **HEADERS, **named}
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    head = "\r\n".join([f"HTTP/1.1 {status} X", *lines, *([more] if more else [])])
    return f"{head}\r\n\r\n{body}".encode()


@contextmanager
def host(answers: list[bytes]) -> Iterator[Address]:
    """Gives these answers, one a connection, whatever is asked."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for one in answers:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(one)

    thread = threading.Thread(target=serve)
    thread.start()
    with listener:
        yield listener.getsockname()
        thread.join()


def transcript(folder: Path, steps: list[dict[str, Any]], *answers: bytes) -> Transcript:
    contract_folder = folder / "contract"
    shutil.copytree(FOLDER, contract_folder, ignore=shutil.ignore_patterns("subjects"))
    (contract_folder / "subjects").mkdir()
    subject = {"about": "", "cases": [{"name": "case", "steps": steps}]}
    (contract_folder / "subjects" / "subject.json").write_text(json.dumps(subject))
    contract = Contract(contract_folder)
    with host(list(answers)) as address:
        service = Service("server", address, "", {"issuer": "https://a.example"}, folder)
        return run(contract, contract.subjects["subject"], service)


def test_a_good_answer_is_good(tmp_path: Path) -> None:
    found = transcript(tmp_path, [GOOD_STEP], answer())
    assert (found.problems, len(found.exchanges)) == ([], 1)


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (answer(status=400), "status 400 instead of 404"),
        (answer(pragma=None), "the header pragma is []"),
        (answer(set_cookie="a=b"), "the header set-cookie: ['a=b'] is not expected"),
        (answer(x_request_id="7"), "the header x-request-id is ['7']"),
        (answer(more="pragma: no-cache"), "the header pragma is ['no-cache', 'no-cache']"),
        (answer(body='{"error":"not_found"}'), "lacks the member 'error_description'"),
        (answer(body=BODY.replace("}", ',"why":1}')), "has the member 'why'"),
        (answer(body=BODY.replace("not_", "un")), "body.error is 'unfound'"),
        (answer(body=BODY.replace("{", '{"error":"not_found",')), "a member stands twice"),
        (answer(body="nothing"), "Expecting value"),
        (answer(content_length="60"), "but 60 were announced"),
        (answer(transfer_encoding="chunked"), "invalid literal"),
        (answer(more="content-length: 66"), "framed twice"),
        (answer() + answer(), "were announced"),
        (b"HTTP/1.1 103 X\r\n\r\n" + answer(), "interim answers (103,)"),
        (b"HTTP/2 404 X\r\n\r\n", "no answer"),
        (b"", "status 0 instead of 404"),
    ],
)
def test_a_bad_answer_is_found(tmp_path: Path, bad: bytes, problem: str) -> None:
    problems = transcript(tmp_path, [GOOD_STEP], bad).problems
    assert any(problem in one for one in problems), problems


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (answer(204, "", content_type=None), "204 with Content-Length"),
        (answer(204, "x", content_type=None), "a body where none may be"),
        (answer(204, "", content_type=None, transfer_encoding="chunked"), "RFC 9112 6.1"),
    ],
)
def test_a_204_is_empty(tmp_path: Path, bad: bytes, problem: str) -> None:
    good = answer(204, "", content_type=None, content_length=None)
    step = {"send": "GET /", "expect": "no_content"}
    assert not transcript(tmp_path / "good", [step], good).problems
    problems = transcript(tmp_path / "bad", [step], bad).problems
    assert any(problem in one for one in problems), problems


def test_a_refusal_that_repeats_a_password_is_found(tmp_path: Path) -> None:
    step = {**GOOD_STEP, "send": "POST /", "json": {"password": "a long password"}}
    for bad in (
        answer(x_note="a long password"),
        answer(body=BODY[:-1] + ',"x":"a long password"}'),
    ):
        problems = transcript(tmp_path / str(len(bad)), [step], bad).problems
        assert any("a secret is repeated" in one for one in problems), problems


def test_a_refusal_that_repeats_a_token_is_found(tmp_path: Path) -> None:
    token = {"refresh_token": "cs_rt_0123456789"}
    steps: list[dict[str, Any]] = [
        {"send": "POST /", "expect": {"like": "json", "json": token}, "save": "tokens"},
        {**GOOD_STEP, "bearer": "${tokens.refresh_token}"},
    ]
    bad = answer(x_note="cs_rt_0123456789")
    problems = transcript(tmp_path, steps, answer(200, json.dumps(token)), bad).problems
    assert any("a secret is repeated" in one for one in problems), problems


def test_a_case_ends_where_there_is_nothing_to_go_on_with(tmp_path: Path) -> None:
    steps: list[dict[str, Any]] = [{**GOOD_STEP, "bearer": "${tokens.access_token}"}, GOOD_STEP]
    found = transcript(tmp_path, steps)
    assert (found.exchanges, found.problems) == ([], ["subject: case, step 1: KeyError('tokens')"])
