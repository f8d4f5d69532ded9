"""What the present text would have done on the last bars: candles, the indicators the rules mention, entries, exits, bracket levels.

A preview is **no trial** and is not counted. It shows *where* a rule acts, so that a person sees whether it says what was meant, and
no performance figure: no return, no Sharpe ratio, no profit of a trade. What cannot be ranked cannot be selected on, and it is selection that inflates a
backtest. Whoever wants a figure presses the backtest button, which goes through the bench and is counted.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.backtest.engine import account as a
from workbench.backtest.run import backtest
from workbench.errors import WorkbenchError
from workbench.strategy.columns import Columns
from workbench.strategy.compiler import compile_rules
from workbench.strategy.rules import tree as t
from workbench.strategy.rules.advice import unit_of
from workbench.strategy.rules.statements import WORDS_OF
from workbench.strategy.rules.text import write
from workbench.strategy.strategy import strategy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from workbench.backtest.result import Result
    from workbench.market.bars import Bars
    from workbench.strategy.strategy import Strategy

MOST_OVERLAYS = 8
"""More lines than that are a heat map; the first mentioned are drawn."""
PRICE = "price"
_ROOM = 0.5
_TONES = ("accent", "stage-paper", "stage-shadow", "c6", "c7", "c8", "stage-canary", "stage-live")


@dataclass(frozen=True, kw_only=True, eq=False)
class Preview:
    """Everything the chart draws, for the shown bars only; positions count from the first of them."""

    bars: Bars
    overlays: tuple[Mapping[str, Any], ...]
    """``{name, values, color, pane, guides}``; values (n,), NaN where not known."""
    markers: tuple[Mapping[str, Any], ...]
    """``{at, side, text}``: fills, ``side`` ``buy``, ``sell`` or ``exit``."""
    levels: tuple[Mapping[str, Any], ...]
    """``{from, to, price, kind}``: stop and target of each position."""
    truths: Mapping[str, int]
    """On how many of the shown bars each rule is true, by direction."""
    entries: int
    """Positions opened on the shown bars."""
    unseen: tuple[str, ...] = ()
    """Indicators that found no room."""
    beyond: tuple[str, ...] = ()
    """Kinds of levels that lie so far from these bars that drawing them would press the candles flat."""

    @property
    def words(self) -> str:
        """What can be seen, one line, no judgement."""
        if not self.truths:
            return f"{len(self.bars):,} bars"
        told = [f"{WORDS_OF[name]}: true on {count:,}" for name, count in self.truths.items()]
        opened = f"{self.entries:,} {'entry' if self.entries == 1 else 'entries'} on {len(self.bars):,} bars"
        return " · ".join([opened, *told])


def preview(made: Strategy, bars: Bars, shown: int = 250) -> Preview:
    """Return what ``made`` does on the last ``shown`` of ``bars``; it runs on all of them, so that indicators and positions are those a backtest has.

    Raises:
        InputError: too few bars, or parameters that cannot be used.
    """
    columns = Columns(bars)
    result = backtest(made, bars, columns=columns)
    first = max(0, len(bars) - shown)
    overlays, unseen = _overlays(made, columns, first)
    signals = made.program.bind(made.defaults).columns(bars, columns)
    fills = result.run.fills
    opened = fills[np.isnan(fills[:, a.FILL_PNL])]
    cut, levels = bars.slice(first, len(bars)), list(_levels(result, first))
    near = [level for level in levels if _near(level["price"], cut)]
    return Preview(
        bars=cut,
        overlays=tuple(overlays),
        markers=tuple(_markers(fills, first)),
        levels=tuple(near),
        truths={name: int(getattr(signals, name)[first:].sum()) for name in made.spec.rules},
        entries=int((opened[:, a.FILL_BAR] >= first).sum()),
        unseen=tuple(unseen),
        beyond=tuple(dict.fromkeys(level["kind"] for level in levels if level not in near)),
    )


def _overlays(made: Strategy, columns: Columns, first: int) -> tuple[list[dict[str, Any]], list[str]]:
    """Return a line for each indicator the rules mention, those on the scale of price over the candles, the others in panes of their own."""
    trees = made.spec.trees
    calls = list(dict.fromkeys(call for node in trees.values() for call in t.calls(node)))
    drawn, left = calls[:MOST_OVERLAYS], calls[MOST_OVERLAYS:]
    if not drawn:
        return [], []
    program = compile_rules({}, made.spec.parameters, {f"n{place}": call for place, call in enumerate(drawn)})
    numbers = program.bind(made.defaults).columns(columns.bars, columns).numbers
    guides = _guides(trees, made.defaults)
    lines = []
    for place, call in enumerate(drawn):
        line: dict[str, Any] = {"name": _named(call, made.defaults), "color": _TONES[place % len(_TONES)], "pane": _pane(call)}
        line["values"] = np.asarray(numbers[f"n{place}"], dtype=np.float64)[first:]
        if line["pane"] != PRICE and call in guides:
            line["guides"] = sorted(guides[call])
        lines.append(line)
    return lines, [_named(call, made.defaults) for call in left]


def _pane(call: t.Call) -> str:
    """Return the pane of a line: price, or one for each indicator, its outputs together; the mean of a volume stands with others of volume."""
    unit = unit_of(call)
    if unit is not None:
        return PRICE if unit == "price" else "volume" if unit == "volume" else call.name
    return call.name


def _guides(trees: Mapping[str, t.Node], values: Mapping[str, float]) -> dict[t.Node, set[float]]:
    """Return the constants that each indicator is compared with."""
    found: dict[t.Node, set[float]] = {}
    for tree in trees.values():
        for node in t.walk(tree):
            for side, other in _compared(node):
                level = _constant(other, values)
                if level is not None and isinstance(side, t.Call):
                    found.setdefault(side, set()).add(level)
    return found


def _compared(node: t.Node) -> Iterator[tuple[t.Node, t.Node]]:
    if isinstance(node, t.Cross) or (isinstance(node, t.Binary) and node.op in t.COMPARISONS):
        yield node.left, node.right
        yield node.right, node.left
    elif isinstance(node, t.Between):
        yield node.node, node.low
        yield node.node, node.high


def _constant(node: t.Node, values: Mapping[str, float]) -> float | None:
    if isinstance(node, t.Number):
        return node.value
    if isinstance(node, t.Unary) and node.op == "-":
        inner = _constant(node.node, values)
        return None if inner is None else -inner
    return values.get(node.name) if isinstance(node, t.Param) else None


def _named(call: t.Call, values: Mapping[str, float]) -> str:
    """Return the call as text, each ``$parameter`` with the value it has in the preview."""
    text = write(call)
    for name in sorted(t.parameters(call), key=len, reverse=True):
        text = text.replace(f"${name}", f"{values.get(name, float('nan')):g}")
    return text


def _markers(fills: NDArray[np.float64], first: int) -> Iterator[dict[str, Any]]:
    """Yield entries by their side, exits by what closed them; never by what they earned."""
    for row in fills:
        at = int(row[a.FILL_BAR]) - first
        if at < 0:
            continue
        entry = bool(np.isnan(row[a.FILL_PNL]))
        reason = a.REASONS[int(row[a.FILL_REASON])].replace("_", " ")
        if entry:
            long = row[a.FILL_SIDE] > 0
            yield {"at": at, "side": "buy" if long else "sell", "text": f"{'long' if long else 'short'} {row[a.FILL_QTY]:g}"}
        else:
            yield {"at": at, "side": "exit", "text": "rule" if reason == "signal" else reason}


def _levels(result: Result, first: int) -> Iterator[dict[str, Any]]:
    """Yield stop and target of each position that touches the shown bars, from its entry to its exit."""
    fills = result.run.fills
    last = len(result.bars) - 1
    entry: NDArray[np.float64] | None = None
    for row in [*fills, None]:
        if entry is not None and (row is None or not np.isnan(row[a.FILL_PNL])):
            end = last if row is None else int(row[a.FILL_BAR])
            if end >= first:
                start = max(0, int(entry[a.FILL_BAR]) - first)
                for place, kind in ((a.FILL_STOP, "stop"), (a.FILL_TARGET, "target")):
                    if np.isfinite(entry[place]):
                        yield {"from": start, "to": end - first, "price": float(entry[place]), "kind": kind}
            entry = None
        if row is not None and np.isnan(row[a.FILL_PNL]):
            entry = row


def _near(price: float, bars: Bars) -> bool:
    """Return whether a level stands within half the height of the bars above or below them."""
    low, high = float(bars.low.min()), float(bars.high.max())
    room = _ROOM * (high - low)
    return low - room <= price <= high + room


def bare(bars: Bars, shown: int = 250) -> Preview:
    """Return the last bars alone, for a form without a rule."""
    first = max(0, len(bars) - shown)
    return Preview(bars=bars.slice(first, len(bars)), overlays=(), markers=(), levels=(), truths={}, entries=0)


def warm(bars: Bars) -> None:
    """Load the compiled code that previews on ``bars`` need (half a second in a fresh process), so that the first key typed does not wait for it."""
    made = strategy("buy when rsi(2) < 10; sell when rsi(2) > 60", symbols=bars.instrument.symbol, timeframe=bars.timeframe, stop="2 atr")
    with suppress(WorkbenchError):
        preview(made, bars.slice(max(0, len(bars) - 500), len(bars)))
