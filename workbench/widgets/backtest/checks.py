"""A form checked, all fields at once: each error belongs to a field, and what is left is ready to run.

Where data, costs, filling, brackets or size are not those the strategy was written with, the ticket carries a *copy* of it made for them, and says so: the
run is then counted in the family of what it really trades.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from workbench.backtest.run import decider_of, parameter_names, require_bars
from workbench.backtest.variation import VARIED, varied_rules, varied_spec
from workbench.errors import InputError, WorkbenchError
from workbench.portfolio import Costs
from workbench.strategy.strategy import Strategy
from workbench.widgets.backtest import ranges, trading
from workbench.widgets.backtest.form import CEILING, FormError, Ticket

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbench.market.bars import Bars
    from workbench.widgets.backtest.form import Form

_MOST_POINTS = 1_000_000
_MOST_LEARNT = 10_000
_MOST_FOLDS = 50
_MOST_CASH = 1e12
_MOST_SEED = 2**31
_TRIED = 200


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
    cash = check("cash", lambda: trading.within(form.cash, 0.0, _MOST_CASH, "starting money", above=True))
    walks = form.kind in {"walk_forward", "evidence"}
    folds = check("folds", lambda: trading.whole(form.folds, 2, _MOST_FOLDS, "the number of folds")) if walks else 0
    asked, seed = _search(check, form)
    if strategy is None:
        raise FormError(check.problems)
    copied, notes = _copy(check, form, strategy, whole) if whole is not None else (strategy, [])
    values = {name: check(f"values.{name}", lambda name=name: _value(form, name)) for name in parameter_names(strategy)}
    grid = _grid(check, form, copied, whole)
    if copied is not None and bars is not None and not check.problems:
        given = {name: float(value or 0.0) for name, value in values.items()}
        check(_first(values, "start"), lambda: decider_of(copied, given))
        if not check.problems:
            check("start", lambda: require_bars(len(bars), decider_of(copied, given).warmup))
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
        method=form.method if form.kind == "sweep" else "grid",
        asked=asked,
        seed=seed,
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


def _search(check: _Checks, form: Form) -> tuple[int, int]:
    """Number and seed of the points that are drawn or learnt; 0 for a grid."""
    if form.kind != "sweep" or form.method == "grid":
        return 0, 7
    most = _MOST_POINTS if form.method == "random" else _MOST_LEARNT
    asked = check("points", lambda: trading.whole(form.points, 2, most, "the number of points"))
    seed = check("seed", lambda: trading.whole(form.seed, 0, _MOST_SEED, "the seed"))
    return asked or 0, seed or 0


def _copy(check: _Checks, form: Form, strategy: Strategy, bars: Bars) -> tuple[Strategy | None, list[str]]:
    """The strategy for these bars, costs, filling, brackets and size; itself where it was written for them."""
    spec, symbol, bar = strategy.spec, bars.instrument.symbol, bars.timeframe
    changes: dict[str, object] = {}
    notes = []
    before = len(check.problems)
    if symbol not in spec.symbols or bar is not spec.timeframe:
        changes |= {"symbols": (symbol,), "timeframe": bar}
        notes.append(
            f"{strategy.name} is written for {', '.join(spec.symbols)} {spec.timeframe.value}; this runs a copy of it for {symbol} {bar.value}, "
            f"counted in the family of {symbol}."
        )
    usual = spec.costs or Costs.of(bars.instrument)
    paid = trading.costs_of(check, form, usual)
    if paid != usual:
        changes["costs"] = paid
        notes.append(f"Costs are {paid} instead of {usual}: that is another version of the strategy, with trials of its own.")
    filling = check("fill_at", lambda: trading.filling_of(check, form, spec.filling))
    if filling is not None and filling != spec.filling:
        changes["filling"] = filling
        notes.append(f"Orders fill {filling}: another version of the strategy.")
    if len(check.problems) > before:
        return _with_guards(check, form, strategy, bars, notes)
    copied = check("data" if "symbols" in changes else "fee", lambda: strategy.revised(**changes)) if changes else strategy
    return _with_guards(check, form, copied, bars, notes) if copied is not None else (None, notes)


def _with_guards(check: _Checks, form: Form, strategy: Strategy, bars: Bars, notes: list[str]) -> tuple[Strategy | None, list[str]]:
    """The strategy with the brackets and the size of the form."""
    changed: dict[str, float] = {}
    before = len(check.problems)
    for name, guard in trading.guards_of(strategy.spec, bars.instrument).items():
        given = form.values.get(name)
        value = guard.value if given is None and not form.wrong.get(f"values.{name}") else given
        good = check(f"values.{name}", lambda name=name, value=value: varied_rules(strategy, bars.instrument, 1.0, {name: value}))
        if good is not None and value is not None and value != guard.value:
            changed[name] = value
    if len(check.problems) > before or not changed:
        return strategy, notes
    told = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in changed.items())
    first = f"values.{next(iter(changed))}"
    copied = check(first, lambda: Strategy(varied_spec(strategy.spec, bars.instrument, changed)))
    return copied, [*notes, f"It trades with {told}: another version of the strategy."]


def _value(form: Form, name: str) -> float:
    value = form.values.get(name)
    if value is None:
        message = f"${name} is missing; write a number"
        raise InputError(message)
    return float(value)


def _grid(check: _Checks, form: Form, strategy: Strategy | None, bars: Bars | None) -> dict[str, list[float]]:
    """The values of everything that varies, checked against the rules, and not more points than allowed.

    A single backtest does not need them: what cannot be read is then left for later, because nothing runs on it.
    """
    if strategy is None or bars is None:
        return {}
    needed = form.kind != "backtest"
    own = parameter_names(strategy)
    guards = [name for name in VARIED if name in form.tried and name not in own and form.tried[name].strip()]
    if needed and not own and not guards:
        if form.kind != "evidence":
            check.problems["kind"] = f"nothing varies: write values to try, or $names in the rules of {strategy.name}, or run a backtest"
        return {}
    found: dict[str, list[float]] = {}
    trial = check if needed else _Checks({})
    for name in (*own, *guards):
        values = trial(f"tried.{name}", lambda name=name: _possible(strategy, bars, name, form.tried.get(name, "")))
        if values:
            found[name] = values
    if not needed:
        return {} if trial.problems or prod(len(values) for values in found.values()) > _MOST_POINTS else found
    if len(found) == len(own) + len(guards):
        _sensible(check, form, prod(len(values) for values in found.values()))
    return found


def _sensible(check: _Checks, form: Form, combinations: int) -> None:
    """Refuse more points than anybody meant, and a single one."""
    drawn = form.kind == "sweep" and form.method != "grid"
    if not drawn and combinations > _MOST_POINTS:
        check.problems["tried"] = f"these are {combinations:,} points; take larger steps (at most {_MOST_POINTS:,}), or draw some at random"
    elif not drawn and combinations > CEILING and not form.no_ceiling:
        check.problems["no_ceiling"] = (
            f"these are {combinations:,} points and the lab's ceiling is {CEILING}: each one is a trial that raises the bar. Switch this on to run them all"
        )
    elif combinations == 1 and form.kind == "sweep":
        check.problems["tried"] = "this is a single point; give one parameter several values, such as 10..40 by 10"


def _possible(strategy: Strategy, bars: Bars, name: str, text: str) -> list[float]:
    """The values that ``text`` lists, each one tried in the rules, or in the brackets."""
    found = ranges.values(text)
    step = max(1, len(found) // _TRIED)
    for value in {*found[::step], found[-1]}:
        if name in parameter_names(strategy):
            decider_of(strategy, {**strategy.defaults, name: value})
        else:
            varied_rules(strategy, bars.instrument, 1.0, {name: value})
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
    copied: Any = check(f"values.{name}", lambda: strategy.with_parameters(**changed))
    return copied, [*notes, f"Evidence is made for a version with {told}."]
