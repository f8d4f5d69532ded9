"""The pages of the backtest widget without a browser: points, studies, recorded sweeps, the tear sheet, and errors behind the fold."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from workbench.app import Bench
from workbench.market import sample
from workbench.widgets.backtest import Backtester

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbench.store import Database
    from workbench.strategy.strategy import Strategy
    from workbench.widgets.parts import Button, Part

SECONDS = 30.0


@pytest.fixture
def widget(sqlite_database: Database, dip: Strategy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Backtester:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path))
    return Backtester(Bench(sqlite_database), dip, sample("SPX").head(1400))


def do(act: Callable[[], Any], until: Callable[[], bool]) -> None:
    """Act on an event loop and wait until it shows."""

    async def acted() -> None:
        act()
        for _ in range(int(SECONDS / 0.02)):
            await asyncio.sleep(0.02)
            if until():
                await asyncio.sleep(0.3)  # what follows by itself: the price of the next run, the second engine
                return
        pytest.fail("it did not happen")

    asyncio.run(acted())


def press(button: Button, until: Callable[[], bool] = lambda: True) -> None:
    """Press a button and wait until it is done."""
    do(button.press, lambda: not button.busy and until())


def visible(part: Part) -> bool:
    return part.layout.display is None


@pytest.fixture
def swept(widget: Backtester) -> Backtester:
    """The widget after a sweep."""
    widget.fields.kind.value = "sweep"
    press(widget.fields.run)
    assert widget.results.page.value == "sweep"
    return widget


def test_a_chosen_point_is_run_and_shown(swept: Backtester) -> None:
    """The third row of the points becomes the run of overview and trades; no trial is added and the sweep stays."""
    land = swept.results.sweep.land
    assert land is not None
    do(lambda: swept.results.sweep.table._dispatch("activate", {"id": "2"}), lambda: swept.results.page.value == "overview")
    outcome = swept.results.outcome
    assert outcome is not None
    assert outcome.result is not None
    assert outcome.result.metrics.sharpe == land.frame["sharpe"].iloc[2]
    assert "point #3" in swept.results.overview.panel.heading.note
    assert swept.results.sweep.table.selected == "2"
    assert swept.desk.bench.ledger.count("SPX/common").trials == 15


def test_a_cell_of_the_heat_map_is_its_best_point(swept: Backtester) -> None:
    """Picking the marked cell opens the best point."""
    mark = swept.results.sweep.map.marks[0]
    do(lambda: swept.results.sweep.map._dispatch("pick", {"x": mark["x"], "y": mark["y"]}), lambda: swept.results.page.value == "overview")
    assert swept.results.outcome is not None
    assert swept.results.outcome.point == "best point"


def test_nonsense_from_the_browser_opens_no_point(swept: Backtester) -> None:
    """Rows and cells that do not exist are ignored."""
    asyncio.run(asyncio.sleep(0))
    swept.results.sweep.table._dispatch("activate", {"id": "999"})
    swept.results.sweep.map._dispatch("pick", {"x": 99, "y": -1})
    assert swept.results.page.value == "sweep"


def test_each_parameter_has_its_plot(swept: Backtester) -> None:
    """Two parameters, two plots, a sentence about which matters, and one about the plateau."""
    page = swept.results.sweep
    assert len(page._margins.children) == 2
    assert "explains" in page.words.text
    assert "best point" in page.around.text


def test_a_study_runs_and_a_new_run_takes_its_answer_away(widget: Backtester) -> None:
    """Monte Carlo answers about the run; after another run the answer about the one before is gone."""
    press(widget.fields.run)
    panel = widget.results.robustness.panels["monte_carlo"]
    assert panel.cost.text == "It chooses nothing, so it adds no trial."
    press(panel.start, lambda: visible(panel._answer))
    assert panel.words.text.startswith("Be ready for a drawdown")
    assert len(panel.table.rows) == 5
    widget.fields.values["low"].value = 20.0
    press(widget.fields.run)
    assert not visible(panel._answer)


def test_a_study_says_what_it_costs_and_that_nothing_varies(widget: Backtester) -> None:
    """Walk-forward is priced before it runs; without anything to choose from its button says why it is off."""
    press(widget.fields.run)
    panel = widget.results.robustness.panels["walk_forward"]
    assert panel.cost.text.startswith("This run adds 75 to 80 trials")
    widget.fields.tried["low"].value, widget.fields.tried["high"].value = "10", "60"
    press(widget.fields.run)
    assert panel.start.why.startswith("nothing varies")


def test_a_wrong_setting_stands_at_its_field(widget: Backtester) -> None:
    """Nonsense in a study's field switches its button off until it is mended."""
    press(widget.fields.run)
    panel = widget.results.robustness.panels["bootstrap"]
    panel.fields["runs"].value = 3.0
    assert "at least 20" in panel.fields["runs"].error
    assert panel.start.disabled
    panel.fields["runs"].value = 40.0
    assert (panel.fields["runs"].error, panel.start.disabled) == ("", False)
    panel.fields["block"].wrong = "“x” is not a number"
    assert panel.start.disabled


def test_the_tear_sheet_is_written_where_it_can_be_opened(widget: Backtester, tmp_path: Path) -> None:
    """One page in the bench's reports, named in the widget with its size."""
    press(widget.fields.run)
    press(widget.results.overview.write)
    (page,) = (tmp_path / "data" / "reports").glob("*.html")
    facts = {fact["label"]: fact["value"] for fact in widget.results.overview.sheet.facts}
    assert facts["file"] == f"data/reports/{page.name}"
    assert visible(widget.results.overview.sheet)
    assert "dip" in page.read_text(encoding="utf-8")[:6_000_000]


def test_a_recorded_sweep_is_opened_and_its_point_run(swept: Backtester, sqlite_database: Database, dip: Strategy) -> None:
    """Another widget on the same bench lists the sweep, shows its landscape and runs one of its points."""
    other = Backtester(Bench(sqlite_database), dip, swept.desk.given_bars)
    other.results.page.value = "saved"
    (row,) = other.results.saved.table.rows
    table = other.results.saved.table
    do(lambda: table._dispatch("action", {"id": row["id"], "name": "open", "reason": ""}), lambda: other.results.page.value == "sweep")
    assert len(other.results.sweep.table.rows) == 15
    do(lambda: other.results.sweep.table._dispatch("activate", {"id": "0"}), lambda: other.results.page.value == "overview")
    assert other.desk.bench.ledger.count("SPX/common").trials == 15


def test_an_error_behind_the_fold_opens_it(widget: Backtester) -> None:
    """A wrong fee is not hidden: the fold opens and the field says what would do."""
    assert not widget.fields.fold.value
    widget.fields.fee_bps.value = -3.0
    assert widget.fields.fold.value
    assert "at least 0" in widget.fields.fee_bps.error
    assert widget.fields.run.disabled


def test_a_date_that_is_none_stops_the_run(widget: Backtester) -> None:
    """What the browser could not read as a date marks its field and nothing runs on the last good one."""
    widget.fields.start.wrong = "write a date as 2026-01-31"
    assert widget.fields.start.error == "write a date as 2026-01-31"
    press(widget.fields.run)
    assert widget.fields.run.disabled
    assert widget.desk.bench.ledger.count("SPX/common").trials == 0
    widget.fields.start.value = "2000-01-03"
    assert (widget.fields.start.wrong, widget.fields.start.error, widget.fields.run.disabled) == ("", "", False)


def test_another_strategy_keeps_window_and_money(widget: Backtester) -> None:
    """What a person set about data and money stays when the strategy changes; its parameters are the new one's."""
    widget.fields.start.value, widget.fields.cash.value = "2000-01-03", 50_000.0
    widget.fields.strategy.value = "template:mean_reversion"
    assert (widget.fields.start.value, widget.fields.cash.value) == ("2000-01-03", 50_000.0)
    assert "low" not in widget.fields.values or widget.fields.strategy.value != "given"


def test_the_first_run_shows_where_its_result_will_be(widget: Backtester) -> None:
    """While nothing was run yet, the overview's parts are skeletons from the press until the result is there."""
    widget.results.wait()
    assert {part.state for part in (widget.results.overview.cards, widget.results.overview.curve)} == {"loading"}
    press(widget.fields.run)
    assert {part.state for part in (widget.results.overview.cards, widget.results.overview.curve)} == {"ready"}
