"""The monitor keeps how strategies were read and verified, and its proofs are read afresh."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from workbench import clock, strategy
from workbench.backtest.monitor import Monitor, read_as
from workbench.backtest.run import backtest
from workbench.backtest.sweep import sweep
from workbench.backtest.verification import Thresholds, verify
from workbench.errors import DataUnavailableError
from workbench.market import sample

if TYPE_CHECKING:
    from workbench.backtest.result import Result
    from workbench.store import Database

STRICT = Thresholds(min_trades=100_000, sharpe_threshold=0.0, max_drawdown=0.25, win_rate=0.45, profit_factor=1.2)
LOOSE = Thresholds(min_trades=1, sharpe_threshold=-10.0, max_drawdown=1.0, win_rate=0.0, profit_factor=0.0)
DIP = strategy("buy when rsi($n) < 10; sell when rsi($n) > 60", archetype="mean_reversion", parameters={"n": (2, 2, 5, 1)})


@pytest.fixture(scope="module")
def result() -> Result:
    return backtest(DIP, sample("SPX").head(900))


def test_an_empty_monitor_says_so(database: Database) -> None:
    """Nothing verified: no shares, no findings, no rows."""
    found = Monitor(database).report()
    assert (found.words, found.pass_rate, found.last, found.findings) == ("nothing was verified yet", None, (), ())


def test_shares_are_counted(database: Database, result: Result) -> None:
    """Passes, checks, archetypes, readings, walk-forwards and optimisations of all verifications together."""
    monitor = Monitor(database)
    walked = SimpleNamespace(robustness=0.8, robust=True)
    swept = sweep(DIP, result.bars, {"n": [2, 3, 4]})
    monitor.record(verify(result, LOOSE), strategy=DIP, walk_forward=walked, swept=swept, overfitting=SimpleNamespace(pbo=0.25))  # type: ignore[arg-type]
    monitor.record(verify(result, STRICT), strategy=DIP, walk_forward=SimpleNamespace(robustness=0.4, robust=False))  # type: ignore[arg-type]
    relaxed = strategy("buy when the RSI of 2 is below 10; sell when rsi(2) is above 60")
    monitor.record(verify(backtest(relaxed, result.bars), STRICT), strategy=relaxed)
    found = monitor.report()
    assert (found.verifications, found.pass_rate) == (3, pytest.approx(1 / 3))
    assert found.pass_rates["MIN_TRADES"] == pytest.approx(1 / 3)
    assert found.by_archetype == {"mean_reversion": 0.5, "none": 0.0}
    assert found.parse_methods == {"relaxed": 1, "strict": 2}
    assert (found.walk_forwards, found.held, found.robustness) == (2, 0.5, pytest.approx(0.6))
    assert (found.optimisations, found.points, found.overfitting) == (1, 3, 0.25)
    assert found.best_sharpe == pytest.approx(float(swept.frame["sharpe"].max()))
    assert 0.0 < (found.confidence or 0.0) <= 1.0
    assert found.to_dict()["last"][0]["parse_method"] == "relaxed"


def test_the_last_hundred_are_kept_newest_first(sqlite_database: Database, result: Result) -> None:
    """Of 103 verifications the newest hundred are shown, and all of them count."""
    monitor, start = Monitor(sqlite_database), clock.now()
    found = verify(result, LOOSE)
    for number in range(103):
        with clock.frozen(start + timedelta(seconds=number)):
            monitor.record(found, strategy=DIP)
    report = monitor.report()
    assert (report.verifications, len(report.last)) == (103, 100)
    assert [entry.at for entry in report.last] == sorted((entry.at for entry in report.last), reverse=True)
    assert len(report.frame) == len(monitor.last()) == 100


def test_a_proof_is_read_afresh(database: Database, result: Result) -> None:
    """What changed in the database since is what the proof shows, and the newest verification counts."""
    monitor, start = Monitor(database), clock.now()
    monitor.record(verify(result, LOOSE), strategy=DIP)
    first = monitor.proof(DIP.spec_hash)
    assert first.verification.passed
    with database.session() as session:
        session.execute(text("UPDATE verifications SET owner = 'somebody'"))
    assert monitor.proof(DIP.spec_hash).owner == "somebody"
    with clock.frozen(start + timedelta(hours=1)):
        monitor.record(verify(result, STRICT), strategy=DIP)
    assert not monitor.proof(DIP.spec_hash).verification.passed


def test_a_strategy_that_was_never_verified_has_no_proof(database: Database) -> None:
    """The error says what to do."""
    with pytest.raises(DataUnavailableError, match="was never verified"):
        Monitor(database).proof("0" * 64)


def test_too_many_fallbacks_are_a_finding(database: Database, result: Result) -> None:
    """One rule in two for which the archetype stood in is over the alert's threshold."""
    monitor = Monitor(database)
    monitor.record(verify(result, LOOSE), strategy=DIP, fallbacks=1)
    found = monitor.report()
    assert (found.fallback_rate, [finding.code for finding in found.findings]) == (0.5, ["fallback-rate"])
    assert found.parse_methods == {"fallback": 1}


def test_the_way_of_reading_is_named() -> None:
    """Strict grammar, relaxed English, Python functions; without a strategy nothing is claimed."""
    assert read_as(DIP) == ("strict", 1.0, 2)
    assert read_as(strategy("buy when the RSI of 2 is below 10; sell when rsi(2) > 60"))[0] == "relaxed"
    assert read_as(SimpleNamespace(spec=None)) == ("python", None, 0)
    assert read_as(None) == ("strict", None, 0)


def test_the_report_shows_itself(database: Database, result: Result) -> None:
    """A sentence, a panel, one bar a check."""
    monitor = Monitor(database)
    monitor.record(verify(result, LOOSE), strategy=DIP)
    found = monitor.report()
    assert found.words.startswith("1 verifications, 100% passed, rules read with 100% confidence")
    assert len(found.figure().data[0].y) == 5
    assert "Monitor" in found._repr_html_()
    assert found.last[0].words.endswith("verified: all 5 checks hold")
