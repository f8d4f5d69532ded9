"""The rules of sharing an account, each as a table worked out by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import crowds
from crowds import NO_LIMITS, RULES, World, crowd_of
from shared_table import CASES, Case, Line

from workbench.backtest.basket import book as b
from workbench.backtest.basket.curve import OF_EQUITY, OF_STALE
from workbench.backtest.basket.kernel import run_events
from workbench.backtest.basket.twin import BasketTwin
from workbench.backtest.engine import account as a
from workbench.backtest.engine.account import new_account
from workbench.backtest.engine.arrays import Hours, Orders, Prices

WORDS = ("buy", "sell", "short", "cover")


def world_of(line: Line) -> World:
    quotes = np.array([bar if isinstance(bar, tuple) else (bar,) * 4 for bar in line.bars], dtype=float)
    columns = [np.array([word in line.signals.get(bar, "").split() for bar in range(len(quotes))], np.uint8) for word in WORDS]
    return World(
        RULES._replace(**{"lot": 1.0} | dict(line.rules)),
        Prices(*quotes.T.copy()),
        Hours.always(len(quotes)),
        Orders(*columns),
        np.full(len(quotes), np.nan),
    )


def moments_of(line: Line) -> crowds.Line:
    count = len(line.bars)
    at = np.array(line.at or range(count), np.int64) * 10
    ends = np.append(at[1:], at[-1] + 10) if line.long else at + 10
    rates = np.array(line.rates or (1.0,) * count)
    return crowds.Line(at, ends, at // 50, np.full(count, line.rank), (rates, rates), int(line.ended))


@pytest.mark.parametrize("case", CASES, ids=[case.says for case in CASES])
def test_rule_of_sharing(case: Case) -> None:
    """Each table's fills, cuts and equity are those written by hand; the plain twin says the same."""
    limits = NO_LIMITS._replace(**case.limits)
    crowd = crowd_of([world_of(line) for line in case.lines], [moments_of(line) for line in case.lines], limits, [1.0] * len(case.lines))
    _book, log, curve = run_events(crowd.feed, crowd.terms, crowd.limits, new_account(RULES))
    found = [
        (
            int(r[b.FILL_SYMBOL]),
            int(r[a.FILL_BAR]),
            "buy" if r[a.FILL_SIDE] > 0 else "sell",
            r[a.FILL_QTY],
            r[a.FILL_PRICE],
            a.REASONS[int(r[a.FILL_REASON])],
        )
        for r in log.fills
    ]
    assert case.fills == [(s, bar, side, pytest.approx(q), pytest.approx(p), why) for s, bar, side, q, p, why in found]
    assert list(case.cuts) == [
        (int(r[b.CUT_SYMBOL]), pytest.approx(r[b.CUT_WANTED]), pytest.approx(r[b.CUT_GOT]), b.CUTS[int(r[b.CUT_REASON])]) for r in log.cuts
    ]
    if case.equity:
        assert list(case.equity) == pytest.approx(curve.rows[:, OF_EQUITY].tolist())
    if case.stale:
        assert list(case.stale) == curve.rows[:, OF_STALE].astype(int).tolist()
    twin = BasketTwin(crowd.feed, crowd.terms, crowd.limits).run()
    assert [fill[0] for fill in twin.fills] == [fill[0] for fill in found]
    assert np.array(twin.curve)[:, 0].tolist() == curve.rows[:, OF_EQUITY].tolist()
