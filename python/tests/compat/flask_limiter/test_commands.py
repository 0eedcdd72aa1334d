"""``flask limiter``: the command that an application with a Limiter has."""

from __future__ import annotations

from typing import Any

import click
import pytest
from click.testing import Result
from flask import Flask

from countersign.compat import flask_limiter
from countersign.compat.flask_limiter import Limiter, MetaLimit
from countersign.compat.flask_limiter.commands import cli

from .application import make_app

LIMITS: dict[str, Any] = {
    "default_limits": ["20/hour"],
    "application_limits": ["50/hour"],
    "meta_limits": ["3/day"],
}


@pytest.fixture
def app() -> Flask:
    return make_app(flask_limiter, **LIMITS)


def run(app: Flask, *words: str, answer: str | None = None) -> Result:
    return app.test_cli_runner().invoke(args=["limiter", *words], input=answer)


def output(app: Flask, *words: str) -> str:
    result = run(app, *words)
    assert result.exit_code == 0, result.output
    return result.stdout


def get(app: Flask, path: str, user: str = "ada") -> int:
    return app.test_client().get(path, headers={"User": user}).status_code


def below(text: str, title: str) -> list[str]:
    """What a report says right below a line: the deeper lines, without what draws the tree."""
    lines = text.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.endswith(title))
    depth = len(lines[begin]) - len(title)
    found = []
    for line in lines[begin + 1 :]:
        label = line.lstrip("│├└─ ")
        if len(line) - len(label) <= depth:
            break
        found.append(label)
    return found


def test_each_route_tells_its_limits(app: Flask) -> None:
    said = output(app, "limits")
    assert below(said, "Application Limits") == ["50 per 1 hour"]
    assert below(said, "Meta Limits") == ["3 per 1 day"]
    assert below(said, "plain: /plain") == ["20 per 1 hour"]
    assert below(said, "tight: /tight") == ["2 per 1 minute", "5 per 1 hour"]
    assert below(said, "exempt: /exempt") == ["Exempt"]
    assert below(said, "item: /item") == [
        f"2 per 1 minute ({method})" for method in ("GET", "HEAD", "OPTIONS", "POST")
    ]
    assert below(said, "posts: /posts") == ["20 per 1 hour", "1 per 1 minute (POST)"]
    assert below(said, "parent.view_parent: /parent/") == ["3 per 1 minute"]
    assert below(said, "parent.free.view_free: /parent/free/") == ["Exempt"]
    (failures,) = below(said, "failures: /failures/<int:status>")
    assert failures.startswith("2 per 1 minute {deduct_when: <lambda>(")
    assert "static" not in said


def test_a_key_is_told_what_is_left(app: Flask) -> None:
    assert [get(app, "/tight") for _ in range(3)] == [200, 200, 429]
    told = output(app, "limits", "--key", "ada")
    assert below(told, "tight: /tight") == [
        "2 per 1 minute: Fail (0 out of 2 remaining)",
        "5 per 1 hour: Pass (3 out of 5 remaining)",
    ]
    assert below(told, "Application Limits") == ["50 per 1 hour: Pass (47 out of 50 remaining)"]
    assert below(told, "Meta Limits") == ["3 per 1 day: Pass (2 out of 3 remaining)"]
    other = output(app, "limits", "--key", "bob")
    assert below(other, "tight: /tight")[0] == "2 per 1 minute: Pass (2 out of 2 remaining)"


def test_a_key_prefix_and_an_identifier_of_ones_own_are_heeded() -> None:
    app = make_app(flask_limiter, key_prefix="shop", request_identifier=lambda: "the same")
    get(app, "/tight")
    told = output(app, "limits", "--key", "ada", "--endpoint", "tight")
    assert "2 per 1 minute: Pass (1 out of 2 remaining)" in told


def test_a_scope_that_only_a_request_has_is_not_made_up(app: Flask) -> None:
    get(app, "/scoped/one")
    told = output(app, "limits", "--key", "ada", "--endpoint", "scoped")
    (line,) = below(told, "scoped: /scoped/<name>")
    assert line == "2 per 1 minute: only a request can tell whose budget it is"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--endpoint", "groot"], "groot not found"),
        (["--path", "/groot"], "/groot could not be matched"),
        (["--path", "/plain", "--method", "DELETE"], "DELETE: /plain could not be matched"),
    ],
)
@pytest.mark.parametrize("command", ["limits", "clear"])
def test_a_filter_that_fits_nothing_is_an_error(
    app: Flask, command: str, words: list[str], problem: str
) -> None:
    result = run(app, command, "--key", "ada", *words)
    assert (result.exit_code, problem in result.stderr) == (1, True)


def test_filters_choose_one_route(app: Flask) -> None:
    by_path = output(app, "limits", "--path", "/tight?x=1")
    assert by_path == output(app, "limits", "--endpoint", "tight")
    assert "plain" not in by_path
    assert "Application Limits" not in by_path
    methods = output(app, "limits", "--endpoint", "item", "--method", "post")
    assert below(methods, "item: /item") == ["2 per 1 minute (POST)"]
    gets = output(app, "limits", "--endpoint", "posts", "--method", "GET")
    assert below(gets, "posts: /posts") == ["20 per 1 hour"]


def test_clearing_lets_the_key_in_again_and_nobody_else(app: Flask) -> None:
    for user in ("ada", "bob"):
        assert [get(app, "/tight", user) for _ in range(3)] == [200, 200, 429]
    said = output(app, "clear", "--key", "ada", "-y")
    assert below(said, "tight: /tight") == ["2 per 1 minute: Cleared", "5 per 1 hour: Cleared"]
    assert get(app, "/tight") == 200
    assert get(app, "/tight", "bob") == 429
    told = output(app, "limits", "--key", "ada")
    assert below(told, "Meta Limits") == ["3 per 1 day: Pass (3 out of 3 remaining)"]


def test_clearing_asks_before(app: Flask) -> None:
    assert [get(app, "/tight") for _ in range(3)] == [200, 200, 429]
    refused = run(app, "clear", "--key", "ada", answer="n\n")
    assert refused.exit_code == 1
    assert "2 per 1 minute: Fail (0 out of 2 remaining)" in refused.stdout
    assert get(app, "/tight") == 429
    assert run(app, "clear", "--key", "ada", answer="y\n").exit_code == 0
    assert get(app, "/tight") == 200


def test_clearing_one_endpoint_leaves_the_others(app: Flask) -> None:
    for path in ("/tight", "/costly"):
        while get(app, path) == 200:
            pass
    output(app, "clear", "--key", "ada", "--endpoint", "tight", "-y")
    assert get(app, "/tight") == 200
    assert get(app, "/costly") == 429


def test_what_a_server_has_counted_cannot_be_seen_and_that_is_said(app: Flask) -> None:
    nothing = run(app, "clear", "--key", "ada", "-y")
    assert nothing.exit_code == 1
    assert "counts in each process by itself" in nothing.stderr
    assert "counts in each process by itself" in run(app, "limits", "--key", "ada").stderr
    assert run(app, "limits").stderr == ""
    watching = run(app, "limits", "--watch")
    assert (watching.exit_code, "--watch is not offered" in watching.stderr) == (2, True)


def test_the_configuration_is_told(app: Flask) -> None:
    rows = {" ".join(line.split()) for line in output(app, "config").splitlines()}
    assert {
        "Enabled RATELIMIT_ENABLED True",
        "RATELIMIT_STRATEGY FixedWindowRateLimiter".replace("RATE", "Rate Limiting Config RATE", 1),
        "├── RATELIMIT_STORAGE_URI ├── memory://",
        "└── Status └── OK",
        "Application Limits RATELIMIT_APPLICATION ['50 per 1 hour']",
        "Default Limits RATELIMIT_DEFAULT ['20 per 1 hour']",
        "RATELIMIT_DEFAULTS_COST 1",
        "Meta Limits RATELIMIT_META ['3 per 1 day']",
        "RATELIMIT_HEADER_RETRY_AFTER_VALUE delta-seconds",
        "On breach callback RATELIMIT_ON_BREACH_CALLBACK None",
    } <= rows


def test_an_application_without_a_limiter_says_so() -> None:
    app = Flask("bare")
    for words in (["config"], ["limits"], ["clear", "--key", "ada", "-y"]):
        result = app.test_cli_runner().invoke(cli, words)
        assert result.exit_code == 1
        assert "No Flask-Limiter extension installed on <Flask 'bare'>" in result.output


def test_a_command_of_the_applications_own_stays() -> None:
    app = Flask("shop")

    @app.cli.command("limiter")
    def own() -> None:
        click.echo("my own")

    Limiter(lambda: "k", app=app, storage_uri="memory://", meta_limits=[MetaLimit("1/day")])
    assert app.test_cli_runner().invoke(args=["limiter"]).output == "my own\n"


def test_meta_limits_of_one_limit_are_told_and_cleared() -> None:
    app = Flask("shop")
    limiter = Limiter(lambda: "ada", app=app, storage_uri="memory://", key_prefix="shop")
    app.add_url_rule("/", "view", limiter.limit("1/minute", meta_limits=["1/day"])(lambda: "in"))
    assert [get(app, "/") for _ in range(3)] == [200, 429, 429]
    told = output(app, "limits", "--key", "ada")
    assert below(told, "view: /") == [
        "1 per 1 minute: Fail (0 out of 1 remaining)",
        "breaches: 1 per 1 day: Fail (0 out of 1 remaining)",
    ]
    output(app, "clear", "--key", "ada", "-y")
    assert get(app, "/") == 200
