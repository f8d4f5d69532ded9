"""Many strategies on many symbols and timeframes, as one batch that can be stopped, killed and gone on with.

1. Every strategy is rewritten for each symbol and timeframe and run once with its default parameters; bars and indicator columns are shared by all
   strategies on them.
2. A finished cell is counted (``record``) and then written down, under a name that covers strategy, bars, money and kernels; a batch that is started
   again takes it from there, whatever else changed in the list.
3. ``Batch`` classifies what goes wrong: a cell that cannot run says why and the others go on; what is CRITICAL, or too many such cells, halts the batch.
   Near-zero variance over the cells is a bug and is said so.
"""

from __future__ import annotations

import json
import math
import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.backtest.batch import Batch
from workbench.backtest.engine.rules import FILL_MODEL
from workbench.backtest.run import backtest, program_hash_of
from workbench.compiled import sources_hash
from workbench.content import content_hash
from workbench.errors import BacktestError, InputError, UnknownNameError
from workbench.progress import SILENT
from workbench.strategy.columns import Columns
from workbench.units import timeframe as timeframe_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from workbench.backtest.result import Result
    from workbench.market.bars import Bars
    from workbench.progress import Progress
    from workbench.strategy.strategy import Strategy
    from workbench.strategy.validators import Finding

_METRICS = (
    "sharpe",
    "total_return",
    "cagr",
    "max_drawdown",
    "trades",
    "win_rate",
    "profit_factor",
    "expectancy",
    "exposure",
    "observations",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class MatrixResult:
    """One cell for every strategy, symbol and timeframe."""

    frame: pd.DataFrame
    """One row a cell, in the order of the lists: strategy, symbol, timeframe, metrics, problem (empty where it ran)."""
    rank: str
    """The metric that the picture shows and that is watched."""
    planned: int
    """Cells asked for; more than ``frame`` has after an interrupt or a halt."""
    findings: tuple[Finding, ...]
    """What the batch as a whole looks like; near-zero variance is a bug."""
    halted: str = ""
    """Why the batch halted; empty where it did not."""
    synthetic: bool = False
    """True where bars of a cell are made up."""

    @property
    def interrupted(self) -> bool:
        """Whether cells are missing."""
        return len(self.frame) < self.planned

    def table(self, value: str | None = None) -> pd.DataFrame:
        """Return one metric (the ranking one), strategies down and markets across."""
        name = value or self.rank
        if name not in self.frame.columns:
            kind = "metric"
            raise UnknownNameError(kind, name, _METRICS)
        market = self.frame["symbol"] + " " + self.frame["timeframe"]
        return (
            self.frame.assign(market=market)
            .pivot_table(index="strategy", columns="market", values=name, aggfunc="first", sort=False, dropna=False)
            .rename_axis(columns=None)
        )

    def figure(self, value: str | None = None) -> Any:  # noqa: ANN401 - a plotly figure
        """Return the heat map of one metric, strategies down and markets across."""
        from workbench.backtest.figures.landscape import cells  # noqa: PLC0415 - drawing only

        return cells(self, value or self.rank)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record; what has no value is None."""
        rows = [
            {str(name): (None if isinstance(item, float) and not math.isfinite(item) else item) for name, item in row.items()}
            for row in self.frame.to_dict("records")
        ]
        said = [{"severity": finding.severity, "code": finding.code, "message": finding.message} for finding in self.findings]
        return {"rank": self.rank, "planned": self.planned, "halted": self.halted, "findings": said, "cells": rows}

    def __len__(self) -> int:
        """Return the number of finished cells."""
        return len(self.frame)

    def __repr__(self) -> str:
        """Say how many cells ran and what the batch looks like."""
        ran = int((self.frame["problem"] == "").sum()) if len(self.frame) else 0
        said = "; ".join(finding.message for finding in self.findings) or "no finding"
        return f"MatrixResult({ran} of {self.planned} cells ran, {said}{f'; {self.halted}' if self.halted else ''})"

    def _repr_html_(self) -> str:
        badge = "<p>▨ SYNTHETIC</p>" if self.synthetic else ""
        shown = self.table().to_html(border=0, na_rep="–", float_format=lambda value: f"{value:.3g}") if len(self.frame) else ""
        return f"{badge}<p>{self!r}</p>{shown}"


@dataclass(frozen=True, kw_only=True)
class Cells:
    """How the cells of a matrix are made."""

    load: Callable[[str, str], Bars]
    """Bars of a symbol and timeframe."""
    cash: float
    """Starting money of every cell."""
    journal: Path | None = None
    """Folder of finished cells."""
    record: Callable[[Result], Any] = field(default=lambda result: result)
    """Told about every run; the ledger's ``record``."""

    def made(self, strategy: Strategy, bars: Bars, columns: Columns) -> dict[str, float | None]:
        """Return the metrics of one cell, from the journal where it is there."""
        path = None
        if self.journal is not None:
            path = self.journal / f"{self._key(strategy, bars)[:32]}.json"
            with suppress(OSError, ValueError):
                kept = json.loads(path.read_text(encoding="utf-8"))
                return {name: kept[name] for name in _METRICS if name in kept}
        result = backtest(strategy, bars, cash=self.cash, columns=columns)
        self.record(result)
        found = {name: value for name, value in result.metrics.to_dict().items() if name in _METRICS}
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"{path.name}.{os.getpid()}.part")
            part.write_text(json.dumps(found), encoding="utf-8")
            part.replace(path)
        return found

    def _key(self, strategy: Strategy, bars: Bars) -> str:
        about = {"spec": strategy.spec.spec_hash, "program": program_hash_of(strategy), "dataset": bars.dataset_hash}
        return content_hash(about | {"cash": float(self.cash), "fill_model": FILL_MODEL, "kernels": sources_hash()})


def matrix(  # noqa: PLR0913 - one call of a researcher, all options by keyword
    strategies: Iterable[Strategy],
    symbols: Sequence[str],
    timeframes: Sequence[str],
    load: Callable[[str, str], Bars],
    *,
    cash: float = 100_000.0,
    rank: str = "sharpe",
    journal: Path | None = None,
    record: Callable[[Result], Any] | None = None,
    progress: Progress = SILENT,
) -> MatrixResult:
    """Return what every strategy would have done on every symbol and timeframe.

    Args:
        strategies: of different names; each is rewritten for the symbol and timeframe of a cell, with the instrument's own session and costs.
        symbols: instruments.
        timeframes: lengths of a bar.
        load: gives the bars of a symbol and timeframe, such as ``bench.bars``.
        cash: starting money of every cell.
        rank: the metric that is shown and watched.
        journal: folder in which finished cells are kept, so that a killed batch goes on.
        record: told about every run; give the ledger's ``record``.
        progress: told after each cell.

    Raises:
        InputError: nothing to run, or two strategies of one name.
        UnknownNameError: no such metric or timeframe.
    """
    chosen = list(strategies)
    _refuse_empty(chosen, symbols, timeframes, rank)
    made = Cells(load=load, cash=cash, journal=journal, **({} if record is None else {"record": record}))
    batch, rows = Batch(), []
    planned = len(chosen) * len(symbols) * len(timeframes)
    halted, synthetic = "", False
    try:
        for symbol in symbols:
            for timeframe in timeframes:
                market = _Market(made, symbol, timeframe_of(timeframe).value)
                for strategy in chosen:
                    rows.append(market.cell(batch, strategy, rank))
                    synthetic |= market.synthetic
                    progress.at(len(rows), planned, f"{strategy.name} on {symbol} {timeframe}")
    except BacktestError as error:
        halted = str(error)
    except KeyboardInterrupt:
        progress.at(len(rows), planned, "interrupted; finished cells are kept")
    frame = pd.DataFrame(rows, columns=["strategy", "symbol", "timeframe", *_METRICS, "problem"])
    order = {strategy.name: place for place, strategy in enumerate(chosen)}
    frame = frame.sort_values("strategy", key=lambda names: names.map(order), kind="stable", ignore_index=True)
    return MatrixResult(frame=frame, rank=rank, planned=planned, findings=tuple(batch.findings(rank)), halted=halted, synthetic=synthetic)


class _Market:
    """The bars of one symbol and timeframe, fetched when the first strategy asks."""

    def __init__(self, made: Cells, symbol: str, timeframe: str) -> None:
        self.made, self.symbol, self.timeframe = made, symbol, timeframe
        self._bars: Bars | None = None
        self._columns: Columns | None = None

    @property
    def synthetic(self) -> bool:
        return self._bars is not None and self._bars.synthetic

    def cell(self, batch: Batch, strategy: Strategy, rank: str) -> dict[str, Any]:
        """Return the row of one strategy."""
        what = f"{strategy.name} on {self.symbol} {self.timeframe}"
        failed = len(batch.failures)
        found = batch.attempt(
            what, lambda: self._run(strategy), lambda metrics: math.nan if metrics[rank] is None else float(metrics[rank])
        )
        said = [failure.message for failure in batch.failures[failed:] if failure.error_class == "RECOVERABLE"]
        values = {name: np.nan if (found or {}).get(name) is None else found[name] for name in _METRICS}  # type: ignore[index]
        return {"strategy": strategy.name, "symbol": self.symbol, "timeframe": self.timeframe, **values, "problem": "; ".join(said)}

    def _run(self, strategy: Strategy) -> dict[str, Any]:
        if self._bars is None:
            self._bars = self.made.load(self.symbol, self.timeframe)
            self._columns = Columns(self._bars)
        assert self._columns is not None
        changes: dict[str, Any] = {"symbols": (self.symbol,), "timeframe": self.timeframe, "session_mode": None}
        if not timeframe_of(self.timeframe).intraday:
            changes["window"] = None  # a daily bar is its whole session
        return self.made.made(strategy.revised(**changes), self._bars, self._columns)


def _refuse_empty(strategies: Sequence[Strategy], symbols: Sequence[str], timeframes: Sequence[str], rank: str) -> None:
    if not strategies or not symbols or not timeframes or isinstance(symbols, str) or isinstance(timeframes, str):
        message = "a matrix needs lists of strategies, symbols and timeframes, for example matrix([s], ['SPX', 'IXIC'], ['1d'], bench.bars)"
        raise InputError(message)
    names = [strategy.name for strategy in strategies]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        message = f"two strategies are called {twice[0]!r}; give each a name of its own"
        raise InputError(message)
    if rank not in _METRICS:
        kind = "metric"
        raise UnknownNameError(kind, rank, _METRICS)
