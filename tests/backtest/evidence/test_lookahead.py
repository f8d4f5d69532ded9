"""Leaks that are planted on purpose are caught, with the bar that betrays them; causal strategies pass."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench import strategy
from workbench.backtest.evidence.lookahead import Proof, prove, prove_decisions, streams_alike, truncation_points
from workbench.backtest.run import backtest
from workbench.errors import InputError, LookAheadError
from workbench.market import Bars, sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIP = strategy("buy when rsi(2) < 10 and close > sma(50); sell when rsi(2) > 60 or close[3] > close", stop="2 atr")


@pytest.fixture(scope="module")
def bars() -> Bars:
    return sample("SPX").head(700)


def _signals(entry: NDArray[np.bool_]) -> SimpleNamespace:
    none = np.zeros(len(entry), np.uint8)
    return SimpleNamespace(entry_long=entry.astype(np.uint8), exit_long=none, entry_short=none, exit_short=none)


def test_a_compiled_strategy_passes_both_proofs(bars: Bars) -> None:
    """Sixteen truncations change no decision, and the live form says the same on every bar."""
    found = prove(backtest(DIP, bars))
    assert (found.causal, found.streaming, found.streamed, found.bar) == (True, True, 700, None)
    assert (found.truncations, found.at_signals) == (16, 8)
    found.require()


def test_tomorrows_close_is_caught_with_the_bar(bars: Bars) -> None:
    """A function that buys when the next close is higher is caught; the bar it needs is the one after the bar it betrays."""

    def leaking(known: Bars) -> SimpleNamespace:
        return _signals(np.append(known.close[1:] > known.close[:-1], False))

    found = prove_decisions(leaking, bars)
    assert (found.causal, found.column) == (False, "entry_long")
    assert found.bar is not None
    assert bars.close[found.bar + 1] > bars.close[found.bar]
    assert found.needs == found.bar + 1
    with pytest.raises(LookAheadError, match=f"bar {found.bar} ") as caught:
        found.require()
    assert caught.value.bar == found.bar


def test_a_leak_five_bars_ahead_is_bisected_to_its_bar(bars: Bars) -> None:
    """The decision depends on the close five bars later, and that bar is named."""

    def leaking(known: Bars) -> SimpleNamespace:
        return _signals(np.append(known.close[5:] > known.close[:-5] * 1.01, np.zeros(5, np.bool_)))

    found = prove_decisions(leaking, bars)
    assert found.bar is not None
    assert (found.causal, found.needs) == (False, found.bar + 5)


def test_a_mean_over_everything_is_caught(bars: Bars) -> None:
    """Comparing with the mean of the whole series looks ahead on some bar."""
    found = prove_decisions(lambda known: _signals(known.close > known.close.mean()), bars)
    assert (found.causal, found.streaming) == (False, None)


def test_a_leaking_number_is_caught(bars: Bars) -> None:
    """A bracket distance that knows the future is a leak even when no signal is."""

    def leaking(known: Bars) -> SimpleNamespace:
        decisions = _signals(known.close > known.open)
        decisions.numbers = {"atr": np.full(len(known), known.high.max())}
        return decisions

    assert prove_decisions(leaking, bars).column == "atr"


def test_a_causal_function_passes(bars: Bars) -> None:
    """A function of past bars passes; without a compiled form nothing is said about streaming."""

    def causal(known: Bars) -> SimpleNamespace:
        return _signals(np.append(np.zeros(3, np.bool_), known.close[3:] > known.close[:-3]))

    found = prove_decisions(causal, bars)
    assert (found.causal, found.streaming) == (True, None)
    assert found.decisions == sum(truncation_points(causal(bars).__dict__, 700, 16)[0])


def test_a_function_of_the_wrong_length_is_caught(bars: Bars) -> None:
    """Fewer decisions than bars count as changed at the first bar."""
    full = len(bars)
    found = prove_decisions(lambda _: _signals(np.zeros(full, np.bool_)), bars)
    assert (found.causal, found.bar) == (False, 0)


def test_a_live_form_that_differs_is_caught(bars: Bars) -> None:
    """One number off by the last bit is named with bar and column."""
    bound = DIP.program.bind()
    signals = bound.columns(bars)
    columns = {"entry_long": signals.entry_long.copy(), "atr": np.array(signals.numbers["atr"])}
    assert streams_alike(bound, bars, columns) is None
    columns["atr"][400] = np.nextafter(columns["atr"][400], np.inf)
    assert streams_alike(bound, bars, columns) == (400, "atr")
    columns["entry_long"][300] = 1 - columns["entry_long"][300]
    assert streams_alike(bound, bars, columns) == (300, "entry_long")


def test_rules_that_tell_the_time_stream_alike() -> None:
    """The exchange's clock reaches the live form as it does the batch."""
    timed = strategy("buy when day_of_week == 0 and close > open; sell when day_of_week == 3")
    assert prove(backtest(timed, sample("SPX").head(200))).streaming is True


def test_half_of_the_cuts_are_behind_signals() -> None:
    """With signals on bars 10 and 500 both are cut right behind; the rest is spread, and no cut keeps everything."""
    columns = {name: np.zeros(600, np.uint8) for name in ("entry_long", "exit_long", "entry_short", "exit_short")}
    columns["entry_long"][[10, 500]] = 1
    points, behind = truncation_points(columns, 600, 16)
    assert behind == 2
    assert {11, 501} <= set(points)
    assert 1 <= min(points) <= max(points) <= 599
    assert len(points) == 16


def test_nothing_to_cut_is_refused(bars: Bars) -> None:
    """One bar or no truncation is an input error."""
    with pytest.raises(InputError, match="two bars"):
        prove_decisions(lambda known: _signals(known.close > 0), bars.head(1))
    with pytest.raises(InputError, match="one truncation"):
        prove_decisions(lambda known: _signals(known.close > 0), bars, truncations=0)


def test_a_proof_is_a_record_without_its_cost() -> None:
    """What varies from time to time stays out of the record that is hashed."""
    proof = Proof(causal=True, streaming=True, truncations=16, at_signals=8, decisions=10, streamed=5, seconds=1.0)
    assert "seconds" not in proof.to_dict()
    assert proof.words == "10 decisions unchanged under 16 truncations (8 behind signals), 5 bars streamed alike"
