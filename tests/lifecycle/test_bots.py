from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workbench.errors import InputError, PermissionDeniedError, SpecError, UnknownNameError
from workbench.lifecycle import bots
from workbench.lifecycle.people import Person, whoami
from workbench.lifecycle.stages import Stage
from workbench.portfolio import Limits
from workbench.store import chain, outbox
from workbench.store.tables import StrategyRow
from workbench.strategy.spec import StrategySpec
from workbench.strategy.strategy import strategy

if TYPE_CHECKING:
    from workbench.store import Database

DIP = strategy(
    "buy when rsi(2) < 10; sell when rsi(2) > 60", symbols=("SYN",), timeframe="15m", stop="16 ticks", target="80 ticks", name="dip"
)
NAKED = strategy("buy when rsi(2) < 10; sell when rsi(2) > 60", symbols=("SYN",), timeframe="15m", name="naked")


def test_a_bot_has_the_columns_of_its_strategy(database: Database) -> None:
    """Symbols, risk and window come from the spec; the bot begins stopped, in LAB."""
    with database.session() as session:
        bot = bots.create(session, DIP, owner="ana", name="es-dip", capital=50_000.0)

    assert (bot.name, bot.owner, bot.stage, bot.status, bot.capital, bot.symbols) == (
        "es-dip",
        "ana",
        Stage.LAB,
        "stopped",
        50_000.0,
        ("SYN",),
    )
    assert bot.risk_management["stop_loss"] == {"kind": "ticks", "value": 16.0, "period": 14}
    assert bot.risk_management["take_profit"]["value"] == 80.0
    assert bot.window == (9, 30, 12, 0)
    assert bot.spec_hash == DIP.spec_hash


def test_a_bot_shows_the_indicators_of_its_rules(database: Database) -> None:
    """Names and parameters come from the program; two of a kind are told apart."""
    rules = "buy when ema(10) > ema(30) and rsi(2) < 10; sell when rsi(2) > 60"
    with database.session() as session:
        bot = bots.create(session, strategy(rules, symbols=("SYN",), timeframe="15m", stop="16 ticks", name="x"), owner="ana")

    assert bot.indicators == {"EMA": {"period": 10.0}, "EMA 2": {"period": 30.0}, "RSI": {"period": 2.0}}


def test_the_spec_is_saved_and_comes_back_equal(database: Database) -> None:
    """The stored JSON gives the same spec with the same hash; a second bot of it adds no row."""
    with database.session() as session:
        bot = bots.create(session, DIP, owner="ana", name="one")
        bots.create(session, DIP, owner="ana", name="two")
    with database.read() as session:
        assert StrategySpec.from_json(bots.spec_json(session, bot)).spec_hash == DIP.spec_hash
        assert session.query(StrategyRow).count() == 1


def test_creation_is_audited_and_announced(database: Database) -> None:
    """One audit event and one outbox event tell of the new bot."""
    with database.session() as session:
        bot = bots.create(session, DIP, owner="ana", name="one")
    with database.read() as session:
        assert [(event.actor, event.action, event.subject) for event in chain.events(session)] == [("ana", "bot.created", f"bot:{bot.id}")]
        assert [(event.topic, event.payload["name"]) for event in outbox.after(session)] == [("bot_status_changed", "one")]


def test_a_name_is_taken_once_per_owner(database: Database) -> None:
    """The same owner is told where the first one is; another owner may use the name."""
    with database.session() as session:
        first = bots.create(session, DIP, owner="ana", name="one")
        with pytest.raises(InputError, match=f"ana has a bot named 'one' already .*{first.id}"):
            bots.create(session, DIP, owner="ana", name=" one ")
        bots.create(session, DIP, owner="ben", name="one")
        assert len(bots.list(session)) == 2


@pytest.mark.parametrize("name", ["", " ", "x" * 65, "a\nb"])
def test_a_name_must_be_readable(database: Database, name: str) -> None:
    """Empty, endless and unprintable names are refused."""
    with database.session() as session, pytest.raises(InputError, match="1 to 64 printable"):
        bots.create(session, DIP, owner="ana", name=name or " ")


@pytest.mark.parametrize("capital", [0.0, -1.0, float("inf"), float("nan")])
def test_capital_is_a_positive_amount(database: Database, capital: float) -> None:
    """No money, less than none and no number are refused."""
    with database.session() as session, pytest.raises(InputError, match="needs capital"):
        bots.create(session, DIP, owner="ana", name="one", capital=capital)


def test_a_bot_without_risk_settings_is_sev_0(database: Database) -> None:
    """A strategy without stop cannot become a bot; the finding is named and nothing is stored."""
    with database.session() as session, pytest.raises(SpecError, match="naked cannot become a bot"):
        bots.create(session, NAKED, owner="ana")
    with database.read() as session:
        assert bots.list(session) == ()


def test_an_unknown_bot_gets_a_suggestion(database: Database) -> None:
    """The nearest name is offered."""
    with database.session() as session:
        bots.create(session, DIP, owner="ana", name="es-dip")
    with database.read() as session, pytest.raises(UnknownNameError, match="did you mean es-dip"):
        bots.get(session, "es-dib")


def test_a_bot_is_found_by_id_name_and_owner(database: Database) -> None:
    """A name that two people use needs the owner or the id."""
    with database.session() as session:
        anas = bots.create(session, DIP, owner="ana", name="one")
        bens = bots.create(session, DIP, owner="ben", name="one")
    with database.read() as session:
        with pytest.raises(InputError, match="2 people have a bot named 'one'"):
            bots.get(session, "one")
        assert (bots.get(session, "one", owner="ben"), bots.get(session, anas.id)) == (bens, anas)
        assert bots.list(session, owner="ana") == (anas,)


@pytest.mark.parametrize(
    ("path", "fails"),
    [
        (["running", "paused", "running", "stopped"], False),
        (["running", "error", "stopped"], False),
        (["paused"], True),
        (["error"], True),
        (["runing"], True),
    ],
)
def test_status_moves_along_its_table(database: Database, path: list[str], *, fails: bool) -> None:
    """A stopped bot can only start; a misspelt status is an error."""
    with database.session() as session:
        bot = bots.create(session, DIP, owner="ana", name="one")
        if fails:
            with pytest.raises((PermissionDeniedError, UnknownNameError)):
                bots.set_status(session, bot, path[0], by="ana")
        else:
            assert [bots.set_status(session, bot, status, by="ana", reason="r").status for status in path] == path


def test_the_same_status_again_writes_nothing(database: Database) -> None:
    """Stopping a stopped bot is no event."""
    with database.session() as session:
        bot = bots.create(session, DIP, owner="ana", name="one")
        before = chain.head(session)
        bots.stop(session, bot, by="ana")
        assert chain.head(session) == before


def test_a_lab_bot_may_be_revised_and_only_there(database: Database) -> None:
    """In LAB the strategy may change and the old anchor is forgotten; later it is frozen."""
    from sqlalchemy import update

    from workbench.store.tables import BotRow

    other = DIP.revised(limits=Limits(max_daily_loss=0.02))
    with database.session() as session:
        bot = bots.create(session, DIP, owner="ana", name="one")
        revised = bots.revise(session, bot, other, by="ana", reason="daily loss")
        assert (revised.spec_hash, revised.risk_management["max_daily_loss"]) == (other.spec_hash, 0.02)
        session.execute(update(BotRow).values(stage="PAPER"))
        session.expire_all()
        with pytest.raises(PermissionDeniedError, match="its strategy is frozen"):
            bots.revise(session, bot, DIP, by="ana", reason="back")


def test_a_person_needs_a_name_and_whoami_gives_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment's name wins over the system's user; nobody is refused."""
    monkeypatch.setenv("WORKBENCH_USER", "ana")
    assert whoami() == Person(name="ana", role="researcher", signed=False)
    monkeypatch.delenv("WORKBENCH_USER")
    assert whoami().name
    with pytest.raises(InputError, match="needs a name"):
        Person(name=" ")
