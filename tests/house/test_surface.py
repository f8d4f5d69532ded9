"""The public surface is what it says, and cheap."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import pytest

import workbench

ROOMS = ["workbench", *sorted(f"workbench.{found.name}" for found in pkgutil.iter_modules(workbench.__path__) if found.ispkg)]
HEAVY = {"pandas", "torch", "vectorbt", "mlflow", "sklearn", "numba", "sqlalchemy", "plotly", "pyarrow", "IPython"}


@pytest.mark.parametrize("room", ROOMS)
def test_all_is_real(room: str) -> None:
    """Every name in ``__all__`` exists and stands there once; ruff keeps the order."""
    module = importlib.import_module(room)
    names = list(getattr(module, "__all__", []))

    assert [name for name in names if not hasattr(module, name)] == []
    assert sorted(set(names)) == sorted(names)


def test_importing_the_package_is_cheap() -> None:
    """``import workbench`` pulls in none of the heavy libraries."""
    code = f"import sys, workbench; print(sorted({HEAVY!r} & set(sys.modules)))"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert finished.stdout.strip() == "[]"
