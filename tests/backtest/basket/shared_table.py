"""The rules of sharing an account as tiny tables: bars of each symbol, what the rules say at which closes, and the fills written by hand."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Price = float | tuple[float, float, float, float]
STOP_5 = MappingProxyType({"stop_kind": 2.0, "stop_value": 0.05})
FUTURE = MappingProxyType({"multiplier": 10.0, "margin": 400.0})
HALF, ALL = MappingProxyType({"size_kind": 2.0, "size_value": 0.5}), MappingProxyType({"size_kind": 2.0, "size_value": 1.0})


class Line(NamedTuple):
    """One symbol: a number is a bar of one price; ``at`` are the moments of the bars (0, 1, 2, ... unless given), each one long unless ``long``."""

    bars: list[Price]
    signals: Mapping[int, str] = MappingProxyType({})
    rules: Mapping[str, float] = MappingProxyType({})
    at: tuple[int, ...] = ()
    rank: float = float("-inf")
    rates: tuple[float, ...] = ()
    ended: bool = False
    long: bool = False
    """Every bar lasts until the next opens."""


class Case(NamedTuple):
    """One table: the fills expected as (symbol, bar, side, quantity, price, reason), and the cuts as (symbol, wanted, got, limit)."""

    says: str
    lines: list[Line]
    fills: list[tuple[int, int, str, float, float, str]]
    cuts: Sequence[tuple[int, float, float, str]] = ()
    limits: Mapping[str, float] = MappingProxyType({})
    equity: Sequence[float] = ()
    stale: Sequence[int] = ()


BUY_AT_ONCE = {0: "buy"}
CASES = [
    Case(
        "where the money pays for one of two, the symbol given first gets it",
        [Line([100, 100], BUY_AT_ONCE), Line([100, 100], BUY_AT_ONCE)],
        [(0, 1, "buy", 1, 100, "entry")],
        [(1, 1, 0, "money")],
        {"initial_cash": 150.0},
    ),
    Case(
        "the higher priority is served first",
        [Line([100, 100], BUY_AT_ONCE, rank=1.0), Line([100, 100], BUY_AT_ONCE, rank=2.0)],
        [(1, 1, "buy", 1, 100, "entry")],
        [(0, 1, 0, "money")],
        {"initial_cash": 150.0},
    ),
    Case(
        "a symbol without a priority comes after those that have one",
        [Line([100, 100], BUY_AT_ONCE), Line([100, 100], BUY_AT_ONCE, rank=-5.0)],
        [(1, 1, "buy", 1, 100, "entry")],
        [(0, 1, 0, "money")],
        {"initial_cash": 150.0},
    ),
    Case(
        "both are sized on the same equity, the second buys what is left in whole lots",
        [
            Line([10, 10], BUY_AT_ONCE, {"size_kind": 2.0, "size_value": 0.7}),
            Line([9, 9], BUY_AT_ONCE, {"size_kind": 2.0, "size_value": 0.7}),
        ],
        [(0, 1, "buy", 70, 10, "entry"), (1, 1, "buy", 33, 9, "entry")],
        [(1, 77, 33, "money")],
        {"initial_cash": 1_000.0},
    ),
    Case(
        "an exit at the same open pays for an entry, whatever the order of the symbols",
        [Line([100, 100, 100], {1: "buy"}), Line([100, 100, 100], {0: "buy", 1: "sell"})],
        [(1, 1, "buy", 1, 100, "entry"), (1, 2, "sell", 1, 100, "signal"), (0, 2, "buy", 1, 100, "entry")],
        limits={"initial_cash": 150.0},
    ),
    Case(
        "money from a stop inside the bar does not pay for an entry at that bar's open",
        [Line([100, 100, (100, 100, 90, 92)], BUY_AT_ONCE, STOP_5), Line([100, 100, 100], {1: "buy"})],
        [(0, 1, "buy", 1, 100, "entry"), (0, 2, "sell", 1, 95, "stop")],
        [(1, 1, 0, "money")],
        {"initial_cash": 150.0},
    ),
    Case(
        "a gain that is not realised does not pay for shares",
        [Line([100, 100, 180, 180], BUY_AT_ONCE), Line([100, 100, 100, 100], {2: "buy"})],
        [(0, 1, "buy", 1, 100, "entry")],
        [(1, 1, 0, "money")],
        {"initial_cash": 150.0},
        equity=[150, 150, 230, 230],
    ),
    Case(
        "the open profit of a future pays for the margin of another, as its loss would take away from it",
        [Line([100, 100, 140, 140], BUY_AT_ONCE, FUTURE), Line([50, 50, 50, 50], {1: "buy", 2: "buy"}, FUTURE)],
        [(0, 1, "buy", 1, 100, "entry"), (1, 3, "buy", 1, 50, "entry")],
        [(1, 1, 0, "money")],
        {"initial_cash": 500.0},
        equity=[500, 500, 900, 900],
    ),
    Case(
        "with all slots taken nothing more is opened, and a slot left at this open is free",
        [Line([10, 10, 10, 10], {0: "buy", 2: "sell"}), Line([10, 10, 10, 10], {0: "buy", 2: "buy"})],
        [(0, 1, "buy", 1, 10, "entry"), (0, 3, "sell", 1, 10, "signal"), (1, 3, "buy", 1, 10, "entry")],
        [(1, 1, 0, "slots")],
        {"max_positions": 1.0},
    ),
    Case(
        "the gross ceiling counts longs and shorts, the last one is cut to it",
        [Line([10, 10], BUY_AT_ONCE, HALF), Line([10, 10], {0: "short"}, HALF)],
        [(0, 1, "buy", 50, 10, "entry"), (1, 1, "sell", 30, 10, "entry")],
        [(1, 50, 30, "gross")],
        {"max_gross": 0.8, "initial_cash": 1_000.0},
    ),
    Case(
        "the net ceiling lets a short through where it refuses a long",
        [Line([10, 10], BUY_AT_ONCE, HALF), Line([10, 10], BUY_AT_ONCE, HALF), Line([10, 10], {0: "short"}, HALF)],
        [(0, 1, "buy", 50, 10, "entry"), (1, 1, "buy", 10, 10, "entry"), (2, 1, "sell", 40, 10, "entry")],
        [(1, 50, 10, "net"), (2, 50, 40, "money")],
        {"max_net": 0.6, "initial_cash": 1_000.0},
    ),
    Case(
        "the ceiling of one symbol",
        [Line([10, 10], BUY_AT_ONCE, HALF)],
        [(0, 1, "buy", 20, 10, "entry")],
        [(0, 50, 20, "symbol")],
        {"max_symbol": 0.2, "initial_cash": 1_000.0},
    ),
    Case(
        "a symbol that starts later has no events before; its first order is sized on the equity of then",
        [Line([10, 10, 20, 20, 20], {0: "buy", 2: "sell"}, ALL), Line([10, 10], BUY_AT_ONCE, ALL, at=(3, 4))],
        [(0, 1, "buy", 10, 10, "entry"), (0, 3, "sell", 10, 20, "signal"), (1, 1, "buy", 20, 10, "entry")],
        limits={"initial_cash": 100.0},
        equity=[100, 100, 200, 200, 200],
    ),
    Case(
        "a symbol without a bar has no event: its order waits, and its position counts at its last price and is counted stale",
        [Line([10, 10, 30], BUY_AT_ONCE, at=(0, 1, 5)), Line([10, 10, 10, 10, 10, 10])],
        [(0, 1, "buy", 1, 10, "entry")],
        limits={"initial_cash": 100.0},
        equity=[100, 100, 100, 100, 100, 120],
        stale=[0, 0, 1, 1, 1, 0],
    ),
    Case(
        "a symbol that ends before the others is closed at its last close",
        [Line([10, 10, (11, 12, 11, 12)], BUY_AT_ONCE, ended=True), Line([10, 10, 10, 10, 10])],
        [(0, 1, "buy", 1, 10, "entry"), (0, 2, "sell", 1, 12, "end")],
        limits={"ending": 1.0, "initial_cash": 100.0},
        equity=[100, 100, 102, 102, 102],
    ),
    Case(
        "or kept at its last price",
        [Line([10, 10, 12], BUY_AT_ONCE, ended=True), Line([10, 10, 10, 10, 10])],
        [(0, 1, "buy", 1, 10, "entry")],
        limits={"ending": 0.0, "initial_cash": 100.0},
        equity=[100, 100, 102, 102, 102],
        stale=[0, 0, 0, 1, 1],
    ),
    Case(
        "or written off",
        [Line([10, 10, 12], BUY_AT_ONCE, ended=True), Line([10, 10, 10, 10, 10])],
        [(0, 1, "buy", 1, 10, "entry"), (0, 2, "sell", 1, 0, "end")],
        limits={"ending": 2.0, "initial_cash": 100.0},
        equity=[100, 100, 90, 90, 90],
    ),
    Case(
        "the account's daily loss closes every position at its next open and stops entries until the next session (five bars each)",
        [
            Line([10, 10, 5, 5, 5, 5, 5], BUY_AT_ONCE, HALF),
            Line([10, 10, 10, 10, 10, 10, 10], {0: "buy", 3: "buy", 4: "buy", 5: "buy"}, {**HALF, "lot": 0.0}),
        ],
        [
            (0, 1, "buy", 5, 10, "entry"),
            (1, 1, "buy", 5, 10, "entry"),
            (0, 3, "sell", 5, 5, "daily_loss"),
            (1, 3, "sell", 5, 10, "daily_loss"),
            (1, 6, "buy", 3.75, 10, "entry"),
        ],
        limits={"max_daily_loss": 0.2, "initial_cash": 100.0},
        equity=[100, 100, 75, 75, 75, 75, 75],
    ),
    Case(
        "an entry that waits for its open is dropped when the account stops meanwhile",
        [Line([10, 10, 5, 5], BUY_AT_ONCE, ALL), Line([10, 10], BUY_AT_ONCE, at=(1, 4))],
        [(0, 1, "buy", 10, 10, "entry"), (0, 3, "sell", 10, 5, "daily_loss")],
        [(1, 1, 0, "halt")],
        {"max_daily_loss": 0.2, "initial_cash": 100.0},
    ),
    Case(
        "a margin call adds up what all positions need, closes them all, and nothing enters meanwhile",
        [
            Line([100, 100, 85, 85], BUY_AT_ONCE, {**FUTURE, "maintenance": 0.9}),
            Line([50, 50, 50, 50], BUY_AT_ONCE, {**FUTURE, "maintenance": 0.9}),
            Line([10, 10, 10, 10], {2: "buy"}, {"margin": 1.0}),
        ],
        [
            (0, 1, "buy", 1, 100, "entry"),
            (1, 1, "buy", 1, 50, "entry"),
            (0, 3, "sell", 1, 85, "margin"),
            (1, 3, "sell", 1, 50, "margin"),
        ],
        limits={"initial_cash": 800.0},
        equity=[800, 800, 650, 650],
    ),
    Case(
        "enough equity for all positions is no margin call",
        [
            Line([100, 100, 85, 85], BUY_AT_ONCE, {**FUTURE, "maintenance": 0.9}),
            Line([50, 50, 50, 50], BUY_AT_ONCE, {**FUTURE, "maintenance": 0.7}),
        ],
        [(0, 1, "buy", 1, 100, "entry"), (1, 1, "buy", 1, 50, "entry")],
        limits={"initial_cash": 800.0},
        equity=[800, 800, 650, 650],
    ),
    Case(
        "ruin of one symbol closes the other too",
        [Line([100, 100, 50, 50], BUY_AT_ONCE, FUTURE), Line([50, 50, 50, 50], BUY_AT_ONCE, {"multiplier": 1.0, "margin": 10.0})],
        [(0, 1, "buy", 1, 100, "entry"), (1, 1, "buy", 1, 50, "entry"), (0, 3, "sell", 1, 50, "ruin"), (1, 3, "sell", 1, 50, "ruin")],
        limits={"initial_cash": 450.0},
        equity=[450, 450, -50, -50],
    ),
    Case(
        "with leverage two the notional of all positions is at most twice the equity",
        [Line([10, 10], BUY_AT_ONCE, {**ALL, "leverage": 2.0}), Line([10, 10], BUY_AT_ONCE, {**ALL, "leverage": 2.0})],
        [(0, 1, "buy", 20, 10, "entry")],
        [(1, 20, 0, "money")],
        {"initial_cash": 100.0},
    ),
    Case(
        "same-close orders trade at once, exits first",
        [
            Line([10, 20, 20], {1: "buy"}, {**ALL, "fill_at": 1.0, "lot": 0.0}),
            Line([10, 15, 15], {0: "buy", 1: "sell"}, {**ALL, "fill_at": 1.0, "lot": 0.0}),
        ],
        [(1, 0, "buy", 10, 10, "entry"), (1, 1, "sell", 10, 15, "signal"), (0, 1, "buy", 7.5, 20, "entry")],
        limits={"initial_cash": 100.0},
        equity=[100, 150, 150],
    ),
    Case(
        "a bar that lasts longer sells inside itself only when it is over: the money is not there before",
        [
            Line([100, (100, 100, 90, 92), 92], BUY_AT_ONCE, STOP_5, at=(0, 2, 6), long=True),
            Line([100, 100, 100, 100], {2: "buy"}, at=(0, 1, 3, 4)),
        ],
        [(0, 1, "buy", 1, 100, "entry"), (0, 1, "sell", 1, 95, "stop")],
        [(1, 1, 0, "money")],
        {"initial_cash": 150.0},
    ),
    Case(
        "a share in another currency is paid at the rate of its open and sold at the rate of its exit",
        [Line([10, 10, 10], {0: "buy", 1: "sell"}, rates=(1.0, 1.1, 1.2))],
        [(0, 1, "buy", 1, 10, "entry"), (0, 2, "sell", 1, 10, "signal")],
        limits={"initial_cash": 100.0},
        equity=[100, 100, 101],
    ),
    Case(
        "a future in another currency earns its profit at the rate of its exit",
        [Line([10, 10, 20], {0: "buy", 1: "sell"}, {"margin": 1.0}, rates=(1.0, 1.1, 1.2))],
        [(0, 1, "buy", 1, 10, "entry"), (0, 2, "sell", 1, 20, "signal")],
        limits={"initial_cash": 100.0},
        equity=[100, 100, 112],
    ),
]
