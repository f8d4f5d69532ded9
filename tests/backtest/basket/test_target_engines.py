"""Rebalanced weights: the compiled loop against a plain twin, and against vectorbt's own target orders where both know the rules."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from crowds import RULES, Crowd, crowds

from workbench.backtest.basket import book as b
from workbench.backtest.basket.curve import OF_CASH, OF_EQUITY
from workbench.backtest.basket.target_twin import TargetTwin
from workbench.backtest.basket.targets import Targets, run_targets
from workbench.backtest.engine import account as a
from workbench.backtest.engine.account import new_account

often = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
PLAIN = {"stop_kind": 0.0, "target_kind": 0.0, "trail_kind": 0.0, "max_daily_loss": 0.0, "fill_at": 0.0, "end_kind": 0.0}


def without_rates(crowd: Crowd) -> Crowd:
    """Return the crowd with plain rules and one currency, as targets and their twin know them."""
    count = len(crowd.feed.opens_at)
    rules = crowd.terms.rules.copy()
    for name, value in PLAIN.items():
        rules[:, RULES._fields.index(name)] = value
    return Crowd(
        crowd.feed._replace(rates_open=np.ones(count), rates_close=np.ones(count)), crowd.terms._replace(rules=rules), crowd.limits
    )


@given(crowds(), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.02]), st.sampled_from([0.0, 0.1]))
@often
def test_compiled_targets_equal_twin(crowd: Crowd, seed: int, buffer: float, band: float) -> None:
    """Fills and curve of random weights on random baskets are those of the plain twin."""
    crowd = without_rates(crowd)
    random = np.random.default_rng(seed)
    symbols, end = len(crowd.feed.first) - 1, int(crowd.feed.closes_at.max())
    moments = np.unique(random.integers(0, end + 1, 12)).astype(np.int64)
    choices = np.array([np.nan, 0.0, 0.3, 0.6, 1.0, -0.4])
    targets = Targets(moments, random.choice(choices, (len(moments), symbols)), buffer, band)
    _book, log, curve = run_targets(crowd.feed, crowd.terms, crowd.limits, targets, new_account(RULES))
    twin = TargetTwin(crowd.feed, crowd.terms, crowd.limits, targets).run()
    told = np.array(
        [[s, bar, side, size, price, fee, a.REASONS.index(why), net] for s, bar, side, size, price, fee, why, net in twin.fills]
    )
    columns = [b.FILL_SYMBOL, a.FILL_BAR, a.FILL_SIDE, a.FILL_QTY, a.FILL_PRICE, a.FILL_FEE, a.FILL_REASON, a.FILL_PNL]
    assert len(told) == len(log.fills)
    np.testing.assert_allclose(log.fills[:, columns], told.reshape(-1, len(columns)), rtol=1e-12, atol=1e-7)
    np.testing.assert_allclose(curve.rows[:, [OF_EQUITY, OF_CASH]], twin.curve, rtol=1e-12, atol=1e-7)
