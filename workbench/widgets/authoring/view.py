"""The authoring desk on a screen: it composes parts, shows what the model says, and hands on what a person does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import ipywidgets

from workbench.errors import InputError
from workbench.widgets import parts
from workbench.widgets.authoring import html
from workbench.widgets.authoring.boxes import box, show
from workbench.widgets.authoring.form_panel import FormPanel
from workbench.widgets.authoring.model import AuthorModel
from workbench.widgets.authoring.rules_panel import RulesPanel
from workbench.widgets.authoring.sight_panel import ActPanel, SightPanel

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from workbench.app import Bench
    from workbench.lifecycle.bots import Bot
    from workbench.strategy.strategy import Strategy
    from workbench.widgets.authoring.model import Outcome

_PAUSE = 0.6  # seconds of quiet before a draft is saved
_AGAIN = 4.0  # seconds before a store that is away is tried again


class Author(parts.Page):
    """The authoring desk: ``bench.author()``, also on a strategy or a bot. ``.strategy`` is what is written, ``.result`` the last counted run."""

    def __init__(self, bench: Bench, subject: Strategy | Bot | str | None = None) -> None:
        """Open the desk; a draft that was left behind is taken up again."""
        self.model = AuthorModel(bench, subject)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._saving = self._fetching = False
        self.rules = RulesPanel(self.model, self._change, self._switch, self._use)
        self.form = FormPanel(self._change, self._use)
        self.sight = SightPanel(self.model, self._change, self._fetch)
        self.act = ActPanel(self.model, self._change)
        self.locked = parts.Notice("info", self.model.locked)
        self.told = parts.Notice("ok", "", dismissible=True)
        self.told.on_dismiss(lambda **_: show(self.told_row, when=False))
        self.undo = parts.Button("Undo")
        self.undo.on_click(lambda **_: self._undo())
        self.told_row = parts.Row(self.told, self.undo)
        self.draft = parts.Notice("warning", "")
        self.theirs, self.mine = parts.Button("Take the other text"), parts.Button("Keep this one")
        self.theirs.on_click(lambda **_: self._settle(theirs=True))
        self.mine.on_click(lambda **_: self._settle(theirs=False))
        self.draft_row = parts.Row(self.draft, self.theirs, self.mine)
        self.fresh = parts.Button("Start over")
        self.fresh.on_click(lambda **_: self._start_over())
        self.form.tools = (self.fresh,)
        right = ipywidgets.VBox([self.sight, self.act])
        right.add_class("wb-author-sight")
        desk = box("wb-author-desk")
        desk.children = (self.rules, right, self.form)
        frame = ipywidgets.VBox([ipywidgets.HTML(html.STYLE), self.locked, self.draft_row, self.told_row, desk])
        frame.add_class("wb-author")
        super().__init__(frame)
        self._wire()
        show(self.told_row, when=False)
        self._render()
        self._fetch()

    @property
    def strategy(self) -> Strategy | None:
        """The strategy as it is written now, None while it cannot be read."""
        return self.model.reading.strategy

    @property
    def result(self) -> Any:  # noqa: ANN401 - a Result or None
        """The last backtest that was run and counted here."""
        return self.model.result

    @property
    def code(self) -> str:
        """The same in Python."""
        return self.model.code

    def _wire(self) -> None:
        self.act.run.on_click(lambda **_: self._run())
        self.act.save.on_click(lambda **_: self._say(self.act.save, self.model.save()))
        self.act.make.on_click(lambda **_: self._say(self.act.make, self.model.make_bot()))
        self.act.revise.on_click(lambda reason="", **_: self._say(self.act.revise, self.model.revise(reason)))

        for editor in self.rules.editors.values():
            editor.listen("enter", lambda **_: self.act.run.press())

    # ---- what a person does

    def _change(self, name: str, text: str) -> None:
        self.model.change(name, text)
        self._after()

    def _switch(self, mode: str) -> None:
        self.model.switch(mode)
        self._after()

    def _use(self, name: str) -> None:
        outcome = self.model.use(name)
        self._after()
        self._tell(outcome, undo=outcome.ok)

    def _undo(self) -> None:
        self.model.undo()
        show(self.told_row, when=False)
        self._after()

    def _start_over(self) -> None:
        self.model.start_over()
        told = "Started over; the draft is forgotten."
        self.told.kind, self.told.text, self.told.advice = "info", told, ""
        self._after()
        show(self.told_row)
        show(self.undo, when=self.model.can_undo)

    def _settle(self, *, theirs: bool) -> None:
        self.model.settle(theirs=theirs)
        self._after()

    def _run(self) -> Any:  # noqa: ANN401 - a coroutine where there is a loop
        return _beside(self._run_beside(), self._run_here)

    async def _run_beside(self) -> None:
        self._show_run(await asyncio.to_thread(self.model.run))

    def _run_here(self) -> None:
        self._show_run(self.model.run())

    def _show_run(self, outcome: Outcome) -> None:
        if outcome.ok and self.model.result is not None:
            self.act.show_result(self.model.result)
        self._say(self.act.run, outcome)

    def _say(self, button: parts.Button, outcome: Outcome) -> None:
        self._render()
        if not outcome.ok:
            if outcome.field in self.act.fields:
                self.act.fields[outcome.field].error = outcome.text
            raise InputError(outcome.text)
        button.done = f"{outcome.text}{f' · {outcome.remedy}' if outcome.remedy else ''}"

    def _tell(self, outcome: Outcome, *, undo: bool) -> None:
        self.told.kind = "ok" if outcome.ok else "error"
        self.told.text, self.told.advice = outcome.text, outcome.remedy
        show(self.told_row)
        show(self.undo, when=undo)

    # ---- what follows

    def _after(self) -> None:
        if not self.model.can_undo:
            show(self.told_row, when=False)
        self._render()
        if self.model.needs_bars:
            self._fetch()
        if not self._saving and self.model.keeper.changed(self.model.form):
            self._saving = True
            self._begin(self._keep(), self._keep_here)

    async def _keep(self) -> None:
        keeper = self.model.keeper
        try:
            while keeper.changed(self.model.form):
                await asyncio.sleep(_AGAIN if keeper.standing.state == "away" else _PAUSE)
                await asyncio.to_thread(keeper.keep, self.model.form)
                self._render_draft()
                if keeper.standing.state in ("refused", "conflict"):
                    break
        finally:
            self._saving = False

    def _keep_here(self) -> None:
        self.model.keeper.keep(self.model.form)
        self._saving = False
        self._render_draft()

    def _fetch(self) -> None:
        if not self._fetching and self.model.wanted is not None:
            self._fetching = True
            self._begin(self._fetch_beside(), self._fetch_here)

    async def _fetch_beside(self) -> None:
        try:
            wanted = self.model.wanted
            while wanted is not None:
                found = await asyncio.to_thread(self.model.obtain, wanted)
                self.model.arrive(wanted, found)
                wanted = self.model.wanted if self.model.needs_bars and self.model.wanted != wanted else None
        finally:
            self._fetching = False
            self._render()

    def _fetch_here(self) -> None:
        self.model.fetch()
        self._fetching = False
        self._render()

    def _begin(self, task: Coroutine[Any, Any, None], here: Any) -> None:  # noqa: ANN401 - a function without arguments
        started = _beside(task, here)
        if started is not None:
            running = asyncio.ensure_future(started)
            self._tasks.add(running)
            running.add_done_callback(self._tasks.discard)

    # ---- what is shown

    def _render(self) -> None:
        model = self.model
        for panel in (self.rules, self.form, self.sight, self.act):
            panel.render(model)
        self.locked.text = model.locked
        show(self.locked, when=bool(model.locked))
        self.fresh.disabled = bool(model.locked) or (model.form.blank and not model.base)
        self._render_draft()

    def _render_draft(self) -> None:
        standing = self.model.keeper.standing
        notes = {"kept": "draft saved", "restored": "draft restored", "writing": "draft …", "away": "draft not saved"}
        self.rules.heading.note = notes.get(standing.state, "")
        conflict = standing.state == "conflict"
        texts = {
            "away": (
                "warning",
                "The store is away: what you write lives only in this page for now.",
                "It is saved as soon as the store is back.",
            ),
            "conflict": ("warning", standing.words, ""),
            "refused": ("warning", f"The draft is not saved: {standing.words}", ""),
        }
        kind, text, advice = texts.get(standing.state, ("info", "", ""))
        self.draft.kind, self.draft.text, self.draft.advice = kind, text, advice
        show(self.draft_row, when=bool(text))
        for button in (self.theirs, self.mine):
            show(button, when=conflict)


def _beside(task: Coroutine[Any, Any, None], here: Any) -> Coroutine[Any, Any, None] | None:  # noqa: ANN401 - a function without arguments
    """Return ``task`` where a loop runs; elsewhere (a plain process) do it ``here`` and return None."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        task.close()
        here()
        return None
    return task
