"""A rule tried from the command line: numbers, counts, files, and refusals that say what to write."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from workbench import strategy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DIP = "buy when rsi(2) < 10 and close > sma(200); sell when rsi(2) > 60"
CROSS = "buy when sma($fast) > sma(50); sell when sma($fast) < sma(50)"


def test_a_backtest_is_counted_and_leaves_its_page(cli: Callable[..., Any], tmp_path: Path) -> None:
    """The numbers are those of the bench, the trial is counted once, and the tear sheet lies where it was asked for."""
    page = tmp_path / "run.html"
    said = cli("backtest", DIP, "--symbol", "SPX", "--stop", "3%", "--html", str(page))
    assert said.code == 0, said.err
    assert "1 distinct trial counted" in said.out
    assert "second engine   equal" in said.out
    assert page.read_text(encoding="utf-8").endswith("</html>")

    again = json.loads(cli("backtest", DIP, "--symbol", "SPX", "--stop", "3%", "--json").out)
    assert again["metrics"]["trades"] == 140
    assert again["synthetic"] is False


def test_a_strategy_file_says_everything_itself(cli: Callable[..., Any], tmp_path: Path) -> None:
    """A JSON strategy runs as it is; a stop beside it is refused."""
    file = tmp_path / "dip.json"
    file.write_text(strategy(DIP, stop="3%").spec.to_json(), encoding="utf-8")
    assert json.loads(cli("backtest", str(file), "--json").out)["metrics"]["trades"] == 140
    refused = cli("backtest", str(file), "--stop", "2%")
    assert refused.code == 1
    assert "says its own stop" in refused.err


def test_a_sweep_prints_the_best_first(cli: Callable[..., Any]) -> None:
    """Ranges and lists are read, every point is counted, and the best stands on top."""
    found = json.loads(cli("sweep", CROSS, "--vary", "fast=5:20:5", "--json").out)
    ratios = [row["sharpe"] for row in found["best"]]
    assert (found["points"], found["planned"]) == (4, 4)
    assert ratios == sorted(ratios, reverse=True)
    assert "4 of 4 points" in cli("sweep", CROSS, "--vary", "fast=5,10,15,20").out


def test_evidence_is_said_in_sentences(cli: Callable[..., Any]) -> None:
    """The deflated Sharpe ratio names the counted trials, the proofs and the walk-forward follow, and the seal ends it."""
    said = cli("evidence", "buy when rsi(2) < $low; sell when rsi(2) > 60", "--vary", "low=5:25:5")
    assert said.code == 0, said.err
    for word in ("deflated Sharpe", "counted trials", "walk-forward", "second engine", "evidence "):
        assert word in said.out


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (("sweep", CROSS, "--vary", "fast=20:5:1"), "cannot be read"),
        (("sweep", CROSS, "--vary", "fast"), "write fast=5:20:1"),
        (("backtest", "buy when rsi(2) <"), "ends too early"),
        (("backtest", DIP, "--symbol", "SPQ"), "SPX"),
        (("backtest", DIP, "--data", "nowhere.csv"), "needs --symbol"),
        (("backtest", "nowhere.json"), "no file or folder"),
    ],
)
def test_nonsense_is_refused_in_one_sentence(cli: Callable[..., Any], command: tuple[str, ...], problem: str) -> None:
    """Exit code 1 and what would be right, never a traceback."""
    refused = cli(*command)
    assert refused.code == 1
    assert problem in refused.err
    assert "Traceback" not in refused.err
