"""Combinatorial purged cross-validation: the choice knows nothing of the test, paths are chains of tests, and points are counted once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench import strategy
from workbench.backtest.cpcv import Cpcv, cpcv
from workbench.backtest.ledger import Ledger
from workbench.backtest.sweep import sweep
from workbench.backtest.walkforward import walk_forward
from workbench.errors import InputError
from workbench.market import Bars, sample, synthetic, validate

if TYPE_CHECKING:
    from workbench.store import Database
    from workbench.strategy.strategy import Strategy

GRID = {"n": [2, 3, 5], "low": [10, 20, 30]}


@pytest.fixture(scope="module")
def bars() -> Bars:
    return sample("SPX").head(1500)


@pytest.fixture(scope="module")
def dip() -> Strategy:
    return strategy(
        "buy when rsi($n) < $low and close > sma(50); sell when rsi($n) > 60", parameters={"n": (2, 2, 10, 1), "low": (10, 5, 40, 5)}
    )


@pytest.fixture(scope="module")
def cross() -> Strategy:
    """Indicators that remember exactly as many bars as they say."""
    return strategy(
        "buy when sma($fast) > sma($slow); sell when sma($fast) < sma($slow)", parameters={"fast": (5, 3, 20, 1), "slow": (30, 20, 40, 5)}
    )


@pytest.fixture(scope="module")
def found(dip: Strategy, bars: Bars) -> Cpcv:
    return cpcv(dip, bars, GRID)


def test_six_groups_two_tested_make_fifteen_splits_and_five_paths(found: Cpcv) -> None:
    """Each path runs over all sessions; each split says what it tested and chose."""
    assert (len(found.splits), len(found.paths), found.equity.shape) == (15, 5, (1500, 5))
    assert found.splits["test"].tolist()[:3] == ["1, 2", "1, 3", "1, 4"]
    assert set(zip(found.splits["n"], found.splits["low"], strict=True)) <= {(n, low) for n in GRID["n"] for low in GRID["low"]}


def test_the_choice_is_the_best_point_of_its_training_bars(dip: Strategy, bars: Bars) -> None:
    """Trained on the first of three groups alone, a split chooses what a sweep over these bars puts first."""
    splits = cpcv(dip, bars, GRID, groups=3).splits.set_index("test")
    best = sweep(dip, bars.head(500), GRID).frame.iloc[0]
    chosen = splits.loc["2, 3"]
    assert (chosen["n"], chosen["low"], chosen["train_bars"]) == (best["n"], best["low"], 500)
    assert chosen["is_sharpe"] == pytest.approx(best["sharpe"], rel=1e-12)


def test_a_tested_group_is_the_test_of_a_walk_forward(dip: Strategy, bars: Bars) -> None:
    """Chosen on the first third and traded on the second, money grows by what the first fold of a walk-forward earns."""
    crossed = cpcv(dip, bars, GRID, groups=3)
    fold = walk_forward(dip, bars, GRID, folds=2, train=1).folds.iloc[0]
    number = int(crossed.splits.set_index("test").loc["2, 3", "split"])
    path = next(row["path"] for row in crossed.paths.to_dict("records") if row["splits"].split(", ")[1] == str(number))
    equity = crossed.equity[path].to_numpy()
    assert equity[999] / equity[499] - 1.0 == pytest.approx(fold["oos_return"], rel=1e-9)


def test_the_test_does_not_reach_the_choice(cross: Strategy, bars: Bars) -> None:
    """With other prices in the tested groups the choices stay, although training goes on behind them; without an embargo indicators still tell."""
    frame = bars.frame.copy()
    frame.iloc[500:1000, :4] = frame.iloc[500:1000, :4].to_numpy()[::-1][:, [3, 1, 2, 0]]
    changed = validate(frame, bars.instrument)
    grid = {"fast": [3, 8, 15], "slow": [20, 40]}

    def choices(data: Bars, embargo: int | None) -> np.ndarray:
        splits = cpcv(cross, data, grid, groups=6, embargo=embargo).splits.set_index("test")
        return splits.loc["3, 4", ["fast", "slow", "is_sharpe"]].to_numpy(dtype=float)

    assert choices(changed, None) == pytest.approx(choices(bars, None), rel=1e-9)
    assert choices(changed, 0)[2] != pytest.approx(choices(bars, 0)[2], rel=1e-9)


def test_the_embargo_is_the_longest_warm_up(cross: Strategy, bars: Bars) -> None:
    """A slow average of 40 bars asks for 39 sessions after each test, and for two sessions of half-hours."""
    assert cpcv(cross, bars, {"fast": [3], "slow": [20, 40]}).embargo == 39
    intraday = cross.revised(symbols=("SYN",), timeframe="30m")
    assert cpcv(intraday, synthetic("SYN", "30m", sessions=60), {"fast": [3], "slow": [20, 25]}).embargo == 2


def test_a_purge_leaves_out_both_sides(dip: Strategy, bars: Bars, found: Cpcv) -> None:
    """Five sessions purged cost a split five bars before each test and five after, where training lies there."""
    purged = cpcv(dip, bars, GRID, purge=5).splits.set_index("test")["train_bars"]
    before = found.splits.set_index("test")["train_bars"]
    assert (before - purged).loc[["1, 2", "1, 3", "2, 4", "5, 6"]].tolist() == [5, 15, 20, 5]


def test_points_are_counted_once(sqlite_database: Database, dip: Strategy, bars: Bars) -> None:
    """Nine points are nine trials, however many splits chose among them; a sweep before or after adds none."""
    ledger = Ledger(sqlite_database)
    cpcv(dip, bars, GRID, ledger=ledger)
    assert ledger.count("SPX/common").trials == 9
    ledger.record_sweep(sweep(dip, bars, GRID))
    cpcv(dip, bars, GRID, groups=5, ledger=ledger)
    assert ledger.count("SPX/common").trials == 9


def test_the_shares_are_what_they_say(found: Cpcv) -> None:
    """``negative`` counts paths at or below zero, ``overfit`` splits whose choice ended no better than the median."""
    assert found.negative == float(np.mean(~(found.paths["sharpe"] > 0)))
    assert found.overfit == float(np.mean(found.splits["rank"] <= 0.5))


def test_doing_nothing_is_not_above_zero(bars: Bars) -> None:
    """Paths without a trade have no Sharpe ratio and count as not above zero."""
    never = strategy("buy when close < $level; sell when close > 0", parameters={"level": (0, 0, 1, 1)})
    found = cpcv(never, bars, {"level": [0, 1]})
    assert (found.negative, found.paths["sharpe"].isna().all(), np.isnan(found.best)) == (1.0, True, True)


def test_brackets_can_be_chosen_too(bars: Bars) -> None:
    """A grid may vary the stop; each split names the one it chose, and stops change what paths earn."""
    stopped = strategy("buy when rsi(2) < 20; sell when rsi(2) > 60", stop="3%")
    wide, tight = cpcv(stopped, bars, {"stop": [8.0]}), cpcv(stopped, bars, {"stop": [0.5]})
    assert set(cpcv(stopped, bars, {"stop": [0.5, 8.0]}).splits["stop"]) <= {0.5, 8.0}
    assert wide.paths["total_return"].iloc[0] != tight.paths["total_return"].iloc[0]


def test_it_tells_itself_as_json_card_and_words(found: Cpcv) -> None:
    """The record is strict JSON, the card has a row a path, the words say how far the paths fall behind the promise."""
    record = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert (record["negative"], len(record["paths"]), len(record["splits"])) == (found.negative, 5, 15)
    assert found._repr_html_().count("<tr>") == 6
    assert f"{found.best:.2f} in sample" in repr(found)


def test_a_stop_by_the_listener_ends_it(sqlite_database: Database, dip: Strategy, bars: Bars) -> None:
    """Stopped in the sweep, what it tried is counted; stopped afterwards, nothing half is returned."""

    class Impatient:
        def __init__(self, after: int) -> None:
            self.after = after

        def at(self, done: int, total: int, what: str) -> None:  # noqa: ARG002 - the port
            if done >= self.after:
                raise KeyboardInterrupt

    ledger = Ledger(sqlite_database)
    for after in (1, 12):
        with pytest.raises(KeyboardInterrupt):
            cpcv(dip, bars, GRID, ledger=ledger, progress=Impatient(after))
        assert ledger.count("SPX/common").trials == 9


def test_too_short_bars_are_refused(dip: Strategy, bars: Bars) -> None:
    """An embargo as long as a group leaves nothing to train on."""
    with pytest.raises(InputError, match="embargo of 49"):
        cpcv(dip, bars.head(300), GRID)


def test_a_strategy_in_python_is_crossed_as_well(bars: Bars) -> None:
    """A function gets the splits and paths of its rules, and its own warm-up as the embargo."""

    def dip(bars, n=3):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - as a researcher writes it
        mean = bars["close"].rolling(int(n)).mean()
        return {"entry_long": bars["close"] < 0.98 * mean, "exit_long": bars["close"] > mean}

    options = {"parameters": {"n": (3, 2, 10, 1)}, "symbols": ("SPX",), "timeframe": "1d"}
    written = cpcv(strategy(dip, warmup=10, **options), bars, {"n": [2, 3, 5]})
    ruled = cpcv(strategy("buy when close < 0.98 * sma($n) and sma(11) > 0; sell when close > sma($n)", **options), bars, {"n": [2, 3, 5]})
    assert (written.embargo, ruled.embargo, len(written.paths)) == (10, 10, 5)
    assert written.sharpes == pytest.approx(ruled.sharpes, rel=1e-9)
