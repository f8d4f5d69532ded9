"""vectorbt against our engine: random runs agree, planted bugs are caught, and the seams (replays, absence, margin) hold."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench import strategy
from workbench.backtest.crosscheck import check_run
from workbench.backtest.engine.account import FILL_BAR, FILL_FEE, FILL_PNL, FILL_PRICE, FILL_QTY, FILL_REASON, FILL_SIDE, new_account
from workbench.backtest.engine.arrays import Hours, Orders, Prices
from workbench.backtest.engine.rules import FillRules
from workbench.backtest.engine.simulate import simulate
from workbench.backtest.run import backtest
from workbench.backtest.timeline import Run, free_money, halted, sizes, timeline, trailing_by_itself
from workbench.errors import CrossCheckError
from workbench.market import synthetic

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from workbench.backtest.result import Result

pytest.importorskip("vectorbt")

PLAIN = FillRules(
    tick=0.25,
    multiplier=50.0,
    lot=1.0,
    slippage_ticks=1.0,
    slippage_bps=0.0,
    fee_per_contract=2.5,
    fee_bps=0.0,
    stop_kind=1.0,
    stop_value=40.0,
    target_kind=1.0,
    target_value=80.0,
    trail_kind=0.0,
    trail_value=0.0,
    time_stop_bars=0.0,
    size_kind=1.0,
    size_value=2.0,
    max_quantity=0.0,
    max_position=0.0,
    max_daily_loss=0.0,
    margin=15000.0,
    initial_cash=1_000_000.0,
)


def _bracket(draw: np.random.Generator, kinds: list[float]) -> tuple[float, float]:
    kind = float(draw.choice(kinds))
    return kind, {0: 0.0, 1: float(draw.integers(4, 400)), 2: float(draw.uniform(0.002, 0.03)), 3: float(draw.uniform(0.5, 3))}[int(kind)]


def _random_rules(draw: np.random.Generator, tick: float) -> FillRules:
    kinds = [0.0, 1.0, 2.0, 3.0] if tick else [0.0, 2.0, 3.0]
    (stop_kind, stop), (target_kind, target) = _bracket(draw, kinds), _bracket(draw, kinds)
    trail_kind, trail = _bracket(draw, kinds) if draw.random() < 0.4 else (0.0, 0.0)
    margined = draw.random() < 0.5
    size_kind = float(draw.choice([1.0, 2.0] + ([3.0] if stop_kind or trail_kind else [])))
    return FillRules(
        tick=tick,
        multiplier=50.0 if margined else 1.0,
        lot=float(draw.choice([1.0, 0.001, 0.0])),
        slippage_ticks=float(draw.choice([0, 1, 2])),
        slippage_bps=float(draw.choice([0.0, 1.0])),
        fee_per_contract=float(draw.choice([0.0, 2.5])),
        fee_bps=float(draw.choice([0.0, 2.0])),
        stop_kind=stop_kind,
        stop_value=stop,
        target_kind=target_kind,
        target_value=target,
        trail_kind=trail_kind,
        trail_value=trail,
        time_stop_bars=float(draw.choice([0, 0, 5, 20])),
        size_kind=size_kind,
        size_value={1: float(draw.integers(1, 5)), 2: float(draw.uniform(0.2, 1.0)), 3: 0.01}[int(size_kind)],
        max_quantity=float(draw.choice([0, 3])),
        max_position=float(draw.choice([0.0, 0.5])),
        max_daily_loss=float(draw.choice([0.0, 0.0, 0.01])),
        margin=15000.0 if margined else 0.0,
        initial_cash=float(draw.choice([100_000.0, 1_000_000.0])),
    )


def _prices(draw: np.random.Generator, length: int, tick: float) -> Prices:
    close = 4000.0 * np.exp(np.cumsum(draw.normal(0, 0.01, length)))
    open_ = np.r_[4000.0, close[:-1]] * np.exp(draw.normal(0, 0.004, length))
    high = np.maximum(open_, close) * np.exp(np.abs(draw.normal(0, 0.004, length)))
    low = np.minimum(open_, close) * np.exp(-np.abs(draw.normal(0, 0.004, length)))
    columns = (open_, high, low, close)
    return Prices(*(np.round(np.rint(column / tick) * tick, 10) if tick else column for column in columns))


def _hours(draw: np.random.Generator, length: int) -> Hours:
    fresh, enter, flat = np.zeros(length, np.uint8), np.ones(length, np.uint8), np.zeros(length, np.uint8)
    fresh[::20] = 1
    if draw.random() < 0.3:
        flat[18::20] = 1
        enter[17::20] = enter[18::20] = 0
    return Hours(fresh, enter, flat)


def _simulated(rules: FillRules, prices: Prices, hours: Hours, signals: Orders, distance: NDArray[np.float64]) -> Run:
    fills, _, equity = simulate(new_account(rules), rules, prices, hours, signals, distance)
    return Run(prices=prices, hours=hours, signals=signals, rules=rules, distance=distance, fills=fills, equity=equity)


def _random_run(seed: int, length: int = 300, rules: FillRules | None = None) -> Run:
    draw = np.random.default_rng(seed)
    tick = float(draw.choice([0.25, 0.01, 0.0])) if rules is None else rules.tick
    prices = _prices(draw, length, tick)
    signals = Orders(*((draw.random(length) < share).astype(np.uint8) for share in draw.choice([0.0, 0.05, 0.1, 0.3], 4)))
    if rules is not None:
        signals = Orders(*((draw.random(length) < share).astype(np.uint8) for share in (0.1, 0.05, 0.1, 0.05)))
    distance = np.abs(draw.normal(20, 5, length))
    distance[:14] = np.nan
    return _simulated(rules or _random_rules(draw, tick), prices, _hours(draw, length), signals, distance)


def _bars(*rows: tuple[float, float, float, float]) -> Prices:
    return Prices(*(np.array(column, dtype=np.float64) for column in zip(*rows, strict=True)))


def _bought_on_first_bar(rules: FillRules, prices: Prices) -> Run:
    length = len(prices.close)
    none = np.zeros(length, np.uint8)
    buy = none.copy()
    buy[0] = 1
    return _simulated(rules, prices, Hours.always(length), Orders(buy, none, none, none), np.full(length, np.nan))


@pytest.mark.parametrize("seed", range(150))
def test_random_runs_agree(seed: int) -> None:
    """Long and short, brackets of every kind, ticks or none, margin or cash, every sizing: vectorbt finds the same fills, prices and money."""
    found = check_run(_random_run(seed))
    assert (found.verdict, found.detail) == ("equal", "")
    assert max(found.worst_price, found.worst_pnl) < 1e-9


def test_every_fill_is_counted_once() -> None:
    """Independent and replayed fills add up to all fills, and exits that vectorbt cannot decide are never called independent."""
    seen: set[str] = set()
    for seed in range(40):
        run = _random_run(seed)
        found = check_run(run)
        assert sum(found.independent.values()) + sum(found.replayed.values()) == len(run.fills)
        assert not {"time", "session", "daily_loss", "ruin"} & set(found.independent)
        seen |= set(found.replayed) | set(found.independent)
    assert {"entry", "signal", "reverse", "stop", "target", "trailing", "time", "session", "daily_loss"} <= seen


def _shifted_bar(fills: NDArray[np.float64]) -> None:
    fills[4, FILL_BAR] += 1


def _wrong_price(fills: NDArray[np.float64]) -> None:
    fills[5, FILL_PRICE] += 0.25


def _wrong_size(fills: NDArray[np.float64]) -> None:
    fills[4:6, FILL_QTY] += 1.0


def _wrong_side(fills: NDArray[np.float64]) -> None:
    fills[4, FILL_SIDE] *= -1.0


def _wrong_fee(fills: NDArray[np.float64]) -> None:
    fills[4, FILL_FEE] += 0.01


def _wrong_pnl(fills: NDArray[np.float64]) -> None:
    fills[5, FILL_PNL] += 0.5


@pytest.mark.parametrize(
    ("plant", "word"),
    [
        (_shifted_bar, "fill 5 differs in bar"),
        (_wrong_price, "fill 6 differs in price"),
        (_wrong_size, "fill 5 differs in quantity"),
        (_wrong_side, "fill 5 differs in side"),
        (_wrong_fee, "fill 5 differs in fee"),
        (_wrong_pnl, "P&L of trade 3"),
    ],
)
def test_a_planted_bug_is_caught_and_named(plant: Callable[[NDArray[np.float64]], None], word: str) -> None:
    """A copy of our fills with one number wrong gets the verdict different, naming the first fill and what is wrong with it."""
    run = _random_run(11, rules=PLAIN)
    assert check_run(run).verdict == "equal"
    fills = run.fills.copy()
    plant(fills)
    found = check_run(replace(run, fills=fills))
    assert found.verdict == "different"
    assert found.detail.startswith(word)


def test_a_missing_trade_is_caught() -> None:
    """A trade left out of our fills is found by vectorbt all the same."""
    run = _random_run(11, rules=PLAIN)
    found = check_run(replace(run, fills=np.delete(run.fills, [4, 5], axis=0)))
    assert (found.verdict, found.detail.startswith("fill 5 differs in bar")) == ("different", True)


def test_a_missing_last_trade_is_caught() -> None:
    """A trade left out at the end is named as one that only vectorbt has."""
    run = _random_run(11, rules=PLAIN)
    found = check_run(replace(run, fills=run.fills[:-2]))
    assert found.verdict == "different"
    assert f"as number {len(run.fills) - 1}" in found.detail


def test_an_extra_trade_is_caught() -> None:
    """A trade that no signal asked for is not found by vectorbt."""
    run = _random_run(11, rules=PLAIN)
    extra = run.fills[-2:].copy()
    extra[:, FILL_BAR] = len(run.equity) - 1
    found = check_run(replace(run, fills=np.vstack([run.fills, extra])))
    assert (found.verdict, "is not found by vectorbt" in found.detail) == ("different", True)


def test_wrong_equity_is_caught() -> None:
    """Fills that agree beside an equity curve that does not are a difference as well."""
    run = _random_run(11, rules=PLAIN)
    equity = run.equity.copy()
    equity[200] += 1.0
    found = check_run(replace(run, equity=equity))
    assert (found.verdict, found.detail.split(":")[0]) == ("different", "equity at the close of bar 200")


def test_a_run_with_another_stop_is_caught() -> None:
    """Rules that say 40 ticks beside fills made with 48 differ: the level is vectorbt's own finding."""
    run = _random_run(11, rules=PLAIN._replace(stop_value=48.0))
    assert check_run(run).verdict == "equal"
    assert check_run(replace(run, rules=PLAIN)).verdict == "different"


def test_an_open_beyond_the_target_fills_there() -> None:
    """A bar that opens above the target and falls to the stop later sold at its open: both engines agree on the gap."""
    prices = _bars((4000, 4001, 3999, 4000), (4000, 4010, 3995, 4005), (4030, 4031, 3980, 3985), (3985, 3986, 3984, 3985))
    run = _bought_on_first_bar(PLAIN, prices)
    assert run.fills[:, FILL_PRICE].tolist() == [4000.25, 4030.0]
    assert check_run(run).verdict == "equal"


def test_an_open_beyond_the_stop_fills_there() -> None:
    """A bar that opens below the stop sells at its open, a tick worse."""
    prices = _bars((4000, 4001, 3999, 4000), (4000, 4010, 3995, 4005), (3980, 4021, 3970, 3985), (3985, 3986, 3984, 3985))
    run = _bought_on_first_bar(PLAIN, prices)
    assert run.fills[:, FILL_PRICE].tolist() == [4000.25, 3979.75]
    assert check_run(run).verdict == "equal"


def test_a_stop_on_the_entry_bar_counts() -> None:
    """The stop lives from the entry bar on, and the same bar's target comes second."""
    prices = _bars((4000, 4001, 3999, 4000), (4000, 4030, 3985, 4005), (4005, 4006, 4004, 4005))
    run = _bought_on_first_bar(PLAIN, prices)
    assert run.fills[:, FILL_BAR].tolist() == [1.0, 1.0]
    assert check_run(run).independent == {"entry": 1, "stop": 1}


def test_a_trailing_fraction_is_found_and_other_trailing_stops_are_replayed() -> None:
    """A trailing stop in percent on tick prices is found by vectorbt itself; one in ticks it is told."""
    found = check_run(_random_run(3, rules=PLAIN._replace(stop_kind=0.0, trail_kind=2.0, trail_value=0.01)))
    told = check_run(_random_run(3, rules=PLAIN._replace(stop_kind=0.0, trail_kind=1.0, trail_value=80.0)))
    assert (found.verdict, found.independent["trailing"] > 5, found.replayed) == ("equal", True, {})
    assert (told.verdict, told.replayed["trailing"] > 5, "trailing" in told.independent) == ("equal", True, False)


def test_a_trailing_stop_off_the_grid_is_replayed() -> None:
    """Prices between ticks (split-adjusted ones) keep vectorbt from rounding as we do, so it is told."""
    run = _random_run(3, rules=PLAIN._replace(stop_kind=0.0, trail_kind=2.0, trail_value=0.01))
    off = replace(run, prices=run.prices._replace(low=run.prices.low - 0.1))
    assert (trailing_by_itself(run), trailing_by_itself(off)) == (True, False)


def test_a_run_without_trades_is_equal() -> None:
    """Nothing on both sides is the same on both sides."""
    prices = _bars(*[(4000, 4001, 3999, 4000)] * 5)
    none = np.zeros(5, np.uint8)
    run = _simulated(PLAIN, prices, Hours.always(5), Orders(none, none, none, none), np.full(5, np.nan))
    assert (check_run(run).verdict, check_run(run).independent) == ("equal", {})


def test_without_vectorbt_the_verdict_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where vectorbt cannot be imported nothing is claimed."""
    monkeypatch.setitem(sys.modules, "vectorbt", None)
    found = check_run(_random_run(1))
    assert (found.verdict, "not installed" in found.words) == ("absent", True)
    found.require()


def test_a_difference_is_an_error_on_demand() -> None:
    """``require`` lets equal runs pass and raises for different ones, naming the fill."""
    run = _random_run(11, rules=PLAIN)
    check_run(run).require()
    with pytest.raises(CrossCheckError, match="fill 2 differs"):
        check_run(replace(run, fills=np.delete(run.fills, [1], axis=0))).require()


def test_rows_follow_the_order_of_a_bar() -> None:
    """Only bars with an exit due have a row before the open; the row of signals alone has no prices that could touch a stop."""
    run = _random_run(11, rules=PLAIN)
    rows = timeline(run)
    assert (np.diff(rows.bar) >= 0).all()
    assert (np.diff(rows.kind)[np.diff(rows.bar) == 0] > 0).all()
    assert np.isnan(rows.close[rows.kind == 0]).all()
    assert (rows.kind == 3).sum() == (rows.kind == 1).sum() == len(run.equity)


def test_sizes_follow_the_sizing_rule_by_hand() -> None:
    """95 % of 100 000 at a close of 400 buys 237 whole shares; money for 200 buys 200; risk of 1 % over a stop of 8 buys 125."""
    prices = _bars((400, 400, 400, 400), (400, 400, 400, 400))
    cash = PLAIN._replace(tick=0.01, multiplier=1.0, margin=0.0, fee_per_contract=0.0, slippage_ticks=0.0, initial_cash=100_000.0)
    fraction = cash._replace(size_kind=2.0, size_value=0.95, stop_kind=0.0)
    risk = cash._replace(size_kind=3.0, size_value=0.01, stop_kind=2.0, stop_value=0.02)
    bar, price = np.array([1]), np.array([400.0])
    run = _bought_on_first_bar(fraction, prices)
    assert sizes(run, bar, price, np.array([100_000.0])).tolist() == [237.0]
    assert sizes(run, bar, price, np.array([80_000.0])).tolist() == [200.0]
    assert sizes(replace(run, rules=risk), bar, price, np.array([100_000.0])).tolist() == [125.0]


def test_free_money_counts_what_came_before() -> None:
    """Before the first entry all money is free; after a closed trade its profit less fees is added."""
    prices = _bars((4000, 4001, 3999, 4000), (4000, 4010, 3995, 4005), (4030, 4031, 3980, 3985), (3985, 3986, 3984, 3985))
    run = _bought_on_first_bar(PLAIN, prices)
    assert free_money(run, np.array([1, 3])).tolist() == [1_000_000.0, 1_000_000.0 + 2 * 50 * 29.75 - 10.0]


def test_the_daily_loss_halts_until_the_next_session() -> None:
    """From the close that reaches the limit to the session's end, and not beyond."""
    run = _random_run(11, rules=PLAIN._replace(max_daily_loss=0.01))
    equity = np.full(60, 1_000_000.0)
    equity[25] = 989_000.0
    fresh = np.zeros(60, np.uint8)
    fresh[::20] = 1
    stopped = halted(replace(run, equity=equity, hours=Hours(fresh, np.ones(60, np.uint8), np.zeros(60, np.uint8))))
    assert np.flatnonzero(stopped).tolist() == list(range(25, 40))


def test_fills_alternate_between_entry_and_exit() -> None:
    """What the check relies on: our engine leaves a position in full before it opens the next."""
    reasons = _random_run(11, rules=PLAIN).fills[:, FILL_REASON]
    assert (reasons[::2] == 1).all()
    assert (reasons[1::2] > 1).all()


@pytest.fixture(scope="module")
def margined() -> Result:
    rule = strategy("buy when rsi(2) < 10; sell when rsi(2) > 60; short when rsi(2) > 95", symbols="SYN", timeframe="30m", stop="40 ticks")
    return backtest(rule, synthetic("SYN", "30m", sessions=60))


def test_results_carry_their_verdict(margined: Result) -> None:
    """A run of record on margin, long and short, with session exits, is checked by asking for it."""
    found = margined.crosscheck
    assert (found.verdict, found.replayed.keys() <= {"session"}) == ("equal", True)
    assert sum(found.independent.values()) > len(margined.fills) / 2


def test_the_portfolio_is_vectorbts_own(margined: Result) -> None:
    """``result.portfolio`` earns what our run earned, annualises by the instrument's calendar and is indexed by aware time."""
    portfolio = margined.portfolio
    assert type(portfolio).__module__.startswith("vectorbt")
    assert float(portfolio.total_profit()) == pytest.approx(float(margined.equity.iloc[-1]) - margined.cash, abs=1e-6)
    assert int(portfolio.trades.closed.count()) == len(margined.trades)
    assert str(portfolio.wrapper.index.tz) == "UTC"
    assert portfolio.wrapper.index.is_monotonic_increasing
    assert float(portfolio.sharpe_ratio()) == pytest.approx(margined.metrics.sharpe, rel=0.1)
