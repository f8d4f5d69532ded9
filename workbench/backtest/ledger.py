"""The trial ledger: every distinct evaluation is counted once, so that nobody has to remember how often they tried.

1. A trial's id is the content hash of program, dataset, window, fill rules and fill model version, with its parameters (``trial_ids``).
2. A family pools the trials on the same symbols and lineage (``family_of``); opening one is audited.
3. ``record`` writes one trial, ``record_all`` several that were made elsewhere. ``record_sweep`` writes Arrow blocks of at most 100 000 points (``trial_blocks``) and one audit event; what takes long is
   worked out before the transaction (``_Draft``), so that nobody waits for it. Each is one transaction, so a kill leaves all or nothing. What was there
   before is not counted again, whether it was single or in a block.
4. ``count`` gives the number of distinct trials and the variance of their Sharpe ratios, which the deflated Sharpe ratio needs; ``sample`` gives some of
   the trials with their block sums, from which the effective number of trials is estimated.

Sharpe ratios of different timeframes meet in one family: sums and variances are of *annual* ratios; a trial that never traded has ratio 0.
"""

from __future__ import annotations

import getpass
import math
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import func, select

from workbench.backtest.metrics import table
from workbench.backtest.trial_blocks import encoded, known_ids, read_block, sums_of
from workbench.backtest.trial_ids import Seen, family_of, ground_of, hexes, identities, trial_id
from workbench.backtest.trial_record import Tried
from workbench.backtest.trial_sample import TrialSample, drawn
from workbench.content import bytes_hash
from workbench.store import chain, outbox
from workbench.store.tables import TrialBlockRow, TrialRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

    from workbench.backtest.result import Result
    from workbench.backtest.sweep import SweepResult
    from workbench.backtest.trial_ids import Ids
    from workbench.store.database import Database

__all__ = [
    "Block", "Count", "Ledger", "Trial", "TrialSample", "Tried", "count_in", "family_of", "ground_of", "identities", "read_block", "recorded", "trial_id",
]  # fmt: skip


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
    """Identifier of its first block; that of the earlier one where the same plan was recorded before."""
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
        return self.record_all([Tried.of(result)])[0]

    def record_all(self, tried: Sequence[Tried]) -> list[Trial]:
        """Count evaluations that were made elsewhere, such as in a child process, in one transaction; those that were there before change nothing."""
        with self._database.session() as session:
            chain.lock(session.connection())
            return [self._record(session, one) for one in tried]

    def _record(self, session: Session, tried: Tried) -> Trial:
        known = session.get(TrialRow, tried.trial_id)
        if known is not None:
            return Trial(trial_id=tried.trial_id, family=known.family, new=False)
        if tried.trial_id in Seen(known_ids(session, tried.program_hash, tried.dataset_hash)):
            return Trial(trial_id=tried.trial_id, family=tried.family, new=False)
        self._open_family(session, tried.family, {"symbols": list(tried.symbols), "name": tried.name, "spec": tried.spec_hash})
        session.add(tried.row(self._owner))
        session.flush()
        detail = {"family": tried.family, "program": tried.program_hash, "dataset": tried.dataset_hash}
        chain.append(session, actor=self._owner, action="trial.recorded", subject=f"trial:{tried.trial_id[:16]}", detail=detail)
        return Trial(trial_id=tried.trial_id, family=tried.family, new=True)

    def record_sweep(self, sweep: SweepResult) -> Block:
        """Count all finished points of ``sweep`` and return what is new; points that were there before are not counted again.

        Raises:
            StoreError: the journal of points that the sweep does not hold went away.
        """
        same = (sweep.program_hash, sweep.bars.dataset_hash)
        family = family_of(sweep.spec)
        with self._database.read() as session:
            stamp, seen = _stamp(session, *same), Seen(known_ids(session, *same))
        draft = _Draft(sweep, seen)
        try:
            with self._database.session() as session:
                chain.lock(session.connection())
                if _stamp(session, *same) != stamp:  # somebody counted the same program on the same bars meanwhile
                    draft.close()
                    draft = _Draft(sweep, Seen(known_ids(session, *same)))
                if not draft.new:
                    return Block(block_id=_earlier(session, sweep), family=family, trials=draft.trials, new=0)
                about = {"symbols": sorted(sweep.spec.symbols), "name": sweep.spec.name, "spec": sweep.spec.spec_hash}
                self._open_family(session, family, about)
                block = self._write(session, sweep, family, draft)
        finally:
            draft.close()
        return Block(block_id=block, family=family, trials=draft.trials, new=draft.new)

    def count(self, family: str) -> Count:
        """Return how many distinct trials ``family`` holds and how much their annual Sharpe ratios vary."""
        with self._database.read() as session:
            return count_in(session, family)

    def families(self) -> list[Count]:
        """Return the count of every family, by name."""
        with self._database.read() as session:
            named = {
                name for column in (TrialRow.family, TrialBlockRow.family) for name in session.execute(select(column).distinct()).scalars()
            }
            return [count_in(session, name) for name in sorted(named)]

    def sample(self, family: str, points: int = 1_000, *, seed: int = 7) -> TrialSample:
        """Return at most ``points`` trials of ``family`` with their block sums, drawn evenly from all of them; the same for the same ``seed``."""
        with self._database.read() as session:
            return drawn(session, family, points, seed)

    def known(self, program_hash: str, dataset_hash: str) -> set[str]:
        """Return the ids of all trials of a program on a dataset; for millions ask ``unseen``."""
        with self._database.read() as session:
            return {text for ids in known_ids(session, program_hash, dataset_hash) for text in hexes(ids)}

    def unseen(self, program_hash: str, dataset_hash: str, ids: Ids) -> int:
        """Return how many of the ``ids`` of a program on a dataset are not in the ledger, to tell beforehand what a run would add."""
        with self._database.read() as session:
            return int(Seen(known_ids(session, program_hash, dataset_hash)).add(ids).sum())

    def trials_on(self, dataset_hash: str) -> int:
        """Return how many distinct trials were ever made on exactly these bars: a stretch that is held out stays one only while few have looked at it."""
        with self._database.read() as session:
            blocks = session.execute(
                select(func.coalesce(func.sum(TrialBlockRow.new_trials), 0)).where(TrialBlockRow.dataset_hash == dataset_hash)
            )
            singles = session.execute(select(func.count()).select_from(TrialRow).where(TrialRow.dataset_hash == dataset_hash))
            return int(blocks.scalar_one()) + int(singles.scalar_one())

    def sharpe_variance(self, family: str, bars_per_year: float = 1.0) -> float:
        """Return the variance of the Sharpe ratios over the family's trials: annual, or per bar given ``bars_per_year``."""
        return self.count(family).variance_per_bar(bars_per_year)

    def _write(self, session: Session, sweep: SweepResult, family: str, draft: _Draft) -> str:
        """Insert the drafted blocks with their audit event and message; return the id of the first."""
        first, sealed = "", []
        for part, data in draft.blocks():
            row = TrialBlockRow(
                family=family,
                plan_hash=sweep.plan_hash,
                program_hash=sweep.program_hash,
                dataset_hash=sweep.bars.dataset_hash,
                trials=part.trials,
                new_trials=part.new,
                sharpe_sum=part.sharpe_sum,
                sharpe_square_sum=part.sharpe_square_sum,
                data=data,
                owner=self._owner,
            )
            session.add(row)
            session.flush()
            first = first or row.id
            session.expunge(row)
            sealed.append(bytes_hash(data))
        detail = {
            "family": family,
            "plan": sweep.plan_hash,
            "trials": draft.trials,
            "new": draft.new,
            "blocks": len(sealed),
            "data": sealed[0] if len(sealed) == 1 else bytes_hash("\n".join(sealed).encode()),
        }
        chain.append(session, actor=self._owner, action="sweep.recorded", subject=f"block:{first}", detail=detail)
        outbox.publish(session, "sweep_recorded", {"block": first, **{name: detail[name] for name in ("family", "trials", "new")}})
        return first

    def _open_family(self, session: Session, family: str, about: Mapping[str, Any]) -> None:
        """A new family starts its count at zero: that is an act, and it is audited."""
        for recorded_in in (TrialRow, TrialBlockRow):
            if session.execute(select(recorded_in.family).where(recorded_in.family == family).limit(1)).first() is not None:
                return
        chain.append(session, actor=self._owner, action="family.opened", subject=f"family:{family}", detail=about)


@dataclass(frozen=True, kw_only=True)
class _Part:
    """One block before it has a row."""

    trials: int
    new: int
    sharpe_sum: float
    sharpe_square_sum: float
    size: int


class _Draft:
    """The blocks of a sweep, worked out before the transaction that writes them; on disk, because they may be many."""

    def __init__(self, sweep: SweepResult, seen: Seen) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=64 * 2**20)  # noqa: SIM115 - closed with the draft
        try:
            self._parts = [self._part(sweep, seen, *part) for part in sweep.parts()]
        except BaseException:
            self.close()
            raise
        self.trials = sum(part.trials for part in self._parts)
        self.new = sum(part.new for part in self._parts)

    def _part(
        self, sweep: SweepResult, seen: Seen, places: NDArray[np.int64], values: NDArray[np.float64], rows: NDArray[np.float64]
    ) -> _Part:
        ids = identities(sweep.spec, sweep.program_hash, sweep.bars.dataset_hash, sweep.axes, values)
        fresh = seen.add(ids)
        metrics = table(rows, len(sweep.bars), sweep.bars_per_year, sweep.rules.initial_cash)
        columns = {name: values[:, column] for column, name in enumerate(sweep.parameters)} | metrics
        sampled = np.isin(places, sweep.sampled.places)
        data = encoded(sweep, columns, ids=ids, fresh=fresh, sums=sums_of(rows), sampled=sampled)
        self._file.write(data)
        ratios = np.nan_to_num(metrics["sharpe"])[fresh]
        return _Part(
            trials=len(ids),
            new=int(fresh.sum()),
            sharpe_sum=float(ratios.sum()),
            sharpe_square_sum=float((ratios**2).sum()),
            size=len(data),
        )

    def blocks(self) -> Iterator[tuple[_Part, bytes]]:
        """Return the blocks with something new, one at a time."""
        self._file.seek(0)
        for part in self._parts:
            data = self._file.read(part.size)
            if part.new:
                yield part, data

    def close(self) -> None:
        """Remove what was written to disk."""
        self._file.close()


def recorded(session: Session, identity: str, *, program_hash: str, dataset_hash: str) -> Mapping[str, float | None] | None:
    """Return the metrics that were recorded with a trial: none of them for a point of a sweep, None for a trial that is not in the ledger."""
    row = session.get(TrialRow, identity)
    if row is not None:
        return dict(row.metrics) if (row.program_hash, row.dataset_hash) == (program_hash, dataset_hash) else None
    return {} if identity in Seen(known_ids(session, program_hash, dataset_hash)) else None


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


def _stamp(session: Session, program_hash: str, dataset_hash: str) -> tuple[int, int]:
    """Return how many blocks and single trials a program has on a dataset: nothing is ever removed, so equal numbers mean the same trials."""
    found = [
        session.execute(
            select(func.count()).select_from(rows).where(rows.program_hash == program_hash, rows.dataset_hash == dataset_hash)
        ).scalar_one()
        for rows in (TrialBlockRow, TrialRow)
    ]
    return int(found[0]), int(found[1])


def _earlier(session: Session, sweep: SweepResult) -> str:
    query = select(TrialBlockRow.id).where(TrialBlockRow.plan_hash == sweep.plan_hash).limit(1)
    return session.execute(query).scalar() or ""
