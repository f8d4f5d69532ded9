"""Recorded runs and sweeps as rows, and some runs side by side: equity, figures, how much they move together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from workbench import look
from workbench.backtest.curves import thinned
from workbench.backtest.saved import SavedSweep
from workbench.widgets.backtest.landscape import titled
from workbench.widgets.backtest.present import SHARES, WORDS, moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.backtest.comparison import Comparison
    from workbench.backtest.saved import SavedRun

RUN_COLUMNS: tuple[dict[str, Any], ...] = (
    {"key": "version", "title": "Run", "kind": "text", "main": True},
    {"key": "what", "title": "What", "kind": "text"},
    {"key": "at", "title": "First run", "kind": "time"},
    {"key": "data", "title": "Data", "kind": "text"},
    {"key": "badge", "title": "", "kind": "badge"},
    {"key": "parameters", "title": "Parameters", "kind": "text"},
    {"key": "sharpe", "title": "Sharpe", "kind": "signed", "digits": 2, "main": True},
    {"key": "total_return", "title": "Return", "kind": "percent", "digits": 1, "sign": True, "main": True},
    {"key": "max_drawdown", "title": "Drawdown", "kind": "percent", "digits": 1},
)
TONES = ("text", "info", "stage-shadow", "c6", "c7", "c8", "stage-canary", "stage-live")


def run_rows(runs: Sequence[SavedRun | SavedSweep]) -> list[dict[str, Any]]:
    """Return recorded runs and sweeps, in their order."""
    return [_sweep_row(run) if isinstance(run, SavedSweep) else _run_row(run) for run in runs]


def key_of(run: SavedRun | SavedSweep) -> str:
    """Return the row's id."""
    return f"sweep:{run.plan_hash}" if isinstance(run, SavedSweep) else run.trial_id


def title_of(run: SavedRun | SavedSweep) -> str:
    """Return what the row is called."""
    return f"v{run.version} · {(run.plan_hash if isinstance(run, SavedSweep) else run.trial_id)[:8]}"


def _run_row(run: SavedRun) -> dict[str, Any]:
    return {
        **_shared(run),
        "what": "backtest",
        "parameters": " ".join(f"{titled(name)} {value:g}" for name, value in run.parameters.items()) or look.MISSING,
        "actions": ["pick"],
        **{name: run.metrics.get(name) for name in ("sharpe", "total_return", "max_drawdown")},
    }


def _sweep_row(run: SavedSweep) -> dict[str, Any]:
    return {
        **_shared(run),
        "what": f"sweep · {run.trials:,} points",
        "parameters": f"{', '.join(titled(name) for name in run.swept) or look.MISSING} · mean Sharpe {look.number(run.mean)}",
        "actions": ["open"],
        "sharpe": None,
        "total_return": None,
        "max_drawdown": None,
    }


def _shared(run: SavedRun | SavedSweep) -> dict[str, Any]:
    return {
        "id": key_of(run),
        "version": title_of(run),
        "at": run.at,
        "data": f"{run.symbol} {run.timeframe} · {run.first:%Y-%m} to {run.last:%Y-%m}",
        "badge": "SYNTHETIC" if run.synthetic else "",
    }


def side_by_side(found: Comparison) -> dict[str, Any]:
    """Return equities laid over each other, as a share of their starting money, one row a metric with a column a run, and their correlation."""
    times = np.unique(np.concatenate([moments(result) for result in found.results]))
    lines: list[dict[str, Any]] = []
    for name, tone_, result in zip(found.names, TONES, found.results, strict=False):
        own = moments(result)
        place = np.searchsorted(own, times, side="right") - 1
        growth = np.where(place >= 0, result.equity.to_numpy()[np.maximum(place, 0)] / result.cash, np.nan)
        lines.append({"name": name, "values": np.where(times > own[-1], np.nan, growth), "tone": tone_})
    keep = np.unique(np.concatenate([thinned(line["values"], 1000) for line in lines]))
    columns = [{"key": "metric", "title": "Metric", "kind": "text", "main": True}]
    columns += [
        {"key": f"run{place}", "title": name, "kind": "text", "main": True, "align": "right"} for place, name in enumerate(found.names)
    ]
    return {
        "series": [{**line, "values": line["values"][keep]} for line in lines],
        "times": times[keep],
        "columns": columns,
        "rows": [_compared(name, found) for name in WORDS],
        "correlation": {"x": list(found.names), "y": list(found.names), "z": found.correlation.to_numpy(dtype=np.float64)},
        "notes": found.notes,
        "synthetic": found.synthetic,
        "daily": all(not result.bars.timeframe.intraday for result in found.results),
    }


def _compared(name: str, found: Comparison) -> dict[str, Any]:
    values = [float(result.metrics[name]) for result in found.results]
    digits = 0 if name in {"trades", "max_drawdown_bars"} else 2
    written = [look.percent(value) if name in SHARES else look.number(value, digits) for value in values]
    return {"id": name, "metric": WORDS[name], **{f"run{place}": value for place, value in enumerate(written)}}
