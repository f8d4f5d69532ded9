"""The page of trades: on the price, and as a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.widgets.backtest import present
from workbench.widgets.backtest.pages.stack import Stack, badge
from workbench.widgets.parts import Candles, Panel, Table

if TYPE_CHECKING:
    from workbench.backtest.result import Result


class TradesPage(Stack):
    """Entries, exits and bracket levels on the price; a trade of the list is brought into view."""

    def __init__(self) -> None:
        """Be empty until there is a run."""
        self.candles = Candles(height=420)
        self.table = Table((), name="trades", page_size=15)
        self.chart = Panel("Trades on the price", self.candles, flush=True)
        self.list = Panel("Closed trades", self.table, flush=True, note="choose one to see it on the chart")
        self.result: Result | None = None
        self._shown = (0, 0)
        super().__init__(self.chart, self.list)
        self.table.on_activate(self._open)

    def show(self, result: Result) -> None:
        """Show the trades of a run."""
        self.result = result
        with self.table.hold_sync():
            self.table.columns, self.table.rows, self.table.page = present.trade_columns(result), present.trade_rows(result), 0
            self.table.selected = ""
            self.table.zone = "UTC" if not result.bars.timeframe.intraday else "America/New_York"
            if not self.table.rows:
                self.table.message, self.table.remedy = (
                    "No closed trades",
                    "The rules never fired on these bars: loosen them, or take a longer window.",
                )
            self.table.state = "ready" if self.table.rows else "empty"
        self.list.heading.badge = badge(synthetic=result.bars.synthetic)
        self._draw(None)

    def _draw(self, around: int | None) -> None:
        if self.result is None:
            return
        first, last = present.stretch(self.result, around)
        markers, levels = present.marks(self.result, first, last)
        self._shown = (first, last)
        self.candles.show(self.result.bars.slice(first, last), markers=markers, levels=levels)
        whole = last - first == len(self.result.bars)
        self.chart.heading.note = "" if whole else f"{last - first:,} of {len(self.result.bars):,} bars"

    def _open(self, id: str) -> None:  # noqa: A002 - the message's own name
        if self.result is None:
            return
        bar = present.entry_bar(self.result, int(id))
        if not self._shown[0] <= bar < self._shown[1]:
            self._draw(bar)
        self.table.selected = id
        self.candles.show_bar = None
        self.candles.show_bar = bar - self._shown[0]
