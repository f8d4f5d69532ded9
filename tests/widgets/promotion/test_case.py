"""The promotion review's model: the dossier of a bot, evidence made again, asking and deciding, and every refusal in words."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from workbench import strategy
from workbench.app import Bench
from workbench.errors import DataUnavailableError, InputError, PermissionDeniedError, StoreError, UnknownNameError
from workbench.lifecycle import bots, policy
from workbench.lifecycle.people import Person
from workbench.lifecycle.stages import Stage
from workbench.store import Database
from workbench.store.tables import BotRow
from workbench.widgets.promotion import Case, present

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from workbench.lifecycle.bots import Bot
    from workbench.lifecycle.dossier import Dossier

ANA = Person(name="ana", role="reviewer")
BEN = Person(name="ben", role="reviewer")
VIC = Person(name="vic", role="viewer")
TWO = policy.default().model_copy(update={"two_people": ("LAB->PAPER",)})
WAIT = 120


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two stores: one with a new bot, one with sealed evidence about it that opens every gate."""
    folder = tmp_path_factory.mktemp("review")
    path = folder / "ready.sqlite"
    fade = strategy(
        "buy when rsi(2) < $low; sell when rsi(2) > $high; short when rsi(2) > 90; cover when rsi(2) < 40",
        parameters={"low": (10, 10, 40, 10), "high": (60, 50, 80, 10)},
        name="fade",
        symbols="SYN",
        timeframe="15m",
        window="whole session",
        stop="120 ticks",
    )
    with Database.open(f"sqlite:///{path}") as database, database.session() as session:
        bot = bots.create(session, fade, owner=ANA, name="fade-syn")
    shutil.copyfile(path, folder / "new.sqlite")
    with Database.open(f"sqlite:///{path}") as database:
        case = Case(Bench(database), bot, by=ANA)
        assert case.remake(case.load()).wait(WAIT).problem == ""
    return {"new": folder / "new.sqlite", "ready": path}


def opened(home: Path, source: Path) -> Bench:
    path = home / "data" / "workbench.sqlite"
    shutil.copyfile(source, path)
    return Bench(Database.open(f"sqlite:///{path}"))


@pytest.fixture
def new(home: Path, prepared: dict[str, Path]) -> Iterator[Bench]:
    bench = opened(home, prepared["new"])
    yield bench
    bench.database.close()


@pytest.fixture
def bench(home: Path, prepared: dict[str, Path]) -> Iterator[Bench]:
    bench = opened(home, prepared["ready"])
    yield bench
    bench.database.close()


@pytest.fixture
def bot(bench: Bench) -> Bot:
    return bench.bots.get("fade-syn")


@pytest.fixture
def ready(bench: Bench) -> Dossier:
    """A dossier whose gates all pass."""
    return Case(bench, "fade-syn", by=ANA).load()


def test_a_new_bot_has_no_evidence_and_says_how_to_make_it(new: Bench) -> None:
    """The gates are silent, the request button is off with the reason."""
    found = Case(new, "fade-syn", by=ANA).load()
    assert (found.evidence, found.assessment, found.waiting) == (None, None, None)
    assert "Re-make evidence" in present.verdict_words(found)[2]
    assert present.ask_words(found) == ("Request promotion to PAPER", "there is no evidence yet: re-make it first")


def test_an_unknown_bot_is_answered_with_the_nearest(bench: Bench) -> None:
    """Whatever stands in the address, the answer is a sentence; the names are there to choose from."""
    with pytest.raises(UnknownNameError, match="did you mean fade-syn"):
        Case(bench, "fade-sny").load()
    for nonsense in ("", "' or 1=1 --", "x" * 10_000, "\x00"):
        with pytest.raises((UnknownNameError, StoreError)):
            Case(bench, nonsense).load()
    assert Case(bench, "x").names() == ["fade-syn"]


def test_evidence_made_again_is_sealed_and_opens_the_gates(ready: Dossier) -> None:
    """The evidence is in the store with its audit event, counts its trials, and all twelve gates answered."""
    assert ready.evidence is not None
    assert ready.assessment is not None
    assert len(ready.assessment.verdicts) == 12
    assert [event.action for event in ready.events] == ["bot.created", "evidence.sealed"]
    assert ready.stale == ""


def test_asking_then_deciding_moves_the_bot(bench: Bench, bot: Bot, ready: Dossier) -> None:
    """Ana asks, Ben approves; names and roles stand there as unsigned, and the track shows when the stage was entered."""
    ana, ben = Case(bench, bot, by=ANA), Case(bench, bot, by=BEN)
    assert ana.act("ask", ready, "ready") == "ana asked for PAPER; a checker decides"
    assert ben.moved() or ben.load().waiting is not None
    found = ben.load()
    assert present.people(found, BEN)["maker"] == "ana · reviewer · unsigned"
    assert ben.act("approve", found, "agreed") == "fade-syn is in PAPER"
    after = ben.load()
    assert after.bot.stage is Stage.PAPER
    assert [entry["stage"] for entry in present.history(after)] == ["LAB", "PAPER"]
    assert present.people(after, BEN)["checker"] == "ben · reviewer · unsigned · approved"
    titles = [event["title"] for event in present.events(after)]
    assert titles[-3:] == ["promotion requested LAB to PAPER", "request approved LAB to PAPER", "promoted LAB to PAPER"]


def test_two_people_where_the_policy_says_so(bench: Bench, bot: Bot) -> None:
    """The maker sees why approving is off before pressing, and is refused if pressed all the same."""
    case = Case(bench, bot, by=ANA, rules=TWO)
    case.act("ask", case.load(), "ready")
    found = case.load()
    assert "needs two people" in found.cannot_decide["approve"]
    assert found.cannot_decide["withdraw"] == ""
    assert present.hashes(found)["people needed"].startswith("two")
    with pytest.raises(PermissionDeniedError, match="needs two people"):
        case.act("approve", found, "mine")
    assert case.load().bot.stage is Stage.LAB


def test_a_viewer_is_told_which_role_it_takes(bench: Bench, bot: Bot) -> None:
    """Reading is allowed, asking is not, and the reason stands at the button."""
    found = Case(bench, bot, by=VIC).load()
    assert "vic has the role viewer" in present.ask_words(found)[1]


def test_a_decision_made_elsewhere_is_noticed(bench: Bench, bot: Bot) -> None:
    """The chain moved, so the view reads again; deciding what was decided meanwhile is refused in words."""
    ana, ben = Case(bench, bot, by=ANA), Case(bench, bot, by=BEN)
    ana.act("ask", ana.load(), "ready")
    old = ben.load()
    assert not ben.moved()
    ana.act("withdraw", ana.load(), "too early")
    assert ben.moved()
    with pytest.raises(PermissionDeniedError, match="was withdrawn by ana"):
        ben.act("approve", old, "agreed")
    with pytest.raises(PermissionDeniedError, match="no open request"):
        ben.act("reject", ben.load(), "no")


def test_reasons_are_wanted(bench: Bench, bot: Bot, ready: Dossier) -> None:
    """Blank words are refused."""
    with pytest.raises(InputError, match="needs a reason"):
        Case(bench, bot, by=ANA).act("ask", ready, " ")


def test_more_trials_make_evidence_old(bench: Bench, bot: Bot) -> None:
    """After another trial in the family the review says that the evidence counted fewer."""
    other = strategy(
        "buy when rsi(3) < 20; sell when rsi(3) > 60",
        symbols="SYN",
        timeframe="15m",
        window="whole session",
        stop="120 ticks",
        name="other",
    )
    bench.backtest(other, bench.bars("SYN", "15m"))
    assert "make it again" in Case(bench, bot, by=ANA).load().stale


def test_canary_is_off_with_its_reason(bench: Bench, bot: Bot) -> None:
    """In SHADOW the button for CANARY says that signing does not exist yet; in LIVE there is no step."""
    for stage, told in (("SHADOW", "signing does not exist in this version"), ("LIVE", "highest stage")):
        with bench.database.session() as session:
            session.execute(update(BotRow).values(stage=stage))
        assert told in present.ask_words(Case(bench, bot, by=ANA).load())[1]


def test_the_equity_is_the_backtest_in_lab_and_the_session_above(bench: Bench, bot: Bot, ready: Dossier) -> None:
    """In LAB backtest against buy and hold; a paper session is drawn beside its backtest, which it equals."""
    case = Case(bench, bot, by=ANA)
    assert list(case.equity(ready).lines) == ["backtest", "buy and hold"]
    bars = bench.bars("SYN", "15m")
    with bench.database.session() as session:
        session.execute(update(BotRow).values(stage="PAPER"))
    bench.paper(bench.bots.get("fade-syn"), bars.slice(len(bars) - 120, len(bars)))
    drawn = case.equity(case.load())
    assert list(drawn.lines) == ["paper", "backtest of the same bars", "buy and hold"]
    assert drawn.words == "equal to the backtest of the same bars, to the bit"
    assert {len(line) for line in drawn.lines.values()} == {len(drawn.times)}


def test_bars_that_are_not_here_are_asked_for(bench: Bench) -> None:
    """A bot on a symbol without packaged bars says how to hand them over."""
    es = strategy(
        "buy when rsi(2) < 10; sell when rsi(2) > 60", symbols="ES", timeframe="5m", stop="16 ticks", target="80 ticks", name="es"
    )
    made = bench.bots.create(es, name="es-dip")
    case = Case(bench, made)
    with pytest.raises(DataUnavailableError, match=r"bars=\.\.\."):
        case.bars(case.load())
    task = case.remake(case.load()).wait(WAIT)
    assert "hand them over" in task.problem
