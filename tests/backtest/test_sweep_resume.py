"""A sweep that is killed, stopped or damaged goes on where it was and comes to the result, and the count, of one that was not."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench.backtest.ledger import Ledger
from workbench.backtest.sweep import Plan, SweepResult, sweep
from workbench.backtest.sweep import evaluate as evaluating
from workbench.backtest.sweep import journal as journals
from workbench.backtest.sweep import run as running
from workbench.market import Bars, sample
from workbench.strategy.strategy import Strategy, strategy

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.store import Database

PLAN = Plan.grid({"n": range(2, 12), "low": range(5, 35), "stop": [1.0, 2.0, 3.0, 4.0]})
CHILD = """
import sys, time
from pathlib import Path
from workbench.backtest.sweep import Plan, sweep
from workbench.backtest.sweep import evaluate, journal, run
from workbench.market import sample
from workbench.strategy.strategy import strategy

evaluate.CHUNK, journal._EVERY = (64, 64), 0.0
run.sources_hash = lambda: "this version"

class Slow:
    def at(self, done, total, what):
        print(done, flush=True)
        time.sleep(0.02)

rule = strategy("buy when rsi($n) < $low; sell when rsi($n) > 60", stop="2%", parameters={"n": (2, 2, 20, 1), "low": (10, 1, 50, 1)})
plan = Plan.grid({"n": range(2, 12), "low": range(5, 35), "stop": [1.0, 2.0, 3.0, 4.0]})
sweep(rule, sample("SPX").head(900), plan=plan, journal=Path(sys.argv[1]), progress=Slow())
"""


@pytest.fixture(autouse=True)
def one_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who edits a kernel while this runs must not make it start anew."""
    monkeypatch.setattr(running, "sources_hash", lambda: "this version")


@pytest.fixture(scope="module")
def bars() -> Bars:
    return sample("SPX").head(900)


@pytest.fixture(scope="module")
def rule() -> Strategy:
    return strategy("buy when rsi($n) < $low; sell when rsi($n) > 60", stop="2%", parameters={"n": (2, 2, 20, 1), "low": (10, 1, 50, 1)})


@pytest.fixture(scope="module")
def whole(rule: Strategy, bars: Bars) -> SweepResult:
    return sweep(rule, bars, plan=PLAN)


def same(first: SweepResult, second: SweepResult) -> bool:
    """Whether two results are equal to the bit, sample and totals included."""
    return (
        first.frame.equals(second.frame)
        and np.array_equal(first.rows, second.rows)
        and np.array_equal(first.sampled.rows, second.sampled.rows)
        and first.totals.to_dict() == second.totals.to_dict()
        and first.plan_hash == second.plan_hash
    )


class Counting:
    """Counts the points that are made here."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made = 0
        run = evaluating.Evaluator.run

        def counted(evaluator: object, values: np.ndarray, *rest: object) -> None:
            self.made += len(values)
            run(evaluator, values, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(evaluating.Evaluator, "run", counted)


class Stops:
    """Interrupts once a number of points is done."""

    def __init__(self, after: int) -> None:
        self.after = after

    def at(self, done: int, total: int, what: str) -> None:
        del total
        if done >= self.after and not what.startswith("interrupted"):
            raise KeyboardInterrupt


def test_killed_three_times(
    rule: Strategy, bars: Bars, whole: SweepResult, tmp_path: Path, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After three times kill -9 in the middle the fourth run makes only what is missing; result and ledger count are those of an undisturbed sweep."""
    left = []
    for enough in (250, 600, 900):
        with subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            for line in child.stdout:
                if int(line) >= enough:
                    break
            child.kill()
        assert child.wait() == -9
        files = sorted((tmp_path / whole.plan_hash[:32]).glob("*.arrow"))
        left.append(sum(int(path.stem[17:]) - int(path.stem[:16]) for path in files))
    assert 0 < left[0] < left[1] < left[2] < len(PLAN)
    here = Counting(monkeypatch)
    resumed = sweep(rule, bars, plan=PLAN, journal=tmp_path)
    assert here.made == len(PLAN) - left[2]
    assert same(whole, resumed)
    assert Ledger(sqlite_database).record_sweep(resumed).new == len(PLAN)
    assert Ledger(sqlite_database).record_sweep(whole).new == 0
    assert Ledger(sqlite_database).count("SPX/common").trials == len(PLAN)


def test_stopped_and_continued(rule: Strategy, bars: Bars, whole: SweepResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After Ctrl-C what was finished is in the result and on disk; the next call makes the rest, in whatever chunks."""
    monkeypatch.setattr(evaluating, "CHUNK", (96, 96))
    stopped = sweep(rule, bars, plan=PLAN, journal=tmp_path, progress=Stops(500))
    assert stopped.interrupted
    assert 500 <= stopped.finished < len(PLAN)
    monkeypatch.setattr(evaluating, "CHUNK", (50, 50))
    here = Counting(monkeypatch)
    resumed = sweep(rule, bars, plan=PLAN, journal=tmp_path)
    assert here.made == len(PLAN) - stopped.finished
    assert same(whole, resumed)


def test_from_the_beginning_if_asked(
    rule: Strategy, bars: Bars, whole: SweepResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With ``resume=False`` what an earlier run left is thrown away."""
    sweep(rule, bars, plan=PLAN, journal=tmp_path, progress=Stops(500))
    here = Counting(monkeypatch)
    assert same(whole, sweep(rule, bars, plan=PLAN, journal=tmp_path, resume=False))
    assert here.made == len(PLAN)


def test_damage_is_made_again(rule: Strategy, bars: Bars, whole: SweepResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cut file, a flipped byte and a file that is no Arrow are thrown away and their points made anew."""
    monkeypatch.setattr(journals, "_EVERY", 0.0)
    monkeypatch.setattr(evaluating, "CHUNK", (100, 100))
    sweep(rule, bars, plan=PLAN, journal=tmp_path)
    files = sorted(tmp_path.glob("*/*.arrow"))
    assert len(files) == 12
    files[0].write_bytes(files[0].read_bytes()[:-20])
    data = bytearray(files[3].read_bytes())
    data[len(data) // 2] ^= 1
    files[3].write_bytes(data)
    files[7].write_bytes(b"")
    here = Counting(monkeypatch)
    assert same(whole, sweep(rule, bars, plan=PLAN, journal=tmp_path))
    assert here.made == 300


def test_another_kernel_starts_anew(
    rule: Strategy, bars: Bars, whole: SweepResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that another version of the engine made are not mixed with new ones."""
    monkeypatch.setattr(journals, "_EVERY", 0.0)
    sweep(rule, bars, plan=PLAN, journal=tmp_path)
    header = next(tmp_path.glob("*/plan.json"))
    header.write_bytes(header.read_bytes().replace(b'"fill_model":', b'"fill_model":9'))
    here = Counting(monkeypatch)
    assert same(whole, sweep(rule, bars, plan=PLAN, journal=tmp_path))
    assert here.made == len(PLAN)


def test_a_short_sweep_leaves_no_trace(rule: Strategy, bars: Bars, tmp_path: Path) -> None:
    """What is done within a second is never written, and ``forget`` removes what was."""
    sweep(rule, bars, {"n": [2, 3]}, journal=tmp_path)
    assert list(tmp_path.iterdir()) == []
    stopped = sweep(rule, bars, plan=PLAN, journal=tmp_path, progress=Stops(16))
    assert len(list(tmp_path.iterdir())) == 1
    stopped.forget()
    assert list(tmp_path.iterdir()) == []


def test_other_money_or_bars_have_a_journal_of_their_own(rule: Strategy, bars: Bars, whole: SweepResult, tmp_path: Path) -> None:
    """A stopped sweep is never continued by one of another plan."""
    sweep(rule, bars, plan=PLAN, journal=tmp_path, progress=Stops(100))
    other = sweep(rule, bars, plan=PLAN, journal=tmp_path, cash=50_000.0, progress=Stops(100))
    assert len(list(tmp_path.iterdir())) == 2
    assert other.plan_hash != whole.plan_hash
