"""A plain evaluator of rule trees to compare programs with, random trees, and a small table of bars.

The twin walks a tree bar by bar over Python lists; indicators are their uncompiled step functions in a Python loop. It shares no code with the
compiler, the column evaluator, the machine or the drivers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from workbench.strategy.indicators import find
from workbench.strategy.rules.tree import Between, Binary, Call, Cross, Number, Offset, Param, Series, Trend, Unary

SERIES = ("open", "high", "low", "close", "volume")


class Table:
    """Bars as far as programs are concerned: five columns and a length."""

    def __init__(self, columns: dict[str, np.ndarray]) -> None:
        for name in SERIES:
            setattr(self, name, np.ascontiguousarray(columns[name], dtype=np.float64))

    def __len__(self) -> int:
        return len(self.close)

    def part(self, first: int, last: int) -> Table:
        return Table({name: getattr(self, name)[first:last] for name in SERIES})

    def rows(self) -> list[tuple[float, ...]]:
        return list(zip(*(getattr(self, name).tolist() for name in SERIES), strict=True))


def walk_table(bars: int, seed: int = 7) -> Table:
    """A random walk on a cent grid with ties and bars without volume."""
    rng = np.random.default_rng(seed)
    close = np.round(100 + rng.normal(0, 0.4, bars).cumsum(), 1)
    opened = np.round(close + rng.normal(0, 0.2, bars), 1)
    high = np.maximum(opened, close) + np.round(rng.random(bars), 1)
    low = np.minimum(opened, close) - np.round(rng.random(bars), 1)
    volume = rng.integers(0, 5, bars).astype(float)
    return Table({"open": opened, "high": high, "low": low, "close": close, "volume": volume})


def run_step(name: str, inputs: list[list[float]], params: tuple[float, ...]) -> list[list[float]]:
    """Drive the uncompiled step in Python: restart on inputs that are not finite, NaN where nothing is written."""
    entry = find(name)
    state, arguments = np.zeros(entry.state_size(params)), np.array(params)
    rows = []
    with np.errstate(all="ignore"):
        for bar in zip(*inputs, strict=True):
            out = np.full(len(entry.outputs), np.nan)
            if all(math.isfinite(value) for value in bar):
                entry.step.py_func(state, np.array(bar), arguments, out)
            else:
                state[:] = 0.0
            rows.append(out.tolist())
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in entry.outputs]


def evaluate(node: Any, table: Table, params: dict[str, float]) -> list[Any]:  # noqa: PLR0911 - one line a kind of node
    """Return the value of ``node`` on every bar."""
    bars = len(table)

    def inner(child: Any) -> list[Any]:
        return evaluate(child, table, params)

    if isinstance(node, Number | Param):
        return [node.value if isinstance(node, Number) else float(params[node.name]) + 0.0] * bars
    if isinstance(node, Series):
        return getattr(table, node.name).tolist()
    if isinstance(node, Call):
        return _call(node, table, params)
    if isinstance(node, Offset):
        return _earlier(inner(node.node), node.bars)
    if isinstance(node, Unary):
        operations = {"-": lambda x: -x, "abs": abs, "not": lambda x: not x}
        return [operations[node.op](value) for value in inner(node.node)]
    if isinstance(node, Trend):
        return [_trending(inner(node.node), bar, node.bars, node.direction) for bar in range(bars)]
    if isinstance(node, Between):
        return [low <= value <= high for value, low, high in zip(inner(node.node), inner(node.low), inner(node.high), strict=True)]
    left, right = inner(node.left), inner(node.right)
    if isinstance(node, Cross):
        return [_crossed(left, right, bar, node.direction) for bar in range(bars)]
    return [_binary(node.op, a, b) for a, b in zip(left, right, strict=True)]


def _call(node: Call, table: Table, params: dict[str, float]) -> list[float]:
    entry = find(node.name)
    own = len(node.args) > len(entry.parameters)
    series = [evaluate(arg, table, params) for arg in node.args[: len(entry.inputs)]] if own else None
    given = node.args[len(entry.inputs) :] if own else node.args
    values = tuple(float(params[arg.name]) if isinstance(arg, Param) else arg.value for arg in given)
    columns = run_step(node.name, series or [getattr(table, name).tolist() for name in entry.inputs], values)
    return columns[entry.outputs.index(node.output) if node.output else 0]


def _earlier(values: list[Any], bars: int) -> list[Any]:
    missing = False if values and isinstance(values[0], bool) else math.nan
    return [values[bar - bars] if bar >= bars else missing for bar in range(len(values))]


def _trending(values: list[float], bar: int, steps: int, direction: str) -> bool:
    if bar < steps:
        return False
    pairs = [(values[bar - back - 1], values[bar - back]) for back in range(steps)]
    return all(later > earlier if direction == "rising" else later < earlier for earlier, later in pairs)


def _crossed(left: list[float], right: list[float], bar: int, direction: str) -> bool:
    if bar == 0:
        return False
    if direction == "above":
        return left[bar] > right[bar] and left[bar - 1] <= right[bar - 1]
    return left[bar] < right[bar] and left[bar - 1] >= right[bar - 1]


def _binary(op: str, a: Any, b: Any) -> Any:
    if op in {"and", "or"}:
        return (a and b) if op == "and" else (a or b)
    if op in {"min", "max"}:
        if math.isnan(a) or math.isnan(b):
            return math.nan
        return (min(a, b)) if op == "min" else (max(a, b))
    if op == "!=":
        return a < b or a > b
    with np.errstate(all="ignore"):
        result = {
            "+": lambda: np.float64(a) + b,
            "-": lambda: np.float64(a) - b,
            "*": lambda: np.float64(a) * b,
            "/": lambda: np.float64(a) / np.float64(b),
            "<": lambda: a < b,
            "<=": lambda: a <= b,
            ">": lambda: a > b,
            ">=": lambda: a >= b,
            "==": lambda: a == b,
        }[op]()
    return float(result) if isinstance(result, np.floating) else result


# --- random trees and tables --------------------------------------------------------------------------------------------------------------

_PERIODS = st.integers(1, 6).map(lambda period: Number(float(period))) | st.sampled_from([Param("p"), Param("q")])
_LEAVES = (
    st.sampled_from([Series(name) for name in SERIES]) | st.sampled_from([0.0, 1.0, -2.5, 100.0]).map(Number) | st.just(Param("level"))
)
_CHANGING = st.sampled_from([Series(name) for name in SERIES])


def _numbers(inner: Any) -> Any:
    operators = st.sampled_from(["+", "-", "*", "/", "min", "max"])
    one = st.sampled_from(["sma", "ema", "rsi", "roc", "stdev", "highest", "lowest"])
    moving = inner.filter(lambda node: not isinstance(node, Number | Param | Unary | Binary)) | _CHANGING
    return st.one_of(
        st.builds(Binary, operators, inner, inner),
        st.builds(Unary, st.sampled_from(["-", "abs"]), inner),
        st.builds(Offset, inner, st.integers(1, 5)),
        st.builds(lambda name, period: Call(name, (period,)), one, _PERIODS),
        st.builds(lambda name, series, period: Call(name, (series, period)), one, moving, _PERIODS),
        st.builds(lambda period: Call("atr", (period,)), _PERIODS),
        st.builds(lambda period, output: Call("donchian", (period,), output), _PERIODS, st.sampled_from(["upper", "middle", "lower"])),
        st.builds(
            lambda a, b, c, output: Call("macd", (a, b, c), output), _PERIODS, _PERIODS, _PERIODS, st.sampled_from(["macd", "signal"])
        ),
        st.builds(
            lambda series, output: Call("bb", (series, Number(3.0), Number(1.5)), output), moving, st.sampled_from(["upper", "lower"])
        ),
    )


NUMBERS = st.recursive(_LEAVES, _numbers, max_leaves=5)


def _booleans(inner: Any) -> Any:
    return st.one_of(
        st.builds(Binary, st.sampled_from(["and", "or"]), inner, inner),
        st.builds(Unary, st.just("not"), inner),
        st.builds(Offset, inner, st.integers(1, 70)),
    )


_ATOMS = st.one_of(
    st.builds(Binary, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), NUMBERS, NUMBERS),
    st.builds(Cross, st.sampled_from(["above", "below"]), NUMBERS, NUMBERS),
    st.builds(Between, NUMBERS, NUMBERS, NUMBERS),
    st.builds(Trend, st.sampled_from(["rising", "falling"]), NUMBERS, st.integers(1, 4)),
)
BOOLEANS = st.recursive(_ATOMS, _booleans, max_leaves=4)
POINTS = st.fixed_dictionaries({"p": st.integers(1, 9), "q": st.integers(1, 9), "level": st.sampled_from([0.0, -0.0, 1.0, 50.0, 99.5])})
NAMES = ("p", "q", "level")


@st.composite
def tables(draw: Any, longest: int = 150) -> Table:
    """Tables with many ties, zero volume and now and then prices of zero."""
    bars = draw(st.integers(1, longest))
    seed = draw(st.integers(0, 2**32 - 1))
    table = walk_table(bars, seed)
    if draw(st.booleans()):
        rng = np.random.default_rng(seed)
        for name in SERIES:
            setattr(table, name, rng.choice([0.0, 1.0, 2.0, 3.0], bars))
    return table


def same(first: Any, second: Any) -> bool:
    """Whether two columns are equal to the bit, any NaN for any NaN."""
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    quiet = np.isnan(a) & np.isnan(b)
    return a.shape == b.shape and bool(np.all(quiet | (a.view(np.int64) == b.view(np.int64))))
