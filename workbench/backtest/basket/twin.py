"""The shared account a second time in plain Python, slow and simple, for the tests to compare the compiled loop with.

Each symbol is a ``Twin`` of the single fill model; what they share (the purse, who is served first, the ceilings, daily loss and margin call) is
written here from the rules as people state them, and shares no code with the kernels. Events come from one sorted list. Only
the order of the arithmetic is the same, because equality is asked for to the last bit.
"""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING, Any

from workbench.backtest.twin import END_AT_CLOSE, END_AT_OPEN, SAME_CLOSE, Order, Twin

if TYPE_CHECKING:
    from workbench.backtest.basket.allocation import Ceilings
    from workbench.backtest.basket.book import Terms
    from workbench.backtest.basket.feed import Feed
    from workbench.backtest.engine.rules import FillRules

CLOSE, OPEN = 0, 1
WORTHLESS = 2


class Member:
    """One symbol: its twin, its last price, and the rate of its currency."""

    def __init__(self, rules: FillRules, part: float, maintenance: float) -> None:
        """Start without a position."""
        self.twin = Twin(rules)
        self.part, self.maintenance = part, maintenance
        self.price = math.nan
        self.rate = self.entry_rate = 1.0
        self.rank = -math.inf
        self.bar = 0
        self.borrowing = 0.0
        self.stopped = False

    @property
    def signed(self) -> float:
        """What is held, negative when short."""
        held = self.twin.held
        return 0.0 if held is None else held.side * held.quantity

    @property
    def profit(self) -> float:
        """Open profit at the last price, in the account's money."""
        held, rules = self.twin.held, self.twin.rules
        if held is None:
            return 0.0
        return self.signed * (self.price - held.price) * rules.multiplier * self.rate + self.carried(held.price)

    def carried(self, price: float) -> float:
        """What the exchange rate made of the money in a position that was paid in full."""
        if self.twin.rules.margin > 0:
            return 0.0
        return self.signed * price * self.twin.rules.multiplier * (self.rate - self.entry_rate)

    @property
    def value(self) -> float:
        """Signed notional at the last price."""
        return self.signed * self.price * self.twin.rules.multiplier * self.rate

    @property
    def bound(self) -> float:
        """Money that the position keeps others from using."""
        held, rules = self.twin.held, self.twin.rules
        assert held is not None
        if rules.margin > 0:
            return held.quantity * rules.margin * self.rate - self.profit
        if held.side > 0 and rules.leverage == 1:
            return held.quantity * held.price * rules.multiplier * self.entry_rate
        return held.quantity * self.price * rules.multiplier * self.rate / rules.leverage - self.profit


class BasketTwin:
    """Runs a basket event by event; ``fills``, ``orders``, ``cuts`` and ``curve`` collect what happens."""

    def __init__(self, feed: Feed, terms: Terms, limits: Ceilings) -> None:
        """Start with the money of the limits."""
        from workbench.backtest.engine.rules import FillRules  # noqa: PLC0415 - the one record both read

        self.feed, self.limits = feed, limits
        self.members = [
            Member(FillRules(*rules.tolist())._replace(initial_cash=limits.initial_cash), float(part), float(need))
            for rules, part, need in zip(terms.rules, terms.parts, terms.maintenance, strict=True)
        ]
        self.cash = self.equity = self.session_equity = limits.initial_cash
        self.session, self.halted, self.called = -math.inf, False, False
        self.fills: list[tuple[Any, ...]] = []
        self.orders: list[tuple[Any, ...]] = []
        self.cuts: list[tuple[Any, ...]] = []
        self.curve: list[tuple[float, ...]] = []
        self.moments: list[int] = []

    def run(self) -> BasketTwin:
        """Take all events and return itself."""
        feed, events = self.feed, []
        for symbol in range(len(self.members)):
            for bar in range(int(feed.first[symbol + 1] - feed.first[symbol])):
                at = int(feed.first[symbol]) + bar
                events += [(int(feed.opens_at[at]), OPEN, symbol, bar), (int(feed.closes_at[at]), CLOSE, symbol, bar)]
        for (moment, kind), group in groupby(sorted(events), key=lambda event: event[:2]):
            here = [symbol for _, _, symbol, _ in group]
            if kind == OPEN:
                self.opens(here)
            else:
                self.closes(here)
                held = [member for member in self.members if member.twin.held is not None]
                stale = sum(self.members.index(member) not in here for member in held)
                gross, net = self.totals()
                self.curve.append((self.equity, self.cash, gross, net, len(held), stale))
                self.moments.append(moment)
                for symbol in here:
                    self.members[symbol].bar += 1
        return self

    def at(self, symbol: int) -> int:
        """Return where the symbol's bar of now lies."""
        return int(self.feed.first[symbol]) + self.members[symbol].bar

    def last(self, symbol: int) -> bool:
        """Whether it is the symbol's last bar."""
        return self.at(symbol) + 1 == int(self.feed.first[symbol + 1])

    def opens(self, here: list[int]) -> None:
        """Sessions and nights, then all exits, then the entries."""
        feed = self.feed
        for symbol in here:
            member, at = self.members[symbol], self.at(symbol)
            member.rate = float(feed.rates_open[at])
            if feed.session[at] > self.session:
                self.session, self.session_equity, self.halted = float(feed.session[at]), self.equity, False
            if feed.hours.new_session[at]:
                member.twin.session_equity, member.twin.halted = self.equity, False
            member.twin.nights, member.twin.cash = float(feed.hours.nights[at]), 0.0
            member.twin.overnight(float(feed.prices.open[at]))
            self.cash += member.twin.cash * member.rate
            member.borrowing -= member.twin.cash * member.rate
        for symbol in here:
            twin = self.members[symbol].twin
            if self.last(symbol) and twin.rules.end_kind == END_AT_OPEN:
                due = "end" if twin.order is None else twin.order.reason
                twin.order = None if twin.held is None else Order(0, 0.0, due, math.nan)
            self.exit(symbol, float(feed.prices.open[self.at(symbol)]), "open")
        self.serve(here, "open")

    def closes(self, here: list[int]) -> None:
        """Brackets, the account, endings, decisions."""
        feed = self.feed
        for symbol in here:
            member, at = self.members[symbol], self.at(symbol)
            quote = [float(column[at]) for column in feed.prices[:4]]
            member.price, member.rate = quote[3], float(feed.rates_close[at])
            with Lent(self, symbol, "inside"):
                member.stopped = member.twin.inside(member.bar, *quote[:3])
        self.assess(here)
        if self.endings(here):
            self.assess(here)
        if self.decisions(here):
            for symbol in here:
                if self.members[symbol].twin.rules.fill_at == SAME_CLOSE:
                    self.exit(symbol, self.members[symbol].price, "close")
            self.serve([s for s in here if self.members[s].twin.rules.fill_at == SAME_CLOSE], "close")
            self.assess(here)

    def assess(self, here: list[int]) -> None:
        """Take stock; in trouble everybody leaves, those who decide now by themselves."""
        self.equity = self.cash
        need = 0.0
        for member in self.members:
            if member.twin.held is not None:
                self.equity += member.profit
                rules = member.twin.rules
                one = rules.margin if rules.margin > 0 else member.price * rules.multiplier
                need += member.maintenance * (member.twin.held.quantity * one) * member.rate
        self.called = need > 0 and self.equity < need
        loss = self.limits.max_daily_loss
        if loss > 0 and self.equity <= self.session_equity * (1.0 - loss):
            self.halted = True
        for symbol in here:
            twin = self.members[symbol].twin
            own = twin.rules.max_daily_loss
            if own > 0 and self.equity <= twin.session_equity * (1.0 - own):
                twin.halted = True
        if not (self.halted or self.called or self.equity <= 0):
            return
        reason = "daily_loss" if self.halted else ("ruin" if self.equity <= 0 else "margin")
        for symbol, member in enumerate(self.members):
            order = member.twin.order
            if symbol in here or (order is not None and order.side == 0):
                continue
            if member.twin.held is not None:
                member.twin.order = Order(0, 0.0, reason, math.nan)
                self.orders.append((symbol, member.bar, 0, 0.0, reason))
            elif order is not None:
                member.twin.order = None
                self.cuts.append((symbol, member.bar, order.quantity, 0.0, "halt"))

    def endings(self, here: list[int]) -> bool:
        """Close what has no further bars."""
        found = False
        for symbol in here:
            member = self.members[symbol]
            twin, ending = member.twin, self.limits.ending
            if twin.held is None or not self.last(symbol):
                continue
            gone = bool(self.feed.ended[symbol]) and ending > 0 and twin.rules.end_kind == 0
            if twin.rules.end_kind == END_AT_CLOSE or gone:
                price = 0.0 if gone and ending == WORTHLESS else twin.slipped(member.price, -twin.held.side)
                with Lent(self, symbol, "close"):
                    twin.leave(member.bar, price, "end")
                found = True
        return found

    def decisions(self, here: list[int]) -> bool:
        """Decide for each symbol that closed; return whether something trades at once."""
        feed, at_once = self.feed, False
        for symbol in here:
            member, at = self.members[symbol], self.at(symbol)
            twin = member.twin
            over = twin.rules.end_kind in (END_AT_CLOSE, END_AT_OPEN) or (bool(feed.ended[symbol]) and self.limits.ending > 0)
            if over and self.last(symbol):
                continue
            order = self.decide(member, at)
            if order is None:
                continue
            twin.order, member.rank = order, float(feed.priority[at])
            self.orders.append((symbol, member.bar, order.side, order.quantity, order.reason))
            at_once = at_once or twin.rules.fill_at == SAME_CLOSE
        return at_once

    def decide(self, member: Member, at: int) -> Order | None:
        """Return what the symbol's own rules say with its part of the shared equity, unless the account is called."""
        feed, twin = self.feed, member.twin
        must_flat = bool(feed.hours.must_flat[at])
        if twin.held is not None and self.called and not (must_flat or self.halted or twin.halted or self.equity <= 0):
            return Order(0, 0.0, "margin", float(feed.distance[at]))
        own, twin.halted = twin.halted, twin.halted or self.halted
        twin.last_equity = self.equity * member.part
        may = bool(feed.hours.can_enter[at]) and not self.called and not (twin.rules.fill_at == SAME_CLOSE and member.stopped)
        wishes = [bool(column[at]) for column in feed.signals]
        order = twin.decide(wishes, member.price, float(feed.distance[at]), can_enter=may, must_flat=must_flat)
        twin.halted = own
        return order

    def exit(self, symbol: int, aimed: float, phase: str) -> None:
        """Fill an exit, or the first half of a reversal."""
        twin = self.members[symbol].twin
        order = twin.order
        if order is not None and twin.held is not None and order.side != twin.held.side:
            with Lent(self, symbol, phase):
                twin.leave(self.members[symbol].bar, twin.slipped(aimed, -twin.held.side), order.reason)
        if order is not None and (order.side == 0 or twin.held is not None):
            twin.order = None

    def serve(self, here: list[int], phase: str) -> None:
        """Fill entries, the highest rank first; equals in the order of the symbols."""
        waiting = [symbol for symbol in here if self.members[symbol].twin.order is not None]
        for symbol in sorted(waiting, key=lambda place: -self.members[place].rank):
            column = self.feed.prices.open if phase == "open" else self.feed.prices.close
            self.enter(symbol, float(column[self.at(symbol)]), phase)

    def enter(self, symbol: int, aimed: float, phase: str) -> None:
        """Open what ceilings, volume and money leave."""
        member = self.members[symbol]
        twin = member.twin
        order, twin.order = twin.order, None
        assert order is not None
        price = twin.slipped(aimed, order.side)
        quantity, why = self.capped(member, order.quantity, order.side, price)
        twin.volume = float(self.feed.prices.volume[self.at(symbol)])
        most = twin.rules.volume_share * twin.volume
        if twin.rules.volume_share > 0 and not quantity <= most:
            quantity, why = (0.0 if math.isnan(most) else twin.lots(most)), "volume"
        free = self.cash
        for other in self.members:
            if other.twin.held is not None:
                free -= other.bound
        twin.cash = free / member.rate
        payable = twin.payable(quantity, price)
        why = "money" if payable < quantity else why
        before = len(twin.fills)
        twin.enter(member.bar, aimed, Order(order.side, quantity, order.reason, order.distance))
        got = 0.0
        if len(twin.fills) > before:
            assert twin.held is not None
            got = twin.held.quantity
            self.cash -= twin.held.fee * member.rate
            member.entry_rate, member.price = member.rate, aimed
            bar, side, size, paid, fee, *rest = twin.fills[-1]
            self.fills.append((symbol, phase, bar, side, size, paid, fee * member.rate, *rest))
        if why:
            self.cuts.append((symbol, member.bar, order.quantity, got, why))

    def capped(self, member: Member, quantity: float, side: int, price: float) -> tuple[float, str]:
        """Return what the ceilings leave of a quantity, and which one cut it."""
        limits, why = self.limits, ""
        equity = self.cash
        for other in self.members:
            equity += other.profit
        if 0 < limits.max_positions <= sum(other.twin.held is not None for other in self.members):
            return 0.0, "slots"
        gross, net = self.totals()
        one = price * member.twin.rules.multiplier * member.rate
        for name, share, used in (
            ("symbol", limits.max_symbol, 0.0),
            ("gross", limits.max_gross, gross),
            ("net", limits.max_net, side * net),
        ):
            most = (share * equity - used) / one
            if share > 0 and quantity > most:
                quantity, why = member.twin.lots(most), name
        return quantity, why

    def totals(self) -> tuple[float, float]:
        """Return gross and net notional."""
        gross = net = 0.0
        for member in self.members:
            if member.twin.held is not None:
                gross += abs(member.value)
                net += member.value
        return gross, net


class Lent:
    """Lends the purse to a symbol's twin while it may leave its position, and takes it back with what that brought."""

    def __init__(self, basket: BasketTwin, symbol: int, phase: str) -> None:
        """Name whose turn it is."""
        self.basket, self.symbol, self.phase = basket, symbol, phase
        self.member = basket.members[symbol]
        self.before = len(self.member.twin.fills)
        held = self.member.twin.held
        self.principal = 0.0 if held is None else self.member.carried(held.price)
        self.fee = 0.0 if held is None else held.fee

    def __enter__(self) -> None:
        """Put the money in."""
        self.member.twin.cash = self.basket.cash / self.member.rate

    def __exit__(self, *_: object) -> None:
        """Take it back, and say the fill in the account's money."""
        member = self.member
        if len(member.twin.fills) == self.before:
            return
        self.basket.cash = member.twin.cash * member.rate + self.principal
        bar, side, quantity, price, fee, reason, net, stop, target, borrowed = member.twin.fills[-1]
        if member.rate != 1 or member.entry_rate != 1:
            net = (net + borrowed) * member.rate + self.principal + self.fee * (member.rate - member.entry_rate) - member.borrowing
            fee, borrowed = fee * member.rate, member.borrowing
        self.basket.fills.append((self.symbol, self.phase, bar, side, quantity, price, fee, reason, net, stop, target, borrowed))
        member.borrowing = 0.0
