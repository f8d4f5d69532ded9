"""What the tests of the backtest widget share: a strategy with two parameters and a stop, and a desk on 1,400 daily bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workbench import strategy
from workbench.app import Bench
from workbench.market import sample
from workbench.widgets.backtest import Desk

if TYPE_CHECKING:
    from workbench.store import Database
    from workbench.strategy.strategy import Strategy
    from workbench.widgets.backtest import Form


@pytest.fixture(scope="session")
def dip() -> Strategy:
    """A rule that buys dips, with ranges to sweep."""
    return strategy(
        "buy when rsi(2) < $low and close > sma(50); sell when rsi(2) > $high",
        parameters={"low": (10, 5, 25, 5), "high": (60, 50, 70, 10)},
        name="dip",
        stop="5%",
    )


@pytest.fixture
def desk(sqlite_database: Database, dip: Strategy) -> Desk:
    """A desk with that strategy and the S&P's first 1,400 days at hand."""
    return Desk(Bench(sqlite_database), dip, sample("SPX").head(1400))


@pytest.fixture
def form(desk: Desk) -> Form:
    """The desk's form, filled for the strategy."""
    return desk.form("given")
