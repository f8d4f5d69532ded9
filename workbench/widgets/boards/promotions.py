"""Promotions: who stands on which stage, what waits for a checker, and what keeps the others from the next stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.execution import views
from workbench.execution.views.promotions import STATUSES
from workbench.lifecycle.stages import Stage
from workbench.widgets import parts
from workbench.widgets.boards import columns
from workbench.widgets.boards.face import Face
from workbench.widgets.boards.live import Section
from workbench.widgets.boards.query import Field
from workbench.widgets.boards.rows import fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import ipywidgets
    from sqlalchemy.orm import Session

    from workbench.execution.views import BotCard
    from workbench.execution.views.promotions import Decision

TOPICS = frozenset({"promotion_changed", "bot_status_changed"})
_STAGE_COLUMNS = [
    columns.BOT,
    {"key": "total", "title": "P&L", "kind": "signed", "digits": 0, "main": True},
    {"key": "trades", "title": "Trades", "kind": "number", "digits": 0},
]
_WAITING = [each for each in columns.DECISIONS if each["key"] in {"bot", "from", "to", "passed", "failed", "maker", "reason", "at"}]
_EMPTY = {
    "LAB": ("No bot is in research", "Make one on the board Bots."),
    "PAPER": ("No bot trades on paper", "A bot in LAB whose gates all pass may ask for PAPER."),
    "SHADOW": ("No bot shadows live quotes", "From PAPER: enough sessions and trades, drift inside its limits."),
    "CANARY": ("No bot trades real money in small", "Needs one person's signature; signing comes with a later version."),
    "LIVE": ("No bot trades at full size", "Needs the signatures of two people; signing comes with a later version."),
}


@dataclass(frozen=True, kw_only=True)
class _Board:
    bots: tuple[BotCard, ...]
    waiting: tuple[Decision, ...]
    decisions: tuple[Decision, ...]


class Promotions(Face):
    """The five stages side by side."""

    fields: ClassVar[tuple[Field, ...]] = (
        Field(name="bot", title="Bot"),
        Field(name="status", title="Decision", choices=STATUSES),
        Field(name="decision", title="Decision number", kind="text"),
    )

    def compose(self) -> Iterable[ipywidgets.Widget]:
        """Return the stages, what waits, all decisions and the gates of one."""
        self.stages = {
            name: parts.Table(_STAGE_COLUMNS, page_size=8, csv=False, filterable=False, name=f"bots in {name}", state="loading")
            for name in Stage.__members__
        }
        self.panels = {name: parts.Panel("Stage", table, badge=name, flush=True) for name, table in self.stages.items()}
        for table in self.stages.values():
            self.opens(table, "bot", "name")
        self.waiting = parts.Table(_WAITING, page_size=0, csv=False, filterable=False, name="requests", state="loading")
        self.decisions = parts.Table(columns.DECISIONS, page_size=12, name="decisions", state="loading")
        self.gates = parts.GateRows()
        self.gates_panel = parts.Panel("Gates", self.gates)
        self.track = parts.StageTrack(counts={})
        for table in (self.waiting, self.decisions):
            self.opens(table, "decision")
        filters = self.filters(
            self.control("bot", parts.Choice("Bot", [("", "any")], compact=True)),
            self.control("status", parts.Choice("Decision", [("", "any"), *STATUSES], compact=True)),
        )
        return [
            parts.Grid(list(self.panels.values()), columns="repeat(5, 1fr)"),
            parts.Panel("Waiting for a checker", self.waiting, flush=True),
            filters,
            parts.Panel("Decisions", self.decisions, flush=True),
            self.gates_panel,
        ]

    def sections(self) -> Iterable[Section]:
        """Return what is read together."""
        return [Section(name="board", read=self._read, draw=self._draw, topics=TOPICS)]

    def known(self, session: Session) -> Mapping[str, tuple[str, ...]]:
        """Return the names of the bots."""
        return {"bot": tuple(card.name for card in views.bots.cards(session, self.desk.scope))}

    def _read(self, session: Session) -> _Board:
        scope = self.desk.scope
        wanted = views.PromotionFilter(status=self.query.get("status"), bot=self.query.get("bot"), page_size=200)
        return _Board(
            bots=views.bots.cards(session, scope),
            waiting=views.promotions.page(session, scope, views.PromotionFilter(status="requested", page_size=50)).items,
            decisions=views.promotions.page(session, scope, wanted).items,
        )

    def _draw(self, board: _Board) -> None:
        for name, table in self.stages.items():
            here = [columns.bot_row(card) for card in board.bots if card.stage == name]
            self.panels[name].heading.note = str(len(here)) if here else ""
            fill(table, here, empty=_EMPTY[name][0], how=_EMPTY[name][1])
        fill(
            self.waiting,
            [columns.decision_row(each) for each in board.waiting],
            empty="No request waits",
            how="A request made on the board Bots or in the review desk waits here for a reviewer.",
        )
        narrowed = bool(self.query["bot"] or self.query["status"])
        fill(
            self.decisions,
            [columns.decision_row(each) for each in board.decisions],
            empty="No decision fits these filters" if narrowed else "No decision yet",
            how="Clear one of them." if narrowed else "Each promotion, refusal and demotion is kept here with its evidence.",
        )
        self._draw_gates(board)

    def _draw_gates(self, board: _Board) -> None:
        listed = [*board.waiting, *board.decisions]
        wanted = next((each for each in listed if each.id == self.query["decision"]), None)
        shown = wanted or next((each for each in listed if each.verdicts), None)
        self.decisions.selected = shown.id if shown else ""
        self.gates_panel.heading.note = f"{shown.bot} · {shown.from_stage} to {shown.to_stage} · {shown.status}" if shown else ""
        with self.gates.hold_sync():
            self.gates.verdicts = [dict(verdict) for verdict in shown.verdicts] if shown else []
            self.gates.state = "ready" if shown and shown.verdicts else "empty"
            self.gates.message = "No gates were asked for this decision" if shown else "No gate has judged a bot yet"
            self.gates.remedy = "" if shown else "Gather evidence in Lab: `bench.review(bot)`"
