from __future__ import annotations

import pytest

from workbench.errors import BacktestError, BarsError, CorruptDataError, DataUnavailableError, SpecError
from workbench.portfolio import Bracket, Brackets, Costs, Limits, Sizing
from workbench.strategy.strategy import strategy
from workbench.strategy.validators import (
    Finding,
    classify_backtest_error,
    record_batch_metrics,
    record_fallback,
    validate,
    validate_archetype,
    validate_promotion_metrics,
    validate_risk_config,
    validate_session_mode,
    validate_symbol,
    validate_timeframe,
)

ONE = Sizing(kind="fixed", value=1.0)
TEXT = "buy when rsi(2) < 10 and close > sma(200); sell when rsi(2) > 60"


def _codes(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.severity, finding.code) for finding in findings]


def test_no_stop_blocks_creation() -> None:
    """A strategy without a stop is SEV-0, one with stop and target has nothing wrong with its risk."""
    assert ("SEV-0", "no-stop") in _codes(validate(strategy(TEXT).spec))
    whole = Brackets(stop=Bracket.parse("16 ticks"), target=Bracket.parse("80 ticks"))
    assert validate_risk_config(whole, ONE, Limits(max_daily_loss=0.02)) == []


@pytest.mark.parametrize(
    ("brackets", "options", "expected"),
    [
        (Brackets(trailing=Bracket.parse("3 atr")), {}, [("SEV-2", "no-target")]),
        (Brackets(stop=Bracket.parse("2%")), {}, [("SEV-1", "no-target")]),
        (Brackets(stop=Bracket.parse("2%")), {"exits_by_rule": True}, [("SEV-2", "no-target")]),
        (Brackets(stop=Bracket.parse("40%"), target=Bracket.parse("5%")), {}, [("SEV-1", "wide-stop")]),
        (Brackets(stop=Bracket.parse("1 tick"), target=Bracket.parse("5%")), {"costs": Costs()}, [("SEV-1", "stop-in-spread")]),
        (Brackets(), {}, [("SEV-0", "no-stop"), ("SEV-1", "no-target")]),
    ],
)
def test_risk_findings(brackets: Brackets, options: dict[str, object], expected: list[tuple[str, str]]) -> None:
    """Each weakness of stop and target has its own severity and code."""
    assert expected == _codes(validate_risk_config(brackets, ONE, **options))  # type: ignore[arg-type]


def test_size_findings() -> None:
    """No size blocks creation, a large risk blocks promotion."""
    whole = Brackets(stop=Bracket.parse("2%"), target=Bracket.parse("5%"))
    assert _codes(validate_risk_config(whole, None)) == [("SEV-0", "no-size")]
    assert _codes(validate_risk_config(whole, Sizing(kind="risk", value=0.1))) == [("SEV-1", "high-risk")]


def test_names() -> None:
    """Unknown names block with a suggestion, implicit ones are logged, good ones pass."""
    assert _codes(validate_session_mode("RHT")) == [("SEV-0", "unknown-session-mode")]
    assert _codes(validate_session_mode(None)) == [("SEV-2", "implicit-session")]
    assert _codes(validate_symbol("EZ")) == [("SEV-0", "unknown-symbol")]
    assert _codes(validate_symbol("SPX")) == [("SEV-2", "index")]
    assert _codes(validate_timeframe("7m")) == [("SEV-0", "unknown-timeframe")]
    assert "did you mean" in validate_symbol("SPXX")[0].message
    assert [
        validate_session_mode("RTH"),
        validate_symbol("ES"),
        validate_timeframe("5m"),
        validate_archetype("momentum"),
    ] == [[], [], [], []]


def test_archetypes() -> None:
    """An unknown archetype blocks unless the strategy's name speaks of one; none at all is logged."""
    assert _codes(validate_archetype("momentm", "plan b")) == [("SEV-0", "unknown-archetype")]
    assert _codes(validate_archetype("momentm", "ES breakout")) == [("SEV-2", "inferred-archetype")]
    assert _codes(validate_archetype(None)) == [("SEV-2", "no-archetype")]


def test_rules_that_say_nothing_block_promotion() -> None:
    """A condition that is never true is found in the spec and blocks promotion; the most severe comes first."""
    made = strategy("buy when rsi(2) < 10; sell when rsi(2) > 700", target="5%")
    found = _codes(validate(made.spec))
    assert ("SEV-1", "never-true") in found
    assert sorted(found, key=lambda pair: pair[0]) == found


def test_a_sound_strategy_has_nothing_that_blocks() -> None:
    """Stop, target, limit, session and archetype given: nothing is found at all."""
    made = strategy(
        TEXT, symbols="ES", stop="2 atr", target="4 atr", session_mode="24x5", archetype="mean reversion", limits={"max_daily_loss": 0.02}
    )
    assert validate(made.spec) == []


def test_promotion_needs_its_metrics() -> None:
    """Sharpe, drawdown and win rate must all be numbers."""
    assert validate_promotion_metrics({"sharpe": 1.0, "max_drawdown": 0.1, "win_rate": 0.5}) == []
    found = validate_promotion_metrics({"sharpe": float("nan"), "max_drawdown": None})
    assert _codes(found) == [("SEV-1", "no-sharpe"), ("SEV-1", "no-max-drawdown"), ("SEV-1", "no-win-rate")]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (BacktestError("x"), "CRITICAL"),
        (BacktestError("x", "RECOVERABLE"), "RECOVERABLE"),
        (BacktestError("x", "warning"), "WARNING"),
        (CorruptDataError("bars", ["NaN"]), "CRITICAL"),
        (SpecError("x"), "CRITICAL"),
        (BarsError("x"), "RECOVERABLE"),
        (DataUnavailableError("x"), "RECOVERABLE"),
        (TimeoutError(), "RECOVERABLE"),
        (KeyboardInterrupt(), "RECOVERABLE"),
        (UserWarning("x"), "WARNING"),
        (ZeroDivisionError(), "CRITICAL"),
    ],
)
def test_errors_are_classified(error: BaseException, expected: str) -> None:
    """Corrupt data and unknown failures halt, what may be retried is recoverable."""
    assert expected == classify_backtest_error(error)


def test_a_batch_without_variance_is_a_bug() -> None:
    """Runs that all give the same number are found; two runs, or a healthy spread, are not."""
    assert _codes(record_batch_metrics([0.5, 0.5, 0.5, 0.5001])) == [("SEV-1", "batch-variance")]
    assert [
        record_batch_metrics([0.1, 0.9, 0.5]),
        record_batch_metrics([0.5, 0.5]),
        record_batch_metrics([float("nan")] * 5),
    ] == [[], [], []]


def test_too_many_fallbacks_are_found() -> None:
    """Over five in a hundred rules falling back is a finding; five are not."""
    assert [_codes(record_fallback(*counts)) for counts in ((5, 100), (6, 100), (0, 0))] == [[], [("SEV-1", "fallback-rate")], []]
