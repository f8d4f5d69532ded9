"""A matrix of strategies, symbols and timeframes: every cell a run, counted, resumed, watched."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench.backtest.ledger import Ledger
from workbench.backtest.matrix import matrix
from workbench.backtest.run import backtest
from workbench.errors import DataUnavailableError, InputError, UnknownNameError
from workbench.market import Bars, sample, synthetic
from workbench.strategy.strategy import Strategy, strategy

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.store import Database

SYMBOLS = ["SPX", "IXIC", "MSFT"]


def load(symbol: str, timeframe: str) -> Bars:
    return synthetic(symbol, timeframe, sessions=30) if symbol.startswith("SYN") else sample(symbol, timeframe).head(800)


def rules() -> list[Strategy]:
    return [
        strategy("buy when rsi(2) < 10; sell when rsi(2) > 60", name="dip"),
        strategy("buy when close > sma(50); sell when close < sma(50)", name="trend", stop="5%"),
    ]


def test_cells_are_runs_of_the_rewritten_strategy() -> None:
    """Each cell has the metrics of a backtest of that strategy revised to the symbol and timeframe, in the order of the lists."""
    found = matrix(rules(), SYMBOLS, ["1d"], load)
    assert found.frame[["strategy", "symbol"]].to_numpy().tolist() == [[rule.name, symbol] for rule in rules() for symbol in SYMBOLS]
    for _, row in found.frame.iterrows():
        rule = next(rule for rule in rules() if rule.name == row["strategy"])
        single = backtest(rule.revised(symbols=(row["symbol"],)), load(row["symbol"], "1d")).metrics
        for name in ("sharpe", "total_return", "max_drawdown", "trades", "profit_factor"):
            assert np.array_equal(single[name], row[name], equal_nan=True)
    assert (found.planned, found.interrupted, found.halted) == (6, False, "")
    assert found.table("trades").loc["trend", "IXIC 1d"] == found.frame["trades"].iloc[4]


def test_intraday_and_daily_bars_meet() -> None:
    """A strategy with a trading window runs on daily bars without it; made-up bars are marked."""
    rule = strategy("buy when rsi(2) < 20; sell when rsi(2) > 60", name="dip", symbols="SYN", timeframe="15m")
    assert rule.spec.window is not None
    found = matrix([rule], ["SYN"], ["15m", "30m"], load)
    assert (found.frame["problem"] == "").all()
    assert found.synthetic
    assert "SYNTHETIC" in found._repr_html_()
    assert (matrix([rule], ["SPX"], ["1d"], load).frame["problem"] == "").all()


def test_every_cell_is_counted_once(tmp_path: Path, sqlite_database: Database) -> None:
    """Six cells are six trials, and the batch again is none."""
    ledger = Ledger(sqlite_database)
    for _ in range(2):
        matrix(rules(), SYMBOLS, ["1d"], load, record=ledger.record, journal=tmp_path / "cells")
    assert [count.trials for count in ledger.families()] == [2, 2, 2]


def test_stopped_and_continued(tmp_path: Path) -> None:
    """After an interrupt the finished cells are in the result, and the next call runs only the others."""
    ran: list[str] = []

    class Stops:
        def at(self, done: int, total: int, what: str) -> None:
            del total
            if done == 4 and not what.startswith("interrupted"):
                raise KeyboardInterrupt

    stopped = matrix(rules(), SYMBOLS, ["1d"], load, journal=tmp_path, progress=Stops())
    assert (stopped.interrupted, len(stopped)) == (True, 4)
    whole = matrix(rules(), SYMBOLS, ["1d"], load, journal=tmp_path, record=lambda result: ran.append(result.spec.name))
    assert len(ran) == 2
    assert whole.frame.equals(matrix(rules(), SYMBOLS, ["1d"], load).frame)


def test_a_damaged_cell_is_run_again(tmp_path: Path) -> None:
    """A file that is no JSON counts as not there."""
    first = matrix(rules(), ["SPX"], ["1d"], load, journal=tmp_path)
    next(tmp_path.glob("*.json")).write_text("{", encoding="utf-8")
    assert matrix(rules(), ["SPX"], ["1d"], load, journal=tmp_path).frame.equals(first.frame)


def test_a_cell_that_cannot_run_says_why() -> None:
    """Missing bars leave a row with the reason, and the others run."""

    def some(symbol: str, timeframe: str) -> Bars:
        if symbol == "IXIC":
            message = "there are no bars of IXIC here"
            raise DataUnavailableError(message)
        return load(symbol, timeframe)

    found = matrix(rules(), SYMBOLS, ["1d"], some)
    assert found.frame.loc[found.frame["symbol"] == "IXIC", "problem"].tolist() == ["there are no bars of IXIC here"] * 2
    assert found.frame.loc[found.frame["symbol"] != "IXIC", "sharpe"].notna().all()
    assert np.isnan(found.table().loc["dip", "IXIC 1d"])


def test_the_same_run_everywhere_is_a_finding() -> None:
    """When every cell gives the same ratio the batch says that something is wrong with it."""
    found = matrix([rule.revised(name=str(number)) for number, rule in enumerate([rules()[0]] * 4)], ["SPX"], ["1d"], load)
    assert [finding.code for finding in found.findings] == ["batch-variance"]
    assert not matrix(rules(), SYMBOLS, ["1d"], load).findings


def test_a_critical_error_halts_the_batch() -> None:
    """What is no problem of one cell stops the batch; finished cells stay and the reason is said."""

    def broken(symbol: str, timeframe: str) -> Bars:
        if symbol == "MSFT":
            message = "out of cheese"
            raise RuntimeError(message)
        return load(symbol, timeframe)

    found = matrix(rules(), SYMBOLS, ["1d"], broken)
    assert (len(found), found.interrupted) == (4, True)
    assert "out of cheese" in found.halted
    assert "out of cheese" in found._repr_html_()


def test_it_shows_itself() -> None:
    """A picture with one row a strategy, and JSON without NaN."""
    found = matrix(rules(), SYMBOLS, ["1d"], load)
    assert np.shape(found.figure().data[0].z) == (2, 3)
    assert np.shape(found.figure("max_drawdown").data[0].z) == (2, 3)
    assert len(json.loads(json.dumps(found.to_dict(), allow_nan=False))["cells"]) == 6


def test_impossible_matrices_say_so() -> None:
    """Empty lists, a text for a list, equal names and unknown metrics."""
    for call in (
        lambda: matrix([], ["SPX"], ["1d"], load),
        lambda: matrix(rules(), "SPX", ["1d"], load),
        lambda: matrix(rules(), ["SPX"], [], load),
    ):
        with pytest.raises(InputError, match="needs lists"):
            call()
    with pytest.raises(InputError, match="called 'dip'"):
        matrix([rules()[0]] * 2, ["SPX"], ["1d"], load)
    with pytest.raises(UnknownNameError, match="metric"):
        matrix(rules(), ["SPX"], ["1d"], load, rank="luck")
    with pytest.raises(UnknownNameError, match="timeframe"):
        matrix(rules(), ["SPX"], ["1y"], load)
