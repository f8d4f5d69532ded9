"""Many runs one after another, and when to stop: the halting rules of a batch.

1. ``Batch.attempt`` runs one call and classifies what goes wrong (``classify_backtest_error``): a CRITICAL error halts the batch, a RECOVERABLE one skips that run, a
   WARNING is only noted.
2. A batch also halts when too large a share of its runs had to be skipped: an error that always recovers is no recovery.
3. ``Batch.findings`` says afterwards whether the runs were different at all (``record_batch_metrics``).
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from workbench.errors import BacktestError
from workbench.strategy.validators import classify_backtest_error, record_batch_metrics

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.strategy.validators import ErrorClass, Finding

Made = TypeVar("Made")

MOST_SKIPPED = 0.5
"""Share of runs that may be skipped."""
_FIRST_LOOK = 10


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One thing that went wrong in a batch."""

    what: str
    """The run it happened in."""
    error_class: ErrorClass
    """CRITICAL, RECOVERABLE or WARNING."""
    message: str
    """What was said."""


class Batch:
    """One batch of runs."""

    def __init__(self, *, most_skipped: float = MOST_SKIPPED) -> None:
        """Halt when more than the share ``most_skipped`` of ten runs or more had to be skipped."""
        self.most_skipped = most_skipped
        self.runs = 0
        self.failures: list[Failure] = []
        self.values: list[float] = []

    @property
    def skipped(self) -> int:
        """Runs that were skipped."""
        return sum(failure.error_class == "RECOVERABLE" for failure in self.failures)

    def attempt(self, what: str, call: Callable[[], Made], metric: Callable[[Made], float] | None = None) -> Made | None:
        """Return what ``call`` makes, None where it had to be skipped; ``metric`` is kept to see whether runs differ.

        Raises:
            BacktestError: the batch halts: a CRITICAL error, or too many skipped runs.
            KeyboardInterrupt: a person stopped it.
        """
        self.runs += 1
        try:
            with warnings.catch_warnings(record=True) as noted:
                warnings.simplefilter("always")
                made = call()
        except Exception as error:  # noqa: BLE001 - classified here, which is the point
            self._failed(what, error)
            return None
        self.failures.extend(Failure(what=what, error_class="WARNING", message=str(entry.message)) for entry in noted)
        if metric is not None:
            self.values.append(float(metric(made)))
        return made

    def findings(self, what: str = "sharpe") -> list[Finding]:
        """Return what the batch as a whole looks like: near-zero variance over different runs is a bug."""
        return record_batch_metrics([value for value in self.values if math.isfinite(value)], what)

    @property
    def words(self) -> str:
        """Say it in a sentence."""
        return f"{self.runs:,} runs, {self.skipped:,} skipped, {len(self.failures) - self.skipped:,} warnings"

    def _failed(self, what: str, error: Exception) -> None:
        found = classify_backtest_error(error)
        self.failures.append(Failure(what=what, error_class=found, message=str(error)))
        if found == "CRITICAL":
            message = f"the batch halts at {what}: {error}"
            raise BacktestError(message) from error
        if self.runs >= _FIRST_LOOK and self.skipped > self.most_skipped * self.runs:
            message = f"the batch halts at {what}: {self.skipped} of {self.runs} runs had to be skipped, the last because {error}"
            raise BacktestError(message) from error
