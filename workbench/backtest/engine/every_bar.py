"""A point of a sweep for rules that look at every bar: the single run's own functions, counted as they go, no series kept.

It is several times slower than ``point``, which skips bars, and gives what ``simulate`` followed by ``tally`` gives, to the bit, for any rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.backtest.engine.account import (
    ACCOUNT_SIZE,
    BORROWED,
    CASH,
    ENTRY_FEE,
    ENTRY_PRICE,
    EQUITY,
    FILL_BORROW,
    FILL_FEE,
    FILL_PNL,
    FILL_PRICE,
    FILL_QTY,
    FILL_SIZE,
    FILLS_PER_BAR,
    PEAK,
    PENDING_DISTANCE,
    QTY,
    SESSION_EQUITY,
    STOP,
    TARGET,
    TRAIL_DISTANCE,
)
from workbench.backtest.engine.arrays import NIGHTS, QUOTES, VOLUME
from workbench.backtest.engine.bar import one_bar
from workbench.backtest.engine.bits import bit, borrowed, words_at
from workbench.backtest.engine.tally import (
    BARS_IN_MARKET,
    FEES,
    GROSS_LOSS,
    GROSS_PROFIT,
    TRADES,
    TURNOVER,
    WINS,
    tally,
)
from workbench.compiled import inlined_kernel, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.engine.rules import FillRules

_OPENED, _FEE = 0, 1
"""What is remembered of the trade that runs: money of the entry and its fee."""


@kernel
def every_bar(
    rules: FillRules,
    quotes: NDArray[np.float64],
    hours: NDArray[np.uint64],
    words: NDArray[np.uint64],
    row: NDArray[np.int64],
    distance: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Run one point and write its row of results.

    Args:
        rules: any ``FillRules``.
        quotes: float64 (``QUOTES``, n), as ``quotes_of`` makes it; the first four rows alone mean an unknown volume and no nights.
        hours: uint64 (3, w), packed columns can_enter, must_flat, new_session.
        words: uint64 (r, w), packed signal columns.
        row: int64 (4,), which rows of ``words`` are entry_long, exit_long, entry_short, exit_short.
        distance: float64 (n,), the column that brackets of kind 3 multiply.
        out: float64 (``POINT_SIZE``,), contiguous, written.
    """
    # Made here and handed on: a function's own array is freed after its last use by name, and ``borrowed`` is no name of it.
    _run(rules, quotes, hours, words, row, distance, _opened(rules), np.empty((FILLS_PER_BAR, FILL_SIZE)), np.zeros(2), out)


@kernel
def _run(  # noqa: PLR0917 - arrays: a record would be slower
    rules: FillRules,
    quotes: NDArray[np.float64],
    hours: NDArray[np.uint64],
    words: NDArray[np.uint64],
    row: NDArray[np.int64],
    distance: NDArray[np.float64],
    account: NDArray[np.float64],
    scratch: NDArray[np.float64],
    running: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Do what ``every_bar`` says, in memory that it keeps alive."""
    bars, width = quotes.shape[1], words.shape[1]
    can_enter, must_flat, new_session = (
        _packed(hours.ctypes.data, width, 0),
        _packed(hours.ctypes.data, width, 1),
        _packed(hours.ctypes.data, width, 2),
    )
    base = words.ctypes.data
    entry_long, exit_long = _packed(base, width, row[0]), _packed(base, width, row[1])
    entry_short, exit_short = _packed(base, width, row[2]), _packed(base, width, row[3])
    known = quotes.shape[0] == QUOTES
    state, fills, trade = borrowed(account), borrowed(scratch), borrowed(running)
    marked = np.empty(bars)
    curve = borrowed(marked)
    out[TRADES : TURNOVER + 1] = 0.0
    in_market = 0
    for bar in range(bars):
        count, equity, _action, _quantity, _reason = one_bar(
            state, rules, quotes[0, bar], quotes[1, bar], quotes[2, bar], quotes[3, bar],
            quotes[VOLUME, bar] if known else np.inf, quotes[NIGHTS, bar] if known else 0.0,
            bit(new_session, bar), bit(can_enter, bar), bit(must_flat, bar),
            bit(entry_long, bar), bit(exit_long, bar), bit(entry_short, bar), bit(exit_short, bar),
            distance[bar], bar, bar == bars - 1, fills, 0,
        )  # fmt: skip
        for fill in range(count):
            _book(rules, fills[fill], trade, out)
        curve[bar] = equity
        in_market += 1 if state[QTY] != 0.0 else 0
    tally(marked, rules.initial_cash, out)
    out[BARS_IN_MARKET] = in_market
    out[FEES] += account[ENTRY_FEE] + account[BORROWED]
    out[TURNOVER] += abs(account[QTY]) * account[ENTRY_PRICE] * rules.multiplier


@inlined_kernel
def _packed(base: int, width: int, place: int) -> object:
    return words_at(base + 8 * width * place)


@inlined_kernel
def _opened(rules: FillRules) -> NDArray[np.float64]:
    """Return what ``new_account`` returns."""
    account = np.zeros(ACCOUNT_SIZE)
    account[CASH] = account[EQUITY] = account[SESSION_EQUITY] = rules.initial_cash
    account[STOP] = account[TARGET] = account[PEAK] = account[TRAIL_DISTANCE] = account[PENDING_DISTANCE] = np.nan
    return account


@inlined_kernel
def _book(rules: FillRules, fill: NDArray[np.float64], trade: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Count a fill: an entry is remembered, an exit makes it a trade."""
    money = fill[FILL_QTY] * fill[FILL_PRICE] * rules.multiplier
    net = fill[FILL_PNL]
    if np.isnan(net):
        trade[_OPENED] = money
        trade[_FEE] = fill[FILL_FEE]
        return
    out[TRADES] += 1.0
    out[WINS] += 1.0 if net > 0.0 else 0.0
    out[GROSS_PROFIT] += max(0.0, net)
    out[GROSS_LOSS] += 0.0 if net > 0.0 else -net
    out[FEES] += trade[_FEE] + fill[FILL_FEE] + fill[FILL_BORROW]
    out[TURNOVER] += trade[_OPENED] + money
