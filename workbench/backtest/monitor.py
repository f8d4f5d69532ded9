"""The monitor: how strategies are read, verified, walked forward and optimised over time, and the last hundred verifications.

``Monitor.record`` keeps one verification with how it came to be. ``Monitor.report`` and ``Monitor.proof`` read the database when they are called and keep nothing, so a
proof that is looked at twice is read twice.
"""

from __future__ import annotations

import getpass
import math
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from workbench.backtest.evidence import drawing
from workbench.backtest.verification import Verification
from workbench.errors import DataUnavailableError
from workbench.store.tables import VerificationRow, new_id
from workbench.strategy.validators import record_fallback

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import pandas as pd

    from workbench.backtest.evidence.pbo import Overfitting
    from workbench.backtest.sweep import SweepResult
    from workbench.backtest.walkforward import WalkForward
    from workbench.store.database import Database
    from workbench.strategy.validators import Finding

LAST = 100


@dataclass(frozen=True, kw_only=True)
class Verified:
    """One verification as it was kept."""

    id: str
    """Identifier."""
    verification: Verification
    """The answers."""
    parse_method: str
    """How the rules were read: strict, relaxed, fallback or python."""
    confidence: float | None
    """How sure that reading was."""
    robustness: float | None
    """Share of walk-forward folds that held."""
    points: int | None
    """Points of the optimisation."""
    evidence_hash: str | None
    """Evidence that was made with it."""
    owner: str
    """Who verified."""
    at: datetime
    """When, aware UTC."""

    @property
    def words(self) -> str:
        """Say it in a sentence."""
        return f"{self.verification.strategy} on {self.verification.symbol} {self.verification.timeframe}: {self.verification.words}"

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        return {**asdict(self), "verification": self.verification.to_dict(), "at": self.at.isoformat()}


@dataclass(frozen=True, kw_only=True)
class MonitorReport:
    """What all verifications say together; shares are None where there is nothing to share."""

    verifications: int
    """How many there are."""
    pass_rate: float | None
    """Share that passed."""
    pass_rates: Mapping[str, float]
    """Share that passed each check, by its name."""
    by_archetype: Mapping[str, float]
    """Share that passed, by archetype; ``none`` for strategies without one."""
    parse_methods: Mapping[str, int]
    """How often rules were read each way."""
    confidence: float | None
    """Mean confidence of the readings."""
    fallback_rate: float | None
    """Share of all rules for which an archetype stood in."""
    walk_forwards: int
    """Verifications with a walk-forward."""
    held: float | None
    """Share of them whose folds held often enough."""
    robustness: float | None
    """Mean share of folds that held."""
    optimisations: int
    """Verifications with an optimisation."""
    points: int
    """Points of all of them."""
    best_sharpe: float | None
    """Mean annual Sharpe ratio of their best points."""
    overfitting: float | None
    """Mean probability of backtest overfitting."""
    findings: tuple[Finding, ...]
    """What deserves an alert: too many fallbacks."""
    last: tuple[Verified, ...]
    """The newest verifications, newest first."""

    @property
    def words(self) -> str:
        """Say it in a sentence."""
        if not self.verifications:
            return "nothing was verified yet"
        sure = f", rules read with {self.confidence:.0%} confidence" if self.confidence is not None else ""
        return f"{self.verifications:,} verifications, {self.pass_rate:.0%} passed{sure}; {self.walk_forwards:,} walk-forwards, {self.optimisations:,} optimisations"

    @property
    def frame(self) -> pd.DataFrame:
        """One row for each of the last verifications: at, strategy, symbol, timeframe, passed, parse_method, confidence, robustness, points, words."""
        import pandas as pd  # noqa: PLC0415 - only where somebody looks

        rows = [
            {
                "at": entry.at,
                "strategy": entry.verification.strategy,
                "symbol": entry.verification.symbol,
                "timeframe": entry.verification.timeframe,
                "passed": entry.verification.passed,
                "parse_method": entry.parse_method,
                "confidence": entry.confidence,
                "robustness": entry.robustness,
                "points": entry.points,
                "words": entry.verification.words,
            }
            for entry in self.last
        ]
        return pd.DataFrame(rows)

    def figure(self) -> Any:  # noqa: ANN401 - a plotly figure
        """Return the pass rate of each check."""
        return drawing.columns(list(self.pass_rates), list(self.pass_rates.values()), title=self.words, of="share passed")

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__ if name not in {"last", "findings"}}
        fields = {name: dict(value) if hasattr(value, "items") else value for name, value in fields.items()}
        return drawing.recorded(fields) | {
            "findings": [asdict(finding) for finding in self.findings],
            "last": [entry.to_dict() for entry in self.last],
        }

    def _repr_html_(self) -> str:
        return drawing.card("Monitor", self.words, self.frame.head(10))


class Monitor:
    """The monitor of one database; every method is one transaction."""

    def __init__(self, database: Database, *, owner: str | None = None) -> None:
        """Write as ``owner``, the user of the operating system by default."""
        self._database = database
        self._owner = owner or getpass.getuser()

    def record(
        self,
        verification: Verification,
        *,
        strategy: Any = None,  # noqa: ANN401 - a strategy of rules or of Python
        fallbacks: int = 0,
        walk_forward: WalkForward | None = None,
        swept: SweepResult | None = None,
        overfitting: Overfitting | None = None,
        evidence_hash: str | None = None,
    ) -> str:
        """Keep a verification with how it came to be and return its identifier; ``fallbacks`` are rules for which the archetype stood in."""
        fallbacks = fallbacks or len(getattr(getattr(strategy, "parse", None), "fallbacks", ()))
        method, confidence, rules = read_as(strategy, fallbacks)
        row = VerificationRow(
            id=new_id(),
            strategy=verification.strategy,
            archetype=verification.archetype,
            symbol=verification.symbol,
            timeframe=verification.timeframe,
            spec_hash=verification.spec_hash,
            dataset_hash=verification.dataset_hash,
            passed=verification.passed,
            record=verification.to_dict(),
            parse_method=method,
            confidence=confidence,
            rules=rules,
            fallbacks=fallbacks,
            robustness=_finite(walk_forward.robustness) if walk_forward else None,
            robust=walk_forward.robust if walk_forward else None,
            points=int(swept.finished) if swept is not None else None,
            best_sharpe=_finite(float(swept.frame["sharpe"].max())) if swept is not None and len(swept.frame) else None,
            overfitting=_finite(overfitting.pbo) if overfitting else None,
            evidence_hash=evidence_hash,
            owner=self._owner,
        )
        with self._database.session() as session:
            session.add(row)
            return row.id

    def proof(self, spec_hash: str) -> Verified:
        """Return the newest verification of a specification, read now.

        Raises:
            DataUnavailableError: it was never verified.
        """
        query = select(VerificationRow).where(VerificationRow.spec_hash == spec_hash).order_by(VerificationRow.at.desc()).limit(1)
        with self._database.read() as session:
            row = session.execute(query).scalar_one_or_none()
        if row is None:
            message = f"strategy {spec_hash[:12]} was never verified; run: bench.verify(strategy, bars)"
            raise DataUnavailableError(message)
        return _verified(row)

    def last(self, count: int = LAST) -> tuple[Verified, ...]:
        """Return the newest verifications, newest first."""
        query = select(VerificationRow).order_by(VerificationRow.at.desc(), VerificationRow.id).limit(count)
        with self._database.read() as session:
            return tuple(_verified(row) for row in session.execute(query).scalars())

    def report(self, count: int = LAST) -> MonitorReport:
        """Return what all verifications say together, read now, with the newest ``count``."""
        with self._database.read() as session:
            rows = list(session.execute(select(VerificationRow).order_by(VerificationRow.at.desc(), VerificationRow.id)).scalars())
        walked = [row for row in rows if row.robustness is not None]
        swept = [row for row in rows if row.points is not None]
        rules, fallbacks = sum(row.rules for row in rows), sum(row.fallbacks for row in rows)
        checks: dict[str, list[bool]] = {}
        for row in rows:
            for check in row.record["checks"]:
                checks.setdefault(check["name"], []).append(check["passed"])
        archetypes: dict[str, list[bool]] = {}
        for row in rows:
            archetypes.setdefault(row.archetype or "none", []).append(row.passed)
        return MonitorReport(
            verifications=len(rows),
            pass_rate=_mean([row.passed for row in rows]),
            pass_rates={name: sum(passed) / len(passed) for name, passed in checks.items()},
            by_archetype={name: sum(passed) / len(passed) for name, passed in sorted(archetypes.items())},
            parse_methods=dict(sorted(Counter(row.parse_method for row in rows).items())),
            confidence=_mean([row.confidence for row in rows]),
            fallback_rate=fallbacks / rules if rules else None,
            walk_forwards=len(walked),
            held=_mean([row.robust for row in walked]),
            robustness=_mean([row.robustness for row in walked]),
            optimisations=len(swept),
            points=sum(row.points or 0 for row in swept),
            best_sharpe=_mean([row.best_sharpe for row in swept]),
            overfitting=_mean([row.overfitting for row in swept]),
            findings=tuple(record_fallback(fallbacks, rules)),
            last=tuple(_verified(row) for row in rows[:count]),
        )


def read_as(strategy: Any, fallbacks: int = 0) -> tuple[str, float | None, int]:  # noqa: ANN401 - a strategy of rules or of Python
    """Return how the rules of ``strategy`` were read (strict, relaxed, fallback or python), how surely, and how many there are."""
    parsed = getattr(strategy, "parse", None)
    if parsed is None:
        return "python" if strategy is not None else "strict", None, 0
    rules = parsed.rules
    relaxed = any(rule.reading for rule in rules.values())
    return "fallback" if fallbacks else "relaxed" if relaxed else "strict", float(parsed.confidence), len(rules)


def _verified(row: VerificationRow) -> Verified:
    return Verified(
        id=row.id,
        verification=Verification.from_dict(row.record),
        parse_method=row.parse_method,
        confidence=row.confidence,
        robustness=row.robustness,
        points=row.points,
        evidence_hash=row.evidence_hash,
        owner=row.owner,
        at=row.at,
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [float(value) for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
