"""The trial ledger: every distinct evaluation is counted once, so that nobody has to remember how often they tried.

1. A trial's id is the content hash of program, dataset, window, fill rules and fill model version, with its parameters (``trial_id``).
2. A family pools the trials on the same symbols and lineage (``family_of``); opening one is audited.
3. ``record`` writes one trial, ``record_sweep`` one Arrow block; each in one transaction with its audit and outbox event, so that a kill leaves all
   or nothing. What was there before is not counted again, whether it was single or in a block.
4. ``count`` gives the number of distinct trials and the variance of their Sharpe ratios, which the deflated Sharpe ratio needs.

Sharpe ratios of different timeframes meet in one family: sums and variances are of *annual* ratios; a trial that never traded has ratio 0.
"""

from __future__ import annotations

import getpass
import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import func, select

from workbench.backtest.engine.rules import FILL_MODEL
from workbench.content import bytes_hash, canonical, content_hash
from workbench.errors import StoreError
from workbench.store import chain, outbox
from workbench.store.tables import TrialBlockRow, TrialRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

    from workbench.backtest.engine.rules import FillRules
    from workbench.backtest.result import Result
    from workbench.backtest.sweep import SweepResult
    from workbench.store.database import Database
    from workbench.strategy.spec import StrategySpec


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One recorded evaluation."""

    trial_id: str
    """Content hash, 64 hexadecimal digits."""
    family: str
    """The family it is counted in."""
    new: bool
    """False where the same evaluation was in the ledger before."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """One recorded sweep."""

    block_id: str
    """Identifier of the block; that of the earlier one where the same plan was recorded before."""
    family: str
    """The family it is counted in."""
    trials: int
    """Points of the sweep."""
    new: int
    """Points that were not in the ledger before."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """What a family has tried so far."""

    family: str
    """The family."""
    trials: int
    """Number of distinct trials."""
    annual_variance: float
    """Variance (ddof 1) of the annual Sharpe ratios over all trials; 0 for fewer than two."""

    def __str__(self) -> str:
        """Say it in a sentence."""
        spread = f"; their annual Sharpe ratios have standard deviation {math.sqrt(self.annual_variance):.2f}" if self.trials > 1 else ""
        return f"{self.trials:,} distinct trial{'' if self.trials == 1 else 's'} counted in family {self.family}{spread}"

    def variance_per_bar(self, bars_per_year: float) -> float:
        """Return the variance in Sharpe ratios per bar, as the deflated Sharpe ratio of bars of this length needs it."""
        return self.annual_variance / bars_per_year


class Ledger:
    """The ledger of one database; every method is one transaction."""

    def __init__(self, database: Database, *, owner: str | None = None) -> None:
        """Write as ``owner``, the user of the operating system by default."""
        self._database = database
        self._owner = owner or getpass.getuser()

    def record(self, result: Result) -> Trial:
        """Count ``result`` and return its trial; the same evaluation again changes nothing."""
        identity = trial_id(_ground_of_result(result), result.parameters)
        with self._database.session() as session:
            chain.lock(session.connection())
            family = family_of(result.spec)
            known = session.get(TrialRow, identity)
            if known is not None:
                return Trial(trial_id=identity, family=known.family, new=False)
            if identity in _ids_in_blocks(session, result.program_hash, result.bars.dataset_hash):
                return Trial(trial_id=identity, family=family, new=False)
            self._open_family(session, family, result.spec)
            session.add(self._row(identity, family, result))
            detail = {"family": family, "program": result.program_hash, "dataset": result.bars.dataset_hash}
            chain.append(session, actor=self._owner, action="trial.recorded", subject=f"trial:{identity[:16]}", detail=detail)
        return Trial(trial_id=identity, family=family, new=True)

    def record_sweep(self, sweep: SweepResult) -> Block:
        """Count all points of ``sweep`` as one block and return it; points that were there before are not counted again."""
        ground = ground_of(sweep.spec, sweep.program_hash, sweep.bars.dataset_hash, sweep.rules)
        points = sweep.frame[list(sweep.parameters)].to_numpy(dtype=np.float64)
        identities = [trial_id(ground, dict(zip(sweep.parameters, point, strict=True))) for point in points]
        ratios = np.nan_to_num(sweep.frame["sharpe"].to_numpy(dtype=np.float64))
        with self._database.session() as session:
            chain.lock(session.connection())
            family = family_of(sweep.spec)
            before = _known(session, sweep.program_hash, sweep.bars.dataset_hash)
            fresh = _first_seen(identities, before)
            if not fresh.any():
                return Block(block_id=self._earlier(session, sweep), family=family, trials=len(points), new=0)
            self._open_family(session, family, sweep.spec)
            row = TrialBlockRow(
                family=family,
                plan_hash=sweep.plan_hash,
                program_hash=sweep.program_hash,
                dataset_hash=sweep.bars.dataset_hash,
                trials=len(points),
                new_trials=int(fresh.sum()),
                sharpe_sum=float(ratios[fresh].sum()),
                sharpe_square_sum=float((ratios[fresh] ** 2).sum()),
                data=_arrow(sweep, identities, fresh),
                owner=self._owner,
            )
            session.add(row)
            session.flush()
            self._announce(session, row)
        return Block(block_id=row.id, family=family, trials=len(points), new=row.new_trials)

    def count(self, family: str) -> Count:
        """Return how many distinct trials ``family`` holds and how much their annual Sharpe ratios vary."""
        with self._database.read() as session:
            return count_in(session, family)

    def known(self, program_hash: str, dataset_hash: str) -> set[str]:
        """Return the ids of all trials of a program on a dataset, to tell beforehand what a run would add."""
        with self._database.read() as session:
            return _known(session, program_hash, dataset_hash)

    def sharpe_variance(self, family: str, bars_per_year: float = 1.0) -> float:
        """Return the variance of the Sharpe ratios over the family's trials: annual, or per bar given ``bars_per_year``."""
        return self.count(family).variance_per_bar(bars_per_year)

    def _row(self, identity: str, family: str, result: Result) -> TrialRow:
        metrics = result.metrics.to_dict()
        return TrialRow(
            trial_id=identity,
            family=family,
            program_hash=result.program_hash,
            spec_hash=result.spec.spec_hash,
            dataset_hash=result.bars.dataset_hash,
            parameters=dict(result.parameters),
            rules={**_setting(result.spec, result.run.rules), "bars_per_year": result.bars_per_year},
            metrics=metrics,
            sharpe=metrics["sharpe_per_bar"],
            observations=len(result.returns),
            owner=self._owner,
        )

    def _open_family(self, session: Session, family: str, spec: StrategySpec) -> None:
        """A new family starts its count at zero: that is an act, and it is audited."""
        for table in (TrialRow, TrialBlockRow):
            if session.execute(select(table.family).where(table.family == family).limit(1)).first() is not None:
                return
        detail = {"symbols": sorted(spec.symbols), "name": spec.name, "spec": spec.spec_hash}
        chain.append(session, actor=self._owner, action="family.opened", subject=f"family:{family}", detail=detail)

    def _announce(self, session: Session, row: TrialBlockRow) -> None:
        detail = {"family": row.family, "plan": row.plan_hash, "trials": row.trials, "new": row.new_trials, "data": bytes_hash(row.data)}
        chain.append(session, actor=self._owner, action="sweep.recorded", subject=f"block:{row.id}", detail=detail)
        outbox.publish(session, "sweep_recorded", {"block": row.id, **{name: detail[name] for name in ("family", "trials", "new")}})

    @staticmethod
    def _earlier(session: Session, sweep: SweepResult) -> str:
        query = select(TrialBlockRow.id).where(TrialBlockRow.plan_hash == sweep.plan_hash).limit(1)
        return session.execute(query).scalar() or ""


def recorded(session: Session, identity: str, *, program_hash: str, dataset_hash: str) -> Mapping[str, float | None] | None:
    """Return the metrics that were recorded with a trial: none of them for a point of a sweep, None for a trial that is not in the ledger."""
    row = session.get(TrialRow, identity)
    if row is not None:
        return dict(row.metrics) if (row.program_hash, row.dataset_hash) == (program_hash, dataset_hash) else None
    return {} if identity in _ids_in_blocks(session, program_hash, dataset_hash) else None


def count_in(session: Session, family: str) -> Count:
    """Return how many distinct trials ``family`` holds, within a transaction of the caller."""
    blocks = session.execute(
        select(
            func.coalesce(func.sum(TrialBlockRow.new_trials), 0),
            func.coalesce(func.sum(TrialBlockRow.sharpe_sum), 0.0),
            func.coalesce(func.sum(TrialBlockRow.sharpe_square_sum), 0.0),
        ).where(TrialBlockRow.family == family)
    ).one()
    singles = session.execute(select(TrialRow.sharpe, TrialRow.rules).where(TrialRow.family == family)).all()
    ratios = np.array([(row.sharpe or 0.0) * math.sqrt(row.rules["bars_per_year"]) for row in singles])
    trials = int(blocks[0]) + len(ratios)
    total, squares = float(blocks[1] or 0.0) + float(ratios.sum()), float(blocks[2] or 0.0) + float((ratios**2).sum())
    variance = max(0.0, (squares - total * total / trials) / (trials - 1)) if trials > 1 else 0.0
    return Count(family=family, trials=trials, annual_variance=variance)


def trial_id(ground: str, parameters: Mapping[str, float]) -> str:
    """Return the content address of a trial: what it stands on (``ground_of``) and its parameter values."""
    values = {name: float(value) for name, value in parameters.items()}
    return hashlib.sha256(ground.encode() + b"\n" + canonical(values)).hexdigest()


def ground_of(spec: StrategySpec, program_hash: str, dataset_hash: str, rules: FillRules) -> str:
    """Return the content hash of everything but the parameters that makes a trial distinct."""
    return content_hash({"program": program_hash, "dataset": dataset_hash, **_setting(spec, rules)})


def _ground_of_result(result: Result) -> str:
    return ground_of(result.spec, result.program_hash, result.bars.dataset_hash, result.run.rules)


def family_of(spec: StrategySpec) -> str:
    """Return the family of ``spec``: its symbols and its lineage.

    Everything on the same symbols shares the lineage ``common`` unless a new one was declared, so changing a number, a name or the whole rule
    does not start the count again.
    """
    return f"{'+'.join(sorted(spec.symbols))}/{spec.lineage}"


def _setting(spec: StrategySpec, rules: FillRules) -> dict[str, Any]:
    """Window, session mode, costs, brackets, sizing, cash and fill model: what besides rules and bars decides the fills."""
    window = spec.window.to_dict() if spec.window is not None else None
    mode = spec.session_mode.value if spec.session_mode is not None else None
    return {"fill_model": FILL_MODEL, "rules": dict(rules._asdict()), "window": window, "session_mode": mode}


def _arrow(sweep: SweepResult, identities: Sequence[str], fresh: Iterable[bool]) -> bytes:
    """Return the block: one row a point with its trial id, whether it was new, its parameters and metrics."""
    import pyarrow as pa  # noqa: PLC0415 - only where blocks are written or read

    columns = {"trial_id": pa.array([bytes.fromhex(identity) for identity in identities], pa.binary(32)), "new": pa.array(list(fresh))}
    columns |= {str(name): pa.array(sweep.frame[name].to_numpy()) for name in sweep.frame.columns}
    table = pa.table(columns).replace_schema_metadata({"plan_hash": sweep.plan_hash, "bars_per_year": repr(float(sweep.bars_per_year))})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def read_block(data: bytes) -> pa.Table:
    """Return the table of a stored block.

    Raises:
        StoreError: the bytes are no block.
    """
    import pyarrow as pa  # noqa: PLC0415 - only where blocks are written or read

    try:
        with pa.ipc.open_stream(data) as reader:
            return reader.read_all()
    except pa.ArrowInvalid as error:
        message = f"a block of trials cannot be read ({error}); run: workbench audit verify, then restore a backup"
        raise StoreError(message) from error


def _first_seen(identities: Sequence[str], before: set[str]) -> NDArray[np.bool_]:
    """Whether each trial is new; of equal points in one grid only the first is."""
    seen = set(before)
    fresh = np.zeros(len(identities), dtype=np.bool_)
    for place, identity in enumerate(identities):
        fresh[place] = identity not in seen
        seen.add(identity)
    return fresh


def _ids_in_blocks(session: Session, program_hash: str, dataset_hash: str) -> set[str]:
    """Trial ids in blocks that could hold the same trial: an id covers program and dataset."""
    query = select(TrialBlockRow.data).where(TrialBlockRow.program_hash == program_hash, TrialBlockRow.dataset_hash == dataset_hash)
    found: set[str] = set()
    for data in session.execute(query).scalars():
        found.update(identity.hex() for identity in read_block(data)["trial_id"].to_pylist())
    return found


def _known(session: Session, program_hash: str, dataset_hash: str) -> set[str]:
    query = select(TrialRow.trial_id).where(TrialRow.program_hash == program_hash, TrialRow.dataset_hash == dataset_hash)
    return _ids_in_blocks(session, program_hash, dataset_hash) | set(session.execute(query).scalars())
