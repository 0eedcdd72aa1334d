"""An answer held against what is expected of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tests.contract.documents import Expectation
from tests.contract.patterns import Patterns, strict_json
from tests.contract.wire import Answer

__all__ = ["leaks", "problems"]


def problems(
    expected: Expectation, answer: Answer, patterns: Patterns, framing: Collection[str]
) -> Iterator[str]:
    """What is wrong with the answer.

    Args:
        expected: Its references are replaced already.
        answer: What came.
        patterns: What the expectation may refer to.
        framing: The header fields that are nobody's business here.
    """
    yield from answer.faults
    if answer.status != expected.status:
        yield f"status {answer.status} instead of {expected.status}: {answer.body[:300]!r}"
        return
    if answer.interim != expected.interim:
        yield f"interim answers {answer.interim} instead of {expected.interim}"
    yield from _in_fields(expected, answer, patterns, framing)
    yield from _in_body(expected, answer, patterns)


def leaks(answer: Answer, secrets: Collection[str]) -> Iterator[str]:
    """The secrets that a refusal repeats, in its body or in a header."""
    if answer.status < 400:
        return
    shown = b"\n".join([answer.body, *(value for _, value in answer.fields)])
    for secret in secrets:
        if secret.encode() in shown:
            yield f"a secret is repeated: {secret[:8]}..."


def _in_fields(
    expected: Expectation, answer: Answer, patterns: Patterns, framing: Collection[str]
) -> Iterator[str]:
    found: dict[str, list[str]] = {}
    for field, value in answer.fields:
        found.setdefault(field.decode(), []).append(value.decode("latin-1"))
    for name in sorted(found.keys() - expected.headers.keys() - set(framing)):
        yield f"the header {name}: {found[name]} is not expected"
    for name, wanted in sorted(expected.headers.items()):
        values = wanted if isinstance(wanted, list) else [wanted]
        given = found.get(name, [])
        if len(values) != len(given) or not all(map(patterns.text, values, given)):
            yield f"the header {name} is {given} instead of {values}"


def _in_body(expected: Expectation, answer: Answer, patterns: Patterns) -> Iterator[str]:
    if expected.text is not None:
        if not patterns.text(expected.text, answer.body.decode(errors="replace")):
            yield f"body {answer.body[:300]!r} instead of {expected.text!r}"
        return
    try:
        yield from patterns.value(expected.json, strict_json(answer.body))
    except ValueError as error:
        yield f"body {answer.body[:300]!r}: {error}"
