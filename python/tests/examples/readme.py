"""What a README says to type, and what is answered then."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from tests.examples.servers import EXAMPLES, Server, run

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_PORT = "8000"
_URL = f"http://127.0.0.1:{_PORT}"
_END = "--- end of a block ---"


class Step(NamedTuple):
    """Lines to type, and the lines that answer them; in those, … stands for anything."""

    typed: str
    answered: str


class Readme:
    """The README of an example. Its first block installs and starts, the others are the story.

    Where another block installs, the story of another program begins.
    """

    def __init__(self, example: str, program: int = 0) -> None:
        blocks = _programs((EXAMPLES / example / "README.md").read_text())[program]
        self._start = blocks[0][1]
        self.story = list(_steps(blocks[1:]))

    def start(self) -> str:
        """The lines that start it, on a port that is free, without those that install."""
        lines = self._start.replace("\\\n", "").splitlines()
        return "\n".join(line for line in lines if not line.startswith("pip ")).replace(_PORT, "0")

    def tell(self, server: Server) -> None:
        """Types the story, and compares the answers."""
        typed = f"\necho '{_END}'\n".join(step.typed for step in self.story)
        printed = run(typed.replace(_URL, server.url), server.environment).split(f"{_END}\n")
        for step, answer in zip(self.story, printed, strict=True):
            assert _fits(step.answered, answer), f"{step.typed}\nanswered\n{answer}"


def programs(example: str) -> int:
    """How many programs the README starts."""
    return len(_programs((EXAMPLES / example / "README.md").read_text()))


def _programs(text: str) -> list[list[tuple[str, str]]]:
    blocks: list[tuple[str, str]] = _BLOCK.findall(text)
    starts = [
        place
        for place, (language, lines) in enumerate(blocks)
        if language == "sh" and lines.startswith("pip install ")
    ]
    assert starts[:1] == [0]
    return [blocks[start:end] for start, end in pairwise([*starts, len(blocks)])]


def _steps(blocks: list[tuple[str, str]]) -> list[Step]:
    steps: list[Step] = []
    for language, text in blocks:
        if language == "sh":
            steps.append(Step(text, ""))
        elif language == "text":
            steps[-1] = steps[-1]._replace(answered=text)
    return steps


def _fits(expected: str, answer: str) -> bool:
    pattern = re.escape(expected).replace("…", ".*")
    return re.fullmatch(pattern, answer) is not None
