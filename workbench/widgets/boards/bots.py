"""Bots: which there are, how they do, and what may be done with them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.errors import InputError
from workbench.execution import views
from workbench.execution.views.bots import STATUSES
from workbench.lifecycle import bots as lifecycle_bots
from workbench.lifecycle.stages import Stage
from workbench.widgets import parts
from workbench.widgets.boards import charts, columns, pricing
from workbench.widgets.boards.face import Face
from workbench.widgets.boards.live import Section
from workbench.widgets.boards.query import Field
from workbench.widgets.boards.rows import fill, stamp, when

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import ipywidgets
    from sqlalchemy.orm import Session

    from workbench.execution.views import BotCard
    from workbench.execution.views.equity import Equity
    from workbench.execution.views.promotions import Decision

TOPICS = frozenset({"trade_executed", "position_updated", "bot_status_changed", "promotion_changed", "alert"})
TEMPLATES = (
    ("mean_reversion", "Mean reversion"),
    ("trend_following", "Trend following"),
    ("momentum", "Momentum"),
    ("breakout", "Breakout"),
)
_WORDS = {"entry_long": "buy when", "exit_long": "sell when", "entry_short": "short when", "exit_short": "cover when"}
_ACTS = [
    {"name": "start", "title": "Start"},
    {"name": "pause", "title": "Pause", "confirm": "It sends no new orders and keeps its positions.", "reason": True},
    {"name": "stop", "title": "Stop", "danger": True, "confirm": "Its session ends.", "reason": True},
]
_LARGEST = 1e9


@dataclass(frozen=True, kw_only=True)
class _Detail:
    card: BotCard
    spec: str
    equity: Equity
    decisions: tuple[Decision, ...]
    price: charts.Price


class Bots(Face):
    """All bots, and one of them in full."""

    fields: ClassVar[tuple[Field, ...]] = (
        Field(name="status", title="Status", choices=STATUSES),
        Field(name="stage", title="Stage", choices=tuple(Stage.__members__)),
        Field(name="search", title="Name", kind="text"),
        Field(name="bot", title="Bot"),
    )

    def compose(self) -> Iterable[ipywidgets.Widget]:
        """Return figures, filters, the table and the detail of the chosen bot."""
        self.cards = parts.Cards([{"label": name} for name in ("Bots", "Equity", "Day", "Best", "Worst", "Open")], state="loading")
        filters = self.filters(
            self.control("search", parts.Text("Name", placeholder="part of a name", compact=True, kind="search", debounce=300, width=180)),
            self.control("status", parts.Choice("Status", [("", "any"), *STATUSES], compact=True)),
            self.control("stage", parts.Choice("Stage", [("", "any"), *Stage.__members__], compact=True)),
        )
        acts = _ACTS if self.desk.may("bots.change") else []
        self.table = parts.Table(columns.BOT_TABLE, actions=acts, filterable=False, name="bots", state="loading")
        self.opens(self.table, "bot", "name")
        self.table.on_action(self._moved)
        self.detail = self._compose_detail()
        self.detail.layout.display = "none"
        return [self.cards, filters, parts.Panel("Bots", self.table, flush=True), self.detail, *self._form()]

    def sections(self) -> Iterable[Section]:
        """Return what is read together."""
        return [
            Section(name="bots", read=self._read, draw=self._draw, topics=TOPICS),
            Section(name="price", read=self._read_detail, draw=self._draw_detail, topics=TOPICS, failed=self.show_problem),
        ]

    def known(self, session: Session) -> Mapping[str, tuple[str, ...]]:
        """Return the names of the bots."""
        return {"bot": tuple(card.name for card in views.bots.cards(session, self.desk.scope))}

    def _compose_detail(self) -> ipywidgets.Widget:
        self.track = parts.StageTrack()
        self.facts = parts.Facts(columns=2)
        self.rules = parts.Facts()
        self.equity = parts.Curve(kind="money", digits=0, height=330, title_for_screen_readers="Equity of the bot over its drawdown")
        self.price = parts.Candles(height=340, visible=120)
        self.gates = parts.GateRows()
        self.gates_panel = parts.Panel("Gates, latest verdict", self.gates)
        self.equity_panel = parts.Panel("Equity", self.equity, flush=True)
        self.price_panel = parts.Panel("Price", self.price, flush=True)
        self.detail_panel = parts.Panel("Bot", [self.track, self.facts, self.rules, self._row_of_acts()], tools=[self.closer("bot")])
        return parts.Grid([parts.Grid([self.detail_panel, self.equity_panel], columns="2fr 3fr"), self.price_panel, self.gates_panel])

    def _row_of_acts(self) -> ipywidgets.Widget:
        """Return the buttons of the detail; none for those who may not act."""
        self.ask_button = parts.Button(
            "Request promotion", "primary", reason=True, confirm="A checker decides; until then the bot stays where it is."
        )
        self.ask_button.on_click(self._asked)
        self.kill_button = parts.Button(
            "Engage kill switch", "danger", reason=True, confirm="This bot sends no new orders until an operator resets the switch."
        )
        self.kill_button.on_click(self._killed)
        shown = []
        if self.desk.may("promotion.request"):
            shown.append(self.ask_button)
        if self.desk.may("kill.engage"):
            shown.append(self.kill_button)
        return parts.Row(*shown)

    def _form(self) -> list[ipywidgets.Widget]:
        """Return the form that makes a bot, for those who may."""
        if not self.desk.may("bots.create"):
            return []
        self.archetype = parts.Choice("Template", list(TEMPLATES), help="rules, stop and size come from the template; change them in Lab")
        self.symbol = parts.Text("Symbol", "SPX", help="SPX, IXIC, AAPL, ... or SYN (made up)", mono=True)
        self.name = parts.Text("Name", placeholder="template and symbol")
        self.capital = parts.Number("Capital", 100_000.0, least=1.0, most=_LARGEST, step=10_000.0, unit="USD")
        make = parts.Button("Make the bot in LAB", "primary")
        make.on_click(self._made)
        self.make_button = make
        fields = parts.Grid([self.archetype, self.symbol, self.name, self.capital], columns="repeat(4, 1fr)")
        return [parts.Panel("New bot", [fields, parts.Row(make)])]

    def _made(self, reason: str = "") -> None:
        del reason
        if self.capital.wrong:
            message = f"capital: {self.capital.wrong}"
            raise InputError(message)
        name = self.name.value.strip() or f"{self.archetype.value.replace('_', '-')}-{self.symbol.value.strip().lower()}"
        bot = self.actions.create(str(self.archetype.value), self.symbol.value, name=name, capital=self.capital.value or 0.0)
        self.make_button.done = f"{bot.name} is in LAB"
        self.address = f"bot={bot.name}"
        self.read_address()
        self._again()

    def _moved(self, id: str, name: str, reason: str = "") -> None:  # noqa: A002 - the part's word
        self.actions.move(id, name, reason)
        self._again()

    def _asked(self, reason: str = "") -> None:
        stage = self.actions.request(self._chosen_id, reason)
        self.ask_button.done = f"asked for {stage}; a checker decides"
        self._again()

    def _killed(self, reason: str = "") -> None:
        self.actions.kill(f"bot:{self._chosen_id}", reason)
        self._again()

    def _again(self) -> None:
        self.live.ask()
        self.live.refresh()

    @property
    def _chosen_id(self) -> str:
        return next((str(row["id"]) for row in self.table.rows if row["name"] == self.query["bot"]), self.query["bot"])

    def _read(self, session: Session) -> tuple[dict[str, dict[str, int]], tuple[BotCard, ...]]:
        wanted = views.BotFilter(status=self.query.get("status"), stage=self.query.get("stage"), search=self.query.get("search"))
        return views.bots.counts(session, self.desk.scope), views.bots.cards(session, self.desk.scope, wanted)

    def _draw(self, data: tuple[dict[str, dict[str, int]], tuple[BotCard, ...]]) -> None:
        counts, cards = data
        self._draw_cards(counts, cards)
        rows = [columns.bot_row(card, self.actions.offered(status=card.status, owner=card.owner)) for card in cards]
        narrowed = any(self.query[name] for name in ("status", "stage", "search"))
        empty = (
            ("No bot fits these filters", "Clear one of them.")
            if narrowed
            else ("No bots yet", "Make one below, or in Lab: `bench.bots.create(strategy)`")
        )
        fill(self.table, rows, empty=empty[0], how=empty[1])
        self.table.selected = self._chosen_id if self.query["bot"] else ""

    def _draw_cards(self, counts: dict[str, dict[str, int]], cards: tuple[BotCard, ...]) -> None:
        traded = sorted((card for card in cards if card.total_pnl is not None), key=lambda card: card.total_pnl or 0.0)
        best = traded[-1] if traded else None
        worst = traded[0] if len(traded) > 1 else None
        self.cards.cards = [
            {"label": "Bots", "parts": [{"status": name, "text": str(counts["status"][name])} for name in STATUSES]},
            {
                "label": "Equity",
                "value": sum(card.equity for card in cards) if cards else None,
                "kind": "money",
                "hint": f"of the {len(cards)} shown",
            },
            {
                "label": "Day",
                "value": sum(card.day_pnl or 0.0 for card in traded) if traded else None,
                "kind": "signed",
                "hint": "each bot's last day",
            },
            {
                "label": "Best",
                "value": best.total_pnl if best else None,
                "kind": "signed",
                "hint": best.name if best else "no bot has traded",
            },
            {
                "label": "Worst",
                "value": worst.total_pnl if worst else None,
                "kind": "signed",
                "hint": worst.name if worst else "only one bot has traded" if best else "no bot has traded",
            },
            {"label": "Open", "value": float(sum(card.open_positions for card in cards)), "digits": 0, "hint": "positions held"},
        ]
        self.cards.state = "ready"

    def _read_detail(self, session: Session) -> _Detail | None:
        if not self.query["bot"]:
            return None
        bot = lifecycle_bots.get(session, self.query["bot"])
        scope = self.desk.scope
        return _Detail(
            card=views.bots.card(session, scope, bot.id),
            spec=lifecycle_bots.spec_json(session, bot),
            equity=views.equity.profit(session, scope, views.EquityFilter(bot=bot.id)),
            decisions=views.promotions.page(session, scope, views.PromotionFilter(bot=bot.id)).items,
            price=pricing.read(session, self, bot),
        )

    def _draw_detail(self, detail: _Detail | None) -> None:
        self.detail.layout.display = "" if detail else "none"
        if detail is None:
            return
        card = detail.card
        self.detail_panel.heading.title = card.name
        self.detail_panel.heading.status = "error" if card.error else card.status
        self.track.stage = card.stage
        self.track.history = [
            {"stage": each.to_stage, "at": stamp(each.at), "by": each.decided_by}
            for each in reversed(detail.decisions)
            if each.status in {"promoted", "demoted", "approved"}
        ]
        waiting = next((each for each in detail.decisions if each.status == "requested"), None)
        self.track.wanted = waiting.to_stage if waiting else ""
        self._draw_facts(card, json.loads(detail.spec))
        self._draw_equity(detail.equity, card)
        self.price_panel.heading.note = detail.price.title
        charts.draw_price(self.price, detail.price)
        self.want_indicators(detail.price)
        judged = next((each for each in detail.decisions if each.verdicts), None)
        self.gates.verdicts = [dict(verdict) for verdict in judged.verdicts] if judged else []
        with self.gates.hold_sync():
            self.gates.state = "ready" if judged else "empty"
            self.gates.message, self.gates.remedy = "No gate has judged it yet", f"Gather evidence in Lab: `bench.review('{card.name}')`"
        up = Stage(card.stage).next
        self.ask_button.label = f"Request promotion to {up}" if up else "Request promotion"
        self.ask_button.disable(
            "LIVE is the highest stage"
            if up is None
            else "a request waits for a checker"
            if waiting
            else ""
            if judged
            else "no evidence is sealed yet"
        )
        self.kill_button.disable("the switch is engaged already" if card.killed else "")

    def _draw_facts(self, card: BotCard, spec: dict[str, Any]) -> None:
        self.facts.show(
            {
                "status": card.error or (f"stopped by a kill switch: {card.killed}" if card.killed else card.status),
                "owner": card.owner,
                "trades": ", ".join(card.symbols) + f" on {spec['timeframe']} bars",
                "capital": {"value": card.capital, "kind": "money"},
                "equity": {"value": card.equity, "kind": "money"},
                "stage P&L": {"value": card.total_pnl, "kind": "signed"},
                "Sharpe 30 d": {"value": card.sharpe, "kind": "number"},
                "closed trades": {"value": card.trades, "kind": "number", "digits": 0},
                "strategy": {"value": card.spec_hash, "kind": "hash"},
                "last bar": when(card.marked_at),
            }
        )
        rules = [{"label": _WORDS.get(name, name), "value": text} for name, text in spec["rules"].items()]
        values = " · ".join(f"${name} = {given['default']:g}" for name, given in spec["parameters"].items())
        self.rules.show([*rules, {"label": "parameters", "value": values or "none"}])

    def _draw_equity(self, equity: Equity, card: BotCard) -> None:
        self.equity_panel.heading.badge = "" if card.stage in columns.REAL else "SIMULATED"
        if equity.series:
            charts.draw_money(self.equity, equity.series, base=equity.capital, name=card.name)
            return
        with self.equity.hold_sync():
            self.equity.state, self.equity.message = "empty", f"{card.name} has not traded yet"
            self.equity.remedy = "It trades from PAPER on: `bench.paper(bot, bars)`"
