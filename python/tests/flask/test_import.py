from __future__ import annotations

import subprocess
import sys


def test_without_flask_it_says_what_to_install() -> None:
    script = (
        "import sys; sys.modules['flask'] = None\n"
        "import countersign\n"
        "try:\n    import countersign.flask\n"
        "except ImportError as error:\n    print(error)"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    assert said.stdout == ('countersign.flask needs Flask: pip install "countersign-auth[flask]"\n')


def test_countersign_itself_does_not_import_flask() -> None:
    script = "import sys, countersign; assert 'flask' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_exports() -> None:
    from countersign import flask

    assert flask.__all__ == [
        "CountersignFlask",
        "Limit",
        "current_principal",
        "get_current_principal",
    ]
    assert all(hasattr(flask, name) for name in flask.__all__ if name != "current_principal")
