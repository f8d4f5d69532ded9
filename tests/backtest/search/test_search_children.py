"""Child processes: their number and their deaths change nothing in the result, and a killed search ends like one that was not."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from workbench.backtest.ledger import Ledger
from workbench.backtest.run import backtest
from workbench.backtest.search import Bounds, SearchResult, SearchSpace, search
from workbench.backtest.search.evaluate import answer, held, overlap
from workbench.backtest.search.pool import Here, Pool
from workbench.backtest.search.proposals import _mend
from workbench.errors import StoreError
from workbench.market import Bars, synthetic
from workbench.strategy.strategy import strategy

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.store import Database

SPACE = SearchSpace(archetypes=("mean_reversion", "breakout"), most_filters=1)
OPTIONS: dict[str, Any] = {"space": SPACE, "trials": 32, "keep": 2}
CHILD = """
import sys, time
from pathlib import Path
import psutil
from workbench.backtest.ledger import Ledger
from workbench.backtest.search import SearchSpace, search
from workbench.market import synthetic
from workbench.store import Database

class Slow:
    def at(self, done, total, what):
        print(done, *[child.pid for child in psutil.Process().children()], flush=True)
        time.sleep(0.3)

with Database.open(sys.argv[2]) as database:
    space = SearchSpace(archetypes=("mean_reversion", "breakout"), most_filters=1)
    search(synthetic("SYN", "15m", sessions=300), space=space, trials=32, keep=2, workers=int(sys.argv[3]),
           journal=Path(sys.argv[1]), ledger=Ledger(database), progress=Slow())
"""
RULE = strategy("buy when rsi(2) < 10; sell when rsi(2) > 60", symbols="SYN", timeframe="15m", stop="2 atr", window="whole session").spec


@pytest.fixture(scope="module")
def bars() -> Bars:
    return synthetic("SYN", "15m", sessions=300)


@pytest.fixture(scope="module")
def whole(bars: Bars) -> SearchResult:
    return search(bars, workers=0, **OPTIONS)


def question(**changes: Any) -> dict[str, Any]:
    return {"ask": "train", "spec": RULE.to_json(), "cash": 100_000.0} | changes


def test_any_number_of_children_gives_the_same(bars: Bars, whole: SearchResult) -> None:
    """Three children, one of them killed in the middle, make the trials that one process makes alone, to the bit."""
    killed = []

    class Kills:
        def at(self, done: int, total: int, what: str) -> None:
            del total, what
            if done == 16:
                children = [child for child in psutil.Process().children() if "search.worker" in " ".join(child.cmdline())]
                killed.append(children[0].pid)
                children[0].kill()

    found = search(bars, workers=3, progress=Kills(), **OPTIONS)
    assert len(killed) == 1
    assert found.outcomes == whole.outcomes
    assert found.table.equals(whole.table)
    assert [child for child in psutil.Process().children() if "search.worker" in " ".join(child.cmdline())] == []


def test_killed_twice(bars: Bars, whole: SearchResult, tmp_path: Path, sqlite_database: Database) -> None:
    """After kill -9 in the middle, twice, the third run has the trials, the candidates and the ledger count of an undisturbed search; no child is left."""
    journal, url = tmp_path / "searches", f"sqlite:///{tmp_path / 'home' / 'data' / 'workbench.sqlite'}"
    for until, workers in ((8, 1), (24, 0)):
        with subprocess.Popen([sys.executable, "-c", CHILD, str(journal), url, str(workers)], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            for line in child.stdout:
                done, *grandchildren = map(int, line.split())
                if done >= until:
                    break
            child.kill()
        assert (child.wait(), done, len(grandchildren)) == (-9, until, workers)
        _wait_until_gone(grandchildren)
    ledger = Ledger(sqlite_database)
    before = ledger.count("SYN/common").trials
    resumed = search(bars, workers=0, journal=journal, ledger=ledger, **OPTIONS)
    assert 0 < before < ledger.count("SYN/common").trials == whole.ground.counted.trials
    assert (resumed.outcomes, resumed.hurdle, resumed.key) == (whole.outcomes, whole.hurdle, whole.key)
    assert resumed.table.drop(columns="gate").equals(whole.table.drop(columns="gate"))
    again = search(bars, workers=0, journal=journal, ledger=ledger, **OPTIONS)
    assert (again.outcomes, ledger.count("SYN/common").trials) == (whole.outcomes, whole.ground.counted.trials)


def _wait_until_gone(pids: list[int]) -> None:
    until = time.monotonic() + 20
    while any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids):
        assert time.monotonic() < until, "a child outlived its parent"
        time.sleep(0.05)


def test_a_torn_journal_is_mended(bars: Bars, whole: SearchResult, tmp_path: Path) -> None:
    """A line that was cut off and a lock that was left are put right; the batch is made again."""
    search(bars, workers=0, journal=tmp_path, **OPTIONS)
    path = next(tmp_path.glob("*/study.log"))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * 0.6)])
    path.with_name("study.log.lock").symlink_to(path)
    resumed = search(bars, workers=0, journal=tmp_path, **OPTIONS)
    assert resumed.outcomes == whole.outcomes
    _mend(path)
    assert path.read_bytes().endswith(b"\n")
    path.write_bytes(b"nothing that Optuna wrote\n" + data)
    with pytest.raises(StoreError, match="cannot be used"):
        search(bars, workers=0, journal=tmp_path, **OPTIONS)


def test_an_answer_that_is_late_is_a_failure(bars: Bars) -> None:
    """The child is stopped, its question says so, and the next one is answered by another."""
    with Pool(1, Bounds(seconds=0.001)) as pool:
        pool.load(bars)
        answers = [header for header, _ in pool.ask([question(), question(), question()])]
    assert [entry.get("failed") for entry in answers] == [None, "time", None]
    assert answers[1]["words"] == "it took longer than 0.001 seconds"


def test_too_much_memory_is_a_failure(bars: Bars) -> None:
    """A child that may take next to nothing says that it could not, or dies of it; either is told."""
    with Pool(1, Bounds(memory=1 << 20)) as pool:
        pool.load(bars)
        header, _ = pool.ask([question()])[0]
    assert header["failed"] in ("memory", "crash", "error")


def test_a_question_that_kills_its_child_fails_and_the_others_are_answered(bars: Bars, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that dies twice of the same question gives a failed trial, not a dead search."""
    with Pool(2, Bounds()) as pool:
        pool.load(bars)
        pool.ask([question()])
        send = type(pool._children[0]).send

        def deadly(child: Any, asked: dict[str, Any]) -> None:
            send(child, asked)
            if asked["cash"] == 1.0:
                child._process.kill()

        monkeypatch.setattr(type(pool._children[0]), "send", deadly)
        answers = pool.ask([question(), question(cash=1.0), question()])
    assert answers[1] == ({"failed": "crash", "words": "its process ended by SIGKILL, 2 times"}, b"")
    assert answers[0] == answers[2]
    assert "tried" in answers[0][0]


def test_here_and_there_answer_alike(bars: Bars) -> None:
    """All three questions get the same words and bytes from a child as from this process; what cannot run is refused in both."""
    cut = 5000
    asked = [question(), question(ask="held"), question(ask="unseen", cut=cut), question(cash=-1.0)]
    with Here() as here, Pool(1, Bounds()) as pool:
        here.load(bars)
        pool.load(bars)
        assert here.ask(asked) == pool.ask(asked)
        assert here.ask(asked)[3][0]["failed"] == "refused"


def test_what_was_held_is_read_from_the_fills(bars: Bars) -> None:
    """The bars at whose close something was held are those that the metrics count, on the sides of the trades."""
    result = backtest(
        strategy(
            "buy when rsi(2) < 10; sell when rsi(2) > 60; short when rsi(2) > 95; cover when rsi(2) < 40",
            symbols="SYN",
            timeframe="15m",
            stop="2 atr",
        ),
        bars,
    )
    sides = held(result)
    assert (sides != 0).mean() == result.metrics.exposure
    first = result.trades.iloc[0]
    start = bars.frame.index.get_loc(first["entry_time"])
    assert set(sides[start : start + int(first["bars"])]) == {1 if first["side"] == "long" else -1}


def test_overlap_is_the_share_of_held_time_in_common() -> None:
    """Same sides on bars that either holds; opposite sides have nothing in common."""
    import numpy as np

    first, second = np.array([1, 1, 0, 0, -1], dtype=np.int8), np.array([1, 0, 0, 1, 1], dtype=np.int8)
    assert overlap(first, second) == 0.25
    assert overlap(first, first) == 1.0
    assert overlap(0 * first, 0 * first) == 0.0


def test_the_unseen_bars_are_traded_with_warm_indicators_and_flat(bars: Bars) -> None:
    """Verification from a bar on decides as a run over everything does, and begins without a position."""
    cut = 5000
    tried = answer(question(ask="unseen", cut=cut), bars)[0]["tried"]
    later = backtest(
        strategy("buy when rsi(2) < 10; sell when rsi(2) > 60", symbols="SYN", timeframe="15m", stop="2 atr", window="whole session"), bars
    )
    entries = later.fills.iloc[0::2]
    assert tried["observations"] == len(bars) - cut
    assert abs(tried["metrics"]["trades"] - (entries["bar"] > cut).sum()) <= 1
