"""Runs and sweeps that the ledger remembers, to look at again and to put side by side.

A trial keeps its parameters and metrics, not its equity: ``again`` makes the run once more from the stored strategy and the same bars, and refuses
where the bars are others than those that were used. Evaluating what is counted already adds no trial. A sweep keeps the metrics of its points in
blocks; ``points`` reads them back, best first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import LargeBinary, func, select

from workbench import clock
from workbench.backtest.run import backtest, in_session, program_hash_of
from workbench.errors import DataUnavailableError, UnknownNameError
from workbench.store.tables import DatasetRow, StrategyRow, TrialBlockRow, TrialRow
from workbench.strategy.spec import StrategySpec
from workbench.strategy.strategy import Strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    import pandas as pd
    from sqlalchemy.orm import Session

    from workbench.backtest.result import Result
    from workbench.market.bars import Bars

MOST = 200
_HEAD = 32_768
"""Bytes at the beginning of a block in which its own description stands."""


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


@dataclass(frozen=True, kw_only=True)
class SavedSweep:
    """One sweep in the ledger, with what it was run on."""

    plan_hash: str
    """What was asked: strategy, bars, money and points."""
    name: str
    """Name of the strategy."""
    version: int
    """Its version of this name and owner."""
    spec_hash: str
    """Its specification."""
    swept: tuple[str, ...]
    """Names that were varied; empty where an earlier version of the workbench did not write them down."""
    rank: str
    """The metric that ordered the points."""
    trials: int
    """Points that are recorded."""
    new: int
    """Those of them that nobody had tried before."""
    mean: float
    """Mean annual Sharpe ratio of the new ones; NaN without any."""
    cash: float | None
    """Starting money, where it was written down."""
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
    """Who ran it."""
    at: datetime
    """When it was stored."""


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
    strategy = Strategy(StrategySpec.from_json(row.json))
    bars = in_session(bars_of(run), strategy.spec.session_mode)
    if bars.dataset_hash != run.dataset_hash:
        message = (
            f"the bars of this run ({run.symbol} {run.timeframe}, {run.bars:,} bars from {run.source}) are not here; those found under that name "
            "differ. Open the backtester with them: bench.backtester(bars=...)"
        )
        raise DataUnavailableError(message)
    return backtest(strategy, bars, cash=run.cash, parameters=run.parameters)


def made(session: Session, result: Result, trial_id: str, owner: str) -> SavedRun | None:
    """Return a run that was just made as the ledger would remember it; None where its strategy is not stored.

    A trial that was counted with a sweep has no record of its own, so ``runs`` does not have it.
    """
    row = session.get(StrategyRow, result.spec.spec_hash)
    if row is None:
        return None
    bars = result.bars
    return SavedRun(
        trial_id=trial_id,
        name=row.name,
        version=row.version,
        spec_hash=row.spec_hash,
        parameters=dict(result.parameters),
        metrics=result.metrics.to_dict(),
        cash=result.cash,
        dataset_hash=bars.dataset_hash,
        symbol=bars.instrument.symbol,
        timeframe=bars.timeframe.value,
        first=bars.frame.index[0].to_pydatetime(),
        last=bars.frame.index[-1].to_pydatetime(),
        bars=len(bars),
        source=bars.source,
        synthetic=bars.synthetic,
        owner=owner,
        at=clock.now(),
    )


def sweeps(session: Session, name: str, *, limit: int = MOST) -> list[SavedSweep]:
    """Return the sweeps of every version called ``name`` on recorded datasets, the latest first."""
    versions = {row.spec_hash: row for row in session.scalars(select(StrategyRow).where(StrategyRow.name == name))}
    programs = {program_hash_of(Strategy(StrategySpec.from_json(row.json))): row for row in versions.values()}
    blocks = TrialBlockRow
    head = func.substr(blocks.data, 1, _HEAD, type_=LargeBinary)
    query = (
        select(
            blocks.plan_hash,
            blocks.program_hash,
            blocks.trials,
            blocks.new_trials,
            blocks.sharpe_sum,
            blocks.owner,
            blocks.at,
            head,
            DatasetRow,
        )
        .join(DatasetRow, DatasetRow.dataset_hash == blocks.dataset_hash)
        .where(blocks.program_hash.in_(programs))
        .order_by(blocks.at.desc(), blocks.id)
        .limit(limit)
    )
    found: dict[str, SavedSweep] = {}
    for plan, program, trials, new, total, owner, at, start, dataset in session.execute(query):
        about = _about(start)
        row = versions.get(about["spec"]) if "spec" in about else programs[program]
        if row is None:
            continue  # the same rules under another name
        found[plan] = _joined(found.get(plan), (plan, trials, new, total, owner, at), about, row, dataset)
    return list(found.values())


def _joined(
    before: SavedSweep | None, block: tuple[Any, ...], about: Mapping[str, str], row: StrategyRow, dataset: DatasetRow
) -> SavedSweep:
    """Return the sweep that a stored block tells of, with what an earlier block of the same plan told."""
    plan, trials, new, total, owner, at = block
    most, fresh, ratios = (before.trials, before.new, before.mean * before.new if before.new else 0.0) if before else (0, 0, 0.0)
    fresh += new
    return SavedSweep(
        plan_hash=plan,
        name=row.name,
        version=row.version,
        spec_hash=row.spec_hash,
        swept=tuple(part for part in about.get("swept", "").split(",") if part),
        rank=about.get("rank", "sharpe"),
        trials=max(most, trials, fresh),  # one that was resumed has some of its points in two blocks
        new=fresh,
        mean=(ratios + (total or 0.0)) / fresh if fresh else math.nan,
        cash=float(about["cash"]) if "cash" in about else None,
        dataset_hash=dataset.dataset_hash,
        symbol=dataset.symbol,
        timeframe=dataset.timeframe,
        first=dataset.first,
        last=dataset.last,
        bars=dataset.rows,
        source=dataset.source,
        synthetic=dataset.synthetic,
        owner=owner,
        at=before.at if before else at,
    )


def points(session: Session, sweep: SavedSweep) -> pd.DataFrame:
    """Return the points of a recorded sweep, best first: parameters and metrics."""
    import pandas as pd  # noqa: PLC0415 - only where somebody looks

    from workbench.backtest.sweep.harvest import SMALLER_IS_BETTER  # noqa: PLC0415 - only where somebody looks
    from workbench.backtest.trial_blocks import SUMS_COLUMN, read_block  # noqa: PLC0415 - only where somebody looks

    blocks = session.scalars(
        select(TrialBlockRow.data).where(TrialBlockRow.plan_hash == sweep.plan_hash).order_by(TrialBlockRow.at, TrialBlockRow.id)
    )
    every = pd.concat([read_block(data).drop_columns(["new", SUMS_COLUMN]).to_pandas() for data in blocks], ignore_index=True)
    whole: pd.DataFrame = every.drop_duplicates("trial_id").drop(columns="trial_id")
    ordered: pd.DataFrame = whole.sort_values(sweep.rank, ascending=sweep.rank in SMALLER_IS_BETTER, na_position="last", kind="stable")
    return ordered


def _about(head: bytes) -> dict[str, str]:
    """What a block says about itself at its beginning; nothing where its beginning is longer than what was read."""
    import pyarrow as pa  # noqa: PLC0415 - only where blocks are read

    try:
        with pa.ipc.open_stream(head) as reader:
            return {name.decode(): value.decode() for name, value in (reader.schema.metadata or {}).items()}
    except pa.ArrowInvalid:
        return {}


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
