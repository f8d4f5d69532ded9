"""Every rule of the fill model as a tiny table of bars with the fills that it must give, written by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fill_table import CASES as FIRST
from fill_table import FLAT, PERCENT, Case
from filling_table import CASES as FILLING
from worlds import RULES, flags_of, prices_of

from workbench.backtest.engine import account as a
from workbench.backtest.engine.account import REASONS, new_account
from workbench.backtest.engine.arrays import Hours, Orders, Prices
from workbench.backtest.engine.simulate import simulate
from workbench.backtest.twin import Twin

DOCUMENT = Path(__file__).parents[3] / "notebooks" / "tutorials" / "04_fill_model.ipynb"
CASES = [*FIRST, *FILLING]
COLUMN = {"buy": 0, "sell": 1, "short": 2, "cover": 3}


def arrays(case: Case) -> tuple[Any, ...]:
    """Return rules, prices, hours, signals and distance of a case."""
    bars = len(case.bars)
    prices = Prices(*(np.array(column, dtype=np.float64) for column in zip(*case.bars, strict=True)))
    hours = Hours.always(bars)._replace(nights=np.array([case.nights.get(bar, 0.0) for bar in range(bars)]))
    hours.new_session[list(case.new_session)] = 1
    hours.can_enter[list(case.no_entry)] = 0
    hours.must_flat[list(case.must_flat)] = 1
    signals = Orders(*np.zeros((4, bars), np.uint8))
    for bar, words in case.signals.items():
        for word in words.split():
            signals[COLUMN[word]][bar] = 1
    return RULES._replace(**case.rules), prices, hours, signals, np.full(bars, case.distance)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_rule_of_the_fill_model(case: Case) -> None:
    """The bars of the table give the fills written beside them."""
    rules, prices, hours, signals, distance = arrays(case)
    fills, _orders, _equity = simulate(new_account(rules), rules, prices, hours, signals, distance)
    found = [
        (
            int(row[a.FILL_BAR]),
            "buy" if row[a.FILL_SIDE] > 0 else "sell",
            row[a.FILL_QTY],
            row[a.FILL_PRICE],
            REASONS[int(row[a.FILL_REASON])],
        )
        for row in fills
    ]
    assert case.fills == found
    assert not case.fees or list(case.fees) == fills[:, a.FILL_FEE].tolist()
    profits = fills[~np.isnan(fills[:, a.FILL_PNL]), a.FILL_PNL].tolist()
    assert not case.profits or pytest.approx(case.profits, abs=1e-9) == profits


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_rule_of_the_fill_model_in_plain_python(case: Case) -> None:
    """The plain twin gives the same fills as the table."""
    rules, prices, hours, signals, distance = arrays(case)
    twin = Twin(rules).run(prices, hours, signals, distance)
    assert case.fills == [
        (bar, "buy" if side > 0 else "sell", quantity, price, why) for bar, side, quantity, price, _, why, *_ in twin.fills
    ]


def test_every_rule_stands_in_the_document() -> None:
    """The tutorial on the fill model shows each of these tables, and runs it."""
    notebook = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    source = "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
    missing = [case.says for case in CASES if f'shows(\n    "{case.says}",' not in source]
    assert not missing
    assert source.count("shows(\n") == len(CASES)


def test_fees_and_multiplier_by_hand() -> None:
    """Two contracts of 50 money a point, bought at 4000 and sold at 4010 with 2.50 and 1 basis point a side, earn 1000 less 90.1."""
    case = Case("", [(4000, 4001, 3999, 4000)] * 2 + [(4010, 4011, 4009, 4010)], {0: "buy", 1: "sell"}, [])
    rules, prices, hours, signals, distance = arrays(case)
    rules = rules._replace(multiplier=50.0, margin=10_000.0, size_value=2.0, fee_per_contract=2.5, fee_bps=1.0)
    fills, _orders, equity = simulate(new_account(rules), rules, prices, hours, signals, distance)
    # entry: 2 * 2.5 + 2 * 4000 * 50 / 10000 = 45; exit: 5 + 2 * 4010 * 50 / 10000 = 45.1; gain: 2 * 10 * 50 = 1000
    assert [float(fee) for fee in fills[:, a.FILL_FEE]] == [45.0, 45.1]
    assert pytest.approx(909.9, abs=1e-9) == fills[1, a.FILL_PNL]
    assert [100_000.0, 99_955.0, pytest.approx(100_909.9, abs=1e-9)] == list(equity)


def test_open_position_is_marked_at_the_last_close() -> None:
    """What is open at the end counts in equity at the last close, less the entry's fee only."""
    case = Case("", [FLAT, FLAT, (100, 108, 100, 107)], {0: "buy"}, [])
    rules, prices, hours, signals, distance = arrays(case)
    rules = rules._replace(fee_per_contract=2.0, size_value=10.0)
    account = new_account(rules)
    _fills, _orders, equity = simulate(account, rules, prices, hours, signals, distance)
    assert list(equity) == [100_000.0, 99_980.0, 100_050.0]
    assert account[a.QTY] == 10.0


def test_simulation_goes_on_from_a_snapshot() -> None:
    """Two halves with the account handed over give the fills and equity of the whole, shifted by the first half's bars."""
    random = np.random.default_rng(5)
    bars, cut = 400, 173
    prices, hours = prices_of(5, bars, 0.01, 0.01), Hours.always(bars)
    signals = Orders(*(flags_of(random, bars, 0.1) for _ in range(4)))
    rules = RULES._replace(tick=0.01, fee_bps=2.0, trail_kind=PERCENT, trail_value=0.02, time_stop_bars=9.0)
    nothing = np.full(bars, np.nan)
    whole_fills, _, whole = simulate(new_account(rules), rules, prices, hours, signals, nothing)
    account = new_account(rules)
    parts = []
    for part in (slice(0, cut), slice(cut, bars)):
        taken = [type(group)(*(np.ascontiguousarray(column[part]) for column in group)) for group in (prices, hours, signals)]
        fills, _, equity = simulate(account, rules, *taken, nothing[part])
        fills[:, a.FILL_BAR] += part.start
        parts.append((fills, equity))
        account = np.frombuffer(account.tobytes()).copy()
    np.testing.assert_array_equal(whole_fills, np.concatenate([fills for fills, _ in parts]))
    np.testing.assert_array_equal(whole, np.concatenate([equity for _, equity in parts]))
