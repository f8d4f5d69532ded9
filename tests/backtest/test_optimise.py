"""Optuna chooses points by what points before gave: seeded, in batches, resumed after a stop, every one of them a trial."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench.backtest.ledger import Ledger
from workbench.backtest.run import backtest
from workbench.backtest.sweep import Between, Plan, optuna_sweep, sweep
from workbench.backtest.sweep import run as running
from workbench.errors import InputError, UnknownNameError
from workbench.market import Bars, sample
from workbench.strategy.strategy import Strategy, strategy

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.store import Database

pytest.importorskip("optuna", reason="optimisation is not tested: Optuna is not installed")
SPACE = {"n": range(2, 21), "low": [5, 10, 15, 20, 25, 30, 35, 40], "stop": Between(0.5, 6.0)}


@pytest.fixture(scope="module")
def bars() -> Bars:
    return sample("SPX").head(1200)


@pytest.fixture(scope="module")
def rule() -> Strategy:
    return strategy("buy when rsi($n) < $low; sell when rsi($n) > 60", stop="2%", parameters={"n": (2, 2, 20, 1), "low": (10, 1, 50, 1)})


def test_the_same_seed_gives_the_same_points(rule: Strategy, bars: Bars) -> None:
    """Twice the same search is equal to the bit; another seed or batch is another search."""
    first, again = (optuna_sweep(rule, bars, SPACE, points=40, seed=3, batch=8) for _ in range(2))
    assert first.frame.equals(again.frame)
    assert first.plan_hash == again.plan_hash
    others = [optuna_sweep(rule, bars, SPACE, points=40, seed=4, batch=8), optuna_sweep(rule, bars, SPACE, points=40, seed=3, batch=10)]
    assert len({first.plan_hash, *(other.plan_hash for other in others)}) == 3
    assert not others[0].frame.equals(first.frame)


def test_points_are_those_of_the_engine(rule: Strategy, bars: Bars) -> None:
    """A chosen point has the numbers of a single run, and lies in the space."""
    found = optuna_sweep(rule, bars, SPACE, points=20, seed=1)
    assert backtest(rule, bars, parameters=found.best).metrics.sharpe == found.frame["sharpe"].iloc[0]
    assert set(found.frame["low"]) <= {5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0}
    assert found.frame["stop"].between(0.5, 6.0).all()
    assert found.swept == ("low", "n", "stop")


def test_it_learns(rule: Strategy, bars: Bars) -> None:
    """Over five seeds its later half is better on average than random points of the same space."""
    chosen, random = [], []
    for seed in range(5):
        found = optuna_sweep(rule, bars, SPACE, points=60, seed=seed, batch=6).frame.sort_index()
        chosen.append(np.nan_to_num(found["sharpe"].to_numpy()[30:]).mean())
        random.append(np.nan_to_num(sweep(rule, bars, plan=Plan.random(SPACE, points=60, seed=seed)).frame["sharpe"]).mean())
    assert np.mean(chosen) > np.mean(random) + 0.1


def test_less_can_be_better(rule: Strategy, bars: Bars) -> None:
    """Ranked by drawdown it searches for small ones."""
    found = optuna_sweep(rule, bars, SPACE, points=40, seed=1, rank="max_drawdown")
    assert found.frame["max_drawdown"].is_monotonic_increasing
    later = found.frame.sort_index()["max_drawdown"].to_numpy()
    assert later[20:].mean() < later[:16].mean()


def test_every_point_is_a_trial(rule: Strategy, bars: Bars, sqlite_database: Database) -> None:
    """The ledger counts the distinct points, the same again not once more."""
    found = optuna_sweep(rule, bars, SPACE, points=40, seed=3)
    distinct = len(found.frame[list(found.parameters)].drop_duplicates())
    ledger = Ledger(sqlite_database)
    assert (ledger.record_sweep(found).new, ledger.record_sweep(found).new) == (distinct, 0)
    assert ledger.count("SPX/common").trials == distinct


def test_stopped_and_continued(rule: Strategy, bars: Bars, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an interrupt the next call asks for the same points, takes those that were made and comes to the same end."""
    monkeypatch.setattr(running, "sources_hash", lambda: "this version")

    class Stops:
        def at(self, done: int, total: int, what: str) -> None:
            del total
            if done >= 24 and not what.startswith("interrupted"):
                raise KeyboardInterrupt

    whole = optuna_sweep(rule, bars, SPACE, points=48, seed=3, batch=8)
    stopped = optuna_sweep(rule, bars, SPACE, points=48, seed=3, batch=8, journal=tmp_path, progress=Stops())
    assert (stopped.interrupted, stopped.finished) == (True, 24)
    made: list[int] = []
    monkeypatch.setattr(running.Journal, "add", lambda _self, _first, rows: made.append(len(rows)))
    resumed = optuna_sweep(rule, bars, SPACE, points=48, seed=3, batch=8, journal=tmp_path)
    assert resumed.frame.equals(whole.frame)
    assert sum(made) == 24


def test_points_that_never_trade_are_the_worst(bars: Bars) -> None:
    """A rule that trades only for large values ends up searching there."""
    rule = strategy("buy when rsi(2) < $low; sell when rsi(2) > 60", parameters={"low": (0, -50, 50, 1)})
    found = optuna_sweep(rule, bars, {"low": range(-50, 51)}, points=60, seed=2, batch=4).frame.sort_index()
    assert (found["low"].to_numpy()[30:] > 0).mean() > 0.6


def test_impossible_searches_say_so(rule: Strategy, bars: Bars, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty space, a wrong number, an unknown name or a missing package is one sentence."""
    with pytest.raises(InputError, match="nothing to choose"):
        optuna_sweep(rule, bars, {})
    with pytest.raises(InputError, match="points must be"):
        optuna_sweep(rule, bars, SPACE, points=0)
    with pytest.raises(UnknownNameError, match="parameter"):
        optuna_sweep(rule, bars, {"m": [1, 2]})
    with pytest.raises(UnknownNameError, match="metric"):
        optuna_sweep(rule, bars, SPACE, rank="luck")
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError, match="Optuna, which is not installed"):
        optuna_sweep(rule, bars, SPACE)
