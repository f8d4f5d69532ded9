"""What a person chose, checked: each error belongs to a field, and what is left is ready to run.

1. ``Form`` holds the fields as they were filled in; ``Form.of`` fills them from a strategy.
2. ``ticket`` checks all of them at once and returns a ``Ticket``; ``FormError.fields`` says what is wrong where.
3. Where data, costs or defaults are not those the strategy was written with, the ticket carries a *copy* of it made for them, and says so: the run is
   then counted in the family of what it really trades.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from math import prod
from typing import TYPE_CHECKING, Any, Literal

from workbench.backtest.forecast import Plan
from workbench.backtest.run import require_bars
from workbench.backtest.sweep import planned
from workbench.errors import InputError, WorkbenchError
from workbench.portfolio import Costs
from workbench.widgets.backtest import ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbench.market.bars import Bars
    from workbench.strategy.strategy import Strategy

Kind = Literal["backtest", "sweep", "walk_forward", "evidence"]
KINDS: Mapping[str, str] = {"backtest": "Backtest", "sweep": "Sweep", "walk_forward": "Walk-forward", "evidence": "Full evidence"}
CEILING = 50
"""Points of a sweep that the lab takes without being asked: every one of them is a trial."""
_MOST_POINTS = 1_000_000
_MOST_FOLDS = 50
_MOST_CASH = 1e12
_TRIED = 200
CASH = 100_000.0


class FormError(InputError):
    """A form that cannot be run; ``fields`` says by name of the field what is wrong with it."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        """Keep the problem of each field."""
        self.fields = dict(problems)
        super().__init__("; ".join(f"{name}: {problem}" for name, problem in problems.items()))


@dataclass(frozen=True, kw_only=True)
class Form:
    """The fields as they stand; None where a number's field is empty."""

    strategy: str = ""
    """Key of the strategy: ``given``, a specification's hash, or ``template:<archetype>``."""
    data: str = ""
    """Key of the bars: ``given`` or a symbol."""
    timeframe: str = "1d"
    """Length of a bar, where the data come in several."""
    start: str = ""
    """First trade date, ISO; empty for all."""
    end: str = ""
    """Trade date before which it ends, ISO; empty for all."""
    cash: float | None = CASH
    """Starting money."""
    slippage: float | None = None
    """Ticks lost on each market or stop fill."""
    fee: float | None = None
    """Money a contract or share, each side."""
    values: Mapping[str, float | None] = field(default_factory=dict, hash=False)
    """Value of each ``$parameter`` for a single run."""
    tried: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Values of each ``$parameter`` that a sweep tries, as written."""
    kind: Kind = "backtest"
    """What to run."""
    folds: float | None = 5
    """Walk-forward folds."""
    rolling: bool = False
    """Whether folds train on the last two stretches instead of everything before."""
    no_ceiling: bool = False
    """Whether a sweep may have more points than ``CEILING``."""
    wrong: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What is wrong with what stands in a field, by its name, where that never became a value."""

    @classmethod
    def of(cls, written: Strategy, *, costs: Costs | None = None, **chosen: Any) -> Form:  # noqa: ANN401 - fields of a form
        """Return a form filled with what the strategy says."""
        spread = written.spec.parameters
        paid = written.spec.costs or costs
        known: dict[str, Any] = {
            "timeframe": written.spec.timeframe.value,
            "values": {name: spread[name].default for name in written.program.parameters},
            "tried": {name: ranges.written(spread[name].values()) for name in written.program.parameters},
            "slippage": paid.slippage_ticks if paid else None,
            "fee": paid.fee_per_contract if paid else None,
        }
        return cls(**(known | chosen))


FIELDS = tuple(entry.name for entry in fields(Form))


@dataclass(frozen=True, kw_only=True, eq=False)
class Ticket:
    """A checked form: what will run."""

    kind: Kind
    """What to run."""
    strategy: Strategy
    """The strategy, or its copy for these data and costs."""
    bars: Bars
    """The window of the bars."""
    cash: float
    """Starting money."""
    values: Mapping[str, float]
    """Parameters of a single run."""
    grid: Mapping[str, list[float]]
    """Values by parameter; empty where nothing varies."""
    folds: int
    """Walk-forward folds."""
    anchored: bool
    """Whether folds train on everything before them."""
    notes: tuple[str, ...]
    """What a person should know before pressing run."""

    @property
    def points(self) -> int:
        """Combinations of the grid."""
        return prod(len(values) for values in self.grid.values()) if self.grid else 0

    @property
    def plan(self) -> Plan:
        """What will be evaluated, for the forecast of trials."""
        points = planned(self.strategy, self.grid) if self.grid and self.kind != "backtest" and self.points <= _MOST_POINTS else []
        walks = self.kind in {"walk_forward", "evidence"} and bool(points)
        return Plan(
            cash=self.cash,
            single=self.values if self.kind in {"backtest", "evidence"} else None,
            points=points if self.kind in {"sweep", "evidence"} else (),
            folds=self.folds if walks else 0,
            fold_points=points if walks else (),
            anchored=self.anchored,
        )


def ticket(form: Form, strategy_of: Callable[[str], Strategy], bars_of: Callable[[str, str], Bars]) -> Ticket:
    """Return what the form asks for, ready to run.

    Args:
        form: the fields.
        strategy_of: gives the strategy of a key.
        bars_of: gives the bars of a key and a timeframe.

    Raises:
        FormError: fields that cannot be; all of them at once.
    """
    check = _Checks(form.wrong)
    strategy = check("strategy", lambda: strategy_of(form.strategy))
    whole = check("data", lambda: bars_of(form.data, form.timeframe))
    bars = None if whole is None else _window(check, form, whole)
    cash = check("cash", lambda: _within(form.cash, 0.0, _MOST_CASH, "starting money", above=True))
    folds = check("folds", lambda: _folds(form)) if form.kind in {"walk_forward", "evidence"} else 0
    if strategy is None:
        raise FormError(check.problems)
    copied, notes = _copy(check, form, strategy, bars) if bars is not None else (strategy, [])
    values = {name: check(f"values.{name}", lambda name=name: _value(form, name)) for name in strategy.program.parameters}
    grid = _grid(check, form, copied) if form.kind != "backtest" else {}
    if copied is not None and bars is not None and not check.problems:
        given = {name: float(value or 0.0) for name, value in values.items()}
        check(_first(values, "start"), lambda: copied.program.bind(given))
        check("start", lambda: require_bars(len(bars), copied.program.warmup(given)))
    if copied is not None and form.kind == "evidence" and not check.problems:
        copied, notes = _with_defaults(check, copied, values, notes)
    check.refuse()
    assert copied is not None  # a check that fails leaves a problem, and those were refused above
    assert bars is not None
    assert cash is not None
    return Ticket(
        kind=form.kind,
        strategy=copied,
        bars=bars,
        cash=cash,
        values={name: float(value or 0.0) for name, value in values.items()},
        grid=grid,
        folds=folds or 0,
        anchored=not form.rolling or form.kind == "evidence",
        notes=tuple(notes),
    )


class _Checks:
    """Runs checks one after the other and keeps what each field did wrong."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        self.wrong = wrong
        self.problems: dict[str, str] = {}

    def __call__(self, name: str, check):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN204 - gives what the check gives, or None
        if self.wrong.get(name):
            self.problems[name] = self.wrong[name]
            return None
        try:
            return check()
        except WorkbenchError as error:
            self.problems.setdefault(name, str(error))
            return None

    def refuse(self) -> None:
        if self.problems:
            raise FormError(self.problems)


def _first(values: Mapping[str, object], otherwise: str) -> str:
    """The field at which a combination of values is refused."""
    return f"values.{next(iter(values))}" if values else otherwise


def _within(value: float | None, least: float, most: float, what: str, *, above: bool = False) -> float:
    if value is None:
        message = f"{what} is missing; write a number"
        raise InputError(message)
    if not (least < value <= most if above else least <= value <= most):
        message = f"{what} must be {'above' if above else 'at least'} {least:g} and at most {most:g}, not {value:g}"
        raise InputError(message)
    return float(value)


def _window(check: _Checks, form: Form, bars: Bars) -> Bars | None:
    start = check("start", lambda: ranges.day(form.start))
    end = check("end", lambda: ranges.day(form.end))
    if {"start", "end"} & set(check.problems):
        return None
    if start is None and end is None:
        return bars
    if start and end and end <= start:
        check.problems["end"] = f"{end} is not after {start}; the window ends before this day"
        return None
    cut = bars.window(start, end)
    if not len(cut):
        check.problems["start"] = f"no bars in this window; these bars run from {bars.trade_date[0]} to {bars.trade_date[-1]}"
        return None
    return cut


def _folds(form: Form) -> int:
    found = _within(form.folds, 2, _MOST_FOLDS, "the number of folds")
    if not found.is_integer():
        message = f"folds are counted in whole numbers, not {found:g}"
        raise InputError(message)
    return int(found)


def _copy(check: _Checks, form: Form, strategy: Strategy, bars: Bars) -> tuple[Strategy | None, list[str]]:
    """The strategy for these bars and costs; itself where it was written for them."""
    spec, symbol, bar = strategy.spec, bars.instrument.symbol, bars.timeframe
    changes: dict[str, object] = {}
    notes = []
    if symbol not in spec.symbols or bar is not spec.timeframe:
        changes |= {"symbols": (symbol,), "timeframe": bar}
        notes.append(
            f"{strategy.name} is written for {', '.join(spec.symbols)} {spec.timeframe.value}; this runs a copy of it for {symbol} {bar.value}, "
            f"counted in the family of {symbol}."
        )
    usual = spec.costs or Costs.of(bars.instrument)
    slip = check("slippage", lambda: usual.slippage_ticks if form.slippage is None else _within(form.slippage, 0.0, 1e6, "slippage"))
    fee = check("fee", lambda: usual.fee_per_contract if form.fee is None else _within(form.fee, 0.0, 1e6, "the fee"))
    if slip is not None and fee is not None and (slip, fee) != (usual.slippage_ticks, usual.fee_per_contract):
        given = Costs.from_dict(usual.to_dict() | {"slippage_ticks": slip, "fee_per_contract": fee})
        changes["costs"] = given
        notes.append(f"Costs are {given} instead of {usual}: that is another version of the strategy, with trials of its own.")
    if not changes or check.problems:
        return (strategy, notes)
    return check("data" if "symbols" in changes else "fee", lambda: strategy.revised(**changes)), notes


def _value(form: Form, name: str) -> float:
    value = form.values.get(name)
    if value is None:
        message = f"${name} is missing; write a number"
        raise InputError(message)
    return float(value)


def _grid(check: _Checks, form: Form, strategy: Strategy | None) -> dict[str, list[float]]:
    """The values of every parameter, checked against the rules, and not more points than allowed."""
    if strategy is None:
        return {}
    names = strategy.program.parameters
    if not names:
        if form.kind != "evidence":
            check.problems["kind"] = (
                f"{strategy.name} has no $parameters, so there is nothing to vary; write $names in its rules, or run a backtest"
            )
        return {}
    grid: dict[str, list[float]] = {}
    for name in names:
        found = check(f"tried.{name}", lambda name=name: _possible(strategy, name, form.tried.get(name, "")))
        if found:
            grid[name] = found
    points = prod(len(values) for values in grid.values())
    if points > _MOST_POINTS:
        check.problems["tried"] = f"these are {points:,} points; take larger steps (at most {_MOST_POINTS:,})"
    elif points > CEILING and not form.no_ceiling:
        check.problems["no_ceiling"] = (
            f"these are {points:,} points and the lab's ceiling is {CEILING}: each one is a trial that raises the bar. Switch this on to run them all"
        )
    elif len(grid) == len(names) and points == 1 and form.kind == "sweep":
        check.problems["tried"] = "this is a single point; give one parameter several values, such as 10..40 by 10"
    return grid


def _possible(strategy: Strategy, name: str, text: str) -> list[float]:
    """The values that ``text`` lists, each one tried in the rules."""
    found = ranges.values(text)
    step = max(1, len(found) // _TRIED)
    for value in {*found[::step], found[-1]}:
        strategy.program.bind({**strategy.defaults, name: value})
    return found


def _with_defaults(
    check: _Checks, strategy: Strategy, values: Mapping[str, float | None], notes: list[str]
) -> tuple[Strategy | None, list[str]]:
    """Evidence is about a strategy's own defaults: other values make another version of it."""
    changed = {name: float(value) for name, value in values.items() if value is not None and value != strategy.defaults[name]}
    if not changed:
        return strategy, notes
    told = ", ".join(f"${name} {value:g}" for name, value in changed.items())
    name = next(iter(changed))
    return check(f"values.{name}", lambda: strategy.with_parameters(**changed)), [*notes, f"Evidence is made for a version with {told}."]
