"""The fill model on a few bars written by hand: what the rules say at which close, and every fill that follows.

``trace`` runs the engine itself, with the words of ``wb.strategy`` for brackets, size, costs and filling. It is how the document of the fill model is
written, and how a question about a rule is answered in four lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench import look
from workbench.backtest.engine import account as a
from workbench.backtest.engine.arrays import Hours, Orders, Prices
from workbench.backtest.engine.rules import Terms, Units, rules_from
from workbench.backtest.engine.simulate import simulate
from workbench.backtest.timeline import Run
from workbench.errors import InputError, UnknownNameError
from workbench.portfolio import Bracket, Brackets, Costs, Filling, Limits, Sizing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

WORDS = ("buy", "sell", "short", "cover")
"""What the rules can say at a close: enter long, leave long, enter short, leave short."""
_NAMES = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, kw_only=True, eq=False)
class Trace:
    """What happened on the bars of a table."""

    said: Mapping[int, str]
    """Words at closes, by bar."""
    run: Run
    """The arrays that went into the engine and what came out."""

    @property
    def frame(self) -> pd.DataFrame:
        """Every fill in order: bar, side, quantity, price, reason, fee, borrowing (money) and pnl (NaN for entries)."""
        rows = self.run.fills
        return pd.DataFrame(
            {
                "bar": rows[:, a.FILL_BAR].astype(np.int64),
                "side": np.where(rows[:, a.FILL_SIDE] > 0, "buy", "sell"),
                "quantity": rows[:, a.FILL_QTY],
                "price": rows[:, a.FILL_PRICE],
                "reason": np.array(a.REASONS, dtype=object)[rows[:, a.FILL_REASON].astype(np.int64)],
                "fee": rows[:, a.FILL_FEE],
                "borrowing": rows[:, a.FILL_BORROW],
                "pnl": rows[:, a.FILL_PNL],
            }
        )

    @property
    def fills(self) -> list[tuple[int, str, float, float, str]]:
        """Every fill as ``(bar, side, quantity, price, reason)``, to compare with what was expected."""
        return list(self.frame[["bar", "side", "quantity", "price", "reason"]].itertuples(index=False, name=None))

    @property
    def table(self) -> pd.DataFrame:
        """The bars, what was said at each close, what filled on each bar, and the equity at each close."""
        prices = {name: column for name, column in zip(_NAMES, self.run.prices, strict=True) if column.size}
        filled = [""] * len(self.run.equity)
        for bar, side, quantity, price, reason in self.fills:
            filled[bar] += f"{', ' if filled[bar] else ''}{side} {quantity:.10g} @ {price:.10g} ({reason})"
        said = [self.said.get(bar, "") for bar in range(len(filled))]
        return pd.DataFrame({**prices, "said at the close": said, "filled": filled, "equity": self.run.equity}).rename_axis("bar")

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        fills = self.frame.astype(object).where(self.frame.notna(), None).to_dict("records")
        return {"fills": fills, "equity": self.run.equity.tolist()}

    def figure(self) -> Any:  # noqa: ANN401 - a plotly figure
        """Return the bars as candles with the fills on them."""
        import plotly.graph_objects as go  # noqa: PLC0415 - plotly only where a picture is asked for

        prices = self.run.prices
        candles = go.Candlestick(open=prices.open, high=prices.high, low=prices.low, close=prices.close, showlegend=False, name="")
        found = self.frame
        bought = (found["side"] == "buy").to_numpy()
        marks = {
            "symbol": np.where(bought, "triangle-up", "triangle-down"),
            "size": 12,
            "color": np.where(bought, look.UP, look.DOWN),
        }
        fills = go.Scatter(
            x=found["bar"], y=found["price"], mode="markers+text", marker=marks, text=found["reason"], textposition="top center"
        )
        figure = go.Figure([candles, fills.update(showlegend=False, name="fills")])
        return figure.update_layout(template=look.template(), height=320, xaxis_rangeslider_visible=False, xaxis_dtick=1)

    def __repr__(self) -> str:
        """The table as text."""
        return self.table.to_string()

    def _repr_html_(self) -> str:
        table = self.table
        head = "".join(f"<th>{escape(name)}</th>" for name in ("bar", *table.columns))
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(_text(value))}</td>" for value in (bar, *row)) + "</tr>"
            for bar, row in zip(table.index, table.itertuples(index=False, name=None), strict=True)
        )
        return f"<div class='wb-trace'><style>{_STYLE}</style><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"


_STYLE = (
    # Cells have their own ground: notebooks stripe the rows of every table.
    f".wb-trace table{{border-collapse:collapse;font:12px {look.MONO}}}"
    f".wb-trace :is(th,td){{background:{look.BG1};color:{look.TEXT};padding:2px 14px;text-align:right;border:0;border-bottom:1px solid {look.LINE}}}"
    f".wb-trace th{{color:{look.FAINT};font-weight:400}}.wb-trace :is(th,td):nth-last-child(-n+3):not(:last-child){{text-align:left}}"
)


def trace(  # noqa: PLR0913 - one line of a worked example, all options by keyword
    bars: Sequence[Sequence[float]],
    said: Mapping[int, str],
    *,
    stop: Bracket | str | None = None,
    target: Bracket | str | None = None,
    trailing: Bracket | str | None = None,
    time_stop: int | None = None,
    sizing: Sizing | str | float = 1,
    costs: Costs | Mapping[str, Any] | None = None,
    filling: Filling | Mapping[str, Any] | None = None,
    limits: Limits | Mapping[str, Any] | None = None,
    cash: float = 100_000.0,
    tick: float = 0.0,
    multiplier: float = 1.0,
    lot: float = 0.0,
    margin: float = 0.0,
    atr: float = float("nan"),
    sessions: Iterable[int] = (),
    no_entry: Iterable[int] = (),
    must_flat: Iterable[int] = (),
    nights: Mapping[int, float] | None = None,
) -> Trace:
    """Return what the engine does on ``bars`` written by hand; nothing costs anything unless said.

    Args:
        bars: ``(open, high, low, close)`` each, or with the volume as a fifth number.
        said: what the rules say at the close of which bar: ``buy``, ``sell``, ``short``, ``cover``, several with a space between.
        stop: brackets, size, costs, filling and limits as in ``wb.strategy``.
        target: see ``stop``.
        trailing: see ``stop``.
        time_stop: see ``stop``.
        sizing: see ``stop``; one unit by default.
        costs: see ``stop``; nothing by default.
        filling: see ``stop``.
        limits: see ``stop``.
        cash: starting money.
        tick: smallest price step; 0 takes prices as they come.
        multiplier: money per 1.0 of price and contract.
        lot: smallest quantity step; 0 allows fractions.
        margin: money one contract needs; 0 for what is paid in full.
        atr: what brackets in ATR multiply, at every close.
        sessions: first bars of new sessions.
        no_entry: closes at which nothing may be entered.
        must_flat: closes at which a position has to be closed.
        nights: calendar nights before a bar.

    Raises:
        InputError: bars that are no bars, words that are none, or an option that cannot be read.
    """
    prices = _prices(bars)
    count = len(prices.close)
    brackets = Brackets(
        **{name: None if given is None else Bracket.parse(given) for name, given in _guards(stop, target, trailing)},
        time_stop_bars=time_stop,
    )
    terms = Terms(
        Sizing.parse(sizing),
        brackets,
        _record(Costs, {"slippage_ticks": 0.0} if costs is None else costs, slippage_ticks=0.0),
        _record(Filling, filling or {}),
        _record(Limits, limits or {}),
    )
    rules = rules_from(Units(float(tick), float(multiplier), float(lot), float(margin)), terms, cash)
    hours = _hours(count, sessions, no_entry, must_flat, nights or {})
    signals, distance = _signals(count, said), np.full(count, float(atr))
    fills, _orders, equity = simulate(a.new_account(rules), rules, prices, hours, signals, distance)
    run = Run(prices=prices, hours=hours, signals=signals, rules=rules, distance=distance, fills=fills, equity=equity)
    return Trace(said=dict(said), run=run)


def _guards(stop: Any, target: Any, trailing: Any) -> tuple[tuple[str, Any], ...]:  # noqa: ANN401 - whatever was typed
    return (("stop", stop), ("target", target), ("trailing", trailing))


def _record(kind: Any, given: Any, **defaults: Any) -> Any:  # noqa: ANN401 - one of the portfolio's records
    return kind.from_dict({**defaults, **given}) if isinstance(given, Mapping) else given


def _prices(bars: Sequence[Sequence[float]]) -> Prices:
    try:
        columns = np.array([[float(value) for value in bar] for bar in bars], dtype=np.float64).T
    except (TypeError, ValueError):
        columns = np.empty((0, 0))
    if columns.ndim != 2 or len(columns) not in {4, 5} or not columns.shape[1]:  # noqa: PLR2004 - prices, or prices and volume
        message = "bars are rows of (open, high, low, close), each perhaps with its volume; give at least one, all of the same length"
        raise InputError(message)
    return Prices(*(np.ascontiguousarray(column) for column in columns))


def _hours(count: int, sessions: Iterable[int], no_entry: Iterable[int], must_flat: Iterable[int], nights: Mapping[int, float]) -> Hours:
    hours = Hours.always(count)._replace(nights=np.zeros(count))
    for column, bars, value in ((hours.new_session, sessions, 1), (hours.can_enter, no_entry, 0), (hours.must_flat, must_flat, 1)):
        column[list(bars)] = value
    for bar, passed in nights.items():
        hours.nights[bar] = passed
    return hours


def _signals(count: int, said: Mapping[int, str]) -> Orders:
    columns: NDArray[np.uint8] = np.zeros((4, count), np.uint8)
    for bar, words in said.items():
        if not 0 <= bar < count:
            message = f"bar {bar} is not in the table, which has bars 0 to {count - 1}"
            raise InputError(message)
        for word in words.split():
            if word not in WORDS:
                kind = "word"
                raise UnknownNameError(kind, word, WORDS)
            columns[WORDS.index(word), bar] = 1
    return Orders(*columns)


def _text(value: Any) -> str:  # noqa: ANN401 - a number or words
    return value if isinstance(value, str) else f"{value:,.10g}"
