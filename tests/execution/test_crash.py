from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from paper_market import paper_bot, plain, random_bars
from sqlalchemy import event, func, select
from sqlalchemy.engine import Engine

from workbench.backtest.run import backtest
from workbench.execution import replay
from workbench.lifecycle import audit
from workbench.store import Database
from workbench.store.tables import EquityMarkRow, OrderRow, TradeRow

if TYPE_CHECKING:
    from workbench.lifecycle.bots import Bot

BARS = 150


def trade_and_die(url: str, bot: Bot, seed: int, statements: int, transaction_seconds: float) -> int:
    """Replay in a forked process that kills itself with SIGKILL before the given SQL statement; return its wait status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    try:
        left = [statements]

        @event.listens_for(Engine, "before_cursor_execute")
        def count(*_: object) -> None:
            left[0] -= 1
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

        replay(Database.open(url, validate=False), bot, random_bars(seed, count=BARS), transaction_seconds=transaction_seconds)
    finally:
        os._exit(0)


@pytest.mark.parametrize(("seed", "transaction_seconds"), [(31, 0.0), (32, 0.02), (33, 0.0)])
def test_killed_at_random_statements_no_order_is_lost_or_doubled(database: Database, seed: int, transaction_seconds: float) -> None:
    """Killed with SIGKILL again and again, in the middle of transactions too, the finished session equals an uninterrupted one, to the bit."""
    bars, rng = random_bars(seed, count=BARS), random.Random(seed)
    result = backtest(plain(), bars)
    bot = paper_bot(database, plain())
    replay(database, paper_bot(database, plain(), "warm"), bars.head(60))  # compiles here, so that the children spend no time on it
    database.close()
    kills = 0
    for _ in range(40):
        status = trade_and_die(str(database.url), bot, seed, rng.randint(5, 250), transaction_seconds)
        if not os.WIFSIGNALED(status):
            break
        kills += 1
    outcome = replay(database, bot, bars)
    with database.read() as session:
        states = set(session.scalars(select(OrderRow.state)))
        marks = session.scalar(select(func.count()).select_from(EquityMarkRow).where(EquityMarkRow.bot_id == bot.id))
        trades = session.scalar(select(func.count()).select_from(TradeRow).where(TradeRow.bot_id == bot.id))

    assert kills >= 3
    assert outcome.matches(result) == []
    assert (marks, trades) == (BARS, len(result.fills))
    assert states <= {"filled", "sent"}
    assert audit.verify(database).ok


CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
from paper_market import random_bars
from workbench.execution import replay
from workbench.lifecycle import bots
from workbench.store import Database
database = Database.open(sys.argv[2])
with database.read() as session:
    bot = bots.get(session, "one")
class Tell:
    def at(self, done, total, what):
        print(done, flush=True)
replay(database, bot, random_bars(34, count=1500), progress=Tell(), transaction_seconds=0.0)
"""


def test_a_process_killed_from_outside_is_continued_by_a_new_one(database: Database) -> None:
    """``kill -9`` on a whole interpreter in the middle of its bars; this process goes on and equals the backtest."""
    bars = random_bars(34, count=1500)
    bot = paper_bot(database, plain())
    database.close()
    command = [sys.executable, "-c", CHILD, str(Path(__file__).parent), str(database.url)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        next(line for line in child.stdout if int(line) >= 40)
        time.sleep(0.05)
        child.kill()
    with database.read() as session:
        saved = session.scalar(select(func.count()).select_from(EquityMarkRow)) or 0

    assert 40 <= saved < 1500
    assert replay(database, bot, bars).matches(backtest(plain(), bars)) == []
