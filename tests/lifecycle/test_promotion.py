from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from passing_evidence import good
from sqlalchemy import func, select, update

from workbench.errors import InputError, PermissionDeniedError
from workbench.lifecycle import audit, bots, policy, promotion
from workbench.lifecycle.gates import Verdict
from workbench.lifecycle.record import TrackRecord
from workbench.lifecycle.stages import Stage
from workbench.store import chain, outbox
from workbench.store.tables import BotRow, EvidenceRow, PromotionRow, TrialRow
from workbench.strategy.strategy import strategy

if TYPE_CHECKING:
    from workbench.backtest.evidence.bundle import Evidence
    from workbench.lifecycle.bots import Bot
    from workbench.store import Database

DIP = strategy(
    "buy when rsi(2) < 10; sell when rsi(2) > 60", symbols=("SYN",), timeframe="15m", stop="16 ticks", target="80 ticks", name="dip"
)
FULL = TrackRecord(
    bot="one",
    stage="ANY",
    sessions=99,
    trades=99,
    unexplained=0.0,
    inside_interval=True,
    shadow_days=9,
    sharpe=1.0,
    harm=0.5,
    drift_sigma=1.0,
    signatures=2,
)


def evidence(**changes: Any) -> Evidence:
    return good(**{"spec_hash": DIP.spec_hash} | changes)


def trial(counted: Evidence) -> TrialRow:
    """The ledger's row of the trial behind some evidence."""
    return TrialRow(
        trial_id=counted.trial_id,
        family=counted.family,
        program_hash=counted.program_hash,
        spec_hash=counted.spec_hash,
        dataset_hash=counted.dataset_hash,
        parameters={},
        rules={},
        metrics=dict(counted.metrics),
        sharpe=counted.metrics["sharpe"],
        observations=counted.bars,
        owner="ana",
    )


@pytest.fixture
def bot(database: Database) -> Bot:
    with database.session() as session:
        session.add(trial(evidence()))
        return bots.create(session, DIP, owner="ana", name="one")


def put(database: Database, bot: Bot, stage: str) -> Bot:
    """Put the bot into a stage behind the engine's back."""
    with database.session() as session:
        session.execute(update(BotRow).values(stage=stage))
        session.expire_all()
        return bots.get(session, bot.id)


def test_passing_evidence_promotes_by_one_step(database: Database, bot: Bot) -> None:
    """Bot row, promotion row, sealed evidence, audit and outbox event appear together, with policy and evidence hash."""
    assessment = promotion.evaluate(bot, evidence())
    with database.session() as session:
        moved = promotion.promote(session, bot, assessment, by="ana", reason="looks good")
    with database.read() as session:
        row = session.scalars(select(PromotionRow)).one()
        sealed = session.get_one(EvidenceRow, assessment.evidence_hash)
        last = chain.events(session)[-1]
        topics = [event.topic for event in outbox.after(session)]

    assert moved.stage is Stage.PAPER
    assert (row.status, row.from_stage, row.to_stage, row.policy_hash) == ("promoted", "LAB", "PAPER", policy.default().policy_hash)
    assert [Verdict.from_dict(verdict) for verdict in row.verdicts] == list(assessment.verdicts)
    assert type(assessment.evidence).from_json(sealed.json).evidence_hash == assessment.evidence_hash
    assert (last.actor, last.action) == ("ana", "bot.promoted")
    assert topics[-1] == "promotion_changed"
    assert audit.verify(database).ok


REFUSALS = [
    (lambda a: replace(a, evidence=good(spec_hash="f" * 64), evidence_hash=good(spec_hash="f" * 64).evidence_hash), "make new evidence"),
    (lambda a: replace(a, spec_hash="f" * 64), "make new evidence"),
    (lambda a: replace(a, evidence=evidence(symbol="ES"), evidence_hash=evidence(symbol="ES").evidence_hash), "evidence is about ES"),
    (lambda a: replace(a, policy_hash="f" * 64), "assessment used policy ffffffffffff"),
    (lambda a: replace(a, to_stage=Stage.SHADOW), "skips a stage"),
    (lambda a: replace(a, to_stage=Stage.LIVE), "skips a stage"),
    (lambda a: replace(a, to_stage=Stage.LAB), "is in LAB already"),
    (lambda a: replace(a, from_stage=Stage.PAPER), "was assessed in PAPER and is in LAB now"),
    (lambda a: replace(a, bot_id="someone else"), "not one"),
    (lambda a: replace(a, evidence=evidence(pbo=0.0)), "does not match its hash"),
    (lambda a: replace(a, verdicts=a.verdicts[1:]), "not those that its evidence gives"),
    (lambda a: replace(a, verdicts=(replace(a.verdicts[0], value=999.0), *a.verdicts[1:])), "not those that its evidence gives"),
]


@pytest.mark.parametrize(("bend", "words"), REFUSALS)
def test_a_bent_assessment_is_refused(database: Database, bot: Bot, bend: Any, words: str) -> None:
    """Stale, skipped, foreign, forged or edited assessments are refused with the reason, and nothing is written."""
    bent = bend(promotion.evaluate(bot, evidence()))
    with pytest.raises(PermissionDeniedError, match=words), database.session() as session:
        promotion.promote(session, bot, bent, by="ana")
    with database.read() as session:
        assert bots.get(session, bot.id).stage is Stage.LAB
        assert session.scalar(select(func.count()).select_from(PromotionRow)) == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trial_id": "e" * 64}, "is not in the ledger"),
        ({"dataset_hash": "e" * 64}, "is not in the ledger"),
        ({"metrics": {"sharpe": 3.0, "win_rate": 0.9}}, "differs from its trial in the ledger in sharpe, win_rate"),
    ],
)
def test_evidence_that_was_never_counted_is_refused(database: Database, bot: Bot, changes: dict[str, Any], words: str) -> None:
    """Evidence with right hashes but without its trial in the ledger, or with other figures than the ledger's, does not promote."""
    forged = promotion.evaluate(bot, evidence(**changes))
    with pytest.raises(PermissionDeniedError, match=words), database.session() as session:
        promotion.promote(session, bot, forged, by="ana")


def test_a_failed_gate_is_named_in_the_refusal(database: Database, bot: Bot) -> None:
    """The message lists what fails, with value and threshold."""
    assessment = promotion.evaluate(bot, evidence(deflated_sharpe=0.81, metrics={"trades": 12.0}, robustness=None))
    words = re.escape(
        "one stays in LAB, 2 of 12 gates fail, 1 not yet: trades 12 trades, needs 30; deflated Sharpe 0.81 after 417 trials, needs 0.90"
    )
    with pytest.raises(PermissionDeniedError, match=words), database.session() as session:
        promotion.promote(session, bot, assessment, by="ana")


def test_a_forged_pass_does_not_open_a_gate(database: Database, bot: Bot) -> None:
    """Verdicts rewritten to pass do not help: the gates are asked again."""
    honest = promotion.evaluate(bot, evidence(pbo=0.9))
    forged = replace(honest, verdicts=tuple(replace(verdict, status="pass") for verdict in honest.verdicts))
    with pytest.raises(PermissionDeniedError, match="not those that its evidence gives"), database.session() as session:
        promotion.promote(session, bot, forged, by="ana")


def test_a_policy_changed_in_between_needs_a_new_evaluation(database: Database, bot: Bot) -> None:
    """An assessment under the old policy is not enough for the new one."""
    stricter = policy.default().with_thresholds({"trades": 31})
    assessment = promotion.evaluate(bot, evidence())
    with pytest.raises(PermissionDeniedError, match="evaluate again"), database.session() as session:
        promotion.promote(session, bot, assessment, by="ana", rules=stricter)


def test_a_strategy_revised_after_the_evidence_is_refused(database: Database, bot: Bot) -> None:
    """Evidence about the version before does not promote the version after."""
    assessment = promotion.evaluate(bot, evidence())
    with database.session() as session:
        bots.revise(session, bot, DIP.revised(name="dip 2"), by="ana", reason="tweak")
    with pytest.raises(PermissionDeniedError, match="make new evidence"), database.session() as session:
        promotion.promote(session, bot, assessment, by="ana")


@pytest.mark.parametrize(
    ("stage", "words"),
    [("SHADOW", "CANARY trades real money and needs one person's signature"), ("CANARY", "LIVE .*signatures of 2 different people")],
)
def test_real_money_is_refused_because_nobody_can_sign(database: Database, bot: Bot, stage: str, words: str) -> None:
    """Even with every gate open CANARY and LIVE are refused, in plain words."""
    there = put(database, bot, stage)
    full = replace(FULL, canary_sessions=99, slippage_ratio=1.0, drill_age_days=1.0, self_test=True)
    assessment = promotion.evaluate(there, evidence(), record=full)

    assert assessment.passed
    with pytest.raises(PermissionDeniedError, match=f"{words}; signing does not exist"), database.session() as session:
        promotion.promote(session, there, assessment, by="ana")


def test_paper_to_shadow_waits_for_its_record(database: Database, bot: Bot) -> None:
    """Without a record the gates above PAPER are not yet; with a complete one the bot moves."""
    there = put(database, bot, "PAPER")
    empty = promotion.evaluate(there, evidence())
    full = promotion.evaluate(there, evidence(), record=FULL)
    with database.session() as session:
        moved = promotion.promote(session, there, full, by="ana")

    assert {verdict.status for verdict in empty.verdicts} == {"not_yet"}
    assert moved.stage is Stage.SHADOW


def test_a_refusal_is_remembered(database: Database, bot: Bot) -> None:
    """``record`` keeps verdicts and evidence of an assessment that failed, audited; an open one has nothing to refuse."""
    failed = promotion.evaluate(bot, evidence(pbo=0.9))
    with database.session() as session:
        kept = promotion.record(session, bot, failed, by="ana")
        with pytest.raises(InputError, match="promote it"):
            promotion.record(session, bot, promotion.evaluate(bot, evidence()), by="ana")
    with database.read() as session:
        assert promotion.history(session, bot) == (kept,)
        assert chain.events(session)[-1].action == "bot.refused"

    assert (kept.status, kept.reason) == ("refused", "1 of 12 gates fails")


@pytest.mark.parametrize(("present", "to"), [("PAPER", "LAB"), ("LIVE", "PAPER"), ("SHADOW", "LAB")])
def test_demotion_goes_to_any_lower_stage_and_stops_the_bot(database: Database, bot: Bot, present: str, to: str) -> None:
    """A running bot is stopped, moved down and the reason kept."""
    there = put(database, bot, present)
    with database.session() as session:
        bots.start(session, there, by="ana")
        down = promotion.demote(session, there, Stage(to), reason="drawdown", by="ben")
        kept = promotion.history(session, there)[-1]

    assert (down.stage.value, down.status) == (to, "stopped")
    assert (kept.status, kept.by, kept.reason) == ("demoted", "ben", "drawdown")


def test_demotion_needs_a_reason_and_a_lower_stage(database: Database, bot: Bot) -> None:
    """No reason, the same stage and a higher one are refused."""
    there = put(database, bot, "PAPER")
    with database.session() as session:
        with pytest.raises(InputError, match="needs a reason"):
            promotion.demote(session, there, Stage.LAB, reason=" ", by="ana")
        for stage in (Stage.PAPER, Stage.SHADOW):
            with pytest.raises(PermissionDeniedError, match="can be demoted to LAB"):
                promotion.demote(session, there, stage, reason="r", by="ana")


def test_nobody_is_above_live(database: Database, bot: Bot) -> None:
    """A LIVE bot has no next step to evaluate."""
    with pytest.raises(PermissionDeniedError, match="highest stage"):
        promotion.evaluate(put(database, bot, "LIVE"), evidence())


def test_gate_rows_sort_failures_first_with_glyph_and_word(bot: Bot) -> None:
    """Text and HTML list failures, then not yet, then passes, each with glyph, word, value and threshold, and escape what people typed."""
    assessment = promotion.evaluate(replace(bot, name="<b>"), evidence(deflated_sharpe=0.81, pbo=None))
    lines = str(assessment).splitlines()[1:]
    html = assessment._repr_html_()

    assert [line.split()[0] for line in lines] == ["✗", "…", *["✓"] * 10]
    assert "0.81 after 417 trials, needs 0.90" in lines[0]
    assert "missing: a sweep" in lines[1]
    assert [html.index(words) for words in ("✗ fail", "… not yet", "✓ pass")] == sorted(
        html.index(words) for words in ("✗ fail", "… not yet", "✓ pass")
    )
    assert ("&lt;b&gt;" in html, "<b><" in html) == (True, False)
    assert "SYNTHETIC" in html
