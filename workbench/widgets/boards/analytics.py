"""Analytics: how did we do, by day, bot and symbol?"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench import look
from workbench.execution import views
from workbench.execution.views.equity import MODES, PERIODS
from workbench.widgets import parts
from workbench.widgets.boards import charts
from workbench.widgets.boards.face import Face
from workbench.widgets.boards.live import Section
from workbench.widgets.boards.query import Field
from workbench.widgets.boards.rows import fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import ipywidgets
    from sqlalchemy.orm import Session

    from workbench.execution.views.equity import Equity, Series

TOPICS = frozenset({"trade_executed", "position_updated"})
_PERIODS = tuple(period for period in PERIODS if period != "1D")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_RANK = [
    {"key": "name", "title": "Name", "kind": "text", "main": True},
    {"key": "made", "title": "P&L", "kind": "signed", "digits": 2, "main": True},
    {"key": "days", "title": "Days", "kind": "number", "digits": 0, "hint": "days with a result"},
    {"key": "won", "title": "Days won", "kind": "percent", "digits": 0},
    {"key": "best", "title": "Best day", "kind": "signed", "digits": 2},
    {"key": "worst", "title": "Worst day", "kind": "signed", "digits": 2},
    {"key": "spark", "title": "Added up", "kind": "spark", "width": 120},
]
_BOT_RANK = [{**_RANK[0], "title": "Bot", "kind": "link", "href": "bots.ipynb?bot={name}"}, *_RANK[1:]]
_SYMBOL_RANK = [{**_RANK[0], "title": "Symbol", "kind": "link", "href": "trades.ipynb?symbol={name}"}, *_RANK[1:]]


@dataclass(frozen=True, kw_only=True)
class _Data:
    desk: Equity
    drawn: Equity
    by_bot: tuple[Series, ...]
    by_symbol: tuple[Series, ...]
    whole: tuple[Series, ...]
    """Daily profit of the desk since the beginning, for the months."""


class Analytics(Face):
    """Profit over time, cut three ways."""

    fields: ClassVar[tuple[Field, ...]] = (
        Field(name="period", title="Period", choices=_PERIODS, default="ALL"),
        Field(name="mode", title="Mode", choices=MODES, default="cumulative"),
        Field(name="by", title="By", choices=("desk", "bot", "symbol"), default="desk"),
        Field(name="bot", title="Bot"),
        Field(name="symbol", title="Symbol"),
    )

    def compose(self) -> Iterable[ipywidgets.Widget]:
        """Return figures, the profit, the ranks and the months."""
        self.cards = parts.Cards(
            [{"label": name} for name in ("P&L", "Return", "Sharpe", "Max drawdown", "Days won", "Best day", "Worst day")], state="loading"
        )
        tools = [
            self.control("period", parts.Choice("", list(_PERIODS), kind="segments", compact=True, title_for_screen_readers="Period")),
            self.control(
                "mode", parts.Choice("", list(MODES), kind="segments", compact=True, title_for_screen_readers="Daily or added up")
            ),
            self.control(
                "by", parts.Choice("", ["desk", "bot", "symbol"], kind="segments", compact=True, title_for_screen_readers="Cut by")
            ),
            self.control("bot", parts.Choice("Bot", [("", "any")], compact=True)),
            self.control("symbol", parts.Choice("Symbol", [("", "any")], compact=True)),
        ]
        self.curve = parts.Curve(
            kind="signed",
            digits=0,
            height=300,
            drawdown=False,
            zero_line=0.0,
            state="loading",
            title_for_screen_readers="Profit and loss over time",
        )
        self.curve_panel = parts.Panel("P&L", self.curve, flush=True)
        self.months = parts.HeatMap(kind="signed", digits=0, diverging=True, x_name="month", y_name="year", z_name="P&L", state="loading")
        self.months_panel = parts.Panel("Months", self.months)
        self.bots = parts.Table(_BOT_RANK, page_size=10, filterable=False, name="P&L by bot", state="loading", sort="-made")
        self.symbols = parts.Table(_SYMBOL_RANK, page_size=10, filterable=False, name="P&L by symbol", state="loading", sort="-made")
        ranks = parts.Grid(
            [parts.Panel("By bot", self.bots, flush=True), parts.Panel("By symbol", self.symbols, flush=True, note="closed trades")],
            columns="1fr 1fr",
        )
        return [self.cards, self.filters(*tools), self.curve_panel, self.months_panel, ranks]

    def sections(self) -> Iterable[Section]:
        """Return what is read together."""
        return [Section(name="profit", read=self._read, draw=self._draw, topics=TOPICS, failed=self.curve.fail)]

    def known(self, session: Session) -> Mapping[str, tuple[str, ...]]:
        """Return the bots and the symbols they trade."""
        cards = views.bots.cards(session, self.desk.scope)
        return {"bot": tuple(card.name for card in cards), "symbol": tuple(sorted({symbol for card in cards for symbol in card.symbols}))}

    def _read(self, session: Session) -> _Data:
        def profit(period: str, mode: str, by: str) -> Equity:
            wanted = views.EquityFilter(period=period, mode=mode, by=by, bot=self.query.get("bot"), symbol=self.query.get("symbol"))
            return views.equity.profit(session, self.desk.scope, wanted)

        period = self.query["period"] or "ALL"
        desk = profit(period, "daily", "desk")
        return _Data(
            desk=desk,
            drawn=profit(period, self.query["mode"] or "cumulative", self.query["by"] or "desk"),
            by_bot=profit(period, "daily", "bot").series,
            by_symbol=profit(period, "daily", "symbol").series,
            whole=desk.series if period == "ALL" else profit("ALL", "daily", "desk").series,
        )

    def _draw(self, data: _Data) -> None:
        self._draw_cards(data.desk)
        none = "No bot has traded yet", "Profit begins with the first bar of a paper session: `bench.paper(bot, bars)`"
        if data.drawn.series:
            self.curve_panel.heading.badge = self.months_panel.heading.badge = "SIMULATED"
            charts.draw_money(self.curve, data.drawn.series[:8])
            self.curve_panel.heading.note = (
                f"{data.drawn.period} · {data.drawn.mode} · by {data.drawn.by} · closed trades only"
                if data.drawn.by == "symbol"
                else f"{data.drawn.period} · {data.drawn.mode} · by {data.drawn.by}"
            )
        else:
            with self.curve.hold_sync():
                self.curve.state, self.curve.message, self.curve.remedy = "empty", *none
        self._draw_months(data.whole)
        fill(self.bots, [_rank(line) for line in data.by_bot], empty=none[0], how=none[1])
        fill(self.symbols, [_rank(line) for line in data.by_symbol], empty="No trade was closed yet", how=none[1])

    def _draw_cards(self, desk: Equity) -> None:
        days = desk.series[0].values if desk.series else ()
        moved = [day for day in days if day]
        begun = desk.value - desk.profit
        self.cards.cards = [
            {"label": "P&L", "value": desk.profit if days else None, "kind": "signed"},
            {
                "label": "Return",
                "value": desk.profit / begun if days and begun else None,
                "kind": "percent",
                "digits": 2,
                "hint": f"of {look.number(begun, 0)}",
            },
            {"label": "Sharpe", "value": desk.sharpe, "digits": 2, "hint": "needs 5 days" if desk.sharpe is None else "annualised, daily"},
            {"label": "Max drawdown", "value": -desk.max_drawdown if days else None, "kind": "signed", "hint": "deepest fall from a peak"},
            {
                "label": "Days won",
                "value": sum(day > 0 for day in moved) / len(moved) if moved else None,
                "kind": "percent",
                "digits": 0,
                "hint": f"of {len(moved):,} with a result, {len(days):,} in all",
            },
            {"label": "Best day", "value": max(days, default=None), "kind": "signed"},
            {"label": "Worst day", "value": min(days, default=None), "kind": "signed"},
        ]
        self.cards.state = "ready"

    def _draw_months(self, whole: tuple[Series, ...]) -> None:
        made: defaultdict[tuple[int, int], float] = defaultdict(float)
        for line in whole:
            for day, value in zip(line.times, line.values, strict=True):
                made[day.year, day.month] += value
        years = sorted({year for year, _ in made}, reverse=True)
        with self.months.hold_sync():
            self.months.state = "ready" if years else "empty"
            self.months.message, self.months.remedy = "No month has been traded yet", "Each month with a paper session becomes a cell."
            if years:
                self.months.show(
                    _MONTHS,
                    [str(year) for year in years],
                    [[made.get((year, month), math.nan) for month in range(1, 13)] for year in years],
                )


def _rank(line: Series) -> dict[str, object]:
    running, added = 0.0, []
    for value in line.values:
        running += value
        added.append(running)
    moved = [value for value in line.values if value]
    return {
        "id": line.name,
        "name": line.name,
        "made": running,
        "days": len(moved),
        "won": sum(value > 0 for value in moved) / len(moved) if moved else None,
        "best": max(line.values, default=None),
        "worst": min(line.values, default=None),
        "spark": added[-60:],
    }
