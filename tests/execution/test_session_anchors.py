"""Steps that follow sessions in a live session: orders of a strategy on the session's average price and opening range."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from paper_market import paper_bot, random_bars

from workbench.backtest.evidence.lookahead import prove_strategy, streams_alike
from workbench.backtest.run import backtest
from workbench.execution import replay, tape
from workbench.strategy.series import FED
from workbench.strategy.strategy import strategy

if TYPE_CHECKING:
    from workbench.store import Database

RULES = "buy when close > vwap and close > session_open; sell when close < vwap or minutes_to_close < 30"


def test_a_live_session_knows_the_sessions_average(database: Database) -> None:
    """The live path makes the orders, fills and equity of the backtest, to the bit, from the clock that the tape hands it."""
    chosen = strategy(RULES, symbols=("SYN",), timeframe="15m", stop="2%", window="whole session", name="above average")
    bars = random_bars(11)
    result = backtest(chosen, bars)
    outcome = replay(database, paper_bot(database, chosen), bars)
    bound = chosen.program.bind(chosen.defaults)
    signals = bound.columns(bars)
    assert outcome.matches(result) == []
    assert len(outcome.fills) > 4
    assert streams_alike(bound, bars, {"entry_long": signals.entry_long, "exit_long": signals.exit_long}) is None
    prove_strategy(chosen, bars).require()


def test_the_tape_hands_over_one_bar_as_it_would_all(database: Database) -> None:  # noqa: ARG001 - the room's fixture
    """What the newest bar alone is fed, a live feed's way, equals what it is fed on a tape of all bars."""
    bars = random_bars(5, count=120)
    whole = list(tape(bars))
    alone = [next(tape(bars.slice(place, place + 1))) for place in range(0, 120, 7)]
    assert [bar.numbers for bar in whole[::7]] == [bar.numbers for bar in alone]
    assert len(whole[0].numbers) == len(FED)
    assert np.isfinite([bar.numbers for bar in whole]).all()
