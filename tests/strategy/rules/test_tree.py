from __future__ import annotations

import pickle

import pytest

from workbench.errors import InputError
from workbench.strategy.rules import parse_rule
from workbench.strategy.rules import tree as t


def test_spans_do_not_count() -> None:
    """Two nodes that mean the same are equal and hash alike wherever they stood."""
    first, second = t.Series("close", span=(0, 5)), t.Series("close", span=(9, 14))
    assert first == second
    assert len({first, second}) == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: t.Offset(t.Series("close"), 0),
        lambda: t.Offset(t.Series("close"), -1),
        lambda: t.Trend("rising", t.Series("close"), 0),
        lambda: t.Number(float("nan")),
        lambda: t.Series("vwap"),
        lambda: t.Clock("hour"),
        lambda: t.Binary("**", t.Number(1.0), t.Number(2.0)),
        lambda: t.Unary("+", t.Number(1.0)),
        lambda: t.Cross("over", t.Series("close"), t.Series("open")),  # type: ignore[arg-type]
        lambda: t.Lately("held", t.Trend("rising", t.Series("close"), 1), 0),
        lambda: t.Lately("once", t.Trend("rising", t.Series("close"), 1), -2),
        lambda: t.Higher(t.Series("close"), "2h"),
        lambda: t.Higher(t.Higher(t.Series("close"), "1h"), "1d"),
        lambda: t.Higher(t.Rank(t.Series("close")), "1d"),
        lambda: t.Higher(t.Clock("minute_of_day"), "1h"),
        lambda: t.Rank(t.Binary("+", t.Rank(t.Series("close")), t.Number(1.0))),
        lambda: t.Rank(t.Series("close"), "best"),  # type: ignore[arg-type]
    ],
)
def test_impossible_nodes_cannot_be_made(make: object) -> None:
    """A tree holds no future offset, no unknown series and no unknown operator, however it was made."""
    with pytest.raises(InputError):
        make()  # type: ignore[operator]


def test_timeframes_have_one_name() -> None:
    """A longer bar's timeframe is normalised, so that two spellings are one node; the kind is that of what it holds."""
    above = t.Binary(">", t.Series("close"), t.Series("open"))
    assert t.Higher(above, "daily") == t.Higher(above, "1d")
    assert [t.kind(t.Higher(above, "1h")), t.kind(t.Higher(t.Series("close"), "1h"))] == ["boolean", "number"]


def test_walking() -> None:
    """Parameters, calls and depth are found wherever they stand."""
    tree = parse_rule("sma($slow) > rsi($fast) and rsi($fast) < 3").tree
    assert t.parameters(tree) == ("fast", "slow")
    assert [call.name for call in t.calls(tree)] == ["sma", "rsi"]
    assert t.depth(tree) == 4


def test_trees_travel_between_processes() -> None:
    """A tree survives pickling."""
    tree = parse_rule("macd crosses above signal and not close[3] rising 2").tree
    assert tree == pickle.loads(pickle.dumps(tree))
