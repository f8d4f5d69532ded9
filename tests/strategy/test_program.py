"""Programs: batch, streaming, packed bits and a plain twin agree to the bit."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from program_twin import BOOLEANS, NAMES, NUMBERS, POINTS, Table, evaluate, same, tables, walk_table

from workbench.errors import InputError, UnknownNameError
from workbench.strategy.columns import Columns
from workbench.strategy.compiler import compile_rules
from workbench.strategy.packed import pack
from workbench.strategy.program import DIRECTIONS
from workbench.strategy.rules.tree import Binary, Call, Cross, Number, Param, Series, Trend, Unary

RELAXED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
RULES = st.dictionaries(st.sampled_from(DIRECTIONS), BOOLEANS, min_size=1, max_size=3)


def crossing(fast: str = "fast", slow: str = "slow") -> dict[str, Any]:
    pair = (Call("sma", (Param(fast),)), Call("sma", (Param(slow),)))
    return {"entry_long": Cross("above", *pair), "exit_long": Cross("below", *pair)}


def streamed(stream: Any, table: Table) -> dict[str, list[Any]]:
    said = [stream.update(*row) for row in table.rows()]
    return {name: [bar[name] for bar in said] for name in said[0]} if said else {}


def assert_same(signals: Any, columns: dict[str, list[Any]], what: str) -> None:
    for name in DIRECTIONS:
        assert getattr(signals, name).tolist() == [int(value) for value in columns[name]], f"{name}: batch against {what}"
    for name, column in signals.numbers.items():
        assert same(column, columns[name]), f"{name}: batch against {what}"


@RELAXED
@given(RULES, NUMBERS, tables(), POINTS)
def test_columns_equal_the_twin(rules: Any, extra: Any, table: Table, point: dict[str, float]) -> None:
    """A program evaluated column by column gives what the tree means, bar by bar in plain Python, to the bit."""
    bound = compile_rules(rules, NAMES, {"extra": extra}).bind(point)
    expected = {name: evaluate(rules[name], table, point) if name in rules else [False] * len(table) for name in DIRECTIONS}
    for name in DIRECTIONS:
        expected[name][: bound.warmup] = [False] * min(bound.warmup, len(table))
    assert_same(bound.columns(table), expected | {"extra": evaluate(extra, table, point)}, "twin")


@RELAXED
@given(RULES, NUMBERS, tables(), POINTS)
def test_stream_equals_columns(rules: Any, extra: Any, table: Table, point: dict[str, float]) -> None:
    """A program fed bar by bar says on every bar what the batch says, to the bit."""
    bound = compile_rules(rules, NAMES, {"extra": extra}).bind(point)
    assert_same(bound.columns(table), streamed(bound.stream(), table), "stream")


@RELAXED
@given(RULES, NUMBERS, tables(), POINTS, st.data())
def test_restored_stream_goes_on_as_if_never_stopped(rules: Any, extra: Any, table: Table, point: dict[str, float], data: Any) -> None:
    """A stream restored from a snapshot taken anywhere says on the remaining bars what the batch says."""
    bound = compile_rules(rules, NAMES, {"extra": extra}).bind(point)
    stop = data.draw(st.integers(0, len(table)))
    first, second = bound.stream(), bound.stream()
    before = streamed(first, table.part(0, stop))
    second.restore(first.snapshot())
    assert second.snapshot() == first.snapshot()
    after = streamed(second, table.part(stop, len(table)))
    whole = {name: before.get(name, []) + after.get(name, []) for name in {**before, **after}}
    assert_same(bound.columns(table), whole, "restored stream")


@RELAXED
@given(RULES, NUMBERS, tables(), POINTS, st.data())
def test_anchor_and_truncation(rules: Any, extra: Any, table: Table, point: dict[str, float], data: Any) -> None:
    """A stream started at an anchor bar equals the batch over the bars from there; taking later bars away changes nothing before."""
    bound = compile_rules(rules, NAMES, {"extra": extra}).bind(point)
    cut = data.draw(st.integers(0, len(table) - 1))
    tail = table.part(cut, len(table))
    assert_same(bound.columns(tail), streamed(bound.stream(), tail), "stream from the anchor")
    whole, head = bound.columns(table), bound.columns(table.part(0, cut))
    for name in DIRECTIONS:
        assert getattr(whole, name)[:cut].tolist() == getattr(head, name).tolist()
    assert same(whole.numbers["extra"][:cut], head.numbers["extra"])


@RELAXED
@given(RULES, NUMBERS, tables(200), st.lists(POINTS, min_size=1, max_size=7), st.sampled_from([1, 1 << 30]))
def test_packed_equals_columns(rules: Any, extra: Any, table: Table, points: list[dict[str, float]], budget: int) -> None:
    """The packed signals of many points, in one piece or split for memory, are those of each point alone."""
    program = compile_rules(rules, NAMES, {"extra": extra})
    packed = pack([program.bind(point) for point in points], Columns(table), budget)
    for place, point in enumerate(points):
        alone, together = program.bind(point).columns(table), packed.signals(place)
        assert together.warmup == alone.warmup
        for name in DIRECTIONS:
            assert getattr(together, name).tolist() == getattr(alone, name).tolist()
        assert same(together.numbers["extra"], alone.numbers["extra"])


def test_packed_words_hold_no_bits_after_the_last_bar() -> None:
    """Bits beyond the last bar are zero, so that counting bits counts bars."""
    table = walk_table(70)
    packed = compile_rules({"entry_long": Unary("not", Binary("<", Series("close"), Number(0.0)))}).packed([{}], Columns(table))
    assert [int(word).bit_count() for word in packed.words[packed.rows[0, 0]]] == [64, 6]


def test_no_points_and_no_bars() -> None:
    """An empty sweep and an empty table give empty signals instead of an error."""
    program = compile_rules(crossing(), ["fast", "slow"])
    assert program.packed([], Columns(walk_table(10))).rows.shape == (0, 4)
    assert len(program.bind({"fast": 2, "slow": 3}).columns(walk_table(0)).entry_long) == 0


def test_sweep_computes_each_distinct_column_once() -> None:
    """Ten windows in 45 pairs need ten averages, whether packed or one point after the other."""
    program, table = compile_rules(crossing(), ["fast", "slow"]), walk_table(300)
    points = [{"fast": fast, "slow": slow} for fast in range(2, 12) for slow in range(fast + 1, 12)]
    packed, single = Columns(table), Columns(table)
    program.packed(points, packed)
    for point in points:
        program.bind(point).columns(table, single)
    assert (packed.kept_columns, single.kept_columns) == (10, 10)


def test_kept_columns_stay_within_the_budget_and_results_stay_right() -> None:
    """With room for one column the others are computed again, with the same result."""
    program, table = compile_rules(crossing(), ["fast", "slow"]), walk_table(500)
    small = Columns(table, budget=500 * 8)
    for point in ({"fast": 3, "slow": 9}, {"fast": 4, "slow": 9}, {"fast": 3, "slow": 9}):
        expected, found = program.bind(point).columns(table), program.bind(point).columns(table, small)
        assert expected.entry_long.tolist() == found.entry_long.tolist()
        assert small.kept_columns <= 1


@pytest.mark.parametrize(
    ("node", "warmup"),
    [
        (Series("close"), 0),
        (Call("sma", (Number(20.0),)), 19),
        (Call("rsi", (Number(14.0),)), 14),
        (Call("sma", (Call("rsi", (Number(14.0),)), Number(5.0))), 18),
        (Call("macd", (Number(12.0), Number(26.0), Number(9.0)), "signal"), 33),
        (Call("ema", (Call("sma", (Call("roc", (Number(3.0),)), Number(4.0))), Number(5.0))), 10),
        (Binary("-", Call("highest", (Number(10.0),)), Call("atr", (Number(14.0),))), 14),
    ],
)
def test_warmup_is_the_number_of_leading_nan(node: Any, warmup: int) -> None:
    """The warm-up worked out from the program alone is exactly the number of leading NaN bars."""
    program, table = compile_rules({}, (), {"x": node}), walk_table(120)
    column = program.bind().columns(table).numbers["x"]
    assert (warmup, warmup) == (program.warmup(), int(np.isnan(column).sum()))


@pytest.mark.parametrize(
    ("node", "warmup"),
    [
        (Cross("above", Series("close"), Call("sma", (Number(20.0),))), 20),
        (Trend("rising", Series("close"), 3), 3),
        (Trend("falling", Call("ema", (Number(5.0),)), 2), 6),
        (Unary("not", Binary(">", Call("rsi", (Number(2.0),)), Number(200.0))), 2),
    ],
)
def test_conditions_are_false_during_warmup_only(node: Any, warmup: int) -> None:
    """Before the warm-up a rule is False even where its negation holds; from then on it may fire."""
    table = walk_table(400)
    signals = compile_rules({"entry_short": node}).bind().columns(table)
    assert warmup == signals.warmup
    assert signals.entry_short[:warmup].sum() == 0
    if isinstance(node, Unary):
        assert signals.entry_short[warmup] == 1


def test_comparisons_with_nan_are_false() -> None:
    """0/0 is NaN and 1/0 infinite without an error; every comparison with NaN is False, also 'not equal'."""
    table = Table(dict.fromkeys(("open", "high", "low", "close", "volume"), np.array([0.0, 1.0])))
    ratio = Binary("/", Series("close"), Number(0.0))
    found = {}
    for op in ("<", "<=", ">", ">=", "==", "!="):
        bound = compile_rules({"entry_long": Binary(op, ratio, Number(5.0))}).bind()
        found[op] = bound.columns(table).entry_long.tolist()
        assert found[op] == [int(value) for value in streamed(bound.stream(), table)["entry_long"]]
    assert found == {"<": [0, 0], "<=": [0, 0], ">": [0, 1], ">=": [0, 1], "==": [0, 0], "!=": [0, 1]}


def test_minimum_and_maximum_of_nan_are_nan() -> None:
    """NaN on either side wins, in both clocks."""
    table = Table(dict.fromkeys(("open", "high", "low", "close", "volume"), np.array([0.0, 1.0])))
    nan = Binary("-", Binary("/", Series("close"), Number(0.0)), Binary("/", Series("close"), Number(0.0)))
    extra = {f"{op}{side}": Binary(op, *((nan, Number(1.0)) if side else (Number(1.0), nan))) for op in ("min", "max") for side in (0, 1)}
    bound = compile_rules({}, (), extra).bind()
    batch, stream = bound.columns(table).numbers, streamed(bound.stream(), table)
    assert all(np.isnan(batch[name]).all() and np.isnan(stream[name]).all() for name in extra)


def test_an_infinite_input_restarts_an_indicator() -> None:
    """One division by zero costs an average its warm-up, not the rest of its life."""
    table = walk_table(30)
    table.volume = np.ones(30)
    table.volume[12] = 0.0
    node = Call("ema", (Binary("/", Series("close"), Series("volume")), Number(4.0)))
    column = compile_rules({}, (), {"x": node}).bind().columns(table).numbers["x"]
    assert np.flatnonzero(np.isnan(column)).tolist() == [0, 1, 2, 12, 13, 14, 15]


def test_hash_names_the_content() -> None:
    """Equal rules in another order have the same hash; another number, period or parameter name has another; it is a fixed text."""
    one = compile_rules(crossing(), ["fast", "slow"])
    again = compile_rules(dict(reversed(crossing().items())), ["slow", "fast"])
    others = [
        compile_rules(crossing("slow", "fast"), ["fast", "slow"]),
        compile_rules({"entry_long": crossing()["entry_long"]}, ["fast", "slow"]),
        compile_rules(crossing(), ["fast", "slow"], {"atr": Call("atr", (Number(14.0),))}),
    ]
    assert one.program_hash == again.program_hash
    assert len({one.program_hash, *(other.program_hash for other in others)}) == 4
    assert len(one.program_hash) == 64


def test_hash_does_not_depend_on_how_defaults_are_written() -> None:
    """rsi(), rsi(14) and rsi(close, 14) are one program."""
    spelt = [Call("rsi"), Call("rsi", (Number(14.0),)), Call("rsi", (Series("close"), Number(14.0)))]
    assert len({compile_rules({}, (), {"x": node}).program_hash for node in spelt}) == 1


def test_bind_says_what_is_wrong_with_a_parameter() -> None:
    """A half, negative, missing, unknown or textual parameter ends in a sentence that names it."""
    program = compile_rules(crossing(), ["fast", "slow"])
    with pytest.raises(InputError, match=r"period of sma must be a whole number, not 2\.5 \(from \$fast\)"):
        program.bind({"fast": 2.5, "slow": 9})
    with pytest.raises(InputError, match=r"period of sma must be from 1 to 10000, not 0 \(from \$slow\)"):
        program.bind({"fast": 2, "slow": 0})
    with pytest.raises(InputError, match=r"no value for the parameter \$slow"):
        program.bind({"fast": 2})
    with pytest.raises(UnknownNameError, match="did you mean fast"):
        program.bind({"fats": 2, "slow": 9})
    with pytest.raises(InputError, match=r"\$fast must be a number, not 'ten'"):
        program.bind({"fast": "ten", "slow": 9})  # type: ignore[dict-item]


def test_parameters_may_be_thresholds_and_sums() -> None:
    """A parameter compares, and an indicator's period may be worked out from parameters."""
    table = walk_table(60)
    period = Binary("*", Param("n"), Number(2.0))
    program = compile_rules({"entry_long": Binary(">", Call("sma", (period,)), Param("n"))}, ["n"], {"x": Call("sma", (period,))})
    plain = compile_rules({}, (), {"x": Call("sma", (Number(6.0),))})
    assert same(program.bind({"n": 3}).columns(table).numbers["x"], plain.bind().columns(table).numbers["x"])
    assert program.bind({"n": 3}).columns(table).entry_long.sum() == 55


def test_snapshot_of_another_program_is_refused() -> None:
    """A snapshot only fits the program and parameters it was taken from."""
    program = compile_rules(crossing(), ["fast", "slow"])
    snapshot = program.bind({"fast": 3, "slow": 5}).stream().snapshot()
    for damaged, params in ((snapshot, {"fast": 3, "slow": 6}), (snapshot[:-8], {"fast": 3, "slow": 5}), (b"?", {"fast": 3, "slow": 5})):
        with pytest.raises(InputError, match="start again from the anchor bar"):
            program.bind(params).stream().restore(damaged)


def test_programs_travel_between_processes() -> None:
    """A pickled program is the same program, bound or not."""
    bound = compile_rules(crossing(), ["fast", "slow"]).bind({"fast": 3, "slow": 5})
    again, table = pickle.loads(pickle.dumps(bound)), walk_table(50)
    assert bound.program.program_hash == again.program.program_hash
    assert bound.columns(table).entry_long.tolist() == again.columns(table).entry_long.tolist()
