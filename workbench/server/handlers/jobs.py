"""``/jobs``: what can run, what ran, and the sealed report of a run as a page that runs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import tornado.web
from jupyter_server.base.handlers import JupyterHandler
from pydantic import Field
from tornado.web import HTTPError

from workbench.content import bytes_hash
from workbench.errors import UnknownNameError
from workbench.home import home
from workbench.jobs import record
from workbench.lifecycle.access import may
from workbench.server.handlers.base import Asked, Call, Room, endpoint
from workbench.server.headers import secure
from workbench.server.identity import role_of
from workbench.server.store import apart, database

if TYPE_CHECKING:
    from workbench.jobs.record import JobRun

_SEALED = "sandbox allow-scripts; default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline' blob:; font-src data:"


class JobQuery(Asked):
    """Which runs."""

    limit: Annotated[int, Field(ge=1, le=500)] = 50


class Jobs(Room):
    """Jobs and their runs."""

    @endpoint("desk.read", "Jobs of the catalogue, and the latest runs, newest first.", query=JobQuery)
    def get(self, call: Call) -> Any:  # noqa: ANN401 - JSON values
        """Return both."""
        from workbench.jobs.catalogue import available  # noqa: PLC0415 - reads notebooks

        runs = record.recent(call.database, home(), call.query.limit)
        listed = [{"name": job.name, "title": job.title, "timeout": job.timeout} for job in available(home())]
        return {"jobs": listed, "runs": [shown(run) for run in runs]}


class OneRun(Room):
    """One run."""

    path_names = ("run",)

    @endpoint("desk.read", "One run with what its notebook wants shown.")
    def get(self, call: Call) -> Any:  # noqa: ANN401 - JSON values
        """Return it."""
        run = found(call.database, call.path[0])
        return {**shown(run), "summaries": run.summaries()}


class Report(JupyterHandler):
    """The report of a run, as it was sealed: its scripts may draw, and reach nothing."""

    @tornado.web.authenticated
    async def get(self, run_id: str) -> None:
        """Write it.

        Raises:
            HTTPError: there is none, or it is not the one that was sealed.
        """
        if not may(role_of(self.current_user), "desk.read"):
            raise HTTPError(403)
        store = database(self.settings)
        try:
            run = await apart(lambda: found(store, run_id))
            text = await apart(run.html.read_bytes)
        except (UnknownNameError, OSError) as error:
            raise HTTPError(404, "there is no report of run %s", run_id) from error
        if run.html_hash is None or bytes_hash(text) != run.html_hash:
            raise HTTPError(409, "the report of run %s is not the one that was sealed", run_id)
        secure(self)
        self.set_header("Content-Security-Policy", _SEALED)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(text)


def found(store: Any, run_id: str) -> JobRun:  # noqa: ANN401 - a Database
    """Return a run by its id.

    Raises:
        UnknownNameError: there is none.
    """
    run = record.find(store, run_id, home())
    if run is None:
        kind = "run"
        raise UnknownNameError(kind, run_id, [each.id for each in record.recent(store, home())])
    return run


def shown(run: JobRun) -> dict[str, Any]:
    """Return a run as JSON values."""
    names = ("id", "job", "status", "owner", "attempt", "exit_code", "error", "notebook_hash", "html_hash")
    times = {"started_at": run.started_at, "finished_at": run.finished_at}
    report = f"workbench/runs/{run.id}/report.html" if run.html_hash else None
    return {**{name: getattr(run, name) for name in names}, **times, "parameters": dict(run.parameters), "report": report}


ROUTES = [
    (r"/workbench/api/jobs", Jobs),
    (r"/workbench/api/jobs/([\w.-]{1,120})", OneRun),
    (r"/workbench/runs/([\w.-]{1,120})/report\.html", Report),
]
