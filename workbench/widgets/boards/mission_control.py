"""Mission control: is everything all right, and what is it worth?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from workbench import clock, look
from workbench.execution import views
from workbench.execution.views import stored
from workbench.execution.views.equity import PERIODS
from workbench.lifecycle import bots as lifecycle_bots
from workbench.widgets import parts
from workbench.widgets.boards import charts, columns, pricing
from workbench.widgets.boards.face import Face
from workbench.widgets.boards.live import EVERYTHING, Section
from workbench.widgets.boards.query import Field
from workbench.widgets.boards.rows import fill, stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import ipywidgets
    from sqlalchemy.orm import Session

    from workbench.execution.views import BotCard, Summary
    from workbench.execution.views.equity import Equity
    from workbench.execution.views.trades import Trade

MONEY = frozenset({"trade_executed", "position_updated", "bot_status_changed", "promotion_changed"})
TRADES = frozenset({"trade_executed"})
_RECENT = 12
_BOTS = 10
_ALERTS = 6


@dataclass(frozen=True, kw_only=True)
class _Head:
    """The headline figures."""

    summary: Summary
    sources: int
    """Tables of bars that are stored."""


class MissionControl(Face):
    """The desk on one page."""

    fields: ClassVar[tuple[Field, ...]] = (
        Field(name="period", title="Period", choices=tuple(PERIODS), default="ALL"),
        Field(name="bot", title="Bot", default=""),
    )

    def compose(self) -> Iterable[ipywidgets.Widget]:
        """Return headline figures over equity, trades, stages, bots, alerts and one price chart."""
        self.cards = parts.Cards(
            [{"label": name} for name in ("Portfolio", "Day", "Sharpe 30 d", "Bots", "Data", "Alerts")], state="loading"
        )
        self.equity = parts.Curve(
            kind="money", digits=0, height=252, state="loading", title_for_screen_readers="Portfolio over its drawdown"
        )
        period = self.control("period", parts.Choice("", list(PERIODS), kind="segments", compact=True, title_for_screen_readers="Period"))
        self.equity_panel = parts.Panel("Equity", self.equity, tools=[period], flush=True)
        self.stages = parts.StageTrack(counts={})
        self.asks = parts.Facts()
        self.bots = parts.Table(columns.BOT_ROWS, page_size=0, csv=False, filterable=False, name="bots", state="loading")
        self.trades = parts.Table(columns.RECENT_TRADES, page_size=0, csv=False, filterable=False, name="recent trades", state="loading")
        self.alerts = parts.Timeline()
        self.price = parts.Candles(height=340, visible=120, state="loading")
        chosen = self.control("bot", parts.Choice("", [("", "most active")], compact=True, title_for_screen_readers="Bot on the chart"))
        self.price_panel = parts.Panel("Price", self.price, tools=[chosen], flush=True)
        self.trades_panel = parts.Panel("Recent trades", self.trades, flush=True)
        left = parts.Grid([self.equity_panel, self.trades_panel])
        left.layout.grid_template_rows = "auto 1fr"
        stages = parts.Panel("Stages", [self.stages, self.asks])
        self._again: parts.Button | None = None
        right = parts.Grid([stages, parts.Panel("Bots", self.bots, flush=True), parts.Panel("Alerts", [self.alerts, *self._switch()])])
        self.opens(self.bots, "bot", "name")
        return [self.cards, parts.Grid([left, right], columns="3fr 2fr"), self.price_panel]

    def sections(self) -> Iterable[Section]:
        """Return what is read together."""
        return [
            Section(name="figures", read=self._read_head, draw=self._draw_head, topics=frozenset({EVERYTHING})),
            Section(name="bots", read=self._read_bots, draw=self._draw_bots, topics=MONEY | {"alert"}),
            Section(name="trades", read=self._read_trades, draw=self._draw_trades, topics=TRADES),
            Section(name="equity", read=self._read_equity, draw=self._draw_equity, topics=MONEY),
            Section(name="price", read=self._read_price, draw=self._draw_price, topics=MONEY, failed=self.price.fail),
        ]

    def known(self, session: Session) -> Mapping[str, tuple[str, ...]]:
        """Return the names of the bots."""
        return {"bot": tuple(card.name for card in views.bots.cards(session, self.desk.scope))}

    def _switch(self) -> list[ipywidgets.Widget]:
        """Return the kill switch for those who may throw it."""
        if not self.desk.may("kill.engage", ""):
            return []
        stop = parts.Button(
            "Stop all trading",
            "danger",
            confirm="No bot sends another order until an operator resets the switch. Positions stay as they are.",
            reason=True,
        )
        stop.on_click(lambda reason="": self._act(lambda: self.actions.kill("all", reason)))
        tools: list[Any] = [stop]
        if self.desk.may("kill.reset"):
            again = self._again = parts.Button("Let orders pass again", "quiet", confirm="Every bot may send orders again.", reason=True)
            again.layout.display = "none"
            again.on_click(lambda reason="": self._act(lambda: self.actions.reset("all", reason)))
            tools.append(again)
        return [parts.Row(*tools)]

    def switches_changed(self) -> None:
        """Offer to let orders pass again only while they are stopped."""
        if self._again is not None:
            self._again.layout.display = "" if self.halted else "none"

    def _act(self, act: Any) -> None:  # noqa: ANN401 - a callable without arguments
        act()
        self.live.ask()
        self.live.refresh()

    def _read_head(self, session: Session) -> _Head:
        return _Head(summary=views.summary.summary(session, self.desk.scope), sources=len(stored.listing(session)))

    def _draw_head(self, head: _Head) -> None:
        now = head.summary
        self._draw_cards(now, head.sources)
        self.trades_panel.heading.note = "" if now.as_of is None else f"{now.trades_today} on {now.as_of:%d %b %Y}"
        self.stages.counts = dict(now.bots_by_stage)
        one = now.waiting_promotions == 1
        waits = f"{now.waiting_promotions} {'promotion waits' if one else 'promotions wait'} for a checker"
        self.asks.show(
            [
                {"label": "requests", "value": waits if now.waiting_promotions else "none waits", "href": "promotions.ipynb"},
                {
                    "label": "positions",
                    "value": f"{now.open_positions} open, {look.signed(now.unrealized_pnl)} unrealised",
                    "href": "positions.ipynb",
                },
                {"label": "jobs", "value": f"{now.running_jobs} running", "href": "jobs.ipynb"},
            ]
        )
        with self.alerts.hold_sync():
            self.alerts.events = [
                {"at": alert.at.timestamp(), "title": alert.text, "kind": alert.severity} for alert in now.alerts[:_ALERTS]
            ]
            self.alerts.state = "ready" if now.alerts else "empty"
            self.alerts.message = "Nothing needs you"
            self.alerts.remedy = "Kill switches, bots in error and failed jobs of the last 24 hours appear here."

    def _draw_cards(self, now: Summary, sources: int) -> None:
        severities = [alert.severity for alert in now.alerts]
        status = [{"status": name, "text": str(now.bots_by_status[name])} for name in ("running", "paused", "stopped", "error")]
        alerts = [{"status": name, "text": str(severities.count(name))} for name in ("critical", "warning", "info")]
        age = "no bar yet" if now.as_of is None else f"{look.age(clock.now() - now.as_of)} old"
        total = now.total_pnl if now.as_of else None
        self.cards.cards = [
            {
                "label": "Portfolio",
                "value": now.portfolio_value,
                "kind": "money",
                "digits": 2,
                "change": total,
                "hint": f"on {now.capital:,.0f}",
            },
            {"label": "Day", "value": now.day_pnl, "kind": "signed", "change": now.day_pnl_share, "change_kind": "percent"},
            {
                "label": "Sharpe 30 d",
                "value": now.sharpe_30d,
                "digits": 2,
                "hint": "needs 5 days" if now.sharpe_30d is None else "annualised",
            },
            {"label": "Bots", "parts": status, "href": "bots.ipynb"},
            {"label": "Data", "value": str(sources), "hint": age},
            {"label": "Alerts", "parts": alerts, "href": "audit.ipynb"},
        ]
        self.cards.state = "ready"

    def _read_bots(self, session: Session) -> tuple[BotCard, ...]:
        return views.bots.cards(session, self.desk.scope)[:_BOTS]

    def _draw_bots(self, cards: tuple[BotCard, ...]) -> None:
        fill(
            self.bots,
            [columns.bot_row(card) for card in cards],
            empty="No bots yet",
            how="Make one on the board Bots, or in Lab: `bench.bots.create(strategy)`",
        )

    def _read_trades(self, session: Session) -> tuple[Trade, ...]:
        return views.trades.page(session, self.desk.scope, views.TradeFilter(page_size=_RECENT)).items

    def _draw_trades(self, found: tuple[Trade, ...]) -> None:
        self.trades_panel.heading.badge = "SIMULATED" if found and not any(trade.stage in columns.REAL for trade in found) else ""
        fill(
            self.trades,
            [columns.trade_row(trade) for trade in found],
            empty="No trades yet",
            how="A bot in PAPER trades when its session runs: `bench.paper(bot, bars)`",
        )

    def _read_equity(self, session: Session) -> Equity:
        return views.equity.profit(session, self.desk.scope, views.EquityFilter(period=self.query["period"]))

    def _draw_equity(self, equity: Equity) -> None:
        self.equity_panel.heading.note = (
            "" if equity.as_of is None else f"{look.signed(equity.profit)} · deepest fall {look.number(equity.max_drawdown)}"
        )
        if not equity.series:
            with self.equity.hold_sync():
                self.equity.state, self.equity.message = "empty", "No equity yet"
                self.equity.remedy = "It begins with the first bar of a bot's paper session: `bench.paper(bot, bars)`"
            return
        self.equity_panel.heading.badge = "SIMULATED"
        charts.draw_money(self.equity, equity.series, base=equity.value - equity.profit, name="portfolio")

    def _read_price(self, session: Session) -> charts.Price:
        wanted = self.query["bot"] or _most_active(views.bots.cards(session, self.desk.scope))
        if not wanted:
            return charts.Price(title="any bot", bars=None)
        bot = lifecycle_bots.get(session, wanted)
        return pricing.read(session, self, bot)

    def _draw_price(self, price: charts.Price) -> None:
        self.price_panel.heading.note = price.title
        charts.draw_price(self.price, price)
        self.want_indicators(price)


def _most_active(cards: tuple[BotCard, ...]) -> str:
    """Return the id of the bot that runs, else of the one that was marked last."""
    ranked = sorted(cards, key=lambda card: (card.status == "running", stamp(card.marked_at) or 0.0), reverse=True)
    return ranked[0].id if ranked else ""
