"""Closed trades and open positions of a basket, from its fills."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.backtest.basket import book as b
from workbench.backtest.engine import account as a

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.basket.result import BasketResult

COLUMNS = (
    "symbol", "entry_time", "exit_time", "side", "quantity", "entry_price", "exit_price", "pnl", "return", "bars", "exit_reason", "fees", "mae", "mfe",
    "traded",
)  # fmt: skip


def closed_trades(result: BasketResult) -> pd.DataFrame:
    """Return one row a position that was closed, in order of the fill that closed it.

    A position built in parts has the average price of what was bought and of what was sold, and the most it held as quantity. ``mae`` and ``mfe`` are the
    worst and best open profit of that quantity between first entry and last exit, before fees.
    """
    rows = result.log.fills
    parts = [_of_symbol(result, place, np.flatnonzero(rows[:, b.FILL_SYMBOL] == place)) for place in range(len(result.members))]
    found = pd.concat([part for part in parts if len(part)] or [pd.DataFrame(columns=["order", *COLUMNS])], ignore_index=True)
    found = found.sort_values("order", kind="stable", ignore_index=True)[list(COLUMNS)]
    numbers = [name for name in COLUMNS if name not in ("symbol", "entry_time", "exit_time", "side", "exit_reason", "bars")]
    return found.astype(dict.fromkeys(numbers, np.float64) | {"bars": np.int64})


def _of_symbol(result: BasketResult, place: int, where: NDArray[np.int64]) -> pd.DataFrame:
    member, rows = result.members[place], result.log.fills[where]
    flat = np.flatnonzero(rows[:, b.FILL_LEFT] == 0.0)
    if not len(flat):
        return pd.DataFrame()
    start, rows = np.concatenate([[0], flat[:-1] + 1]), rows[: flat[-1] + 1]
    bar, side = rows[:, a.FILL_BAR].astype(np.int64), rows[start, a.FILL_SIDE]
    sums = _sums(rows, start, flat, _money(result, place, rows))
    phases = (rows[start, b.FILL_PHASE], rows[flat, b.FILL_PHASE])
    low, high = _excursions(result, place, (bar[start], bar[flat]), phases, sums["got"])
    worst, best = np.where(side > 0, low, high), np.where(side > 0, high, low)
    rate = _rate(result, place, rows)[start]
    held = side * sums["quantity"] * member.rules.multiplier * rate
    index = member.bars.frame.index
    return pd.DataFrame(
        {
            "order": where[flat],
            "symbol": member.symbol,
            "entry_time": index[bar[start]],
            "exit_time": index[bar[flat]],
            "side": np.where(side > 0, "long", "short"),
            "quantity": sums["quantity"],
            "entry_price": sums["paid"],
            "exit_price": sums["got"],
            "pnl": sums["pnl"],
            "return": sums["pnl"] / sums["bought"],
            "bars": bar[flat] - bar[start],
            "exit_reason": np.array(a.REASONS, dtype=object)[rows[flat, a.FILL_REASON].astype(np.int64)],
            "fees": sums["fees"],
            "mae": np.minimum(held * (worst - sums["paid"]), 0.0),
            "mfe": np.maximum(held * (best - sums["paid"]), 0.0),
            "traded": sums["traded"],
        }
    )


def _rate(result: BasketResult, place: int, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the exchange rate of each fill."""
    at = result.feed.first[place] + rows[:, a.FILL_BAR].astype(np.int64)
    return np.asarray(np.where(rows[:, b.FILL_PHASE] == b.AT_OPEN, result.feed.rates_open[at], result.feed.rates_close[at]))


def _money(result: BasketResult, place: int, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the notional of each fill in the account's money."""
    multiplier = result.members[place].rules.multiplier
    return np.asarray(rows[:, a.FILL_QTY] * rows[:, a.FILL_PRICE] * multiplier * _rate(result, place, rows))


def _sums(
    rows: NDArray[np.float64], start: NDArray[np.int64], flat: NDArray[np.int64], money: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Return what the fills of each position add up to.

    One fill each way is the rule: its own numbers then, because an average of one would differ in the last digit.
    """
    single, entry = flat - start == 1, np.isnan(rows[:, a.FILL_PNL])

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.add.reduceat(values, start)

    def mean_price(which: NDArray[np.bool_]) -> NDArray[np.float64]:
        size = np.where(which, rows[:, a.FILL_QTY], 0.0)
        return total(size * rows[:, a.FILL_PRICE]) / total(size)

    bought = total(np.where(entry, money, 0.0))
    costs = rows[:, a.FILL_FEE] + rows[:, a.FILL_BORROW]
    ends = rows[start, a.FILL_FEE] + rows[flat, a.FILL_FEE] + rows[flat, a.FILL_BORROW]
    return {
        "quantity": np.where(single, rows[start, a.FILL_QTY], np.maximum.reduceat(np.abs(rows[:, b.FILL_LEFT]), start)),
        "paid": np.where(single, rows[start, a.FILL_PRICE], mean_price(entry)),
        "got": np.where(single, rows[flat, a.FILL_PRICE], mean_price(~entry)),
        "pnl": np.where(single, rows[flat, a.FILL_PNL], total(np.nan_to_num(rows[:, a.FILL_PNL]))),
        "bought": bought,
        "fees": np.where(single, ends, total(costs)),
        "traded": np.where(single, bought + money[flat], total(money)),
    }


def _excursions(
    result: BasketResult, place: int, bars: tuple[NDArray[np.int64], NDArray[np.int64]], phases: tuple[Any, Any], got: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest price of each trade: of the bars it lasted through, and of its exit."""
    begin, stop = bars[0] + (phases[0] == b.AT_CLOSE), bars[1] + (phases[1] == b.AT_CLOSE)
    span = slice(result.feed.first[place], result.feed.first[place + 1])
    pairs = np.column_stack([begin, np.maximum(stop, begin)]).ravel()
    low = np.minimum.reduceat(np.append(result.feed.prices.low[span], np.inf), pairs)[::2]
    high = np.maximum.reduceat(np.append(result.feed.prices.high[span], -np.inf), pairs)[::2]
    same = begin >= stop
    return np.where(same, got, np.minimum(low, got)), np.where(same, got, np.maximum(high, got))


def open_positions(result: BasketResult) -> pd.DataFrame:
    """Return what is held at the end: symbol, side, quantity, entry_time, entry_price, pnl, bars, fees, traded.

    ``pnl`` is at the last price, and holds what was realised by selling parts of the position.
    """
    found: list[dict[str, Any]] = []
    for place, member in enumerate(result.members):
        account = result.book.accounts[place]
        held = float(account[a.QTY])
        if held == 0.0:
            continue
        rows = result.log.fills[result.log.fills[:, b.FILL_SYMBOL] == place]
        flat = np.flatnonzero(rows[:, b.FILL_LEFT] == 0.0)
        rows = rows[flat[-1] + 1 if len(flat) else 0 :]
        first, rate = int(rows[0, a.FILL_BAR]), float(result.book.entry_rates[place])
        fees = float(account[a.ENTRY_FEE]) * rate + float(result.book.borrowed[place])
        traded = rows[:, a.FILL_QTY] * rows[:, a.FILL_PRICE] * member.rules.multiplier * rate
        found.append(
            {
                "symbol": member.symbol,
                "side": "long" if held > 0 else "short",
                "quantity": abs(held),
                "entry_time": member.bars.frame.index[first],
                "entry_price": float(account[a.ENTRY_PRICE]),
                "pnl": float(result.book.profits[place]) - fees + float(np.nansum(rows[:, a.FILL_PNL])),
                "bars": len(member.bars) - first,
                "fees": fees,
                "traded": float(traded.sum()),
            }
        )
    names = ("symbol", "side", "quantity", "entry_time", "entry_price", "pnl", "bars", "fees", "traded")
    return pd.DataFrame(found, columns=list(names))
