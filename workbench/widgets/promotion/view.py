"""The promotion review: where the bot stands, what each gate says, what changed, who asks and who decides. All thinking is in ``model``.

The view looks at the head of the audit chain every second and reads the dossier again when it moved, so that a decision made elsewhere shows here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from workbench.errors import StoreError, UnknownNameError, WorkbenchError
from workbench.widgets.parts import (
    Badge,
    Button,
    Choice,
    Connection,
    Curve,
    Facts,
    GateRows,
    Grid,
    Notice,
    Page,
    Panel,
    Progress,
    Row,
    StageTrack,
    Table,
    Timeline,
)
from workbench.widgets.promotion import present
from workbench.widgets.promotion.model import Case
from workbench.widgets.worker import beside, follow, seen, spawn, watch

if TYPE_CHECKING:
    from workbench.app import Bench
    from workbench.backtest.evidence import Evidence
    from workbench.lifecycle.bots import Bot
    from workbench.lifecycle.dossier import Dossier
    from workbench.market.bars import Bars
    from workbench.widgets.promotion.model import Act, Equity
    from workbench.widgets.worker import Snapshot, Task

_LOOK = 1.0  # seconds between two looks at the chain
_TONES = ("text", "info", "dim")


class Review(Page):
    """The widget; shown by being the last line of a cell."""

    def __init__(self, bench: Bench, bot: Bot | str, *, bars: Bars | None = None) -> None:
        """Review ``bot`` on a bench."""
        self.case = Case(bench, bot, bars=bars)
        self.found: Dossier | None = None
        self.task: Task[Evidence] | None = None
        self._drawn: tuple[str, str] | None = None
        self._make()
        super().__init__(self.problem, self.other, self.body)
        self._load()
        follow(self._follow())

    def _make(self) -> None:
        self.problem = Notice("error")
        self.other = Choice("Review another bot", ())
        self.track, self.words = StageTrack(), Notice("info")
        self.badge, self.connection = Badge("synthetic", hint="the bars are made up"), Connection()
        self.gates, self.people, self.hashes = GateRows(source_words="evidence"), Facts(), Facts()
        self.curve = Curve(height=280, digits=0, unit="money")
        self.changes = Table(present.CHANGE_COLUMNS, name="changes", page_size=0, filterable=False, csv=False)
        self.timeline = Timeline()
        self.remake = Button("Re-make evidence")
        self.ask = Button("Request promotion", "primary", reason=True)
        self.approve = Button("Approve", "primary", reason=True)
        self.reject = Button("Reject", "danger", reason=True)
        self.withdraw = Button("Withdraw", reason=True)
        self.progress = Progress(stoppable=True)
        self.unsigned = Badge("unsigned", hint="names and roles are recorded as the process reports them; signatures come later")
        self._compose()
        self._wire()

    def _compose(self) -> None:
        self.head = Panel("Promotion review", (self.track, self.words), tools=(self.badge, self.connection))
        self.gate_panel = Panel("Gates, failures first", self.gates, flush=True)
        self.curve_panel = Panel("Equity", self.curve, flush=True)
        self.change_panel = Panel("Changed since the last decision", self.changes, flush=True)
        self.decision = Panel(
            "Decision",
            (self.people, Row(self.remake), self.progress, Row(self.ask), Row(self.approve, self.reject, self.withdraw)),
            tools=(self.unsigned,),
        )
        left = Grid((self.gate_panel, self.curve_panel, self.change_panel))
        right = Grid((self.decision, Panel("What it is argued from", self.hashes), Panel("Audit timeline of this bot", self.timeline)))
        board = Grid((left, right), "1.9fr 1fr")
        left.layout.align_content = right.layout.align_content = board.layout.align_items = "flex-start"
        self.body = Grid((self.head, board))
        for widget in (self.problem, self.other, self.progress, self.badge):
            seen(widget, visible=False)

    def _wire(self) -> None:
        self.other.observe(lambda change: self._turn_to(str(change["new"])), "value")
        self.remake.on_click(self._remake)
        self.progress.on_stop(lambda: self.task.stop() if self.task is not None else None)
        for name in ("ask", "approve", "reject", "withdraw"):
            getattr(self, name).on_click(self._acting(name))

    def _acting(self, act: Act):  # type: ignore[no-untyped-def] # noqa: ANN202 - a callback of a button
        async def press(reason: str = "") -> None:
            found = self.found
            if found is None:
                return
            try:
                done = await beside(lambda: self.case.act(act, found, reason))
            finally:
                self._load()  # whatever was refused has changed, or else is shown as it is
            self.words.advice = f"Done: {done}."

        return press

    def _turn_to(self, name: str) -> None:
        if name:
            self.case.key = name
            self._load()

    def _load(self) -> None:
        """Read the dossier and show it; what stands in the way is said instead."""
        try:
            found = self.case.load()
        except UnknownNameError as error:
            self._unknown(error)
            return
        except StoreError as error:
            self._lost(error)
            return
        except WorkbenchError as error:
            self._say(str(error), "")
            seen(self.body, visible=False)
            return
        self.found = found
        for widget in (self.problem, self.other):
            seen(widget, visible=False)
        seen(self.body, visible=True)
        self.connection.link = "live"
        self._show(found)

    def _unknown(self, error: UnknownNameError) -> None:
        names = self.case.names()
        self._say(
            str(error),
            "Choose one of the bots below."
            if names
            else "There are no bots yet: make one with `bench.bots.create(strategy)` or in the backtester.",
        )
        near = [name for name in error.suggestions if name in names]
        self.other.options = [
            {"value": "", "title": "choose a bot"},
            *({"value": name, "title": name} for name in [*near, *(n for n in names if n not in near)]),
        ]
        seen(self.other, visible=bool(names))
        seen(self.body, visible=False)

    def _lost(self, error: Exception) -> None:
        self._say(f"The store is away: {error}", "What you see may be old; it is asked again every second.")
        self.connection.link = "reconnecting"
        seen(self.body, visible=self.found is not None)

    def _say(self, text: str, advice: str) -> None:
        with self.problem.hold_sync():
            self.problem.kind, self.problem.text, self.problem.advice = "error", text, advice
        seen(self.problem, visible=True)

    def _show(self, found: Dossier) -> None:
        waiting = found.waiting
        with self.track.hold_sync():
            self.track.stage, self.track.history = str(found.bot.stage), present.history(found)
            self.track.wanted = str(waiting.to_stage) if waiting else ""
        with self.head.heading.hold_sync():
            self.head.heading.title, self.head.heading.note = (
                f"Promotion review · {found.bot.name}",
                f"{found.bot.owner} · {found.bot.symbol} {found.spec.timeframe.value}",
            )
            self.head.heading.status = found.bot.status
        with self.words.hold_sync():
            self.words.kind, self.words.text, self.words.advice = present.verdict_words(found)
        self._show_gates(found)
        self.people.show(present.people(found, self.case.person))
        self.hashes.show(present.hashes(found))
        self.timeline.events = present.events(found)
        rows = present.change_rows(found.changes)
        with self.changes.hold_sync():
            self.changes.rows = rows
            self.changes.message = (
                "Nothing changed since the last decision" if found.decisions else "There was no decision about its stage yet"
            )
            self.changes.state = "ready" if rows else "empty"
        self._show_buttons(found)
        if self._drawn != (found.bot.spec_hash, str(found.bot.stage)):
            self._drawn = (found.bot.spec_hash, str(found.bot.stage))
            spawn(self._draw(found))

    def _show_gates(self, found: Dossier) -> None:
        seen(self.badge, visible=bool(found.evidence and found.evidence.synthetic))
        with self.gates.hold_sync():
            self.gates.verdicts = [verdict.to_dict() for verdict in found.assessment.verdicts] if found.assessment else []
            self.gates.message = "No verdicts yet" if not found.no_step else "No further step"
            self.gates.remedy = found.no_step or "Re-make the evidence: the gates answer as soon as it is there."
            self.gates.state = "ready" if found.assessment else "empty"

    def _show_buttons(self, found: Dossier) -> None:
        above, waiting = found.bot.stage.next, found.waiting
        label, why = present.ask_words(found)
        self.ask.label = label
        self.ask.disable(why)
        seen(self.ask, visible=waiting is None)
        self.approve.label = f"Approve and promote to {above}" if above else "Approve"
        for name in ("approve", "reject", "withdraw"):
            button = getattr(self, name)
            seen(button, visible=waiting is not None and (name != "withdraw" or not found.cannot_decide.get(name)))
            button.disable(found.cannot_decide.get(name, ""))

    async def _draw(self, found: Dossier) -> None:
        """Draw the equity beside the event loop; without bars say so in its place."""
        self.curve.state = "loading"
        try:
            drawn = await beside(lambda: self.case.equity(found))
        except WorkbenchError as error:
            self.curve.fail(str(error))
            return
        self._show_curve(drawn)

    def _show_curve(self, drawn: Equity) -> None:
        badge = "SYNTHETIC" if drawn.synthetic else ""
        with self.curve.hold_sync():
            self.curve.badge, self.curve.daily, self.curve.state = badge, drawn.daily, "ready"
            self.curve.zone = "UTC" if drawn.daily else "America/New_York"
            lines = [{"name": name, "values": line, "tone": tone} for (name, line), tone in zip(drawn.lines.items(), _TONES, strict=False)]
            self.curve.show(lines if len(lines) > 2 else [lines[0], *({**line, "tone": "dim"} for line in lines[1:])], drawn.times)  # noqa: PLR2004
        with self.curve_panel.heading.hold_sync():
            self.curve_panel.heading.title, self.curve_panel.heading.note = drawn.title, drawn.words

    async def _remake(self, reason: str = "") -> None:
        """Make the evidence anew; the gates answer when it is sealed."""
        del reason
        found = self.found
        if found is None:
            return
        self.task = self.case.remake(found)
        with self.progress.hold_sync():
            self.progress.status, self.progress.done = "running", 0.0
        seen(self.progress, visible=True)
        await watch(self.task, self._tick)
        ended = self.task.snapshot().status
        self.progress.status = {"done": "ok", "failed": "error"}.get(ended, "stopped")
        self.progress.stoppable = False
        seen(self.progress, visible=ended != "done")
        self.progress.words = "stopped; what was tried is counted, the evidence is not complete" if ended == "stopped" else "failed"
        self.remake.error = self.task.problem
        self._load()

    def _tick(self, snapshot: Snapshot) -> None:
        with self.progress.hold_sync():
            self.progress.words, self.progress.stoppable = snapshot.words, not snapshot.stopping
            self.progress.done, self.progress.total = float(snapshot.done), float(snapshot.total) if snapshot.total else None

    async def _follow(self) -> None:
        """Look at the chain every second; read again when it moved or the store came back."""
        while self.comm is not None:
            await asyncio.sleep(_LOOK)
            try:
                moved = await beside(self.case.moved)
            except StoreError as error:
                self._lost(error)
                continue
            if moved or self.connection.link != "live":
                self._load()

    def __repr__(self) -> str:
        """Name the widget; the text of all its parts would be pages."""
        return "Review()"
