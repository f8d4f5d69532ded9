"""The evidence for one strategy on one dataset: what the gates read, frozen, as JSON, under its own hash.

Nothing in it depends on when or where it was made, so making it again from the same bars and the same ledger gives the same hash. What was not looked at
is left out of the record, so evidence that was sealed before a piece existed keeps its hash.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from workbench.backtest.evidence.sharpe import (
    Moments,
    deflated_sharpe,
    min_backtest_length,
    min_track_record,
    null_variance,
    probabilistic_sharpe,
)
from workbench.content import canonical, content_hash
from workbench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workbench.backtest.evidence.effective_trials import EffectiveTrials
    from workbench.backtest.evidence.lookahead import Proof
    from workbench.backtest.evidence.pbo import Overfitting
    from workbench.backtest.ledger import Count
    from workbench.backtest.result import Result
    from workbench.backtest.walkforward import WalkForward

_INFINITE = MappingProxyType({"Infinity": math.inf, "-Infinity": -math.inf})
_LATER = frozenset(
    {
        "deflated_sharpe_null",
        "effective_trials",
        "min_backtest",
        "superior_ability",
        "permutation",
        "stress",
        "regimes",
        "capacity",
        "sensitivity",
        "resampled",
        "words",
    }
)
"""Fields that evidence sealed by earlier versions does not have."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything a LAB to PAPER gate asks for; None means that it was not looked at."""

    strategy: str
    """Name of the strategy."""
    archetype: str | None
    """Archetype of the strategy; policies may differ by it."""
    symbol: str
    """Instrument that was tested."""
    timeframe: str
    """Timeframe of the bars."""
    source: str
    """Where the bars came from."""
    synthetic: bool
    """True where the bars are made up: every face shows a badge."""
    first: str
    """Open time of the first bar, ISO 8601, UTC."""
    last: str
    """Open time of the last bar, ISO 8601, UTC."""
    bars: int
    """Number of bars."""
    spec_hash: str
    """Content hash of the strategy's specification."""
    program_hash: str
    """Content hash of the compiled rules."""
    dataset_hash: str
    """Content hash of the bars."""
    trial_id: str
    """The trial in the ledger, empty where none was recorded."""
    family: str
    """Family whose trials were counted, empty where none was recorded."""
    metrics: Mapping[str, float] = field(hash=False)
    """All of ``Metrics`` by name; NaN where a metric does not exist, such as a win rate without trades."""
    trials: int
    """Distinct trials counted in the family."""
    sharpe_variance: float
    """Variance of the Sharpe ratio per bar across the family's trials."""
    probabilistic_sharpe: float | None
    """Probability that the true Sharpe ratio is above zero, had this been the only trial."""
    deflated_sharpe: float | None
    """The same after allowing for all counted trials."""
    min_track_record: float | None
    """Bars needed before the Sharpe ratio is above zero with 95 % confidence; infinite where it is not positive."""
    pbo: float | None = None
    """Probability of backtest overfitting of the sweep that the parameters came from."""
    pbo_trials: int = 0
    """Number of points of that sweep."""
    robustness: float | None = None
    """Share of walk-forward folds with a positive Sharpe ratio out of sample."""
    robustness_threshold: float = 0.6
    """Share that the walk-forward itself asks for; a policy may ask for another."""
    folds: int = 0
    """Number of walk-forward folds."""
    oos_sharpe: float | None = None
    """Annual Sharpe ratio of the stitched out-of-sample equity."""
    look_ahead: bool | None = None
    """Whether no decision changed when later bars were taken away."""
    streaming: bool | None = None
    """Whether the live form decides the same as the batch form, bar by bar."""
    proof: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Coverage of the two proofs: truncations, bars streamed, the bar that betrays a failure."""
    cross_check: str = "absent"
    """Verdict of the second engine: equal, different or absent."""
    cross_check_detail: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Counts of independent and replayed fills, worst differences, first difference."""
    findings: tuple[Mapping[str, str], ...] = field(default=(), hash=False)
    """Findings of the validators: severity, code, message."""
    effective_trials: Mapping[str, Any] | None = field(default=None, hash=False)
    """What the counted trials are worth in independent ones, and ``deflated_sharpe`` with that number: the lenient side of the count."""
    min_backtest: float | None = None
    """Years below which the best of the counted trials, all worthless, is expected to show the Sharpe ratio measured; None where that is not positive."""
    deflated_sharpe_null: float | None = None
    """The deflated Sharpe ratio with the variance that worthless trials would have, in the place of the one that the counted trials show: the trials' own is
    inflated where some lose to costs or have an edge of their own."""
    superior_ability: Mapping[str, Any] | None = field(default=None, hash=False)
    """White's reality check and Hansen's three p-values over the sweep's points."""
    permutation: Mapping[str, Any] | None = field(default=None, hash=False)
    """How the rules do on shuffled bars."""
    stress: Mapping[str, Any] | None = field(default=None, hash=False)
    """What dearer and slower trading leaves."""
    regimes: Mapping[str, Any] | None = field(default=None, hash=False)
    """Where the money was made, by trend and volatility."""
    capacity: Mapping[str, Any] | None = field(default=None, hash=False)
    """How much money the edge carries."""
    sensitivity: Mapping[str, Any] | None = field(default=None, hash=False)
    """How the sweep's parameters matter, and how wide the plateau is."""
    resampled: Mapping[str, Any] | None = field(default=None, hash=False)
    """Combinatorial cross-validation, Monte Carlo and bootstrap, by name."""
    words: Mapping[str, str] = field(default_factory=dict, hash=False)
    """One sentence a piece, by the name of its field."""

    @cached_property
    def evidence_hash(self) -> str:
        """SHA-256 of the canonical JSON of ``to_dict()``."""
        return content_hash(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record: NaN as null, infinities as the words ``Infinity`` and ``-Infinity``; later pieces only where they were looked at."""
        return {name: _plain(value) for name, value in asdict(self).items() if name not in _LATER or value not in ({}, None)}

    def sentences(self) -> list[tuple[str, str]]:
        """Return what was found, a name and a sentence each, the deflated Sharpe ratio first; what was not looked at is left out."""
        found: list[tuple[str, str]] = []
        if self.deflated_sharpe is not None:
            said = f"{self.deflated_sharpe:.3f} after {self.trials:,} counted trials in family {self.family}"
            found.append(("deflated Sharpe", said))
        if self.probabilistic_sharpe is not None:
            found.append(("probabilistic Sharpe", f"{self.probabilistic_sharpe:.3f}, had this been the only trial"))
        if self.pbo is not None:
            found.append(("overfitting (PBO)", f"{self.pbo:.2f} over {self.pbo_trials:,} points of the sweep"))
        if self.robustness is not None:
            found.append(("walk-forward", f"{self.robustness:.0%} of {self.folds} folds hold, needs {self.robustness_threshold:.0%}"))
        found.append(("second engine", self.cross_check))
        found += [(name.replace("_", " "), words) for name, words in self.words.items() if name != "overfitting"]
        return found + [(finding["severity"], finding["message"]) for finding in self.findings]

    def to_json(self) -> str:
        """Return the canonical JSON text whose SHA-256 is ``evidence_hash``."""
        return canonical(self.to_dict()).decode()

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Evidence:
        """Return the evidence of a JSON record.

        Raises:
            InputError: a field is missing or unknown.
        """
        known = {entry.name for entry in fields(cls)}
        if set(record) | _LATER != known or not set(record) <= known:
            message = f"an evidence record misses {sorted(known - _LATER - set(record))} and has unknown {sorted(set(record) - known)}"
            raise InputError(message)
        values = {name: _restored(value) for name, value in record.items()}
        metrics = {name: math.nan if value is None else value for name, value in values["metrics"].items()}
        return cls(**{**values, "metrics": metrics, "findings": tuple(values["findings"])})

    @classmethod
    def from_json(cls, text: str) -> Evidence:
        """Return the evidence of its JSON text.

        Raises:
            InputError: the text is no JSON object of these fields.
        """
        try:
            record = json.loads(text)
        except json.JSONDecodeError as error:
            message = f"an evidence record cannot be read: {error}"
            raise InputError(message) from error
        if not isinstance(record, dict):
            message = f"an evidence record is a JSON object, not {type(record).__name__}"
            raise InputError(message)
        return cls.from_dict(record)


class Piece(Protocol):
    """One piece of evidence: a record and a sentence."""

    @property
    def words(self) -> str:
        """One sentence for a person."""

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""


def assemble(  # noqa: PLR0913 - one keyword a piece of evidence
    result: Result,
    count: Count | None = None,
    *,
    trial_id: str = "",
    walk_forward: WalkForward | None = None,
    overfitting: Overfitting | None = None,
    proof: Proof | None = None,
    findings: Iterable[Any] = (),
    effective: EffectiveTrials | None = None,
    superior_ability: Piece | None = None,
    permutation: Piece | None = None,
    stress: Piece | None = None,
    regimes: Piece | None = None,
    capacity: Piece | None = None,
    sensitivity: Piece | None = None,
    resampled: Mapping[str, Piece] | None = None,
) -> Evidence:
    """Return the evidence of ``result`` from its pieces; a piece that is missing is left as not looked at.

    ``count`` is ``Ledger.count(family)``: without it nothing was counted and the deflated Sharpe ratio is missing, never guessed. ``effective`` is
    what those trials are worth; the gates go by the count.
    """
    moments = Moments.of(result.returns.to_numpy())
    checked = result.crosscheck
    variance = count.variance_per_bar(result.bars_per_year) if count else 0.0
    pieces: dict[str, Piece | None] = {
        "superior_ability": superior_ability,
        "permutation": permutation,
        "stress": stress,
        "regimes": regimes,
        "capacity": capacity,
        "sensitivity": sensitivity,
    }
    return Evidence(
        **_identity(result),
        trial_id=trial_id,
        family=count.family if count else "",
        metrics={name: float(value) for name, value in result.metrics.items()},
        trials=count.trials if count else 0,
        sharpe_variance=variance,
        probabilistic_sharpe=probabilistic_sharpe(moments),
        deflated_sharpe=deflated_sharpe(moments, trials=max(1, count.trials), variance=variance) if count else None,
        min_track_record=min_track_record(moments),
        pbo=overfitting.pbo if overfitting else None,
        pbo_trials=overfitting.trials if overfitting else 0,
        robustness=walk_forward.robustness if walk_forward else None,
        robustness_threshold=walk_forward.threshold if walk_forward else 0.6,
        folds=walk_forward.planned if walk_forward else 0,
        oos_sharpe=walk_forward.oos_sharpe if walk_forward else None,
        look_ahead=proof.causal if proof else None,
        streaming=proof.streaming if proof else None,
        proof=proof.to_dict() if proof else {},
        cross_check=checked.verdict,
        cross_check_detail=checked.to_dict(),
        findings=tuple({"severity": f"{f.severity}", "code": f"{f.code}", "message": f"{f.message}"} for f in findings),
        effective_trials=_worth(effective, moments, variance) if effective and count else None,
        deflated_sharpe_null=_null(moments, count),
        min_backtest=_min_backtest(moments, count, result.bars_per_year),
        superior_ability=_record(superior_ability),
        permutation=_record(permutation),
        stress=_record(stress),
        regimes=_record(regimes),
        capacity=_record(capacity),
        sensitivity=_record(sensitivity),
        resampled={name: piece.to_dict() for name, piece in resampled.items()} if resampled else None,
        words=_said({**pieces, "effective_trials": effective, "overfitting": overfitting, "proof": proof, **(resampled or {})}),
    )


def _worth(effective: EffectiveTrials, moments: Moments, variance: float) -> dict[str, Any]:
    """The effective number with the deflated Sharpe ratio that it gives."""
    return effective.to_dict() | {"deflated_sharpe": deflated_sharpe(moments, trials=effective.effective, variance=variance)}


def _record(piece: Piece | None) -> dict[str, Any] | None:
    return piece.to_dict() if piece is not None else None


def _null(moments: Moments, count: Count | None) -> float | None:
    return deflated_sharpe(moments, trials=max(1, count.trials), variance=null_variance(moments.observations)) if count else None


def _min_backtest(moments: Moments, count: Count | None, bars_per_year: float) -> float | None:
    annual = moments.sharpe * math.sqrt(bars_per_year)
    return min_backtest_length(max(1, count.trials), annual) if count and annual > 0.0 else None


def _said(pieces: Mapping[str, Any]) -> dict[str, str]:
    """Sentences by piece; pieces without one are left out."""
    return {name: str(piece.words) for name, piece in pieces.items() if getattr(piece, "words", None)}


def _identity(result: Result) -> dict[str, Any]:
    bars, spec = result.bars, result.spec
    return {
        "strategy": spec.name,
        "archetype": spec.archetype,
        "symbol": bars.instrument.symbol,
        "timeframe": bars.timeframe.value,
        "source": bars.source,
        "synthetic": bars.synthetic,
        "first": bars.frame.index[0].isoformat(),
        "last": bars.frame.index[-1].isoformat(),
        "bars": len(bars),
        "spec_hash": spec.spec_hash,
        "program_hash": result.program_hash,
        "dataset_hash": bars.dataset_hash,
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        if math.isnan(value):
            return None
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return value + 0.0  # minus zero becomes zero
    return value


def _restored(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {name: _restored(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_restored(item) for item in value]
    return _INFINITE.get(value, value) if isinstance(value, str) else value
