"""Several runs side by side: columns, correlation, notes, picture and page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workbench import strategy
from workbench.backtest.comparison import Comparison, compare
from workbench.backtest.run import backtest
from workbench.errors import InputError
from workbench.market import sample

if TYPE_CHECKING:
    from pathlib import Path

DIP = strategy("buy when rsi(2) < 10; sell when rsi(2) > 60", name="Dip <b>")
CROSS = strategy("buy when sma(20) > sma(50); sell when sma(20) < sma(50)", name="Cross")


@pytest.fixture(scope="module")
def both() -> Comparison:
    bars = sample("SPX").head(1500)
    return compare(backtest(DIP, bars), backtest(CROSS, bars))


def test_each_run_is_a_column_of_metrics(both: Comparison) -> None:
    """The frame holds the metrics of each run under its name; correlation is one with itself and the same both ways."""
    assert both.frame["Cross"]["sharpe"] == both.results[1].metrics.sharpe
    assert both.correlation.loc["Cross", "Cross"] == pytest.approx(1.0)
    assert both.correlation.iloc[0, 1] == both.correlation.iloc[1, 0]
    assert both.notes == ()


def test_names_are_made_different_and_counted(both: Comparison) -> None:
    """Two runs of one strategy get a number; a wrong number of names, or none or nine runs, are refused."""
    first = both.results[0]
    assert compare(first, first).names == ("Dip <b>", "Dip <b> (2)")
    assert compare(first, first, names=("a", "b")).names == ("a", "b")
    with pytest.raises(InputError, match="names"):
        compare(first, names=("a", "b"))
    for wrong in (0, 9):
        with pytest.raises(InputError, match="1 to 8"):
            compare(*[first] * wrong)


def test_what_makes_columns_less_comparable_is_said(both: Comparison) -> None:
    """Other bars, other windows and other money stand under the table."""
    other = backtest(CROSS, sample("SPX").head(900), cash=5000.0)
    notes = compare(both.results[0], other).notes
    assert notes == ("the runs are on different bars and over different windows", "the runs start with different money")


def test_the_page_is_self_contained_and_escaped(both: Comparison, tmp_path: Path) -> None:
    """The HTML page names both runs, escapes what people typed, and loads nothing."""
    page = both.to_html(tmp_path / "both.html").read_text(encoding="utf-8")
    assert "Dip &lt;b&gt;" in page
    assert "src=" not in page.replace("Plotly.js", "").split("</script>")[-1]
    assert "Correlation of session returns" in page
    assert "Dip &lt;b&gt;" in both._repr_html_()


def test_the_picture_names_each_line_at_its_end(both: Comparison) -> None:
    """Both curves start at 100 and carry their names instead of a legend."""
    figure = both.figure()
    assert [trace.y[0] for trace in figure.data[::2]] == [100.0, 100.0]
    assert {"Dip <b>", "Cross"} <= {note.text for note in figure.layout.annotations}
