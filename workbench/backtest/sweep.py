"""A sweep: one strategy at many parameter points, fast, in memory that does not grow with their number.

1. ``planned`` lists the points of the grid and names the plan by its content.
2. The points are taken in chunks. ``Program.packed`` computes each distinct indicator column and comparison of a chunk once, from the same steps that
   trade live, and packs the signals as bits.
3. ``run_points`` runs the fill model over slices of the chunk on all cores, outside the interpreter lock; each point leaves one row of numbers
   (equity, drawdown, trades, block sums of returns) and no series.
4. ``metrics.table`` turns the rows into metrics: the numbers of ``backtest`` at each point, to the bit.

An interrupt keeps the points that are finished.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.backtest.engine.arrays import Hours, Prices
from workbench.backtest.engine.point import run_points
from workbench.backtest.engine.tally import BLOCKS, POINT_SIZE, SQUARES, SUMS
from workbench.backtest.metrics import table
from workbench.backtest.run import ATR, parameter_values, prepared, require_bars
from workbench.content import content_hash
from workbench.errors import InputError, UnknownNameError
from workbench.progress import SILENT
from workbench.strategy.columns import Columns

from numba import get_num_threads  # isort: skip - its cache folder must be known first

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from workbench.backtest.engine.rules import FillRules
    from workbench.backtest.evidence.pbo import BlockSums
    from workbench.backtest.run import Setting
    from workbench.market import Bars
    from workbench.progress import Progress
    from workbench.strategy.packed import PackedSignals
    from workbench.strategy.spec import StrategySpec
    from workbench.strategy.strategy import Strategy

_CHUNK_BYTES = 2**26
"""Memory that the packed signals of a chunk may take, roughly: a byte a bar and point."""
_CHUNK = (16, 512)
"""Fewest and most points of a chunk."""
_SLICE = 16
"""Points that a thread takes at a time."""
_WORD = 64


@dataclass(frozen=True, kw_only=True, eq=False)
class SweepResult:
    """The points of a sweep, best first."""

    spec: StrategySpec
    """The strategy."""
    bars: Bars
    """What it was run on."""
    rules: FillRules
    """The fill rules of all points."""
    program_hash: str
    """Content address of the compiled rules."""
    plan_hash: str
    """Content address of strategy, bars, money and points asked for."""
    bars_per_year: float
    """What ratios are annualised with."""
    parameters: tuple[str, ...]
    """Names of all parameters; each is a column of ``frame``."""
    swept: tuple[str, ...]
    """Names of those that the grid varies."""
    rank: str
    """The metric that orders the points."""
    planned: int
    """Points asked for; more than ``frame`` has after an interrupt."""
    frame: pd.DataFrame
    """One row a finished point, best first, NaN last; index ``point`` is its place in the plan. Columns: parameters, then metrics."""
    rows: NDArray[np.float64]
    """(points, ``POINT_SIZE``) what the engine counted, in the order of ``frame``."""

    @property
    def interrupted(self) -> bool:
        """Whether points are missing because somebody stopped the sweep."""
        return len(self.frame) < self.planned

    @property
    def best(self) -> dict[str, float]:
        """Parameters of the first point.

        Raises:
            InputError: no point has a value of the ranking metric.
        """
        if not len(self.frame) or not np.isfinite(self.frame[self.rank].iloc[0]):
            message = f"no point of this sweep has a {self.rank}: none of them traded; loosen the rules or use more bars"
            raise InputError(message)
        return {name: float(self.frame[name].iloc[0]) for name in self.parameters}

    @cached_property
    def block_sums(self) -> BlockSums:
        """Sums of returns over 16 blocks of time, for the probability of backtest overfitting; trials in the order of ``frame``."""
        from workbench.backtest.evidence.pbo import BlockSums, block_edges  # noqa: PLC0415 - only where evidence is asked for

        return BlockSums(
            sums=self.rows[:, SUMS : SUMS + BLOCKS].T.copy(),
            squares=self.rows[:, SQUARES : SQUARES + BLOCKS].T.copy(),
            counts=np.diff(block_edges(len(self.bars), BLOCKS)),
        )

    def figure(self, value: str | None = None) -> Any:  # noqa: ANN401 - a plotly figure
        """Return the heat map of ``value`` (the ranking metric) over the first two swept parameters."""
        from workbench.backtest.figures import heat_map  # noqa: PLC0415 - plotly only where a picture is asked for

        names = self.swept or self.parameters
        return heat_map(self.frame, names, value=value or self.rank, title=self.spec.name, synthetic=self.bars.synthetic)

    def __len__(self) -> int:
        """Return the number of finished points."""
        return len(self.frame)

    def __repr__(self) -> str:
        """Say what was swept, how far, and the best point."""
        head = f"SweepResult({self.spec.name}: {len(self.frame)} of {self.planned} points on {self.bars!r}"
        if not len(self.frame):
            return f"{head})"
        first = self.frame.iloc[0]
        where = ", ".join(f"{name} {first[name]:g}" for name in self.swept)
        return f"{head}, best {self.rank} {first[self.rank]:.3g} at {where})"

    def _repr_html_(self) -> str:
        shown = self.frame.head(10)[[*self.parameters, "sharpe", "total_return", "max_drawdown", "trades", "win_rate", "profit_factor"]]
        badge = "<p>▨ SYNTHETIC</p>" if self.bars.synthetic else ""
        missing = f"<p>interrupted: {self.planned - len(self.frame)} points are missing</p>" if self.interrupted else ""
        return f"{badge}{missing}{shown.to_html(border=0, na_rep='–', float_format=lambda value: f'{value:.4g}')}"


def sweep(
    strategy: Strategy,
    bars: Bars | pd.DataFrame,
    grid: Mapping[str, Iterable[float]] | Iterable[Mapping[str, float]],
    *,
    cash: float = 100_000.0,
    progress: Progress = SILENT,
    rank: str = "sharpe",
    columns: Columns | None = None,
) -> SweepResult:
    """Return the metrics of ``strategy`` at every point of ``grid``, best first.

    Args:
        strategy: as ``wb.strategy`` makes it.
        bars: checked bars, or a frame that ``market.validate`` accepts for the strategy's first symbol.
        grid: values to try for each ``$parameter`` (all combinations), or the points themselves, one mapping each.
        cash: starting money of every point.
        progress: told after each slice of points.
        rank: the metric that orders the points, largest first (drawdown, fees and volatility: smallest first).
        columns: cache of indicator columns on the same bars, shared between calls.

    Raises:
        InputError: an empty grid, values that are no numbers or not possible, too few bars, money that is not positive.
        UnknownNameError: a parameter or a metric that does not exist.
    """
    setting = prepared(strategy, bars, cash)
    points = planned(strategy, grid)
    names = strategy.program.parameters
    frame_of = _Finished(setting, points, names, cash, rank)
    columns = columns or Columns(setting.bars)
    rows = np.zeros((len(points), POINT_SIZE))
    done = np.zeros(len(points), dtype=np.bool_)
    try:
        for part in _run(strategy, setting, points, columns, rows):
            done[part] = True
            progress.at(int(done.sum()), len(points), f"sweep of {strategy.spec.name}")
    except KeyboardInterrupt:
        progress.at(int(done.sum()), len(points), "interrupted; finished points are kept")
    frame, kept = frame_of.table(rows, done)
    varied = tuple(name for name in names if len({point[name] for point in points}) > 1)
    return SweepResult(
        spec=strategy.spec,
        bars=setting.bars,
        rules=setting.rules,
        program_hash=strategy.program.program_hash,
        plan_hash=plan_hash(strategy, setting, points, cash),
        bars_per_year=setting.bars_per_year,
        parameters=tuple(names),
        swept=varied,
        rank=rank,
        planned=len(points),
        frame=frame,
        rows=kept,
    )


def planned(strategy: Strategy, grid: Mapping[str, Iterable[float]] | Iterable[Mapping[str, float]]) -> list[dict[str, float]]:
    """Return the points of ``grid``, each with a value for every parameter, in the order of the grid.

    Raises:
        InputError: no point, or a value that is no number.
        UnknownNameError: a parameter the strategy does not have.
    """
    if isinstance(grid, Mapping):
        values = {name: _values(name, tried) for name, tried in grid.items()}
        combinations = product(*values.values()) if values else iter(())
        given: list[Mapping[str, float]] = [dict(zip(values, combination, strict=True)) for combination in combinations]
    else:
        given = list(grid)
    if not given:
        known = ", ".join(f"${name}" for name in strategy.program.parameters) or "none; write $name in a rule to make one"
        message = f"the grid is empty; give values for a parameter, for example {{'fast': range(5, 20)}} (parameters: {known})"
        raise InputError(message)
    return [parameter_values(strategy, {name: _number(name, value) for name, value in point.items()}) for point in given]


def plan_hash(strategy: Strategy, setting: Setting, points: Sequence[Mapping[str, float]], cash: float) -> str:
    """Return the content address of what a sweep is asked to do; the same in every process."""
    names = list(strategy.program.parameters)
    values = np.array([[point[name] for name in names] for point in points], dtype="<f8")
    return content_hash(
        {
            "strategy": strategy.spec.spec_hash,
            "dataset": setting.bars.dataset_hash,
            "cash": float(cash),
            "names": names,
            "points": values.tobytes().hex(),
        }
    )


def _values(name: str, tried: Any) -> list[float]:  # noqa: ANN401 - whatever a person put into a grid
    if isinstance(tried, str) or not hasattr(tried, "__iter__"):
        message = f"the grid needs values for ${name}, for example range(5, 20), not {tried!r}"
        raise InputError(message)
    values = [_number(name, value) for value in tried]
    if not values:
        message = f"the grid has no value for ${name}"
        raise InputError(message)
    return values


def _number(name: str, value: Any) -> float:  # noqa: ANN401 - whatever a person put into a grid
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not np.isfinite(number):
        message = f"${name} must be a finite number, not {value!r}"
        raise InputError(message)
    return number


_SMALLER_IS_BETTER = frozenset({"max_drawdown", "max_drawdown_bars", "volatility", "fees", "turnover"})


class _Finished:
    """Turns rows of the engine into a ranked frame; made before the run so that a misspelt metric costs no run."""

    def __init__(self, setting: Setting, points: list[dict[str, float]], names: tuple[str, ...], cash: float, rank: str) -> None:
        self.setting, self.points, self.names, self.cash, self.rank = setting, points, names, cash, rank
        known = table(np.ones((1, POINT_SIZE)), 2, 1.0, 1.0)
        if rank not in known:
            kind = "metric"
            raise UnknownNameError(kind, rank, known)

    def table(self, rows: NDArray[np.float64], done: NDArray[np.bool_]) -> tuple[pd.DataFrame, NDArray[np.float64]]:
        """Return the frame, best first, and the rows in its order."""
        places = np.flatnonzero(done)
        metrics = table(rows[places], len(self.setting.bars), self.setting.bars_per_year, self.cash)
        key = metrics[self.rank] if self.rank in _SMALLER_IS_BETTER else -metrics[self.rank]
        order = np.argsort(np.where(np.isnan(key), np.inf, key), kind="stable")
        values = {name: np.array([self.points[place][name] for place in places[order]]) for name in self.names}
        frame = pd.DataFrame({**values, **{name: column[order] for name, column in metrics.items()}}, index=places[order])
        frame.index.name = "point"
        return frame, rows[places[order]]


def _run(
    strategy: Strategy, setting: Setting, points: list[dict[str, float]], columns: Columns, rows: NDArray[np.float64]
) -> Iterator[slice]:
    """Fill ``rows`` and yield the slices that are finished."""
    quotes = np.array(Prices.of(setting.bars))
    hours = packed_hours(setting.hours)
    size = max(_CHUNK[0], min(_CHUNK[1], _CHUNK_BYTES // len(setting.bars)))
    pool = ThreadPoolExecutor(max_workers=get_num_threads())
    try:
        for first in range(0, len(points), size):
            last = min(first + size, len(points))
            packed = strategy.program.packed(points[first:last], columns)
            require_bars(len(setting.bars), int(packed.warmup.max()))
            distances, which = _distances(packed)
            waiting = {}
            for start in range(first, last, _SLICE):
                part = slice(start, min(start + _SLICE, last))
                here = slice(part.start - first, part.stop - first)
                job = pool.submit(
                    run_points, setting.rules, quotes, hours, packed.words, packed.rows[here], distances, which[here], rows[part]
                )
                waiting[job] = part
            for job in as_completed(waiting):
                job.result()
                yield waiting[job]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def packed_hours(hours: Hours) -> NDArray[np.uint64]:
    """Return can_enter, must_flat and new_session as words of 64 bars, (3, words)."""
    columns = np.stack([hours.can_enter, hours.must_flat, hours.new_session])
    padded = np.pad(columns, ((0, 0), (0, -columns.shape[1] % _WORD)))
    return np.ascontiguousarray(np.packbits(padded, axis=1, bitorder="little")).view("<u8")


def _distances(packed: PackedSignals) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the distinct distance columns, and which of them each point has."""
    if ATR not in packed.numbers:
        return np.full((1, packed.bars), np.nan), np.zeros(len(packed.rows), dtype=np.int64)
    columns, which = packed.numbers[ATR]
    return np.stack(columns), which
