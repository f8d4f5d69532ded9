from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from paper_market import paper_bot, plain, random_bars, strategies
from sqlalchemy import func, select, update

from workbench.backtest.run import backtest
from workbench.errors import InputError, PermissionDeniedError
from workbench.execution import PaperSession, replay, tape
from workbench.execution.orders import intent_hash
from workbench.lifecycle import audit, bots, killswitch
from workbench.lifecycle.record import track
from workbench.market import sample
from workbench.store import Database, chain, outbox
from workbench.store.tables import BotRow, EquityMarkRow, OrderRow, PositionRow, TradeRow
from workbench.strategy.strategy import strategy

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.strategy.strategy import Strategy


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(chosen=strategies(), seed=st.integers(0, 10_000), wild=st.sampled_from([0.001, 0.004, 0.02]))
def test_streamed_orders_and_fills_are_those_of_the_backtest(
    chosen: Strategy, seed: int, wild: float, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """On random bars and random rule programs the live path makes the orders, fills and equity of the backtest, to the bit."""
    path = tmp_path_factory.mktemp("replay") / "store.sqlite"
    shutil.copy(sqlite_template, path)
    database = Database.open(f"sqlite:///{path}", validate=False)
    bars = random_bars(seed, wild=wild)
    result = backtest(chosen, bars)
    outcome = replay(database, paper_bot(database, chosen), bars, transaction_seconds=10.0)
    database.close()

    assert outcome.matches(result) == []
    assert len(outcome.equity) == len(bars)


def test_a_daily_loss_halts_and_the_next_session_trades_again(database: Database) -> None:
    """Session boundaries reach the account: the loss limit closes, holds until the session ends, and lets go, as in the backtest."""
    chosen = strategy(
        "buy when close > open or close <= open; sell when close < 0",
        symbols=("SYN",),
        timeframe="15m",
        stop="20%",
        window="whole session",
        limits={"max_daily_loss": 0.01},
        name="always in",
    )
    bars = random_bars(24, wild=0.004)
    outcome = replay(database, paper_bot(database, chosen), bars)
    halts = outcome.fills[outcome.fills["reason"] == "daily_loss"]

    assert outcome.matches(backtest(chosen, bars)) == []
    assert len(set(bars.session[halts["bar"]])) >= 2


def test_real_daily_bars_of_a_cash_instrument_match_too(database: Database) -> None:
    """S&P 500 days with money-limited sizing, an ATR stop and a trailing stop: the same to the bit."""
    chosen = strategy("buy when close > sma(20); sell when close < sma(10)", symbols=("SPX",), stop="2 atr", trailing="4%", name="trend")
    bars = sample("SPX").head(700)
    outcome = replay(database, paper_bot(database, chosen), bars)

    assert outcome.matches(backtest(chosen, bars)) == []
    assert len(outcome.fills) > 20


def test_matches_names_every_kind_of_difference(database: Database) -> None:
    """Against the backtest of other bars the comparison finds orders, fills and equity that differ."""
    bars, other = random_bars(1), random_bars(2)
    outcome = replay(database, paper_bot(database, plain()), bars)
    found = " ".join(outcome.matches(backtest(plain(), other)))

    assert outcome.matches(backtest(plain(), bars)) == []
    assert [word in found for word in ("order", "fill", "equity")] == [True, True, True]


def test_the_client_order_id_is_the_hash_of_the_backtest_decision(database: Database) -> None:
    """Bot, anchor, decision bar, action and quantity of each stored order give its primary key."""
    bars = random_bars(3)
    bot = paper_bot(database, plain())
    outcome = replay(database, bot, bars)
    codes = {"close": 1, "buy": 2, "short": 3}
    held = outcome.orders["quantity"].shift(fill_value=0.0)
    expected = {
        intent_hash(bot.id, int(bars.time[0]), int(bars.known_at[row.bar]), codes[row.action], row.quantity or before)
        for row, before in zip(outcome.orders.itertuples(), held, strict=True)
    }
    with database.read() as session:
        stored = set(session.scalars(select(OrderRow.intent_hash)))

    assert stored == expected


def test_rows_of_a_session_agree_with_each_other(any_database: Database) -> None:
    """Every trade belongs to an order, positions are closed with the sum of profits, each bar has a mark, and the chain verifies."""
    bars = random_bars(4, count=200)
    outcome = replay(any_database, paper_bot(any_database, plain()), bars)
    with any_database.read() as session:
        orders = set(session.scalars(select(OrderRow.intent_hash)))
        linked = set(session.scalars(select(TradeRow.order_id)))
        profits = session.scalar(select(func.sum(TradeRow.profit_loss)))
        realised = session.scalar(select(func.sum(PositionRow.realized_pnl)).where(PositionRow.is_open.is_(False)))
        still_open = session.scalar(select(func.count()).select_from(PositionRow).where(PositionRow.is_open))
        marks = session.scalar(select(func.count()).select_from(EquityMarkRow))
        topics = {event.topic for event in outbox.after(session, limit=10_000)}

    assert linked <= orders
    assert profits == pytest.approx(realised, abs=1e-9)
    assert still_open == len(outcome.fills) % 2
    assert marks == len(bars)
    assert topics >= {"trade_executed", "position_updated", "bot_status_changed"}
    assert audit.verify(any_database).ok


def test_the_track_record_counts_sessions_and_closed_trades(database: Database) -> None:
    """Sessions are those of the bars, trades the closed ones."""
    bars = random_bars(4, count=200)
    bot = paper_bot(database, plain())
    outcome = replay(database, bot, bars)
    with database.read() as session:
        found = track(session, bot)

    assert (found.sessions, found.trades) == (len(set(bars.session.tolist())), int(outcome.fills["pnl"].notna().sum()))


def test_a_bar_at_a_time_equals_many_in_one_transaction(any_database: Database) -> None:
    """One transaction per bar, as live, gives what collected transactions give."""
    bars = random_bars(7)
    one = replay(any_database, paper_bot(any_database, plain(), "one"), bars, transaction_seconds=0.0)
    many = replay(any_database, paper_bot(any_database, plain(), "many"), bars, transaction_seconds=10.0)

    assert one.fills.equals(many.fills)
    assert one.equity.equals(many.equity)


def test_the_kill_switch_in_the_middle_stops_orders_at_once_and_says_why(any_database: Database) -> None:
    """From the bar after the switch no order is made, the waiting one is withdrawn, the mark goes on, and the reason is told."""
    bars = tuple(tape(random_bars(9)))
    bot = paper_bot(any_database, plain())
    with PaperSession(any_database, bot, plain(), instrument=random_bars(9).instrument) as session:
        waiting = None
        place = 0
        while waiting is None:  # until an order waits for the next open
            waiting = session.on_bar(bars[place]).order
            place += 1
        with any_database.session() as store:
            killswitch.engage(store, "all", reason="feed looks wrong", by="ana")
        steps = [session.on_bar(bar) for bar in bars[place:]]
        assert "feed looks wrong" in session.halted
    with any_database.read() as store:
        state = store.scalar(select(OrderRow.state).where(OrderRow.intent_hash == waiting.intent_hash))
        actions = [event.action for event in chain.events(store, limit=10_000)]

    assert [step.order for step in steps if step.order] == []
    assert steps[0].fills == ()
    assert (state, actions.count("session.halted")) == ("cancelled", 1)


def test_after_a_reset_the_session_trades_again(database: Database) -> None:
    """A person's reset is seen at the next bar."""
    bars = tuple(tape(random_bars(10, count=200)))
    bot = paper_bot(database, plain())
    with PaperSession(database, bot, plain(), instrument=random_bars(10).instrument) as session:
        with database.session() as store:
            killswitch.engage(store, "stage:PAPER", reason="drill", by="ana")
        assert [step.order for step in map(session.on_bar, bars[:100]) if step.order] == []
        with database.session() as store:
            killswitch.reset(store, "stage:PAPER", reason="drill over", by="ana")
        assert [step.order for step in map(session.on_bar, bars[100:]) if step.order] != []
        assert session.halted == ""


def test_flatten_closes_the_position_with_one_order(database: Database) -> None:
    """With ``on_halt='flatten'`` the position is closed at the next open and nothing is opened again."""
    bars = tuple(tape(random_bars(11, count=200)))
    bot = paper_bot(database, plain(stop="30%"))
    with PaperSession(database, bot, plain(stop="30%"), instrument=random_bars(11).instrument, on_halt="flatten") as session:
        place = 0
        while session.broker.account[1] == 0.0:
            session.on_bar(bars[place])
            place += 1
        with database.session() as store:
            killswitch.engage(store, f"bot:{bot.id}", reason="enough", by="ana")
        steps = [session.on_bar(bar) for bar in bars[place:]]
        assert session.broker.account[1] == 0.0
    orders = [step.order for step in steps if step.order]

    assert [(order.reason, order.side, order.state) for order in orders] == [("halt", -1, "sent")]
    assert [fill.reason for step in steps for fill in step.fills] == ["halt"]


def test_a_pause_stops_orders_like_the_switch(database: Database) -> None:
    """A paused bot makes no orders and the session says that it is paused."""
    bars = tuple(tape(random_bars(12)))
    bot = paper_bot(database, plain())
    with PaperSession(database, bot, plain(), instrument=random_bars(12).instrument) as session:
        with database.session() as store:
            bots.pause(store, bot, by="ana", reason="lunch")
        steps = [session.on_bar(bar) for bar in bars]

    assert [step.order for step in steps if step.order] == []
    assert {step.halted for step in steps} == {"the bot is paused"}


def test_an_order_over_the_cap_of_the_stage_is_cut_to_it(database: Database) -> None:
    """A strategy that asks for 50 contracts trades the 20 of PAPER."""
    big = plain(sizing="50 contracts", stop="30%")
    bot = paper_bot(database, big)
    with database.session() as session:
        session.execute(update(BotRow).values(capital=10_000_000.0))
        session.expire_all()
        bot = bots.get(session, bot.id)
    outcome = replay(database, bot, random_bars(13))

    assert set(outcome.fills["quantity"]) == {20.0}


@pytest.mark.parametrize("stage", ["LAB", "SHADOW", "CANARY", "LIVE"])
def test_only_a_bot_in_paper_gets_a_paper_session(database: Database, stage: str) -> None:
    """Every other stage is refused before anything is written."""
    bot = paper_bot(database, plain())
    with database.session() as session:
        session.execute(update(BotRow).values(stage=stage))
        session.expire_all()
    with pytest.raises(PermissionDeniedError, match=f"is in {stage}"):
        replay(database, bot, random_bars(14))


def test_another_strategy_or_symbol_is_refused(database: Database) -> None:
    """The session trades the bot's own spec on the bot's own symbol."""
    bot = paper_bot(database, plain())
    with pytest.raises(InputError, match="give it its own strategy"):
        PaperSession(database, bot, plain(stop="1%"))
    from workbench.units import instrument

    with pytest.raises(InputError, match="bars of its own symbol"):
        PaperSession(database, bot, plain(), instrument=instrument("ES"))


def test_a_broken_audit_chain_stops_orders(database: Database) -> None:
    """With the end of the chain cut off the permit refuses, and the order is kept as rejected with the reason."""
    from sqlalchemy import text

    bars = random_bars(20)
    bot = paper_bot(database, plain())
    with database.session() as session:
        session.execute(update(BotRow).values(status="running"))
        for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            session.execute(text(f"DROP TRIGGER {name}"))
        session.execute(text("UPDATE audit_head SET seq = 0, hash = :fake"), {"fake": "0" * 64})
    session_ = PaperSession(database, bot, plain(), instrument=bars.instrument)
    steps = session_.on_bars(tape(bars))

    assert {step.order.state for step in steps if step.order} == {"rejected"}
    assert [fill for step in steps for fill in step.fills] == []


def test_the_bot_runs_during_the_session_and_is_stopped_after(database: Database) -> None:
    """The context manager starts and stops the bot; an error leaves it in status error with the reason."""
    bot = paper_bot(database, plain())
    with PaperSession(database, bot, plain()) as session:
        assert session.bot.status == "running"
    with database.read() as read:
        assert bots.get(read, bot.id).status == "stopped"
    with pytest.raises(ZeroDivisionError), PaperSession(database, bot, plain()):
        _ = 1 / 0
    with database.read() as read:
        found = bots.get(read, bot.id)

    assert (found.status, found.error) == ("error", "division by zero")
