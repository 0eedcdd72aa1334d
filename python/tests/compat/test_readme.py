"""The application in the README, run as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from countersign.compat.flask_jwt_extended import create_access_token


def test_the_application_in_the_readme_logs_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (Path(__file__).parents[2] / "README.md").read_text()
    (program,) = re.findall(r"```py\n(.*?)```", text, re.DOTALL)
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
