"""Halting rules: what stops a batch, what is skipped, what is only noted."""

from __future__ import annotations

import warnings

import pytest

from workbench.backtest.batch import Batch
from workbench.errors import BacktestError, CrossCheckError, DataUnavailableError, InputError, LookAheadError


def _raising(error: BaseException) -> object:
    def call() -> None:
        raise error

    return call


@pytest.mark.parametrize(
    "error", [CrossCheckError("engines disagree"), LookAheadError("a leak", bar=3), ZeroDivisionError("a bug"), BacktestError("no")]
)
def test_a_critical_error_halts(error: Exception) -> None:
    """Disagreeing engines, leaks, bugs: the batch stops at once and says where and why."""
    batch = Batch()
    with pytest.raises(BacktestError, match="the batch halts at AAPL") as halted:
        batch.attempt("AAPL", _raising(error))  # type: ignore[arg-type]
    assert halted.value.__cause__ is error
    assert batch.failures[0].error_class == "CRITICAL"


@pytest.mark.parametrize("error", [InputError("too few bars"), DataUnavailableError("no bars"), BacktestError("again", "RECOVERABLE")])
def test_a_recoverable_error_skips_the_run(error: Exception) -> None:
    """The run gives nothing, the batch goes on."""
    batch = Batch()
    assert batch.attempt("AAPL", _raising(error)) is None  # type: ignore[arg-type]
    assert batch.attempt("MSFT", lambda: 1.5, float) == 1.5
    assert (batch.runs, batch.skipped, batch.values) == (2, 1, [1.5])


def test_warnings_are_noted() -> None:
    """A warning, raised or warned, stops nothing."""
    batch = Batch()

    def warned() -> int:
        warnings.warn("thin volume", stacklevel=1)
        return 7

    assert batch.attempt("AAPL", warned) == 7
    batch.attempt("MSFT", _raising(BacktestError("odd", "WARNING")))  # type: ignore[arg-type]
    assert [(failure.what, failure.error_class) for failure in batch.failures] == [("AAPL", "WARNING"), ("MSFT", "WARNING")]
    assert batch.words == "2 runs, 0 skipped, 2 warnings"


def test_a_batch_that_only_recovers_halts() -> None:
    """When more than half of ten runs had to be skipped the batch stops; nine are too few to say."""
    batch = Batch()
    for number in range(9):
        batch.attempt(f"run {number}", _raising(InputError("too few bars")))  # type: ignore[arg-type]
    with pytest.raises(BacktestError, match="10 of 10 runs had to be skipped, the last because too few bars"):
        batch.attempt("run 9", _raising(InputError("too few bars")))  # type: ignore[arg-type]


def test_runs_that_hardly_differ_are_a_finding() -> None:
    """The same Sharpe ratio from every run is a bug, not luck; NaN do not count."""
    same, different = Batch(), Batch()
    for number in range(5):
        same.attempt(f"{number}", lambda: 0.7, float)
        different.attempt(f"{number}", lambda value=number: float(value), float)
    same.attempt("never traded", lambda: float("nan"), float)
    assert [finding.code for finding in same.findings()] == ["batch-variance"]
    assert different.findings() == []


def test_a_person_stops_a_batch() -> None:
    """An interrupt is not an error of the run."""
    with pytest.raises(KeyboardInterrupt):
        Batch().attempt("AAPL", _raising(KeyboardInterrupt()))  # type: ignore[arg-type]
