"""Examples imported into the test's own process, where time can be advanced."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import pytest

from tests.examples.servers import EXAMPLES


def load(example: str, program: str = "app") -> ModuleType:
    """A new module of the example's program, and of what lies beside it."""
    path = EXAMPLES / example / f"{program}.py"
    name = f"example_{example.replace('-', '_')}_{program}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as beside:
        beside.syspath_prepend(path.parent)
        before = set(sys.modules)
        spec.loader.exec_module(module)
        for name in set(sys.modules) - before:
            if (path.parent / f"{name}.py").exists():
                del sys.modules[name]
    return module
