"""Runs that the ledger remembers, to look at again and to put side by side.

A trial keeps its parameters and metrics, not its equity: ``again`` makes the run once more from the stored strategy and the same bars, and refuses
where the bars are others than those that were used. Evaluating what is counted already adds no trial.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import select

from workbench.backtest.run import backtest
from workbench.errors import DataUnavailableError, UnknownNameError
from workbench.store.tables import DatasetRow, StrategyRow, TrialRow
from workbench.strategy.spec import StrategySpec
from workbench.strategy.strategy import Strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from workbench.backtest.result import Result
    from workbench.market.bars import Bars

MOST = 200


@dataclass(frozen=True, kw_only=True)
class SavedRun:
    """One backtest in the ledger, with what it was run on."""

    trial_id: str
    """Content hash of the trial."""
    name: str
    """Name of the strategy."""
    version: int
    """Its version of this name and owner."""
    spec_hash: str
    """Its specification."""
    parameters: Mapping[str, float] = field(hash=False)
    """Value of each ``$parameter``."""
    metrics: Mapping[str, float | None] = field(hash=False)
    """All metrics; None where one does not exist."""
    cash: float
    """Starting money."""
    dataset_hash: str
    """Bars it was run on."""
    symbol: str
    """Instrument."""
    timeframe: str
    """Length of a bar."""
    first: datetime
    """Open of the first bar."""
    last: datetime
    """Open of the last bar."""
    bars: int
    """Number of bars."""
    source: str
    """Where the bars came from."""
    synthetic: bool
    """True where the bars are made up."""
    owner: str
    """Who ran it first."""
    at: datetime
    """When it was run first."""

    @property
    def sharpe(self) -> float:
        """Annual Sharpe ratio; NaN without one."""
        found = self.metrics.get("sharpe")
        return math.nan if found is None else float(found)


def strategies(session: Session) -> list[tuple[StrategySpec, int, str]]:
    """Return every stored strategy with its version and owner, the latest first."""
    rows = session.scalars(select(StrategyRow).order_by(StrategyRow.created_at.desc(), StrategyRow.version.desc()).limit(MOST))
    return [(StrategySpec.from_json(row.json), row.version, row.owner) for row in rows]


def runs(session: Session, name: str, *, limit: int = MOST) -> list[SavedRun]:
    """Return the backtests of every version called ``name`` on recorded datasets, the latest first; points of sweeps and folds are not among them."""
    query = (
        select(TrialRow, StrategyRow, DatasetRow)
        .join(StrategyRow, StrategyRow.spec_hash == TrialRow.spec_hash)
        .join(DatasetRow, DatasetRow.dataset_hash == TrialRow.dataset_hash)
        .where(StrategyRow.name == name)
        .order_by(TrialRow.at.desc(), TrialRow.trial_id)
        .limit(limit)
    )
    return [_saved(*row) for row in session.execute(query)]


def again(session: Session, run: SavedRun, bars_of: Callable[[SavedRun], Bars]) -> Result:
    """Return the run made once more on the bars that ``bars_of`` finds.

    Raises:
        UnknownNameError: its strategy is not stored.
        DataUnavailableError: the bars are not here, or are not those it was run on.
    """
    row = session.get(StrategyRow, run.spec_hash)
    if row is None:
        kind = "stored strategy"
        raise UnknownNameError(kind, run.spec_hash[:12], [])
    bars = bars_of(run)
    if bars.dataset_hash != run.dataset_hash:
        message = (
            f"the bars of this run ({run.symbol} {run.timeframe}, {run.bars:,} bars from {run.source}) are not here; those found under that name "
            "differ. Open the backtester with them: bench.backtester(bars=...)"
        )
        raise DataUnavailableError(message)
    return backtest(Strategy(StrategySpec.from_json(row.json)), bars, cash=run.cash, parameters=run.parameters)


def _saved(trial: TrialRow, strategy: StrategyRow, dataset: DatasetRow) -> SavedRun:
    return SavedRun(
        trial_id=trial.trial_id,
        name=strategy.name,
        version=strategy.version,
        spec_hash=strategy.spec_hash,
        parameters=trial.parameters,
        metrics=trial.metrics,
        cash=float(trial.rules["rules"]["initial_cash"]),
        dataset_hash=dataset.dataset_hash,
        symbol=dataset.symbol,
        timeframe=dataset.timeframe,
        first=dataset.first,
        last=dataset.last,
        bars=dataset.rows,
        source=dataset.source,
        synthetic=dataset.synthetic,
        owner=trial.owner,
        at=trial.at,
    )
