"""Requests: who asked, who decided, and what neither of them may do; each act is one transaction with its audit and outbox event."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from passing_evidence import good
from sqlalchemy import func, select, update

from workbench.errors import InputError, PermissionDeniedError, UnknownNameError
from workbench.lifecycle import audit, bots, dossier, policy, promotion, requests
from workbench.lifecycle.people import Person
from workbench.lifecycle.stages import Stage
from workbench.store import chain, outbox
from workbench.store.tables import BotRow, EvidenceRow, PromotionRow, TrialRow
from workbench.strategy.strategy import strategy

if TYPE_CHECKING:
    from workbench.lifecycle.assessment import Assessment
    from workbench.lifecycle.bots import Bot
    from workbench.store import Database

DIP = strategy(
    "buy when rsi(2) < 10; sell when rsi(2) > 60", symbols=("SYN",), timeframe="15m", stop="16 ticks", target="80 ticks", name="dip"
)
ANA = Person(name="ana", role="reviewer")
BEN = Person(name="ben", role="reviewer")
CAT = Person(name="cat", role="researcher")
TWO = policy.default().model_copy(update={"two_people": ("LAB->PAPER",)})


@pytest.fixture
def bot(database: Database) -> Bot:
    counted = good(spec_hash=DIP.spec_hash)
    row = TrialRow(
        trial_id=counted.trial_id,
        family=counted.family,
        program_hash=counted.program_hash,
        spec_hash=counted.spec_hash,
        dataset_hash=counted.dataset_hash,
        parameters={},
        rules={"bars_per_year": 6552.0},
        metrics=dict(counted.metrics),
        sharpe=counted.metrics["sharpe"],
        observations=counted.bars,
        owner="ana",
    )
    with database.session() as session:
        session.add(row)
        return bots.create(session, DIP, owner=ANA, name="one")


def assessed(bot: Bot, rules: policy.Policy | None = None, **changes: Any) -> Assessment:
    return promotion.evaluate(bot, good(**{"spec_hash": DIP.spec_hash} | changes), rules)


def asked(database: Database, bot: Bot, by: Person = ANA, rules: policy.Policy | None = None) -> requests.Request:
    with database.session() as session:
        return requests.ask(session, bot, assessed(bot, rules), reason="it is ready", by=by, rules=rules)


def counts(database: Database) -> tuple[int, int, int]:
    """Rows of promotions, of the audit chain and of the outbox."""
    with database.read() as session:
        rows = session.scalar(select(func.count()).select_from(PromotionRow)) or 0
        return rows, chain.head(session)[0], len(outbox.after(session, 0, 100))


def test_asking_keeps_request_evidence_audit_and_outbox_together(database: Database, bot: Bot) -> None:
    """One transaction: the row, the sealed evidence, the audit event with the maker's role, and the event for faces."""
    kept = asked(database, bot)
    with database.read() as session:
        event = chain.events(session, subject=f"bot:{bot.id}")[-1]
        told = outbox.after(session, 0, 100)[-1]
        assert session.get(EvidenceRow, kept.evidence_hash) is not None
    assert (kept.status, kept.maker, kept.maker_role, kept.checker, kept.signed) == ("requested", "ana", "reviewer", None, False)
    assert (kept.from_stage, kept.to_stage, kept.reason) == (Stage.LAB, Stage.PAPER, "it is ready")
    detail = json.loads(event.detail)
    assert (event.action, event.actor, detail["role"], detail["signed"]) == ("promotion.requested", "ana", "reviewer", False)
    assert (told.topic, told.payload["status"], told.payload["bot"]) == ("promotion_changed", "requested", bot.id)


def test_a_request_does_not_move_the_bot(database: Database, bot: Bot) -> None:
    """Asking is not deciding: the bot stays, and its history of decisions stays empty."""
    asked(database, bot)
    with database.read() as session:
        assert bots.get(session, bot.id).stage is Stage.LAB
        assert promotion.history(session, bot) == ()


def test_approving_promotes_in_the_same_transaction(database: Database, bot: Bot) -> None:
    """The request is approved by the checker, the bot is in PAPER, and the promotion names both people."""
    kept = asked(database, bot)
    with database.session() as session:
        moved = requests.approve(session, kept.id, reason="agreed", by=BEN)
    with database.read() as session:
        decided, row = requests.get(session, kept.id), session.scalars(select(PromotionRow).where(PromotionRow.status == "promoted")).one()
        actions = [event.action for event in chain.events(session, subject=f"bot:{bot.id}")][-2:]
    assert moved.stage is Stage.PAPER
    assert (decided.status, decided.checker, decided.checker_role, decided.reason) == ("approved", "ben", "reviewer", "agreed")
    assert (row.requested_by, row.decided_by) == ("ana", "ben")
    assert actions == ["promotion.approved", "bot.promoted"]
    assert audit.verify(database).ok


def test_one_person_may_ask_and_approve_where_the_policy_needs_one(database: Database, bot: Bot) -> None:
    """The default policy lets one person take a bot from LAB to PAPER."""
    kept = asked(database, bot)
    with database.session() as session:
        assert requests.approve(session, kept.id, reason="mine", by=ANA).stage is Stage.PAPER


def test_a_maker_is_no_checker_where_two_are_needed(database: Database, bot: Bot) -> None:
    """Under a policy with two people for this step the maker's approval is refused and another's is taken."""
    kept = asked(database, bot, rules=TWO)
    before = counts(database)
    with pytest.raises(PermissionDeniedError, match="ana asked for PAPER and cannot approve it too"), database.session() as session:
        requests.approve(session, kept.id, reason="mine", by=ANA, rules=TWO)
    assert counts(database) == before
    with database.session() as session:
        assert requests.approve(session, kept.id, reason="agreed", by=BEN, rules=TWO).stage is Stage.PAPER


def test_the_default_policy_needs_two_people_for_real_money() -> None:
    """CANARY and LIVE take a maker and a checker; PAPER and SHADOW do not."""
    assert [policy.default().needs_two(stage) for stage in (Stage.LAB, Stage.PAPER, Stage.SHADOW, Stage.CANARY)] == [
        False,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize("act", ["reject", "withdraw"])
def test_closing_a_request_keeps_the_bot_where_it_is(database: Database, bot: Bot, act: str) -> None:
    """A no and a withdrawal end the request with a reason; the bot does not move and may be asked for again."""
    kept = asked(database, bot)
    with database.session() as session:
        closed = getattr(requests, act)(session, kept.id, reason="not now", by=ANA)
    with database.read() as session:
        assert bots.get(session, bot.id).stage is Stage.LAB
    assert (closed.status, closed.checker, closed.reason, closed.open) == (
        f"{act}ed".replace("withdrawed", "withdrawn"),
        "ana",
        "not now",
        False,
    )
    assert asked(database, bot).open


@pytest.mark.parametrize("act", ["approve", "reject", "withdraw"])
def test_a_decided_request_is_not_decided_again(database: Database, bot: Bot, act: str) -> None:
    """The second decision is refused, names the first, and writes nothing."""
    kept = asked(database, bot)
    with database.session() as session:
        requests.reject(session, kept.id, reason="no", by=BEN)
    before = counts(database)
    with pytest.raises(PermissionDeniedError, match="was rejected by ben: no"), database.session() as session:
        getattr(requests, act)(session, kept.id, reason="again", by=ANA)
    assert counts(database) == before


@pytest.mark.parametrize("act", ["approve", "reject"])
def test_deciding_takes_a_reviewer(database: Database, bot: Bot, act: str) -> None:
    """A researcher may ask but not decide; the message says which role it takes."""
    kept = asked(database, bot)
    with pytest.raises(PermissionDeniedError, match="that takes reviewer"), database.session() as session:
        getattr(requests, act)(session, kept.id, reason="please", by=CAT)


def test_asking_for_somebody_elses_bot_takes_an_operator(database: Database, bot: Bot) -> None:
    """A researcher asks for their own bots only."""
    with pytest.raises(PermissionDeniedError, match="belongs to ana"):
        asked(database, bot, by=CAT)


def test_only_the_maker_withdraws(database: Database, bot: Bot) -> None:
    """Another person is sent to a rejection instead."""
    kept = asked(database, bot)
    with pytest.raises(PermissionDeniedError, match="only ana can withdraw it"), database.session() as session:
        requests.withdraw(session, kept.id, reason="x", by=BEN)


def test_one_open_request_a_bot(database: Database, bot: Bot) -> None:
    """Asking twice is refused with the name of who asked first."""
    asked(database, bot)
    with pytest.raises(InputError, match="ana asked for PAPER already"):
        asked(database, bot)


def test_a_closed_gate_cannot_be_asked_past(database: Database, bot: Bot) -> None:
    """With one trade too few nothing is recorded; the message names the gate."""
    closed = assessed(bot, metrics={"trades": 29.0})
    before = counts(database)
    with pytest.raises(PermissionDeniedError, match="29 trades, needs 30"), database.session() as session:
        requests.ask(session, bot, closed, reason="let me", by=ANA)
    assert counts(database) == before


@pytest.mark.parametrize("act", ["ask", "approve", "reject", "withdraw"])
def test_every_act_needs_a_reason(database: Database, bot: Bot, act: str) -> None:
    """Blank words are refused before anything is written."""
    kept = asked(database, bot) if act != "ask" else None
    before = counts(database)
    given = (bot, assessed(bot)) if kept is None else (kept.id,)
    with pytest.raises(InputError, match="needs a reason"), database.session() as session:
        getattr(requests, act)(session, *given, reason=" \n", by=ANA)
    assert counts(database) == before


def test_another_policy_in_force_asks_again(database: Database, bot: Bot) -> None:
    """What was asked under one policy is not approved under another."""
    kept = asked(database, bot)
    stricter = policy.default().with_thresholds({"trades": 31})
    with pytest.raises(PermissionDeniedError, match="ask again"), database.session() as session:
        requests.approve(session, kept.id, reason="ok", by=BEN, rules=stricter)


def test_a_revised_strategy_is_not_approved_on_old_evidence(database: Database, bot: Bot) -> None:
    """The bot got another strategy after the request; the approval is refused and the request stays open."""
    kept = asked(database, bot)
    other = strategy(
        "buy when rsi(2) < 5; sell when rsi(2) > 60", symbols=("SYN",), timeframe="15m", stop="16 ticks", target="80 ticks", name="dip"
    )
    with database.session() as session:
        bots.revise(session, bot, other, by=ANA, reason="better")
    with pytest.raises(PermissionDeniedError, match="make new evidence"), database.session() as session:
        requests.approve(session, kept.id, reason="ok", by=BEN)
    with database.read() as session:
        assert requests.get(session, kept.id).open


def test_a_moved_bot_is_not_approved(database: Database, bot: Bot) -> None:
    """The bot left the stage it was asked for in."""
    kept = asked(database, bot)
    with database.session() as session:
        session.execute(update(BotRow).values(stage="SHADOW"))
    with pytest.raises(PermissionDeniedError, match="was in LAB when it was asked and is in SHADOW now"), database.session() as session:
        requests.approve(session, kept.id, reason="ok", by=BEN)


def test_real_money_is_refused_with_its_reason(database: Database, bot: Bot) -> None:
    """SHADOW to CANARY cannot be asked for: signing does not exist yet, and the message says so."""
    with database.session() as session:
        session.execute(update(BotRow).values(stage="SHADOW"))
    with database.read() as session:
        moved = bots.get(session, bot.id)
        words = requests.obstacle(session, moved, assessed(moved), by=ANA)
    assert "signing does not exist in this version" in words


def test_obstacles_are_known_before_a_button_is_pressed(database: Database, bot: Bot) -> None:
    """The same sentences as the refusals; empty where nothing stands in the way."""
    kept = asked(database, bot, rules=TWO)
    with database.read() as session:
        mine, theirs = (requests.obstacles(session, kept, by=who, rules=TWO) for who in (ANA, BEN))
    assert "needs two people" in mine["approve"]
    assert (mine["reject"], mine["withdraw"]) == ("", "")
    assert (theirs["approve"], theirs["reject"]) == ("", "")
    assert "only ana" in theirs["withdraw"]


def test_an_unknown_request_is_named(database: Database, bot: Bot) -> None:
    """A wrong id and the id of a plain decision are both no request."""
    with pytest.raises(UnknownNameError, match="no request named 'nonsense'"), database.read() as session:
        requests.get(session, "nonsense")
    with database.session() as session:
        decided = promotion.record(session, bot, assessed(bot, metrics={"trades": 1.0}), by=ANA)
    with pytest.raises(UnknownNameError), database.session() as session:
        requests.approve(session, decided.id, reason="x", by=BEN)


def test_sealed_evidence_is_found_by_the_bots_strategy(database: Database, bot: Bot) -> None:
    """The newest evidence about the present strategy counts; sealing the same again adds no event."""
    first, second = good(spec_hash=DIP.spec_hash), good(spec_hash=DIP.spec_hash, trials=500)
    with database.session() as session:
        assert dossier.latest(session, bot) is None
        for evidence in (first, second, second):
            dossier.seal(session, bot, evidence, by=ANA)
    with database.read() as session:
        found = dossier.latest(session, bot)
        sealed = [event for event in chain.events(session, subject=f"bot:{bot.id}") if event.action == "evidence.sealed"]
    assert found == second
    assert len(sealed) == 2


def test_evidence_about_another_strategy_is_not_sealed_for_this_bot(database: Database, bot: Bot) -> None:
    """A foreign specification or symbol is refused."""
    for wrong in ({"spec_hash": "e" * 64}, {"spec_hash": DIP.spec_hash, "symbol": "SPX"}):
        with pytest.raises(PermissionDeniedError, match="the evidence is about"), database.session() as session:
            dossier.seal(session, bot, good(**wrong), by=ANA)


def test_the_dossier_says_what_changed_since_the_last_decision(database: Database, bot: Bot) -> None:
    """After a refusal at 29 trades, new evidence with 31 and more counted trials shows exactly these two changes."""
    with database.session() as session:
        promotion.record(session, bot, assessed(bot, metrics={"trades": 29.0}), by=ANA)
        dossier.seal(session, bot, good(spec_hash=DIP.spec_hash, trials=420), by=ANA)
    with database.read() as session:
        found = dossier.gather(session, "one", by=ANA)
    told = {change.what: (change.before, change.after) for change in found.changes}
    assert told["trials in the family"] == ("417", "420")
    assert told["trades"] == ("fail: 29 trades, needs 30", "pass: 31 trades, needs 30")
    assert set(told) <= {"trials in the family", "trades", "deflated Sharpe"}


def test_the_dossier_of_an_unknown_bot_suggests(database: Database, bot: Bot) -> None:
    """A misspelt name is answered with the nearest."""
    with pytest.raises(UnknownNameError, match="did you mean one"), database.read() as session:
        dossier.gather(session, bot.name + "e")
