"""vectorbt as second engine of a shared account: three questions.

1. *Money.* Every order with its size, price and fee is booked by vectorbt with cash sharing, in the order in which it was served. Its cash, value and
   realised profit must be ours. An account that only buys, without leverage or margin, starts there with our money: an order that the cash does not pay
   for would be refused. Otherwise it starts with more.
2. *Prices and fees* of all market orders, worked out a second time by ``second_reading`` from the specification's words.
3. *Fills* of each symbol by itself: vectorbt finds entries, exits, stops and targets from the columns of the program, on the timeline of the single
   cross-check. What it cannot know is told and counted ``replayed``: exits by time, session, daily loss, ruin, margin call and end, some trailing
   stops, and entries that came to nothing: refused for money, slots or ceilings, or without an order because the size was zero or the account stopped.

Sizes are ours in all three: they follow from the shared equity. Weights instead of signals have no third question.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.backtest.basket import book as b
from workbench.backtest.basket import curve as c
from workbench.backtest.crosscheck import TOLERANCE, _available, _booking
from workbench.backtest.engine import account as a
from workbench.backtest.engine.arrays import Hours, Orders, Prices
from workbench.backtest.engine.rules import CLOSE_AT_END, FIXED, SAME_CLOSE
from workbench.backtest.second_reading import fees, market
from workbench.backtest.timeline import Run, replayed_reasons, timeline
from workbench.errors import CrossCheckError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from workbench.backtest.basket.result import BasketResult

_FORCED = (a.BY_DAILY_LOSS, a.BY_RUIN, a.BY_MARGIN)
_MOST_CELLS = 20_000_000  # moments times symbols; vectorbt takes five arrays of that size


@dataclass(frozen=True, kw_only=True)
class BasketCheck:
    """What the second engine says about a shared account."""

    verdict: str
    """``equal``, ``different`` or ``absent`` (vectorbt is not installed, or it has no notion of this account)."""
    booked: int = 0
    """Fills whose money vectorbt booked: cash, value and profit."""
    priced: int = 0
    """Market fills whose price and fee were worked out a second time."""
    independent: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Fills that vectorbt found by itself, by reason."""
    replayed: Mapping[str, int] = field(default_factory=dict, hash=False)
    """What it was told: exits by reason, entries that the account ``refused``, and signals ``without order`` (size zero, or the account stopped)."""
    worst: float = 0.0
    """Largest difference of price, profit, cash or value, as a share of what was involved."""
    detail: str = ""
    """The first difference in words; why it is absent; empty where all is equal."""

    @property
    def words(self) -> str:
        """One sentence for a report."""
        if self.verdict != "equal":
            return self.detail
        found, told = sum(self.independent.values()), ", ".join(f"{count} {name}" for name, count in self.replayed.items())
        by_itself = f"; it found {found:,} of them by itself" if self.independent else ""
        return (
            f"vectorbt booked the same {self.booked:,} fills to the same cash, value and P&L{by_itself}{f' ({told} told)' if told else ''}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record; the worst difference is left out because the last digits vary between machines."""
        record = asdict(self)
        del record["worst"]
        return record

    def require(self) -> None:
        """Refuse an account on which the engines disagree.

        Raises:
            CrossCheckError: the verdict is ``different``.
        """
        if self.verdict == "different":
            message = f"the two engines disagree: {self.detail}"
            raise CrossCheckError(message)


def check(result: BasketResult) -> BasketCheck:
    """Return the verdict of the second engine on ``result``; never raises for a difference."""
    if not _available():
        return BasketCheck(verdict="absent", detail="vectorbt is not installed, nothing was checked a second time")
    rated = (result.feed.rates_close != 1.0).any() or (result.feed.rates_open != 1.0).any()
    if rated and any(member.rules.margin > 0.0 for member in result.members):
        return BasketCheck(verdict="absent", detail="vectorbt books no margined positions in another currency than the account's")
    if (len(result.curve.moments) + len(result.log.fills)) * len(result.members) > _MOST_CELLS:
        return BasketCheck(
            verdict="absent", detail="the account has more moments and symbols than vectorbt books in memory; check a shorter stretch"
        )
    worst, detail = _money(result)
    priced, gap, words = _priced(result)
    worst, detail = max(worst, gap), detail or words
    independent: dict[str, int] = {}
    replayed: dict[str, int] = {}
    for place in range(len(result.members) if result.targets is None else 0):
        gap, words = _found(result, place, independent, replayed)
        worst, detail = max(worst, gap), detail or words
    return BasketCheck(
        verdict="different" if detail else "equal",
        booked=len(result.log.fills),
        priced=priced,
        independent=independent,
        replayed=replayed,
        worst=worst,
        detail=detail,
    )


def _money(result: BasketResult) -> tuple[float, str]:
    """Let vectorbt book all fills in one cash-sharing group; return the worst difference and the first in words."""
    import vectorbt  # noqa: PLC0415 - seconds to import

    fills, rows = result.log.fills, _rows(result)
    shape = (rows["count"], len(result.members))
    place = fills[:, b.FILL_SYMBOL].astype(np.int64)
    rate = _rates(result)
    multiplier = np.array([member.rules.multiplier for member in result.members])
    close = _marks(result, rows)
    size, price, fixed = np.full(shape, np.nan), close.copy(), np.zeros(shape)
    at = rows["of_fill"], place
    size[at] = fills[:, a.FILL_SIDE] * fills[:, a.FILL_QTY] * multiplier[place]
    price[at] = fills[:, a.FILL_PRICE] * rate
    fixed[at] = fills[:, a.FILL_FEE]
    served = np.full(shape, len(fills))
    served[at] = np.arange(len(fills))
    queue = np.argsort(served, axis=1, kind="stable")
    more = _more(result)
    booked = vectorbt.Portfolio.from_orders(
        close=close,
        size=size,
        price=price,
        fixed_fees=fixed,
        direction="both",
        init_cash=result.cash + more,
        cash_sharing=True,
        group_by=True,
        call_seq=queue,
        freq="1D",
    )
    count = len(booked.orders.records_arr)
    if count != len(fills):
        return 1.0, f"vectorbt books {count} of our {len(fills)} orders: the shared cash did not pay for the others"
    marked = rows["of_mark"]
    paid = _borrowing(result)
    value = np.asarray(booked.value(group_by=True), dtype=np.float64).ravel()[marked] - more - paid
    involved = result.cash + more + float(np.max(np.abs(size * price), initial=0.0, where=np.isfinite(size)))
    drift = np.abs(value - result.curve.rows[:, c.OF_EQUITY]) / involved
    records = booked.trades.records_arr
    theirs = float(records["pnl"].sum())
    ours = float((result.book.earned + result.book.profits).sum()) + (float(paid[-1]) if len(paid) else 0.0)
    gap = abs(theirs - ours) / involved
    worst = max(float(drift.max(initial=0.0)), gap)
    if worst <= TOLERANCE:
        return worst, ""
    if gap > TOLERANCE:
        return worst, f"P&L of all trades: ours {ours:.10g}, vectorbt {theirs:.10g}"
    first = int(np.flatnonzero(~(drift <= TOLERANCE))[0])
    return worst, f"equity at {result.moments[first]}: ours {result.curve.rows[first, c.OF_EQUITY]:.10g}, vectorbt {value[first]:.10g}"


def _rows(result: BasketResult) -> dict[str, Any]:
    """Return the rows of one table: each moment's exits and entries at opens, what happened inside bars, at closes, and the mark."""
    fills = result.log.fills
    entry = np.isnan(fills[:, a.FILL_PNL])
    # Of one mark: first what came before its closes were taken (opens: exits, entries), then inside, then closes (exits, entries), then the mark.
    part = np.where(fills[:, b.FILL_PHASE] == b.AT_OPEN, 0, np.where(fills[:, b.FILL_PHASE] == b.INSIDE, 2, 3)) + (
        entry & (fills[:, b.FILL_PHASE] != b.INSIDE)
    )
    # Opens of several moments lie between two marks: a new row whenever the moment changes.
    place = fills[:, b.FILL_SYMBOL].astype(np.int64)
    at = result.feed.first[place] + fills[:, a.FILL_BAR].astype(np.int64)
    moment = np.where(fills[:, b.FILL_PHASE] == b.AT_OPEN, result.feed.opens_at[at], result.feed.closes_at[at])
    mark = fills[:, b.FILL_MARK].astype(np.int64)
    keys = np.stack([mark, moment, part], axis=1)
    new = np.concatenate([[True], (np.diff(keys, axis=0) != 0).any(axis=1)]) if len(fills) else np.zeros(0, dtype=bool)
    group = np.cumsum(new) - 1
    of_fill = group + mark if len(fills) else group
    before = np.searchsorted(mark[new] if len(fills) else mark, np.arange(len(result.curve.moments)), side="right")
    of_mark = before + np.arange(len(result.curve.moments))
    return {"count": int(len(of_mark) + (group[-1] + 1 if len(fills) else 0)), "of_fill": of_fill, "of_mark": of_mark}


def _rates(result: BasketResult) -> NDArray[np.float64]:
    """Return the exchange rate of each fill."""
    fills, place = result.log.fills, result.log.fills[:, b.FILL_SYMBOL].astype(np.int64)
    at = result.feed.first[place] + fills[:, a.FILL_BAR].astype(np.int64)
    return np.asarray(np.where(fills[:, b.FILL_PHASE] == b.AT_OPEN, result.feed.rates_open[at], result.feed.rates_close[at]))


def _marks(result: BasketResult, rows: dict[str, Any]) -> NDArray[np.float64]:
    """Return the last close of each symbol on each row, in the account's money; its first open before there is one."""
    moments, feed = result.curve.moments, result.feed
    close = np.full((rows["count"], len(result.members)), np.nan)
    for place in range(len(result.members)):
        own = slice(feed.first[place], feed.first[place + 1])
        last = np.searchsorted(feed.closes_at[own], moments, side="right") - 1
        value = feed.prices.close[own] * feed.rates_close[own]
        opened = np.searchsorted(feed.opens_at[own], moments, side="right") - 1
        rate = np.where(opened > last, feed.rates_open[own][np.maximum(opened, 0)] / feed.rates_close[own][np.maximum(last, 0)], 1.0)
        column = np.where(last >= 0, value[np.maximum(last, 0)] * rate, feed.prices.open[own][0])
        at = np.searchsorted(rows["of_mark"], np.arange(rows["count"]))
        close[:, place] = column[np.minimum(at, len(column) - 1)]
        _fresh(result, place, close, rows)
    return close


def _fresh(result: BasketResult, place: int, close: NDArray[np.float64], rows: dict[str, Any]) -> None:
    """A position bought at an open counts at that open until its symbol closes."""
    fills, feed = result.log.fills, result.feed
    own = fills[(fills[:, b.FILL_SYMBOL] == place) & np.isnan(fills[:, a.FILL_PNL]) & (fills[:, b.FILL_PHASE] == b.AT_OPEN)]
    at = feed.first[place] + own[:, a.FILL_BAR].astype(np.int64)
    first = own[:, b.FILL_MARK].astype(np.int64)
    until = np.searchsorted(result.curve.moments, feed.closes_at[at])
    for begin, end, bar in zip(first[until > first], until[until > first], at[until > first], strict=True):
        close[rows["of_mark"][begin:end], place] = feed.prices.open[bar] * feed.rates_open[bar]


def _more(result: BasketResult) -> float:
    """Return what vectorbt starts with beside our money: nothing for an account that only buys with its own."""
    fills = result.log.fills
    plain = all(member.rules.margin <= 0.0 and member.rules.leverage == 1.0 for member in result.members)
    short = bool((fills[:, b.FILL_LEFT] < 0.0).any())
    rated = bool((result.feed.rates_close != 1.0).any())
    if plain and not short and not rated:
        return result.cash * 1e-9  # a rounding: vectorbt would cut the last digit of an order that takes all
    worth = (
        fills[:, a.FILL_QTY]
        * fills[:, a.FILL_PRICE]
        * np.array([m.rules.multiplier for m in result.members])[fills[:, b.FILL_SYMBOL].astype(np.int64)]
    )
    return float(10.0 * len(result.members) * np.max(np.abs(worth), initial=result.cash) + np.abs(result.curve.rows[:, c.OF_EQUITY]).max())


def _borrowing(result: BasketResult) -> NDArray[np.float64]:
    """Return what borrowing has cost until each moment, worked out from positions before each open and the nights."""
    feed, fills = result.feed, result.log.fills
    total = np.zeros(len(result.curve.moments))
    for place, member in enumerate(result.members):
        if member.rules.borrow_rate <= 0.0:
            continue
        own = fills[fills[:, b.FILL_SYMBOL] == place]
        bars = np.arange(len(member.bars))
        before = np.searchsorted(own[:, a.FILL_BAR], bars, side="left")
        held = np.concatenate([[0.0], own[:, b.FILL_LEFT]])[before]
        span = slice(feed.first[place], feed.first[place + 1])
        cost = (
            np.maximum(-held, 0.0)
            * feed.prices.open[span]
            * member.rules.multiplier
            * member.rules.borrow_rate
            * feed.hours.nights[span]
            / 365.0
        )
        cost = cost * feed.rates_open[span]
        total += np.concatenate([[0.0], np.cumsum(cost)])[np.searchsorted(feed.opens_at[span], result.curve.moments, side="left")]
    return total


def _priced(result: BasketResult) -> tuple[int, float, str]:
    """Work out price and fee of each market fill a second time; return how many, the worst difference and the first in words."""
    count, worst, words = 0, 0.0, ""
    rate = _rates(result)
    for place, member in enumerate(result.members):
        own = (result.log.fills[:, b.FILL_SYMBOL] == place) & (result.log.fills[:, b.FILL_PHASE] != b.INSIDE)
        rows, at = result.log.fills[own], result.feed.first[place]
        bar = at + rows[:, a.FILL_BAR].astype(np.int64)
        aimed = np.where(rows[:, b.FILL_PHASE] == b.AT_OPEN, result.feed.prices.open[bar], result.feed.prices.close[bar])
        price = market(member.rules, aimed, rows[:, a.FILL_SIDE])
        lost = (rows[:, a.FILL_REASON] == a.BY_END) & (rows[:, a.FILL_PRICE] == 0.0)
        price = np.where(lost, 0.0, price)
        fee = fees(member.rules, rows[:, a.FILL_QTY], price, np.isnan(rows[:, a.FILL_PNL])) * rate[own]
        gap = np.maximum(
            np.abs(price - rows[:, a.FILL_PRICE]) / np.maximum(1.0, price), np.abs(fee - rows[:, a.FILL_FEE]) / np.maximum(1.0, fee)
        )
        count, worst = count + len(rows), max(worst, float(gap.max(initial=0.0)))
        if not words and (gap > TOLERANCE).any():
            first = int(np.flatnonzero(gap > TOLERANCE)[0])
            words = f"{member.symbol} on bar {int(rows[first, a.FILL_BAR])}: ours {rows[first, a.FILL_PRICE]:.10g} with fee {rows[first, a.FILL_FEE]:.10g}, the second reading {price[first]:.10g} with fee {fee[first]:.10g}"
    return count, worst, words


def _found(result: BasketResult, place: int, independent: dict[str, int], replayed: dict[str, int]) -> tuple[float, str]:
    """Let vectorbt find the fills of one symbol from its signals; add to the counts and return worst difference and first in words."""
    run, refused = _alone(result, place)
    own = result.log.fills[result.log.fills[:, b.FILL_SYMBOL] == place]
    told = replayed_reasons(run)
    for reason, number in zip(*np.unique(own[:, a.FILL_REASON].astype(np.int64), return_counts=True), strict=True):
        where = replayed if a.REASONS[reason] in told else independent
        where[a.REASONS[reason]] = where.get(a.REASONS[reason], 0) + int(number)
    for name, number in refused.items():
        replayed[name] = replayed.get(name, 0) + number
    booking = _booking(run, timeline(run))
    symbol, both = result.symbols[place], min(len(own), len(booking.bar))
    price = np.where(
        (own[:both, a.FILL_REASON] == a.BY_END) & (own[:both, a.FILL_PRICE] == 0.0), booking.price[:both], own[:both, a.FILL_PRICE]
    )
    gap = np.abs(price - booking.price[:both]) / np.maximum(1.0, np.abs(price))
    wrong = (own[:both, a.FILL_BAR] != booking.bar[:both]) | (own[:both, a.FILL_SIDE] != booking.side[:both]) | ~(gap <= TOLERANCE)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        ours = f"{own[first, a.FILL_PRICE]:.10g} on bar {int(own[first, a.FILL_BAR])} ({a.REASONS[int(own[first, a.FILL_REASON])]})"
        return float(
            gap.max()
        ), f"{symbol}: fill {first + 1} is {ours} with us, {booking.price[first]:.10g} on bar {int(booking.bar[first])} with vectorbt"
    if len(own) != len(booking.bar):
        return 1.0, f"{symbol}: {len(own)} fills with us, {len(booking.bar)} with vectorbt"
    return float(gap.max(initial=0.0)), ""


def _alone(result: BasketResult, place: int) -> tuple[Run, dict[str, int]]:
    """Return the symbol as a run of its own with one unit and money without end, and the entries that are taken out, counted."""
    feed, member = result.feed, result.members[place]
    span = slice(feed.first[place], feed.first[place + 1])
    fills = result.log.fills[result.log.fills[:, b.FILL_SYMBOL] == place][:, : a.FILL_SIZE].copy()
    fills[:, a.FILL_QTY] = 1.0
    flat = feed.hours.must_flat[span].copy()
    fill_bars = fills[np.isin(fills[:, a.FILL_REASON], _FORCED), a.FILL_BAR].astype(np.int64)
    at_close = member.rules.fill_at == SAME_CLOSE
    flat[np.maximum(fill_bars - (not at_close), 0)] = 1
    signals, refused = _granted(result, place)
    ended = bool(len(fills)) and fills[-1, a.FILL_REASON] == a.BY_END and member.rules.end_kind == 0.0
    rules = member.rules._replace(
        size_kind=float(FIXED), size_value=1.0, lot=0.0, max_quantity=0.0, max_position=0.0, max_daily_loss=0.0, margin=0.0, maintenance=0.0,
        leverage=1.0, volume_share=0.0, fee_per_contract=0.0, fee_bps=0.0, fee_minimum=0.0, borrow_rate=0.0, initial_cash=1e18,
        end_kind=float(CLOSE_AT_END) if ended else member.rules.end_kind,
    )  # fmt: skip
    run = Run(
        prices=Prices(*(column[span] for column in feed.prices)),
        hours=Hours(feed.hours.new_session[span], feed.hours.can_enter[span], flat, feed.hours.nights[span]),
        signals=signals,
        rules=rules,
        distance=feed.distance[span],
        fills=fills,
        equity=np.full(len(flat), 1e18),
    )
    return run, refused


def _granted(result: BasketResult, place: int) -> tuple[Orders, dict[str, int]]:
    """Return the signals without the entries that came to nothing, an exit in place of such a reversal; and how many were taken out, and why."""
    feed, member = result.feed, result.members[place]
    span = slice(feed.first[place], feed.first[place + 1])
    entry_long, exit_long, entry_short, exit_short = (column[span] != 0 for column in feed.signals)
    go = (entry_long & ~exit_long & ~entry_short) | (entry_short & ~exit_short & ~entry_long)
    own = result.log.fills[result.log.fills[:, b.FILL_SYMBOL] == place]
    later = member.rules.fill_at != SAME_CLOSE
    filled, cut = np.zeros(len(go), dtype=bool), np.zeros(len(go), dtype=bool)
    filled[own[np.isnan(own[:, a.FILL_PNL]), a.FILL_BAR].astype(np.int64) - later] = True
    cuts = result.log.cuts[(result.log.cuts[:, b.CUT_SYMBOL] == place) & (result.log.cuts[:, b.CUT_GOT] == 0.0)]
    cut[cuts[:, b.CUT_BAR].astype(np.int64) - later] = True
    # What fills at a close comes after the decision of that close.
    seen = own[:, a.FILL_BAR] + (own[:, b.FILL_PHASE] == b.AT_CLOSE) * 0.5
    held = np.concatenate([[0.0], own[:, b.FILL_LEFT]])[np.searchsorted(seen, np.arange(len(go)), side="right")]
    side = np.where(entry_long, 1.0, -1.0)
    can = (feed.hours.can_enter[span] != 0) & (feed.hours.must_flat[span] == 0) & ((side > 0) | (member.rules.short_allowed != 0.0))
    can[-1:] &= not later  # nothing fills after the last bar
    nothing = go & can & ~filled & ((held == 0.0) | (held * side < 0.0))
    turned = nothing & (held != 0.0)
    exit_long, exit_short = exit_long | (turned & (held > 0)), exit_short | (turned & (held < 0))
    columns = (entry_long & ~nothing, exit_long, entry_short & ~nothing, exit_short)
    counts = {"refused": int((nothing & cut).sum()), "without order": int((nothing & ~cut).sum())}
    return Orders(*(column.astype(np.uint8) for column in columns)), {name: count for name, count in counts.items() if count}
