"""Verification: the five questions that every backtest answers before anybody looks at statistics.

1. ``Thresholds``: the fewest trades, the Sharpe ratio to exceed, the drawdown to stay below, the share of winners and the profit factor to reach. ``Thresholds.now``
   takes each from the settings where somebody set it there, else from the promotion policy (which may have one for the archetype), else the setting's default.
2. ``verify`` holds the metrics against them. Beside the win rate stands the rate at which this strategy's own payoff breaks even: a trend follower may lose
   two trades in three.

A metric that does not exist (no trades, no variance) passes nothing; a profit factor without a losing trade is infinite and passes.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from workbench import look, settings
from workbench.content import content_hash

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from workbench.backtest.result import Result

GATES = {
    "MIN_TRADES": ("trades", "trades"),
    "SHARPE_THRESHOLD": ("sharpe", "Sharpe ratio"),
    "MAX_DRAWDOWN": ("drawdown", "max drawdown"),
    "WIN_RATE": ("win_rate", "win rate"),
    "PROFIT_FACTOR": ("profit_factor", "profit factor"),
}
"""Name of a check, which is that of its setting -> name of the policy's gate, and what a person calls it."""


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """What a backtest is held against."""

    min_trades: float
    """Fewest closed trades."""
    sharpe_threshold: float
    """The annual Sharpe ratio must exceed it."""
    max_drawdown: float
    """The drawdown, a share of the peak, must stay below it."""
    win_rate: float
    """Least share of winning trades."""
    profit_factor: float
    """Least profit factor."""

    @classmethod
    def now(cls, policy: Mapping[str, float] | None = None, found: settings.Settings | None = None) -> Thresholds:
        """Return the thresholds in force.

        Args:
            policy: thresholds by the names of the policy's gates, for the archetype at hand.
            found: settings; those of this process if not given.
        """
        found = found or settings.current()
        given = policy or {}
        chosen = {}
        for setting, (gate, _title) in GATES.items():
            name = setting.lower()
            explicit = name in found.model_fields_set or setting in found.model_fields_set
            chosen[name] = float(getattr(found, name) if explicit or gate not in given else given[gate])
        return cls(**chosen)


@dataclass(frozen=True, kw_only=True)
class Check:
    """One question and its answer."""

    name: str
    """Name of the setting, such as ``MIN_TRADES``."""
    title: str
    """What a person calls it."""
    value: float
    """What was measured; NaN where there is no such number."""
    threshold: float
    """What it is held against."""
    passed: bool
    """Whether it holds."""
    words: str
    """Both as a sentence."""


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The answers about one backtest."""

    strategy: str
    """Name of the strategy."""
    archetype: str | None
    """Its archetype."""
    symbol: str
    """Instrument."""
    timeframe: str
    """Timeframe of the bars."""
    spec_hash: str
    """Content hash of the specification."""
    dataset_hash: str
    """Content hash of the bars."""
    synthetic: bool
    """True where the bars are made up."""
    checks: tuple[Check, ...]
    """One a question."""
    break_even: float
    """Win rate at which this payoff breaks even; NaN without wins or without losses."""

    @property
    def passed(self) -> bool:
        """Whether every check holds."""
        return all(check.passed for check in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that do not hold."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def words(self) -> str:
        """Say it in a sentence."""
        if self.passed:
            return f"verified: all {len(self.checks)} checks hold"
        return f"{len(self.failed)} of {len(self.checks)} checks fail: " + "; ".join(
            f"{check.title} {check.words}" for check in self.failed
        )

    @property
    def verification_hash(self) -> str:
        """Content hash of the record."""
        return content_hash(self.to_dict())

    @property
    def frame(self) -> pd.DataFrame:
        """One row a check: name, title, value, threshold, passed, words."""
        import pandas as pd  # noqa: PLC0415 - only where somebody looks

        return pd.DataFrame([asdict(check) for check in self.checks])

    def figure(self) -> Any:  # noqa: ANN401 - a plotly figure
        """Return one bar a check: how much of its threshold was reached, which stands at 1 (for the drawdown: how much of its room was left)."""
        from workbench.backtest.evidence import drawing  # noqa: PLC0415 - drawing only

        return drawing.columns(
            [check.title for check in self.checks], [_reach(check) for check in self.checks], title=self.words, of="margin"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        record = asdict(self)
        record["checks"] = [{**asdict(check), "value": _plain(check.value)} for check in self.checks]
        return {**record, "break_even": _plain(self.break_even), "passed": self.passed}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Verification:
        """Return the verification of a JSON record."""
        fields = {name: value for name, value in record.items() if name != "passed"}
        checks = tuple(Check(**{**check, "value": _number(check["value"])}) for check in fields["checks"])
        return cls(**{**fields, "checks": checks, "break_even": _number(fields["break_even"])})

    def _repr_html_(self) -> str:
        from workbench.backtest.evidence import drawing  # noqa: PLC0415 - drawing only

        shown = self.frame.assign(passed=["✓" if check.passed else "✗" for check in self.checks])
        return drawing.card(f"Verification of {self.strategy}", self.words, shown, synthetic=self.synthetic)


def verify(result: Result, thresholds: Thresholds | None = None) -> Verification:
    """Return the answers about ``result``, held against ``thresholds`` (by default those of the settings)."""
    bars, spec, metrics = result.bars, result.spec, result.metrics
    return Verification(
        strategy=spec.name,
        archetype=spec.archetype,
        symbol=bars.instrument.symbol,
        timeframe=bars.timeframe.value,
        spec_hash=spec.spec_hash,
        dataset_hash=bars.dataset_hash,
        synthetic=bars.synthetic,
        checks=checked(metrics, thresholds or Thresholds.now()),
        break_even=break_even(metrics["win_rate"], profit_factor(metrics)),
    )


def checked(metrics: Mapping[str, float], limits: Thresholds) -> tuple[Check, ...]:
    """Return the five checks on ``metrics``."""
    trades, sharpe, drawdown = metrics["trades"], metrics["sharpe"], abs(metrics["max_drawdown"])
    rate, factor = metrics["win_rate"], profit_factor(metrics)
    even = break_even(rate, factor)
    beside = f"; breaks even at {look.percent(even)}" if math.isfinite(even) else ""
    limit = look.percent(limits.max_drawdown, 0)
    held = (
        ("MIN_TRADES", trades, trades >= limits.min_trades, f"{trades:.0f}, needs {limits.min_trades:g}"),
        (
            "SHARPE_THRESHOLD",
            sharpe,
            sharpe > limits.sharpe_threshold,
            f"{look.number(sharpe)}, needs more than {limits.sharpe_threshold:g}",
        ),
        ("MAX_DRAWDOWN", drawdown, drawdown < limits.max_drawdown, f"{look.percent(drawdown)}, must stay below {limit}"),
        ("WIN_RATE", rate, rate >= limits.win_rate, f"{look.percent(rate)}, needs {look.percent(limits.win_rate, 0)}{beside}"),
        ("PROFIT_FACTOR", factor, factor >= limits.profit_factor, f"{look.number(factor)}, needs {look.number(limits.profit_factor)}"),
    )
    return tuple(
        Check(
            name=name, title=GATES[name][1], value=float(value), threshold=getattr(limits, name.lower()), passed=bool(passed), words=words
        )
        for name, value, passed, words in held
    )


def profit_factor(metrics: Mapping[str, float]) -> float:
    """Return the profit factor: infinite where trades won and none lost."""
    factor = metrics["profit_factor"]
    return math.inf if math.isnan(factor) and metrics["trades"] > 0 and metrics["win_rate"] == 1.0 else factor


def break_even(win_rate: float, profit_factor: float) -> float:
    """Return the win rate at which average win and average loss cancel; NaN where there are no wins or no losses.

    With payoff ``b`` = average win / average loss the expectation ``w b - (1 - w)`` is zero at ``w = 1 / (1 + b)``, and the profit
    factor gives ``b = profit_factor (1 - w) / w``.
    """
    if not (0.0 < win_rate < 1.0 and 0.0 < profit_factor < math.inf):
        return math.nan
    payoff = profit_factor * (1.0 - win_rate) / win_rate
    return 1.0 / (1.0 + payoff)


def _reach(check: Check) -> float:
    if math.isnan(check.value):
        return 0.0
    if check.name == "MAX_DRAWDOWN":
        return 1.0 - check.value / check.threshold
    return min(check.value / check.threshold, 3.0) if check.threshold > 0.0 else check.value


def _plain(value: float) -> float | str | None:
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return None if math.isnan(value) else value


def _number(value: Any) -> float:  # noqa: ANN401 - a JSON value
    return math.nan if value is None else float(value)
