"""What walk-forward and cross-validation found, as a page takes it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench import look
from workbench.backtest.curves import thinned
from workbench.widgets.backtest.columns import FOLD_COLUMNS
from workbench.widgets.backtest.landscape import titled
from workbench.widgets.backtest.shown import Picture, Shown, finite, mark, metric_columns, spread, times

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.backtest.cpcv import Cpcv
    from workbench.backtest.walkforward import WalkForward

_DRAWN = 6  # paths that can be told apart


def walked(found: WalkForward, daily: bool) -> Shown:  # noqa: FBT001 - bars are daily or not
    """Return a walk-forward as its page shows it."""
    held = round(found.robustness * found.planned)
    drawn = fold_equity(found, daily=daily)
    folds = found.folds["fold"].to_numpy(dtype=np.float64)
    inside = {
        "name": "in sample",
        "x": folds,
        "y": found.folds["is_sharpe"].to_numpy(dtype=np.float64),
        "tone": "dim",
        "dots": True,
        "dashed": True,
    }
    outside = {
        "name": "out of sample",
        "x": folds,
        "y": found.folds["oos_sharpe"].to_numpy(dtype=np.float64),
        "tone": "accent",
        "dots": True,
    }
    gone = found.planned - len(found.folds)
    luck = f"With no edge at all as many would hold by luck in {look.percent(found.luck, 0)} of the cases."
    return Shown(
        kind="ok" if found.robust else "warning",
        words=f"{held} of {found.planned} folds earned out of sample ({look.percent(found.robustness, 0)}, needs {look.percent(found.threshold, 0)}). {luck}",
        cards=fold_cards(found),
        pictures=(
            Picture(title="Out-of-sample equity, fold after fold", over_time=True, drawn={**drawn, "drawdown": True, "unit": "money"}),
            Picture(
                title="Sharpe ratio by fold",
                over_time=False,
                drawn={"lines": [outside, inside], "x_name": "fold", "y_name": "Sharpe", "x_digits": 0, "zero_line": 0.0},
            ),
        ),
        columns=[column for column in FOLD_COLUMNS if not (found.anchored and column["key"] == "trained")],
        rows=fold_rows(found, found.swept),
        synthetic=found.synthetic,
        partial=f"{gone} of {found.planned} folds are missing: it was stopped" if gone else "",
    )


def crossed(found: Cpcv, daily: bool) -> Shown:  # noqa: FBT001 - bars are daily or not
    """Return a cross-validation as its page shows it."""
    sharpes = found.sharpes
    middle = float(np.median(sharpes))
    money = found.equity
    keep = thinned(np.asarray(money.median(axis=1), dtype=np.float64), 400)
    lines = [{"name": "median of the paths", "values": money.median(axis=1).to_numpy()[keep], "tone": "text"}]
    ends = money.iloc[-1].sort_values()
    drawn = list(ends.index) if len(ends) <= _DRAWN else [ends.index[0], ends.index[-1]]
    lines += [{"name": f"path {name}", "values": money[name].to_numpy()[keep], "tone": "faint"} for name in drawn]
    marks = [{"x": middle, "text": f"median {look.number(middle)}", "tone": "text"}, mark(found.best, "best in sample")]
    overfit = (
        ""
        if math.isnan(found.overfit)
        else f" In {look.percent(found.overfit, 0)} of the splits the choice was no better than the median point."
    )
    return Shown(
        kind="warning" if found.negative > 0.5 else "ok",  # noqa: PLR2004 - most of the paths
        words=(
            f"{len(sharpes)} paths wholly out of sample: Sharpe {look.number(middle)} in the middle, {look.number(float(sharpes.min()))} to "
            f"{look.number(float(sharpes.max()))}; a sweep alone would have shown {look.number(found.best)}.{overfit}"
        ),
        cards=[
            {"label": "Median Sharpe", "value": middle, "digits": 2, "hint": "out of sample"},
            {"label": "Best in sample", "value": finite(found.best), "digits": 2, "hint": "what a sweep promises"},
            {"label": "Paths that lose", "value": found.negative, "kind": "percent", "digits": 0, "hint": "Sharpe not above zero"},
            {"label": "Splits", "value": f"{len(found.splits)}", "hint": f"{found.groups} groups, {found.test_groups} tested at a time"},
        ],
        pictures=(
            Picture(
                title="Every path, out of sample" if len(drawn) == len(ends) else "Worst, middle and best path, out of sample",
                over_time=True,
                drawn={"series": lines, "times": times(money.index, daily)[keep], "drawdown": False, "unit": "money", "digits": 0},
            ),
            Picture(title="Sharpe ratios of the paths", over_time=False, drawn=spread(sharpes, "Sharpe of a path", "paths", marks)),
        ),
        columns=[
            {"key": "path", "title": "Path", "kind": "text", "main": True},
            *metric_columns(("sharpe", "total_return", "max_drawdown", "trades")),
            {"key": "splits", "title": "From splits", "kind": "text"},
        ],
        rows=[
            {**{str(key): value for key, value in row.items()}, "id": str(row["path"]), "path": f"path {row['path']}"}
            for row in found.paths.to_dict("records")
        ],
        synthetic=found.synthetic,
    )


def fold_cards(walk: WalkForward) -> list[dict[str, Any]]:
    """Return what a walk-forward says as cards."""
    held = round(walk.robustness * walk.planned)
    return [
        {
            "label": "Folds that hold",
            "value": f"{held} of {walk.planned}",
            "tone": "up" if walk.robust else "down",
            "hint": f"{look.percent(walk.robustness, 0)}, needs {look.percent(walk.threshold, 0)}",
        },
        {"label": "Sharpe out of sample", "value": finite(walk.oos_sharpe), "digits": 2, "hint": "of the stitched equity"},
        {"label": "Return out of sample", "value": float(walk.equity.iloc[-1] / walk.equity.iloc[0] - 1.0), "kind": "percent", "digits": 1},
        {
            "label": "Training",
            "value": "anchored" if walk.anchored else "rolling",
            "hint": "everything before" if walk.anchored else "the last two stretches",
        },
    ]


def fold_rows(walk: WalkForward, varied: Sequence[str]) -> list[dict[str, Any]]:
    """Return the folds in order, with what they chose of the parameters that ``varied``."""
    return [
        {
            "id": str(fold["fold"]),
            "fold": f"fold {fold['fold']}",
            "trained": f"{fold['train_from']:%Y-%m-%d}",
            "tested": f"{fold['test_from']:%Y-%m-%d} to {fold['test_to']:%Y-%m-%d}",
            "chosen": " ".join(f"{titled(name)} {fold[name]:g}" for name in varied),
            "inside": finite(fold["is_sharpe"]),
            "outside": finite(fold["oos_sharpe"]),
            "gained": fold["oos_return"],
            "fell": fold["oos_drawdown"],
            "trades": fold["oos_trades"],
            "holds": "✓ holds" if fold["oos_sharpe"] > 0 else "✗ fails",
        }
        for fold in walk.folds.to_dict("records")
    ]


def fold_equity(walk: WalkForward, *, daily: bool) -> dict[str, Any]:
    """Return the stitched equity as ``Curve.show`` takes it, with a mark where each fold begins."""
    money = np.asarray(walk.equity, dtype=np.float64)
    keep = thinned(money)
    index = pd.DatetimeIndex(walk.equity.index)
    starts = [int(np.searchsorted(keep, np.searchsorted(index, start))) for start in walk.folds["test_from"]]
    return {
        "series": [{"name": "out of sample", "values": money[keep], "tone": "text"}],
        "times": times(index, daily)[keep],
        "marks": [{"at": min(at, len(keep) - 1), "text": f"fold {number + 1}"} for number, at in enumerate(starts)],
        "digits": 0,
    }
