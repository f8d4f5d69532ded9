"""One evaluation as the ledger keeps it: worked out where it ran, perhaps in another process, and written where the ledger is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.backtest.engine.tally import POINT_SIZE, tally
from workbench.backtest.trial_blocks import SUMS_COLUMN, sums_of
from workbench.backtest.trial_ids import family_of, ground_of, setting_of, trial_id
from workbench.store.tables import TrialRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.backtest.result import Result


@dataclass(frozen=True, kw_only=True)
class Tried:
    """Everything that the ledger writes down of one evaluation."""

    trial_id: str
    """Content hash, 64 hexadecimal digits."""
    family: str
    """The family it is counted in."""
    symbols: tuple[str, ...]
    """What it trades."""
    name: str
    """What people call the strategy."""
    spec_hash: str
    """The version of the strategy."""
    program_hash: str
    """Content hash of what decides."""
    dataset_hash: str
    """Bars it was evaluated on."""
    parameters: Mapping[str, float]
    """Value of each ``$parameter``."""
    rules: Mapping[str, Any]
    """Window, costs, brackets, sizing, fill model, the bars of a year and the sums of returns over 16 blocks of time."""
    metrics: Mapping[str, float | None]
    """What was measured; what has no meaning is None."""
    observations: int
    """Number of bar returns behind the Sharpe ratio."""

    @classmethod
    def of(cls, result: Result) -> Tried:
        """Return the record of a run."""
        spec, rules = result.spec, result.run.rules
        point = np.zeros((1, POINT_SIZE))
        tally(np.ascontiguousarray(result.run.equity, dtype=np.float64), rules.initial_cash, point[0])
        ground = ground_of(spec, result.program_hash, result.bars.dataset_hash, rules)
        return cls(
            trial_id=trial_id(ground, result.parameters),
            family=family_of(spec),
            symbols=tuple(sorted(spec.symbols)),
            name=spec.name,
            spec_hash=spec.spec_hash,
            program_hash=result.program_hash,
            dataset_hash=result.bars.dataset_hash,
            parameters=dict(result.parameters),
            rules={**setting_of(spec, rules), "bars_per_year": result.bars_per_year, SUMS_COLUMN: sums_of(point)[0].tolist()},
            metrics=result.metrics.to_dict(),
            observations=len(result.returns),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        return asdict(self) | {"symbols": list(self.symbols)}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Tried:
        """Return the record that ``to_dict`` wrote."""
        return cls(**{**record, "symbols": tuple(record["symbols"])})

    def row(self, owner: str) -> TrialRow:
        """Return the row of the ledger's table."""
        return TrialRow(
            trial_id=self.trial_id,
            family=self.family,
            program_hash=self.program_hash,
            spec_hash=self.spec_hash,
            dataset_hash=self.dataset_hash,
            parameters=dict(self.parameters),
            rules=dict(self.rules),
            metrics=dict(self.metrics),
            sharpe=self.metrics["sharpe_per_bar"],
            observations=self.observations,
            owner=owner,
        )
