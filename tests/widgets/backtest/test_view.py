"""The backtest widget without a browser: what a person does reaches the model, and what comes of it reaches the parts."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from workbench import strategy
from workbench.app import Bench
from workbench.errors import StoreError
from workbench.market import sample
from workbench.widgets.backtest import Backtester

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.store import Database


@pytest.fixture
def widget(sqlite_database: Database) -> Backtester:
    dip = strategy(
        "buy when rsi(2) < $low; sell when rsi(2) > $high", parameters={"low": (10, 5, 25, 5), "high": (60, 50, 70, 10)}, name="dip"
    )
    return Backtester(Bench(sqlite_database), dip, sample("SPX").head(1400))


def press(widget: Backtester) -> None:
    """Press run and wait for the end."""

    async def pressed() -> None:
        widget.fields.run.press()
        while widget.fields.run.busy:  # noqa: ASYNC110 - a button tells by its trait
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.4)  # the cost of the next run is worked out

    asyncio.run(pressed())


def test_the_cost_stands_there_before_the_button_is_pressed(widget: Backtester) -> None:
    """Opened, the widget says what the run adds; nothing is counted yet."""
    assert widget.fields.cost.text == "This run adds 1 trial; family SPX/common then has 1 (0 now)."
    assert widget.desk.bench.ledger.count("SPX/common").trials == 0


def test_a_pressed_sweep_fills_its_page(widget: Backtester) -> None:
    """The page of the sweep opens with its cells and points; the count is told."""
    widget.fields.kind.value = "sweep"
    assert widget.fields.run.label == "Run sweep"
    press(widget)
    assert (widget.fields.run.error, widget.results.page.value) == ("", "sweep")
    assert len(widget.results.sweep.table.rows) == 15
    assert widget.results.counted.text == "15 new trials counted; family SPX/common has 15."
    assert widget.fields.cost.text.startswith("Nothing new")


def test_an_error_stands_at_its_field_and_goes_when_it_is_mended(widget: Backtester) -> None:
    """Nonsense marks the field and switches the button off; a good value takes both back."""
    widget.fields.kind.value = "sweep"
    widget.fields.tried["low"].value = "many"
    assert "'many' is no number" in widget.fields.tried["low"].error
    assert (widget.fields.run.disabled, widget.fields.run.why) == (True, "first mend the fields marked above")
    widget.fields.tried["low"].value = "10 20"
    assert (widget.fields.tried["low"].error, widget.fields.run.disabled) == ("", False)


def test_a_number_that_the_browser_could_not_read_stops_the_run(widget: Backtester) -> None:
    """What is no number marks its field, nothing runs on the last good value, and a good number takes the mark back."""
    widget.fields.cash.wrong = "“much” is not a number"
    assert widget.fields.cash.error == "“much” is not a number"
    press(widget)
    assert (widget.fields.cash.error, widget.fields.run.disabled) == ("“much” is not a number", True)
    assert widget.desk.bench.ledger.count("SPX/common").trials == 0
    widget.fields.cash.value = 50_000.0
    assert (widget.fields.cash.wrong, widget.fields.cash.error) == ("", "")


def test_a_store_that_is_away_is_said_and_found_again(widget: Backtester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run into a missing store fails in words; once the store is back the message goes by itself and the run passes."""
    database = widget.desk.bench.database

    @contextmanager
    def away() -> Iterator[None]:
        message = "the database cannot be reached; start it"
        raise StoreError(message)
        yield

    async def lost_and_found() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(database, "read", away)
            patch.setattr(database, "session", away)
            patch.setattr("workbench.widgets.backtest.view._AGAIN", 0.05)
            widget.fields.run.press()
            while widget.fields.run.busy:  # noqa: ASYNC110 - a button tells by its trait
                await asyncio.sleep(0.02)
            assert "the database cannot be reached" in widget.away.text
            assert widget.away.layout.display is None
        for _ in range(100):
            await asyncio.sleep(0.05)
            if widget.away.layout.display == "none":
                break

    asyncio.run(lost_and_found())
    assert widget.away.layout.display == "none"
    press(widget)
    assert widget.results.page.value == "overview"


def test_runs_are_chosen_and_laid_side_by_side(widget: Backtester) -> None:
    """Two runs, chosen in the table of saved runs, give one picture and one column each."""
    press(widget)
    widget.fields.values["low"].value = 20.0
    press(widget)
    widget.results.page.value = "saved"
    rows = widget.results.saved.table.rows
    assert len(rows) == 2
    assert widget.results.saved.compare.disabled
    for row in rows:
        widget.results.saved.table._dispatch("action", {"id": row["id"], "name": "pick", "reason": ""})
    assert not widget.results.saved.compare.disabled

    async def compare() -> None:
        widget.results.saved.compare.press()
        while widget.results.saved.compare.busy:  # noqa: ASYNC110 - a button tells by its trait
            await asyncio.sleep(0.02)

    asyncio.run(compare())
    assert [column["key"] for column in widget.results.saved.metrics.columns] == ["metric", "run0", "run1"]
    assert len(widget.results.saved.curve.series) == 2
