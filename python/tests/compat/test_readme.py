"""The applications in the README, run as they stand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from countersign.compat.flask_jwt_extended import create_access_token


def _programs() -> list[str]:
    text = (Path(__file__).parents[2] / "README.md").read_text()
    return re.findall(r"```py\n(.*?)```", text, re.DOTALL)


def test_the_application_in_the_readme_logs_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    program, _ = _programs()
    module: dict[str, Any] = {"__name__": "application"}
    exec(program.replace('"..."', '"a secret of more than thirty-two bytes"'), module)
    app = module["app"]
    with app.test_request_context():
        headers = {"Authorization": f"Bearer {create_access_token('user-1')}"}
    client = app.test_client()
    assert client.delete("/session", headers=headers).get_json() == {"msg": "logged out"}
    assert (tmp_path / "revoked.db").exists()
    answer = client.delete("/session", headers=headers)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_the_application_in_the_readme_limits() -> None:
    _, program = _programs()
    module: dict[str, Any] = {"__name__": "application"}
    exec(program, module)
    client = TestClient(module["app"])
    answers = [client.get("/search", params={"text": "x"}) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert answers[0].headers["X-RateLimit-Remaining"] == "9"
    assert [client.get("/reports").status_code for _ in range(3)] == [200, 200, 429]
