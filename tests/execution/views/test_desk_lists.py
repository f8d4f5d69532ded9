"""Lists of trades, positions, promotions and audit events: filters, order, pages, and whose they are."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from desk_rows import MONDAY, desk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import InputError, UnknownNameError
from workbench.execution.views import AuditFilter, PositionFilter, PromotionFilter, TradeFilter, audit, positions, promotions, trades
from workbench.lifecycle.access import EVERYTHING, Scope
from workbench.store import chain
from workbench.store.tables import PromotionRow

if TYPE_CHECKING:
    from workbench.store import Database

BOB = Scope(owner="bob")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (TradeFilter(), [-40.0, 15.0, 10.0, None]),
        (TradeFilter(bot="up"), [15.0, 10.0, None]),
        (TradeFilter(bot="id-down"), [-40.0]),
        (TradeFilter(symbol="nq"), [-40.0]),
        (TradeFilter(side="buy"), [None]),
        (TradeFilter(closed=True), [-40.0, 15.0, 10.0]),
        (TradeFilter(closed=False), [None]),
        (TradeFilter(start=MONDAY + timedelta(days=1), end=MONDAY + timedelta(days=2)), [15.0]),
        (TradeFilter(sort="profit_loss", closed=True, descending=False), [-40.0, 10.0, 15.0]),
        (TradeFilter(page=2, page_size=3), [None]),
        (TradeFilter(page=9), []),
        (TradeFilter(bot="nobody"), []),
        (TradeFilter(symbol="ES' OR '1'='1"), []),
    ],
)
def test_trades_are_found(database: Database, wanted: TradeFilter, expected: list[float | None]) -> None:
    """Filters narrow, order and page are as asked; text is a value, never SQL."""
    with database.session() as session:
        desk(session)
    with database.read() as session:
        assert [trade.profit_loss for trade in trades.page(session, EVERYTHING, wanted).items] == expected


def test_a_page_knows_how_many_there_are(database: Database) -> None:
    """The total is of all pages, whichever is shown."""
    with database.session() as session:
        desk(session)
    with database.read() as session:
        seen = trades.page(session, EVERYTHING, TradeFilter(page=2, page_size=3))
    assert (seen.total, seen.pages, len(seen.items), seen.to_dict()["pages"]) == (4, 2, 1, 2)


def test_trades_add_up(database: Database) -> None:
    """Win rate and profit factor are of the closed trades of the filter, by hand 2/3 and 25/40."""
    with database.session() as session:
        desk(session)
    with database.read() as session:
        seen = trades.stats(session, EVERYTHING)
        alone = trades.stats(session, EVERYTHING, TradeFilter(bot="up"))
        none = trades.stats(session, BOB)
    assert (seen.trades, seen.closed, seen.wins, seen.losses, seen.win_rate, seen.profit_factor) == (4, 3, 2, 1, 2 / 3, 25 / 40)
    assert (seen.net, seen.average, seen.best, seen.worst, seen.fees) == (-15.0, -5.0, 15.0, -40.0, 4.0)
    assert (alone.win_rate, alone.profit_factor) == (1.0, None)
    assert (none.trades, none.win_rate, none.net) == (0, None, 0.0)


def test_one_trade_and_one_position(database: Database) -> None:
    """A number finds its row; one that is not there, or is somebody else's, is named with the range."""
    with database.session() as session:
        desk(session)
    with database.read() as session:
        first = trades.page(session, EVERYTHING).items[0]
        assert trades.get(session, EVERYTHING, first.id).bot == "down"
        held = positions.page(session, EVERYTHING, PositionFilter(open=True)).items[0]
        assert positions.get(session, EVERYTHING, held.id).unrealized_pnl == 5.0
        with pytest.raises(UnknownNameError, match="no trade named '99'; known: 1 to 4"):
            trades.get(session, EVERYTHING, 99)
        for read, row in ((trades.get, first.id), (positions.get, held.id)):
            with pytest.raises(UnknownNameError):
                read(session, BOB, row)


def test_positions_are_found_and_added_up(database: Database) -> None:
    """Open, closed, long, by bot and symbol; totals are of the filter."""
    with database.session() as session:
        desk(session)
    with database.read() as session:
        assert [each.bot for each in positions.page(session, EVERYTHING, PositionFilter(open=False)).items] == ["down"]
        assert [each.bot for each in positions.page(session, EVERYTHING, PositionFilter(direction="long")).items] == ["up"]
        assert positions.page(session, EVERYTHING, PositionFilter(direction="short")).total == 0
        seen, none = positions.totals(session, EVERYTHING), positions.totals(session, BOB)
    assert (seen.positions, seen.open, seen.unrealized_pnl, seen.realized_pnl) == (2, 1, 5.0, -40.0)
    assert (none.positions, none.updated_at) == (0, None)


def test_promotions_count_their_gates(database: Database) -> None:
    """A decision says how many gates pass, fail and wait; requests that wait are counted."""
    said = [{"status": "pass"}, {"status": "pass"}, {"status": "fail"}, {"status": "not_yet"}]
    usual = {"bot_id": "id-up", "from_stage": "PAPER", "to_stage": "SHADOW", "policy_hash": "p", "requested_by": "ana", "owner": "ana"}
    with database.session() as session:
        desk(session)
        session.add(PromotionRow(id="1", status="refused", verdicts=said, at=MONDAY, **usual))
        session.add(PromotionRow(id="2", status="requested", verdicts=[], at=MONDAY + timedelta(days=1), **usual))
    with database.read() as session:
        seen = promotions.page(session, EVERYTHING)
        assert [each.id for each in seen.items] == ["2", "1"]
        assert (seen.items[1].passed, seen.items[1].failed, seen.items[1].not_yet, seen.items[1].signed) == (2, 1, 1, False)
        assert promotions.page(session, EVERYTHING, PromotionFilter(status="refused")).total == 1
        assert (promotions.waiting(session, EVERYTHING), promotions.waiting(session, BOB)) == (1, 0)


def test_audit_events_are_found(database: Database) -> None:
    """Newest first, narrowed by person, beginning of the act and subject; events about people take a role that may read them."""
    with database.session() as session:
        chain.append(session, actor="ana", action="bot.created", subject="bot:1", detail={"name": "<b>x</b>"})
        chain.append(session, actor="bob", action="bot.status", subject="bot:1")
        chain.append(session, actor="bob", action="user.added", subject="user:eve")
    with database.read() as session:
        assert [event.seq for event in audit.page(session, EVERYTHING).items] == [3, 2, 1]
        assert [event.seq for event in audit.page(session, Scope()).items] == [2, 1]
        assert [event.seq for event in audit.page(session, EVERYTHING, AuditFilter(action="bot", actor="ana")).items] == [1]
        assert [event.seq for event in audit.page(session, Scope(owner="bob", people=True), AuditFilter(subject="bot:1")).items] == [2]
        assert audit.page(session, EVERYTHING, AuditFilter(action="%")).total == 0
        assert audit.page(session, EVERYTHING).items[2].detail == {"name": "<b>x</b>"}


@pytest.mark.parametrize(
    "wanted",
    [{"page": 0}, {"page_size": 0}, {"page_size": 501}, {"side": "long"}, {"start": MONDAY, "end": MONDAY}],
)
def test_nonsense_is_refused(wanted: dict[str, object]) -> None:
    """A filter that no trade can meet is refused where it is made."""
    with pytest.raises(InputError):
        TradeFilter(**wanted)  # type: ignore[arg-type]


def test_only_offered_columns_sort(database: Database) -> None:
    """Sorting takes the name of a column that is shown, nothing else."""
    with database.read() as session, pytest.raises(UnknownNameError, match="did you mean price"):
        trades.page(session, EVERYTHING, TradeFilter(sort="prices"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=20).filter(lambda text: "\x00" not in text and text.isprintable()))
def test_any_text_is_a_value(sqlite_database: Database, text: str) -> None:
    """Whatever a person types into a field finds nothing or something, and breaks nothing."""
    with sqlite_database.read() as session:
        assert trades.page(session, EVERYTHING, TradeFilter(bot=text, symbol=text, reason=text)).total == 0
        assert audit.page(session, EVERYTHING, AuditFilter(actor=text, action=text, subject=text)).total == 0
