from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING

from workbench.lifecycle import bots, killswitch
from workbench.store import outbox
from workbench.widgets import boards
from workbench.widgets.boards import live
from workbench.widgets.boards.desk import Desk
from workbench.widgets.boards.live import Health, Live, Section

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbench.store import Database


def section(name: str, topics: set[str], drawn: list[str]) -> Section:
    return Section(
        name=name, read=lambda session: (name, outbox.latest(session)), draw=lambda _: drawn.append(name), topics=frozenset(topics)
    )


def publish(store: Database, topic: str, times: int = 1) -> None:
    with store.session() as session:
        for _ in range(times):
            outbox.publish(session, topic, {})


def heart(store: Database, drawn: list[str]) -> Live:
    made = Live(Desk(store), [section("trades", {"trade_executed"}, drawn), section("jobs", {"job_changed"}, drawn)], lambda _: None)
    made.refresh()
    drawn.clear()
    return made


def test_only_what_changed_is_read(store: Database) -> None:
    """An event refreshes the sections of its topic, once for a whole burst, and nothing else."""
    drawn: list[str] = []
    heart_ = heart(store, drawn)
    publish(store, "trade_executed", times=40)
    for each in heart_.sections:
        each.rests_until = 0.0
    asyncio.run(heart_.look())
    asyncio.run(heart_.look())
    assert drawn == ["trades"]


def test_the_sweep_catches_what_no_event_tells(store: Database) -> None:
    """After five seconds everything is read again; what is as before is not drawn again."""
    drawn: list[str] = []
    heart_ = heart(store, drawn)
    heart_._swept -= live.SWEEP_SECONDS
    for each in heart_.sections:
        each.rests_until = 0.0
    asyncio.run(heart_.look())
    assert (drawn, [each.due for each in heart_.sections]) == ([], [False, False])


def test_one_broken_section_leaves_the_others(store: Database) -> None:
    """A section that cannot be read says so in its place; the rest goes on and the board is live."""
    said: list[str] = []
    drawn: list[str] = []
    health: list[Health] = []

    def broken(_session: object) -> object:
        msg = "nonsense"
        raise ValueError(msg)

    sections = [Section(name="broken", read=broken, draw=print, failed=said.append), section("trades", {"trade_executed"}, drawn)]
    Live(Desk(store), sections, health.append).refresh()
    assert (said, drawn, health[-1].state) == (["broken could not be read (ValueError: nonsense)"], ["trades"], "live")


def test_a_change_reaches_the_screen_by_itself(desk_of: Callable[..., Desk], store: Database) -> None:
    """From the commit of a status change to the board's row, through the running task; the browser suite measures how fast."""
    desk = desk_of()

    async def story() -> tuple[str, float]:
        face = boards.make("bots", address="", desk=desk)
        face.begin()
        await asyncio.sleep(1.0)
        with store.session() as session:
            bots.start(session, bots.get(session, "fade"), reason="test")
        begun = asyncio.get_running_loop().time()
        while (row := next(one for one in face.table.rows if one["name"] == "fade"))["status"] != "running":  # type: ignore[attr-defined]
            assert asyncio.get_running_loop().time() - begun < 20.0
            await asyncio.sleep(0.01)
        waited = asyncio.get_running_loop().time() - begun
        face.live.stop()
        return row["status"], waited

    status, waited = asyncio.run(story())
    assert (status, waited < 10.0) == ("running", True)


def test_the_kill_switch_turns_the_header_red(desk_of: Callable[..., Desk], store: Database) -> None:
    """An engaged switch is announced on every board, with who and why."""
    face = boards.make("jobs", address="", desk=desk_of())
    face.begin()
    with store.session() as session:
        killswitch.engage(session, "all", reason="feed is wrong", by="ana")
    asyncio.run(face.live.look())
    assert face.header.halted
    assert "feed is wrong" in face.notices.children[0].text


def test_a_store_that_goes_away_comes_back_without_a_reload(desk_of: Callable[..., Desk], store: Database, home: Path) -> None:
    """A missing file is announced, and the board reads everything anew when it is there again, with what happened meanwhile."""
    face = boards.make("bots", address="", desk=desk_of())
    face.begin()
    path = home / "data" / "workbench.sqlite"
    store.close()
    kept = home / "kept.sqlite"
    shutil.move(path, kept)
    asyncio.run(face.live.look())
    assert (face.header.connection, "is not there any more" in face.notices.children[0].text) == ("reconnecting", True)
    shutil.copyfile(kept, path)
    with store.session() as session:
        bots.start(session, bots.get(session, "slow"), reason="test")
    asyncio.run(face.live.look())
    assert (face.header.connection, face.notices.children) == ("live", ())
    assert {row["name"]: row["status"] for row in face.table.rows} == {"fade": "stopped", "holder": "stopped", "slow": "running"}  # type: ignore[attr-defined]


def test_a_board_waits_for_a_store_that_is_not_there_yet(home: Path, sqlite_template: Path) -> None:
    """Opened before any store exists a board says what to do, makes none, and goes on when one appears."""
    face = boards.make("mission-control", address="bot=nobody", desk=Desk())
    face.begin()
    path = home / "data" / "workbench.sqlite"
    assert (path.exists(), face.header.connection) == (False, "reconnecting")
    assert "workbench db upgrade" in face.notices.children[0].text
    shutil.copyfile(sqlite_template, path)
    asyncio.run(face.live.look())
    assert face.header.connection == "live"


def test_silence_becomes_stale(store: Database, home: Path) -> None:
    """Ten seconds without an answer are called stale, with the moment of the last answer."""
    health: list[Health] = []
    heart_ = Live(Desk(store), [], health.append)
    heart_.refresh()
    (home / "data" / "workbench.sqlite").unlink()
    heart_._seen -= live.STALE_SECONDS + 1
    heart_.refresh()
    assert [each.state for each in health] == ["live", "stale"]
