"""Rebalancing a second time in plain Python: lots of money and shares, no kernels, for the tests to compare with.

One ``Lots`` a symbol keeps what was bought at which price as the rules state it; only the order of the arithmetic is the engine's.
"""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING, Any

from workbench.backtest.twin import Twin

if TYPE_CHECKING:
    from workbench.backtest.basket.allocation import Ceilings
    from workbench.backtest.basket.book import Terms
    from workbench.backtest.basket.feed import Feed
    from workbench.backtest.basket.targets import Targets
    from workbench.backtest.engine.rules import FillRules

CLOSE, AIM, OPEN = 0, 1, 2


class Lots:
    """One symbol: what is held, at which average price, and the target that waits."""

    def __init__(self, rules: FillRules, maintenance: float) -> None:
        """Hold nothing."""
        self.math = Twin(rules)  # its prices, lots and fees; its own account is not used
        self.rules, self.maintenance = rules, maintenance
        self.held = self.price = self.fees = self.borrowed = 0.0
        self.last = math.nan
        self.target: float | None = None
        self.why, self.rank, self.bar = "", 0.0, 0
        self.inside = self.over = False

    @property
    def profit(self) -> float:
        """Open profit at the last price."""
        return self.held * (self.last - self.price) * self.rules.multiplier if self.held else 0.0

    @property
    def value(self) -> float:
        """Signed notional at the last price."""
        return self.held * self.last * self.rules.multiplier if self.held else 0.0

    @property
    def bound(self) -> float:
        """Money that others cannot use."""
        rules = self.rules
        if rules.margin > 0:
            return abs(self.held) * rules.margin - self.profit
        if self.held > 0 and rules.leverage == 1:
            return self.held * self.price * rules.multiplier
        return abs(self.held) * self.last * rules.multiplier / rules.leverage - self.profit


class TargetTwin:
    """Runs rebalanced weights event by event, in one currency; ``fills`` and ``curve`` collect what happens."""

    def __init__(self, feed: Feed, terms: Terms, limits: Ceilings, targets: Targets) -> None:
        """Start with the money of the limits."""
        from workbench.backtest.engine.rules import FillRules  # noqa: PLC0415 - the one record both read

        self.feed, self.limits, self.targets = feed, limits, targets
        self.lots = [Lots(FillRules(*rules.tolist()), float(need)) for rules, need in zip(terms.rules, terms.maintenance, strict=True)]
        self.cash = self.equity = self.session_equity = limits.initial_cash
        self.session, self.halted, self.called = -math.inf, False, False
        self.fills: list[tuple[Any, ...]] = []
        self.curve: list[tuple[float, float]] = []

    def run(self) -> TargetTwin:
        """Take all events and return itself."""
        feed, events = self.feed, []
        for symbol in range(len(self.lots)):
            for bar in range(int(feed.first[symbol + 1] - feed.first[symbol])):
                at = int(feed.first[symbol]) + bar
                events += [(int(feed.opens_at[at]), OPEN, symbol), (int(feed.closes_at[at]), CLOSE, symbol)]
        last = max(event[0] for event in events)
        events += [(int(moment), AIM, row) for row, moment in enumerate(self.targets.moments) if moment <= last]
        for (_, kind), group in groupby(sorted(events), key=lambda event: event[:2]):
            here = [who for _, _, who in group]
            if kind == CLOSE:
                self.closes(here)
            elif kind == OPEN:
                self.opens(here)
            else:
                for row in here:
                    self.aim(row)
        return self

    def at(self, symbol: int) -> int:
        """Where its bar of now lies."""
        return int(self.feed.first[symbol]) + self.lots[symbol].bar

    def closes(self, here: list[int]) -> None:
        """Mark, take stock, end what has ended."""
        for symbol in here:
            self.lots[symbol].last = float(self.feed.prices.close[self.at(symbol)])
        self.assess()
        for symbol in here:
            lots = self.lots[symbol]
            over = self.at(symbol) + 1 == int(self.feed.first[symbol + 1])
            if over and lots.held and self.feed.ended[symbol] and self.limits.ending > 0:
                side = 1 if lots.held > 0 else -1
                price = 0.0 if self.limits.ending > 1 else lots.math.slipped(lots.last, -side)
                self.sell(symbol, abs(lots.held), price, "end")
                self.assess()
            lots.over, lots.inside = over, False
            lots.bar += 1
        self.curve.append((self.equity, self.cash))

    def assess(self) -> None:
        """Equity, daily loss, ruin and margin call."""
        self.equity, need = self.cash, 0.0
        for lots in self.lots:
            if lots.held:
                self.equity += lots.profit
                one = lots.rules.margin if lots.rules.margin > 0 else lots.last * lots.rules.multiplier
                need += lots.maintenance * (abs(lots.held) * one)
        self.called = need > 0 and self.equity < need
        loss = self.limits.max_daily_loss
        self.halted = self.halted or (loss > 0 and self.equity <= self.session_equity * (1.0 - loss))
        if self.halted or self.called or self.equity <= 0:
            reason = "daily_loss" if self.halted else ("ruin" if self.equity <= 0 else "margin")
            for lots in self.lots:
                if lots.held and lots.target != 0:
                    lots.target, lots.why = 0.0, reason
                elif not lots.held:
                    lots.target = None

    def aim(self, row: int) -> None:
        """Turn a row of weights into targets."""
        equity = self.cash
        for lots in self.lots:
            equity += lots.profit
        for lots, weight in zip(self.lots, self.targets.weights[row].tolist(), strict=True):
            if math.isnan(weight):
                continue
            blocked = math.isnan(lots.last) or lots.over or self.halted or self.called or equity <= 0
            if weight != 0 and (blocked or (weight < 0 and not lots.rules.short_allowed)):
                continue
            wanted = 0.0
            one = lots.last * lots.rules.multiplier
            if weight != 0:
                wanted = math.copysign(lots.math.lots(abs(weight) * equity * (1.0 - self.targets.buffer) / one), weight)
            lots.target = None
            if wanted == lots.held or (weight != 0 and abs(wanted - lots.held) * one < self.targets.band * equity):
                continue
            lots.target, lots.why, lots.rank = wanted, "signal", abs(weight)

    def opens(self, here: list[int]) -> None:
        """Sessions and nights, then what shrinks, then what grows."""
        feed = self.feed
        for symbol in here:
            lots, at = self.lots[symbol], self.at(symbol)
            if feed.session[at] > self.session:
                self.session, self.session_equity, self.halted = float(feed.session[at]), self.equity, False
            if lots.held < 0 and feed.hours.nights[at] > 0:
                notional = -lots.held * float(feed.prices.open[at]) * lots.rules.multiplier
                cost = notional * lots.rules.borrow_rate * float(feed.hours.nights[at]) / 365.0
                self.cash -= cost
                lots.borrowed += cost
        waiting = [symbol for symbol in here if self.lots[symbol].target is not None]
        for symbol in waiting:
            self.shrink(symbol)
        for symbol in sorted(waiting, key=lambda place: -self.lots[place].rank):
            lots = self.lots[symbol]
            if lots.target is not None and abs(lots.target) > abs(lots.held):
                self.grow(symbol, lots.target)
            lots.target = None

    def shrink(self, symbol: int) -> None:
        """Sell what is too much, or all of the wrong side."""
        lots = self.lots[symbol]
        assert lots.target is not None
        if lots.held == 0:
            return
        side = 1 if lots.held > 0 else -1
        keep = max(side * lots.target, 0.0)
        if keep < abs(lots.held):
            price = lots.math.slipped(float(self.feed.prices.open[self.at(symbol)]), -side)
            self.sell(symbol, abs(lots.held) - keep, price, lots.why, keep=keep)

    def sell(self, symbol: int, quantity: float, price: float, why: str, *, keep: float = 0.0) -> None:
        """Leave a part of the position with its part of fees and borrowing."""
        lots = self.lots[symbol]
        side, part = (1 if lots.held > 0 else -1), quantity / abs(lots.held)
        paid = lots.math.exit_fee(quantity, price)
        gained = side * quantity * (price - lots.price) * lots.rules.multiplier
        self.cash = self.cash + gained - paid
        net = gained - paid - lots.fees * part - lots.borrowed * part
        self.fills.append((symbol, lots.bar, -side, quantity, price, paid, why, net))
        lots.fees -= lots.fees * part
        lots.borrowed -= lots.borrowed * part
        lots.held = side * keep

    def grow(self, symbol: int, wanted: float) -> None:
        """Buy what is missing, as far as ceilings, volume and money go."""
        lots, at = self.lots[symbol], self.at(symbol)
        side = 1 if wanted > 0 else -1
        aimed = float(self.feed.prices.open[at])
        price = lots.math.slipped(aimed, side)
        quantity = self.capped(lots, abs(wanted) - abs(lots.held), side, price)
        most = lots.rules.volume_share * float(self.feed.prices.volume[at])
        if lots.rules.volume_share > 0 and not quantity <= most:
            quantity = lots.math.lots(most)
        lots.math.cash = self.cash
        for other in self.lots:
            if other.held:
                lots.math.cash -= other.bound
        quantity = lots.math.payable(quantity, price)
        if quantity <= 0:
            return
        paid, before = lots.math.entry_fee(quantity, price), abs(lots.held)
        lots.price = (before * lots.price + quantity * price) / (before + quantity)
        lots.held += side * quantity
        lots.fees += paid
        lots.last = aimed
        self.cash -= paid
        self.fills.append((symbol, lots.bar, side, quantity, price, paid, "entry", math.nan))

    def capped(self, lots: Lots, quantity: float, side: int, price: float) -> float:
        """Return what the ceilings leave of a quantity."""
        limits, equity, gross, net, count = self.limits, self.cash, 0.0, 0.0, 0
        for other in self.lots:
            if other.held:
                equity, gross, net, count = equity + other.profit, gross + abs(other.value), net + other.value, count + 1
        if not lots.held and 0 < limits.max_positions <= count:
            return 0.0
        for ceiling, used in ((limits.max_symbol, abs(lots.value)), (limits.max_gross, gross), (limits.max_net, side * net)):
            most = (ceiling * equity - used) / (price * lots.rules.multiplier)
            if ceiling > 0 and quantity > most:
                quantity = lots.math.lots(most)
        return quantity
