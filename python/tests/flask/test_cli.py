from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from countersign import Countersign, CountersignError, OpenError, Origin, UnavailableError
from countersign.flask import CountersignFlask
from countersign.testing import Clock, TokenFactory
from tests.flask.conftest import PASSWORD

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask, cs: CountersignFlask) -> Run:
    def run(*arguments: str, input: str | None = None) -> Result:
        return app.test_cli_runner().invoke(args=["countersign", *arguments], input=input)

    return run


@pytest.fixture
def ada(auth: Countersign) -> str:
    user = auth.add_user("ada", PASSWORD, email="ada@example.com", roles=["b", "a"], scopes=["x:y"])
    return user.id


def read(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


class TestUsers:
    def test_add(self, run: Run, auth: Countersign) -> None:
        result = run(
            *("users", "add", "grace", "--password-stdin", "--email", "grace@example.com"),
            *("--role", "clerk", "--role", "cook", "--scope", "a:b"),
            input=f"{PASSWORD}\n",
        )
        assert result.exit_code == 0
        assert result.stdout.splitlines()[0] == "USERNAME  grace"
        user = auth.user("grace")
        assert user.email == "grace@example.com"
        assert (sorted(user.roles), sorted(user.scopes)) == (["clerk", "cook"], ["a:b"])
        # A password keeps its spaces, and loses no more than the line's end.
        assert auth.login("grace", PASSWORD).scope == "a:b"

    def test_list(self, run: Run, ada: str, auth: Countersign, clock: Clock) -> None:
        # The order of ids is that of time.
        clock.advance(1)
        auth.add_user("bob")
        auth.disable_user("ada")
        head, first, second = run("users", "list").stdout.splitlines()
        assert head.split() == ["USERNAME", "ID", "STATE", "ROLES", "SCOPES", "EMAIL", "CREATED"]
        assert first.startswith(f"ada       {ada}  disabled     a b    x:y     ada@example.com  20")
        assert second.split()[2:4] == ["no", "password"]
        assert [user["username"] for user in read(run("users", "list", "--json"))] == ["ada", "bob"]
        assert len(read(run("users", "list", "--search", "o", "--json"))) == 1

    def test_a_long_list(self, run: Run, auth: Countersign) -> None:
        for number in range(501):
            auth.add_user(f"user-{number}")
        assert len(read(run("users", "list", "--json"))) == 501

    def test_nobody(self, run: Run) -> None:
        assert run("users", "list").stdout == "there are no users\n"
        assert read(run("users", "list", "--json")) == []

    def test_show(self, run: Run, ada: str) -> None:
        lines = run("users", "show", "ada").stdout.splitlines()
        assert lines[1] == f"ID        {ada}"
        assert lines[3] == "ROLES     a b"
        shown = read(run("users", "show", ada, "--json"))
        assert (shown["username"], shown["roles"]) == ("ada", ["a", "b"])

    def test_disable_and_enable(self, run: Run, ada: str) -> None:
        assert read(run("users", "disable", "ada", "--json"))["disabled"] is True
        assert "STATE     active" in run("users", "enable", "ada").stdout

    def test_passwd(self, run: Run, ada: str, auth: Countersign) -> None:
        new = "quite another password"
        result = run("users", "passwd", "ada", "--password-stdin", input=f"{new}\r\n")
        assert result.exit_code == 0
        assert auth.login("ada", new)

    def test_delete(self, run: Run, ada: str, auth: Countersign) -> None:
        result = run("users", "delete", "ada", input="n\n")
        assert result.exit_code == 1
        assert f"Delete ada ({ada}) for ever? [y/N]" in result.stderr
        assert auth.user("ada")
        result = run("users", "delete", "ada", input="y\n")
        assert (result.exit_code, result.stdout) == (0, f"deleted ada ({ada})\n")
        assert run("users", "show", "ada").exit_code == 1

    def test_delete_without_a_question(self, run: Run, ada: str) -> None:
        assert read(run("users", "delete", "ada", "--yes", "--json")) == {"deleted": ada}

    def test_delete_with_nobody_to_ask(self, run: Run, ada: str, auth: Countersign) -> None:
        assert run("users", "delete", "ada", input="").exit_code == 1
        assert auth.user("ada")


class TestPasswords:
    def test_are_no_arguments(self, run: Run) -> None:
        assert run("users", "add", "ada", PASSWORD).exit_code == 1

    def test_need_a_terminal_or_the_option(self, run: Run) -> None:
        result = run("users", "add", "ada", input=f"{PASSWORD}\n")
        assert result.exit_code == 1
        assert "--password-stdin" in result.stderr

    @pytest.mark.parametrize("empty", ["", "\n"])
    def test_must_be_there(self, run: Run, empty: str) -> None:
        result = run("users", "add", "ada", "--password-stdin", input=empty)
        assert (result.exit_code, result.stderr) == (1, "Error: standard input has no password\n")

    def test_weak_ones_are_refused(self, run: Run) -> None:
        result = run("users", "add", "ada", "--password-stdin", input="short")
        assert result.exit_code == 1
        assert result.stderr.startswith("Error: ")
        assert "short" not in result.stderr.replace("too short", "")

    def test_are_not_asked_for_nobody(self, run: Run) -> None:
        assert "terminal" not in run("users", "passwd", "nobody").stderr

    def test_are_asked_for_twice_on_a_terminal_without_echo(self, tmp_path: Path) -> None:
        (tmp_path / "shop.py").write_text(
            "from flask import Flask\n"
            "from countersign.flask import CountersignFlask\n"
            "app = Flask('shop')\n"
            f"app.config.update(COUNTERSIGN_DATABASE_URL='sqlite:///{tmp_path}/auth.db',\n"
            "    COUNTERSIGN_ISSUER='https://auth.test', COUNTERSIGN_AUDIENCE='api')\n"
            "CountersignFlask(app)\n"
        )
        code, shown = _on_a_terminal(
            [*_FLASK, "--app", "shop", "countersign", "users", "add", "ada"],
            tmp_path,
            [("Password: ", PASSWORD), ("Again: ", PASSWORD)],
        )
        assert code == 0, shown
        assert "ada" in shown
        assert PASSWORD not in shown


class TestSessions:
    def test_list_and_revoke(self, run: Run, auth: Countersign, tokens: TokenFactory) -> None:
        token = tokens.pair("ada")
        session = auth.authenticate(token.access_token).session_id
        assert run("sessions", "list", "ada").stdout.splitlines()[1].startswith(session)
        (listed,) = read(run("sessions", "list", "ada", "--json"))
        assert listed["id"] == session
        assert "current" not in listed
        assert run("sessions", "revoke", session).stdout == f"{session} has ended\n"
        assert run("sessions", "list", "ada").stdout == "there are no live sessions\n"
        with pytest.raises(CountersignError):
            auth.authenticate(token.access_token)

    def test_revoke_all(self, run: Run, auth: Countersign, tokens: TokenFactory) -> None:
        for _ in range(2):
            tokens.pair("ada")
        assert read(run("sessions", "revoke", "--user", "ada", "--json")) == {"user": "ada"}
        assert auth.user_sessions("ada") == []

    @pytest.mark.parametrize("arguments", [[], ["x", "--user", "ada"]])
    def test_one_or_the_other(self, run: Run, arguments: list[str]) -> None:
        result = run("sessions", "revoke", *arguments)
        assert result.exit_code == 1
        assert "the id of a session, or --user" in result.stderr


class TestKeys:
    def test_list(self, run: Run) -> None:
        head, signing, *_ = run("keys", "list").stdout.splitlines()
        assert head.split()[:3] == ["KID", "ALGORITHM", "STATE"]
        assert signing.split()[1:3] == ["ES256", "signing"]

    def test_rotate(self, run: Run) -> None:
        before = read(run("keys", "list", "--json"))
        rotated = read(run("keys", "rotate", "--json"))
        assert rotated["kid"] in {key["kid"] for key in before}
        assert run("keys", "rotate").stdout.startswith("KID ")


class TestEvents:
    def test_list(self, run: Run, ada: str, auth: Countersign) -> None:
        with pytest.raises(CountersignError):
            auth.login("ada", "wrong")
        head, failed, added, *_ = run("events").stdout.splitlines()
        assert head.split() == ["AT", "KIND", "USER", "ACTOR", "ADDRESS", "COUNT", "DETAIL"]
        assert "login.failed" in failed
        assert "account.added" in added
        (only,) = read(run("events", "--kind", "account.added", "--user", "ada", "--json"))
        assert only["user_id"] == ada
        assert len(read(run("events", "--limit", "1", "--json"))) == 1

    def test_of_somebody_who_is_gone(self, run: Run, ada: str) -> None:
        run("users", "delete", "ada", "--yes")
        kinds = [event["kind"] for event in read(run("events", "--user", ada, "--json"))]
        assert kinds == ["account.deleted", "account.added"]

    def test_an_unknown_kind(self, run: Run) -> None:
        assert run("events", "--kind", "login.succeded").exit_code == 1


def test_routes(app: Flask, auth: Countersign) -> None:
    CountersignFlask(app, auth, prefix="/auth", routes={"account"})
    result = app.test_cli_runner().invoke(args=["countersign", "routes"])
    assert "/auth/users/me                GET PATCH" in result.stdout.splitlines()
    listed = read(app.test_cli_runner().invoke(args=["countersign", "routes", "--json"]))
    assert {"path": "/auth/users/me", "methods": ["GET", "PATCH"]} in listed


class TestExitCodes:
    @pytest.mark.parametrize(
        "arguments",
        [["--what"], ["user"], ["users", "ad"], ["users", "show"], ["users", "show", "nobody"]],
    )
    def test_the_input(self, run: Run, arguments: list[str]) -> None:
        result = run(*arguments)
        assert result.exit_code == 1
        assert result.stdout == ""

    @pytest.mark.parametrize(
        "error", [OpenError("the disk\nis full"), UnavailableError("the disk\nis full")]
    )
    def test_the_machine(
        self, run: Run, auth: Countersign, monkeypatch: pytest.MonkeyPatch, error: CountersignError
    ) -> None:
        def fail(**_: Any) -> None:
            raise error

        monkeypatch.setattr(auth, "list_keys", fail)
        result = run("keys", "list")
        assert (result.exit_code, result.stderr) == (2, "Error: the disk\\nis full\n")

    def test_help_is_none(self, run: Run) -> None:
        result = run("--help")
        assert result.exit_code == 0
        assert {"users", "sessions", "keys", "events", "routes"} <= set(result.stdout.split())


def test_what_clients_say_cannot_move_the_cursor(run: Run, ada: str, auth: Countersign) -> None:
    auth.login("ada", PASSWORD, origin=Origin(user_agent="a\x1b[2Jb\u202e\nc"))
    line = run("sessions", "list", "ada").stdout.splitlines()[1]
    assert line.endswith("a\\x1b[2Jb\\u202e\\nc")


_FLASK = [sys.executable, "-m", "flask"]
# In a process of its own: this one has threads, and must not fork.
_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


def _on_a_terminal(
    command: list[str], folder: Path, dialogue: list[tuple[str, str]]
) -> tuple[int, str]:
    """Runs a command on a terminal of its own; answers its exit code and what was seen."""
    terminal = [sys.executable, "-c", _TERMINAL, *command]
    with subprocess.Popen(
        terminal, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        shown = b""
        for question, answer in dialogue:
            while not shown.endswith(question.encode()):
                read = process.stdout.read(1)
                assert read, shown
                shown += read
            process.stdin.write(f"{answer}\n".encode())
        shown += process.stdout.read()
    return process.returncode, shown.decode()
