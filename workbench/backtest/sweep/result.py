"""What a sweep found."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.backtest.engine.tally import BLOCKS, SQUARES, SUMS
from workbench.errors import InputError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from workbench.backtest.engine.rules import FillRules
    from workbench.backtest.evidence.pbo import BlockSums
    from workbench.backtest.sweep.axes import Axes
    from workbench.backtest.sweep.harvest import Kept, Totals
    from workbench.backtest.sweep.journal import Journal
    from workbench.backtest.sweep.plan import Plan
    from workbench.market import Bars
    from workbench.strategy.spec import StrategySpec

PART = 100_000
"""Points that are handed on at a time."""
_SHOWN = ("sharpe", "total_return", "max_drawdown", "trades", "win_rate", "profit_factor")


@dataclass(frozen=True, kw_only=True, eq=False)
class SweepResult:
    """The points of a sweep, best first."""

    spec: StrategySpec
    """The strategy."""
    bars: Bars
    """What it was run on."""
    rules: FillRules
    """The fill rules of the strategy as it is; points that vary stop, target, size ... have their own (``axes.rules``)."""
    program_hash: str
    """Content address of the compiled rules."""
    plan_hash: str
    """Content address of strategy, bars, money and points asked for."""
    bars_per_year: float
    """What ratios are annualised with."""
    parameters: tuple[str, ...]
    """Names of all parameters and of the brackets and sizes that were varied; each is a column of ``frame``."""
    swept: tuple[str, ...]
    """Names of those that the grid varies."""
    rank: str
    """The metric that orders the points."""
    planned: int
    """Points asked for; more than ``finished`` after an interrupt."""
    frame: pd.DataFrame
    """One row a kept point, best first, NaN last; index ``point`` is its place in the plan. Columns: parameters, then metrics."""
    rows: NDArray[np.float64]
    """(points, ``POINT_SIZE``) what the engine counted, in the order of ``frame``."""
    axes: Axes = field(repr=False)
    """What the columns of a point mean."""
    totals: Totals = field(repr=False)
    """Exact counts and sums over all finished points."""
    sampled: Kept = field(repr=False)
    """At most 1 000 points drawn from the plan before anything was known of them."""
    plan: Plan = field(repr=False)
    """The points that were asked for."""
    journal: Journal | None = field(default=None, repr=False)
    """All finished points on disk, where they are more than ``frame`` keeps, or where a sweep that was stopped can go on."""

    @property
    def finished(self) -> int:
        """Points that were evaluated; ``frame`` keeps the best of them."""
        return self.totals.points

    @property
    def complete(self) -> bool:
        """Whether ``frame`` holds every finished point."""
        return len(self.frame) == self.finished

    @property
    def interrupted(self) -> bool:
        """Whether points are missing because somebody stopped the sweep."""
        return self.finished < self.planned

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
        """Sums of returns over 16 blocks of time, for the probability of backtest overfitting.

        Trials in the order of ``frame``; of a sweep that keeps only its best points, those of ``sampled``: the best alone would look like luck.
        """
        from workbench.backtest.evidence.pbo import BlockSums, block_edges  # noqa: PLC0415 - only where evidence is asked for

        rows = self.rows if self.complete else self.sampled.rows
        return BlockSums(
            sums=rows[:, SUMS : SUMS + BLOCKS].T.copy(),
            squares=rows[:, SQUARES : SQUARES + BLOCKS].T.copy(),
            counts=np.diff(block_edges(len(self.bars), BLOCKS)),
        )

    def parts(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]]:
        """Return every finished point, at most ``PART`` at a time, as (places, values, rows); in the order of ``frame`` where that is complete.

        Raises:
            StoreError: the journal of those that are not held went away.
        """
        if self.complete:
            places, values = self.frame.index.to_numpy(), self.frame[list(self.parameters)].to_numpy(dtype=np.float64)
            for start in range(0, len(places), PART):
                part = slice(start, start + PART)
                yield places[part], values[part], self.rows[part]
            return
        assert self.journal is not None, "a sweep that does not hold all its points has them on disk"
        yield from self._from_journal(self.journal)

    def _from_journal(self, journal: Journal) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]]:
        held: list[tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]] = []
        count = total = 0
        for first, rows in journal.parts():
            for start in range(0, len(rows), PART):
                some = rows[start : start + PART]
                if count + len(some) > PART:
                    yield _joined(held)
                    held, count = [], 0
                at = first + start
                held.append((np.arange(at, at + len(some)), self.axes.complete(self.plan, at, at + len(some)), some))
                count, total = count + len(some), total + len(some)
        if held:
            yield _joined(held)
        if total != self.finished:
            message = f"of {self.finished:,} finished points {total:,} are still on disk; run the sweep again"
            raise StoreError(message)

    def forget(self) -> None:
        """Remove the journal: the ledger has the points now, or nobody wants them."""
        if self.journal is not None:
            self.journal.discard()

    def figure(self, value: str | None = None) -> Any:  # noqa: ANN401 - a plotly figure
        """Return the heat map of ``value`` (the ranking metric) over the first two swept parameters."""
        from workbench.backtest.figures import heat_map  # noqa: PLC0415 - plotly only where a picture is asked for

        names = self.swept or self.parameters
        return heat_map(self.frame, names, value=value or self.rank, title=self.spec.name, synthetic=self.bars.synthetic)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record: what was swept, the best points and the totals; what has no value is None."""
        columns = [*self.parameters, *_SHOWN]
        return {
            "strategy": self.spec.name,
            "plan": self.plan_hash,
            "planned": self.planned,
            "finished": self.finished,
            "rank": self.rank,
            "swept": list(self.swept),
            "synthetic": self.bars.synthetic,
            "totals": self.totals.to_dict(),
            "best": [
                {name: (float(row[name]) if math.isfinite(row[name]) else None) for name in columns}
                for _, row in self.frame.head(10).iterrows()
            ],
        }

    def __len__(self) -> int:
        """Return the number of finished points."""
        return self.finished

    def __repr__(self) -> str:
        """Say what was swept, how far, and the best point."""
        head = f"SweepResult({self.spec.name}: {self.finished:,} of {self.planned:,} points on {self.bars!r}"
        if not len(self.frame):
            return f"{head})"
        first = self.frame.iloc[0]
        where = ", ".join(f"{name} {first[name]:g}" for name in self.swept)
        return f"{head}, best {self.rank} {first[self.rank]:.3g} at {where})"

    def _repr_html_(self) -> str:
        shown = self.frame.head(10)[[*self.parameters, *_SHOWN]]
        badge = "<p>▨ SYNTHETIC</p>" if self.bars.synthetic else ""
        notes = [
            f"interrupted: {self.planned - self.finished:,} points are missing" if self.interrupted else "",
            "" if self.complete else f"the best {len(self.frame):,} of {self.finished:,} points are kept",
        ]
        said = "".join(f"<p>{escape(note)}</p>" for note in notes if note)
        return f"{badge}{said}{shown.to_html(border=0, na_rep='–', float_format=lambda value: f'{value:.4g}')}"


def _joined(
    held: list[tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]],
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    places, values, rows = (np.concatenate([part[column] for part in held]) for column in range(3))
    return places, values, rows
