"""Fail-fast validators: what must not become a bot, what must not be promoted, what is only worth a line in the log.

SEV-0 blocks creation, SEV-1 blocks promotion, SEV-2 is logged. A spec that contradicts itself never gets here (``contradictions.py``); these look
at what is allowed and still wrong for trading. Each ``validate_...`` takes plain values, so that a form can ask before a spec exists;
``validate`` asks all of them about a spec.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from workbench.errors import (
    BacktestError,
    CorruptDataError,
    DataUnavailableError,
    InputError,
    SpecError,
    StoreError,
    UnknownNameError,
)
from workbench.portfolio import Brackets, Costs, Sizing
from workbench.strategy.archetypes import infer, resolve
from workbench.strategy.rules.parse import parse_rule
from workbench.units import AssetClass, instrument, session_mode, timeframe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.portfolio import Limits
    from workbench.strategy.spec import StrategySpec

Severity = Literal["SEV-0", "SEV-1", "SEV-2"]
ErrorClass = Literal["CRITICAL", "RECOVERABLE", "WARNING"]

VARIANCE_ALERT_THRESHOLD = 0.001
"""Variance of a metric over a batch below which the batch is taken for one run repeated by mistake."""
FALLBACK_ALERT_THRESHOLD = 0.05
"""Share of rules that fell back to their archetype above which the reading of rules is taken to be broken."""
_MIN_BATCH = 3
_WIDE_STOP = 0.25
_HIGH_RISK = 0.05
_METRICS = ("sharpe", "max_drawdown", "win_rate")
_HARD_WARNINGS = frozenset({"constant", "same-sides", "never-true", "always-true"})


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing a validator found."""

    severity: Severity
    """SEV-0 blocks creation, SEV-1 blocks promotion, SEV-2 is logged."""
    code: str
    """Short name, stable, such as ``no-stop``."""
    message: str
    """What is wrong and what would be right, one sentence."""

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.severity} {self.code}: {self.message}"


def validate(spec: StrategySpec) -> list[Finding]:
    """Return everything the validators find in ``spec``, most severe first."""
    exits = all(f"exit_{side}" in spec.rules for side in ("long", "short") if f"entry_{side}" in spec.rules)
    found = [finding for symbol in spec.symbols for finding in validate_symbol(symbol)]
    found += validate_timeframe(spec.timeframe.value)
    found += validate_session_mode(spec.session_mode.value if spec.session_mode else None)
    found += validate_archetype(spec.archetype, spec.name)
    costs = spec.costs or Costs.of(instrument(spec.symbols[0]))
    found += validate_risk_config(spec.brackets, spec.sizing, spec.limits, costs, exits_by_rule=exits)
    found += _rules(spec)
    stands = spec.provenance.fallbacks
    found += [_finding("SEV-1", "fallback", str(entry)) for entry in stands] + record_fallback(len(stands), len(spec.rules))
    return sorted(found, key=lambda finding: finding.severity)


def validate_risk_config(
    brackets: Brackets, sizing: Sizing | None, limits: Limits | None = None, costs: Costs | None = None, *, exits_by_rule: bool = False
) -> list[Finding]:
    """Return what is wrong with stop, target and size; ``exits_by_rule`` says whether every side has a rule that closes it."""
    found: list[Finding] = []
    stop = brackets.stop or brackets.trailing
    if stop is None:
        found.append(_finding("SEV-0", "no-stop", "there is no stop, so a loss has no end; add for example stop='2%' or '2 atr'"))
    elif stop.kind == "percent" and stop.value > _WIDE_STOP:
        found.append(_finding("SEV-1", "wide-stop", f"a stop of {stop} gives up more than a quarter of the price; bring it nearer"))
    elif stop.kind == "ticks" and costs is not None and stop.value <= costs.slippage_ticks:
        found.append(_finding("SEV-1", "stop-in-spread", f"a stop of {stop} is not wider than the slippage; every entry would be stopped"))
    if brackets.target is None:
        closes = exits_by_rule or brackets.trailing is not None or brackets.time_stop_bars is not None
        told = "gains are closed by rules, a trailing stop or time" if closes else "nothing takes a gain; add a target or an exit rule"
        found.append(_finding("SEV-2" if closes else "SEV-1", "no-target", f"there is no target: {told}"))
    if sizing is None:
        found.append(_finding("SEV-0", "no-size", "there is no size; add for example sizing='1 contract'"))
    elif sizing.kind == "risk" and sizing.value > _HIGH_RISK:
        found.append(_finding("SEV-1", "high-risk", f"{sizing} of equity a trade: ten losses in a row take over 40%; 1% or less is usual"))
    if limits is not None and limits.max_daily_loss is None:
        found.append(_finding("SEV-2", "no-daily-loss", "no daily loss ends the session; consider limits={'max_daily_loss': 0.02}"))
    return found


def validate_archetype(name: str | None, strategy_name: str = "") -> list[Finding]:
    """Return what is wrong with an archetype's name; an unknown one may still be inferred from the strategy's."""
    if name is None:
        near = infer(strategy_name)
        hint = f"the name speaks of {near.name}" if near else "evidence cannot be compared with others of its kind"
        return [_finding("SEV-2", "no-archetype", f"no archetype is set: {hint}")]
    try:
        entry = resolve(name, strategy_name)
    except UnknownNameError as error:
        return [_finding("SEV-0", "unknown-archetype", str(error))]
    if infer(name) is not entry and entry.name != name:
        return [_finding("SEV-2", "inferred-archetype", f"{name!r} is no archetype; {entry.name} is taken from the name {strategy_name!r}")]
    return []


def validate_session_mode(name: str | None) -> list[Finding]:
    """Return what is wrong with a session mode: an invalid one blocks, none at all is the instrument's own and is logged."""
    if name is None:
        return [
            _finding(
                "SEV-2", "implicit-session", "no session mode is set, the instrument's own hours count; say so with session_mode='RTH_US'"
            )
        ]
    return _known(session_mode, name, "unknown-session-mode")


def validate_symbol(name: str) -> list[Finding]:
    """Return what is wrong with a symbol: an unknown one blocks, one that no venue trades is logged."""
    unknown = _known(instrument, name, "unknown-symbol")
    if unknown:
        return unknown
    entry = instrument(name)
    if entry.asset_class is AssetClass.INDEX:
        return [_finding("SEV-2", "index", f"{entry.symbol} is an index and cannot be bought itself; a fund or a future stands for it")]
    return []


def validate_timeframe(name: str) -> list[Finding]:
    """Return what is wrong with a timeframe: an unknown one blocks."""
    return _known(timeframe, name, "unknown-timeframe")


def validate_promotion_metrics(metrics: Mapping[str, float | None]) -> list[Finding]:
    """Return which of Sharpe, drawdown and win rate are missing or not a number; promotion needs all three."""
    found: list[Finding] = []
    for name in _METRICS:
        value = metrics.get(name)
        if value is None or not math.isfinite(value):
            told = "missing" if value is None else f"{value}"
            found.append(
                _finding("SEV-1", f"no-{name.replace('_', '-')}", f"{name} is {told}; run the backtest on enough bars to measure it")
            )
    return found


def classify_backtest_error(error: BaseException) -> ErrorClass:
    """Return whether an error halts the batch (CRITICAL), may be retried or skipped (RECOVERABLE), or is only noted (WARNING)."""
    if isinstance(error, BacktestError):
        given = error.severity.upper()
        return "RECOVERABLE" if given == "RECOVERABLE" else "WARNING" if given == "WARNING" else "CRITICAL"
    if isinstance(error, Warning):
        return "WARNING"
    if isinstance(error, CorruptDataError | SpecError):
        return "CRITICAL"
    if isinstance(error, InputError | DataUnavailableError | StoreError | OSError | KeyboardInterrupt):
        return "RECOVERABLE"
    return "CRITICAL"


def record_batch_metrics(values: Sequence[float], what: str = "sharpe", threshold: float = VARIANCE_ALERT_THRESHOLD) -> list[Finding]:
    """Return a finding where a metric hardly varies over a batch of different runs: near-zero variance is a bug, not luck."""
    known = [value for value in values if math.isfinite(value)]
    if len(known) < _MIN_BATCH:
        return []
    variance = statistics.pvariance(known)
    if variance >= threshold:
        return []
    told = f"{what} has a variance of {variance:.2g} over {len(known)} runs, below {threshold:g}: they are probably the same run"
    return [_finding("SEV-1", "batch-variance", told)]


def record_fallback(fallbacks: int, rules: int, threshold: float = FALLBACK_ALERT_THRESHOLD) -> list[Finding]:
    """Return a finding where too many of ``rules`` could not be read and their archetype stood in."""
    if rules <= 0 or fallbacks / rules <= threshold:
        return []
    return [
        _finding(
            "SEV-1", "fallback-rate", f"{fallbacks} of {rules} rules fell back to their archetype, over {threshold:.0%}; look at the texts"
        )
    ]


def _rules(spec: StrategySpec) -> list[Finding]:
    found: list[Finding] = []
    for direction, text in spec.rules.items():
        for advice in parse_rule(text).warnings:
            severity: Severity = "SEV-1" if advice.code in _HARD_WARNINGS else "SEV-2"
            found.append(_finding(severity, advice.code, f"{direction}: {advice.message}"))
    return found


def _known(find: object, name: str, code: str) -> list[Finding]:
    try:
        find(name)  # type: ignore[operator]
    except InputError as error:
        return [_finding("SEV-0", code, str(error))]
    return []


def _finding(severity: Severity, code: str, message: str) -> Finding:
    return Finding(severity=severity, code=code, message=message)
