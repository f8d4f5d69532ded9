from __future__ import annotations

import statistics
import subprocess
import sys
from time import perf_counter
from typing import TYPE_CHECKING

import pytest

from workbench.errors import UnknownNameError
from workbench.lifecycle import Stage
from workbench.strategy.strategy import Strategy
from workbench.widgets.authoring.fields import FIELDS
from workbench.widgets.authoring.model import AuthorModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.app import Bench


def test_a_key_is_answered_at_once(desk: AuthorModel) -> None:
    """Typing a rule letter by letter, parse and preview together answer well under a tenth of a second."""
    text = (
        "buy when rsi(14) crosses below 30 and close is above the 200 day moving average; sell when rsi(14) > 55 or close < lowest(10)[1]"
    )
    times = []
    for end in range(1, len(text) + 1):
        started = perf_counter()
        desk.change("text", text[:end])
        times.append(perf_counter() - started)

    assert desk.reading.state == "ready"
    assert statistics.median(times) < 0.1


def test_the_code_makes_the_same_strategy(desk: AuthorModel) -> None:
    """The Python beside the form, executed, gives the strategy of the form, with every field in use."""
    filled = {
        "text": "buy when rsi($n) < $low;\nsell when rsi($n) > 60;\nshort when rsi($n) > 90;\ncover when rsi($n) < 40",
        "$n": "2, from 2 to 6 by 1",
        "$low": "10",
        "name": 'fade\'s "own"',
        "symbols": "syn",
        "timeframe": "15m",
        "session_mode": "RTH_US",
        "window": "15:00-18:00 Europe/London hold",
        "size": "1% risk",
        "max_quantity": "4",
        "target": "5%",
        "trailing": "80 ticks",
        "time_stop": "20",
        "max_daily_loss": "2%",
        "max_position": "10%",
        "fee_bps": "0.5",
        "archetype": "mean_reversion",
        "note": "pressure fades",
    }
    for name, text in filled.items():
        desk.change(name, text)
    found: dict[str, object] = {}
    exec("import workbench as wb\n" + desk.code.split("\nresult =")[0], found)

    made = found["idea"]
    assert desk.reading.errors == {}
    assert isinstance(made, Strategy)
    assert (desk.reading.strategy.spec_hash if desk.reading.strategy else None) == made.spec_hash


def test_a_mistake_keeps_the_last_preview(desk: AuthorModel) -> None:
    """While the text cannot be read the chart stays as it was, and says so."""
    before = desk.preview
    desk.change("text", "buy when rsi(2) < ")

    assert desk.preview is before
    assert (desk.sight.picture, desk.reading.state) == ("behind", "error")


def test_an_empty_desk_shows_the_bars(bench: Bench) -> None:
    """Without a rule the chart shows the chosen bars and nothing on them."""
    desk = AuthorModel(bench)
    assert (desk.sight.picture, desk.preview) == ("loading", None)
    desk.fetch()

    assert desk.preview is not None
    assert (desk.sight.picture, desk.preview.markers, len(desk.preview.bars)) == ("ready", (), 250)


@pytest.mark.parametrize(("symbol", "bar"), [("ES", "1d"), ("SPX", "5m"), ("CUSTOM", "1d")])
def test_bars_that_are_not_here_are_said_to_be_missing(desk: AuthorModel, symbol: str, bar: str) -> None:
    """A symbol without bars is a designed state; the strategy can still be read and saved."""
    desk.change("symbols", symbol)
    desk.change("timeframe", bar)
    desk.fetch()

    assert (desk.sight.picture, desk.preview, desk.needs_bars) == ("missing", None, False)
    assert desk.sight.text == f"No bars of {symbol} {bar} here."
    assert desk.save().ok


def test_the_desk_follows_the_symbol(desk: AuthorModel) -> None:
    """Another symbol needs other bars, and the preview never shows those of the old one."""
    desk.change("symbols", "MSFT")
    assert (desk.needs_bars, desk.sight.picture) == (True, "loading")
    desk.fetch()

    assert desk.preview is not None
    assert (desk.preview.bars.instrument.symbol, desk.sight.picture) == ("MSFT", "ready")


def test_bars_that_arrive_late_do_not_replace_newer_ones(desk: AuthorModel) -> None:
    """Bars of a symbol that is no longer chosen are put aside when they arrive."""
    desk.change("symbols", "MSFT")
    old = desk.obtain(("MSFT", "1d"))
    desk.change("symbols", "SPX")
    desk.arrive(("MSFT", "1d"), old)

    assert desk.preview is not None
    assert desk.preview.bars.instrument.symbol == "SPX"


def test_rules_survive_the_change_of_mode(desk: AuthorModel) -> None:
    """Split by direction and joined again, the rules mean the same, and the sentence is the one that was typed."""
    text, rules = desk.form.text, desk.reading.strategy
    desk.switch("directions")
    assert desk.form.editors == {
        "entry_long": "rsi(2) < 10 and close > sma(200)",
        "exit_long": "rsi(2) > 60",
        "entry_short": "",
        "exit_short": "",
    }
    desk.switch("sentence")
    assert (text, rules) == (desk.form.text, desk.reading.strategy)
    desk.switch("directions")
    desk.change("exit_long", "rsi(2) > 70")
    desk.switch("sentence")
    assert desk.form.text == "buy when rsi(2) < 10 and close > sma(200);\nsell when rsi(2) > 70"


def test_a_template_can_be_undone(desk: AuthorModel) -> None:
    """A template fills rules, parameters and guards at once; undo brings back every word."""
    before = desk.form
    outcome = desk.use("Breakout")

    assert outcome.ok
    assert (desk.reading.state, desk.form.archetype, desk.form.parameters["channel"]) == ("ready", "breakout", "20, 10, 60, 5")
    assert desk.undo()
    assert before == desk.form
    assert (desk.undo(), desk.use("no such idea").field == "archetype") == (False, True)


def test_saving_is_a_version_on_record(desk: AuthorModel, bench: Bench) -> None:
    """A save makes one version with its event in the audit chain; saving the same again makes none."""
    desk.change("name", "dip")
    first, again = desk.save(), desk.save()
    desk.change("text", desk.form.text.replace("60", "70"))
    second = desk.save()

    assert first.text == "saved dip as version 1"
    assert again.text == "dip is on record already, as version 1"
    assert second.text == "saved dip as version 2"
    assert (bench.audit.verify().ok, bench.audit.verify().events) == (True, 2)


def test_a_preview_is_no_trial_and_a_backtest_is(desk: AuthorModel, bench: Bench) -> None:
    """Writing and looking count nothing; the backtest button counts."""
    for value in ("5", "10", "15"):
        desk.change("text", f"buy when rsi(2) < {value}; sell when rsi(2) > 60")
    strategy = desk.reading.strategy
    assert strategy is not None
    assert bench.trials(strategy).trials == 0
    outcome = desk.run()

    assert (outcome.ok, bench.trials(strategy).trials) == (True, 1)
    assert outcome.text == "counted: 1 trial in this family"
    assert desk.result is not None


def test_a_bot_is_made_with_its_name_and_capital(desk: AuthorModel, bench: Bench) -> None:
    """The bot stands in LAB with what the form said; a second of the same name is refused at the name."""
    desk.change("bot_name", "dip-spx")
    desk.change("capital", "50,000")

    assert desk.make_bot().ok
    bot = bench.bots.get("dip-spx")
    assert (bot.stage, bot.capital) == (Stage.LAB, 50_000.0)
    refused = desk.make_bot()
    assert (refused.ok, refused.field) == (False, "bot_name")


def test_a_finding_of_the_highest_severity_blocks_the_bot(desk: AuthorModel, bench: Bench) -> None:
    """Without a stop the desk says what blocks, and no bot is made."""
    desk.change("stop", "")

    assert [finding.code for finding in desk.reading.blocking] == ["no-stop"]
    assert not desk.make_bot().ok
    assert bench.bots.frame.empty


def test_a_bot_in_lab_is_revised(desk: AuthorModel, bench: Bench) -> None:
    """Opened on a bot, the desk gives it the new version, with the reason in the chain."""
    desk.change("bot_name", "dip")
    desk.make_bot()
    opened = AuthorModel(bench, "dip")
    assert (opened.reading.changed, opened.locked) == (False, "")
    assert not opened.revise("nothing").ok
    opened.change("stop", "3 atr")

    assert opened.revise("a wider stop").ok
    assert opened.reading.strategy is not None
    assert bench.bots.get("dip").spec_hash == opened.reading.strategy.spec_hash


def test_a_bot_that_left_lab_is_read_only(desk: AuthorModel, bench: Bench) -> None:
    """A strategy that trades is frozen: the desk says so and takes no change."""
    desk.change("bot_name", "dip")
    desk.make_bot()
    with bench.database.session() as session:
        from workbench.lifecycle import bots

        bots.row_of(session, "dip").stage = "PAPER"
    opened = AuthorModel(bench, "dip")
    before = opened.form
    opened.change("stop", "9%")

    assert "is in PAPER, where its strategy is frozen" in opened.locked
    assert before == opened.form


def test_a_viewer_reads_and_is_told_why(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A viewer sees the desk and can change, save, count and make nothing."""
    monkeypatch.setenv("WORKBENCH_USER", "vic")
    monkeypatch.setenv("WORKBENCH_ROLE", "viewer")
    desk = AuthorModel(bench)
    desk.change("text", "buy when rsi(2) < 10; sell when rsi(2) > 60")

    assert "vic has the role viewer and may not save a strategy" in desk.locked
    assert (desk.form.text, desk.keeper.standing.state) == ("", "off")
    assert [act().ok for act in (desk.save, desk.run, desk.make_bot)] == [False] * 3


def test_an_unknown_bot_is_an_error_of_the_caller(bench: Bench) -> None:
    """Opening the desk on a bot that does not exist names it."""
    with pytest.raises(UnknownNameError, match="no bot named 'ghost'"):
        AuthorModel(bench, "ghost")


def test_acts_on_an_unreadable_text_say_what_is_wrong(desk: AuthorModel) -> None:
    """Every act answers in words while the rule cannot be read, or there is none."""
    desk.change("text", "buy when")
    told = [act().text for act in (desk.save, desk.run, desk.make_bot)]
    desk.change("text", "")

    assert told == ["'buy when' has no condition"] * 3
    assert desk.save().text == "there is no rule yet"


def test_an_unknown_field_changes_nothing(desk: AuthorModel) -> None:
    """A message about a field that does not exist is put aside."""
    before = desk.form
    desk.change("mode", "haiku")
    desk.change("__class__", "x")
    desk.switch("haiku")

    assert before == desk.form


@pytest.mark.parametrize("text", ["", "x" * 100_000, "\x00", "𝔘𝔫𝔦", "<script>alert(1)</script>", "buy when " + "(" * 3000])
def test_hostile_text_in_every_field_is_answered(desk: AuthorModel, text: str) -> None:
    """Empty, endless, binary, exotic and hostile text in every field raises nothing."""
    for name in (*FIELDS, "text", "entry_long", "$n"):
        desk.change(name, text)
        desk.fetch()

    assert desk.reading.state in ("empty", "error")


def test_without_a_store_one_can_still_write(desk: AuthorModel, away: Callable[[bool], None]) -> None:
    """With the store away the rule is read and previewed; acts say that it is away, and no uncounted figure is shown."""
    away(True)
    desk.change("text", "buy when rsi(2) < 5; sell when rsi(2) > 60")

    assert (desk.reading.state, desk.sight.picture) == ("ready", "ready")
    assert [act().ok for act in (desk.save, desk.run, desk.make_bot)] == [False] * 3
    assert desk.result is None
    desk.change("symbols", "IBM")
    desk.fetch()
    assert (desk.sight.picture, desk.needs_bars) == ("error", True)
    away(False)
    desk.fetch()
    assert desk.sight.picture == "ready"


def test_importing_the_desk_is_light() -> None:
    """Opening the desk imports no second engine, no model library and no plotting library."""
    code = """
import sys, workbench.widgets.authoring as room
from workbench.widgets.authoring import AuthorModel
assert 'ipywidgets' not in sys.modules, 'the model works without widgets'
from workbench.widgets.authoring import Author
print(sorted({'vectorbt', 'torch', 'mlflow', 'sklearn', 'plotly'} & set(sys.modules)))
"""
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert finished.stdout.strip() == "[]"
