"""Recorded runs as rows, and two or three of them side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from workbench import look
from workbench.backtest.curves import thinned
from workbench.widgets.backtest.present import SHARES, WORDS, moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.backtest.result import Result
    from workbench.backtest.saved import SavedRun

RUN_COLUMNS: tuple[dict[str, Any], ...] = (
    {"key": "version", "title": "Run", "kind": "text", "main": True},
    {"key": "at", "title": "First run", "kind": "time"},
    {"key": "data", "title": "Data", "kind": "text"},
    {"key": "badge", "title": "", "kind": "badge"},
    {"key": "parameters", "title": "Parameters", "kind": "text"},
    {"key": "sharpe", "title": "Sharpe", "kind": "signed", "digits": 2, "main": True},
    {"key": "total_return", "title": "Return", "kind": "percent", "digits": 1, "sign": True, "main": True},
    {"key": "max_drawdown", "title": "Drawdown", "kind": "percent", "digits": 1},
)
TONES = ("text", "info", "stage-shadow")


def run_rows(runs: Sequence[SavedRun]) -> list[dict[str, Any]]:
    """Return recorded runs, the latest first."""
    return [
        {
            "id": run.trial_id,
            "version": f"v{run.version} · {run.trial_id[:8]}",
            "at": run.at,
            "data": f"{run.symbol} {run.timeframe} · {run.first:%Y-%m} to {run.last:%Y-%m}",
            "badge": "SYNTHETIC" if run.synthetic else "",
            "parameters": " ".join(f"{name} {value:g}" for name, value in run.parameters.items()) or look.MISSING,
            **{name: run.metrics.get(name) for name in ("sharpe", "total_return", "max_drawdown")},
        }
        for run in runs
    ]


def side_by_side(pairs: Sequence[tuple[SavedRun, Result]]) -> dict[str, Any]:
    """Return equities laid over each other, as a share of their starting money, and one row a metric with a column a run."""
    names = [f"v{run.version} {run.symbol} {run.trial_id[:6]}" for run, _ in pairs]
    times = np.unique(np.concatenate([moments(result) for _, result in pairs]))
    lines: list[dict[str, Any]] = []
    for name, tone_, (_, result) in zip(names, TONES, pairs, strict=False):
        own = moments(result)
        place = np.searchsorted(own, times, side="right") - 1
        growth = np.where(place >= 0, result.equity.to_numpy()[np.maximum(place, 0)] / result.cash, np.nan)
        lines.append({"name": name, "values": np.where(times > own[-1], np.nan, growth), "tone": tone_})
    keep = np.unique(np.concatenate([thinned(line["values"], 1000) for line in lines]))
    rows = [_compared(name, pairs) for name in WORDS]
    columns = [{"key": "metric", "title": "Metric", "kind": "text", "main": True}]
    columns += [{"key": f"run{place}", "title": name, "kind": "text", "main": True, "align": "right"} for place, name in enumerate(names)]
    return {
        "series": [{**line, "values": line["values"][keep]} for line in lines],
        "times": times[keep],
        "columns": columns,
        "rows": rows,
        "synthetic": any(run.synthetic for run, _ in pairs),
        "daily": all(not result.bars.timeframe.intraday for _, result in pairs),
    }


def _compared(name: str, pairs: Sequence[tuple[SavedRun, Result]]) -> dict[str, Any]:
    values = [float(result.metrics[name]) for _, result in pairs]
    digits = 0 if name in {"trades", "max_drawdown_bars"} else 2
    written = [look.percent(value) if name in SHARES else look.number(value, digits) for value in values]
    return {"id": name, "metric": WORDS[name], **{f"run{place}": value for place, value in enumerate(written)}}
