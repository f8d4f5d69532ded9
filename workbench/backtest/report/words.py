"""Numbers and texts as reports write them: signs, tones, escaped words."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from workbench import look

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.backtest.crosscheck import CrossCheck
    from workbench.backtest.result import Result


def figure_text(value: float, form: str) -> str:
    """Return ``value`` written as ``form``: count, loss (a share with a minus), share, plain share, gain (signed money), ratio, amount."""
    if form == "count":
        return look.number(value, 0)
    if form == "loss":
        return look.percent(-abs(value), 1)
    if form.endswith("share"):
        return look.percent(value, 1, sign=form == "share")
    if form == "gain":
        return look.signed(value)
    return look.number(value)


def tone(value: float, form: str) -> str:
    """Return the class that colours a gain or a loss, else nothing; the sign is there as well."""
    if form not in {"share", "gain", "ratio", "loss"} or math.isnan(value) or value == 0:
        return ""
    return "down" if form == "loss" or value < 0 else "up"


def text(value: str) -> str:
    """Return ``value`` with markup escaped."""
    return html.escape(value)


def badge(*, synthetic: bool) -> str:
    """Return the badge of made-up bars, or nothing."""
    return "<span class='badge'>SYNTHETIC</span>" if synthetic else ""


def subject(result: Result) -> str:
    """Return what was traded, when, on how many bars of which source."""
    bars = result.bars
    first, last = bars.frame.index[0], bars.frame.index[-1]
    return (
        f"{text(bars.instrument.name)} · {bars.instrument.symbol} {bars.timeframe.value} · {first:%d %b %Y} – {last:%d %b %Y} · "
        f"{look.number(len(bars), 0)} bars · {text(bars.source)}"
    )


def verdict(checked: CrossCheck) -> str:
    """Return what the second engine says, with its glyph."""
    status, colour = {"equal": ("pass", "up"), "different": ("critical", "down"), "absent": ("warning", "warn")}[checked.verdict]
    return f"<b class='{colour}'>{look.STATUS[status][0]} cross-check: {checked.verdict}</b> · {text(checked.words)}"


def moment(at: Any, *, intraday: bool) -> str:  # noqa: ANN401 - a pandas time or NaT
    """Return a time as reports write it; a dash where there is none."""
    form = "%Y-%m-%d %H:%M" if intraday else "%Y-%m-%d"
    return look.MISSING if pd.isna(at) else str(at.strftime(form))


def row(cells: Iterable[str], tag: str = "td") -> str:
    """Return one row of a table from cells that are markup already."""
    return f"<tr>{''.join(f'<{tag}>{cell}</{tag}>' for cell in cells)}</tr>"


def table(head: Iterable[str], rows: Iterable[str], kind: str = "") -> str:
    """Return a table from names of columns and rows that are markup already."""
    return f"<table class='{kind}'><thead>{row(head, 'th')}</thead><tbody>{''.join(rows)}</tbody></table>"
