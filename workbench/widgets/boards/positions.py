"""Positions: what we hold, and what it is worth now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.execution import views
from workbench.lifecycle import bots as lifecycle_bots
from workbench.lifecycle.stages import Stage
from workbench.widgets import parts
from workbench.widgets.boards import charts, columns, pricing
from workbench.widgets.boards.face import Face
from workbench.widgets.boards.live import Section
from workbench.widgets.boards.query import Field
from workbench.widgets.boards.rows import fill, when

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import ipywidgets
    from sqlalchemy.orm import Session

    from workbench.execution.views import Page
    from workbench.execution.views.positions import Position, PositionTotals

TOPICS = frozenset({"position_updated", "trade_executed", "bot_status_changed"})
_STATES = {"open": True, "closed": False, "all": None}
_CLOSE = {
    "name": "close",
    "title": "Close",
    "danger": True,
    "reason": True,
    "confirm": "The paper position is given up at its last mark and the bot's saved session ends.",
}
_SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class _Data:
    page: Page[Position]
    totals: PositionTotals
    value: float
    """Money the shown open positions are worth at their last mark, long and short added."""
    stopped: frozenset[str]
    """Bots that do not run: only their positions can be closed here."""


@dataclass(frozen=True, kw_only=True)
class _Detail:
    position: Position
    price: charts.Price


class Positions(Face):
    """Open and closed positions."""

    fields: ClassVar[tuple[Field, ...]] = (
        Field(name="state", title="State", choices=tuple(_STATES), default="open"),
        Field(name="bot", title="Bot"),
        Field(name="symbol", title="Symbol"),
        Field(name="direction", title="Direction", choices=("long", "short")),
        Field(name="stage", title="Stage", choices=tuple(Stage.__members__)),
        Field(name="position", title="Position", kind="whole"),
    )

    def compose(self) -> Iterable[ipywidgets.Widget]:
        """Return figures, filters, the table and the chart of one position."""
        self.cards = parts.Cards([{"label": name} for name in ("Open", "Value", "Unrealised", "Realised")], state="loading")
        filters = self.filters(
            self.control("state", parts.Choice("", [*_STATES], kind="segments", compact=True, title_for_screen_readers="Open or closed")),
            self.control("bot", parts.Choice("Bot", [("", "any")], compact=True)),
            self.control("symbol", parts.Choice("Symbol", [("", "any")], compact=True)),
            self.control("direction", parts.Choice("Direction", [("", "any"), "long", "short"], compact=True)),
        )
        acts = [_CLOSE] if self.desk.may("bots.change") else []
        self.table = parts.Table(columns.POSITIONS, actions=acts, filterable=False, name="positions", state="loading")
        self.opens(self.table, "position")
        self.table.on_action(self._closed)
        self.table_panel = parts.Panel("Positions", self.table, flush=True)
        self.price = parts.Candles(height=360, visible=120)
        self.facts = parts.Facts(columns=2)
        self.detail_panel = parts.Panel("Position", self.facts)
        self.detail = parts.Grid([self.detail_panel, parts.Panel("Price", self.price, flush=True)], columns="1fr 3fr")
        self.detail.layout.display = "none"
        return [self.cards, filters, self.table_panel, self.detail]

    def sections(self) -> Iterable[Section]:
        """Return what is read together."""
        return [
            Section(name="positions", read=self._read, draw=self._draw, topics=TOPICS, failed=self.table.fail),
            Section(name="price", read=self._read_detail, draw=self._draw_detail, topics=TOPICS, failed=self.show_problem),
        ]

    def known(self, session: Session) -> Mapping[str, tuple[str, ...]]:
        """Return the bots and the symbols they trade."""
        cards = views.bots.cards(session, self.desk.scope)
        return {"bot": tuple(card.name for card in cards), "symbol": tuple(sorted({symbol for card in cards for symbol in card.symbols}))}

    def _closed(self, id: str, name: str, reason: str = "") -> None:  # noqa: A002 - the part's word
        del name
        with self.desk.read() as session:
            position = views.positions.get(session, self.desk.scope, int(id))
        self.actions.close(position.bot_id, reason)
        self.live.ask()
        self.live.refresh()

    def _wanted(self, rows: int) -> views.PositionFilter:
        return views.PositionFilter(
            open=_STATES.get(self.query["state"], True),
            bot=self.query.get("bot"),
            symbol=self.query.get("symbol"),
            direction=self.query.get("direction"),
            stage=self.query.get("stage"),
            page_size=rows,
        )

    def _read(self, session: Session) -> _Data:
        scope = self.desk.scope
        wanted = self._wanted(_SHOWN)
        page = views.positions.page(session, scope, wanted)
        cards = views.bots.cards(session, scope)
        return _Data(
            page=page,
            totals=views.positions.totals(session, scope, wanted),
            value=sum(_value(position) for position in page.items if position.is_open),
            stopped=frozenset(card.id for card in cards if card.status in {"stopped", "error"}),
        )

    def _draw(self, data: _Data) -> None:
        totals = data.totals
        self.cards.cards = [
            {"label": "Open", "value": float(totals.open), "digits": 0, "hint": f"{totals.positions} in this view"},
            {"label": "Value", "value": data.value if totals.open else None, "kind": "money", "hint": "price × quantity × multiplier"},
            {
                "label": "Unrealised",
                "value": totals.unrealized_pnl if totals.open else None,
                "kind": "signed",
                "hint": "if closed at the last mark",
            },
            {"label": "Realised", "value": totals.realized_pnl, "kind": "signed", "hint": "fees taken off"},
        ]
        self.cards.state = "ready"
        rows = [
            columns.position_row(
                each, ["close"] if each.is_open and each.bot_id in data.stopped and self.desk.may("bots.change", each.owner) else []
            )
            for each in data.page.items
        ]
        more = data.page.total - len(rows)
        self.table_panel.heading.note = f"newest {len(rows)} of {data.page.total:,}" if more > 0 else f"{len(rows)}"
        self.table_panel.heading.badge = "SIMULATED" if rows and not any(each.stage in columns.REAL for each in data.page.items) else ""
        open_ones = self.query["state"] == "open"
        fill(
            self.table,
            rows,
            empty="No open position" if open_ones else "No position fits these filters",
            how="A position opens with a bot's first fill; closed ones are under `closed`." if open_ones else "Clear one of the filters.",
        )

    def _read_detail(self, session: Session) -> _Detail | None:
        """Return the position in the address, else the newest in the table, so that the chart is never missing."""
        if self.query["position"]:
            position = views.positions.get(session, self.desk.scope, self.query.number("position"))
        else:
            newest = views.positions.page(session, self.desk.scope, self._wanted(1)).items
            if not newest:
                return None
            position = newest[0]
        bot = lifecycle_bots.get(session, position.bot_id)
        return _Detail(position=position, price=pricing.read(session, self, bot, until=position.closed_at))

    def _draw_detail(self, detail: _Detail | None) -> None:
        self.detail.layout.display = "" if detail else "none"
        if detail is None:
            return
        held = detail.position
        self.table.selected = str(held.id)
        digits = charts.decimals(held.symbol)
        self.detail_panel.heading.title = f"{held.symbol} {'long' if held.quantity > 0 else 'short' if held.quantity < 0 else 'closed'}"
        price = {"kind": "number", "digits": digits}
        self.facts.show(
            {
                "bot": {"value": held.bot, "kind": "link", "href": f"bots.ipynb?bot={held.bot}"},
                "quantity": {"value": held.quantity, "kind": "number", "digits": 0},
                "entry": {"value": held.entry_price, **price},
                "price": {"value": held.current_price, **price},
                "stop": {"value": held.stop_loss_price, **price},
                "target": {"value": held.take_profit_price, **price},
                "unrealised": {"value": held.unrealized_pnl if held.is_open else None, "kind": "signed"},
                "realised": {"value": held.realized_pnl, "kind": "signed"},
                "opened": when(held.opened_at),
                "closed": when(held.closed_at),
            }
        )
        charts.draw_price(self.price, detail.price)
        self.want_indicators(detail.price)


def _value(position: Position) -> float:
    return abs(position.quantity) * (position.current_price or position.entry_price) * charts.multiplier(position.symbol)
