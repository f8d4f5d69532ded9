"""The bench as a researcher meets it: SPEC's first ten minutes, and what it counts on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.errors import InputError, PermissionDeniedError, RuleSyntaxError, SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.app import Bench

SENTENCE = "buy when rsi(2) < 10 and close > sma(200); sell when rsi(2) > 60"
RANGES = {"low": (10, 5, 15, 5), "high": (60, 50, 70, 10)}
FADE = "buy when rsi(2) < $low; sell when rsi(2) > $high; short when rsi(2) > $top; cover when rsi(2) < $bottom"
FADE_RANGES = {"low": (10, 10, 40, 10), "high": (60, 50, 80, 10), "top": 90, "bottom": 40}


@pytest.fixture
def bench(home: Path) -> Bench:
    """A bench on its embedded default."""
    assert home.is_dir()
    return wb.open()


def dip(**options: object) -> wb.Strategy:
    return wb.strategy("buy when rsi(2) < $low; sell when rsi(2) > $high", parameters=RANGES, stop="5%", **options)


def test_the_first_ten_minutes(bench: Bench) -> None:
    """The lines of the README give a result that renders, agrees with the second engine and was counted once."""
    result = bench.backtest(wb.strategy(SENTENCE), bench.bars("SPX"))
    again = bench.backtest(wb.strategy(SENTENCE), bench.bars("SPX"))

    assert result.crosscheck.verdict == "equal"
    assert "SPX" in result._repr_html_()
    assert again.metrics == result.metrics
    assert bench.trials(wb.strategy(SENTENCE)).trials == 1


def test_a_researchers_own_frame_is_taken(bench: Bench) -> None:
    """A DataFrame in any letter case with plain dates runs like our own bars and gives the same fills as bars made of it."""
    index = pd.bdate_range("2020-01-01", periods=400)
    close = 100 + 10 * np.sin(np.arange(400) / 5.0)
    frame = pd.DataFrame({"Open": close, "HIGH": close + 1, "low": close - 1, "Close": close, "Volume": 1000}, index=index)
    result = bench.backtest(wb.strategy("buy when rsi(2) < 10; sell when rsi(2) > 60"), frame)

    assert len(result.bars) == 400
    assert result.metrics.trades > 5


def test_a_sweep_counts_each_point_once(bench: Bench) -> None:
    """Sweeping twice counts the points once; a single run of one of them adds nothing."""
    bars = bench.bars("IXIC")
    swept = bench.sweep(dip(), bars)
    bench.sweep(dip(), bars)
    bench.backtest(dip(), bars)

    assert len(swept.frame) == 9
    assert bench.trials(dip()).trials == 9


def test_strategies_and_datasets_are_on_record(bench: Bench) -> None:
    """Whatever was tried can be found again: its specification and its bars stand in the store."""
    from sqlalchemy import select

    from workbench.store.tables import DatasetRow, StrategyRow

    s, bars = wb.strategy(SENTENCE), bench.bars("SPX")
    bench.backtest(s, bars)
    with bench.database.read() as session:
        specs = session.scalars(select(StrategyRow.spec_hash)).all()
        datasets = session.scalars(select(DatasetRow.dataset_hash)).all()

    assert (specs, datasets) == ([s.spec_hash], [bars.dataset_hash])


def test_the_edge_is_promoted_and_paper_equals_the_backtest(bench: Bench) -> None:
    """The planted edge passes every gate on real evidence, is promoted, and its paper session equals the backtest to the bit."""
    bars = bench.bars("SYN", "15m")
    s = wb.strategy(FADE, parameters=FADE_RANGES, symbols="SYN", timeframe="15m", window="whole session", stop="120 ticks", name="fade")
    bot = bench.bots.create(s)
    moved = bench.promote(bot, bench.assess(bot, bench.evidence(s, bars)), reason="passes")
    recent = bars.slice(len(bars) - 520, len(bars))
    session = bench.paper(moved, recent)

    assert moved.stage == "PAPER"
    assert session.matches(bench.promised(moved, recent)) == []
    assert len(session.fills) > 20
    assert bench.audit.verify().ok


def test_without_the_edge_the_gates_stay_shut(bench: Bench) -> None:
    """The same rule on the same market without the edge is refused, and the refusal is on record."""
    bars = bench.bars("SYN0", "15m")
    s = wb.strategy(FADE, parameters=FADE_RANGES, symbols="SYN0", timeframe="15m", window="whole session", stop="120 ticks", name="fade")
    bot = bench.bots.create(s)
    with pytest.raises(PermissionDeniedError, match="stays in LAB"):
        bench.promote(bot, bench.assess(bot, bench.evidence(s, bars)), reason="hope")

    assert [decision.status for decision in bench.bots.history(bot)] == ["refused"]


def test_making_the_same_bot_again_returns_it(bench: Bench) -> None:
    """With ``exist_ok`` a notebook that runs twice keeps its bot; without, the name is taken."""
    first = bench.bots.create(dip(name="dip"), exist_ok=True)

    assert bench.bots.create(dip(name="dip"), exist_ok=True).id == first.id
    with pytest.raises(InputError, match="has a bot named 'dip' already"):
        bench.bots.create(dip(name="dip"))


def test_a_strategy_without_ranges_cannot_be_swept(bench: Bench) -> None:
    """The message says how to give a range."""
    with pytest.raises(InputError, match="has no parameter with a range"):
        bench.sweep(wb.strategy(SENTENCE), bench.bars("SPX"))


def test_parse_reads_rules_and_strategies() -> None:
    """``wb.parse`` takes one rule or a whole strategy and points at what it cannot read."""
    assert wb.parse("rsi < 30").canonical == "rsi(14) < 30"
    assert set(wb.parse(SENTENCE).rules) == {"entry_long", "exit_long"}
    with pytest.raises(RuleSyntaxError, match="did you mean"):
        wb.parse("buy when smaa(3) > 1; sell when close < 1")


def test_the_room_named_strategy_can_be_called_and_imported() -> None:
    """``wb.strategy`` is a room and a function at once, in either order of import."""
    import workbench.strategy.spec as spec_module

    assert wb.strategy(SENTENCE).spec.__class__ is spec_module.StrategySpec


def test_an_unknown_name_of_the_package_is_an_attribute_error() -> None:
    """A name that does not exist behaves as in any module."""
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = wb.nothing


def test_a_home_that_is_a_file_is_one_clear_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening a bench in an impossible place says what to set."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "file"))
    with pytest.raises(SettingsError, match="name a folder"):
        wb.open()
