"""Runs on real bars with conventions asked for by name: what the spec says reaches the engine, and what was not asked for does not change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from workbench import strategy
from workbench.backtest import backtest, fill_rules, trace
from workbench.backtest.engine.rules import RULES_SIZE, FillRules, plain, rules_at
from workbench.backtest.run import in_session, rules_table, varied_rules
from workbench.compiled import kernel
from workbench.errors import InputError, UnknownNameError
from workbench.market import sample, synthetic, trading_columns, validate
from workbench.strategy.spec import StrategySpec
from workbench.units import SessionMode, instrument

RULE = "buy when rsi(2) < 10; sell when rsi(2) > 60"
SPX = instrument("SPX")


@kernel
def _read(table: np.ndarray, point: int) -> tuple[FillRules, bool]:
    rules = rules_at(table, point)
    return rules, plain(rules)


def test_a_table_gives_the_rules_back() -> None:
    """Row by row a table of rules is the rules that were put in, inside compiled code."""
    table = np.arange(3 * RULES_SIZE, dtype=np.float64).reshape(3, RULES_SIZE)
    assert tuple(table[1]) == tuple(_read(table, 1)[0])


@pytest.mark.parametrize("field", [*FillRules._field_defaults])
def test_rules_are_plain_until_one_convention_is_another(field: str) -> None:
    """Each rule that only some markets have takes the way of every bar; the others do not."""
    rules = fill_rules(strategy(RULE).spec, SPX)
    assert _read(np.array([rules]), 0)[1] is True
    other = rules._replace(**{field: 0.0 if field == "short_allowed" else 2.0})
    assert _read(np.array([other]), 0)[1] is False


def test_the_spec_s_words_become_rules() -> None:
    """Filling and costs of a spec arrive in the engine's rules."""
    filling = {
        "fill_at": "close",
        "at_end": "open",
        "volume_share": 0.1,
        "leverage": 3,
        "maintenance": 0.25,
        "fractional": True,
        "short": False,
    }
    costs = {"fee_minimum": 2, "fee_on": "exit", "borrow_rate": 0.04}
    rules = fill_rules(strategy(RULE, filling=filling, costs=costs).spec, SPX)
    expected = {"fill_at": 1, "end_kind": 2, "volume_share": 0.1, "leverage": 3, "maintenance": 0.25, "lot": 0, "short_allowed": 0}
    expected |= {"fee_minimum": 2, "fee_on": 2, "borrow_rate": 0.04}
    assert expected == {name: getattr(rules, name) for name in expected}


def test_futures_have_margin_in_place_of_leverage() -> None:
    """Leverage is a thing of instruments that are paid in full."""
    spec = strategy(RULE, symbols="ES", filling={"leverage": 3}).spec
    assert (fill_rules(spec, instrument("ES")).leverage, fill_rules(spec, instrument("ES")).margin) == (1.0, 15_000.0)


def test_defaults_leave_the_name_of_a_spec_alone() -> None:
    """A spec that asks for nothing new has the record, and so the hash, it had before there was anything to ask."""
    spec = strategy(RULE, costs={"fee_bps": 1}).spec
    assert spec.spec_hash == "ad8d076100e4191fca309dd8b49464bbf9e5233460f958b2ad3a8296f971388f"
    asked = strategy(RULE, costs={"fee_bps": 1}, filling={"fill_at": "close"}).spec
    assert (asked.to_record()["filling"], asked.spec_hash == spec.spec_hash) == ({"fill_at": "close"}, False)
    assert StrategySpec.from_json(asked.to_json()) == asked
    assert [str(change) for change in spec.diff(asked)] == ["filling: at the next open became at the close that decides"]


def test_a_varied_stop_is_the_stop_written_so() -> None:
    """Varying a bracket or the size in a run gives the fills of the strategy that was written with it."""
    varied = backtest(strategy(RULE, stop="2%", time_stop=5), sample("SPX"), parameters={"stop": 1.5, "time_stop": 3, "size": 50})
    written = backtest(strategy(RULE, stop="1.5%", time_stop=3, sizing="50%"), sample("SPX"))
    np.testing.assert_array_equal(written.run.fills, varied.run.fills)
    assert (written.run.rules, dict(written.parameters)) == (varied.run.rules, dict(varied.parameters))
    assert (str(varied.spec.brackets), str(varied.spec.sizing)) == ("stop 1.5%, time stop 3 bars", "50% of equity")


def test_a_table_of_varied_rules_is_the_rules_one_by_one() -> None:
    """For a sweep the rules of many points come as one table, in each unit there is."""
    rule = strategy("buy when rsi($n) < 10; sell when rsi($n) > 60", parameters={"n": (2, 2, 5, 1)}, symbols="ES", stop="16 ticks", target="2 atr",
                    trailing="3%", time_stop=9, sizing="1 contract")  # fmt: skip
    names = ("n", "stop", "target", "trailing", "time_stop", "size")
    values = np.array([[2, 8, 1.5, 2, 4, 3], [3, 16, 2, 2.5, 4, 1], [2, 8, 3, 2, 1, 2]], dtype=np.float64)
    table = rules_table(rule, instrument("ES"), 50_000.0, names, values)
    one_by_one = [varied_rules(rule, instrument("ES"), 50_000.0, dict(zip(names, row, strict=True))) for row in values.tolist()]
    np.testing.assert_array_equal(np.array(one_by_one), table)
    assert (one_by_one[0].stop_value, one_by_one[0].trail_value, one_by_one[0].size_value) == (8.0, 0.02, 3.0)


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({"target": 1}, "has no target; give it one first, for example target='2%'"),
        ({"time_stop": 3}, "has no time stop; give it one first, for example time_stop=10"),
        ({"stop": 0}, "more than zero"),
        ({"stop": 100}, "not below the whole price"),
        ({"size": 120}, "at most 1"),
        ({"size": float("nan")}, "more than zero"),
    ],
)
def test_what_cannot_be_varied_says_what_to_write(values: dict[str, float], match: str) -> None:
    """A bracket that is not there, or a value it cannot have, is refused before anything runs."""
    with pytest.raises(InputError, match=match):
        backtest(strategy(RULE, stop="2%"), sample("SPX"), parameters=values)


def test_a_parameter_named_like_a_bracket_is_the_parameter() -> None:
    """``$stop`` without a stop bracket is an ordinary parameter; beside one the name would be two things and is refused."""
    rule = "buy when rsi(2) < $stop; sell when rsi(2) > 60"
    free = strategy(rule, parameters={"stop": (10, 5, 20, 1)})
    assert dict(backtest(free, sample("SPX"), parameters={"stop": 12}).parameters) == {"stop": 12.0}
    with pytest.raises(InputError, match="rename the parameter"):
        backtest(strategy(rule, parameters={"stop": (10, 5, 20, 1)}, stop="2%"), sample("SPX"), parameters={"stop": 12})


def test_bars_are_cut_to_the_session_of_the_strategy() -> None:
    """A strategy of regular hours on bars of the whole day trades only the regular bars; one that names no session takes all."""
    open_ = pd.date_range("2024-01-08 00:00", "2024-01-12 16:00", freq="30min", tz="America/New_York", name="open_time")
    open_ = open_[open_.hour != 17]  # the market's daily break
    close = 4700.0 + np.round(np.cumsum(np.random.default_rng(2).normal(0.0, 5.0, len(open_))) * 4) / 4
    frame = pd.DataFrame({"open": close, "high": close + 2, "low": close - 2, "close": close, "volume": 100.0}, index=open_)
    whole = validate(frame, "ES")
    cut = backtest(strategy(RULE, symbols="ES", timeframe="30m", session_mode="RTH", window="whole session"), whole)
    assert (cut.bars.instrument.session_mode, len(cut.bars)) == (SessionMode.RTH_US, 5 * 13)
    np.testing.assert_array_equal(whole.within(SessionMode.RTH_US).close, cut.bars.close)
    assert in_session(whole, SessionMode.RTH_US) is in_session(whole, SessionMode.RTH_US)
    assert backtest(strategy(RULE, symbols="ES", timeframe="30m"), whole).bars is whole


def test_nights_are_counted_by_the_calendar() -> None:
    """Friday to Monday is three nights, a holiday makes one more, and inside a session there are none."""
    days = ["2024-01-11", "2024-01-12", "2024-01-16", "2024-01-17"]  # Monday 15 January was Martin Luther King's day
    frame = sample("SPX").frame.head(4).reset_index(drop=True).assign(date=days).set_index("date")
    assert trading_columns(validate(frame, "SPX")).nights.tolist() == [0.0, 1.0, 4.0, 1.0]
    halves = synthetic("SYN", "30m", sessions=3)
    nights = trading_columns(halves).nights
    assert (np.flatnonzero(nights) == np.flatnonzero(trading_columns(halves).new_session)[1:]).all()


def test_a_share_of_volume_needs_volume() -> None:
    """Bars without any volume cannot limit an entry by it."""
    bars = sample("SPX")
    silent = validate(bars.frame.assign(volume=0.0), "SPX")
    with pytest.raises(InputError, match="no volume"):
        backtest(strategy(RULE, filling={"volume_share": 0.1}), silent)


def test_a_trade_s_excursions_begin_where_it_does() -> None:
    """A trade opened at a close has not seen the low of that bar; one closed at a close has seen all of its bar."""
    bars = [(100, 101, 50, 100), (100, 104, 97, 101), (101, 120, 80, 110)]
    frame = validate(_frame(bars), "SPX")
    rule = strategy(
        "buy when close == 100; sell when close == 110", filling={"fill_at": "close"}, costs={"slippage_ticks": 0}, sizing="1 share"
    )
    run = backtest(rule, frame)
    trade = run.trades.iloc[0]
    assert (trade["entry_price"], trade["exit_price"], trade["mae"], trade["mfe"], trade["bars"]) == (100.0, 110.0, -20.0, 20.0, 2)
    assert run.crosscheck.verdict == "equal"


def _frame(bars: list[tuple[float, ...]]) -> pd.DataFrame:
    dates = pd.Index(["2024-01-10", "2024-01-11", "2024-01-12"], name="date")
    return pd.DataFrame(bars, columns=["open", "high", "low", "close"], index=dates).assign(volume=1000.0)


def test_borrowing_adds_up() -> None:
    """The profits of all trades, borrowing taken off, are what the equity gained; the metrics count it as a cost."""
    rule = strategy("short when rsi(2) > 90; cover when rsi(2) < 40", costs={"fee_bps": 1, "borrow_rate": 0.1})
    dear, free = backtest(rule, sample("SPX")), backtest(rule.revised(costs=replace(rule.spec.costs, borrow_rate=0.0)), sample("SPX"))
    gained = dear.run.equity[-1] - 100_000.0 - (dear.position["pnl"] if dear.position else 0.0)
    assert gained == pytest.approx(dear.trades["pnl"].sum(), abs=1e-6)
    assert dear.trades["fees"].sum() > free.trades["fees"].sum() * 2
    assert (dear.crosscheck.verdict, dear.crosscheck.assumed) == ("equal", ("borrowing",))


def test_a_trace_says_what_it_shows() -> None:
    """A worked example gives frame, table, picture and record, and refuses what is no bar and no word."""
    shown = trace([(100, 101, 99, 100), (102, 104, 101, 103), (105, 106, 104, 105)], {0: "buy", 1: "sell"})
    assert shown.fills == [(1, "buy", 1.0, 102.0, "entry"), (2, "sell", 1.0, 105.0, "signal")]
    assert shown.table["filled"].tolist() == ["", "buy 1 @ 102 (entry)", "sell 1 @ 105 (signal)"]
    assert (shown.to_dict()["fills"][0]["pnl"], shown.to_dict()["fills"][1]["pnl"]) == (None, 3.0)
    assert ("buy 1 @ 102" in shown._repr_html_(), len(shown.figure().data), "entry" in repr(shown)) == (True, 2, True)
    with pytest.raises(InputError, match="rows of"):
        trace([(100, 101)], {})
    with pytest.raises(InputError, match="bars 0 to 1"):
        trace([(100, 101, 99, 100)] * 2, {2: "buy"})
    with pytest.raises(UnknownNameError, match="buy"):
        trace([(100, 101, 99, 100)] * 2, {0: "bye"})
