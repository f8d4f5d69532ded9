"""What the command line shows: tables, JSON, a run, progress."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench import clock
from workbench.progress import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from workbench.jobs.record import JobRun

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]


class Progress:
    """The terminal's progress line; says each thing once where the line cannot be rewritten."""

    def __init__(self) -> None:
        """Write to standard error, so that standard output stays a script's."""
        self._plug = Terminal()
        self._last = ""
        self._rewrites = sys.stderr.isatty()
        self._open = False

    def at(self, done: int, total: int, what: str) -> None:
        """Show progress."""
        if self._rewrites:
            self._plug.at(done, total, what)
            self._open = done < total
            return
        line = f"{done}/{total} · {what}\n"
        if line != self._last:
            self._last = line
            sys.stderr.write(line)
            sys.stderr.flush()

    def leave(self) -> None:
        """End the line if it is half written."""
        if self._open:
            sys.stderr.write("\n")


def mark(status: str) -> str:
    """Return a status as glyph and word."""
    glyphs = {"succeeded": "●", "running": "●", "paused": "❚❚", "stopped": "■", "interrupted": "■"}
    return f"{glyphs.get(status, '▲')} {status.replace('_', ' ')}"


def run_fields(run: JobRun) -> dict[str, Any]:
    """Return a run as JSON values."""
    times = {"started_at": clock.stamp(run.started_at), "finished_at": clock.stamp(run.finished_at) if run.finished_at else None}
    files = {"notebook": str(run.notebook), "html": str(run.html) if run.html_hash else None, "notebook_hash": run.notebook_hash}
    return {
        "id": run.id,
        "job": run.job,
        "status": run.status,
        "exit_code": run.exit_code,
        "error": run.error,
        "parameters": dict(run.parameters),
        **times,
        **files,
    }


def run_ended(ended: JobRun, *, as_json: bool, extra: dict[str, str] | None = None) -> None:
    """Print how a run ended, what its notebook wants said, and where its files lie."""
    summaries = ended.summaries()
    if as_json:
        print_json({**run_fields(ended), "summaries": summaries, **(extra or {})})
        return
    took = f" in {(ended.finished_at - ended.started_at).total_seconds():.0f} s" if ended.finished_at else ""
    typer.echo(f"{typer.style(mark(ended.status), fg='green')} · {ended.job}{took}")
    for summary in summaries:
        typer.echo(f"\n{summary['title']}")
        width = max((len(name) for name, _ in summary["rows"]), default=0)
        for name, value in summary["rows"]:
            typer.echo(f"  {name:<{width}}  {value}")
    typer.echo()
    files = {"notebook": str(ended.notebook), "report": str(ended.html) if ended.html_hash else "–"}
    for name, value in {**files, **(extra or {})}.items():
        typer.echo(f"{name:<9} {value}")


def table(head: Sequence[str], rows: Iterable[Sequence[str]], empty: str = "") -> None:
    """Print aligned columns, or the sentence ``empty`` where there is no row."""
    shown = [tuple(str(cell) for cell in row) for row in rows]
    if not shown:
        if empty:
            typer.echo(empty)
        return
    widths = [max(len(row[column]) for row in [tuple(head), *shown]) for column in range(len(head))]
    for row in (tuple(head), *shown):
        typer.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def print_json(value: Any) -> None:  # noqa: ANN401 - any JSON value
    """Print a value for a script."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=list))
