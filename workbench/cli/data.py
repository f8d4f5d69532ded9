"""``data check``: is this file of bars fit for use?"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated, Any

import typer

from workbench.cli import show
from workbench.cli.given import existing
from workbench.cli.guard import group, taught
from workbench.errors import BarsError, CorruptDataError

app = group(help="Look at market data.")


@app.command("check")
@taught
def data_check(
    file: Annotated[Path, typer.Argument(help="CSV, Parquet, Arrow or LEAN zip, or a folder of LEAN zips.")],
    *,
    symbol: Annotated[str, typer.Option(help="What the bars are, such as ES or AAPL.")],
    timeframe: Annotated[str, typer.Option(help="How long one bar is: 1m 5m 15m 30m 1h 4h 1d.")],
    zone: Annotated[str | None, typer.Option(help="Time zone of times without one, such as America/New_York.")] = None,
    as_json: show.Json = False,
) -> None:
    """Print what is wrong with a file of bars. Exit code 1 when it must be refused.

    Example:
      workbench data check es.csv --symbol ES --timeframe 1m
    """
    found = _examined(existing(file), symbol, timeframe, zone)
    if as_json:
        show.print_json(found)
    else:
        problems: list[dict[str, Any]] = found["problems"]
        verdict = "■ refused" if found["fatal"] else "▲ usable, with warnings" if problems else "● no problem found"
        size = f" · {found['rows']:,} bars" if found["rows"] is not None else ""
        typer.echo(f"{verdict} · {found['symbol']} {found['timeframe']}{size} · {file}")
        for problem in problems:
            typer.echo(f"  {'✗ fatal  ' if problem['severity'] == 'fatal' else '▲ warning'}  {problem['what']}")
    if found["fatal"]:
        raise typer.Exit(1)


def _examined(path: Path, symbol: str, timeframe: str, zone: str | None) -> dict[str, Any]:
    from workbench.market import files, quality  # noqa: PLC0415 - pandas, 0.4 s that --help does not pay
    from workbench.units import instrument  # noqa: PLC0415
    from workbench.units import timeframe as read_timeframe  # noqa: PLC0415

    what, length = instrument(symbol), read_timeframe(timeframe)
    head = {"file": str(path), "symbol": what.symbol, "timeframe": length.value}
    try:
        bars = files.read(path, what, length, zone=zone)
    except CorruptDataError as error:
        return {**head, "rows": None, "fatal": True, "problems": [{"severity": "fatal", "what": problem} for problem in error.problems]}
    except BarsError as error:
        message = f"{path.name}: {error}"
        raise BarsError(message) from error
    report = quality.check(bars.frame, bars.instrument, length)
    problems = [
        {"severity": problem.severity, "what": str(problem), "kind": problem.kind, "count": problem.count} for problem in report.problems
    ]
    return {**head, "rows": report.rows, "fatal": report.fatal, "problems": problems}
