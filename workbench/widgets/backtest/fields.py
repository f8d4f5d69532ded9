"""The form of the backtest widget: fields, their errors, the cost in trials, the run button."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from workbench.widgets.backtest.form import CEILING, KINDS, Form
from workbench.widgets.parts import Badge, Button, Choice, Grid, Notice, Number, Panel, Progress, Row, Text, Toggle
from workbench.widgets.worker import seen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from workbench.widgets.backtest.form import Kind
    from workbench.widgets.backtest.model import Option

_VERBS = {"backtest": "Run backtest", "sweep": "Run sweep", "walk_forward": "Run walk-forward", "evidence": "Gather evidence"}
_HELP = {
    "backtest": "one run of these values, with the second engine's opinion",
    "sweep": "every combination of the values to try",
    "walk_forward": "values chosen on the past, traded on what comes next",
    "evidence": "all of these with proofs: what the gates of LAB read",
}


class Fields(Panel):
    """The form; ``form()`` is what stands in it, ``on_change`` hears every change."""

    def __init__(self) -> None:
        """Make the fields, empty and loading."""
        self.strategy = Choice("Strategy")
        self.data = Choice("Data")
        self.timeframe = Choice("Bar length", kind="segments")
        self.start = Text("From", kind="date", placeholder="first bar")
        self.end = Text("To, not included", kind="date", placeholder="last bar")
        self.cash = Number("Starting money", 100_000.0, least=1.0, step=10_000.0)
        self.slippage = Number("Slippage, ticks", None, least=0.0, step=0.5, digits=2)
        self.fee = Number("Fee a contract", None, least=0.0, step=0.5, digits=2)
        self.kind = Choice("Run", list(KINDS.items()), "backtest", kind="segments")
        self.folds = Number("Folds", 5.0, least=2.0, most=50.0)
        self.rolling = Toggle("Rolling: train on the last two stretches", value=False)
        self.no_ceiling = Toggle(f"No ceiling: more than {CEILING} points", value=False)
        self.values: dict[str, Number] = {}
        self.tried: dict[str, Text] = {}
        self.badge = Badge("synthetic", hint="the bars are made up")
        self.notes = Notice("info")
        self.cost = Notice("info")
        self.run = Button("Run backtest", "primary", shortcut="Ctrl+Enter")
        self.progress = Progress(stoppable=True)
        self._parameters = Grid((), "1fr 1fr")
        self._quiet = False
        self._heard: list[Callable[[str], None]] = []
        super().__init__("Backtest", self._rows(), tools=(self.badge,))
        for field in (self.notes, self.cost, self.progress, self.badge):
            seen(field, visible=False)
        for name in ("strategy", "data", "timeframe", "start", "end", "cash", "slippage", "fee", "kind", "folds", "rolling", "no_ceiling"):
            self._listen(name, getattr(self, name))
        self.arrange()

    def _rows(self) -> list[Any]:
        return [
            self.strategy,
            self.data,
            self.timeframe,
            Grid((self.start, self.end), "1fr 1fr"),
            Grid((self.cash, self.slippage, self.fee), "1.3fr 1fr 1fr"),
            self.kind,
            self._parameters,
            self.folds,
            self.rolling,
            self.no_ceiling,
            self.notes,
            self.cost,
            Row(self.run),
            self.progress,
        ]

    def on_change(self, callback: Callable[[str], None]) -> None:
        """Call ``callback(name)`` when a person changed a field."""
        self._heard.append(callback)

    def offer(self, strategies: Sequence[Option], data: Sequence[Option]) -> None:
        """Show what can be chosen."""
        self._quiet = True
        try:
            self.strategy.offer([_option(each) for each in strategies])
            self.data.offer([_option(each) for each in data])
        finally:
            self._quiet = False

    def form(self) -> Form:
        """Return what stands in the fields."""
        return Form(
            strategy=self.strategy.value,
            data=self.data.value,
            timeframe=self.timeframe.value,
            start=self.start.value,
            end=self.end.value,
            cash=self.cash.value,
            slippage=self.slippage.value,
            fee=self.fee.value,
            values={name: field.value for name, field in self.values.items()},
            tried={name: field.value for name, field in self.tried.items()},
            kind=cast("Kind", self.kind.value),
            folds=self.folds.value,
            rolling=self.rolling.value,
            no_ceiling=self.no_ceiling.value,
            wrong={
                name: field.wrong for name, field in self._all().items() if isinstance(field, Number) and field.layout.display != "none"
            },
        )

    def show_form(self, form: Form, timeframes: Sequence[str]) -> None:
        """Fill the fields; nobody is told."""
        self._quiet = True
        try:
            self.strategy.value, self.data.value = form.strategy, form.data
            self.timeframe.offer(list(timeframes), form.timeframe if form.timeframe in timeframes else None)
            self.start.value, self.end.value = form.start, form.end
            self.cash.value, self.slippage.value, self.fee.value = form.cash, form.slippage, form.fee
            self._make_parameters(form)
        finally:
            self._quiet = False
        self.arrange()

    def show_lengths(self, timeframes: Sequence[str], usual: str) -> None:
        """Offer the lengths of bar that the data come in; nobody is told."""
        self._quiet = True
        try:
            self.timeframe.offer(list(timeframes), None if self.timeframe.value in timeframes else usual)
        finally:
            self._quiet = False
        self.arrange()

    def show_costs(self, slippage: float, fee: float) -> None:
        """Fill in the costs of another instrument; nobody is told."""
        self._quiet = True
        try:
            self.slippage.value, self.fee.value = slippage, fee
        finally:
            self._quiet = False

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Put each problem at its field, those of no field under the button."""
        left = dict(problems)
        for name, field in self._all().items():
            field.error = left.pop(name, "")
        self.run.error = "; ".join(left.values())

    def arrange(self) -> None:
        """Show the fields that this kind of run needs."""
        kind = self.kind.value
        seen(self.folds, visible=kind in {"walk_forward", "evidence"})
        seen(self.rolling, visible=kind == "walk_forward")
        seen(self.no_ceiling, visible=kind != "backtest" and bool(self.tried))
        for field in self.values.values():
            seen(field, visible=kind in {"backtest", "evidence"})
        for field in self.tried.values():
            seen(field, visible=kind != "backtest")
        seen(self.timeframe, visible=len(self.timeframe.options) > 1)
        self.kind.help = _HELP.get(kind, "")
        self.run.label = _VERBS.get(kind, "Run")

    def _make_parameters(self, form: Form) -> None:
        if list(form.values) != list(self.values):
            self.values = {name: Number(f"${name}", None, digits=2, step=1.0) for name in form.values}
            self.tried = {name: Text(f"${name} to try", mono=True, placeholder="10..40 by 10") for name in form.tried}
            for name in self.values:
                self._listen(f"values.{name}", self.values[name])
                self._listen(f"tried.{name}", self.tried[name])
            self._parameters.children = tuple(field for name in self.values for field in (self.values[name], self.tried[name]))
        for name, value in form.values.items():
            self.values[name].digits = 0 if value is not None and float(value).is_integer() else 2
            self.values[name].value, self.tried[name].value = value, form.tried[name]

    def _all(self) -> dict[str, Any]:
        named = ("strategy", "data", "timeframe", "start", "end", "cash", "slippage", "fee", "kind", "folds", "rolling", "no_ceiling")
        fields = {name: getattr(self, name) for name in named}
        fields |= {f"values.{name}": field for name, field in self.values.items()}
        return fields | {f"tried.{name}": field for name, field in self.tried.items()}

    def _listen(self, name: str, field: Any) -> None:  # noqa: ANN401 - any field
        def heard(_change: object) -> None:
            if not self._quiet:
                for callback in self._heard:
                    callback(name)

        field.observe(heard, ["value", "wrong"] if isinstance(field, Number) else "value")


def _option(each: Option) -> dict[str, str]:
    return {"value": each.key, "title": each.title, "hint": each.hint}
