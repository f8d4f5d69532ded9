"""Random canonical rule trees for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from workbench.strategy.rules import tree as t

PERIODS = st.integers(1, 300).map(lambda value: t.Number(float(value)))
PARAMETERS = st.sampled_from(["fast", "slow", "n", "level", "signal"]).map(t.Param)
NUMBERS = st.one_of(
    st.integers(-1000, 1000).map(lambda value: t.Number(float(value))),
    st.floats(-1e12, 1e12, allow_nan=False).map(t.Number),
    st.floats(1e-300, 1e299).map(t.Number),
)
FIXED = st.one_of(PERIODS, PARAMETERS, PARAMETERS.map(lambda name: t.Binary("*", name, t.Number(2.0))))
PRICES = st.sampled_from(t.SERIES).map(t.Series)
COLUMNS = st.one_of(PRICES, st.sampled_from(t.CLOCKS).map(t.Clock))
PLAIN_CALLS = st.one_of(
    st.builds(t.Call, st.sampled_from(["rsi", "sma", "ema", "atr", "roc", "volume_sma", "highest"]), st.tuples(FIXED), st.none()),
    st.builds(t.Call, st.just("macd"), st.tuples(FIXED, FIXED, FIXED), st.sampled_from(["macd", "signal", "histogram"])),
    st.builds(t.Call, st.just("bb"), st.tuples(FIXED, st.just(t.Number(2.5))), st.sampled_from(["upper", "middle", "lower"])),
)
BARS = st.integers(1, t.MAX_BARS_BACK)
FRAMES = st.sampled_from(["5m", "1h", "4h", "1d"])


def _varies(node: t.Node) -> bool:
    return any(isinstance(part, t.Call | t.Series | t.Clock | t.Rank) for part in t.walk(node))


def _plain(node: t.Node) -> bool:
    return _varies(node) and not any(isinstance(part, t.Clock | t.Higher | t.Rank) for part in t.walk(node))


def _unranked(node: t.Node) -> bool:
    return _varies(node) and not any(isinstance(part, t.Rank) for part in t.walk(node))


def _numbers_of(inner: st.SearchStrategy[t.Node]) -> st.SearchStrategy[t.Node]:
    varying = inner.filter(lambda node: _varies(node) and node != t.Series("close"))
    orders, units = st.sampled_from(["top", "bottom"]), st.sampled_from(["place", "share"])
    return st.one_of(
        st.builds(t.Binary, st.sampled_from(t.ARITHMETIC), inner, inner),
        st.builds(t.Unary, st.sampled_from(["-", "abs"]), inner),
        st.builds(t.Offset, inner, BARS),
        st.builds(lambda node, period: t.Call("sma", (node, period)), varying, FIXED),
        st.builds(t.Higher, inner.filter(_plain), FRAMES),
        st.builds(t.Rank, inner.filter(_unranked), orders, units),
    )


VALUES: st.SearchStrategy[t.Node] = st.recursive(st.one_of(NUMBERS, COLUMNS, PARAMETERS, PLAIN_CALLS), _numbers_of, max_leaves=8)
ATOMS = st.one_of(
    st.builds(t.Binary, st.sampled_from(t.COMPARISONS), VALUES, VALUES),
    st.builds(t.Cross, st.sampled_from(["above", "below"]), VALUES, VALUES),
    st.builds(t.Between, VALUES, VALUES, VALUES),
    st.builds(t.Trend, st.sampled_from(["rising", "falling"]), VALUES, BARS),
    st.builds(lambda left, right, frame: t.Higher(t.Binary(">", left, right), frame), PRICES, PLAIN_CALLS, FRAMES),
)
CONDITIONS: st.SearchStrategy[t.Node] = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(t.Binary, st.sampled_from(t.LOGIC), inner, inner),
        st.builds(lambda node: t.Unary("not", node), inner),
        st.builds(t.Offset, inner, BARS),
        st.builds(t.Lately, st.sampled_from(["once", "held"]), inner, BARS),
    ),
    max_leaves=12,
)
