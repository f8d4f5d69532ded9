"""Several runs side by side: their metrics, their curves, and how much they move together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from workbench.backtest.by_session import session_returns
from workbench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.backtest.result import Result

_MOST = 8
"""Runs of one comparison: as many as there are colours to tell apart."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """Runs with a name each."""

    results: tuple[Result, ...]
    names: tuple[str, ...]
    """One a run, all different."""

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Metrics (rows) of each run (columns)."""
        return pd.DataFrame({name: dict(result.metrics) for name, result in zip(self.names, self.results, strict=True)})

    @cached_property
    def correlation(self) -> pd.DataFrame:
        """Correlation of session returns over the trade dates that all runs have; NaN where a run never moved."""
        series = {name: session_returns(result) for name, result in zip(self.names, self.results, strict=True)}
        return pd.DataFrame(series).dropna().corr()

    @property
    def notes(self) -> tuple[str, ...]:
        """What makes the columns less comparable than they look: other bars, other windows, other money."""
        first = self.results[0]
        found = []
        if any(result.bars.dataset_hash != first.bars.dataset_hash for result in self.results):
            windows = {(result.bars.trade_date[0], result.bars.trade_date[-1]) for result in self.results}
            found.append("the runs are on different bars" + (" and over different windows" if len(windows) > 1 else ""))
        if any(result.cash != first.cash for result in self.results):
            found.append("the runs start with different money")
        return tuple(found)

    @property
    def synthetic(self) -> bool:
        """Whether any of the bars are made up."""
        return any(result.bars.synthetic for result in self.results)

    def figure(self) -> Any:  # noqa: ANN401 - a plotly figure
        """Return the equity curves, rebased to 100, over their drawdowns."""
        from workbench.backtest.figures.comparison import comparison  # noqa: PLC0415 - plotly only where a picture is asked for

        curves = {name: result.equity for name, result in zip(self.names, self.results, strict=True)}
        return comparison(curves, synthetic=self.synthetic)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record: metrics by run, correlation, notes."""
        return {
            "metrics": {name: result.metrics.to_dict() for name, result in zip(self.names, self.results, strict=True)},
            "correlation": [[None if math.isnan(value) else float(value) for value in row] for row in self.correlation.to_numpy()],
            "notes": list(self.notes),
        }

    def to_html(self, path: str | Path) -> Path:
        """Write the comparison as one self-contained HTML page and return where."""
        from workbench.backtest.report import write_comparison  # noqa: PLC0415 - only on demand

        return Path(write_comparison(self, Path(path)))

    def __repr__(self) -> str:
        """Name the runs with their Sharpe ratios."""
        said = ", ".join(f"{name} {result.metrics.sharpe:.2f}" for name, result in zip(self.names, self.results, strict=True))
        return f"Comparison(Sharpe: {said})"

    def _repr_html_(self) -> str:
        from workbench.backtest.report import comparison_card  # noqa: PLC0415 - only on demand

        return comparison_card(self)


def compare(*results: Result, names: Sequence[str] | None = None) -> Comparison:
    """Return ``results`` side by side, each under its strategy's name unless ``names`` are given; equal names get a number.

    Raises:
        InputError: no run or more than eight, or another number of names than of runs.
    """
    if not 1 <= len(results) <= _MOST:
        message = f"a comparison takes 1 to {_MOST} results, not {len(results)}"
        raise InputError(message)
    called = list(names) if names is not None else [result.spec.name for result in results]
    if len(called) != len(results):
        message = f"{len(results)} results need as many names, not {len(called)}"
        raise InputError(message)
    seen: dict[str, int] = {}
    for place, name in enumerate(called):
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            called[place] = f"{name} ({seen[name]})"
    return Comparison(results=tuple(results), names=tuple(called))
