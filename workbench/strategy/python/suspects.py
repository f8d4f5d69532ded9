"""Lines of a function that usually look ahead: where a person should look first when the proof has failed.

The proof does not depend on this list; it only makes the refusal readable.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_WHOLE = frozenset({"mean", "std", "var", "min", "max", "sum", "median", "quantile", "idxmax", "idxmin", "mad", "zscore", "scale", "rank"})
_FITS = frozenset({"fit", "fit_transform", "fit_predict", "polyfit", "lstsq", "cut", "qcut", "minimize"})
_BACKWARDS = frozenset({"bfill", "backfill", "filtfilt", "interpolate", "savgol_filter", "detrend", "fft", "ifft", "rfft", "hpfilter"})
_BOUNDED = frozenset({"rolling", "expanding", "ewm", "groupby", "resample"})
_MOST = 3


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """One line that may look ahead."""

    text: str
    """The line."""
    why: str
    """What it does with later bars."""

    def __str__(self) -> str:
        """Say it in a clause."""
        return f"`{self.text}` {self.why}"


def suspects(source: str) -> tuple[Suspect, ...]:
    """Return up to three lines of ``source`` that usually look ahead, in order; none where nothing is recognised."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ()
    lines = source.splitlines()
    found: dict[int, Suspect] = {}
    for node in ast.walk(tree):
        for why in _reasons(node):
            line = getattr(node, "lineno", 1)
            found.setdefault(line, Suspect(text=lines[line - 1].strip(), why=why))
    return tuple(found[line] for line in sorted(found))[:_MOST]


def _reasons(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        word = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if word in {"shift", "diff", "pct_change", "roll"} and any(_negative(value) for value in _values(node)):
            yield f"reads later bars: {word} with a negative number moves the future back"
        if any(entry.arg == "center" and _true(entry.value) for entry in node.keywords):
            yield "is centred: half of its window lies after the bar"
        if word in _BACKWARDS or any(entry.arg == "method" and _says(entry.value, "bfill") for entry in node.keywords):
            yield f"fills or smooths with later bars ({word})"
        if word in _FITS:
            yield f"is fitted on all bars ({word}), those after the decision too"
        if word in _WHOLE and _over_all_bars(node):
            yield f"is over all bars ({word}), those after the decision too; use a rolling or an expanding window"
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and _negative(node.slice.step):
        yield "turns time around"
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr == "iloc" and _negative(node.slice):
        yield "takes the last bar there is, which is later than the bar decided"


def _over_all_bars(node: ast.Call) -> bool:
    """Whether this is a statistic of a whole column, not of a window, a row or two numbers."""
    across = any(
        entry.arg == "axis" and isinstance(entry.value, ast.Constant) and entry.value.value in {1, "columns"} for entry in node.keywords
    )
    return isinstance(node.func, ast.Attribute) and not across and not _bounded(node.func.value)


def _values(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *(entry.value for entry in node.keywords if entry.arg in {"periods", "shift", "n"})]


def _negative(node: ast.expr | None) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)


def _true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _says(node: ast.expr, word: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == word


def _bounded(node: ast.expr) -> bool:
    """Whether a chain such as ``x.rolling(5)`` stands before the method."""
    return any(isinstance(part, ast.Attribute) and part.attr in _BOUNDED for part in ast.walk(node))
