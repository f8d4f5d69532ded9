"""vectorbt as second engine: does an engine that shares no code with ours find the same fills?

1. ``timeline`` unrolls the run into rows; entries and exits are the **program's columns**, not our fills.
2. vectorbt's ``from_signals`` decides for itself when it enters and leaves, and when a stop or target is touched and at which level.
3. Prices follow from *its* orders: slippage, tick rounding and fees computed a second time from the specification's words.
4. vectorbt's ``from_orders`` books the orders; its trades and its value are the P&L and equity to compare with.

Bar, side, quantity and count of fills must be equal, prices, fees, P&L and equity within 1e-9 (of their size). Exits that vectorbt has no notion of
(time stop, session end, daily loss, ruin, margin call, end of the data, some trailing stops) are told to it as signals and counted *replayed*, not
*independent*. Sizes, and what borrowing and a share of volume do, follow from ``second_reading``; the last two are named in ``assumed``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.backtest.engine.account import (
    BY_ENTRY,
    BY_TRAILING,
    FILL_BAR,
    FILL_BORROW,
    FILL_FEE,
    FILL_PNL,
    FILL_PRICE,
    FILL_QTY,
    FILL_REASON,
    FILL_SIDE,
    REASONS,
)
from workbench.backtest.second_reading import borrowing, fees, free_money, grid, market, sizes
from workbench.backtest.timeline import CLOSE_OUT, EXIT, REPLAY, REST, Run, Timeline, last_rows, replayed_reasons, timeline
from workbench.errors import BacktestError, CrossCheckError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from workbench.backtest.result import Result

TOLERANCE = 1e-9
_EQUAL, _DIFFERENT, _ABSENT = "equal", "different", "absent"


@dataclass(frozen=True, kw_only=True)
class CrossCheck:
    """What the second engine says about a run."""

    verdict: str
    """``equal``, ``different`` or ``absent`` (vectorbt is not installed)."""
    independent: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Number of fills that vectorbt found by itself, by reason."""
    replayed: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Number of exits it was told, by reason."""
    assumed: tuple[str, ...] = ()
    """Rules of this run that vectorbt has no notion of: their effect was computed a second time, but not by vectorbt."""
    worst_price: float = 0.0
    """Largest difference of a fill's price, as a share of the price."""
    worst_pnl: float = 0.0
    """Largest difference of a trade's P&L or of the equity at a close, as a share of the money involved."""
    detail: str = ""
    """The first difference in words; why it is absent; empty where all is equal."""

    @property
    def words(self) -> str:
        """One sentence for a report."""
        if self.verdict != _EQUAL:
            return self.detail
        told = f", {sum(self.replayed.values())} exits replayed ({', '.join(self.replayed)})" if self.replayed else ""
        found = sum(self.independent.values())
        worst = max(self.worst_price, self.worst_pnl)
        close = f"prices and P&L within {worst:.0e}" if worst > 0.0 else "prices and P&L to the last digit"
        said = f"; {' and '.join(self.assumed)} computed a second time, not by vectorbt" if self.assumed else ""
        return f"vectorbt found the same {found} fills by itself{told}; {close}{said}"

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record; the worst differences are left out because the last digits vary between machines."""
        record = asdict(self)
        record["assumed"] = list(self.assumed)
        return {name: value for name, value in record.items() if not name.startswith("worst") and not (name == "assumed" and not value)}

    def require(self) -> None:
        """Refuse a run on which the engines disagree.

        Raises:
            CrossCheckError: the verdict is ``different``.
        """
        if self.verdict == _DIFFERENT:
            message = f"the two engines disagree: {self.detail}"
            raise CrossCheckError(message)


@dataclass(frozen=True, kw_only=True, eq=False)
class Booking:
    """The orders that vectorbt decided, with the prices that follow, one entry an order."""

    row: NDArray[np.int64]
    bar: NDArray[np.int64]
    side: NDArray[np.float64]
    quantity: NDArray[np.float64]
    price: NDArray[np.float64]
    fee: NDArray[np.float64]


def crosscheck(result: Result) -> CrossCheck:
    """Return the verdict of the second engine on ``result``; never raises for a difference, see ``CrossCheck.require``."""
    return check_run(result.run)


def portfolio(result: Result) -> Any:  # noqa: ANN401 - a vectorbt Portfolio
    """Return the run as a vectorbt ``Portfolio`` with its plots and statistics.

    Its rows are parts of bars (exits before the open, open, rest). The row length is chosen so that vectorbt annualises by the instrument's calendar.
    Where a margin or a short sale would be cut it starts with more cash, because vectorbt knows no margin; quantities are multiplied by the
    contract's multiplier. Ratios come from ``result.metrics``.

    Raises:
        BacktestError: vectorbt is not installed.
    """
    if not _available():
        message = "vectorbt is not installed; run python -m pip install 'vectorbt[rust]' to get result.portfolio"
        raise BacktestError(message, "RECOVERABLE")
    rows = timeline(result.run)
    return _book(result.run, rows, _booking(result.run, rows), close=_labelled(result, rows), freq=_row_length(result, rows))


def check_run(run: Run) -> CrossCheck:
    """Return the verdict of the second engine on the arrays of one run."""
    if not _available():
        return CrossCheck(verdict=_ABSENT, detail="vectorbt is not installed, nothing was checked a second time")
    if not len(run.equity):
        return CrossCheck(verdict=_EQUAL)
    rows = timeline(run)
    booking = _booking(run, rows)
    booked = _book(run, rows, booking)
    worst_pnl, money = _money(run, rows, booking, booked)
    difference = _first_difference(run, booking) or money
    return CrossCheck(
        verdict=_DIFFERENT if difference else _EQUAL,
        **_counts(run),
        assumed=_assumed(run),
        worst_price=_worst_price(run, booking),
        worst_pnl=worst_pnl,
        detail=difference,
    )


def _available() -> bool:
    try:
        import vectorbt  # noqa: F401, PLC0415 - seconds to import, and optional
    except ImportError:
        return False
    return True


def _decisions(rows: Timeline) -> NDArray[Any]:
    """Let vectorbt decide: one unit an order, raw levels, unlimited cash. Return its order records."""
    import vectorbt  # noqa: PLC0415 - seconds to import

    decided = vectorbt.Portfolio.from_signals(
        close=rows.close,
        open=rows.open,
        high=rows.high,
        low=rows.low,
        entries=rows.long_entry,
        exits=rows.leave_long,
        short_entries=rows.short_entry,
        short_exits=rows.leave_short,
        price=rows.price,
        size=1.0,
        init_cash=1e15,
        sl_stop=rows.stop,
        sl_trail=rows.trailing,
        tp_stop=rows.target,
        stop_entry_price="FillPrice",
        stop_exit_price="StopLimit",
        accumulate=False,
        freq="1D",
    )
    return np.asarray(decided.orders.records_arr)


def _booking(run: Run, rows: Timeline) -> Booking:
    """Turn vectorbt's decisions into orders with price, quantity and fee."""
    records = _decisions(rows)
    row = records["idx"].astype(np.int64)
    bar = rows.bar[row]
    side = np.where(records["side"] == 0, 1.0, -1.0)
    entry = np.where(side > 0, rows.long_entry[row], rows.short_entry[row])
    price = _prices(run, rows, row, records["price"], entry=entry, side=side)
    quantity = _quantities(run, bar, price, entry)
    return Booking(row=row, bar=bar, side=side, quantity=quantity, price=price, fee=fees(run.rules, quantity, price, entry))


def _prices(
    run: Run, rows: Timeline, row: NDArray[np.int64], raw: NDArray[np.float64], *, entry: NDArray[np.bool_], side: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the market price for signals and stops, the level or a better open for targets, our own price for what is replayed inside a bar.

    Orders alternate between entry and exit, so the entry of an exit is the order before it. vectorbt does not say whether stop or target
    was touched: only a target lies at or beyond the target level.
    """
    rules, bar = run.rules, rows.bar[row]
    opened = np.maximum(np.arange(len(row)) - 1, 0)
    target = rows.price[row[opened]] * (1.0 - side * rows.target[row[opened]])
    kind = rows.kind[row]
    limit = ~entry & (kind != EXIT) & (kind < CLOSE_OUT) & (-side * (raw - target) >= -TOLERANCE * np.abs(raw))
    at_open = (entry | (kind == EXIT) | (raw == run.prices.open[bar])) & (kind < CLOSE_OUT)
    aimed = np.where(at_open, run.prices.open[bar], np.where(kind >= CLOSE_OUT, run.prices.close[bar], grid(raw, rules.tick, side)))
    price = np.where(limit, np.where(at_open, grid(aimed, rules.tick, side), grid(raw, rules.tick, -side)), market(rules, aimed, side))
    inside = np.flatnonzero(rows.kind[row] == REPLAY)
    if len(inside):
        told = run.fills[run.fills[:, FILL_REASON] == BY_TRAILING]
        price[inside] = told[np.searchsorted(told[:, FILL_BAR], bar[inside]), FILL_PRICE]
    return np.asarray(price, dtype=np.float64)


def _quantities(run: Run, bar: NDArray[np.int64], price: NDArray[np.float64], entry: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the quantity of each order: entries as the sizing rule says, exits what the entry before them opened."""
    quantity = np.zeros(len(bar))
    quantity[entry] = sizes(run, bar[entry], price[entry], free_money(run, bar[entry]))
    # An entry that the sizing rule refuses was dropped from the rows; should one come through all the same it must be seen.
    quantity[entry & (quantity <= 0.0)] = run.rules.lot or 1.0
    last = np.maximum.accumulate(np.where(entry, np.arange(len(bar)), -1))
    return np.where(entry, quantity, quantity[np.maximum(last, 0)])


def _book(run: Run, rows: Timeline, booking: Booking, close: pd.Series[float] | None = None, freq: Any = "1D") -> Any:  # noqa: ANN401 - a vectorbt Portfolio
    """Let vectorbt book the orders; ``close`` with an index where somebody looks at the portfolio."""
    import vectorbt  # noqa: PLC0415 - seconds to import

    value = _values(run, rows)
    size = np.full(len(rows.bar), np.nan)
    price, fixed = value.copy(), np.zeros(len(rows.bar))
    # Two orders of one run never share a row.
    size[booking.row] = booking.side * booking.quantity * run.rules.multiplier
    price[booking.row] = booking.price
    fixed[booking.row] = booking.fee
    return vectorbt.Portfolio.from_orders(
        close=value if close is None else close,
        size=size,
        price=price,
        fixed_fees=fixed,
        direction="both",
        init_cash=_cash(run, booking),
        freq=freq,
    )


def _values(run: Run, rows: Timeline) -> NDArray[np.float64]:
    """What a position is worth on each row: the bar's close on its last row, its open before."""
    return np.where(rows.kind >= REST, run.prices.close[rows.bar], run.prices.open[rows.bar])


def _labelled(result: Result, rows: Timeline) -> pd.Series[float]:
    """Return the closes with the moment of each row; the parts at the open are a nanosecond apart."""
    import pandas as pd  # noqa: PLC0415 - only where somebody looks at the portfolio

    known = result.bars.known_at[rows.bar] + rows.kind - REST - 3
    times = np.where(rows.kind >= REST, known, result.bars.time[rows.bar] + rows.kind)
    index = pd.DatetimeIndex(pd.to_datetime(times, unit="ns", utc=True), name="time")
    return pd.Series(_values(result.run, rows), index=index, name=result.bars.instrument.symbol)


def _row_length(result: Result, rows: Timeline) -> pd.Timedelta:
    """Return the row length of which vectorbt's year holds as many as the instrument's calendar has."""
    import pandas as pd  # noqa: PLC0415 - only where somebody looks at the portfolio
    import vectorbt  # noqa: PLC0415 - seconds to import

    year = pd.Timedelta(vectorbt.settings["returns"]["year_freq"])
    return pd.Timedelta(year / (result.bars_per_year * len(rows.bar) / len(result.bars)))


def _cash(run: Run, booking: Booking) -> float:
    """Return the cash vectorbt starts with: the run's own, and enough more where a margin or a short sale would otherwise be cut."""
    notional = float(np.max(booking.quantity * np.abs(booking.price) * run.rules.multiplier, initial=0.0))
    short = bool((booking.side[::2] < 0).any())
    spent = float(np.max(np.abs(run.equity - run.rules.initial_cash), initial=0.0))
    return run.rules.initial_cash + (10.0 * notional + spent if run.rules.margin > 0.0 or run.rules.leverage > 1.0 or short else 0.0)


def _counts(run: Run) -> dict[str, dict[str, int]]:
    told = replayed_reasons(run)
    counts = np.bincount(run.fills[:, FILL_REASON].astype(np.int64), minlength=len(REASONS))
    found = {name: int(count) for name, count in zip(REASONS, counts, strict=True) if count}
    return {
        "independent": {name: count for name, count in found.items() if name not in told},
        "replayed": {name: count for name, count in found.items() if name in told},
    }


def _assumed(run: Run) -> tuple[str, ...]:
    rules = run.rules
    borrowed = rules.borrow_rate > 0.0 and bool((run.fills[:, FILL_BORROW] > 0.0).any())
    limited = rules.volume_share > 0.0 and len(run.prices.volume) > 0
    return (("borrowing",) if borrowed else ()) + (("share of volume",) if limited else ())


def _first_difference(run: Run, booking: Booking) -> str:
    """Return the first fill on which the engines differ, in words; empty where there is none."""
    fills = run.fills
    columns: tuple[tuple[str, NDArray[Any], int], ...] = (
        ("bar", booking.bar, FILL_BAR),
        ("side", booking.side, FILL_SIDE),
        ("quantity", booking.quantity, FILL_QTY),
        ("price", booking.price, FILL_PRICE),
        ("fee", booking.fee, FILL_FEE),
    )
    both = min(len(fills), len(booking.bar))
    differs = np.zeros((both, len(columns)), dtype=np.bool_)
    for place, (_, theirs, column) in enumerate(columns):
        size = np.maximum(1.0, np.abs(theirs[:both]))
        differs[:, place] = ~(np.abs(theirs[:both] - fills[:both, column]) <= TOLERANCE * size)
    rows = np.flatnonzero(differs.any(axis=1))
    if len(rows):
        first = int(rows[0])
        names = ", ".join(name for (name, _, _), wrong in zip(columns, differs[first], strict=True) if wrong)
        return f"fill {first + 1} differs in {names}: ours {_ours(fills[first])}, vectorbt {_theirs(booking, first)}"
    if len(fills) > both:
        return f"fill {both + 1} of ours, {_ours(fills[both])}, is not found by vectorbt, which has {both}"
    if len(booking.bar) > both:
        return f"vectorbt fills {_theirs(booking, both)} as number {both + 1}, our run stops at {both}"
    return ""


def _ours(fill: NDArray[np.float64]) -> str:
    side = "buy" if fill[FILL_SIDE] > 0 else "sell"
    return f"{side} {fill[FILL_QTY]:g} @ {fill[FILL_PRICE]:.10g} on bar {int(fill[FILL_BAR])} ({REASONS[int(fill[FILL_REASON])]})"


def _theirs(booking: Booking, place: int) -> str:
    side = "buy" if booking.side[place] > 0 else "sell"
    return f"{side} {booking.quantity[place]:g} @ {booking.price[place]:.10g} on bar {int(booking.bar[place])}"


def _money(run: Run, rows: Timeline, booking: Booking, booked: Any) -> tuple[float, str]:  # noqa: ANN401 - a vectorbt Portfolio
    """Return the worst difference of P&L and equity as a share of the money involved, and the first difference in words."""
    records = np.asarray(booked.trades.records_arr)
    trades = records[records["status"] == 1]
    ours = run.fills[run.fills[:, FILL_REASON] != BY_ENTRY]
    both = min(len(ours), len(trades))
    involved = np.maximum(1.0, np.abs(ours[:both, FILL_QTY] * ours[:both, FILL_PRICE] * run.rules.multiplier))
    theirs = trades["pnl"][:both] - _borrowed(run, both)
    gaps = np.abs(ours[:both, FILL_PNL] - theirs) / involved
    more = float(booked.init_cash) - run.rules.initial_cash
    value = np.asarray(booked.value(), dtype=np.float64)[last_rows(rows)] - more - borrowing(run)
    money = float(np.max(booking.quantity * np.abs(booking.price) * run.rules.multiplier, initial=1.0)) + float(booked.init_cash)
    drift = np.abs(value - run.equity) / money
    words = ""
    if (gaps > TOLERANCE).any():
        first = int(np.flatnonzero(gaps > TOLERANCE)[0])
        words = f"P&L of trade {first + 1}: ours {ours[first, FILL_PNL]:.10g}, vectorbt {theirs[first]:.10g}"
    elif (~(drift <= TOLERANCE)).any():
        first = int(np.flatnonzero(~(drift <= TOLERANCE))[0])
        words = f"equity at the close of bar {first}: ours {run.equity[first]:.10g}, vectorbt {value[first]:.10g}"
    return float(max(gaps.max(initial=0.0), drift.max(initial=0.0))), words


def _borrowed(run: Run, trades: int) -> NDArray[np.float64]:
    """Return what borrowing cost over each of the first ``trades``."""
    paid, bars = borrowing(run), run.fills[: 2 * trades, FILL_BAR].astype(np.int64)
    return paid[bars[1::2]] - paid[bars[::2]]


def _worst_price(run: Run, booking: Booking) -> float:
    both = min(len(run.fills), len(booking.price))
    theirs = booking.price[:both]
    return float(np.max(np.abs(run.fills[:both, FILL_PRICE] - theirs) / np.maximum(1.0, np.abs(theirs)), initial=0.0))
