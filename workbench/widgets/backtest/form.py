"""What a person chose, as it stands in the fields, and what is left of it once it is checked: a ticket that can run."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from math import prod
from typing import TYPE_CHECKING, Any, Literal

from workbench.backtest.forecast import MOST_NAMED, Plan
from workbench.backtest.run import parameter_names
from workbench.backtest.sweep import Plan as Points
from workbench.backtest.sweep import planned
from workbench.errors import InputError
from workbench.widgets.backtest import ranges, trading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.market.bars import Bars
    from workbench.portfolio import Costs
    from workbench.strategy.strategy import Strategy
    from workbench.units import Instrument

Kind = Literal["backtest", "sweep", "walk_forward", "evidence"]
Method = Literal["grid", "random", "optuna"]
KINDS: Mapping[str, str] = {"backtest": "Backtest", "sweep": "Sweep", "evidence": "Full evidence"}
"""What the form runs; a walk-forward alone is run from the page of robustness."""
METHODS: Mapping[str, str] = {"grid": "Grid", "random": "Random", "optuna": "Optuna"}
CEILING = 50
"""Points of a grid that the lab takes without being asked: every one of them is a trial."""
POINTS = 100
"""Points that a random or a learning sweep tries unless told otherwise."""
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
    """Ticks lost on each market or stop fill; empty costs are the strategy's, or the instrument's usual ones."""
    slippage_bps: float | None = None
    """Basis points lost besides."""
    fee: float | None = None
    """Money a contract or share, each side."""
    fee_bps: float | None = None
    """Basis points of the notional."""
    fee_minimum: float | None = None
    """Money that a fill costs at least."""
    fee_on: str = ""
    """Which side pays: a key of ``trading.FEE_ON``; empty as the strategy has it."""
    borrow: float | None = None
    """Percent of a short position's notional a year."""
    fill_at: str = "next_open"
    """When orders fill: a key of ``trading.FILL_AT``."""
    at_end: str = "hold"
    """What becomes of a position at the end: a key of ``trading.AT_END``."""
    volume_share: float | None = None
    """Percent of a bar's volume that an entry takes at most; empty for no limit."""
    leverage: float | None = 1.0
    """Buying power of cash instruments in multiples of equity."""
    maintenance: float | None = None
    """Percent of margin or notional that equity must keep; empty for no such need."""
    units: str = ""
    """Whole units or fractions: a key of ``trading.UNITS``."""
    shorts: str = ""
    """Whether anything may be sold short: a key of ``trading.SHORTS``."""
    values: Mapping[str, float | None] = field(default_factory=dict, hash=False)
    """Value of each ``$parameter``, bracket and the size for a single run."""
    tried: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Values of each of them that a sweep tries, as written; an empty bracket or size stays as it is."""
    kind: Kind = "backtest"
    """What to run."""
    method: Method = "grid"
    """How a sweep chooses its points."""
    points: float | None = POINTS
    """Points of a random or learning sweep."""
    seed: float | None = 7
    """Seed of their choice."""
    folds: float | None = 5
    """Walk-forward folds."""
    rolling: bool = False
    """Whether folds train on the last two stretches instead of everything before."""
    no_ceiling: bool = False
    """Whether a grid may have more points than ``CEILING``."""
    wrong: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What is wrong with what stands in a field, by its name, where that never became a value."""

    @classmethod
    def of(cls, written: Strategy, traded: Instrument, *, costs: Costs | None = None, **chosen: Any) -> Form:  # noqa: ANN401 - fields of a form
        """Return a form filled with what the strategy says."""
        spec, spread = written.spec, written.spec.parameters
        own, guards = parameter_names(written), trading.guards_of(written.spec, traded)
        known: dict[str, Any] = {
            "timeframe": spec.timeframe.value,
            "values": {name: spread[name].default for name in own} | {name: guard.value for name, guard in guards.items()},
            "tried": {name: ranges.written(spread[name].values()) for name in own} | dict.fromkeys(guards, ""),
            **trading.cost_values(spec.costs or costs),
            **trading.filling_values(spec.filling),
        }
        return cls(**(known | chosen))


FIELDS = tuple(entry.name for entry in fields(Form))


@dataclass(frozen=True, kw_only=True, eq=False)
class Ticket:
    """A checked form: what will run."""

    kind: Kind
    """What to run."""
    strategy: Strategy
    """The strategy, or its copy for these data, costs, filling, brackets and size."""
    bars: Bars
    """The window of the bars."""
    cash: float
    """Starting money."""
    values: Mapping[str, float]
    """``$parameters`` of a single run."""
    grid: Mapping[str, list[float]]
    """Values by name of what varies or could; empty where nothing does."""
    method: Method = "grid"
    """How a sweep chooses its points."""
    asked: int = 0
    """Points of a random or learning sweep."""
    seed: int = 7
    """Seed of their choice."""
    folds: int = 0
    """Walk-forward folds."""
    anchored: bool = True
    """Whether folds train on everything before them."""
    notes: tuple[str, ...] = ()
    """What a person should know before pressing run."""

    @property
    def points(self) -> int:
        """Points that a sweep evaluates."""
        if not self.grid:
            return 0
        return prod(len(values) for values in self.grid.values()) if self.method == "grid" else self.asked

    @property
    def varied(self) -> list[str]:
        """Names with more than one value."""
        return [name for name, values in self.grid.items() if len(values) > 1]

    @property
    def search(self) -> Points | None:
        """The random points; None for a grid, and for one that learns, whose points nobody knows beforehand."""
        return Points.random(self.grid, self.asked, self.seed) if self.grid and self.method == "random" else None

    @property
    def plan(self) -> Plan:
        """What will be evaluated, for the forecast of trials; of a learning sweep only what is known."""
        sweeps = self.kind in {"sweep", "evidence"} and bool(self.grid)
        walks = self.kind in {"walk_forward", "evidence"} and bool(self.grid)
        points = self._points() if sweeps or walks else []
        return Plan(
            cash=self.cash,
            single=self.values if self.kind in {"backtest", "evidence"} else None,
            points=points if sweeps and self.method != "optuna" else (),
            folds=self.folds if walks else 0,
            fold_points=points if walks else (),
            anchored=self.anchored,
        )

    def _points(self) -> Sequence[Mapping[str, float]]:
        if self.points > MOST_NAMED:
            return [{}] * self.points  # so many are only counted
        return planned(self.strategy, self.search or Points.grid(self.grid))
