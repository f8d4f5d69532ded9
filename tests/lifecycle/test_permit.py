from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from sqlalchemy import text, update

from workbench.errors import AuditError, PermissionDeniedError, TradingHaltedError
from workbench.lifecycle import bots, killswitch
from workbench.lifecycle.permit import contract_cap, head, permit
from workbench.lifecycle.stages import Stage
from workbench.store import chain
from workbench.store.tables import BotRow
from workbench.strategy.strategy import strategy

if TYPE_CHECKING:
    from workbench.lifecycle.bots import Bot
    from workbench.store import Database

DIP = strategy("buy when rsi(2) < 10; sell when rsi(2) > 60", symbols=("SYN",), timeframe="15m", stop="16 ticks", name="dip")


class Wish(NamedTuple):
    symbol: str = "SYN"
    quantity: float = 1.0
    intent_hash: str = "i" * 64


def ready(database: Database, stage: str = "PAPER", status: str = "running") -> Bot:
    with database.session() as session:
        made = bots.create(session, DIP, owner="ana", name="one")
        session.execute(update(BotRow).values(stage=stage, status=status))
        session.expire_all()
        return bots.get(session, made.id)


@pytest.mark.parametrize("stage", ["PAPER", "SHADOW"])
def test_paper_and_shadow_need_no_signature(database: Database, stage: str) -> None:
    """The permit names the order, the stage, the switch's epoch and the end of the audit chain."""
    bot = ready(database, stage)
    with database.read() as session:
        leave = permit(session, bot, Wish())
        end = chain.head(session)

    assert (leave.bot_id, leave.intent_hash, leave.stage.value, leave.epoch) == (bot.id, "i" * 64, stage, 0)
    assert (leave.audit_seq, leave.audit_hash) == end


@pytest.mark.parametrize(
    ("stage", "status", "wish", "words"),
    [
        ("LAB", "running", Wish(), "LAB, where nothing is traded"),
        ("CANARY", "running", Wish(), "needs 1 signature; signing does not exist"),
        ("LIVE", "running", Wish(), "needs 2 signatures of different people; signing does not exist"),
        ("PAPER", "stopped", Wish(), "is stopped; only a running bot"),
        ("PAPER", "paused", Wish(), "is paused"),
        ("PAPER", "error", Wish(), "is error"),
        ("PAPER", "running", Wish(symbol="ES"), "trades SYN, not ES"),
        ("PAPER", "running", Wish(quantity=21.0), "21 contracts of SYN exceed the 20"),
        ("SHADOW", "running", Wish(quantity=31.0), "31 contracts of SYN exceed the 30"),
    ],
)
def test_every_refusal_says_why(database: Database, stage: str, status: str, wish: Wish, words: str) -> None:
    """Stage, status, symbol and size are refused in plain words."""
    bot = ready(database, stage, status)
    with database.read() as session, pytest.raises(PermissionDeniedError, match=words):
        permit(session, bot, wish)


def test_the_present_row_counts_not_the_record_in_hand(database: Database) -> None:
    """A bot demoted after it was read gets no permit."""
    bot = ready(database)
    with database.session() as session:
        session.execute(update(BotRow).values(stage="LAB"))
    with database.read() as session, pytest.raises(PermissionDeniedError, match="in LAB"):
        permit(session, bot, Wish())


def test_an_engaged_switch_holds_every_order_but_the_one_that_closes(database: Database) -> None:
    """With the switch engaged only the flattening order passes, also for a paused bot."""
    bot = ready(database)
    with database.session() as session:
        killswitch.engage(session, f"bot:{bot.id}", reason="x", by="ana")
        bots.pause(session, bot, by="ana")
    with database.read() as session:
        with pytest.raises(PermissionDeniedError):
            permit(session, bot, Wish())
        assert permit(session, bot, Wish(), closing=True).epoch == 1
    with database.session() as session:
        bots.start(session, bot, by="ana")
    with database.read() as session, pytest.raises(TradingHaltedError):
        permit(session, bot, Wish())


@pytest.mark.parametrize(
    "tamper",
    [
        "UPDATE audit_head SET seq = seq + 1",
        "UPDATE audit_head SET hash = 'f'",
        "DELETE FROM audit_head",
    ],
)
def test_a_broken_chain_gets_no_permit(sqlite_database: Database, tamper: str) -> None:
    """A head that does not name the last event stops every order, the closing one too."""
    bot = ready(sqlite_database)
    with sqlite_database.session() as session:
        for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            session.execute(text(f"DROP TRIGGER {name}"))
        session.execute(text(tamper))
    with sqlite_database.read() as session:
        for closing in (False, True):
            with pytest.raises(AuditError, match="audit chain"):
                permit(session, bot, Wish(), closing=closing)


def test_the_head_of_a_whole_chain_is_its_last_event(database: Database) -> None:
    """An untouched chain ends where the store says."""
    with database.session() as session:
        assert head(session) == chain.head(session)
        chain.append(session, actor="a", action="b", subject="c")
        assert head(session) == chain.head(session)


def test_caps_bind_contracts_not_shares() -> None:
    """Futures are capped by stage; cash instruments are limited by capital."""
    assert (contract_cap("ES", Stage.PAPER), contract_cap("SPX", Stage.PAPER)) == (20, None)
