"""The figures of a desk: worth, day, cards, equity, compared with sums done by hand."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from statistics import mean, stdev
from typing import TYPE_CHECKING

import pytest
from desk_rows import MONDAY, bot, desk, marks

from workbench.errors import InputError, UnknownNameError
from workbench.execution.views import BotFilter, EquityFilter, TradeFilter, bots, equity, summary
from workbench.lifecycle import killswitch
from workbench.lifecycle.access import EVERYTHING, Scope
from workbench.store import outbox
from workbench.store.tables import JobRunRow

if TYPE_CHECKING:
    from workbench.store import Database

ANA, BOB = Scope(owner="ana"), Scope(owner="bob")


def test_an_empty_desk_has_no_figures(database: Database) -> None:
    """Before the first bot nothing is worth anything, nothing is made up, and no figure is a zero that was not measured."""
    with database.read() as session:
        seen = summary.summary(session, EVERYTHING)
        assert (seen.portfolio_value, seen.day_pnl, seen.sharpe_30d, seen.as_of, seen.alerts) == (0.0, None, None, None, ())
        assert bots.cards(session, EVERYTHING) == ()
        assert equity.profit(session, EVERYTHING).series == ()


def test_the_summary_adds_up(database: Database) -> None:
    """Value is capital and profit of all bots; the day is that of the latest mark; only the day's executions are today's."""
    with database.session() as session:
        desk(session)
    with database.read() as session:
        seen = summary.summary(session, EVERYTHING)
    assert (seen.capital, seen.portfolio_value, seen.total_pnl) == (3000.0, 2985.0, -15.0)
    assert (seen.day_pnl, seen.day_pnl_share) == (-45.0, -45.0 / 3030.0)
    assert (seen.as_of, seen.trades_today) == (MONDAY + timedelta(days=2, hours=16), 1)
    assert seen.bots_by_status == {"running": 1, "paused": 1, "stopped": 0, "error": 1}
    assert seen.bots_by_stage == {"LAB": 1, "PAPER": 2, "SHADOW": 0, "CANARY": 0, "LIVE": 0}
    assert (seen.open_positions, seen.unrealized_pnl) == (1, 5.0)
    assert seen.to_dict()["as_of"] == "2026-03-04T16:00:00.000000Z"


def test_a_scope_sees_its_own_rows_only(database: Database) -> None:
    """Every figure of a reader who may see only their own rows is made of their own rows."""
    with database.session() as session:
        desk(session)
    with database.read() as session:
        mine, theirs = summary.summary(session, ANA), summary.summary(session, BOB)
        assert (mine.capital, theirs.capital, theirs.portfolio_value, theirs.day_pnl) == (2000.0, 1000.0, 1000.0, None)
        assert [card.name for card in bots.cards(session, BOB)] == ["other"]
        assert equity.profit(session, BOB).profit == 0.0
        with pytest.raises(UnknownNameError, match="no bot named 'up'"):
            bots.card(session, BOB, "up")


def test_alerts_put_the_worst_first(database: Database) -> None:
    """An engaged kill switch stands over a bot in error, a failed job and what was announced; each says what happened."""
    with database.session() as session:
        desk(session)
        session.add(JobRunRow(id="r1", job="tour", status="failed", owner="ana", error="cell 3"))
        outbox.publish(session, "alert", {"kind": "session.resumed", "bot": "id-up", "name": "up", "reason": ""})
        killswitch.engage(session, "symbol:ES", reason="prices look wrong", by="ana")
    with database.read() as session:
        seen = summary.alerts(session, EVERYTHING)
        alone = summary.alerts(session, BOB)
    assert (seen[0].severity, seen[0].kind) == ("critical", "kill_switch")
    assert {each.kind for each in seen} == {"kill_switch", "bot_error", "job_failed", "session.resumed"}
    assert next(each.text for each in seen if each.kind == "bot_error") == "other is in error: feed stale"
    assert "session.resumed" not in {each.kind for each in alone}


def test_a_card_says_where_a_bot_stands(database: Database) -> None:
    """Equity, day, total, spark and the switch that stops it; a bot without a mark is worth its capital and has no day."""
    with database.session() as session:
        desk(session)
        killswitch.engage(session, "symbol:NQ", reason="halted by hand", by="ana")
    with database.read() as session:
        up, down, other = (bots.card(session, EVERYTHING, name) for name in ("up", "id-down", "other"))
    assert (up.equity, up.day_pnl, up.total_pnl, up.spark) == (1025.0, -5.0, 25.0, (1010.0, 1030.0, 1025.0))
    assert (up.trades, up.open_positions, up.killed) == (2, 1, None)
    assert (down.day_pnl, down.killed) == (-40.0, "halted by hand")
    assert (other.equity, other.day_pnl, other.total_pnl, other.spark, other.marked_at) == (1000.0, None, None, (), None)


def test_a_bot_of_made_up_data_says_so(database: Database) -> None:
    """A bot whose symbol is a synthetic instrument is marked; a real or unknown symbol is not."""
    with database.session() as session:
        for name, symbol in {"made-up": "SYN", "real": "ES", "own": "MINE"}.items():
            bot(session, name, "ana", symbols=[symbol])
    with database.read() as session:
        assert {card.name: card.synthetic for card in bots.cards(session, EVERYTHING)} == {"made-up": True, "real": False, "own": False}


def test_cards_are_filtered_and_ordered(database: Database) -> None:
    """Errors first, then running, then paused; filters narrow; what cannot be is refused with the nearest."""
    with database.session() as session:
        desk(session)
    with database.read() as session:
        assert [card.name for card in bots.cards(session, EVERYTHING)] == ["other", "up", "down"]
        assert [card.name for card in bots.cards(session, EVERYTHING, BotFilter(symbol="nq"))] == ["down"]
        assert [card.name for card in bots.cards(session, EVERYTHING, BotFilter(stage="LAB"))] == ["other"]
        assert bots.cards(session, EVERYTHING, BotFilter(search="%")) == ()
    with pytest.raises(UnknownNameError, match="did you mean running"):
        BotFilter(status="runing")


def test_a_bot_that_stopped_long_ago_keeps_its_own_last_day(database: Database) -> None:
    """Its last marks are looked up although the rest of the desk went on for months."""
    with database.session() as session:
        bot(session, "old", "ana")
        bot(session, "new", "ana")
        marks(session, "old", "ana", {0: [1001.0], 1: [1003.0]})
        marks(session, "new", "ana", {200: [1000.0]})
    with database.read() as session:
        assert bots.card(session, EVERYTHING, "old").day_pnl == 2.0
        assert summary.summary(session, EVERYTHING).portfolio_value == 2003.0


def test_a_new_stage_begins_at_the_capital(database: Database) -> None:
    """Moving up starts a new account: its first mark is no loss of what the stage before had made."""
    with database.session() as session:
        bot(session, "one", "ana", stage="SHADOW")
        marks(session, "one", "ana", {0: [1100.0], 1: [1200.0]})
        marks(session, "one", "ana", {2: [1010.0]}, stage="SHADOW")
    with database.read() as session:
        seen = equity.profit(session, EVERYTHING)
        assert seen.series[0].values == (100.0, 200.0, 210.0)
        assert seen.value == 1010.0
        assert bots.card(session, EVERYTHING, "one").total_pnl == 10.0


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (EquityFilter(), {"desk": (10.0, 30.0, -15.0)}),
        (EquityFilter(mode="daily"), {"desk": (10.0, 20.0, -45.0)}),
        (EquityFilter(by="bot"), {"up": (10.0, 30.0, 25.0), "down": (0.0, -40.0)}),
        (EquityFilter(by="symbol"), {"ES": (10.0, 25.0), "NQ": (-40.0,)}),
        (EquityFilter(by="bot", bot="up", mode="daily", period="1D"), {"up": (-5.0,)}),
        (EquityFilter(period="1D"), {"desk": (-10.0 - 40.0, -45.0)}),
        (EquityFilter(symbol="NQ", by="bot", period="1M"), {"down": (0.0, -40.0)}),
    ],
)
def test_profit_is_cut_as_asked(database: Database, wanted: EquityFilter, expected: dict[str, tuple[float, ...]]) -> None:
    """Daily or cumulative, of the desk, by bot, by symbol, over a period: sums done by hand."""
    with database.session() as session:
        desk(session)
    with database.read() as session:
        assert {line.name: line.values for line in equity.profit(session, EVERYTHING, wanted).series} == expected


def test_profit_knows_its_days_and_its_drawdown(database: Database) -> None:
    """Days are dates, the drawdown is the deepest fall below the earlier peak."""
    with database.session() as session:
        desk(session)
    with database.read() as session:
        seen = equity.profit(session, EVERYTHING)
    assert seen.series[0].times == (date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4))
    assert (seen.profit, seen.max_drawdown, seen.sharpe) == (-15.0, 45.0, None)


def test_sharpe_is_the_textbook_one(database: Database) -> None:
    """Mean over standard deviation of the daily returns, times the square root of 252."""
    levels = [1000.0, 1010.0, 1005.0, 1020.0, 1018.0, 1030.0]
    with database.session() as session:
        bot(session, "one", "ana")
        marks(session, "one", "ana", {day: [level] for day, level in enumerate(levels)})
    made = [0.0, 10.0, -5.0, 15.0, -2.0, 12.0]
    with database.read() as session:
        assert math.isclose(summary.summary(session, EVERYTHING).sharpe_30d or 0, mean(made) / stdev(made) * math.sqrt(252), rel_tol=1e-12)


def test_what_cannot_be_shown_is_refused() -> None:
    """A period, mode or group that does not exist is named with its nearest."""
    with pytest.raises(UnknownNameError, match="no period named '2W'"):
        EquityFilter(period="2W")
    with pytest.raises(UnknownNameError, match="did you mean daily"):
        EquityFilter(mode="dayly")
    with pytest.raises(InputError, match="time zone"):
        TradeFilter(start=datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test
