"""A sweep on a Dask cluster gives the rows of a sweep here, to the bit; without Dask, scheduler or workers it says what to do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench.backtest.ledger import Ledger
from workbench.backtest.sweep import Between, Plan, sweep
from workbench.backtest.sweep import cluster as clusters
from workbench.backtest.sweep import evaluate as evaluating
from workbench.errors import InputError
from workbench.market import Bars, sample
from workbench.strategy.strategy import Strategy, strategy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from workbench.store import Database

PLAN = Plan.random({"n": range(2, 15), "low": Between(5.0, 35.0), "stop": Between(0.5, 3.0)}, points=700, seed=4)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    distributed = pytest.importorskip("distributed", reason="the cluster is not tested: Dask is not installed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, scheduler_port=0, silence_logs=50
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="module")
def bars() -> Bars:
    return sample("SPX").head(900)


@pytest.fixture(scope="module")
def rule() -> Strategy:
    return strategy(
        "buy when rsi($n) < $low and close > sma(50); sell when rsi($n) > 60",
        stop="2 atr",
        parameters={"n": (2, 2, 20, 1), "low": (10.0, 1.0, 50.0, 0.5)},
    )


def test_two_workers_give_the_same_bits(
    url: str, rule: Strategy, bars: Bars, tmp_path: Path, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frame, rows, sample, totals and ledger count equal those of a sweep in this process; the workers never see the store."""
    monkeypatch.setattr(evaluating, "CHUNK", (64, 64))
    here = sweep(rule, bars, plan=PLAN)
    seen: list[int] = []

    class Listening:
        def at(self, done: int, total: int, what: str) -> None:
            assert (total, what[:8]) == (700, "sweep of")
            seen.append(done)

    there = sweep(rule, bars, plan=PLAN, cluster=url, progress=Listening(), journal=tmp_path / "journal")
    assert here.frame.equals(there.frame)
    assert np.array_equal(here.rows, there.rows)
    assert np.array_equal(here.sampled.rows, there.sampled.rows)
    assert here.totals.to_dict() == there.totals.to_dict()
    assert here.plan_hash == there.plan_hash
    assert seen == sorted(seen)
    assert seen[-1] == 700
    ledger = Ledger(sqlite_database)
    assert ledger.record_sweep(there).new == 700
    assert ledger.record_sweep(here).new == 0


def test_stopped_on_the_cluster_and_continued_here(
    url: str, rule: Strategy, bars: Bars, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What workers finished before an interrupt is kept, and the rest is made wherever the next call says."""
    monkeypatch.setattr(evaluating, "CHUNK", (50, 50))

    class Impatient:
        def at(self, done: int, total: int, what: str) -> None:
            del total
            if done >= 200 and not what.startswith("interrupted"):
                raise KeyboardInterrupt

    stopped = sweep(rule, bars, plan=PLAN, cluster=url, progress=Impatient(), journal=tmp_path)
    assert (stopped.interrupted, stopped.finished) == (True, 200)
    assert sweep(rule, bars, plan=PLAN, journal=tmp_path).frame.equals(sweep(rule, bars, plan=PLAN).frame)


def test_impossible_values_come_back_as_one_sentence(url: str, rule: Strategy, bars: Bars) -> None:
    """An error of a point in a worker is the error a person gets here."""
    with pytest.raises(InputError, match="n"):
        sweep(rule, bars, {"n": [3, 0.5]}, cluster=url)


def test_workers_of_another_version_are_refused(url: str, rule: Strategy, bars: Bars, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other kernels could give other numbers, so nothing is sent."""
    monkeypatch.setattr(clusters, "_version_here", lambda: "another")
    with pytest.raises(InputError, match="another version"):
        sweep(rule, bars, plan=PLAN, cluster=url)


def test_nobody_answers(rule: Strategy, bars: Bars, monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL without a scheduler, and one that is no URL, say how to start one."""
    pytest.importorskip("distributed")
    monkeypatch.setattr(clusters, "_PATIENCE", 1)
    for wrong in ("tcp://127.0.0.1:9", "nonsense://x"):
        with pytest.raises(InputError, match="dask scheduler"):
            sweep(rule, bars, plan=PLAN, cluster=wrong)


def test_without_dask_it_says_what_to_install(rule: Strategy, bars: Bars, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dask is optional: asking for a cluster without it names the extra."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'workbench\[cluster\]'"):
        sweep(rule, bars, plan=PLAN, cluster="tcp://127.0.0.1:8786")
