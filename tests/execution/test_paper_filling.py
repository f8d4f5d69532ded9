"""The paper broker with the rules that only some markets have: the backtest's fills where they can be traded, a refusal where they cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from paper_market import paper_bot

from workbench.backtest.engine.account import BORROWED, CASH, FILL_BORROW
from workbench.backtest.engine.rules import fill_rules
from workbench.backtest.run import backtest
from workbench.errors import InputError, OrderError
from workbench.execution import replay
from workbench.execution.brokers.paper import PaperBroker
from workbench.market import sample
from workbench.strategy.strategy import strategy
from workbench.units import instrument

if TYPE_CHECKING:
    from workbench.store import Database
    from workbench.strategy.strategy import Strategy

RULE = "buy when rsi(2) < 20; sell when rsi(2) > 60; short when rsi(2) > 90; cover when rsi(2) < 40"


def leveraged() -> Strategy:
    """Return a strategy with every rule of filling and costs that can be traded."""
    return strategy(
        RULE,
        stop="6%",
        name="leveraged",
        costs={"fee_bps": 2, "fee_minimum": 30, "fee_on": "entry", "borrow_rate": 0.08},
        filling={"leverage": 4, "maintenance": 0.22, "volume_share": 0.0000002, "fractional": True},
    )


def test_every_rule_that_can_be_traded_is_traded_as_in_the_backtest(database: Database) -> None:
    """Leverage, margin calls, minimum fees due once, borrowing by the night, a share of volume: the same fills and equity to the bit."""
    bars = sample("SPX").slice(1200, 2700)
    result = backtest(leveraged(), bars)
    outcome = replay(database, paper_bot(database, leveraged()), bars)

    assert outcome.matches(result) == []
    assert {"margin", "stop"} <= set(result.trades["exit_reason"])
    assert result.run.fills[:, FILL_BORROW].max() > 0.0


def test_fills_at_the_close_are_refused(database: Database) -> None:
    """A close is known when it is over: such a strategy has no paper session, and the error says what to use instead."""
    published = strategy(RULE, stop="6%", filling={"fill_at": "close"}, name="published")
    with pytest.raises(InputError, match="fill_at='next_open'"):
        replay(database, paper_bot(database, published), sample("SPX").head(50))


def test_an_account_saved_before_borrowing_was_counted_goes_on() -> None:
    """The account of an older session has one number less; another length is refused."""
    broker = PaperBroker(fill_rules(leveraged().spec, instrument("SPX")))
    older = np.delete(broker.account.copy(), BORROWED)
    older[CASH] = 5.0
    broker.restore(older)
    assert (broker.account[CASH], broker.account[BORROWED]) == (5.0, 0.0)
    with pytest.raises(OrderError, match="start the session anew"):
        broker.restore(older[:-1])
