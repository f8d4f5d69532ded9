"""What the backtest widget knows and does, without a browser: choices, the cost in trials, runs in a thread, saved runs.

1. ``strategies`` and ``data`` list what can be chosen; ``ticket`` checks a ``Form``.
2. ``forecast`` says what a ticket costs in trials before it is run.
3. ``run`` starts it in a thread through the bench, so that whatever is evaluated is counted, stopped or not; its ``Outcome`` is what faces show.
4. ``saved`` lists the recorded runs of a strategy, ``compare`` makes some of them again to lay their equity side by side; that adds no trial.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.backtest import forecast as costs
from workbench.backtest import saved
from workbench.backtest.ledger import family_of
from workbench.errors import DataUnavailableError, InputError, UnknownNameError
from workbench.lifecycle import policy
from workbench.lifecycle.stages import Stage
from workbench.portfolio import Costs
from workbench.strategy.archetypes import ARCHETYPES
from workbench.strategy.strategy import Strategy
from workbench.strategy.templates import template
from workbench.units import instrument
from workbench.widgets.backtest.form import Form, Ticket, ticket
from workbench.widgets.worker import Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from workbench.app import Bench
    from workbench.backtest.evidence import Evidence
    from workbench.backtest.forecast import Forecast
    from workbench.backtest.result import Result
    from workbench.backtest.saved import SavedRun
    from workbench.backtest.sweep import SweepResult
    from workbench.backtest.walkforward import WalkForward
    from workbench.lifecycle.bots import Bot
    from workbench.lifecycle.gates import Verdict
    from workbench.market.bars import Bars
    from workbench.progress import Progress
    from workbench.strategy.spec import StrategySpec

GIVEN = "given"
_TEMPLATE = "template:"
SAMPLES = ("SPX", "IXIC", "AAPL", "FB", "GOOG", "IBM", "MSFT")
MADE_UP = ("SYN", "SYN0")
INTRADAY = ("1m", "5m", "15m", "30m", "1h")
MOST_COMPARED = 3


@dataclass(frozen=True, kw_only=True)
class Option:
    """One thing that can be chosen."""

    key: str
    """What the form holds."""
    title: str
    """What a person reads."""
    hint: str = ""
    """A few words more."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """What a run gave."""

    ticket: Ticket
    """What was asked."""
    before: int
    """Trials of the family before."""
    after: int
    """Trials of the family after."""
    interrupted: bool = False
    """Whether a person stopped it; what was finished is here and counted."""
    result: Result | None = None
    """The single run; of a sweep the one at its best point."""
    sweep: SweepResult | None = None
    """All points."""
    walk: WalkForward | None = None
    """All folds."""
    evidence: Evidence | None = None
    """What the gates of LAB read."""
    verdicts: tuple[Verdict, ...] = ()
    """What the gates of LAB would say about a bot with this evidence."""
    seconds: float = 0.0
    """How long it took."""

    @property
    def synthetic(self) -> bool:
        """Whether the bars are made up."""
        return self.ticket.bars.synthetic

    @property
    def counted(self) -> str:
        """What the run did to the trial count, in words."""
        added, family = self.after - self.before, family_of(self.ticket.strategy.spec)
        new = f"{added:,} new trial{'' if added == 1 else 's'} counted" if added else "No new trial: all of it was counted before"
        stopped = "Stopped; what was finished is kept and counted. " if self.interrupted else ""
        return f"{stopped}{new}; family {family} has {self.after:,}."


class Desk:
    """The backtest widget's memory; one per widget."""

    def __init__(self, bench: Bench, strategy: Strategy | None = None, bars: Bars | None = None) -> None:
        """Work on a bench, perhaps with a strategy and bars that somebody has at hand."""
        self.bench = bench
        self.given = strategy
        self.given_bars = bars
        self._strategies: dict[str, Strategy] = {}

    def strategies(self) -> list[Option]:
        """Return what can be run: the given strategy, then stored versions, the latest first, then the archetypes' templates.

        Raises:
            StoreError: the store is away.
        """
        with self.bench.database.read() as session:
            stored = saved.strategies(session)
        found = []
        if self.given is not None:
            found.append(Option(key=GIVEN, title=f"{self.given.name} · given", hint=_hint(self.given.spec)))
        for spec, version, owner in stored:
            found.append(
                Option(key=spec.spec_hash, title=f"{spec.name} · v{version} · {_hint(spec)}", hint=f"{owner} · {spec.spec_hash[:12]}")
            )
            self._strategies.setdefault(spec.spec_hash, Strategy(spec))
        return [*found, *(Option(key=f"{_TEMPLATE}{name}", title=f"template · {name.replace('_', ' ')}") for name in ARCHETYPES)]

    def strategy(self, key: str) -> Strategy:
        """Return the strategy of a key.

        Raises:
            InputError: nothing is chosen.
            UnknownNameError: it is not stored, or no such archetype.
        """
        if not key:
            message = "choose a strategy; bench.author() writes one"
            raise InputError(message)
        if key == GIVEN and self.given is not None:
            return self.given
        if key not in self._strategies:
            self._strategies[key] = template(key.removeprefix(_TEMPLATE)) if key.startswith(_TEMPLATE) else self._stored(key)
        return self._strategies[key]

    def _stored(self, key: str) -> Strategy:
        with self.bench.database.read() as session:
            known: dict[str, StrategySpec] = {spec.spec_hash: spec for spec, _, _ in saved.strategies(session)}
        if key not in known:
            kind = "stored strategy"
            raise UnknownNameError(kind, key[:64], [spec.name for spec in known.values()])
        return Strategy(known[key])

    def data(self) -> list[Option]:
        """Return what it can be run on: the given bars, packaged samples, made-up instruments."""
        found = []
        if self.given_bars is not None:
            bars = self.given_bars
            found.append(Option(key=GIVEN, title=f"{bars.instrument.symbol} {bars.timeframe.value} · given", hint=f"{len(bars):,} bars"))
        found += [Option(key=symbol, title=f"{symbol} · {instrument(symbol).name}") for symbol in SAMPLES]
        return [*found, *(Option(key=symbol, title=f"{symbol} · SYNTHETIC") for symbol in MADE_UP)]

    def timeframes(self, data: str) -> tuple[str, ...]:
        """Return the lengths of bar that the data come in."""
        if data == GIVEN and self.given_bars is not None:
            return (self.given_bars.timeframe.value,)
        return INTRADAY if data in MADE_UP else ("1d",)

    def bars(self, data: str, timeframe: str) -> Bars:
        """Return the bars of a key.

        Raises:
            InputError: nothing is chosen.
            UnknownNameError: no such symbol.
            DataUnavailableError: there are no such bars here.
        """
        if not data:
            message = "choose the data to run on"
            raise InputError(message)
        if data == GIVEN and self.given_bars is not None:
            return self.given_bars
        if data not in (*SAMPLES, *MADE_UP):
            kind = "data set"
            raise UnknownNameError(kind, data[:64], (*SAMPLES, *MADE_UP))
        return self.bench.bars(data, timeframe)

    def form(self, key: str) -> Form:
        """Return a form filled for a strategy, on the data it was written for where they are here."""
        strategy = self.strategy(key)
        symbol = strategy.spec.symbols[0]
        if self.given_bars is not None and (key == GIVEN or self.given_bars.instrument.symbol == symbol):
            data = GIVEN
        else:
            data = symbol if symbol in (*SAMPLES, *MADE_UP) else SAMPLES[0]
        lengths = self.timeframes(data)
        bar = strategy.spec.timeframe.value
        traded = instrument(symbol) if data != GIVEN or self.given_bars is None else self.given_bars.instrument
        return Form.of(strategy, costs=Costs.of(traded), strategy=key, data=data, timeframe=bar if bar in lengths else _usual(lengths))

    def usual_length(self, data: str) -> str:
        """Return the length of bar to begin with."""
        return _usual(self.timeframes(data))

    def usual_costs(self, key: str, data: str) -> tuple[float, float]:
        """Return slippage in ticks and fee a contract for a strategy on some data: its own costs, else the instrument's usual ones."""
        own = self.strategy(key).spec.costs
        given = self.given_bars
        traded = given.instrument if data == GIVEN and given is not None else instrument(data)
        chosen = own or Costs.of(traded)
        return (chosen.slippage_ticks, chosen.fee_per_contract)

    def make_bot(self, outcome: Outcome) -> Bot:
        """Make a bot in LAB from the strategy of a run, or return the one that exists.

        Raises:
            SpecError: a validator refuses the strategy.
            InputError: the name is taken by a bot with another strategy.
        """
        return self.bench.bots.create(outcome.ticket.strategy, capital=outcome.ticket.cash, exist_ok=True)

    def ticket(self, form: Form) -> Ticket:
        """Return what the form asks for, ready to run.

        Raises:
            FormError: what is wrong, by field.
        """
        return ticket(form, self.strategy, self.bars)

    def forecast(self, chosen: Ticket) -> Forecast:
        """Return what the ticket adds to the trial count of its family; nothing is run.

        Raises:
            InputError: the bars are too few for the folds.
            StoreError: the store is away.
        """
        return costs.forecast(self.bench.ledger, chosen.strategy, chosen.bars, chosen.plan)

    def run(self, chosen: Ticket) -> Task[Outcome]:
        """Start what the ticket says in a thread and return its task."""
        return Task(lambda progress: self._act(chosen, progress), _WHAT[chosen.kind]).start()

    def _act(self, chosen: Ticket, progress: Progress) -> Outcome:
        family = family_of(chosen.strategy.spec)
        before = self.bench.ledger.count(family).trials
        found = getattr(self, f"_{chosen.kind}")(chosen, progress)
        return Outcome(ticket=chosen, before=before, after=self.bench.ledger.count(family).trials, **found)

    def _backtest(self, chosen: Ticket, progress: Progress) -> dict[str, Any]:
        result = self.bench.backtest(chosen.strategy, chosen.bars, cash=chosen.cash, parameters=chosen.values)
        progress.at(1, 1, "backtest")
        return {"result": result}

    def _sweep(self, chosen: Ticket, progress: Progress) -> dict[str, Any]:
        swept = self.bench.sweep(chosen.strategy, chosen.bars, chosen.grid, cash=chosen.cash, progress=progress)
        return {"sweep": swept, "result": _best(swept, chosen), "interrupted": swept.interrupted}

    def _walk_forward(self, chosen: Ticket, progress: Progress) -> dict[str, Any]:
        walked = self.bench.walk_forward(
            chosen.strategy,
            chosen.bars,
            chosen.grid,
            folds=chosen.folds,
            anchored=chosen.anchored,
            cash=chosen.cash,
            progress=progress,
        )
        return {"walk": walked, "interrupted": walked.interrupted}

    def _evidence(self, chosen: Ticket, progress: Progress) -> dict[str, Any]:
        strategy, bars, cash = chosen.strategy, chosen.bars, chosen.cash
        result = self.bench.backtest(strategy, bars, cash=cash, parameters=chosen.values)
        kept: dict[str, Any] = {"result": result}
        if chosen.grid:
            swept = self.bench.sweep(strategy, bars, chosen.grid, cash=cash, progress=progress)
            kept |= {"sweep": swept}
            if swept.interrupted:
                return kept | {"interrupted": True}
            kept |= self._walk_forward(chosen, progress)
            if kept["interrupted"]:
                return kept
        progress.at(0, 0, "second engine and proofs")
        evidence = self.bench.argue(strategy, result, kept.get("sweep"), kept.get("walk"))
        gates = policy.default().gates(Stage.LAB, evidence.archetype)
        return kept | {"evidence": evidence, "verdicts": tuple(gate.judge(evidence, None) for gate in gates)}

    def second_opinion(self, outcome: Outcome) -> None:
        """Ask the second engine about the run of record; call it beside the event loop, because it takes seconds to load."""
        if outcome.result is not None:
            assert outcome.result.crosscheck is not None  # asking is what counts: the result keeps the answer

    def saved(self, name: str) -> list[SavedRun]:
        """Return the recorded runs of every version called ``name``, the latest first.

        Raises:
            StoreError: the store is away.
        """
        with self.bench.database.read() as session:
            return saved.runs(session, name)

    def compare(self, chosen: Sequence[SavedRun]) -> list[tuple[SavedRun, Result]]:
        """Return two or three recorded runs made again; nothing is counted, they are counted already.

        Raises:
            InputError: not two or three runs.
            DataUnavailableError: the bars of one are not here.
        """
        if not 2 <= len(chosen) <= MOST_COMPARED:  # noqa: PLR2004 - two can be compared
            message = f"choose two or three runs to compare, not {len(chosen)}"
            raise InputError(message)
        with self.bench.database.read() as session:
            return [(run, saved.again(session, run, self._bars_of)) for run in chosen]

    def _bars_of(self, run: SavedRun) -> Bars:
        given = self.given_bars
        if given is not None and given.instrument.symbol == run.symbol and given.timeframe.value == run.timeframe:
            found = _between(given, run.first, run.last)
            if found.dataset_hash == run.dataset_hash:
                return found
        if run.symbol not in (*SAMPLES, *MADE_UP):
            message = f"the bars of this run ({run.symbol} {run.timeframe} from {run.source}) are not here; open it with them: bench.backtester(bars=...)"
            raise DataUnavailableError(message)
        return _between(self.bench.bars(run.symbol, run.timeframe), run.first, run.last)


_WHAT: Mapping[str, str] = {
    "backtest": "backtest",
    "sweep": "sweep",
    "walk_forward": "walk-forward",
    "evidence": "gathering evidence",
}


def _hint(spec: StrategySpec) -> str:
    return f"{', '.join(spec.symbols)} {spec.timeframe.value}"


def _usual(lengths: tuple[str, ...]) -> str:
    return "15m" if "15m" in lengths else lengths[0]


def _best(swept: SweepResult, chosen: Ticket) -> Result | None:
    """The run at the best point; it is counted with the sweep, so making it again adds nothing."""
    from workbench.backtest.run import backtest  # noqa: PLC0415 - loads the engine

    if not len(swept.frame):
        return None
    try:
        best = swept.best
    except InputError:  # no point traded
        return None
    return backtest(chosen.strategy, swept.bars, cash=chosen.cash, parameters=best)


def _between(bars: Bars, first: datetime, last: datetime) -> Bars:
    from datetime import timedelta  # noqa: PLC0415 - one place

    return bars.window(first, last + timedelta(microseconds=1))
