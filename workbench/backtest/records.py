"""Tables as JSON and as quiet HTML: what every result of resampling shows of itself."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench import look

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever a table holds
    """Return ``value`` as JSON has it: a time as ISO text, what is missing or not finite as None."""
    if value is None or value is pd.NaT:
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of ``frame`` as JSON records, the index left out."""
    return [{str(name): plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def card(
    title: str,
    below: str,
    frame: pd.DataFrame,
    shown: Mapping[str, Callable[[Any], str]],
    *,
    synthetic: bool = False,
    most: int = 12,
) -> str:
    """Return a small table as HTML for a notebook cell: the columns ``shown``, each with how its values read.

    Args:
        title: what this is.
        below: one line of findings.
        frame: one row a line; at most ``most`` are shown and the rest is counted.
        shown: column -> how a value reads; the column's name with blanks is its head.
        synthetic: puts the badge beside the title.
        most: rows at most.
    """
    from workbench.backtest.report.style import STYLE  # noqa: PLC0415 - drawing only

    badge = "<span class='badge'>╱╱ SYNTHETIC ╱╱</span>" if synthetic else ""
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in shown)
    lines = "".join(
        f"<tr>{''.join(f'<td>{escape(said(row[name]))}</td>' for name, said in shown.items())}</tr>"
        for row in frame.head(most).to_dict("records")
    )
    rest = f"<div class='sub'>and {len(frame) - most} more</div>" if len(frame) > most else ""
    return (
        f"<div class='wb wb-card'><style>{look.css_variables()}{STYLE}</style><b class='name'>{escape(title)}</b>{badge}"
        f"<div class='sub'>{escape(below)}</div><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>{rest}</div>"
    )
