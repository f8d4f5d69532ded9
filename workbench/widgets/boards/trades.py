"""Trades: what was executed, and did it pay? Every filter is in the address, so a view can be shared."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any, ClassVar

from workbench import clock, look
from workbench.execution import views
from workbench.execution.views.record import LARGEST_PAGE
from workbench.lifecycle.stages import Stage
from workbench.widgets import parts
from workbench.widgets.boards import charts, columns
from workbench.widgets.boards.face import Face
from workbench.widgets.boards.live import Section
from workbench.widgets.boards.query import Field
from workbench.widgets.boards.rows import fill, when

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import ipywidgets
    from sqlalchemy.orm import Session

    from workbench.execution.views import Page, TradeStats
    from workbench.execution.views.trades import Trade

TOPICS = frozenset({"trade_executed"})
SORTS = ("timestamp", "symbol", "side", "quantity", "price", "profit_loss", "commission", "bot", "stage")
_SORT_OF = {"at": "timestamp", "pnl": "profit_loss"}
_KEY_OF = {sort: key for key, sort in _SORT_OF.items()}
_CURVE_PAGES = 4
_MOST_CSV = 100_000
_CSV = (
    "id",
    "timestamp",
    "bot",
    "stage",
    "symbol",
    "side",
    "quantity",
    "price",
    "profit_loss",
    "commission",
    "slippage",
    "reason",
    "status",
    "order_id",
)


@dataclass(frozen=True, kw_only=True)
class _Data:
    page: Page[Trade]
    stats: TradeStats
    made: tuple[tuple[float, float], ...]
    """Time and profit of the last closed trades, oldest first."""
    detail: Trade | None


class Trades(Face):
    """Executions, filtered."""

    fields: ClassVar[tuple[Field, ...]] = (
        Field(name="from", title="From", kind="date"),
        Field(name="to", title="To", kind="date"),
        Field(name="bot", title="Bot"),
        Field(name="symbol", title="Symbol"),
        Field(name="side", title="Side", choices=("buy", "sell")),
        Field(name="stage", title="Stage", choices=tuple(Stage.__members__)),
        Field(name="sort", title="Sorted by", choices=tuple(f"{sign}{name}" for name in SORTS for sign in ("", "-")), default="-timestamp"),
        Field(name="page", title="Page", kind="whole", default="1"),
        Field(name="trade", title="Trade", kind="whole"),
    )

    def compose(self) -> Iterable[ipywidgets.Widget]:
        """Return figures, filters, the P&L, the table and the detail of one trade."""
        self.cards = parts.Cards(
            [{"label": name} for name in ("Net P&L", "Closed", "Win rate", "Profit factor", "Average", "Fees")], state="loading"
        )
        filters = self.filters(
            self.control("from", parts.Text("From", kind="date", compact=True, width=150)),
            self.control("to", parts.Text("To", kind="date", compact=True, width=150)),
            self.control("bot", parts.Choice("Bot", [("", "any")], compact=True)),
            self.control("symbol", parts.Choice("Symbol", [("", "any")], compact=True)),
            self.control("side", parts.Choice("Side", [("", "any"), "buy", "sell"], compact=True)),
            self._clear(),
        )
        self.curve = parts.Curve(
            kind="signed",
            digits=0,
            height=200,
            drawdown=False,
            zero_line=0.0,
            state="loading",
            title_for_screen_readers="Profit and loss, added up",
        )
        self.curve_panel = parts.Panel("P&L, added up", self.curve, flush=True)
        self.table = parts.Table(
            columns.TRADES, remote=True, page_size=50, filterable=False, csv=False, name="trades", state="loading", sort="-at"
        )
        self.table.observe(self._sorted, names="sort")
        self.table.observe(self._paged, names="page")
        self.opens(self.table, "trade")
        self.export = parts.Button("Save as CSV", "quiet")
        self.export.on_click(self._export)
        self.table_panel = parts.Panel("Trades", self.table, flush=True, tools=[self.export])
        self.facts = parts.Facts(columns=2)
        self.detail = parts.Panel("Trade", self.facts, tools=[self.closer("trade")])
        self.detail.layout.display = "none"
        return [self.cards, filters, self.curve_panel, self.detail, self.table_panel]

    def sections(self) -> Iterable[Section]:
        """Return what is read together."""
        return [Section(name="trades", read=self._read, draw=self._draw, topics=TOPICS, failed=self.table.fail)]

    def known(self, session: Session) -> Mapping[str, tuple[str, ...]]:
        """Return the bots and the symbols they trade."""
        cards = views.bots.cards(session, self.desk.scope)
        return {"bot": tuple(card.name for card in cards), "symbol": tuple(sorted({symbol for card in cards for symbol in card.symbols}))}

    def wanted(self, **changes: Any) -> views.TradeFilter:  # noqa: ANN401 - fields of the filter
        """Return the filter that the address describes."""
        sort = self.query["sort"] or "-timestamp"
        given: dict[str, Any] = {
            "start": self.query.day("from"),
            "end": self.query.day("to", after=True),
            "bot": self.query.get("bot"),
            "symbol": self.query.get("symbol"),
            "side": self.query.get("side"),
            "stage": self.query.get("stage"),
            "sort": sort.removeprefix("-"),
            "descending": sort.startswith("-"),
            "page": self.query.number("page") if self.query["page"] else 1,
        }
        return views.TradeFilter(**{**given, **changes})

    def text(self, session: Session) -> str:
        """Return all filtered trades as CSV, oldest first, times in UTC."""
        sheet = io.StringIO()
        writer = csv.writer(sheet)
        writer.writerow(_CSV)
        number, written = 1, 0
        while written < _MOST_CSV:
            found = views.trades.page(
                session, self.desk.scope, self.wanted(page=number, page_size=LARGEST_PAGE, sort="timestamp", descending=False)
            )
            for trade in found.items:
                record = trade.to_dict()
                writer.writerow([_cell(record[name]) for name in _CSV])
            written += len(found.items)
            if number >= found.pages:
                break
            number += 1
        return sheet.getvalue()

    def _clear(self) -> ipywidgets.Widget:
        button = parts.Button("Clear filters", "quiet")
        button.on_click(lambda **_: self.narrow(**{each.name: each.default for each in self.fields}))
        return button

    def _export(self, reason: str = "") -> None:
        del reason
        with self.desk.read() as session:
            self.browser.save(f"trades-{clock.now():%Y%m%d-%H%M}.csv", self.text(session))

    def _sorted(self, change: Mapping[str, Any]) -> None:
        key = str(change["new"])
        sort = ("-" if key.startswith("-") else "") + _SORT_OF.get(key.removeprefix("-"), key.removeprefix("-"))
        if not self._quiet and sort != self.query["sort"]:
            self.narrow(sort=sort if sort.removeprefix("-") in SORTS else "-timestamp", page=1)

    def _paged(self, change: Mapping[str, Any]) -> None:
        if not self._quiet and change["new"] + 1 != self.query.number("page"):
            self.narrow(page=int(change["new"]) + 1)

    def _read(self, session: Session) -> _Data:
        scope = self.desk.scope
        made: list[tuple[float, float]] = []
        for number in range(1, _CURVE_PAGES + 1):
            found = views.trades.page(
                session, scope, self.wanted(page=number, page_size=LARGEST_PAGE, closed=True, sort="timestamp", descending=True)
            )
            made += [(trade.timestamp.timestamp(), trade.profit_loss or 0.0) for trade in found.items]
            if number >= found.pages:
                break
        chosen = self.query["trade"]
        return _Data(
            page=views.trades.page(session, scope, self.wanted()),
            stats=views.trades.stats(session, scope, self.wanted()),
            made=tuple(reversed(made)),
            detail=views.trades.get(session, scope, int(chosen)) if chosen else None,
        )

    def _draw(self, data: _Data) -> None:
        self._draw_stats(data.stats)
        self._draw_curve(data)
        key = self.query["sort"] or "-timestamp"
        self._quiet = True
        with self.table.hold_sync():
            self.table.sort = ("-" if key.startswith("-") else "") + _KEY_OF.get(key.removeprefix("-"), key.removeprefix("-"))
            self.table.page, self.table.total = data.page.page - 1, data.page.total
            self.table.selected = self.query["trade"]
        self._quiet = False
        narrowed = any(self.query[name] for name in ("from", "to", "bot", "symbol", "side", "stage"))
        empty = (
            ("No trade fits these filters", "Clear one of them.")
            if narrowed
            else ("No trades yet", "A bot in PAPER trades when its session runs: `bench.paper(bot, bars)`")
        )
        fill(self.table, [columns.trade_row(trade) for trade in data.page.items], empty=empty[0], how=empty[1])
        self.table_panel.heading.note = f"{data.page.total:,} executions"
        self.table_panel.heading.badge = (
            "SIMULATED" if data.page.items and not any(trade.stage in columns.REAL for trade in data.page.items) else ""
        )
        self._draw_detail(data.detail)

    def _draw_stats(self, stats: TradeStats) -> None:
        self.cards.cards = [
            {"label": "Net P&L", "value": stats.net if stats.closed else None, "kind": "signed"},
            {"label": "Closed", "value": float(stats.closed), "digits": 0, "hint": f"{stats.wins} won · {stats.losses} lost"},
            {"label": "Win rate", "value": stats.win_rate, "kind": "percent", "digits": 1},
            {"label": "Profit factor", "value": stats.profit_factor, "digits": 2},
            {
                "label": "Average",
                "value": stats.average,
                "kind": "signed",
                "hint": f"best {look.signed(stats.best)} · worst {look.signed(stats.worst)}",
            },
            {"label": "Fees", "value": stats.fees, "digits": 2},
        ]
        self.cards.state = "ready"

    def _draw_curve(self, data: _Data) -> None:
        if not data.made:
            with self.curve.hold_sync():
                self.curve.state, self.curve.message, self.curve.remedy = (
                    "empty",
                    "Nothing was closed yet",
                    "The line begins with the first closed trade of these filters.",
                )
            return
        running = [*accumulate(made for _, made in data.made)]
        left_out = data.stats.closed - len(running)
        self.curve_panel.heading.note = f"last {len(running):,} closed trades" if left_out > 0 else f"{len(running):,} closed trades"
        with self.curve.hold_sync():
            self.curve.badge = "SIMULATED" if self.table_panel.heading.badge else ""
            self.curve.show(
                [{"name": "P&L", "values": running, "tone": "up" if running[-1] >= 0 else "down", "area": True}],
                [at for at, _ in data.made],
            )
            self.curve.state = "ready"

    def _draw_detail(self, trade: Trade | None) -> None:
        self.detail.layout.display = "" if trade else "none"
        if trade is None:
            return
        self.detail.heading.title = f"Trade {trade.id}"
        digits = charts.decimals(trade.symbol)
        self.facts.show(
            {
                "executed": when(trade.timestamp),
                "bot": {"value": trade.bot, "kind": "link", "href": f"bots.ipynb?bot={trade.bot}"},
                "what": f"{trade.side} {trade.quantity:g} {trade.symbol}",
                "price": {"value": trade.price, "kind": "number", "digits": digits},
                "P&L": {"value": trade.profit_loss, "kind": "signed"},
                "fees": {"value": trade.commission, "kind": "number"},
                "slippage": {"value": trade.slippage, "kind": "number", "digits": digits},
                "reason": trade.reason or "–",
                "status": trade.status,
                "stage": {"value": trade.stage, "kind": "stage"},
                "order": {"value": trade.order_id, "kind": "hash"},
                **{
                    name: {"value": value, "kind": "number", "digits": 4}
                    for name, value in trade.indicators.items()
                    if isinstance(value, float)
                },
            }
        )


def _cell(value: Any) -> Any:  # noqa: ANN401 - a JSON value
    """Return a cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@"} else value
