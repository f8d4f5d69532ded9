"""Points in, one row of numbers each out: the part of a sweep that runs here, or in a worker of a cluster.

1. Points of a chunk that share their ``$parameters`` share their signals: ``_packed`` packs each distinct set once, as bits. A strategy without a
   register program gives its columns point by point, and they are packed the same.
2. ``Evaluator.run`` cuts the chunk into slices; ``run_points`` runs them on all cores, outside the interpreter lock, each point under its own fill rules.

A point does not depend on its neighbours: chunks, slices, threads and machines leave its row alone, to the bit.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from workbench.backtest.engine.arrays import Prices, quotes_of
from workbench.backtest.engine.point import run_points
from workbench.backtest.engine.tally import POINT_SIZE
from workbench.backtest.run import ATR, decider_of, prepared, require_bars
from workbench.backtest.sweep.axes import Axes
from workbench.strategy import words
from workbench.strategy.columns import Columns
from workbench.strategy.packed import PackedSignals
from workbench.strategy.signals import DIRECTIONS

from numba import get_num_threads  # isort: skip - its cache folder must be known first

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from workbench.backtest.engine.arrays import Hours
    from workbench.backtest.run import Setting
    from workbench.backtest.sweep.plan import Plan
    from workbench.market.bars import Bars
    from workbench.strategy.signals import Signals
    from workbench.strategy.strategy import Strategy

    Rows = NDArray[np.float64]

_CHUNK_BYTES = 2**26
"""Memory that the packed signals of a chunk may take, roughly: a byte a bar and point."""
CHUNK = (16, 512)
"""Fewest and most points of a chunk."""
_SLICE = 16
"""Points that a thread takes at a time, at least."""
_SLICES = 8
"""Slices a thread, so that none waits long for the last one."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Work:
    """All that making the points of a plan needs; it travels to other processes."""

    key: str
    """Names the work: strategy, bars, money and plan."""
    strategy: Strategy
    """What is swept."""
    bars: Bars
    """What it runs on."""
    cash: float
    """Starting money of every point."""
    plan: Plan
    """Which points."""

    def evaluator(self, columns: Columns | None = None, threads: int | None = None) -> Evaluator:
        """Return what makes the points, in this process."""
        setting = prepared(self.strategy, self.bars, self.cash)
        return Evaluator(self.strategy, setting, self.plan, columns=columns, threads=threads)

    def light(self) -> Work:
        """Return the same work without what its bars have worked out so far, for sending."""
        return replace(self, bars=replace(self.bars))


class Evaluator:
    """Makes points of one plan; keeps the columns they share. Not for several threads at once."""

    def __init__(
        self, strategy: Strategy, setting: Setting, plan: Plan, *, columns: Columns | None = None, threads: int | None = None
    ) -> None:
        """Get ready; ``threads`` is all of numba's unless given."""
        self.setting, self.plan = setting, plan
        self.axes = Axes.of(strategy, setting.bars.instrument, setting.rules, plan)
        self.size = max(CHUNK[0], min(CHUNK[1], _CHUNK_BYTES // len(setting.bars)))
        self._strategy = strategy
        self._columns = columns if columns is not None and columns.length == len(setting.bars) else Columns(setting.bars)
        self._quotes = quotes_of(Prices.of(setting.bars), setting.hours)
        self._hours = packed_hours(setting.hours)
        self._threads = threads or get_num_threads()
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        """Start the threads."""
        self._pool = ThreadPoolExecutor(max_workers=self._threads)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the threads."""
        assert self._pool is not None
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = None

    def rows(self, first: int, last: int) -> Rows:
        """Return the rows of the points numbered ``first`` to before ``last``, (points, ``POINT_SIZE``)."""
        made = np.zeros((last - first, POINT_SIZE))
        self.run(self.axes.complete(self.plan, first, last), made, np.zeros(last - first, dtype=np.bool_))
        return made

    def run(self, values: Rows, rows: Rows, done: NDArray[np.bool_], told: Callable[[int], None] | None = None) -> None:
        """Fill ``rows`` for the points ``values``; mark what is ``done`` and tell how many after each slice.

        An interrupt, of a person or out of ``told``, comes through once the slices that run have ended; those are marked.

        Raises:
            InputError: values that are not possible, or fewer bars than the warm-up needs.
        """
        assert self._pool is not None, "use it as a context"
        rules = self.axes.rules(values)
        packed = self._packed(values)
        require_bars(len(self.setting.bars), int(packed.warmup.max()))
        distances, which = _distances(packed)
        size = max(_SLICE, -(-len(values) // (self._threads * _SLICES)))
        waiting = {}
        for start in range(0, len(values), size):
            part = slice(start, start + size)
            given = (rules[part], self._quotes, self._hours, packed.words, packed.rows[part], distances, which[part], rows[part])
            waiting[self._pool.submit(run_points, *given)] = part
        finished = 0
        try:
            for job in as_completed(waiting):
                job.result()
                done[waiting[job]] = True
                finished += len(rows[waiting[job]])
                if told is not None:
                    told(finished)
        except BaseException:
            for job in waiting:
                job.cancel()
            for job, part in waiting.items():
                done[part] = not job.cancelled() and job.exception() is None
            raise

    def _packed(self, values: Rows) -> PackedSignals:
        """Return the signals of all points, those of each distinct set of parameters made once."""
        axes = self.axes
        own = values[:, : len(axes.parameters)]
        if not len(axes.parameters):
            distinct, which = own[:1], np.zeros(len(values), dtype=np.int64)
        elif axes.keys:
            distinct, which = np.unique(own, axis=0, return_inverse=True)
            which = which.reshape(-1)
        else:
            distinct, which = own, np.arange(len(own))
        points = [axes.point(point) for point in distinct]
        program = getattr(self._strategy, "program", None)
        made = program.packed(points, self._columns) if program is not None else packed_columns(self._strategy, points, self._columns)
        numbers = {name: (columns, chosen[which]) for name, (columns, chosen) in made.numbers.items()}
        return PackedSignals(words=made.words, rows=made.rows[which], warmup=made.warmup[which], numbers=numbers, bars=made.bars)


def packed_columns(strategy: Any, points: Sequence[dict[str, float]], columns: Columns) -> PackedSignals:  # noqa: ANN401 - any strategy with ``decider``
    """Return the packed signals of a strategy that has no register program: its columns, point by point."""
    made = [np.zeros((1, words.words_for(columns.length)), dtype=np.uint64)]
    rows = np.zeros((len(points), len(DIRECTIONS)), dtype=np.int64)
    warmup = np.zeros(len(points), dtype=np.int64)
    numbers: dict[str, tuple[list[NDArray[np.float64]], NDArray[np.int64]]] = {}
    for place, point in enumerate(points):
        signals: Signals = decider_of(strategy, point).columns(columns.bars, columns)
        warmup[place] = signals.warmup
        for direction, name in enumerate(DIRECTIONS):
            asked = np.asarray(getattr(signals, name)).astype(np.bool_)
            asked[: signals.warmup] = False
            if asked.any():
                rows[place, direction] = len(made)
                made.append(words.packed_row(asked)[None])
        for name, column in signals.numbers.items():
            held, chosen = numbers.setdefault(name, ([], np.zeros(len(points), dtype=np.int64)))
            chosen[place] = len(held)
            held.append(np.ascontiguousarray(column, dtype=np.float64))
    return PackedSignals(words=np.concatenate(made), rows=rows, warmup=warmup, numbers=numbers, bars=columns.length)


def packed_hours(hours: Hours) -> NDArray[np.uint64]:
    """Return can_enter, must_flat and new_session as words of 64 bars, (3, words)."""
    return np.stack([words.packed_row(column.astype(np.bool_)) for column in (hours.can_enter, hours.must_flat, hours.new_session)])


def _distances(packed: PackedSignals) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the distinct distance columns, and which of them each point has."""
    if ATR not in packed.numbers:
        return np.full((1, packed.bars), np.nan), np.zeros(len(packed.rows), dtype=np.int64)
    columns, which = packed.numbers[ATR]
    return np.stack(columns), which
