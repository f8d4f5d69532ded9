"""``job run`` and ``job list``: notebooks that run unattended."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli import show
from workbench.cli.given import store
from workbench.cli.guard import group, taught
from workbench.errors import InputError

if TYPE_CHECKING:
    from workbench.jobs.catalogue import Job
    from workbench.jobs.record import JobRun

app = group(help="Run notebooks unattended.")


@app.command("run")
@taught
def job_run(
    name: Annotated[str, typer.Argument(help="A job of `workbench job list`, or the path of a notebook.")],
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="Set a parameter; repeat for more.")
    ] = None,
    timeout: Annotated[float | None, typer.Option(min=1, help="Seconds until the job is stopped.")] = None,
    key: Annotated[str | None, typer.Option(help="Idempotency key: a run that succeeded with it is not repeated.")] = None,
    *,
    as_json: show.Json = False,
) -> None:
    """Execute a notebook in its own process, keep it, hash it and seal it in the audit chain.

    Examples:
      workbench job run tour
      workbench job run my_notebook.ipynb -p symbol=ES -p fast=12 --timeout 600
    """
    show.run_ended(run_job(name, dict(_pair(text) for text in parameter or []), timeout=timeout, key=key), as_json=as_json)


@app.command("list")
@taught
def job_list(*, as_json: show.Json = False) -> None:
    """List the jobs that can run and the latest runs.

    Example:
      workbench job list --json
    """
    from workbench.home import home  # noqa: PLC0415
    from workbench.jobs.catalogue import available  # noqa: PLC0415
    from workbench.jobs.record import recent  # noqa: PLC0415

    jobs, runs = available(home()), recent(store(), home())
    if as_json:
        listed = [
            {"name": each.name, "title": each.title, "notebook": str(each.notebook), "timeout": each.timeout, "parameters": _defaults(each)}
            for each in jobs
        ]
        show.print_json({"jobs": listed, "runs": [show.run_fields(each) for each in runs]})
        return
    show.table(
        ("job", "what", "parameters"),
        [(each.name, each.title, " ".join(_defaults(each))) for each in jobs],
        empty="no job notebook found; run: workbench init .",
    )
    typer.echo()
    show.table(
        ("status", "job", "started (UTC)", "run", "why"),
        [(show.mark(each.status), each.job, f"{each.started_at:%Y-%m-%d %H:%M:%S}", each.id, each.error or "") for each in runs],
        empty="nothing has run yet; try: workbench tour",
    )


def run_job(name: str, parameters: dict[str, str], *, timeout: float | None = None, key: str | None = None) -> JobRun:
    """Run a job of the catalogue with progress on the terminal and return its record."""
    from workbench.home import home  # noqa: PLC0415
    from workbench.jobs import catalogue, runner  # noqa: PLC0415

    chosen = catalogue.find(name, home())
    if timeout is not None:
        chosen = replace(chosen, timeout=timeout)
    runner.prepare(chosen, parameters)
    progress = show.Progress()
    try:
        return runner.run(store(), chosen, parameters, home=home(), progress=progress, key=key)
    finally:
        progress.leave()


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.strip():
        message = f"parameter {text!r} is not NAME=VALUE, for example -p symbol=ES"
        raise InputError(message)
    return name.strip(), value


def _defaults(each: Job) -> dict[str, Any]:
    return {name: parameter.default for name, parameter in each.parameters().items()}
