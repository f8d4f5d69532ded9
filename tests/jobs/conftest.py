"""Notebooks made of a few lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from workbench.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """Return the embedded store: what jobs promise does not depend on the database, one test runs on both."""
    return sqlite_database


@pytest.fixture
def either_database(database_url: str) -> Iterator[Database]:
    """Return a store, once on SQLite and once on PostgreSQL."""
    with Database.open(database_url) as opened:
        yield opened


@pytest.fixture
def notebook(home: Path) -> Callable[..., Path]:
    """Return a function that writes a notebook: the first text is its parameters cell, the others are code, ``# Heading`` lines with ``md:`` markdown."""

    def write(parameters: str, *sources: str, name: str = "probe", metadata: dict[str, object] | None = None) -> Path:
        cells = [_code(parameters, 0, ["parameters"])] if parameters else []
        for position, source in enumerate(sources, 1):
            cells.append(_markdown(source[3:], position) if source.startswith("md:") else _code(source, position, []))
        path = home / "notebooks" / "jobs" / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        spec = {"kernelspec": {"name": "no-such-kernel", "display_name": "Elsewhere", "language": "python"}, **(metadata or {})}
        path.write_text(json.dumps({"cells": cells, "metadata": spec, "nbformat": 4, "nbformat_minor": 5}))
        return path

    return write


def _code(source: str, position: int, tags: list[str]) -> dict[str, object]:
    return {"cell_type": "code", "id": f"c{position}", "source": source, "metadata": {"tags": tags}, "outputs": [], "execution_count": None}


def _markdown(source: str, position: int) -> dict[str, object]:
    return {"cell_type": "markdown", "id": f"m{position}", "source": source, "metadata": {}}
