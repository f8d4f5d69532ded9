"""What Monte Carlo, bootstrap and other histories found, as a page takes it; and the door to all studies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from workbench import look
from workbench.widgets.backtest.folds import crossed, walked
from workbench.widgets.backtest.present import WORDS
from workbench.widgets.backtest.shown import Picture, Shown, finite, mark, quantile_columns, quantile_rows, spread, times, written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbench.backtest.bootstrap import Bootstrap
    from workbench.backtest.montecarlo import MonteCarlo
    from workbench.backtest.paths import Paths

_FAN = (
    ("0.95", "one in twenty above", "dim"),
    ("0.75", "upper quarter", "dim"),
    ("0.25", "lower quarter", "dim"),
    ("0.05", "one in twenty below", "down"),
)
_LIKELY = 0.05


def shown(found: Any, *, daily: bool) -> Shown:  # noqa: ANN401 - the record of a study
    """Return a study's record as a page shows it."""
    return _SHOWN[type(found).__name__](found, daily)


def _carlo(found: MonteCarlo, daily: bool) -> Shown:  # noqa: FBT001, ARG001 - trades have no times here
    own = found.own["max_drawdown"]
    return Shown(
        kind="warning" if found.risk_of_ruin > _LIKELY or found.loss_probability > 0.5 else "info",  # noqa: PLR2004 - most of the runs
        words=(
            f"Be ready for a drawdown of {look.percent(found.worst_drawdown)}: one run in twenty was deeper (as it came: {look.percent(own)}). "
            f"{look.percent(found.loss_probability)} of {len(found.runs):,} runs lost money; {found.words}."
        ),
        cards=[
            {
                "label": "Drawdown to expect",
                "value": found.worst_drawdown,
                "kind": "percent",
                "digits": 1,
                "hint": "one in twenty is deeper",
            },
            {"label": "Runs that lose", "value": found.loss_probability, "kind": "percent", "digits": 1, "hint": "end below the start"},
            {
                "label": f"Down {look.percent(found.ruin, 0)}",
                "value": found.risk_of_ruin,
                "kind": "percent",
                "digits": 1,
                "hint": "at some time",
            },
            {"label": "Trades", "value": f"{found.trades:,}", "hint": "gains compound" if found.compound else "gains in money"},
        ],
        pictures=_carlo_pictures(found),
        columns=quantile_columns("as it came"),
        rows=quantile_rows(found.frame),
        synthetic=found.synthetic,
    )


def _carlo_pictures(found: MonteCarlo) -> tuple[Picture, ...]:
    own = found.own["max_drawdown"]
    fan = found.fan
    across = fan.index.to_numpy(dtype=np.float64)
    named = {str(column): fan[column].to_numpy(dtype=np.float64) for column in fan.columns}
    falls = found.runs["max_drawdown"].to_numpy(dtype=np.float64)
    return (
        Picture(
            title="Equity, trade after trade",
            over_time=False,
            drawn={
                "lines": [
                    {"name": "as it came", "x": across, "y": named["own"], "tone": "text"},
                    {"name": "median", "x": across, "y": named["0.5"], "tone": "info", "dashed": True},
                ],
                "bands": [
                    {"name": "nine in ten", "x": across, "low": named["0.05"], "high": named["0.95"], "tone": "info"},
                    {"name": "half", "x": across, "low": named["0.25"], "high": named["0.75"], "tone": "info"},
                ],
                "x_name": "trades",
                "y_name": "money",
                "x_digits": 0,
                "y_digits": 0,
            },
        ),
        Picture(
            title="Largest drawdown of a run",
            over_time=False,
            drawn=spread(
                falls,
                "drawdown",
                "runs",
                [mark(own, "as it came"), mark(found.worst_drawdown, "one in twenty", "down")],
                kind="percent",
            ),
        ),
    )


def _draw_pictures(found: Bootstrap, low: float, high: float) -> tuple[Picture, ...]:
    ratios = found.samples["sharpe"].to_numpy(dtype=np.float64)
    falls = found.samples["max_drawdown"].to_numpy(dtype=np.float64)
    fall = found.metric("max_drawdown")
    return (
        Picture(
            title="Sharpe ratio of the draws",
            over_time=False,
            drawn=spread(
                ratios,
                "Sharpe",
                "draws",
                [mark(found.metric("sharpe")["estimate"], "run"), mark(low, "low", "dim"), mark(high, "high", "dim")],
            ),
        ),
        Picture(
            title="Largest drawdown of the draws",
            over_time=False,
            drawn=spread(falls, "drawdown", "draws", [mark(fall["estimate"], "run"), mark(fall["high"], "high", "down")], kind="percent"),
        ),
    )


def _bootstrap(found: Bootstrap, daily: bool) -> Shown:  # noqa: FBT001, ARG001 - draws have no times
    low, high = found.interval("sharpe")
    fall = found.metric("max_drawdown")
    wide = low <= 0.0
    return Shown(
        kind="warning" if wide else "ok",
        words=(
            f"At {look.percent(found.level, 0)} the Sharpe ratio lies between {look.number(low)} and {look.number(high)}"
            f"{', so zero cannot be excluded' if wide else ''}; {look.percent(found.loss_probability)} of {found.runs:,} draws are not above zero. "
            f"{found.method.capitalize()} blocks of {look.number(found.block, 1)} bars."
        ),
        cards=[
            {"label": "Sharpe, low end", "value": finite(low), "digits": 2, "hint": f"{look.percent((1 - found.level) / 2)} are below"},
            {"label": "Sharpe", "value": finite(found.metric("sharpe")["estimate"]), "digits": 2, "hint": "of the run itself"},
            {"label": "Sharpe, high end", "value": finite(high), "digits": 2, "hint": f"{look.percent((1 - found.level) / 2)} are above"},
            {
                "label": "Drawdown, high end",
                "value": finite(fall["high"]),
                "kind": "percent",
                "digits": 1,
                "hint": f"{look.percent(fall['estimate'])} as it came",
            },
        ],
        pictures=_draw_pictures(found, low, high),
        columns=[
            {"key": "metric", "title": "Metric", "kind": "text", "main": True},
            {"key": "estimate", "title": "Run", "kind": "text", "align": "right", "main": True},
            {"key": "low", "title": "Low", "kind": "text", "align": "right", "main": True},
            {"key": "high", "title": "High", "kind": "text", "align": "right", "main": True},
            {"key": "error", "title": "Deviation", "kind": "text", "align": "right"},
            {"key": "draws", "title": "Draws", "kind": "number", "digits": 0},
        ],
        rows=[
            {
                "id": row["metric"],
                "metric": WORDS.get(row["metric"], row["metric"].replace("_", " ")),
                **{name: written(row["metric"], row[name]) for name in ("estimate", "low", "high", "error")},
                "draws": row["draws"],
            }
            for row in found.frame.to_dict("records")
        ],
        synthetic=found.synthetic,
    )


def _paths(found: Paths, daily: bool) -> Shown:  # noqa: FBT001 - bars are daily or not
    fan = found.fan
    named = {str(column): fan[column].to_numpy(dtype=np.float64) for column in fan.columns}
    lines: list[dict[str, Any]] = [{"name": "given bars", "values": named["own"], "tone": "text"}]
    lines += [{"name": "median", "values": named["0.5"], "tone": "info"}]
    lines += [{"name": words, "values": named[share], "tone": tone, "dashed": True} for share, words, tone in _FAN]
    ratios = found.frame["sharpe"].fillna(0.0).to_numpy(dtype=np.float64)
    return Shown(
        kind="warning" if found.loss_probability > 0.5 else "info",  # noqa: PLR2004 - most of the histories
        words=(
            f"On {len(found.frame):,} histories made of pieces of this one {look.percent(found.loss_probability)} lost money; the median Sharpe is "
            f"{look.number(float(np.median(ratios)))}, {look.number(found.own['sharpe'])} on the given bars, which beat {look.percent(found.rank, 0)} of them."
        ),
        cards=[
            {"label": "Histories that lose", "value": found.loss_probability, "kind": "percent", "digits": 1},
            {
                "label": "Median Sharpe",
                "value": float(np.median(ratios)),
                "digits": 2,
                "hint": f"{look.number(found.own['sharpe'])} on the given bars",
            },
            {
                "label": "Beaten by the given",
                "value": finite(found.rank),
                "kind": "percent",
                "digits": 0,
                "hint": "near 100 %: the real order mattered",
            },
            {"label": "Blocks", "value": look.number(found.block, 0), "hint": f"sessions, {found.method}"},
        ],
        pictures=(
            Picture(
                title="Equity on other histories",
                over_time=True,
                drawn={"series": lines, "times": times(fan.index, daily), "drawdown": False, "unit": "money", "digits": 0},
            ),
            Picture(
                title="Sharpe ratio on other histories",
                over_time=False,
                drawn=spread(
                    ratios, "Sharpe", "histories", [mark(found.own["sharpe"], "given bars"), {"x": 0.0, "text": "", "tone": "faint"}]
                ),
            ),
        ),
        columns=quantile_columns("given bars"),
        rows=quantile_rows(found.quantiles()),
        synthetic=True,
    )


_SHOWN: Mapping[str, Callable[[Any, bool], Shown]] = {
    "WalkForward": walked,
    "Cpcv": crossed,
    "MonteCarlo": _carlo,
    "Bootstrap": _bootstrap,
    "Paths": _paths,
}
