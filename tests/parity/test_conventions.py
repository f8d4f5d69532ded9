"""The table of conventions: every row that says it is proved names a test that exists, and the rest say where they were read."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from workbench.backtest.conventions import CONVENTIONS, PEERS, RULES, overview, table
from workbench.errors import UnknownNameError

HERE = Path(__file__).parent


def written() -> set[str]:
    """Return ``file::name`` of every test in this folder."""
    found = set()
    for path in HERE.glob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found |= {f"{path.name}::{node.name}" for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
    return found


def test_every_proof_is_a_test() -> None:
    """A row that says it is proved names a test in this folder."""
    assert {row.proof for row in CONVENTIONS if row.known == "proved"} - written() == set()


def test_every_difference_that_a_test_shows_is_in_the_table() -> None:
    """No test of a peer is left out: what was run is said."""
    of_peers = {test for test in written() if not test.startswith("test_conventions.py")}
    assert of_peers - {row.proof for row in CONVENTIONS} == set()


def test_a_difference_is_proved_by_a_test_that_says_so() -> None:
    """A row that says the two agree is not proved by a test of a difference."""
    assert [row for row in CONVENTIONS if row.match == "same" and "::test_difference" in row.proof] == []


def test_every_row_has_a_source() -> None:
    """Each row says what they do, what we do, and where it was read, for a known rule and once only."""
    assert all(row.theirs and row.ours and row.source and row.version for row in CONVENTIONS)
    assert {row.rule for row in CONVENTIONS} == set(RULES)
    assert len({(row.peer, row.rule, row.theirs) for row in CONVENTIONS}) == len(CONVENTIONS)


def test_lean_was_read_and_not_run() -> None:
    """LEAN cannot run here, and no row of it claims otherwise."""
    assert {row.known for row in CONVENTIONS if row.peer == "LEAN"} == {"documented"}


def test_the_table_is_a_frame() -> None:
    """All rows, those of a peer, those of a rule; an unknown name is refused."""
    assert len(table()) == len(CONVENTIONS)
    assert set(table("freqtrade")["peer"]) == {"freqtrade"}
    assert set(table(rule="trailing stop")["peer"]) == set(PEERS)
    assert list(overview().columns) == list(PEERS)
    with pytest.raises(UnknownNameError, match="backtrader"):
        table("backtradr")
