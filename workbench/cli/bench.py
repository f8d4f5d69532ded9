"""``tour``, ``doctor``, ``init``: the first commands a person meets."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from workbench.cli import show
from workbench.cli.given import existing, store
from workbench.cli.jobs import run_job
from workbench.errors import InputError


def tour(
    *,
    data: Annotated[Path | None, typer.Option(help="Your own bars: a CSV, Parquet or LEAN zip file, or a folder of LEAN zips.")] = None,
    symbol: Annotated[str | None, typer.Option(help="What these bars are, such as ES.")] = None,
    timeframe: Annotated[str | None, typer.Option(help="How long one bar is, such as 1m.")] = None,
    as_json: show.Json = False,
) -> None:
    """Go from a rule to a paper-trading bot.

    The whole journey, run as a notebook: real bars, rules, backtests, a sweep, evidence, gates, promotion and a replayed paper session.

    Examples:
      workbench tour
      workbench tour --data ./future/cme/minute/es --symbol ES --timeframe 1m
    """
    given = _own_bars(data, symbol, timeframe)
    ended = run_job("tour", given)
    from workbench.lifecycle.audit import verify  # noqa: PLC0415 - after the work

    seen = verify(store())
    chain = f"✓ {seen.events:,} events verified" if seen.ok else f"✗ {seen.problem}"
    show.run_ended(ended, as_json=as_json, extra={"audit": chain})
    if not seen.ok:
        raise typer.Exit(1)


def doctor(*, as_json: show.Json = False) -> None:
    """Check every component and say what to do. Exit code 1 when something will not work.

    Examples:
      workbench doctor
      workbench doctor --json
    """
    from workbench.jobs.doctor import examine  # noqa: PLC0415

    checks = examine()
    if as_json:
        show.print_json([vars(check) for check in checks])
    else:
        glyphs = {"ok": ("● ok", "green"), "warn": ("▲ warn", "yellow"), "fail": ("■ fail", "red")}
        for check in checks:
            word, colour = glyphs[check.state]
            typer.echo(f"{typer.style(f'{word:<7}', fg=colour)} {check.component:<14} {check.found}")
            if check.remedy:
                typer.echo(f"{'':<22} → {check.remedy}")
    if any(check.state == "fail" for check in checks):
        raise typer.Exit(1)


def init(folder: Annotated[Path, typer.Argument(help="The desk's folder; made if it is missing.")]) -> None:
    """Lay out a desk: notebooks/, dashboards/, data/ and a README. Nothing that is there is overwritten.

    Example:
      workbench init ~/desk
    """
    from workbench.jobs.desk import lay_out  # noqa: PLC0415

    laid = lay_out(folder)
    kept = f", {len(laid.kept)} were there already and stay as they are" if laid.kept else ""
    typer.echo(f"● desk in {laid.folder}: {len(laid.made)} files made{kept}")
    typer.echo(f"  next: cd {laid.folder} && workbench tour")


def _own_bars(folder: Path | None, symbol: str | None, timeframe: str | None) -> dict[str, str]:
    if folder is None:
        if symbol or timeframe:
            message = "--symbol and --timeframe say what the bars in --data are; give --data as well"
            raise InputError(message)
        return {}
    if symbol is None or timeframe is None:
        message = "--data needs --symbol and --timeframe, for example --symbol ES --timeframe 1m"
        raise InputError(message)
    from workbench.units import instrument  # noqa: PLC0415
    from workbench.units import timeframe as read_timeframe  # noqa: PLC0415

    return {"data": str(existing(folder)), "symbol": instrument(symbol).symbol, "timeframe": read_timeframe(timeframe).value}
