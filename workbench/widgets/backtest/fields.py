"""The form of the backtest widget: fields, their errors, the cost in trials, the run button."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from workbench.widgets.backtest import trading
from workbench.widgets.backtest.form import CEILING, KINDS, METHODS, POINTS, Form
from workbench.widgets.backtest.landscape import titled
from workbench.widgets.parts import Badge, Button, Choice, Grid, Notice, Number, Panel, Progress, Row, Text, Toggle
from workbench.widgets.worker import seen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from workbench.widgets.backtest.form import Kind, Method
    from workbench.widgets.backtest.offer import Option

_VERBS = {"backtest": "Run backtest", "sweep": "Run sweep", "evidence": "Gather evidence"}
_HELP = {
    "backtest": "one run of these values, with the second engine's opinion",
    "sweep": "many values, each of them a trial",
    "evidence": "run, sweep, walk-forward, tests and proofs: what the gates of LAB read",
}
_METHOD_HELP = {
    "grid": "every combination of the values to try",
    "random": "combinations drawn at random, each equally likely",
    "optuna": "each batch of points chosen by what those before gave",
}
_NUMBERS = (*(name for name in trading.COST_FIELDS if name != "fee_on"), "volume_share", "leverage", "maintenance")
_CHOICES = ("fee_on", "fill_at", "at_end", "units", "shorts")
_PLAIN = ("strategy", "data", "timeframe", "start", "end", "cash", "kind", "method", "points", "seed", "folds", "no_ceiling")
_FOLDED = "Costs and filling"


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
        self._make_trading()
        self.kind = Choice("Run", list(KINDS.items()), "backtest", kind="segments")
        self.method = Choice("Points", list(METHODS.items()), "grid", kind="segments")
        self.points = Number("How many", float(POINTS), least=2.0, step=50.0)
        self.seed = Number("Seed", 7.0, least=0.0)
        self.folds = Number("Walk-forward folds", 5.0, least=2.0, most=50.0)
        self.no_ceiling = Toggle(f"No ceiling: more than {CEILING} points", value=False)
        self.values: dict[str, Number] = {}
        self.tried: dict[str, Text] = {}
        self.badge = Badge("synthetic", hint="the bars are made up")
        self.notes = Notice("info")
        self.cost = Notice("info")
        self.progress = Progress(stoppable=True)
        self.run = Button("Run backtest", "primary", shortcut="Ctrl+Enter")
        self._parameters = Grid((), "1fr 1fr")
        self._drawn = Grid((self.points, self.seed), "1fr 1fr")
        self._quiet = False
        self._heard: list[Callable[[str], None]] = []
        super().__init__("Backtest", self._rows(), tools=(self.badge,))
        for field in (self.notes, self.cost, self.progress, self.badge):
            seen(field, visible=False)
        for name in (*_PLAIN, *_NUMBERS, *_CHOICES):
            self._listen(name, getattr(self, name))
        self.fold.observe(lambda _change: self.arrange(), "value")
        self.arrange()

    def _make_trading(self) -> None:
        """Make the fields behind the fold."""
        self.fold = Toggle(_FOLDED, value=False)
        self.slippage = Number("Slippage, ticks", None, least=0.0, step=0.5, digits=2, required=False)
        self.slippage_bps = Number("Slippage, bps", None, least=0.0, step=0.5, digits=2, required=False)
        self.fee = Number("Fee a contract", None, least=0.0, step=0.5, digits=2, required=False)
        self.fee_bps = Number("Fee, bps", None, least=0.0, step=0.5, digits=2, required=False)
        self.fee_minimum = Number("Least fee", None, least=0.0, step=0.5, digits=2, required=False)
        self.fee_on = Choice("Fee on", list(trading.FEE_ON.items()))
        self.borrow = Number("Borrowing, % a year", None, least=0.0, step=0.5, digits=2, required=False)
        self.fill_at = Choice("Orders fill at", list(trading.FILL_AT.items()))
        self.at_end = Choice("Position at the end", list(trading.AT_END.items()))
        self.volume_share = Number("Volume share, %", None, least=0.0, most=100.0, digits=1, required=False)
        self.leverage = Number("Leverage", 1.0, least=1.0, most=100.0, step=0.5, digits=1)
        self.maintenance = Number("Maintenance, %", None, least=0.0, most=100.0, digits=1, required=False)
        self.units = Choice("Quantities", list(trading.UNITS.items()))
        self.shorts = Choice("Selling short", list(trading.SHORTS.items()))
        pairs = [
            *(self.slippage, self.slippage_bps, self.fee, self.fee_bps, self.fee_minimum, self.fee_on, self.borrow, self.shorts),
            *(self.fill_at, self.at_end, self.leverage, self.maintenance, self.volume_share, self.units),
        ]
        self.trading = Grid(pairs, "1fr 1fr")

    def _rows(self) -> list[Any]:
        return [
            self.strategy,
            self.data,
            self.timeframe,
            Grid((self.start, self.end), "1fr 1fr"),
            self.cash,
            self.fold,
            self.trading,
            self.kind,
            self.method,
            self._drawn,
            self._parameters,
            self.folds,
            self.no_ceiling,
            self.notes,
            self.progress,
            self.cost,
            Row(self.run),
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
            values={name: field.value for name, field in self.values.items()},
            tried={name: field.value for name, field in self.tried.items()},
            kind=cast("Kind", self.kind.value),
            method=cast("Method", self.method.value),
            points=self.points.value,
            seed=self.seed.value,
            folds=self.folds.value,
            no_ceiling=self.no_ceiling.value,
            wrong={
                name: field.wrong for name, field in self._all().items() if getattr(field, "wrong", "") and field.layout.display != "none"
            },
            **{name: getattr(self, name).value for name in (*_NUMBERS, *_CHOICES)},
        )

    def show_form(self, form: Form, timeframes: Sequence[str]) -> None:
        """Fill the fields; nobody is told."""
        self._quiet = True
        try:
            self.strategy.value, self.data.value = form.strategy, form.data
            self.timeframe.offer(list(timeframes), form.timeframe if form.timeframe in timeframes else None)
            self.start.value, self.end.value = form.start, form.end
            for name in ("cash", *_NUMBERS, *_CHOICES):
                getattr(self, name).value = getattr(form, name)
            for name in _NUMBERS:
                getattr(self, name).wrong = ""  # what stood there was about another strategy
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

    def costs(self) -> dict[str, Any]:
        """Return the costs that stand in the fields."""
        return {name: getattr(self, name).value for name in trading.COST_FIELDS}

    def show_costs(self, costs: Mapping[str, Any]) -> None:
        """Fill in the costs of another instrument; nobody is told."""
        self._quiet = True
        try:
            for name, value in costs.items():
                getattr(self, name).value = value
        finally:
            self._quiet = False

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Put each problem at its field, those of no field under the button; the fold opens where one is behind it."""
        left = dict(problems)
        for name, field in self._all().items():
            field.error = left.pop(name, "")
        self.run.error = "; ".join(left.values())
        if not self.fold.value and any(getattr(self, name).error for name in (*_NUMBERS, *_CHOICES)):
            self.fold.value = True

    def arrange(self) -> None:
        """Show the fields that this kind of run needs."""
        kind = self.kind.value
        sweeps, drawn = kind != "backtest", kind == "sweep" and self.method.value != "grid"
        seen(self.trading, visible=self.fold.value)
        seen(self.method, visible=kind == "sweep")
        seen(self._drawn, visible=drawn)
        for field in (self.points, self.seed):
            seen(field, visible=drawn)
        seen(self.folds, visible=kind == "evidence")
        seen(self.no_ceiling, visible=sweeps and not drawn and bool(self.tried))
        for field in self.values.values():
            seen(field, visible=kind in {"backtest", "evidence"})
        for field in self.tried.values():
            seen(field, visible=sweeps)
        seen(self.timeframe, visible=len(self.timeframe.options) > 1)
        self.kind.help = _HELP.get(kind, "")
        self.method.help = _METHOD_HELP.get(self.method.value, "")
        self.run.label = _VERBS.get(kind, "Run")

    def show_guards(self, titles: Mapping[str, str]) -> None:
        """Call brackets and size by their titles with units."""
        for name, title in titles.items():
            if name in self.values:
                said = f"{title[0].upper()}{title[1:]}"
                self.values[name].label, self.tried[name].label = said, f"{said} to try"

    def _make_parameters(self, form: Form) -> None:
        if list(form.values) != list(self.values):
            for field in (*self.values.values(), *self.tried.values()):
                field.close()
            self.values = {name: Number(titled(name), None, digits=2, step=1.0) for name in form.values}
            self.tried = {
                name: Text(f"{titled(name)} to try", mono=True, placeholder="10..40 by 10" if form.tried[name] else "as it is")
                for name in form.tried
            }
            for name in self.values:
                self._listen(f"values.{name}", self.values[name])
                self._listen(f"tried.{name}", self.tried[name])
            self._parameters.children = tuple(field for name in self.values for field in (self.values[name], self.tried[name]))
        for name, value in form.values.items():
            self.values[name].digits = 0 if value is not None and float(value).is_integer() else 2
            self.values[name].value, self.tried[name].value, self.values[name].wrong = value, form.tried[name], ""

    def _all(self) -> dict[str, Any]:
        fields = {name: getattr(self, name) for name in (*_PLAIN, *_NUMBERS, *_CHOICES)}
        fields |= {f"values.{name}": field for name, field in self.values.items()}
        return fields | {f"tried.{name}": field for name, field in self.tried.items()}

    def _listen(self, name: str, field: Any) -> None:  # noqa: ANN401 - any field
        def heard(_change: object) -> None:
            if not self._quiet:
                for callback in self._heard:
                    callback(name)

        field.observe(heard, ["value", "wrong"] if field.has_trait("wrong") else "value")


def _option(each: Option) -> dict[str, str]:
    return {"value": each.key, "title": each.title, "hint": each.hint}
