"""A strategy without a register program is swept through its columns: point by point, with the same engine and the same count."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from workbench.backtest.ledger import Ledger
from workbench.backtest.sweep import sweep
from workbench.market import Bars, sample
from workbench.strategy.strategy import Strategy, strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.store import Database
    from workbench.strategy.columns import Columns
    from workbench.strategy.signals import Signals


class Written:
    """A decider that does what a strategy of rules does, without showing its program."""

    def __init__(self, rule: Strategy) -> None:
        """Hide ``rule``."""
        self._rule = rule
        self.spec = rule.spec
        self.program_hash = hashlib.sha256(b"written").hexdigest()
        self.asked = 0

    def decider(self, values: Mapping[str, float]) -> Written.Bound:
        return Written.Bound(self, values)

    class Bound:
        """With values."""

        def __init__(self, written: Written, values: Mapping[str, float]) -> None:
            self._written, self._bound = written, written._rule.program.bind(values)
            self.warmup = self._bound.warmup

        def columns(self, bars: Bars, columns: Columns | None = None) -> Signals:
            self._written.asked += 1
            return self._bound.columns(bars, columns)


def test_columns_give_the_same_points(sqlite_database: Database) -> None:
    """Rows equal those of the packed program to the bit; points that only vary a bracket ask once."""
    rule = strategy(
        "buy when rsi($n) < $low; sell when rsi($n) > 60; short when rsi($n) > 95; cover when rsi($n) < 50",
        stop="2 atr",
        parameters={"n": (2, 2, 20, 1), "low": (10, 1, 50, 1)},
    )
    bars = sample("SPX").head(1000)
    grid = {"n": [2, 3, 8], "low": [10, 25], "stop": [1.0, 2.0, 3.5]}
    written = Written(rule)
    found = sweep(written, bars, grid)  # type: ignore[arg-type]
    expected = sweep(rule, bars, grid)
    assert np.array_equal(expected.rows, found.rows)
    assert expected.frame.equals(found.frame)
    assert written.asked == 6
    ledger = Ledger(sqlite_database)
    assert (ledger.record_sweep(expected).new, ledger.record_sweep(found).new) == (18, 18)
