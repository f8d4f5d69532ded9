"""Monte Carlo of trades against full enumeration, hand-made curves and its own limits."""

from __future__ import annotations

import json
from itertools import permutations, product
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench import strategy
from workbench.backtest.montecarlo import TradeLedger, ledger_of, measured, monte_carlo, replayed
from workbench.backtest.run import backtest
from workbench.errors import InputError, UnknownNameError
from workbench.market import sample, synthetic

if TYPE_CHECKING:
    from workbench.backtest.result import Result

GAINS = np.array([0.10, -0.20, 0.05, -0.08])
DIPS = np.array([-0.02, -0.25, 0.0, -0.08])


def ledger(*, compound: bool = True, scale: float = 1.0) -> TradeLedger:
    return TradeLedger(start=1000.0, gain=GAINS * scale, dip=DIPS * scale, bps=np.full((4, 2), 1e-4 * scale), compound=compound)


def deepest(order: tuple[int, ...]) -> float:
    """The largest fall of one order, worked out step by step."""
    money, top, fall = 1000.0, 1000.0, 0.0
    for place in order:
        low = money * (1.0 + DIPS[place])
        fall = max(fall, 1.0 - low / top)
        money *= 1.0 + GAINS[place]
        fall, top = max(fall, 1.0 - money / top), max(top, money)
    return fall


@pytest.fixture(scope="module")
def result() -> Result:
    dip = strategy("buy when rsi(2) < 10 and close > sma(50); sell when rsi(2) > 60", name="Dip")
    return backtest(dip, sample("SPX").head(2500))


def runs_of(method: str, count: int) -> np.ndarray:
    """Drawdowns of ``count`` runs."""
    book = ledger()
    gain, dip = replayed(book, method, 0.0, [np.random.default_rng([3, run]) for run in range(count)])  # type: ignore[arg-type]
    return measured(book, gain, dip, np.array([0, 4])).drawdown


def test_shuffled_drawdowns_are_those_of_all_orders() -> None:
    """Of four trades there are 24 orders: the runs take each drawdown as often, and their quantiles are those of the full list."""
    every = np.array([deepest(order) for order in permutations(range(4))])
    drawn = runs_of("shuffle", 6000)
    values, counts = np.unique(every.round(12), return_counts=True)
    shares = np.array([np.isclose(drawn, value, rtol=0, atol=1e-12).mean() for value in values])
    assert shares.sum() == pytest.approx(1.0)
    assert shares == pytest.approx(counts / 24, abs=0.025)
    for share in (0.1, 0.55, 0.95):
        assert np.quantile(drawn, share, method="inverted_cdf") == pytest.approx(
            np.quantile(every, share, method="inverted_cdf"), rel=1e-12
        )


def test_resampled_drawdowns_are_those_of_all_draws() -> None:
    """Four trades drawn four times make 256 lists: the quantiles of the runs are those of the full list."""
    every = np.array([deepest(order) for order in product(range(4), repeat=4)])
    drawn = runs_of("resample", 6000)
    assert drawn.mean() == pytest.approx(every.mean(), abs=0.004)
    for share in (0.25, 0.5, 0.95):
        near = np.quantile(every, [share - 0.02, min(1.0, share + 0.02)], method="inverted_cdf")
        assert near[0] - 1e-12 <= np.quantile(drawn, share, method="inverted_cdf") <= near[1] + 1e-12


def test_an_equity_curve_by_hand() -> None:
    """1000, up a tenth, then down a fifth with an open loss of a quarter: from the top of 1100 to 825 inside the trade."""
    found = measured(ledger(), GAINS[None], DIPS[None], np.arange(5))
    assert found.equity[0] == pytest.approx([1000.0, 1100.0, 880.0, 924.0, 850.08])
    assert (found.drawdown[0], found.lowest[0], found.streak[0]) == (pytest.approx(0.25), pytest.approx(825.0), 1.0)


def test_money_that_is_not_compounded_adds_up() -> None:
    """A fixed quantity gains the same money wherever it stands in the list; an empty account stays empty."""
    found = measured(ledger(compound=False, scale=1000.0), (GAINS * 1000.0)[None], (DIPS * 1000.0)[None], np.arange(5))
    assert found.equity[0] == pytest.approx([1000.0, 1100.0, 900.0, 950.0, 870.0])
    broke = measured(ledger(compound=False), np.array([[-1500.0, 800.0]]), np.array([[-1500.0, 0.0]]), np.arange(3))
    assert (broke.equity[0].tolist(), broke.drawdown[0]) == ([1000.0, 0.0, 0.0], 1.0)


def test_the_longest_losing_streak_is_counted() -> None:
    """Two losses in a row, then three."""
    gain = np.array([[-1.0, -1.0, 2.0, -1.0, -1.0, -1.0, 3.0]])
    assert measured(ledger(compound=False), gain, np.minimum(gain, 0.0), np.array([0])).streak.tolist() == [3.0]


def test_the_order_cannot_change_where_it_ends(result: Result) -> None:
    """Shuffled, every run ends with the money of the trades as they came."""
    found = monte_carlo(result, method="shuffle", runs=50)
    assert found.runs["final"].to_numpy() == pytest.approx(np.full(50, found.own["final"]), rel=1e-9)
    assert found.own["final"] == pytest.approx(result.cash + result.trades["pnl"].sum(), rel=1e-12)


@pytest.mark.parametrize("method", ["skip", "slippage"])
def test_nothing_missed_and_nothing_worse_is_the_run_itself(result: Result, method: str) -> None:
    """At strength zero every run equals the trades as they came."""
    found = monte_carlo(result, method=method, strength=0.0, runs=5)
    assert found.runs["max_drawdown"].to_numpy() == pytest.approx(np.full(5, found.own["max_drawdown"]))


def test_worse_prices_cost_what_they_cost(result: Result) -> None:
    """Slippage up to ten points costs five on average at each fill: of each trade's money, ten basis points both ways."""
    book = ledger_of(result)
    gain, _dip = replayed(book, "slippage", 10.0, [np.random.default_rng(run) for run in range(400)])
    assert (book.gain - gain).mean() == pytest.approx(5.0 * book.bps.sum(axis=1).mean(), rel=0.01)
    assert book.bps.sum(axis=1) == pytest.approx(1e-4 * result.trades["traded"].to_numpy() / result.cash, rel=0.7)


def test_a_missed_trade_earns_nothing(result: Result) -> None:
    """With every trade missed the account stays; with a tenth missed about a tenth of the gains is gone."""
    assert monte_carlo(result, method="skip", strength=1.0, runs=3).runs["total_return"].tolist() == [0.0, 0.0, 0.0]
    book = ledger_of(result)
    gain, _dip = replayed(book, "skip", 0.1, [np.random.default_rng(run) for run in range(300)])
    assert (gain == 0.0).mean() == pytest.approx(0.1, abs=0.01)


def test_fixed_quantities_do_not_compound() -> None:
    """As the strategy sizes: shares of the account where it trades a share, money where it trades one contract."""
    one = strategy(
        "buy when rsi(2) < 10; sell when rsi(2) > 60", symbols=("SYN",), timeframe="15m", sizing="1 contract", window="whole session"
    )
    contract = backtest(one, synthetic("SYN", "15m", sessions=60))
    assert monte_carlo(contract, runs=2).compound is False
    assert ledger_of(contract).gain == pytest.approx(contract.trades["pnl"].to_numpy())
    assert ledger_of(contract, compound=True).gain[0] == pytest.approx(contract.trades["pnl"].iloc[0] / contract.cash)


def test_runs_are_seeded_one_by_one(result: Result) -> None:
    """The same seed gives the same runs, more of them begin with the fewer, another seed gives others."""
    few, many, other = monte_carlo(result, runs=20), monte_carlo(result, runs=40), monte_carlo(result, runs=20, seed=1)
    assert few.runs.equals(many.runs.head(20))
    assert not few.runs.equals(other.runs)


def test_the_worst_to_expect_and_ruin(result: Result) -> None:
    """One run of twenty is deeper than the worst to expect; ruin counts runs that lost the share named, open losses included."""
    found = monte_carlo(result, runs=400, ruin=0.05)
    assert (found.runs["max_drawdown"] > found.worst_drawdown).mean() == pytest.approx(0.05, abs=0.003)
    assert found.risk_of_ruin == float((found.runs["lowest"] <= 95_000.0).mean())
    assert found.risk_of_ruin > monte_carlo(result, runs=400, ruin=0.5).risk_of_ruin == 0.0


def test_it_tells_itself_as_json_and_card(result: Result) -> None:
    """The record is strict JSON; the card has a row a number and says that it is no trial."""
    found = monte_carlo(result, runs=50)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["worst_drawdown"] == found.worst_drawdown
    assert found.frame["number"].tolist() == ["final", "total_return", "max_drawdown", "lowest", "losing_streak"]
    assert "no trial" in found._repr_html_()


def test_what_cannot_be_drawn_is_refused(result: Result) -> None:
    """Unknown methods, shares that are none and runs without trades end in errors that say so."""
    with pytest.raises(UnknownNameError, match="shuffle"):
        monte_carlo(result, method="shuffel")
    for options in ({"runs": 0}, {"ruin": 0.0}, {"method": "skip", "strength": 1.5}, {"method": "slippage", "strength": -1.0}):
        with pytest.raises(InputError):
            monte_carlo(result, **options)  # type: ignore[arg-type]
    never = backtest(strategy("buy when close < 0; sell when close > 0"), sample("SPX").head(100))
    with pytest.raises(InputError, match="0 closed trades"):
        monte_carlo(never)
