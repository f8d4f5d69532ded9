"""``/health``: how each component is, how fast, when it last worked, and what to do; without a login only whether all is well."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - schemas are made from the fields
from typing import TYPE_CHECKING, Any, Literal

from jupyter_server.auth.decorator import allow_unauthenticated

from workbench import clock
from workbench.errors import WorkbenchError
from workbench.execution.views.closes import as_of
from workbench.execution.views.record import Record, plain
from workbench.home import data_folder
from workbench.lifecycle.access import EVERYTHING
from workbench.server.handlers.base import Call, Endpoint, Room, endpoint
from workbench.server.store import apart, database
from workbench.store import chain, outbox

if TYPE_CHECKING:
    from collections.abc import Callable

State = Literal["ok", "warn", "fail"]
SLOW_MS = 250.0
_LITTLE, _NOTHING = 5e9, 5e8  # bytes free, as the doctor has it
_SUCCESS: dict[str, datetime] = {}


@dataclass(frozen=True, kw_only=True)
class Component(Record):
    """How one component is."""

    name: str
    """store, audit chain, outbox, marks, kernels, disk."""
    state: State
    """ok, warn (works, but worse than it should) or fail."""
    latency_ms: float
    """How long the look took, milliseconds."""
    last_success: datetime | None
    """When it last was ok; None if never since the server started."""
    found: str
    """What was seen."""
    remedy: str
    """What to do; empty when all is well."""


@dataclass(frozen=True, kw_only=True)
class Health(Record):
    """How everything is."""

    state: State
    """The worst of the components."""
    at: datetime
    """When it was looked at."""
    components: tuple[Component, ...]
    """One each."""
    warm_kernels: int
    """Kernels that are started and wait for a board; 0 where none are kept warm."""


class HealthRoom(Room):
    """How everything is."""

    described = Endpoint(
        action="health.read", words="State, latency, last success and remedy of each component; anonymous: the state alone.", answer=Health
    )

    @allow_unauthenticated
    async def get(self) -> None:
        """Look at every component; 503 when one fails."""
        if self.current_user is not None:
            await self.answer(self.described, lambda _, call: self._told(call.settings), ())
            return
        found = await apart(lambda: examine(self.settings))
        self.set_status(503 if found.state == "fail" else 200)
        self.finish(plain({"state": found.state, "at": found.at}))

    def _told(self, settings: dict[str, Any]) -> Health:
        return examine(settings)


setattr(HealthRoom.get, "endpoint", HealthRoom.described)  # noqa: B010 - a mark for the description


class Clock(Room):
    """The server's clock, for clients that show ages."""

    @endpoint("health.read", "Time of the server and the latest event, so that a client can tell how stale it is.")
    def get(self, call: Call) -> Any:  # noqa: ANN401 - JSON values
        """Return them."""
        with call.read() as session:
            return {"at": clock.now(), "last_event": outbox.latest(session)}


def examine(settings: dict[str, Any]) -> Health:
    """Return how every component is; none of the looks raises."""
    looks: dict[str, Callable[[dict[str, Any]], tuple[State, str, str]]] = {
        "store": _store,
        "audit chain": _chain,
        "outbox": _outbox,
        "marks": _marks,
        "kernels": _kernels,
        "disk": _disk,
    }
    seen = tuple(_look(name, work, settings) for name, work in looks.items())
    worst: State = "fail" if any(each.state == "fail" for each in seen) else "warn" if any(each.state == "warn" for each in seen) else "ok"
    return Health(state=worst, at=clock.now(), components=seen, warm_kernels=_warm(settings))


def _look(name: str, work: Callable[[dict[str, Any]], tuple[State, str, str]], settings: dict[str, Any]) -> Component:
    started = clock.monotonic()
    try:
        state, found, remedy = work(settings)
    except WorkbenchError as error:
        state, found, remedy = "fail", str(error), "do what the message says, then run: workbench doctor"
    except Exception as error:  # noqa: BLE001 - health must reach a verdict on everything
        state, found, remedy = "fail", f"{type(error).__name__}", "look into data/logs/server.log, then run: workbench doctor"
    took = (clock.monotonic() - started) * 1000
    if state == "ok" and took > SLOW_MS:
        state, remedy = "warn", "it answers slowly: look at the machine's load"
    if state == "ok":
        _SUCCESS[name] = clock.now()
    return Component(name=name, state=state, latency_ms=round(took, 2), last_success=_SUCCESS.get(name), found=found, remedy=remedy)


def _store(settings: dict[str, Any]) -> tuple[State, str, str]:
    store = database(settings)
    with store.read() as session:
        outbox.latest(session)
    return "ok", f"{store.dialect} answers", ""


def _chain(settings: dict[str, Any]) -> tuple[State, str, str]:
    with database(settings).read() as session:
        number, sealed = chain.head(session)
    return "ok", f"{number:,} events, head {sealed[:12]}; verified by: workbench audit verify", ""


def _outbox(settings: dict[str, Any]) -> tuple[State, str, str]:
    tap = settings.get("workbench_tap")
    if tap is None:
        return "ok", "nobody listens", ""
    if tap.problem:
        return "fail", tap.problem, "the store does not answer; clients resume from their last event when it does"
    return "ok", f"{tap.listeners} listen, last event {tap.last}", ""


def _marks(settings: dict[str, Any]) -> tuple[State, str, str]:
    with database(settings).read() as session:
        at = as_of(session, EVERYTHING)
    return "ok", f"latest mark {clock.stamp(at)}" if at else "no bot was marked yet", ""


def _kernels(settings: dict[str, Any]) -> tuple[State, str, str]:
    manager = settings.get("kernel_manager")
    if manager is None or not hasattr(manager, "report"):
        return "ok", "plain kernels", ""
    report = manager.report()
    return "ok", f"{report['kernels']} kernels, {report['boards']} of boards, {report['memory_bytes'] / 1e6:,.0f} MB", ""


def _warm(settings: dict[str, Any]) -> int:
    pool = getattr(settings.get("kernel_manager"), "pool", None)
    return pool.ready if pool is not None else 0


def _disk(_settings: dict[str, Any]) -> tuple[State, str, str]:
    free = shutil.disk_usage(data_folder()).free
    found = f"{free / 1e9:,.1f} GB free"
    if free < _NOTHING:
        return "fail", found, "make room: nothing can be stored safely"
    return ("warn", found, "make room: clear data/cache, or move old folders out of data/runs") if free < _LITTLE else ("ok", found, "")


ROUTES = [(r"/workbench/api/health", HealthRoom), (r"/workbench/api/time", Clock)]
