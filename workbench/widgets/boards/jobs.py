"""Jobs: what ran unattended, and how did it end?"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

from workbench import clock, look
from workbench.home import home
from workbench.jobs import record
from workbench.widgets import parts
from workbench.widgets.boards import columns
from workbench.widgets.boards.face import Face
from workbench.widgets.boards.live import Section
from workbench.widgets.boards.query import Field
from workbench.widgets.boards.rows import fill, stamp, when

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import ipywidgets
    from sqlalchemy.orm import Session

    from workbench.jobs.record import JobRun

TOPICS = frozenset({"job_changed"})
STATUSES = (record.RUNNING, record.SUCCEEDED, record.FAILED, record.TIMED_OUT, record.INTERRUPTED, record.LOST)
_SHOWN = {record.RUNNING: "running", record.SUCCEEDED: "ok"}
_MOST = 200


class Jobs(Face):
    """Runs of the catalogue's notebooks."""

    fields: ClassVar[tuple[Field, ...]] = (
        Field(name="job", title="Job"),
        Field(name="status", title="Status", choices=STATUSES),
        Field(name="run", title="Run", kind="text"),
    )

    def compose(self) -> Iterable[ipywidgets.Widget]:
        """Return figures, filters, the runs and one of them in full."""
        self.cards = parts.Cards([{"label": name} for name in ("Running", "Succeeded", "Failed", "Last run")], state="loading")
        filters = self.filters(
            self.control("job", parts.Choice("Job", [("", "any")], compact=True)),
            self.control(
                "status", parts.Choice("Status", [("", "any"), *((name, name.replace("_", " ")) for name in STATUSES)], compact=True)
            ),
        )
        self.table = parts.Table(columns.RUNS, filterable=False, name="runs", state="loading")
        self.opens(self.table, "run")
        self.facts = parts.Facts(columns=2)
        self.report = parts.Row()
        self.detail = parts.Panel("Run", [self.facts], tools=[self.closer("run")])
        self.detail.layout.display = "none"
        return [self.cards, filters, self.detail, parts.Panel("Runs", self.table, flush=True)]

    def sections(self) -> Iterable[Section]:
        """Return what is read together."""
        return [Section(name="runs", read=self._read, draw=self._draw, topics=TOPICS, failed=self.table.fail)]

    def known(self, session: Session) -> Mapping[str, tuple[str, ...]]:
        """Return the jobs that ever ran."""
        del session
        return {"job": tuple(sorted({run.job for run in self._recent()}))}

    def _recent(self) -> list[JobRun]:
        return record.recent(self.desk.database(), home(), _MOST)

    def _read(self, session: Session) -> tuple[JobRun, ...]:
        del session  # runs open their own, a moment later
        return tuple(self._recent())

    def _draw(self, runs: tuple[JobRun, ...]) -> None:
        counted = Counter(run.status for run in runs)
        bad = sum(counted[name] for name in STATUSES[2:])
        last = runs[0] if runs else None
        self.cards.cards = [
            {"label": "Running", "value": float(counted[record.RUNNING]), "digits": 0},
            {"label": "Succeeded", "value": float(counted[record.SUCCEEDED]), "digits": 0, "hint": f"of the last {len(runs)}"},
            {
                "label": "Failed",
                "value": float(bad),
                "digits": 0,
                "tone": "down" if bad else "",
                "hint": "failed, timed out, interrupted or lost",
            },
            {
                "label": "Last run",
                "value": "–" if last is None else f"{look.age(clock.now() - last.started_at)} ago",
                "hint": last.job if last else "",
            },
        ]
        self.cards.state = "ready"
        narrowed = [run for run in runs if self.query["job"] in {"", run.job} and self.query["status"] in {"", run.status}]
        how = "Run one: `workbench job run tour`" if not runs else "Clear one of the filters."
        fill(self.table, [_row(run) for run in narrowed], empty="Nothing ran yet" if not runs else "No run fits these filters", how=how)
        self.table.selected = self.query["run"]
        self._draw_detail(next((run for run in runs if run.id == self.query["run"]), None))

    def _draw_detail(self, run: JobRun | None) -> None:
        self.detail.layout.display = "" if run else "none"
        if run is None:
            return
        self.detail.heading.title, self.detail.heading.status = run.job, _SHOWN.get(run.status, "error")
        kept = run.html.is_file()
        self.facts.show(
            {
                "run": run.id,
                "status": run.status.replace("_", " "),
                "started": when(run.started_at),
                "finished": when(run.finished_at),
                "attempt": {"value": run.attempt, "kind": "number", "digits": 0},
                "exit": {"value": run.exit_code, "kind": "number", "digits": 0},
                "report": {"value": "open the report", "kind": "link", "href": report_address(run)} if kept else "not written",
                "notebook": {"value": run.notebook_hash, "kind": "hash"},
                "error": run.error or "none",
                **{f"parameter {name}": str(value) for name, value in run.parameters.items()},
            }
        )


def report_address(run: JobRun) -> str:
    """Return where a run's report is read, relative to the board's own address below ``/voila/render/dashboards/``."""
    return f"../../../workbench/runs/{run.id}/report.html"


def _row(run: JobRun) -> dict[str, Any]:
    ended = run.finished_at or clock.now()
    return {
        "id": run.id,
        "job": run.job,
        "status": _SHOWN.get(run.status, "error"),
        "started": stamp(run.started_at),
        "duration": (ended - run.started_at).total_seconds() if run.finished_at else None,
        "attempt": run.attempt,
        "owner": run.owner,
        "notebook": run.notebook_hash or "",
        "error": run.error or ("" if run.status in _SHOWN else run.status.replace("_", " ")),
    }
