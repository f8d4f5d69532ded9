"""An outcome as data for the parts: markers, levels, rows and cells belong to the run they were made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench import strategy
from workbench.backtest.run import backtest
from workbench.backtest.sweep import sweep
from workbench.market import sample
from workbench.widgets.backtest import landscape, present
from workbench.widgets.backtest.landscape import Landscape

if TYPE_CHECKING:
    from workbench.backtest.result import Result
    from workbench.backtest.sweep import SweepResult

GRID = {"low": [5, 10, 20], "high": [50, 60]}


@pytest.fixture(scope="module")
def result() -> Result:
    return backtest(_dip(), sample("SPX").head(1400))


@pytest.fixture(scope="module")
def swept() -> SweepResult:
    return sweep(_dip(), sample("SPX").head(1400), GRID)


def _dip():  # type: ignore[no-untyped-def] # noqa: ANN202 - a strategy
    text = "buy when rsi(2) < $low; sell when rsi(2) > $high"
    return strategy(text, parameters={"low": (10, 5, 25, 5), "high": (60, 50, 70, 10)}, stop="2%", target="3%")


def test_every_fill_has_its_marker(result: Result) -> None:
    """Entries and exits alternate as the fills do, at their bars; each entry brings its entry, stop and target levels."""
    markers, levels = present.marks(result, 0, len(result.bars))
    assert [marker["at"] for marker in markers] == result.fills["bar"].tolist()
    assert {marker["side"] for marker in markers[::2]} == {"buy"}
    assert {marker["side"] for marker in markers[1::2]} == {"exit"}
    entries = len(markers[::2])
    assert [sum(level["kind"] == kind for level in levels) for kind in ("entry", "stop", "target")] == [entries] * 3


def test_a_stretch_of_the_chart_counts_from_its_own_first_bar(result: Result) -> None:
    """Markers of the last hundred bars are those fills, moved by where the stretch begins."""
    first = len(result.bars) - 100
    markers, _ = present.marks(result, first, len(result.bars))
    expected = [bar - first for bar in result.fills["bar"] if bar >= first]
    assert [marker["at"] for marker in markers] == expected


def test_trades_are_listed_last_first_and_find_their_bar(result: Result) -> None:
    """A row's id leads back to the bar of its entry; daily trades show dates."""
    rows = present.trade_rows(result)
    assert len(rows) == len(result.trades)
    assert [row["trade"] for row in rows] == list(range(len(rows), 0, -1))
    assert rows[0]["entered"] == result.trades["entry_time"].iloc[-1].strftime("%Y-%m-%d")
    assert present.entry_bar(result, int(rows[0]["id"])) == result.fills["bar"].iloc[2 * int(rows[0]["id"])]


def test_the_curve_keeps_ends_and_extremes(result: Result) -> None:
    """Thinned equity has the first, last, highest and lowest value, and buy-and-hold at the same times."""
    drawn = present.equity(result)
    shown, whole = drawn["series"][0]["values"], result.equity.to_numpy()
    assert (shown[0], shown[-1], shown.max(), shown.min()) == (whole[0], whole[-1], whole.max(), whole.min())
    assert len(drawn["series"][1]["values"]) == len(drawn["times"]) == len(shown)


def test_a_heat_map_has_each_point_in_its_cell(swept: SweepResult) -> None:
    """Rows are the second parameter from high to low, columns the first; the best point is framed."""
    drawn = landscape.heat(Landscape.of(swept, "dip"), "sharpe").drawn
    columns, rows = [float(x) for x in drawn["x"]], [float(y) for y in drawn["y"]]
    assert (len(columns), len(rows)) == (2, 3)
    for _, point in swept.frame.iterrows():
        cell = drawn["z"][rows.index(point["low"]), columns.index(point["high"])]
        assert cell == point["sharpe"] or (np.isnan(cell) and np.isnan(point["sharpe"]))
    mark = drawn["marks"][0]
    assert drawn["z"][mark["y"], mark["x"]] == np.nanmax(drawn["z"])


def test_points_are_listed_best_first(swept: SweepResult) -> None:
    """The table of points has the sweep's own order and every parameter that varies."""
    land = Landscape.of(swept, "dip")
    rows = landscape.point_rows(land)
    assert [row["sharpe"] for row in rows] == swept.frame["sharpe"].tolist()
    assert {"p_low", "p_high"} <= {column["key"] for column in landscape.point_columns(land)}


def test_missing_metrics_are_missing_not_zero() -> None:
    """A run that never traded shows dashes: no Sharpe, no win rate, no profit factor."""
    never = backtest(strategy("buy when close < 0; sell when close > 0"), sample("SPX").head(300))
    facts = {fact["label"]: fact["value"] for fact in present.metric_facts(never)}
    assert (facts["Sharpe"], facts["win rate"], facts["profit factor"], facts["trades"]) == (None, None, None, 0.0)
    assert present.trade_rows(never) == []
