"""A sweep as a landscape: which cell is which point, and what is said about plateau and parameters."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from workbench.widgets.backtest import landscape
from workbench.widgets.backtest.landscape import Landscape


def land(names: dict[str, list[float]], sharpe: np.ndarray) -> Landscape:
    """Return a full grid over ``names`` with given Sharpe ratios, best first."""
    grid = np.array(np.meshgrid(*names.values(), indexing="ij")).reshape(len(names), -1).T
    frame = pd.DataFrame(grid, columns=list(names)).assign(sharpe=sharpe.ravel())
    for name in ("total_return", "max_drawdown", "profit_factor", "win_rate", "trades"):
        frame[name] = 1.0
    frame = frame.sort_values("sharpe", ascending=False, kind="stable", na_position="last")
    swept = tuple(names)
    bars = SimpleNamespace(instrument=SimpleNamespace(symbol="SPX"), timeframe=SimpleNamespace(value="1d"), synthetic=False)
    source = SimpleNamespace(
        spec=SimpleNamespace(name="x"),
        bars=bars,
        frame=frame,
        swept=swept,
        rank="sharpe",
        parameters=swept,
        complete=True,
        finished=len(frame),
    )
    return Landscape(
        subject="x", frame=frame, parameters=swept, swept=swept, rank="sharpe", planned=len(frame), finished=len(frame), synthetic=False, source=source
    )  # fmt: skip


def hill(peak: float) -> np.ndarray:
    """A smooth hill on a 7 x 7 grid with a lone peak at one corner."""
    x, y = np.meshgrid(np.arange(7), np.arange(7), indexing="ij")
    ratios = 1.0 - ((x - 4) ** 2 + (y - 4) ** 2) / 40.0
    ratios[0, 0] = peak
    return ratios


GRID = {"fast": list(range(7)), "stop": list(range(7))}


def test_each_cell_knows_its_point() -> None:
    """The row behind every cell has the cell's parameters and value."""
    found = land(GRID, hill(0.1))
    heat = landscape.heat(found, "sharpe")
    for y, up in enumerate(heat.drawn["y"]):
        for x, across in enumerate(heat.drawn["x"]):
            row = found.frame.iloc[int(heat.rows[y, x])]
            assert (row["fast"], row["stop"], row["sharpe"]) == (float(across), float(up), heat.drawn["z"][y, x])


def test_a_third_parameter_leaves_the_best_in_the_cell() -> None:
    """Cells over two of three parameters show the best of the third, and the scale says so."""
    ratios = np.arange(27, dtype=np.float64).reshape(3, 3, 3)
    heat = landscape.heat(land({"a": [1, 2, 3], "b": [1, 2, 3], "c": [1, 2, 3]}, ratios), "sharpe", "a", "c")
    assert heat.drawn["z_name"] == "best Sharpe"
    assert heat.drawn["z"].tolist() == [[8.0, 17.0, 26.0], [7.0, 16.0, 25.0], [6.0, 15.0, 24.0]]


def test_many_values_are_grouped() -> None:
    """A thousand distinct values become a readable number of columns, each showing its best."""
    values = np.random.default_rng(3).random(1000)
    heat = landscape.heat(land({"x": sorted(values.tolist())}, np.sort(values)), "sharpe")
    assert heat.drawn["z"].shape == (1, 24)
    assert np.nanmax(heat.drawn["z"]) == values.max()


def test_a_lone_peak_is_called_one() -> None:
    """A best point among bad neighbours stands alone, and the middle of the hill is named as the steadiest."""
    kind, words, advice = landscape.plateau_words(land(GRID, hill(3.0)).plateau)
    assert (kind, "stands alone" in words) == ("warning", True)
    assert advice.startswith("Steadiest: $fast 4, stop 4")


def test_a_hill_is_a_plateau() -> None:
    """The top of a smooth hill stands on a plateau and is the steadiest point itself."""
    kind, words, advice = landscape.plateau_words(land(GRID, hill(0.1)).plateau)
    assert (kind, "stands on a plateau" in words, advice) == ("ok", True, "It is the steadiest point as well.")


def test_too_few_points_beside_it_are_not_judged() -> None:
    """Two points make no plateau."""
    found = land({"x": [1, 2]}, np.array([0.5, 0.6])).plateau
    assert "too few points" in landscape.plateau_words(found)[1]


def test_what_matters_is_said() -> None:
    """A parameter that decides everything explains everything; one that changes nothing explains nothing."""
    ratios = np.repeat(np.arange(7.0)[:, None], 7, axis=1)
    found = land(GRID, ratios).sensitivity
    assert landscape.sensitivity_words(found) == "$fast explains 100 % of how the Sharpe varies, 0 % only parameters together."
    assert landscape.margin_words(found, "fast") == "explains 100 % · best on average at 6"
    drawn = landscape.margins(found, "fast")
    assert drawn["lines"][0]["y"].tolist() == list(range(7))


def test_a_sweep_of_nothing_says_nothing() -> None:
    """Where no point has a value there is no plateau and no sensitivity, and the cells are empty."""
    found = land(GRID, np.full((7, 7), np.nan))
    assert (found.plateau, found.sensitivity) == (None, None)
    assert np.isnan(landscape.heat(found, "sharpe").drawn["z"]).all()
    assert landscape.point_rows(found)[0]["sharpe"] is None


@pytest.mark.parametrize(("name", "title"), [("low", "$low"), ("time_stop", "time stop"), ("size", "size"), ("trailing", "trailing stop")])
def test_brackets_are_called_by_their_names(name: str, title: str) -> None:
    """Parameters keep their sign, brackets and size are words."""
    assert landscape.titled(name) == title
