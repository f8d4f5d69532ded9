"""The sweep equals single runs to the bit, ranks, and keeps what is finished when interrupted."""

from __future__ import annotations

import math
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.backtest.engine.tally import SUMS
from workbench.backtest.run import backtest
from workbench.backtest.sweep import evaluate as module
from workbench.backtest.sweep import planned, sweep
from workbench.errors import InputError, UnknownNameError
from workbench.market import sample, synthetic
from workbench.strategy.strategy import Strategy, strategy

CROSS = "buy when sma($fast) crosses above sma($slow); sell when sma($fast) crosses below sma($slow)"
BOTH = f"{CROSS}; short when rsi(3) > $high; cover when rsi(3) < 50"
RANGES = {"fast": (10, 2, 50, 1), "slow": (30, 3, 90, 1)}


def crossing(**options: object) -> Strategy:
    """Return the crossing strategy."""
    return strategy(CROSS, parameters=RANGES, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options",
    [
        {"stop": "3%"},
        {"stop": "2 atr", "target": "4 atr"},
        {"trailing": "4%", "time_stop": 12},
        {"sizing": "1% risk", "stop": "2%", "limits": {"max_daily_loss": 0.01}},
    ],
    ids=str,
)
def test_points_equal_single_runs(options: dict[str, object]) -> None:
    """Every metric of every point is that of ``backtest`` at the same parameters, to the bit."""
    bars = sample("SPX")
    rule = strategy(BOTH, parameters=RANGES | {"high": (90, 50, 99, 1)}, **options)  # type: ignore[arg-type]
    found = sweep(rule, bars, {"fast": [3, 9], "slow": [20, 41], "high": [85, 95]})
    for place, row in found.frame.iterrows():
        point = {name: row[name] for name in found.parameters}
        single = backtest(rule, bars, parameters=point).metrics
        for name in found.frame.columns.difference(found.parameters):
            assert np.array_equal(single[name], row[name], equal_nan=True), (place, point, name)


def test_intraday_points_equal_single_runs() -> None:
    """With a session window and a future's costs the points equal single runs too."""
    bars = synthetic("SYN", "15m", sessions=120)
    rule = strategy(
        "buy when rsi(2) < $low; sell when rsi(2) > 60", symbols="SYN", timeframe="15m", stop="16 ticks", parameters={"low": (10, 1, 40, 1)}
    )
    found = sweep(rule, bars, {"low": range(5, 30, 5)})
    for _, row in found.frame.iterrows():
        single = backtest(rule, bars, parameters={"low": row["low"]}).metrics
        assert [single[name] for name in found.frame.columns[1:]] == pytest.approx(list(row[1:]), rel=0, abs=0, nan_ok=True)


@given(st.permutations([(3, 20), (5, 21), (9, 40), (11, 60), (30, 31)]), st.integers(1, 5))
@settings(max_examples=10, deadline=None)
def test_a_point_does_not_depend_on_its_neighbours(points: list[tuple[int, int]], chunk: int) -> None:
    """Order of the points and size of the chunks leave each point's numbers alone."""
    bars = sample("IXIC").head(900)
    before = module.CHUNK
    try:
        module.CHUNK = (chunk, chunk)
        found = sweep(crossing(), bars, [{"fast": fast, "slow": slow} for fast, slow in points])
    finally:
        module.CHUNK = before
    alone = {point: sweep(crossing(), bars, [{"fast": point[0], "slow": point[1]}]).rows[0] for point in points}
    for row, (_, values) in zip(found.rows, found.frame.iterrows(), strict=True):
        np.testing.assert_array_equal(alone[int(values["fast"]), int(values["slow"])], row)


def test_best_first_and_plan_order() -> None:
    """Points are ranked by the metric asked for, missing ones last; the index is the place in the plan."""
    grid = {"fast": [3, 9], "slow": [20, 3]}
    found = sweep(crossing(), sample("SPX"), grid, rank="total_return")
    ranked = found.frame["total_return"].to_numpy()
    assert list(ranked) == sorted(ranked, reverse=True)
    assert [dict(zip(grid, values, strict=True)) for values in product(*grid.values())] == [
        {name: int(row[name]) for name in grid} for _, row in found.frame.sort_index().iterrows()
    ]
    shallow = sweep(crossing(), sample("SPX"), grid, rank="max_drawdown").frame["max_drawdown"].to_numpy()
    assert list(shallow) == sorted(shallow)
    never = found.frame[(found.frame["fast"] == 3) & (found.frame["slow"] == 3)]
    assert never["trades"].item() == 0
    assert math.isnan(never["sharpe"].item())
    assert sweep(crossing(), sample("SPX"), grid).frame["sharpe"].isna().to_numpy()[-1]


def test_best_is_a_point_to_run() -> None:
    """``best`` holds the parameters of the first row; without any trade it is an error, not a random point."""
    found = sweep(crossing(), sample("SPX"), {"fast": [3, 9], "slow": [20, 41]})
    assert backtest(crossing(), sample("SPX"), parameters=found.best).metrics.sharpe == found.frame["sharpe"].iloc[0]
    with pytest.raises(InputError, match="no point of this sweep"):
        _ = sweep(crossing(), sample("SPX"), {"fast": [5], "slow": [5]}).best


def test_plan_hash_names_the_plan() -> None:
    """The same plan has the same hash; another value, other money or other bars another."""
    bars = sample("SPX")
    grid = {"fast": range(3, 6), "slow": [20]}
    first = sweep(crossing(), bars, grid).plan_hash
    assert first == sweep(crossing(), bars, {"fast": [3.0, 4.0, 5.0], "slow": (20,)}).plan_hash
    others = [
        sweep(crossing(), bars, grid, cash=99.0),
        sweep(crossing(), bars.head(4000), grid),
        sweep(crossing(), bars, {"fast": [3], "slow": [20]}),
        sweep(crossing(stop="1%"), bars, grid),
    ]
    assert len({first, *(other.plan_hash for other in others)}) == 5


def test_interrupt_keeps_finished_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle gives a result with the points finished so far, each as it would have been."""
    monkeypatch.setattr(module, "CHUNK", (16, 16))
    points = [{"fast": fast, "slow": slow} for fast, slow in combinations(range(5, 20), 2)]
    whole = sweep(crossing(), sample("SPX"), points)

    class Impatient:
        def at(self, done: int, total: int, what: str) -> None:
            assert total == len(points)
            if done >= 48 and what != "interrupted; finished points are kept":
                raise KeyboardInterrupt

    found = sweep(crossing(), sample("SPX"), points, progress=Impatient())
    assert found.interrupted
    assert 48 <= len(found) < len(points)
    assert found.planned == len(points)
    expected = whole.frame.loc[found.frame.index]
    np.testing.assert_array_equal(expected.to_numpy(), found.frame.to_numpy())


def test_progress_counts_points() -> None:
    """Progress ends at the number of points and never goes back."""
    seen: list[tuple[int, int]] = []

    class Listening:
        def at(self, done: int, total: int, what: str) -> None:
            assert what
            seen.append((done, total))

    sweep(crossing(), sample("SPX"), {"fast": range(3, 9), "slow": range(20, 30)}, progress=Listening())
    assert seen == sorted(seen)
    assert seen[-1] == (60, 60)


def test_bad_grid_is_one_sentence() -> None:
    """Unknown parameters, empty grids, texts and impossible values are errors that say what to do."""
    rule, bars = crossing(), sample("SPX")
    with pytest.raises(UnknownNameError, match="did you mean fast"):
        sweep(rule, bars, {"fats": [1]})
    for empty in ({}, []):
        with pytest.raises(InputError, match="the grid is empty"):
            sweep(rule, bars, empty)
    with pytest.raises(InputError, match="no value for \\$fast"):
        sweep(rule, bars, {"fast": []})
    for wrong in ("abc", 5, None):
        with pytest.raises(InputError, match="needs values for \\$fast"):
            sweep(rule, bars, {"fast": wrong})  # type: ignore[dict-item]
    with pytest.raises(InputError, match="finite number"):
        sweep(rule, bars, {"fast": ["ten"]})  # type: ignore[list-item]
    with pytest.raises(InputError, match="fast"):
        sweep(rule, bars, {"fast": [0]})
    with pytest.raises(InputError, match="too few"):
        sweep(rule, bars.head(40), {"fast": [3], "slow": [60]})
    with pytest.raises(InputError, match="cash must be"):
        sweep(rule, bars, {"fast": [3]}, cash=0)
    with pytest.raises(UnknownNameError, match="metric"):
        sweep(rule, bars, {"fast": [3]}, rank="sharp")


def test_block_sums_are_ready_for_evidence() -> None:
    """``block_sums`` has 16 rows, a column a point in the order of the frame, and counts that add up to the bars."""
    found = sweep(crossing(), sample("SPX"), {"fast": [3, 9], "slow": [20, 41]})
    sums = found.block_sums
    assert (16, 4) == sums.sums.shape == sums.squares.shape
    assert sums.counts.sum() == len(found.bars)
    single = backtest(crossing(), sample("SPX"), parameters=found.best).returns.to_numpy()
    assert sums.sums[:, 0].sum() == pytest.approx(single.sum())
    assert found.rows[0, SUMS] == pytest.approx(single[: len(single) // 16].sum())


def test_planned_completes_points() -> None:
    """Parameters that the grid leaves out take their defaults."""
    assert planned(crossing(), {"fast": [4]}) == [{"fast": 4.0, "slow": 30.0}]
