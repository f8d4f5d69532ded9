"""The evidence for one strategy on one dataset: what the gates read, frozen, as JSON, under its own hash.

Nothing in it depends on when or where it was made, so making it again from the same bars and the same ledger gives the same hash.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from workbench.backtest.evidence.sharpe import Moments, deflated_sharpe, min_track_record, probabilistic_sharpe
from workbench.content import canonical, content_hash
from workbench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workbench.backtest.evidence.lookahead import Proof
    from workbench.backtest.evidence.pbo import Overfitting
    from workbench.backtest.ledger import Count
    from workbench.backtest.result import Result
    from workbench.backtest.walkforward import WalkForward

_INFINITE = MappingProxyType({"Infinity": math.inf, "-Infinity": -math.inf})


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

    @cached_property
    def evidence_hash(self) -> str:
        """SHA-256 of the canonical JSON of ``to_dict()``."""
        return content_hash(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record: NaN as null, infinities as the words ``Infinity`` and ``-Infinity``."""
        return {name: _plain(value) for name, value in asdict(self).items()}

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
        if set(record) != known:
            message = f"an evidence record misses {sorted(known - set(record))} and has unknown {sorted(set(record) - known)}"
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


def assemble(
    result: Result,
    count: Count | None = None,
    *,
    trial_id: str = "",
    walk_forward: WalkForward | None = None,
    overfitting: Overfitting | None = None,
    proof: Proof | None = None,
    findings: Iterable[Any] = (),
) -> Evidence:
    """Return the evidence of ``result`` from its pieces; a piece that is missing is left as not looked at.

    ``count`` is ``Ledger.count(family)``: without it nothing was counted and the deflated Sharpe ratio is missing, never guessed.
    """
    moments = Moments.of(result.returns.to_numpy())
    checked = result.crosscheck
    return Evidence(
        **_identity(result),
        trial_id=trial_id,
        family=count.family if count else "",
        metrics={name: float(value) for name, value in result.metrics.items()},
        trials=count.trials if count else 0,
        sharpe_variance=count.variance_per_bar(result.bars_per_year) if count else 0.0,
        probabilistic_sharpe=probabilistic_sharpe(moments),
        deflated_sharpe=deflated_sharpe(moments, trials=max(1, count.trials), variance=count.variance_per_bar(result.bars_per_year))
        if count
        else None,
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
    )


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
