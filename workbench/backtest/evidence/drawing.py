"""How evidence looks: one panel of words over a table, and two kinds of picture."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench import look

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike

_HEIGHT = 280
_BINS = 40


def card(title: str, words: str, frame: pd.DataFrame, *, synthetic: bool = False) -> str:
    """Return a quiet panel: title, one sentence, the table."""
    badge = f" <b style='color:{look.WARN}'>▨ SYNTHETIC</b>" if synthetic else ""
    table = frame.to_html(border=0, index=False, na_rep=look.MISSING, float_format=lambda value: f"{value:,.4g}")
    outside = (
        f"background:{look.BG1};color:{look.TEXT};border:1px solid {look.LINE};font:13px/18px {look.SANS};max-width:1100px;padding:8px 12px"
    )
    return f'<div style="{outside}"><b>{escape(title)}</b>{badge}<p style="margin:4px 0">{escape(words)}</p>{table}</div>'


def against(values: ArrayLike, seen: float, *, title: str, of: str, label: str) -> Any:  # noqa: ANN401 - a plotly figure
    """Return the histogram of what chance gives, with a line at what was seen."""
    import plotly.graph_objects as go  # noqa: PLC0415 - plotly only where a picture is asked for

    numbers = np.asarray(values, dtype=np.float64)
    numbers = numbers[np.isfinite(numbers)]
    figure = go.Figure(go.Histogram(x=numbers, nbinsx=_BINS, marker={"color": look.INFO, "line": {"width": 0}}, name=of))
    figure.update_layout(
        template=look.template(), title=title, height=_HEIGHT, hovermode="x", xaxis_title=of, yaxis_title="count", showlegend=False
    )
    if math.isfinite(seen):
        figure.add_vline(x=seen, line={"color": look.ACCENT, "width": 2}, annotation={"text": label, "font": {"color": look.ACCENT}})
    return figure


def columns(names: Sequence[str], values: Sequence[float], *, title: str, of: str) -> Any:  # noqa: ANN401 - a plotly figure
    """Return one column a name, gains and losses in their colours."""
    import plotly.graph_objects as go  # noqa: PLC0415 - plotly only where a picture is asked for

    colours = [look.UP if value >= 0 else look.DOWN for value in values]
    figure = go.Figure(go.Bar(x=list(names), y=list(values), marker={"color": colours}, name=of))
    return figure.update_layout(template=look.template(), title=title, height=_HEIGHT, yaxis_title=of, showlegend=False)


def recorded(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return JSON values: numpy numbers as Python's, NaN as None, infinities as words."""
    return {name: _json(value) for name, value in fields.items()}


def _json(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, dict):
        return recorded(value)
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
