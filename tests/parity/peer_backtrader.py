"""backtrader run on known signals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import backtrader as bt
from parity_world import CASH, Outcome, Told, outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.market import Bars


class Following(bt.Strategy):
    """Does what ``told`` says with market orders: decided in ``next``, filled by the broker on the next bar (or at the close, where it is told to cheat)."""

    params = (("told", None), ("size", None), ("base", None), ("stop", None), ("target", None), ("slip", 0.0))

    def __init__(self) -> None:
        self.fills: list[tuple[float, float, float, float]] = []
        self.refused = 0
        self.waiting: list[Any] = []

    def notify_order(self, order: Any) -> None:
        if order.status == order.Completed:
            done = order.executed
            self.fills.append((done.dt, done.size, done.price, done.comm))
        elif order.status in {order.Margin, order.Rejected}:
            self.refused += 1

    def next(self) -> None:
        self.act(len(self) - 1)

    def act(self, bar: int) -> None:
        """Take the decision of ``bar``."""
        held = self.position.size
        entry, leave = self.p.told.wants(bar, held)
        if entry and entry * held <= 0:
            if held:
                self.leave()
            self.enter(bar, entry)
        elif held and leave:
            self.leave()

    def leave(self) -> None:
        for order in self.waiting:
            self.cancel(order)
        self.waiting = []
        self.close()

    def enter(self, bar: int, side: int) -> None:
        size = {} if self.p.size is None else {"size": self.p.size}
        if self.p.stop is None:
            (self.buy if side > 0 else self.sell)(**size)
            return
        base = self.p.base[bar]
        bracket = self.buy_bracket if side > 0 else self.sell_bracket
        self.waiting = bracket(
            **size, exectype=bt.Order.Market, stopprice=base * (1.0 - side * self.p.stop), limitprice=base * (1.0 + side * self.p.target)
        )[1:]


class AtTheOpen(Following):
    """Acts in ``next_open``: at the open it can know the price and place stop and target beside the market order, live on that very bar."""

    def next(self) -> None:
        pass

    def next_open(self) -> None:
        if len(self.data) > 1:
            self.act(len(self.data) - 2)

    def enter(self, bar: int, side: int) -> None:  # noqa: ARG002 - the open is known here
        there, back = (self.buy, self.sell) if side > 0 else (self.sell, self.buy)
        there(size=self.p.size)
        if self.p.stop is None:
            return
        price = self.data.open[0] * (1.0 + side * self.p.slip)
        stop = back(size=self.p.size, exectype=bt.Order.Stop, price=price * (1.0 - side * self.p.stop))
        limit = back(size=self.p.size, exectype=bt.Order.Limit, price=price * (1.0 + side * self.p.target), oco=stop)
        self.waiting = [stop, limit]


def run(
    bars: Bars,
    told: Told,
    *,
    cash: float = CASH,
    broker: Callable[[Any], None] = lambda _: None,
    following: type[Following] = Following,
    sizer: tuple[type[bt.Sizer], dict[str, Any]] | None = None,
    at_the_close: bool = False,
    analyzers: Any = (),
    **options: Any,
) -> Outcome:
    """Run the peer; ``broker`` sets its broker up, ``options`` are those of the strategy (size, stop, target).

    Stop and target are shares of the price paid; outside ``AtTheOpen`` the test hands that price to the strategy, because the peer takes absolute prices
    at the decision.
    """
    frame = bars.frame.set_axis(bars.trade_date.astype("datetime64[ns]"))
    cerebro = bt.Cerebro(stdstats=False, cheat_on_open=following is AtTheOpen)
    cerebro.adddata(
        bt.feeds.PandasData(dataname=frame, open="open", high="high", low="low", close="close", volume="volume", openinterest=None)
    )
    base = bars.close if at_the_close else [*bars.open[1:], bars.close[-1]]
    cerebro.addstrategy(following, told=told, base=base, **options)
    cerebro.broker.setcash(cash)
    if following is AtTheOpen:
        cerebro.broker.set_coo(True)
    if at_the_close:
        cerebro.broker.set_coc(True)
    if sizer is not None:
        cerebro.addsizer(sizer[0], **sizer[1])
    for analyzer, settings in analyzers:
        cerebro.addanalyzer(analyzer, **settings)
    broker(cerebro.broker)
    found = cerebro.run()[0]
    bar_of = {bt.date2num(time): bar for bar, time in enumerate(frame.index)}
    return outcome(list(_trades(found.fills, bar_of, _multiplier(cerebro))), cerebro.broker.getvalue(), found)


def _multiplier(cerebro: Any) -> float:
    return float(cerebro.broker.getcommissioninfo(cerebro.datas[0]).p.mult)


def _trades(fills: list[tuple[float, ...]], bar_of: dict[float, int], multiplier: float) -> Any:
    """Pair fills: every position is left by one order before the next is opened."""
    for (opened, size, paid, fee), (closed, _, got, fee_out) in zip(fills[0::2], fills[1::2], strict=False):
        gained = size * (got - paid) * multiplier
        side = 1.0 if size > 0 else -1.0
        yield bar_of[opened], bar_of[closed], side, abs(size), paid, got, gained - fee - fee_out, fee + fee_out
