"""Backtesting.py run on known signals."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pandas as pd
from backtesting import Backtest, Strategy, backtesting
from parity_world import CASH, Outcome, Told, outcome

if TYPE_CHECKING:
    from workbench.market import Bars

backtesting._tqdm = lambda sequence, **_: sequence  # no progress bars in tests


def frame_of(bars: Bars) -> pd.DataFrame:
    """Return the bars as the peer wants them."""
    names = {name: name.capitalize() for name in ("open", "high", "low", "close", "volume")}
    return bars.frame.rename(columns=names).set_axis(pd.DatetimeIndex(bars.trade_date.astype("datetime64[ns]")))


def strategy_of(told: Told, *, size: float | None, stop: float | None, target: float | None, base: Any) -> type[Strategy]:
    """Return a strategy class that does what ``told`` says; ``base(bar)`` is the price that stop and target are a share of."""

    class Following(Strategy):
        def init(self) -> None:
            pass

        def next(self) -> None:
            bar = len(self.data) - 1
            entry, leave = told.wants(bar, self.position.size)
            if entry and entry * self.position.size <= 0:
                if self.position:
                    self.position.close()
                self._enter(bar, entry)
            elif self.position and leave:
                self.position.close()

        def _enter(self, bar: int, side: int) -> None:
            if self.position.size * side > 0:
                return
            order: dict[str, float] = {} if size is None else {"size": size}
            if stop is not None:
                order["sl"] = base(bar) * (1.0 - side * stop)
            if target is not None:
                order["tp"] = base(bar) * (1.0 + side * target)
            (self.buy if side > 0 else self.sell)(**order)

    return Following


def run(
    bars: Bars,
    told: Told,
    *,
    cash: float = CASH,
    size: float | None = None,
    stop: float | None = None,
    target: float | None = None,
    engine: type[Backtest] = Backtest,
    **options: Any,
) -> Outcome:
    """Run the peer; ``options`` are those of its ``Backtest``.

    Stop and target are shares of the price paid: the close with ``trade_on_close``, otherwise the next open, which the test hands to the strategy because
    the peer takes absolute prices at the decision.
    """
    fills = bars.close if options.get("trade_on_close") else [*bars.open[1:], bars.close[-1]]
    following = strategy_of(told, size=size, stop=stop, target=target, base=lambda bar: float(fills[bar]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = engine(frame_of(bars), following, cash=cash, **options).run()
    trades = found["_trades"]
    rows = [
        (t.EntryBar, t.ExitBar, 1.0 if t.Size > 0 else -1.0, abs(t.Size), t.EntryPrice, t.ExitPrice, t.PnL, t.Commission)
        for t in trades.itertuples()
    ]
    return outcome(rows, found["Equity Final [$]"], found)
