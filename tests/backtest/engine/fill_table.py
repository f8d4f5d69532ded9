"""The rules of the fill model as tiny tables: bars, what the rules say at which closes, and the fills written by hand."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

TICKS, PERCENT, ATR = 1.0, 2.0, 3.0
FRACTION, RISK = 2.0, 3.0


class Case(NamedTuple):
    """One table: bars as (open, high, low, close) and perhaps volume, what the rules say at which closes, and the fills expected."""

    says: str
    bars: list[tuple[float, ...]]
    signals: dict[int, str]
    fills: list[tuple[int, str, float, float, str]]
    rules: Mapping[str, float] = MappingProxyType({})
    new_session: tuple[int, ...] = ()
    no_entry: tuple[int, ...] = ()
    must_flat: tuple[int, ...] = ()
    distance: float = float("nan")
    nights: Mapping[int, float] = MappingProxyType({})
    fees: tuple[float, ...] = ()
    """Fee of each fill, where the case is about them."""
    profits: tuple[float, ...] = ()
    """Profit of each closed trade, where the case is about it."""


FLAT = (100.0, 101.0, 99.0, 100.0)
STOP_5 = {"stop_kind": PERCENT, "stop_value": 0.05}
TARGET_5 = {"target_kind": PERCENT, "target_value": 0.05}

CASES = [
    Case(
        "a decision at a close fills at the next open",
        [FLAT, (102, 104, 101, 103), (105, 106, 104, 105), (107, 108, 106, 107)],
        {0: "buy", 2: "sell"},
        [(1, "buy", 1, 102, "entry"), (3, "sell", 1, 107, "signal")],
    ),
    Case(
        "a decision at the last close does not fill",
        [FLAT, FLAT],
        {1: "buy"},
        [],
    ),
    Case(
        "an entry signal while long changes nothing",
        [FLAT, FLAT, FLAT, FLAT],
        {0: "buy", 1: "buy", 2: "sell"},
        [(1, "buy", 1, 100, "entry"), (3, "sell", 1, 100, "signal")],
    ),
    Case(
        "an exit signal silences an entry signal of the same side",
        [FLAT, FLAT, FLAT],
        {0: "buy sell"},
        [],
    ),
    Case(
        "buy and short together cancel out",
        [FLAT, FLAT, FLAT],
        {0: "buy short"},
        [],
    ),
    Case(
        "a short is sold at the open and bought back at an open",
        [FLAT, (98, 99, 97, 98), (96, 97, 95, 96), (94, 95, 93, 94)],
        {0: "short", 2: "cover"},
        [(1, "sell", 1, 98, "entry"), (3, "buy", 1, 94, "signal")],
    ),
    Case(
        "the opposite entry closes and reverses at the same open",
        [FLAT, FLAT, (103, 104, 102, 103), FLAT],
        {0: "buy", 1: "short"},
        [(1, "buy", 1, 100, "entry"), (2, "sell", 1, 103, "reverse"), (2, "sell", 1, 103, "entry")],
    ),
    Case(
        "where no entry is allowed the opposite entry still closes",
        [FLAT, FLAT, (103, 104, 102, 103), FLAT],
        {0: "buy", 1: "short"},
        [(1, "buy", 1, 100, "entry"), (2, "sell", 1, 103, "reverse")],
        no_entry=(1,),
    ),
    Case(
        "a stop fills at its price",
        [FLAT, FLAT, (99, 100, 94, 96), FLAT],
        {0: "buy"},
        [(1, "buy", 1, 100, "entry"), (2, "sell", 1, 95, "stop")],
        STOP_5,
    ),
    Case(
        "a bar that opens beyond the stop fills at its open",
        [FLAT, FLAT, (90, 92, 89, 91), FLAT],
        {0: "buy"},
        [(1, "buy", 1, 100, "entry"), (2, "sell", 1, 90, "stop")],
        STOP_5,
    ),
    Case(
        "a short's stop lies above and gaps up",
        [FLAT, FLAT, (110, 111, 109, 110), FLAT],
        {0: "short"},
        [(1, "sell", 1, 100, "entry"), (2, "buy", 1, 110, "stop")],
        STOP_5,
    ),
    Case(
        "touching the stop is enough",
        [FLAT, FLAT, (99, 100, 95, 96), FLAT],
        {0: "buy"},
        [(1, "buy", 1, 100, "entry"), (2, "sell", 1, 95, "stop")],
        STOP_5,
    ),
    Case(
        "the stop lives on the entry bar and is measured from the fill, not from the close that decided",
        [FLAT, (110, 112, 104, 108), FLAT],
        {0: "buy"},
        [(1, "buy", 1, 110, "entry"), (1, "sell", 1, 104.5, "stop")],
        STOP_5,
    ),
    Case(
        "a target fills at its price",
        [FLAT, FLAT, (101, 106, 100, 104), FLAT],
        {0: "buy"},
        [(1, "buy", 1, 100, "entry"), (2, "sell", 1, 105, "target")],
        TARGET_5,
    ),
    Case(
        "a bar that opens beyond the target fills at its open",
        [FLAT, FLAT, (108, 109, 107, 108), FLAT],
        {0: "buy"},
        [(1, "buy", 1, 100, "entry"), (2, "sell", 1, 108, "target")],
        TARGET_5,
    ),
    Case(
        "when one bar reaches stop and target the stop counts",
        [FLAT, FLAT, (100, 106, 94, 100), FLAT],
        {0: "buy"},
        [(1, "buy", 1, 100, "entry"), (2, "sell", 1, 95, "stop")],
        STOP_5 | TARGET_5,
    ),
    Case(
        "an order of the last close fills before a stop that the open has passed",
        [FLAT, FLAT, (90, 91, 89, 90), FLAT],
        {0: "buy", 1: "sell"},
        [(1, "buy", 1, 100, "entry"), (2, "sell", 1, 90, "signal")],
        STOP_5,
    ),
    Case(
        "after a stop the next entry fills at the earliest on the next bar",
        [FLAT, FLAT, (99, 100, 94, 100), FLAT, FLAT],
        {0: "buy", 1: "buy", 2: "buy"},
        [(1, "buy", 1, 100, "entry"), (2, "sell", 1, 95, "stop"), (3, "buy", 1, 100, "entry")],
        STOP_5,
    ),
    Case(
        "a reversal can be stopped on its entry bar: three fills",
        [FLAT, FLAT, (100, 106, 99, 101), FLAT],
        {0: "buy", 1: "short"},
        [(1, "buy", 1, 100, "entry"), (2, "sell", 1, 100, "reverse"), (2, "sell", 1, 100, "entry"), (2, "buy", 1, 105, "stop")],
        STOP_5,
    ),
    Case(
        "a trailing stop hangs from the highest price of earlier bars",
        [FLAT, FLAT, (105, 120, 104, 118), (118, 119, 107, 110), FLAT],
        {0: "buy"},
        [(1, "buy", 1, 100, "entry"), (3, "sell", 1, 108, "trailing")],
        {"trail_kind": PERCENT, "trail_value": 0.1},
    ),
    Case(
        "a trailing stop counts this bar's open, not its high",
        [FLAT, FLAT, (120, 130, 110, 112), (111, 112, 105, 106), FLAT],
        {0: "buy"},
        [(1, "buy", 1, 100, "entry"), (3, "sell", 1, 111, "trailing")],
        {"trail_kind": PERCENT, "trail_value": 0.1},
    ),
    Case(
        "a short's trailing stop hangs above the lowest price",
        [FLAT, FLAT, (90, 91, 80, 81), (82, 89, 81, 88), FLAT],
        {0: "short"},
        [(1, "sell", 1, 100, "entry"), (3, "buy", 1, 88, "trailing")],
        {"trail_kind": PERCENT, "trail_value": 0.1},
    ),
    Case(
        "of a fixed and a trailing stop the nearer one counts",
        [FLAT, FLAT, (100, 101, 94, 95), FLAT],
        {0: "buy"},
        [(1, "buy", 1, 100, "entry"), (2, "sell", 1, 95, "stop")],
        STOP_5 | {"trail_kind": PERCENT, "trail_value": 0.1},
    ),
    Case(
        "a time stop of two bars leaves at the open of the second bar after the entry bar",
        [FLAT, FLAT, FLAT, (103, 104, 102, 103), FLAT],
        {0: "buy"},
        [(1, "buy", 1, 100, "entry"), (3, "sell", 1, 103, "time")],
        {"time_stop_bars": 2.0},
    ),
    Case(
        "a session ends flat at the open of its last bar, and nothing enters there",
        [FLAT, FLAT, (101, 102, 100, 101), (102, 103, 101, 102), FLAT],
        {0: "buy", 2: "buy"},
        [(1, "buy", 1, 100, "entry"), (3, "sell", 1, 102, "session")],
        no_entry=(2,),
        must_flat=(2,),
    ),
    Case(
        "the session's end comes before a reversal",
        [FLAT, FLAT, FLAT, FLAT],
        {0: "buy", 1: "short"},
        [(1, "buy", 1, 100, "entry"), (2, "sell", 1, 100, "session")],
        must_flat=(1,),
    ),
    Case(
        "the daily loss closes the position and stops entries until the next session",
        [FLAT, FLAT, (92, 93, 88, 89), (89, 90, 88, 89), FLAT, FLAT],
        {0: "buy", 3: "buy", 4: "buy"},
        [(1, "buy", 1, 100, "entry"), (3, "sell", 1, 89, "daily_loss"), (5, "buy", 1, 100, "entry")],
        {"max_daily_loss": 0.1, "initial_cash": 110.0, "margin": 10.0},
        new_session=(0, 4),
    ),
    Case(
        "the daily loss is measured from the last close of the session before",
        [FLAT, FLAT, (95, 96, 94, 95), (88, 89, 87, 88), (88, 89, 87, 88), FLAT],
        {0: "buy"},
        [(1, "buy", 1, 100, "entry")],
        {"max_daily_loss": 0.1, "initial_cash": 110.0},
        new_session=(0, 3),
    ),
    Case(
        "an account without money closes its position and buys nothing more",
        [FLAT, (100, 210, 99, 205), (320, 321, 319, 320), FLAT, FLAT, FLAT],
        {0: "short", 3: "short"},
        [(1, "sell", 2, 100, "entry"), (2, "buy", 2, 320, "ruin")],
        {"margin": 50.0, "size_value": 2.0, "initial_cash": 200.0},
    ),
    Case(
        "slippage in ticks and basis points worsens buys and sells, and prices are rounded against us",
        [FLAT, (100.1, 101, 99, 100), (100.1, 101, 99, 100)],
        {0: "buy", 1: "sell"},
        [(1, "buy", 1, 100.5, "entry"), (2, "sell", 1, 99.75, "signal")],
        {"tick": 0.25, "slippage_ticks": 1.0, "slippage_bps": 1.0},
    ),
    Case(
        "a price on the grid stays what it is",
        [FLAT, (101.23, 102, 101, 101.5), (101.07, 102, 101, 101.5)],
        {0: "buy", 1: "sell"},
        [(1, "buy", 1, 101.23, "entry"), (2, "sell", 1, 101.07, "signal")],
        {"tick": 0.01},
    ),
    Case(
        "a stop slips from its level, which is rounded against us",
        [FLAT, (100.3, 101, 99.9, 100), (100, 100, 97, 98)],
        {0: "buy"},
        [(1, "buy", 1, 101, "entry"), (2, "sell", 1, 98, "stop")],
        {"tick": 0.5, "slippage_ticks": 0.5, "stop_kind": PERCENT, "stop_value": 0.02},
    ),
    Case(
        "a target does not slip; its level is rounded away and the market has to reach it",
        [FLAT, FLAT, (100, 102.5, 99, 102), (101, 103, 100, 102)],
        {0: "buy"},
        [(1, "buy", 1, 100.5, "entry"), (3, "sell", 1, 103, "target")],
        {"tick": 0.5, "slippage_ticks": 1.0, "target_kind": PERCENT, "target_value": 0.021},
    ),
    Case(
        "brackets in ticks count ticks",
        [FLAT, FLAT, (100, 101, 98, 99)],
        {0: "buy"},
        [(1, "buy", 1, 100, "entry"), (2, "sell", 1, 98.5, "stop")],
        {"tick": 0.25, "stop_kind": TICKS, "stop_value": 6.0},
    ),
    Case(
        "brackets in ATR take the column's value at the decision",
        [FLAT, FLAT, (100, 104, 99, 103)],
        {0: "buy"},
        [(1, "buy", 1, 100, "entry"), (2, "sell", 1, 103, "target")],
        {"target_kind": ATR, "target_value": 2.0},
        distance=1.5,
    ),
    Case(
        "without a known ATR nothing is entered",
        [FLAT, FLAT, FLAT],
        {0: "buy"},
        [],
        {"target_kind": ATR, "target_value": 2.0},
    ),
    Case(
        "a fraction of equity is sized at the close that decides and floored to the lot",
        [FLAT, (105, 111, 104, 110), FLAT],
        {0: "buy"},
        [(1, "buy", 475, 105, "entry")],
        {"size_kind": FRACTION, "size_value": 0.95, "lot": 25.0, "initial_cash": 100_000.0 / 2},
    ),
    Case(
        "a lot in decimals gives the decimal quantity",
        [FLAT, FLAT, FLAT],
        {0: "buy"},
        [(1, "buy", 0.3, 100, "entry")],
        {"size_value": 0.3, "lot": 0.1},
    ),
    Case(
        "risk sizing loses the share of equity at the stop",
        [FLAT, FLAT, (99, 100, 94, 96), FLAT],
        {0: "buy"},
        [(1, "buy", 200, 100, "entry"), (2, "sell", 200, 95, "stop")],
        {"size_kind": RISK, "size_value": 0.01} | STOP_5,
    ),
    Case(
        "cash instruments buy what the money at the fill pays for, fees included",
        [FLAT, (125, 126, 124, 125), FLAT],
        {0: "buy"},
        [(1, "buy", 79, 125, "entry")],
        {"size_kind": FRACTION, "size_value": 1.0, "lot": 1.0, "fee_per_contract": 1.0, "initial_cash": 10_000.0},
    ),
    Case(
        "margined instruments need the margin, not the notional",
        [FLAT, FLAT, FLAT],
        {0: "buy"},
        [(1, "buy", 2, 100, "entry")],
        {"multiplier": 50.0, "margin": 400.0, "size_value": 5.0, "lot": 1.0, "initial_cash": 1_000.0},
    ),
    Case(
        "too little money for one lot buys nothing",
        [FLAT, FLAT, FLAT],
        {0: "buy"},
        [],
        {"multiplier": 50.0, "margin": 4000.0, "lot": 1.0, "initial_cash": 1_000.0},
    ),
    Case(
        "the cap on quantity and the cap on the position hold",
        [FLAT, FLAT, FLAT, FLAT, FLAT],
        {0: "buy", 1: "sell", 2: "short"},
        [(1, "buy", 30, 100, "entry"), (2, "sell", 30, 100, "signal"), (3, "sell", 30, 100, "entry")],
        {"size_kind": FRACTION, "size_value": 1.0, "max_quantity": 30.0, "max_position": 0.05},
    ),
    Case(
        "for margined instruments the cap on the position is one on the loss at the stop",
        [FLAT, FLAT, FLAT],
        {0: "buy"},
        [(1, "buy", 4, 100, "entry")],
        {"multiplier": 50.0, "margin": 400.0, "size_value": 9.0, "lot": 1.0, "max_position": 0.01} | STOP_5,
    ),
    Case(
        "a position open after the last bar is not closed",
        [FLAT, FLAT, FLAT],
        {0: "buy"},
        [(1, "buy", 1, 100, "entry")],
    ),
]
