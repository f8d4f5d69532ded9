"""The rules that only some markets have, as tiny tables: fills at the close, ends, fees once, borrowing, leverage, calls, volume, whole shares."""

from __future__ import annotations

from fill_table import FLAT, FRACTION, STOP_5, TARGET_5, TICKS, Case

CLOSE = {"fill_at": 1.0}
END_CLOSE, END_OPEN = {"end_kind": 1.0}, {"end_kind": 2.0}
BORROW = {"borrow_rate": 0.0365, "size_value": 100.0}

CASES = [
    Case(
        "asked for by name, a decision fills at the close that made it",
        [FLAT, (102, 104, 101, 103), (105, 106, 104, 105), (107, 108, 106, 107)],
        {0: "buy", 2: "sell"},
        [(0, "buy", 1, 100, "entry"), (2, "sell", 1, 105, "signal")],
        CLOSE,
    ),
    Case(
        "a fill at the close slips and is rounded like any other",
        [FLAT, (102, 104, 101, 103), (105, 106, 104, 105)],
        {0: "buy", 2: "sell"},
        [(0, "buy", 1, 100.25, "entry"), (2, "sell", 1, 104.75, "signal")],  # one tick of 0.25 each
        CLOSE | {"tick": 0.25, "slippage_ticks": 1.0},
    ),
    Case(
        "the brackets of an entry at the close live from the next bar on",
        [(100, 101, 90, 100), (99, 100, 94, 96), FLAT],
        {0: "buy"},
        [(0, "buy", 1, 100, "entry"), (1, "sell", 1, 95, "stop")],  # the low of 90 came before the entry
        CLOSE | STOP_5,
    ),
    Case(
        "after a stop nothing enters at the close of that bar",
        [FLAT, (99, 100, 94, 100), FLAT],
        {0: "buy", 1: "buy", 2: "buy"},
        [(0, "buy", 1, 100, "entry"), (1, "sell", 1, 95, "stop"), (2, "buy", 1, 100, "entry")],
        CLOSE | STOP_5,
    ),
    Case(
        "after a target the close of that bar may enter again",
        [FLAT, (101, 106, 100, 104), FLAT],
        {0: "buy", 1: "buy"},
        [(0, "buy", 1, 100, "entry"), (1, "sell", 1, 105, "target"), (1, "buy", 1, 104, "entry")],
        CLOSE | TARGET_5,
    ),
    Case(
        "a reversal at the close closes and opens there",
        [FLAT, (102, 104, 101, 103), FLAT],
        {0: "buy", 1: "short"},
        [(0, "buy", 1, 100, "entry"), (1, "sell", 1, 103, "reverse"), (1, "sell", 1, 103, "entry")],
        CLOSE,
    ),
    Case(
        "a time stop of two bars leaves at the second close after the entry's",
        [FLAT, FLAT, (102, 104, 101, 103), FLAT],
        {0: "buy"},
        [(0, "buy", 1, 100, "entry"), (2, "sell", 1, 103, "time")],
        CLOSE | {"time_stop_bars": 2.0},
    ),
    Case(
        "a session that ends flat is left at the close that says so",
        [FLAT, (101, 102, 100, 101), FLAT],
        {0: "buy"},
        [(0, "buy", 1, 100, "entry"), (1, "sell", 1, 101, "session")],
        CLOSE,
        must_flat=(1,),
    ),
    Case(
        "with fills at the close the last close still trades",
        [FLAT, FLAT],
        {1: "buy"},
        [(1, "buy", 1, 100, "entry")],
        CLOSE,
    ),
    Case(
        "at the end a position may be closed at the last close",
        [FLAT, FLAT, (102, 104, 101, 103)],
        {0: "buy"},
        [(1, "buy", 1, 100, "entry"), (2, "sell", 1, 103, "end")],
        END_CLOSE,
    ),
    Case(
        "at the end a position may be closed at the last open",
        [FLAT, FLAT, (102, 104, 101, 103)],
        {0: "buy"},
        [(1, "buy", 1, 100, "entry"), (2, "sell", 1, 102, "end")],
        END_OPEN,
    ),
    Case(
        "a run that ends at the last open enters nothing there",
        [FLAT, FLAT, FLAT],
        {1: "buy"},
        [],
        END_OPEN,
    ),
    Case(
        "an exit that was due at the last open keeps its reason",
        [FLAT, FLAT, (102, 104, 101, 103)],
        {0: "buy", 1: "sell"},
        [(1, "buy", 1, 100, "entry"), (2, "sell", 1, 102, "signal")],
        END_OPEN,
    ),
    Case(
        "an entry at the last open leaves at the last close",
        [FLAT, FLAT, (102, 104, 101, 103)],
        {1: "buy"},
        [(2, "buy", 1, 102, "entry"), (2, "sell", 1, 103, "end")],
        END_CLOSE,
    ),
    Case(
        "a stop on the last bar comes before the end",
        [FLAT, FLAT, (99, 100, 94, 96)],
        {0: "buy"},
        [(1, "buy", 1, 100, "entry"), (2, "sell", 1, 95, "stop")],
        END_CLOSE | STOP_5,
    ),
    Case(
        "a run that ends decides nothing at its last close",
        [FLAT, FLAT],
        {1: "buy"},
        [],
        CLOSE | END_CLOSE,
    ),
    Case(
        "a fill costs the minimum fee where its rates come to less",
        [FLAT, FLAT, (103, 104, 102, 103)],
        {0: "buy", 1: "sell"},
        [(1, "buy", 10, 100, "entry"), (2, "sell", 10, 103, "signal")],
        {"size_value": 10.0, "fee_per_contract": 0.01, "fee_minimum": 1.0},
        fees=(1.0, 1.0),  # 10 * 0.01 = 0.10, at least 1
        profits=(28.0,),  # 10 * 3 - 1 - 1
    ),
    Case(
        "a fill costs its rates where they come to more than the minimum",
        [FLAT, FLAT, (103, 104, 102, 103)],
        {0: "buy", 1: "sell"},
        [(1, "buy", 200, 100, "entry"), (2, "sell", 200, 103, "signal")],
        {"size_value": 200.0, "fee_per_contract": 0.01, "fee_minimum": 1.0},
        fees=(2.0, 2.0),  # 200 * 0.01
        profits=(596.0,),  # 200 * 3 - 2 - 2
    ),
    Case(
        "a commission may be due once, at the entry",
        [FLAT, FLAT, (103, 104, 102, 103)],
        {0: "buy", 1: "sell"},
        [(1, "buy", 10, 100, "entry"), (2, "sell", 10, 103, "signal")],
        {"size_value": 10.0, "fee_bps": 20.0, "fee_on": 1.0},
        fees=(2.0, 0.0),  # 10 * 100 * 20 / 10 000
        profits=(28.0,),
    ),
    Case(
        "a commission may be due once, at the exit",
        [FLAT, FLAT, (103, 104, 102, 103)],
        {0: "buy", 1: "sell"},
        [(1, "buy", 10, 100, "entry"), (2, "sell", 10, 103, "signal")],
        {"size_value": 10.0, "fee_bps": 20.0, "fee_on": 2.0},
        fees=(0.0, 2.06),  # 10 * 103 * 20 / 10 000
        profits=(27.94,),
    ),
    Case(
        "the money has to pay the minimum fee as well",
        [FLAT, FLAT],
        {0: "buy"},
        [(1, "buy", 9, 100, "entry")],  # (1 000 - 5) / 100 = 9.95
        {"size_value": 10.0, "lot": 1.0, "fee_minimum": 5.0, "initial_cash": 1_000.0},
        fees=(5.0,),
    ),
    Case(
        "a short position pays for the nights before a bar, at its open",
        [FLAT, FLAT, (110, 111, 109, 110), FLAT],
        {0: "short", 2: "cover"},
        [(1, "sell", 100, 100, "entry"), (3, "buy", 100, 100, "signal")],
        BORROW,
        nights={2: 3.0},
        profits=(-3.3,),  # 100 * 110 * 3.65 % * 3 / 365
    ),
    Case(
        "the night before the open that covers is paid",
        [FLAT, FLAT, FLAT],
        {0: "short", 1: "cover"},
        [(1, "sell", 100, 100, "entry"), (2, "buy", 100, 100, "signal")],
        BORROW,
        nights={2: 1.0},
        profits=(-1.0,),  # 100 * 100 * 3.65 % / 365
    ),
    Case(
        "the night before the open that sells short is not paid",
        [FLAT, FLAT, FLAT],
        {0: "short", 1: "cover"},
        [(1, "sell", 100, 100, "entry"), (2, "buy", 100, 100, "signal")],
        BORROW,
        nights={1: 1.0},
        profits=(0.0,),
    ),
    Case(
        "a long position borrows nothing",
        [FLAT, FLAT, FLAT, FLAT],
        {0: "buy", 2: "sell"},
        [(1, "buy", 100, 100, "entry"), (3, "sell", 100, 100, "signal")],
        BORROW,
        nights={2: 3.0},
        profits=(0.0,),
    ),
    Case(
        "with leverage two the money buys twice as much",
        [FLAT, FLAT],
        {0: "buy"},
        [(1, "buy", 20, 100, "entry")],  # 2 * 1 000 / 100
        {"size_value": 30.0, "leverage": 2.0, "initial_cash": 1_000.0},
    ),
    Case(
        "a size in percent is a share of what the money buys",
        [FLAT, FLAT],
        {0: "buy"},
        [(1, "buy", 10, 100, "entry")],  # half of 2 * 1 000 / 100
        {"size_kind": FRACTION, "size_value": 0.5, "leverage": 2.0, "initial_cash": 1_000.0},
    ),
    Case(
        "a close whose equity no longer keeps the position is a margin call: it is closed at the next open",
        [FLAT, FLAT, (95, 96, 89, 90), (88, 89, 87, 88)],
        {0: "buy"},
        [(1, "buy", 40, 100, "entry"), (3, "sell", 40, 88, "margin")],  # equity 1 000 - 40 * 10 = 600, needed 20 % of 40 * 90 = 720
        {"size_value": 40.0, "leverage": 4.0, "maintenance": 0.2, "initial_cash": 1_000.0},
    ),
    Case(
        "equity that is just enough keeps the position",
        [FLAT, FLAT, (95, 96, 93, 93.75), FLAT],
        {0: "buy"},
        [(1, "buy", 40, 100, "entry")],  # equity 1 000 - 40 * 6.25 = 750, needed 20 % of 40 * 93.75 = 750
        {"size_value": 40.0, "leverage": 4.0, "maintenance": 0.2, "initial_cash": 1_000.0},
    ),
    Case(
        "for futures the call is measured by their margin",
        [FLAT, FLAT, (97, 98, 95, 95.5), (96, 97, 95, 96)],
        {0: "buy"},
        [(1, "buy", 2, 100, "entry"), (3, "sell", 2, 96, "margin")],  # equity 1 000 - 2 * 50 * 4.5 = 550, needed 75 % of 2 * 400 = 600
        {"multiplier": 50.0, "margin": 400.0, "size_value": 2.0, "maintenance": 0.75, "initial_cash": 1_000.0},
    ),
    Case(
        "a margin call comes before a reversal",
        [FLAT, FLAT, (95, 96, 89, 90), (88, 89, 87, 88)],
        {0: "buy", 2: "short"},
        [(1, "buy", 40, 100, "entry"), (3, "sell", 40, 88, "margin")],
        {"size_value": 40.0, "leverage": 4.0, "maintenance": 0.2, "initial_cash": 1_000.0},
    ),
    Case(
        "an entry takes at most its share of the bar's volume",
        [(*FLAT, 900), (*FLAT, 55), (*FLAT, 900)],
        {0: "buy"},
        [(1, "buy", 5, 100, "entry")],  # 10 % of 55, in whole lots; the other 5 are dropped
        {"size_value": 10.0, "lot": 1.0, "volume_share": 0.1},
    ),
    Case(
        "an exit fills in full, whatever the volume",
        [(*FLAT, 900), (*FLAT, 900), (*FLAT, 1)],
        {0: "buy", 1: "sell"},
        [(1, "buy", 10, 100, "entry"), (2, "sell", 10, 100, "signal")],
        {"size_value": 10.0, "lot": 1.0, "volume_share": 0.1},
    ),
    Case(
        "a bar without volume fills no entry",
        [(*FLAT, 900), (*FLAT, 0), (*FLAT, 900)],
        {0: "buy"},
        [],
        {"size_value": 10.0, "lot": 1.0, "volume_share": 0.1},
    ),
    Case(
        "an entry at the close takes its share of that bar's volume",
        [(*FLAT, 30), (*FLAT, 900)],
        {0: "buy"},
        [(0, "buy", 3, 100, "entry")],
        CLOSE | {"size_value": 10.0, "lot": 1.0, "volume_share": 0.1},
    ),
    Case(
        "where nothing may be sold short, the short rule only closes",
        [FLAT, FLAT, FLAT, FLAT, FLAT],
        {0: "buy", 1: "short", 3: "short"},
        [(1, "buy", 1, 100, "entry"), (2, "sell", 1, 100, "reverse")],
        {"short_allowed": 0.0},
    ),
    Case(
        "whole shares: what is left over of the money stays money",
        [(300, 301, 299, 300)] * 2,
        {0: "buy"},
        [(1, "buy", 3, 300, "entry")],  # 1 000 / 300 = 3.33
        {"size_kind": FRACTION, "size_value": 1.0, "lot": 1.0, "initial_cash": 1_000.0},
    ),
    Case(
        "fractions of a share: the money is spent to the cent",
        [(400, 401, 399, 400)] * 2,
        {0: "buy"},
        [(1, "buy", 2.5, 400, "entry")],  # 1 000 / 400
        {"size_kind": FRACTION, "size_value": 1.0, "initial_cash": 1_000.0},
    ),
    Case(
        "a trailing stop in ticks keeps its distance from the best price",
        [FLAT, FLAT, (103, 110, 102, 109), (109, 109.5, 107, 108)],
        {0: "buy"},
        [(1, "buy", 1, 100, "entry"), (3, "sell", 1, 108, "trailing")],  # 110 - 8 * 0.25
        {"tick": 0.25, "trail_kind": TICKS, "trail_value": 8.0},
    ),
]
