from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import InputError, TradingHaltedError, UnknownNameError
from workbench.lifecycle import killswitch
from workbench.store import Database, chain, outbox

ME = {"bot_id": "b1", "symbol": "ES", "stage": "PAPER"}


@pytest.mark.parametrize("where", ["all", "bot:b1", "symbol:ES", "stage:PAPER"])
def test_each_scope_stops_what_it_names(database: Database, where: str) -> None:
    """A switch on everything, the bot, its symbol or its stage refuses its orders and names the reason."""
    with database.session() as session:
        killswitch.engage(session, where, reason="feed looks wrong", by="ana")
    with database.read() as session, pytest.raises(TradingHaltedError, match=r"by ana .*feed looks wrong"):
        killswitch.refuse_halted(session, **ME)


@pytest.mark.parametrize("where", ["bot:other", "symbol:NQ", "stage:SHADOW"])
def test_other_scopes_let_orders_pass(database: Database, where: str) -> None:
    """A switch on another bot, symbol or stage does not stop this one."""
    with database.session() as session:
        killswitch.engage(session, where, reason="elsewhere", by="ana")
    with database.read() as session:
        assert killswitch.refuse_halted(session, **ME) == 1


def test_a_switch_survives_the_process(database: Database) -> None:
    """A database opened anew finds the switch where it was put."""
    with database.session() as session:
        killswitch.engage(session, "all", reason="fire drill", by="ana")
    database.close()
    again = Database.open(str(database.url))
    with again.read() as session:
        found = killswitch.engaged(session)
    again.close()

    assert [(switch.scope, switch.reason, switch.by) for switch in found] == [("all", "fire drill", "ana")]


def test_a_reset_needs_a_reason_and_opens_the_switch(database: Database) -> None:
    """A reset without a reason is refused; with one, orders pass and both acts are in the audit chain."""
    with database.session() as session:
        killswitch.engage(session, "all", reason="fire drill", by="ana")
    with database.session() as session, pytest.raises(InputError, match="needs a reason"):
        killswitch.reset(session, "all", reason=" ", by="ben")
    with database.session() as session:
        killswitch.reset(session, "all", reason="drill over", by="ben")
    with database.read() as session:
        assert killswitch.refuse_halted(session, **ME) == 2
        assert [(event.actor, event.action) for event in chain.events(session)] == [("ana", "kill.engaged"), ("ben", "kill.reset")]
        assert [event.topic for event in outbox.after(session)] == ["alert", "alert"]


def test_engaging_needs_a_reason_and_a_person(database: Database) -> None:
    """Neither an empty reason nor an empty name is accepted."""
    with database.session() as session, pytest.raises(InputError, match="needs a reason"):
        killswitch.engage(session, "all", reason="", by="ana")
    with database.session() as session, pytest.raises(InputError, match="needs a name"):
        killswitch.engage(session, "all", reason="x", by=" ")


def test_resetting_an_open_switch_says_which_are_engaged(database: Database) -> None:
    """The message lists the engaged switches instead of doing nothing silently."""
    with database.session() as session:
        killswitch.engage(session, "symbol:es", reason="roll", by="ana")
    with database.session() as session, pytest.raises(InputError, match="engaged now: symbol:ES"):
        killswitch.reset(session, "all", reason="x", by="ana")


@pytest.mark.parametrize("kind", ["bots", "stages", "symbols"])
def test_a_misspelt_scope_gets_a_suggestion(kind: str) -> None:
    """The nearest scope is named."""
    with pytest.raises(UnknownNameError, match=f"did you mean {kind[:-1]}"):
        killswitch.scope(kind, "x")


@settings(max_examples=15, deadline=None)
@given(acts=st.lists(st.tuples(st.sampled_from(["all", "bot:b1", "symbol:ES", "stage:PAPER", "stage:LIVE"]), st.booleans()), max_size=12))
def test_the_switch_agrees_with_a_plain_model_and_epochs_only_grow(
    acts: list[tuple[str, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """After any sequence of acts the same scopes are engaged as in a set, and each act raised the epoch by one."""
    model: set[str] = set()
    count = 0
    opened = Database.open(f"sqlite:///{tmp_path_factory.mktemp('kill') / 'k.sqlite'}")
    for where, on in acts:
        with opened.session() as session:
            if on:
                killswitch.engage(session, where, reason="r", by="p")
                model.add(where)
                count += 1
            elif where in model:
                killswitch.reset(session, where, reason="r", by="p")
                model.discard(where)
                count += 1
    with opened.read() as session:
        assert {switch.scope for switch in killswitch.engaged(session)} == model
        assert killswitch.epoch(session) == count
        assert (killswitch.stopping(session, **ME) is None) == (not model - {"stage:LIVE"})
    opened.close()
