"""One backtest of many symbols that share an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.backtest.basket.allocation import Allocation, BasketLimits, ceilings
from workbench.backtest.basket.book import Terms
from workbench.backtest.basket.feed import feed_of, members_of, rates_of
from workbench.backtest.basket.kernel import run_events
from workbench.backtest.basket.result import BasketResult
from workbench.backtest.engine.account import new_account
from workbench.backtest.engine.rules import FRACTION

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from workbench.backtest.basket.feed import Member, Priority, Rates
    from workbench.market import Bars
    from workbench.strategy.strategy import Strategy

DEFAULT_CASH = 100_000.0


def run_basket(
    strategies: Strategy | Mapping[str, Strategy],
    bars: Mapping[str, Bars | pd.DataFrame],
    *,
    cash: float = DEFAULT_CASH,
    limits: BasketLimits | None = None,
    allocation: Allocation | Mapping[str, float] | int | None = None,
    parameters: Mapping[str, Any] | None = None,
    priority: Priority | None = None,
    fx: Rates | None = None,
) -> BasketResult:
    """Return what the strategies would have done on all ``bars`` with one account.

    Args:
        strategies: one for all symbols, or one a symbol.
        bars: symbol -> bars, of any calendar, timeframe and stretch of time; their order is the order in which equals are served.
        cash: starting money of the account, in its currency.
        limits: what all positions together may not exceed.
        allocation: what each symbol is sized on: slots (a number), weights by symbol (a mapping), or an ``Allocation``; by default each
            strategy's own sizing on the whole equity.
        parameters: values of ``$parameters`` for all, or by symbol.
        priority: who is served first when several enter at one open: symbol -> a number or a column (one value a bar, known at its close), or a function
            of the bars that returns one. The highest comes first, missing values last.
        fx: currency -> rate (a number, or a series by aware time) in the currency of the account, for each currency but that one.

    Raises:
        InputError: no bars, too few of them, currencies without a rate, or a column of the wrong length.
        UnknownNameError: a symbol or parameter that is not there.
    """
    chosen, caps = Allocation.parse(allocation), limits or BasketLimits()
    members = members_of(strategies, bars, cash, parameters)
    currency, rates = rates_of({member.symbol: member.bars for member in members}, fx)
    feed, terms = feed_of(members, priority, rates, caps.ended_after_days), terms_of(members, chosen)
    book, log, curve = run_events(feed, terms, ceilings(caps, chosen, cash), new_account(members[0].rules))
    return BasketResult(
        members=tuple(members),
        feed=feed,
        terms=terms,
        book=book,
        log=log,
        curve=curve,
        cash=float(cash),
        currency=currency,
        allocation=chosen,
        limits=caps,
    )


def terms_of(members: list[Member], allocation: Allocation) -> Terms:
    """Return the fill rules of all members as a table, with their parts of equity."""
    parts = allocation.part_of([member.symbol for member in members])
    rules = [member.rules for member in members]
    maintenance = [row.maintenance for row in rules]
    rules = [row._replace(maintenance=0.0) for row in rules]
    if allocation.kind == "weights":
        rules = [row._replace(size_kind=float(FRACTION), size_value=1.0) for row in rules]
    return Terms(rules=np.array(rules, dtype=np.float64), parts=np.array(parts, dtype=np.float64), maintenance=np.array(maintenance))
