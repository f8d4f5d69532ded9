"""``backtest``, ``sweep``, ``evidence``: a rule tried from the command line, counted in the ledger like everywhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli import show
from workbench.cli.given import existing
from workbench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.app import Bench
    from workbench.market import Bars
    from workbench.strategy.strategy import Strategy

Rule = Annotated[str, typer.Argument(help='The rule, such as "buy when rsi(2) < 10; sell when rsi(2) > 60", or a strategy file (JSON).')]
Symbol = Annotated[str | None, typer.Option(help="What to trade: SPX, IXIC, AAPL, ... or SYN (made up). SPX by default.")]
Length = Annotated[str, typer.Option("--timeframe", help="How long one bar is: 1m 5m 15m 30m 1h 4h 1d.")]
Data = Annotated[Path | None, typer.Option(help="Your own bars: a CSV, Parquet or LEAN zip file, or a folder of LEAN zips.")]
Start = Annotated[str | None, typer.Option(help="First day, such as 2010-01-01.")]
End = Annotated[str | None, typer.Option(help="Day after the last.")]
Level = Annotated[str | None, typer.Option(help='A level, such as "2%", "16 ticks" or "2 atr".')]
Vary = Annotated[
    list[str] | None, typer.Option(help="Values of a $parameter: fast=5:20:1 (first:last:step) or fast=5,10,20. Repeat for more.")
]
Html = Annotated[Path | None, typer.Option(help="Write the tear sheet to this file.")]
Cash = Annotated[float, typer.Option(help="Money at the start.")]
_RANGE_PARTS = 3
_SHOWN = 10


def backtest(
    rule: Rule,
    *,
    symbol: Symbol = None,
    timeframe: Length = "1d",
    data: Data = None,
    start: Start = None,
    end: End = None,
    stop: Level = None,
    target: Level = None,
    cash: Cash = 100_000.0,
    html: Html = None,
    as_json: show.Json = False,
) -> None:
    """Run a rule on bars, check it with the second engine, count the trial.

    Examples:
      workbench backtest "buy when rsi(2) < 10 and close > sma(200); sell when rsi(2) > 60" --symbol SPX
      workbench backtest rule.json --data es.csv --symbol ES --timeframe 5m --html run.html
    """
    bench, subject, bars = _set_up(rule, symbol, timeframe, data, (start, end), _brackets(stop, target))
    found = bench.backtest(subject, bars, cash=cash)
    checked = found.crosscheck
    page = str(found.to_html(html.expanduser().absolute())) if html is not None else None
    if as_json:
        record = {"strategy": subject.name, "metrics": found.metrics.to_dict(), "crosscheck": checked.to_dict(), "html": page}
        show.print_json({**record, "dataset": bars.dataset_hash, "synthetic": bars.synthetic})
        return
    made_up = " · SYNTHETIC" if bars.synthetic else ""
    typer.echo(f"● {subject.name} · {bars.instrument.symbol} {bars.timeframe.value} · {len(bars):,} bars{made_up}")
    _metrics(found.metrics)
    typer.echo(f"  second engine   {checked.verdict}: {checked.words}")
    typer.echo(f"  counted         {bench.trials(subject)}")
    if page:
        typer.echo(f"  tear sheet      {page}")


def sweep(
    rule: Rule,
    *,
    vary: Vary = None,
    symbol: Symbol = None,
    timeframe: Length = "1d",
    data: Data = None,
    start: Start = None,
    end: End = None,
    stop: Level = None,
    target: Level = None,
    rank: Annotated[str, typer.Option(help="The metric that orders the points.")] = "sharpe",
    cash: Cash = 100_000.0,
    as_json: show.Json = False,
) -> None:
    """Run a rule at many parameter values, best first; each point is a counted trial. Stopped, it goes on where it was.

    Example:
      workbench sweep "buy when sma($fast) > sma($slow); sell when sma($fast) < sma($slow)" --vary fast=5:20:5 --vary slow=50,100,200
    """
    grid = _grid(vary or [])
    bench, subject, bars = _set_up(rule, symbol, timeframe, data, (start, end), {**_brackets(stop, target), "parameters": _defaults(grid)})
    line = show.Progress()
    try:
        found = bench.sweep(subject, bars, grid or None, cash=cash, rank=rank, progress=line)
    finally:
        line.leave()
    columns = [*found.swept, "sharpe", "total_return", "max_drawdown", "trades", "win_rate", "profit_factor"]
    best = found.frame.head(_SHOWN)[columns]
    if as_json:
        rows = best.astype(object).where(best.notna(), None).to_dict("records")
        show.print_json({"plan": found.plan_hash, "points": len(found), "planned": found.planned, "best": rows})
        return
    show.table(columns, ([f"{value:.4g}" for value in row] for row in best.to_numpy()))
    typer.echo(f"{len(found):,} of {found.planned:,} points · {bench.trials(subject)}")


def evidence(
    rule: Rule,
    *,
    vary: Vary = None,
    symbol: Symbol = None,
    timeframe: Length = "1d",
    data: Data = None,
    start: Start = None,
    end: End = None,
    stop: Level = None,
    target: Level = None,
    cash: Cash = 100_000.0,
    as_json: show.Json = False,
) -> None:
    """Ask whether a rule's result is more than luck: deflated Sharpe, overfitting, walk-forward, look-ahead proof.

    Example:
      workbench evidence "buy when rsi(2) < $low; sell when rsi(2) > 60" --vary low=5:25:5
    """
    grid = _grid(vary or [])
    bench, subject, bars = _set_up(rule, symbol, timeframe, data, (start, end), {**_brackets(stop, target), "parameters": _defaults(grid)})
    line = show.Progress()
    try:
        found = bench.evidence(subject, bars, grid or None, cash=cash, progress=line)
    finally:
        line.leave()
    if as_json:
        show.print_json({**found.to_dict(), "evidence_hash": found.evidence_hash})
        return
    for name, words in found.sentences():
        typer.echo(f"  {name:<24} {words}")
    typer.echo(f"evidence {found.evidence_hash}")


def _set_up(
    rule: str, symbol: str | None, timeframe: str, data: Path | None, window: tuple[str | None, str | None], extra: Mapping[str, Any]
) -> tuple[Bench, Strategy, Bars]:
    """Return the bench, the strategy and its bars.

    Raises:
        InputError: own bars without a symbol; as for ``strategy`` and ``bench.bars``.
    """
    from workbench.app import open_bench  # noqa: PLC0415 - pandas and numba, which --help does not pay
    from workbench.market import files  # noqa: PLC0415
    from workbench.units import instrument  # noqa: PLC0415
    from workbench.units import timeframe as read_timeframe  # noqa: PLC0415

    if data is not None and symbol is None:
        message = "--data needs --symbol, for example --symbol ES --timeframe 1m"
        raise InputError(message)
    subject = _strategy(rule, symbol, timeframe, extra)
    bench = open_bench()
    traded, length = subject.spec.symbols[0], subject.spec.timeframe
    if data is None:
        bars = bench.bars(traded, length.value, start=window[0], end=window[1])
    else:
        bars = files.read(existing(data), instrument(traded), read_timeframe(length.value)).window(*window)
    return bench, subject, bars


def _strategy(rule: str, symbol: str | None, timeframe: str, extra: Mapping[str, Any]) -> Strategy:
    from workbench.strategy.spec import StrategySpec  # noqa: PLC0415
    from workbench.strategy.strategy import Strategy, strategy  # noqa: PLC0415

    if rule.endswith(".json"):
        given = [name for name, value in extra.items() if value]
        if given:
            message = f"a strategy file says its own {', '.join(given)}; change the file, or write the rule on the command line"
            raise InputError(message)
        return Strategy(StrategySpec.from_json(existing(_path(rule)).read_text(encoding="utf-8")))
    return strategy(rule, symbols=(symbol or "SPX",), timeframe=timeframe, **{name: value for name, value in extra.items() if value})


def _path(name: str) -> Path:
    from pathlib import Path as File  # noqa: PLC0415 - typer reads the other one

    return File(name)


def _brackets(stop: str | None, target: str | None) -> dict[str, Any]:
    return {name: level for name, level in (("stop", stop), ("target", target)) if level is not None}


def _grid(vary: Sequence[str]) -> dict[str, list[float]]:
    """Return the values of each parameter.

    Raises:
        InputError: an entry that is not name=first:last:step or name=a,b,c.
    """
    grid: dict[str, list[float]] = {}
    for entry in vary:
        name, equals, said = entry.partition("=")
        try:
            values = _range(said) if ":" in said else [float(value) for value in said.split(",")]
        except ValueError:
            values = []
        if not equals or not values or not name.strip():
            message = f"--vary {entry!r} cannot be read; write fast=5:20:1 or fast=5,10,20"
            raise InputError(message)
        grid[name.strip().removeprefix("$").lower()] = values
    return grid


def _range(said: str) -> list[float]:
    parts = [float(part) for part in said.split(":")]
    first, last, step = parts if len(parts) == _RANGE_PARTS else (*parts, 1.0)
    if not step > 0.0 or last < first:
        return []
    count = int((last - first) / step + 1e-9) + 1
    return [round(first + place * step, 12) for place in range(count)]


def _defaults(grid: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """A rule on the command line says its parameters by what varies; the middle value stands as default."""
    brackets = {"stop", "target", "trailing", "time_stop", "size"}
    return {name: values[len(values) // 2] for name, values in grid.items() if name not in brackets}


def _metrics(metrics: Mapping[str, float]) -> None:
    from workbench import look  # noqa: PLC0415

    lines = (
        ("return", look.percent(metrics["total_return"], 1, sign=True)),
        ("a year", look.percent(metrics["cagr"], 1, sign=True)),
        ("Sharpe", look.number(metrics["sharpe"])),
        ("max drawdown", look.percent(-metrics["max_drawdown"], 1)),
        ("trades", look.number(metrics["trades"], 0)),
        ("win rate", look.percent(metrics["win_rate"], 1)),
        ("profit factor", look.number(metrics["profit_factor"])),
    )
    for name, value in lines:
        typer.echo(f"  {name:<15} {value}")
    sys.stdout.flush()
