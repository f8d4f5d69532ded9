from __future__ import annotations

import numpy as np
import pytest
from paper_market import paper_bot, plain, random_bars
from sqlalchemy import func, select

from workbench.backtest.run import backtest
from workbench.errors import InputError, OrderError
from workbench.execution import PaperSession, abandon, replay, tape
from workbench.lifecycle import bots
from workbench.store import Database, chain
from workbench.store.tables import EquityMarkRow, OrderRow, SessionSnapshotRow


def test_a_second_replay_trades_nothing_and_returns_the_same(database: Database) -> None:
    """Replaying finished bars again adds no row and gives the stored outcome."""
    bars = random_bars(5)
    bot = paper_bot(database, plain())
    first = replay(database, bot, bars)
    with database.read() as session:
        before = chain.head(session)
    second = replay(database, bot, bars)
    with database.read() as session:
        assert chain.head(session) == before

    assert second.fills.equals(first.fills)
    assert second.latency is None


def test_a_session_goes_on_where_it_stopped(any_database: Database) -> None:
    """Half of the bars, then all of them: orders, fills and equity equal an uninterrupted run."""
    bars = random_bars(6)
    bot = paper_bot(any_database, plain())
    replay(any_database, bot, bars.head(57))
    outcome = replay(any_database, bot, bars)

    assert outcome.matches(backtest(plain(), bars)) == []


def test_warm_bars_before_the_first_trade_only_feed_the_program(database: Database) -> None:
    """With history the anchor is its first bar, nothing is traded on it, and the session can be opened again."""
    bars = random_bars(8)
    bot = paper_bot(database, plain())
    live = tuple(tape(bars.slice(60, 120)))
    with PaperSession(database, bot, plain(), bars.head(60)) as session:
        for bar in live[:30]:
            session.on_bar(bar)
    with PaperSession(database, bot, plain(), bars.head(90)) as session:
        for bar in live[30:]:
            session.on_bar(bar)
        assert session.anchor == int(bars.time[0])
    with database.read() as read:
        first = read.scalar(select(func.min(OrderRow.known_at)))
        marks = read.scalar(select(func.count()).select_from(EquityMarkRow))

    assert marks == 60
    assert first is not None
    assert first.timestamp() * 1e9 >= bars.known_at[60]


def test_changed_history_is_noticed_at_a_restart(database: Database) -> None:
    """A restart on bars that differ in one price from those traded is refused."""
    bars = random_bars(15)
    bot = paper_bot(database, plain())
    replay(database, bot, bars.head(60))
    spoilt = random_bars(15)
    spoilt.frame.iloc[30, spoilt.frame.columns.get_loc("close")] += 0.25

    with pytest.raises(OrderError, match="not those it traded on"):
        replay(database, bot, spoilt)


def test_a_restart_needs_the_anchor_bar(database: Database) -> None:
    """Bars that begin later than the anchor are refused with the span that is needed."""
    bars = random_bars(16)
    bot = paper_bot(database, plain())
    replay(database, bot, bars.head(60))

    with pytest.raises(InputError, match="needs all bars between these two"):
        replay(database, bot, bars.slice(10, 120))


def test_a_changed_snapshot_is_refused(database: Database) -> None:
    """A saved state that does not match its hash is not traded on."""
    bars = random_bars(17)
    bot = paper_bot(database, plain())
    replay(database, bot, bars.head(60))
    with database.session() as session:
        row = session.scalar(select(SessionSnapshotRow))
        row.state = row.state.replace(b'"bars":60', b'"bars":61')

    with pytest.raises(OrderError, match="does not match its hash"):
        replay(database, bot, bars)


def test_two_processes_cannot_run_one_bot(any_database: Database) -> None:
    """The second session that writes is refused and writes nothing; it cannot go on."""
    bars = random_bars(18)
    bot = paper_bot(any_database, plain())
    steps = tuple(tape(bars))
    one = PaperSession(any_database, bot, plain(), instrument=bars.instrument)
    two = PaperSession(any_database, bot, plain(), instrument=bars.instrument)
    one.on_bars(steps[:10])
    with pytest.raises(OrderError, match="another process runs bot"):
        two.on_bars(steps[:5])
    with pytest.raises(OrderError, match="open it again"):
        two.on_bar(steps[5])
    with any_database.read() as session:
        assert session.scalar(select(func.count()).select_from(EquityMarkRow)) == 10


def test_an_old_bar_is_refused(database: Database) -> None:
    """A bar that is not newer than the last one is an error, not a second trade."""
    bars = random_bars(19)
    session = PaperSession(database, paper_bot(database, plain()), plain(), instrument=bars.instrument)
    steps = tuple(tape(bars))
    session.on_bar(steps[3])

    with pytest.raises(InputError, match="was traded already"):
        session.on_bar(steps[3])


def test_an_abandoned_session_starts_anew_on_other_bars(database: Database) -> None:
    """Abandoning needs a reason, is audited, and frees the bot from its anchor."""
    bot = paper_bot(database, plain())
    replay(database, bot, random_bars(21).head(60))
    with database.session() as session:
        with pytest.raises(InputError, match="needs a reason"):
            abandon(session, bot, by="ana", reason="")
        abandon(session, bot, by="ana", reason="other data")
    later = random_bars(22).slice(60, 120)
    outcome = replay(database, bot, later)

    assert outcome.matches(backtest(plain(), later)) == []
    assert np.isfinite(outcome.equity.to_numpy()).all()


def test_interrupting_a_replay_keeps_what_was_finished(database: Database) -> None:
    """A person's Ctrl-C in the middle loses nothing that was saved; the replay goes on from there and equals the backtest."""
    bars = random_bars(23)
    bot = paper_bot(database, plain())

    class Impatient:
        def at(self, done: int, *_: object) -> None:
            if done >= 50:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay(database, bot, bars, progress=Impatient(), transaction_seconds=0.0)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(EquityMarkRow)) == 50
        assert bots.get(session, bot.id).status == "stopped"

    assert replay(database, bot, bars).matches(backtest(plain(), bars)) == []
