"""The right of the desk: the preview, and what can be done with the strategy."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets

from workbench.widgets import parts
from workbench.widgets.authoring import html
from workbench.widgets.authoring.boxes import box, show
from workbench.widgets.authoring.fields import FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.backtest.result import Result
    from workbench.widgets.authoring.model import AuthorModel
    from workbench.widgets.authoring.preview import Preview

_SHOWN = ("120", "250", "500", "1000")
_HEIGHT = 400
_NOT_COUNTED = "A preview shows where the rule acts, not what it earns: it is no trial. A backtest shows figures and is counted."


class SightPanel(parts.Panel):
    """Candles with what the rules mention and where they act."""

    def __init__(self, model: AuthorModel, changed: Callable[[str, str], None], retry: Callable[[], None]) -> None:
        """Show the preview of ``model``; ``retry()`` loads the bars again."""
        self._drawn: Preview | None = None
        self.chart = parts.Candles(height=_HEIGHT, visible=120, state="loading")
        self.shown = parts.Choice("Show", list(_SHOWN), model.form.shown, compact=True, width=90)
        self.shown.observe(lambda change: changed("shown", str(change["new"])), names="value")
        self.trouble = parts.Empty("", "")
        self.trouble.layout.min_height = f"{_HEIGHT}px"  # nothing below moves when bars come or go
        self.trouble.on_click(lambda **_: retry())
        self.words = ipywidgets.HTML()
        super().__init__("Preview", [self.chart, self.trouble, self.words], tools=(self.shown,))

    def render(self, model: AuthorModel) -> None:
        """Draw the preview as it stands."""
        sight, drawn = model.sight, model.preview
        missing = sight.picture == "missing" or (sight.picture == "error" and drawn is None)
        show(self.chart, when=not missing)
        show(self.trouble, when=missing)
        if missing:
            self.trouble.text, self.trouble.how = sight.text, sight.remedy
            self.trouble.action = "Try again" if sight.picture == "error" else ""
        if drawn is not None and drawn is not self._drawn:
            self.chart.show(drawn.bars, overlays=drawn.overlays, markers=drawn.markers, levels=drawn.levels)
        self._drawn = drawn
        self.chart.state = "ready" if drawn is not None else "loading"
        self.heading.note = "" if drawn is None else drawn.words if sight.picture != "behind" else "shows the last text that could be read"
        told = sight.text if sight.picture == "error" and drawn is not None else _NOT_COUNTED
        self.words.value = html.quiet(f"{told}{_unseen(drawn)}")
        if self.shown.value != model.form.shown and model.form.shown in _SHOWN:
            self.shown.value = model.form.shown


def _unseen(drawn: Preview | None) -> str:
    if drawn is None:
        return ""
    missing = [*drawn.unseen, *(f"{kind} levels far from these bars" for kind in drawn.beyond)]
    return f" Not drawn: {', '.join(missing)}." if missing else ""


class ActPanel(parts.Panel):
    """Backtest, save, make a bot; the findings, the figures of a counted run, the same in Python."""

    def __init__(self, model: AuthorModel, changed: Callable[[str, str], None]) -> None:
        """Offer what can be done with the strategy of ``model``."""
        self._changed, self._hearing = changed, True
        self.run = parts.Button("Backtest and count it", "primary", shortcut="Ctrl+Enter")
        self.save = parts.Button("Save version", shortcut="Ctrl+S")
        self.make = parts.Button("Make bot in LAB")
        self.revise = parts.Button(f"Give {model.bot.name} this version" if model.bot else "Revise bot", reason=True)
        self.fields = {}
        for name in ("bot_name", "capital"):
            field = parts.Text(FIELDS[name].label, placeholder=FIELDS[name].example, debounce=250, mono=True)
            field.title_for_screen_readers = FIELDS[name].help
            field.observe(partial(self._hear, name), names="value")
            self.fields[name] = field
        self.findings = ipywidgets.HTML()
        self.python = parts.Toggle("Show as Python")
        self.code = ipywidgets.HTML()
        self.python.observe(lambda change: show(self.code, when=bool(change["new"])), names="value")
        show(self.code, when=False)
        show(self.revise, when=model.bot is not None)
        self.figures, self.curve = parts.Cards(), parts.Curve(height=200)
        self.old = parts.Notice("info", "These figures belong to an earlier text.")
        self.counted = ipywidgets.VBox([self.old, self.figures, self.curve])
        show(self.counted, when=False)
        bot = box("wb-author-fields")
        bot.children = (*self.fields.values(), self.make, self.revise)
        super().__init__(
            "Test, save, make a bot", [parts.Row(self.run, self.save), self.counted, bot, self.findings, self.python, self.code]
        )

    def render(self, model: AuthorModel) -> None:
        """Offer what the present text allows, and say why not."""
        reading = model.reading
        unread = "" if reading.strategy is not None else "write a rule first" if model.form.blank else "something above cannot be read yet"
        blocked = f"blocked by {', '.join(finding.code for finding in reading.blocking)}" if reading.blocking else ""
        whys = (
            model.why_not("code.run") or unread or (model.sight.text if model.sight.picture == "missing" else ""),
            model.why_not("strategies.save") or unread,
            model.why_not("bots.create") or unread or blocked,
            model.locked or unread or blocked or ("" if reading.changed else "nothing was changed"),
        )
        said = {"", model.locked}
        said |= (
            {model.why_not(action) for action in ("code.run", "bots.create")} if model.locked else set()
        )  # the notice at the top says it
        for button, why in zip((self.run, self.save, self.make, self.revise), whys, strict=True):
            button.disabled, button.why = bool(why), "" if why in said else why  # each reason stands once
            said.add(why)
        self.findings.value = html.findings(reading.findings)
        self.code.value = html.code(model.code)
        self._hearing = False
        for name, field in self.fields.items():
            field.value, field.error = getattr(model.form, name), reading.errors.get(name, "")
            field.disabled = bool(model.why_not("bots.create"))
        if reading.strategy is not None:
            self.fields["bot_name"].placeholder = reading.strategy.name
        self._hearing = True
        current = reading.strategy.spec_hash if reading.strategy is not None else ""
        show(self.old, when=model.result is not None and model.result.spec.spec_hash != current)

    def _hear(self, name: str, change: dict[str, Any]) -> None:
        if self._hearing:
            self._changed(name, str(change["new"]))

    def show_result(self, result: Result) -> None:
        """Show the figures of a run that was counted."""
        found = result.metrics
        self.figures.cards = [
            {"label": "Return", "value": found.total_return, "kind": "percent", "digits": 1},
            {"label": "Sharpe", "value": found.sharpe, "digits": 2},
            {"label": "Max drawdown", "value": found.max_drawdown, "kind": "percent", "digits": 1},
            {"label": "Trades", "value": found.trades, "digits": 0},
            {"label": "Win rate", "value": found.win_rate, "kind": "percent", "digits": 0},
        ]
        self.curve.daily, self.curve.badge = not result.bars.timeframe.intraday, "SYNTHETIC" if result.bars.synthetic else ""
        self.curve.show([{"name": "equity", "values": result.equity.to_numpy(), "tone": "accent"}], _times(result))
        show(self.counted)


def _times(result: Result) -> Any:  # noqa: ANN401 - an array of times
    return result.bars.time if result.bars.timeframe.intraday else result.bars.trade_date
