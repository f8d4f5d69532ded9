"""The fill model a second time in plain Python, slow and simple, for the tests to compare the compiled engine with.

It is written from the rules as people state them, not from the kernels, and shares no code with them. Only the order of the arithmetic is
the same, because equality is asked for to the last bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.backtest.engine.arrays import Hours, Orders, Prices
    from workbench.backtest.engine.rules import FillRules

TICKS, FRACTION, DISTANCE = 1, 2, 3
FIXED, OF_EQUITY = 1, 2
SAME_CLOSE = 1
END_AT_CLOSE, END_AT_OPEN = 1, 2
ONLY_ENTRIES, ONLY_EXITS = 1, 2
NIGHTS_A_YEAR = 365.0


@dataclass
class Held:
    """An open position."""

    side: int
    quantity: float
    price: float
    fee: float
    stop: float | None
    target: float | None
    trail: float | None
    best: float
    bars: int = 0
    borrowing: float = 0.0


@dataclass
class Order:
    """A decision on its way to the next open; ``side`` 0 only closes."""

    side: int
    quantity: float
    reason: str
    distance: float


class Tariff:
    """What the rules say about a price or a quantity by itself: levels, slippage, fees, ticks and lots."""

    rules: FillRules

    def away(self, kind: float, value: float, price: float, side: int, distance: float) -> float | None:
        """Return the price a bracket's distance from ``price``, or None without bracket."""
        if kind == TICKS:
            return price + side * (value * self.rules.tick)
        if kind == FRACTION:
            return price * (1.0 + side * value)
        if kind == DISTANCE:
            return price + side * (value * distance)
        return None

    def fee(self, quantity: float, price: float) -> float:
        """Return what a quantity costs by the rates alone."""
        return quantity * self.rules.fee_per_contract + quantity * price * self.rules.multiplier * self.rules.fee_bps / 10000.0

    def entry_fee(self, quantity: float, price: float) -> float:
        """Return the fee of opening."""
        return 0.0 if self.rules.fee_on == ONLY_EXITS else max(self.fee(quantity, price), self.rules.fee_minimum)

    def exit_fee(self, quantity: float, price: float) -> float:
        """Return the fee of closing."""
        return 0.0 if self.rules.fee_on == ONLY_ENTRIES else max(self.fee(quantity, price), self.rules.fee_minimum)

    def slipped(self, price: float, side: int) -> float:
        """Return what a market order pays."""
        worse = self.rules.slippage_ticks * self.rules.tick + price * self.rules.slippage_bps / 10000.0
        return self.grid(price + side * worse, side)

    def grid(self, price: float, side: int) -> float:
        """Return the next price on the grid: up for ``side`` > 0, else down."""
        if self.rules.tick <= 0:
            return price
        per = _per_unit(self.rules.tick)
        ticks = price * per
        if abs(ticks - round(ticks)) <= 1e-6:  # noqa: PLR2004 - on the grid up to rounding
            return round(ticks) / per
        return (math.ceil(ticks) if side > 0 else math.floor(ticks)) / per

    def lots(self, quantity: float) -> float:
        """Return whole lots."""
        if quantity <= 0:
            return 0.0
        if self.rules.lot <= 0:
            return quantity
        per = _per_unit(self.rules.lot)
        return math.floor(quantity * per + 1e-6) / per


class Twin(Tariff):
    """Runs the fill model bar by bar; ``fills``, ``orders`` and ``equity`` collect what happens."""

    def __init__(self, rules: FillRules) -> None:
        """Start with the rules' money and no position."""
        self.rules = rules
        self.cash = self.last_equity = self.session_equity = rules.initial_cash
        self.held: Held | None = None
        self.order: Order | None = None
        self.halted = False
        self.volume, self.nights = math.inf, 0.0
        self.fills: list[tuple[Any, ...]] = []
        self.orders: list[tuple[Any, ...]] = []
        self.equity: list[float] = []

    def run(self, prices: Prices, hours: Hours, signals: Orders, distance: Any) -> Twin:  # noqa: ANN401 - any sequence of floats
        """Take all bars and return itself."""
        count = len(prices.close)
        for bar in range(count):
            quote = [float(column[bar]) for column in prices[:4]]
            flags = [bool(column[bar]) for column in hours[:3]]
            wishes = [bool(column[bar]) for column in signals]
            self.volume = float(prices.volume[bar]) if len(prices.volume) else math.inf
            self.nights = float(hours.nights[bar]) if len(hours.nights) else 0.0
            self.bar(bar, quote, flags, wishes, float(distance[bar]), last=bar == count - 1)
        return self

    def bar(self, bar: int, quote: list[float], flags: list[bool], wishes: list[bool], distance: float, *, last: bool) -> None:
        """Take one bar: the nights before, fills, then the mark, then the decision."""
        new_session, can_enter, must_flat = flags
        open_, high, low, close = quote
        ends = last and self.rules.end_kind in (END_AT_CLOSE, END_AT_OPEN)
        if new_session:
            self.session_equity, self.halted = self.last_equity, False
        self.overnight(open_)
        if ends and self.rules.end_kind == END_AT_OPEN:
            self.last_open(bar, open_)
        else:
            self.execute(bar, open_)
        stopped = self.inside(bar, open_, high, low)
        self.mark(close)
        if ends and self.rules.end_kind == END_AT_CLOSE and self.held is not None:
            self.leave(bar, self.slipped(close, -self.held.side), "end")
            self.mark(close)
        if not ends:
            at_close = self.rules.fill_at == SAME_CLOSE
            self.order = self.decide(wishes, close, distance, can_enter=can_enter and not (at_close and stopped), must_flat=must_flat)
            if self.order is not None:
                self.orders.append((bar, self.order.side, self.order.quantity, self.order.reason))
                if at_close:
                    self.execute(bar, close)
                    self.mark(close)
        self.equity.append(self.last_equity)

    def mark(self, close: float) -> None:
        """Value the account; too much lost since the session began stops it."""
        self.last_equity = self.value(close)
        limit = self.rules.max_daily_loss
        if limit > 0 and self.last_equity <= self.session_equity * (1.0 - limit):
            self.halted = True

    def overnight(self, price: float) -> None:
        """Pay for the nights over which somebody else's shares were sold."""
        if self.held is None or self.held.side > 0 or self.nights <= 0:
            return
        notional = self.held.quantity * price * self.rules.multiplier
        cost = notional * self.rules.borrow_rate * self.nights / NIGHTS_A_YEAR
        self.cash -= cost
        self.held.borrowing += cost

    def last_open(self, bar: int, price: float) -> None:
        """Leave what is held at the last open, and let no entry through."""
        order, self.order = self.order, None
        if self.held is not None:
            self.leave(bar, self.slipped(price, -self.held.side), "end" if order is None else order.reason)

    def execute(self, bar: int, price: float) -> None:
        """Fill the waiting order at a price of the market."""
        order, self.order = self.order, None
        if order is None:
            return
        if self.held is not None and order.side != self.held.side:
            self.leave(bar, self.slipped(price, -self.held.side), order.reason)
        if self.held is None and order.side != 0:
            self.enter(bar, price, order)

    def enter(self, bar: int, aimed: float, order: Order) -> None:
        """Open a position as far as the volume and the money go."""
        rules, side = self.rules, order.side
        price = self.slipped(aimed, side)
        quantity = order.quantity
        if rules.volume_share > 0 and not quantity <= rules.volume_share * self.volume:
            quantity = 0.0 if math.isnan(self.volume) else self.lots(rules.volume_share * self.volume)
        quantity = self.payable(quantity, price)
        if quantity <= 0:
            return
        fee = self.entry_fee(quantity, price)
        self.cash -= fee
        stop = self.away(rules.stop_kind, rules.stop_value, price, -side, order.distance)
        target = self.away(rules.target_kind, rules.target_value, price, side, order.distance)
        trail = self.away(rules.trail_kind, rules.trail_value, price, -side, order.distance)
        self.held = Held(
            side=side,
            quantity=quantity,
            price=price,
            fee=fee,
            stop=None if stop is None else self.grid(stop, -side),
            target=None if target is None else self.grid(target, side),
            trail=None if trail is None else abs(trail - price),
            best=price,
        )
        self.fills.append((bar, side, quantity, price, fee, "entry", None, self.held.stop, self.held.target, 0.0))

    def payable(self, quantity: float, price: float) -> float:
        """Return how much of ``quantity`` the money buys, the fee included."""
        rules = self.rules
        need = rules.margin if rules.margin > 0 else price * rules.multiplier / rules.leverage
        if rules.fee_on == ONLY_EXITS:
            most = self.cash / need
        else:
            by_rate = self.cash / (need + self.fee(1.0, price))
            by_minimum = (self.cash - rules.fee_minimum) / need
            most = min(by_rate, by_minimum)
        return quantity if quantity <= most else self.lots(most)

    def inside(self, bar: int, open_: float, high: float, low: float) -> bool:
        """Let the position's levels meet the bar; return whether a stop was hit."""
        held = self.held
        if held is None:
            return False
        held.bars += 1
        long = held.side > 0
        if held.trail is not None:
            held.best = max(held.best, open_) if long else min(held.best, open_)
        stop, reason = self.stop_level(held)
        if held.target is not None and (open_ >= held.target if long else open_ <= held.target):
            self.leave(bar, self.grid(open_, -held.side), "target")
        elif stop is not None and (low <= stop if long else high >= stop):
            met = min(open_, stop) if long else max(open_, stop)
            self.leave(bar, self.slipped(met, -held.side), reason)
            return True
        elif held.target is not None and (high >= held.target if long else low <= held.target):
            self.leave(bar, held.target, "target")
        else:
            held.best = max(held.best, high) if long else min(held.best, low)
        return False

    def stop_level(self, held: Held) -> tuple[float | None, str]:
        """Return the tighter of fixed and trailing stop, and which it is; the fixed one in a tie."""
        if held.trail is None:
            return held.stop, "stop"
        if self.rules.trail_kind == FRACTION:
            trail = held.best * (1.0 - held.side * self.rules.trail_value)
        else:
            trail = held.best - held.side * held.trail
        trail = self.grid(trail, -held.side)
        if held.stop is None or (trail > held.stop if held.side > 0 else trail < held.stop):
            return trail, "trailing"
        return held.stop, "stop"

    def leave(self, bar: int, price: float, reason: str) -> None:
        """Close the position."""
        held = self.held
        assert held is not None
        fee = self.exit_fee(held.quantity, price)
        gained = held.side * held.quantity * (price - held.price) * self.rules.multiplier
        self.cash = self.cash + gained - fee
        net = gained - fee - held.fee - held.borrowing
        self.fills.append((bar, -held.side, held.quantity, price, fee, reason, net, None, None, held.borrowing))
        self.held = None

    def decide(self, wishes: list[bool], close: float, distance: float, *, can_enter: bool, must_flat: bool) -> Order | None:
        """Return what to do at the next open."""
        entry_long, exit_long, entry_short, exit_short = wishes
        wanted = 0
        if entry_long and not exit_long and not entry_short:
            wanted = 1
        if entry_short and not exit_short and not entry_long:
            wanted = -1
        allowed = wanted != 0 and can_enter and not must_flat and not self.halted
        if wanted < 0 and not self.rules.short_allowed:
            allowed = False
        quantity = self.size(close, distance) if allowed else 0.0
        if self.held is None:
            return Order(wanted, quantity, "entry", distance) if quantity > 0 else None
        leave = exit_long if self.held.side > 0 else exit_short
        reasons = (
            ("session", must_flat),
            ("daily_loss", self.halted),
            ("ruin", self.last_equity <= 0),
            ("margin", self.last_equity < self.needed(close)),
            ("reverse", wanted == -self.held.side),
            ("signal", leave),
            ("time", 0 < self.rules.time_stop_bars <= self.held.bars),
        )
        reason = next((name for name, due in reasons if due), None)
        if reason is None:
            return None
        if reason == "reverse" and quantity > 0:
            return Order(wanted, quantity, reason, distance)
        return Order(0, 0.0, reason, distance)

    def size(self, close: float, distance: float) -> float:
        """Return the quantity of an entry."""
        rules, equity = self.rules, self.last_equity
        if equity <= 0:
            return 0.0
        if DISTANCE in (rules.stop_kind, rules.target_kind, rules.trail_kind) and not distance > 0:
            return 0.0
        notional = close * rules.multiplier
        kind, value = (rules.stop_kind, rules.stop_value) if rules.stop_kind else (rules.trail_kind, rules.trail_value)
        level = self.away(kind, value, close, -1, distance)
        risk = None if level is None else (close - level) * rules.multiplier
        if rules.size_kind == FIXED:
            quantity = rules.size_value
        elif rules.size_kind == OF_EQUITY:
            quantity = equity * rules.leverage * rules.size_value / notional
        else:
            assert risk is not None
            quantity = equity * rules.size_value / risk
        if rules.max_position > 0:
            measure = risk if rules.margin > 0 and risk is not None and risk > 0 else notional
            quantity = min(quantity, equity * rules.max_position / measure)
        if rules.max_quantity > 0:
            quantity = min(quantity, rules.max_quantity)
        return self.lots(quantity)

    def value(self, close: float) -> float:
        """Return cash and open profit."""
        if self.held is None:
            return self.cash
        return self.cash + self.held.side * self.held.quantity * (close - self.held.price) * self.rules.multiplier

    def needed(self, close: float) -> float:
        """Return the equity without which the position is closed."""
        rules = self.rules
        if rules.maintenance <= 0 or self.held is None:
            return -math.inf
        one = rules.margin if rules.margin > 0 else close * rules.multiplier
        return rules.maintenance * (self.held.quantity * one)


def _per_unit(step: float) -> float:
    per = 1.0 / step
    return float(round(per)) if abs(per - round(per)) <= 1e-9 * per else per
