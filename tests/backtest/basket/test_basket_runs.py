"""Baskets end to end on real bars: the same as single runs, the second engine, identity, errors."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from workbench.backtest.basket import Allocation, BasketLimits, Trading, rebalance, run_basket
from workbench.backtest.basket.identity import record
from workbench.backtest.engine import account as a
from workbench.backtest.ledger import Ledger, ground_of
from workbench.backtest.run import backtest
from workbench.errors import CrossCheckError, InputError, UnknownNameError
from workbench.market import sample, synthetic, validate
from workbench.portfolio import Costs, Filling
from workbench.store import Database
from workbench.strategy.strategy import strategy
from workbench.units import instrument

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from workbench.market import Bars

SHARES = ("AAPL", "GOOG", "IBM", "MSFT")
RSI = "buy when rsi($n) < 10 and close > sma(200); sell when rsi(2) > 60"
DIP = strategy(RSI, stop="5%", parameters={"n": 2})
BOTH = strategy(
    "buy when rsi(2) < 10; sell when rsi(2) > 60; short when rsi(2) > 95; cover when rsi(2) < 40",
    stop="5%",
    target="6%",
    trailing="4%",
    time_stop=7,
)


@pytest.fixture(scope="module")
def bars() -> Mapping[str, Bars]:
    return {name: sample(name) for name in SHARES}


def flat(price: float, count: int, symbol: str = "CUSTOM", start: str = "2024-01-02") -> Bars:
    """Return daily bars of one price."""
    frame = pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), price), index=pd.bdate_range(start, periods=count))
    return validate(frame, symbol, "1d")


def test_one_symbol_is_its_backtest() -> None:
    """Equity, trades and every metric of a basket of one are those of the backtest, to the last digit."""
    spx = sample("SPX")
    one, basket = backtest(BOTH, spx), run_basket(BOTH, {"SPX": spx})
    assert one.run.equity.tolist() == basket.equity.tolist()
    pd.testing.assert_frame_equal(one.trades, basket.trades.drop(columns="symbol"), check_exact=True)
    assert one.metrics.to_dict() == basket.metrics.to_dict()
    assert ground_of(one.spec, one.program_hash, one.bars.dataset_hash, one.run.rules) == basket.ground()


def test_parts_add_up(bars: Mapping[str, Bars]) -> None:
    """What the symbols brought adds up to the account, closed trades and open positions to the same."""
    basket = run_basket(BOTH, bars, allocation=2)
    gained = float(basket.equity.iloc[-1]) - basket.cash
    assert basket.by_symbol["pnl"].sum() == pytest.approx(gained)
    assert basket.contributions.iloc[-1].sum() == pytest.approx(gained, rel=1e-6)
    assert basket.trades["pnl"].sum() + basket.positions["pnl"].sum() == pytest.approx(gained)
    assert basket.exposure["held"].max() == 2
    assert {"slots"} <= set(basket.cuts["limit"])


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"allocation": 2, "priority": lambda bars: -bars.close},
        {"allocation": dict.fromkeys(SHARES, 0.25)},
        {"limits": BasketLimits(max_gross=0.8, max_daily_loss=0.02)},
        {"limits": BasketLimits(max_net=0.3, max_symbol=0.5), "allocation": Allocation.shares(dict.fromkeys(SHARES, 0.5))},
    ],
    ids=["own sizing", "slots", "weights", "gross and daily loss", "net and shares"],
)
def test_second_engine_books_the_same_money(bars: Mapping[str, Bars], how: dict[str, object]) -> None:
    """Vectorbt finds the fills of every symbol and books them in one shared account to the same cash, value and P&L."""
    for subject in (DIP, BOTH):
        check = run_basket(subject, bars, **how).crosscheck
        assert (check.verdict, check.detail) == ("equal", "")
        assert check.worst < 1e-9
        assert check.independent["entry"] > 100


def test_second_engine_follows_currencies_borrowing_and_endings() -> None:
    """Shares in another currency, paid borrowing and a symbol that ends are booked the same."""
    euro = replace(sample("IBM"), instrument=replace(instrument("IBM"), currency="EUR"))
    index = pd.date_range("2000-01-01", "2013-12-31", freq="D", tz="UTC")
    rate = pd.Series(1.1 + 0.2 * np.sin(np.arange(len(index)) / 200.0), index=index)
    costly = BOTH.revised(costs=Costs(fee_bps=2.0, fee_minimum=1.0, borrow_rate=0.05))
    basket = run_basket(costly, {"IBM": euro, "MSFT": sample("MSFT").window(None, "2009-03-02")}, fx={"EUR": rate}, allocation=2)
    assert basket.currency == "USD"
    assert (basket.crosscheck.verdict, basket.crosscheck.detail) == ("equal", "")
    assert basket.trades["pnl"].sum() + basket.positions["pnl"].sum() == pytest.approx(basket.equity.iloc[-1] - basket.cash)


def test_second_engine_sees_a_wrong_fill(bars: Mapping[str, Bars]) -> None:
    """A price that is a cent off, or a profit that is not what the prices say, is a difference."""
    basket = run_basket(DIP, bars)
    fills = basket.log.fills.copy()
    fills[7, a.FILL_PRICE] += 0.01
    wrong = replace(basket, log=basket.log._replace(fills=fills)).crosscheck
    assert wrong.verdict == "different"
    with pytest.raises(CrossCheckError, match="disagree"):
        wrong.require()
    rows = basket.curve.rows.copy()
    rows[500:, 0] += 0.5
    assert replace(basket, curve=basket.curve._replace(rows=rows)).crosscheck.verdict == "different"


def test_calendars_timeframes_and_starts_mix() -> None:
    """Minute bars of a future, daily bars of shares and a symbol that starts later share an account; it is measured by the day."""
    fast = synthetic("SYN", "5m", sessions=40)
    daily = strategy("buy when close > open; sell when close < open", sizing="10 shares")
    quick = strategy("buy when close > sma(20); sell when close < sma(20)", symbols=("SYN",), timeframe="5m")
    first = pd.Timestamp(fast.frame.index[0]).date()
    slow = flat(50.0, 20, start=str(first + pd.Timedelta(days=21)))
    basket = run_basket({"SYN": quick, "CUSTOM": daily}, {"SYN": fast, "CUSTOM": slow})
    alone = backtest(quick, fast)
    assert alone.run.equity[-1] == pytest.approx(basket.equity.iloc[-1])
    assert basket.metrics.observations == 40
    assert basket.bars_per_year < 270
    assert basket.moments.is_monotonic_increasing
    assert basket.synthetic


def test_parameters_for_all_or_by_symbol(bars: Mapping[str, Bars]) -> None:
    """One value serves all symbols; values by symbol are named by symbol, and both are trials of their own."""
    two = {name: bars[name] for name in ("IBM", "MSFT")}
    same = run_basket(DIP, two, parameters={"n": 3})
    each = run_basket(DIP, two, parameters={"IBM": {"n": 3}, "MSFT": {"n": 4}})
    assert same.parameters == {"n": 3.0}
    assert each.parameters == {"IBM.n": 3.0, "MSFT.n": 4.0}
    assert (
        same.trades[same.trades["symbol"] == "IBM"]["exit_time"].tolist()
        == each.trades[each.trades["symbol"] == "IBM"]["exit_time"].tolist()
    )


def test_a_basket_is_one_trial(bars: Mapping[str, Bars], tmp_path: Path) -> None:
    """The ledger counts a basket once; its order, limits or allocation make another trial, a basket of one is its backtest's."""
    ledger = Ledger(Database.open(f"sqlite:///{tmp_path}/trials.sqlite"))
    two = {name: bars[name] for name in ("IBM", "MSFT")}
    other = dict(reversed(two.items()))
    made = [
        record(ledger, basket)
        for basket in (run_basket(DIP, two), run_basket(DIP, two), run_basket(DIP, other), run_basket(DIP, two, allocation=2))
    ]
    assert [trial.new for trial in made] == [True, False, True, True]
    assert {"IBM+MSFT/common"} == {trial.family for trial in made}
    assert ledger.count("IBM+MSFT/common").trials == 3
    assert ledger.record(backtest(DIP, bars["IBM"])).new
    assert not record(ledger, run_basket(DIP, {"IBM": bars["IBM"]})).new


def test_record_is_json_and_the_card_is_quiet(bars: Mapping[str, Bars]) -> None:
    """The record survives JSON without NaN; card and picture name the symbols."""
    basket = run_basket(DIP, bars, allocation=2)
    told = json.loads(json.dumps(basket.to_dict(), allow_nan=False))
    assert list(SHARES) == told["symbols"]
    assert all(name in basket._repr_html_() for name in (*SHARES, "vectorbt"))
    assert {"equity", "gross", *SHARES} <= {trace.name for trace in basket.figure().data}


def test_correlation_by_hand() -> None:
    """Two symbols that earn the same every day correlate fully, one that earns the opposite by minus one."""
    days = pd.bdate_range("2024-01-02", periods=30)
    price = 100.0 + np.cumsum(np.sin(np.arange(30.0)))
    frame = pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), price), index=days)
    mirror = 300.0 - frame
    kept = strategy("buy when close > 1; sell when close < 1", sizing="1 share", costs=Costs(slippage_ticks=0.0))
    bars = {name: validate(column, "CUSTOM", "1d") for name, column in (("A", frame), ("B", frame), ("C", mirror))}
    found = run_basket(kept, bars).correlation
    assert pytest.approx([found.loc["A", "B"], found.loc["A", "C"]], abs=1e-3) == [1.0, -1.0]


@pytest.mark.parametrize(
    ("how", "error", "says"),
    [
        ({"strategies": {"IBM": DIP}}, InputError, "no strategy for MSFT"),
        ({"strategies": {"IBM": DIP, "MSFT": DIP, "AAPL": DIP}}, UnknownNameError, "AAPL"),
        ({"allocation": {"IBM": 0.5}}, InputError, "no part for MSFT"),
        ({"allocation": {"IBM": 0.5, "MSFT": 0.2, "SPX": 0.1}}, UnknownNameError, "SPX"),
        ({"allocation": "half"}, InputError, "slots"),
        ({"allocation": 0}, InputError, "at least 1"),
        ({"priority": {"IBM": [1.0, 2.0]}}, InputError, "2 values"),
        ({"cash": -1.0}, InputError, "cash"),
        ({"fx": {"USD": 1.0}}, InputError, "leave out"),
        ({"parameters": {"IBM": {"n": 3}, "FB": {"n": 3}}}, UnknownNameError, "FB"),
        ({"bars": {}}, InputError, "by symbol"),
    ],
)
def test_what_cannot_be_run_is_refused(bars: Mapping[str, Bars], how: dict[str, object], error: type[Exception], says: str) -> None:
    """A basket that contradicts itself is refused with what to do."""
    given = {"strategies": DIP, "bars": {name: bars[name] for name in ("IBM", "MSFT")}} | how
    strategies, chosen = given.pop("strategies"), given.pop("bars")
    with pytest.raises(error, match=says):
        run_basket(strategies, chosen, **given)


def test_different_currencies_need_a_rate(bars: Mapping[str, Bars]) -> None:
    """Two currencies in one account are refused without a rate, and the message says which."""
    euro = replace(bars["IBM"], instrument=replace(instrument("IBM"), currency="EUR"))
    with pytest.raises(InputError, match=r"EUR and USD.*fx="):
        run_basket(DIP, {"IBM": euro, "MSFT": bars["MSFT"]})
    late = pd.Series([1.1], index=pd.DatetimeIndex(["2012-01-01"], tz="UTC"))
    with pytest.raises(InputError, match="begins"):
        run_basket(DIP, {"IBM": euro, "MSFT": bars["MSFT"]}, fx={"EUR": late})


def test_rebalancing_by_hand() -> None:
    """Weights decided at a close trade at the next open: sells first, whole shares, buffer kept; no weight leaves a symbol alone."""
    days = pd.bdate_range("2024-01-02", periods=5)
    prices = {"A": [10.0, 10.0, 20.0, 20.0, 20.0], "B": [50.0, 50.0, 50.0, 40.0, 40.0]}
    bars = {
        name: validate(pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), column), index=days), "CUSTOM", "1d")
        for name, column in prices.items()
    }
    weights = pd.DataFrame({"A": [0.5, 0.25, 0.0], "B": [0.5, np.nan, 1.0]}, index=days[[0, 2, 3]])
    found = rebalance(weights, bars, cash=1_000.0, trading=Trading(costs=Costs(slippage_ticks=0.0, fee_per_contract=0.1), buffer=0.02))
    # 490 a symbol buys 49 and 9; at 20 equity is 1484.2, a quarter of it less the buffer is 363.6: 18 shares; then 1390.9 less buffer buys 34 at 40.
    assert list(zip(found.fills["symbol"], found.fills["side"], found.fills["quantity"], strict=True)) == [
        ("A", "buy", 49.0),
        ("B", "buy", 9.0),
        ("A", "sell", 31.0),
        ("A", "sell", 18.0),
        ("B", "buy", 25.0),
    ]
    assert pytest.approx(found.equity.tolist()) == [1_000.0, 994.2, 1_484.2, 1_391.1, 1_386.8]
    assert found.trades["quantity"].tolist() == [49.0]
    assert pytest.approx(found.trades["pnl"].sum()) == 490.0 - 9.8
    assert found.crosscheck.verdict == "equal"


def test_rebalancing_equals_vectorbt_target_percent() -> None:
    """Fractions without costs, opens at the close before: vectorbt's own target-percent orders, sized by vectorbt, give the same equity."""
    import vectorbt

    random = np.random.default_rng(3)
    days = pd.bdate_range("2020-01-01", periods=300)
    close = 100.0 * np.exp(np.cumsum(random.normal(0.0, 0.01, (300, 3)), axis=0))
    close = np.round(close, 2)
    opened = np.vstack([close[:1], close[:-1]])
    bars = {}
    for place, name in enumerate("ABC"):
        sides = np.column_stack([opened[:, place], close[:, place]])
        frame = pd.DataFrame({"open": sides[:, 0], "high": sides.max(axis=1), "low": sides.min(axis=1), "close": sides[:, 1]}, index=days)
        bars[name] = validate(frame, "CUSTOM", "1d")
    weights = pd.DataFrame(random.dirichlet(np.ones(4), 60)[:, :3], index=days[::5], columns=list("ABC"))
    free = Trading(costs=Costs(slippage_ticks=0.0), filling=Filling(fractional=True))
    ours = rebalance(weights, bars, trading=free)
    theirs = vectorbt.Portfolio.from_orders(
        close=pd.DataFrame(close, index=days),
        size=weights.reindex(days).to_numpy(),
        size_type="targetpercent",
        group_by=True,
        cash_sharing=True,
        call_seq="auto",
        init_cash=ours.cash,
        freq="1D",
    )
    assert np.asarray(theirs.value()) == pytest.approx(ours.equity.to_numpy(), rel=1e-9)


@pytest.mark.parametrize(
    ("index", "says"),
    [
        (["2024-01-03", "2024-01-02"], "in order"),
        (["2024-01-02 10:00", "2024-01-03 10:00"], "need a zone"),
        (["yes", "no"], "times or dates"),
    ],
)
def test_weights_that_cannot_be_read_are_refused(index: list[str], says: str) -> None:
    """Rows out of order, times without a zone and words are no index of weights."""
    moments = pd.to_datetime(index) if says != "times or dates" else index
    with pytest.raises(InputError, match=says):
        rebalance(pd.DataFrame({"CUSTOM": [0.5, 0.5]}, index=moments), {"CUSTOM": flat(10.0, 5)})


def test_weights_of_an_unknown_symbol_are_refused() -> None:
    """A column without bars is refused, with the names there are."""
    with pytest.raises(UnknownNameError, match="CUSTOM"):
        rebalance(pd.DataFrame({"CUSTM": [0.5]}, index=pd.to_datetime(["2024-01-02"])), {"CUSTOM": flat(10.0, 5)})
