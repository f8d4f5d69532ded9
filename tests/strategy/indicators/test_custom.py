"""Researchers' own indicators: the same door, no new compilation of the loops, and clear errors."""

# ruff: noqa: ARG001 - a step takes all four arguments, used or not

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from workbench.compiled import kernel
from workbench.errors import InputError
from workbench.strategy.columns import Columns
from workbench.strategy.compiler import compile_rules
from workbench.strategy.indicators import Parameter, Stream, batch, driver, find, indicator
from workbench.strategy.rules.tree import Binary, Call, Number, Series
from workbench.strategy.stream import tick

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PERIOD = Parameter(name="period", default=3, low=1, high=100)
GAIN = 2.0
TABLE = [1.0, 2.0]


def declare(name: str, step: Callable[..., None], **changes: Any) -> Any:
    """Register ``step`` as a one-input, one-output indicator with a warm-up of two bars, unless told otherwise."""
    options: dict[str, Any] = {"inputs": ("close",), "state_size": lambda _params: 3, "warmup": lambda _params: 2, "parameters": ()}
    options |= {"convention": "as written", "source": "test"} | changes
    return indicator(name, **options)(step)


def middle(state: Any, inputs: Any, params: Any, out: Any) -> None:
    """Median of the last three numbers."""
    a, b, c = state[0], state[1], inputs[0]
    state[0], state[1] = b, c
    state[2] += 1.0
    if state[2] > 2.0:
        out[0] = max(min(a, b), min(max(a, b), c))


def scaled(state: Any, inputs: Any, params: Any, out: Any) -> None:
    """A constant of the module times the close."""
    out[0] = GAIN * inputs[0]


def test_an_own_indicator_works_everywhere_built_ins_do() -> None:
    """Batch, stream, program columns, program stream and packed sweep take it like a built-in."""
    entry = declare("median3", middle)
    close = np.random.default_rng(3).normal(100, 1, 80)
    expected = [np.nan, np.nan, *(float(np.median(close[bar - 2 : bar + 1])) for bar in range(2, 80))]
    stream = Stream(entry)
    assert np.array_equal(expected, batch(entry, [close])[:, 0], equal_nan=True)
    assert np.array_equal(expected, [stream.update(value)[0] for value in close], equal_nan=True)

    class Table:
        def __len__(self) -> int:
            return 80

    table: Any = Table()
    table.open = table.high = table.low = table.volume = table.close = close
    program = compile_rules(
        {"entry_long": Binary(">", Series("close"), Call("sma", (Call("median3"), Number(4.0))))}, (), {"m": Call("median3")}
    )
    bound, columns = program.bind(), Columns(table)
    said = bound.stream()
    rows = [said.update(value, value, value, value, value) for value in close.tolist()]
    assert bound.warmup == 5
    assert [int(row["entry_long"]) for row in rows] == bound.columns(table).entry_long.tolist()
    assert bound.columns(table).entry_long.tolist() == program.packed([{}], columns).signals(0).entry_long.tolist()
    assert np.array_equal(expected, bound.columns(table).numbers["m"], equal_nan=True)


def test_a_new_step_compiles_no_loop() -> None:
    """Driving an indicator nobody has seen before adds no compiled version of the loops."""
    batch(find("sma"), [np.ones(5)], (2,))
    before = (len(driver.drive.signatures), len(driver.advance_once.signatures), len(tick.signatures))  # type: ignore[attr-defined]
    entry = declare("scaled", scaled, warmup=lambda _params: 0)
    assert batch(entry, [np.ones(5)])[0, 0] == 2.0
    after = (len(driver.drive.signatures), len(driver.advance_once.signatures), len(tick.signatures))  # type: ignore[attr-defined]
    assert before == after


def test_running_a_cell_again_replaces_and_old_programs_keep_theirs() -> None:
    """A changed step has another hash; a program compiled before still runs the code it was compiled with."""

    def first(state: Any, inputs: Any, params: Any, out: Any) -> None:
        out[0] = inputs[0] + 1.0

    def second(state: Any, inputs: Any, params: Any, out: Any) -> None:
        out[0] = inputs[0] + 2.0

    close = np.ones(4)
    table: Any = type("Table", (), {"__len__": lambda _self: 4, "close": close})()
    declare("shifted", first, warmup=lambda _params: 0)
    old = compile_rules({}, (), {"x": Call("shifted")})
    declare("shifted", second, warmup=lambda _params: 0)
    new = compile_rules({}, (), {"x": Call("shifted")})
    assert old.program_hash != new.program_hash
    assert (old.bind().columns(table).numbers["x"][0], new.bind().columns(table).numbers["x"][0]) == (2.0, 3.0)


def test_constants_of_other_cells_are_hashed_and_never_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same text with another module constant is other code, and computes with the new constant."""
    one = declare("scaled", scaled, warmup=lambda _params: 0)
    monkeypatch.setitem(globals(), "GAIN", 3.0)
    two = declare("scaled", scaled, warmup=lambda _params: 0)
    assert one.code_hash != two.code_hash
    assert [float(batch(entry, [np.ones(1)])[0, 0]) for entry in (one, two)] == [2.0, 3.0]


@kernel
def twice(value: float) -> float:
    return 2.0 * value


@kernel
def gained(value: float) -> float:
    return GAIN * value


def test_helpers_are_part_of_the_code() -> None:
    """A compiled helper may be called; one that hides a constant in its kept code is refused."""

    def doubled(state: Any, inputs: Any, params: Any, out: Any) -> None:
        out[0] = twice(inputs[0])

    def hidden(state: Any, inputs: Any, params: Any, out: Any) -> None:
        out[0] = gained(inputs[0])

    assert batch(declare("doubled", doubled, warmup=lambda _params: 0), [np.ones(1)])[0, 0] == 2.0
    refuse("calls 'gained', which refers to GAIN and is kept compiled on disk", "hidden", hidden, warmup=lambda _params: 0)


def refuse(message: str, name: str, step: Any, **changes: Any) -> None:
    with pytest.raises(InputError, match=message):
        declare(name, step, **changes)


def test_bad_names_are_refused() -> None:
    """Names must be usable in a rule and not taken."""
    for name in ("My Trend", "", "1st", "größe", "class", "Upper"):
        refuse("cannot name an indicator", name, middle)
    refuse("is a column of the bars", "close", middle)
    refuse("built-in indicator; choose another name", "rsi", middle)
    refuse("cannot name an output of mine", "mine", middle, outputs=("Upper",))
    refuse("two outputs of mine have the same name", "mine", middle, outputs=("a", "a"))
    refuse("two parameters of mine", "mine", middle, parameters=(PERIOD, PERIOD))
    refuse("needs inputs", "mine", middle, inputs=("close", "vwap"))
    refuse("needs inputs", "mine", middle, inputs=("close"))
    refuse("needs inputs", "mine", middle, outputs=())
    refuse(
        "period of mine must be from 1 to 100, not 0", "mine", middle, parameters=(Parameter(name="period", default=0, low=1, high=100),)
    )


def test_what_is_no_step_is_refused() -> None:
    """A class, a number or a function with other arguments is no step."""
    refuse("must be a function", "mine", 3)
    refuse("must be a function", "mine", dict)
    refuse("takes four arguments", "mine", lambda state, out: None)  # noqa: ARG005 - the mistake


def test_steps_that_do_not_compile_are_refused() -> None:
    """The reason of the compiler is kept, without its pages."""

    def with_dictionary(state: Any, inputs: Any, params: Any, out: Any) -> None:
        out[0] = {"a": "b"}["a"] + inputs[0]

    refuse("the step of mine cannot be compiled: |the step of mine fails on bar 0", "mine", with_dictionary)


def test_steps_that_reach_outside_their_arrays_are_refused() -> None:
    """Writing an output or a state cell that was not declared is found before compiled code can corrupt memory."""

    def second_output(state: Any, inputs: Any, params: Any, out: Any) -> None:
        out[1] = inputs[0]

    def fourth_cell(state: Any, inputs: Any, params: Any, out: Any) -> None:
        state[3] = inputs[0]

    def parameter(state: Any, inputs: Any, params: Any, out: Any) -> None:
        out[0] = params[0]

    for step in (second_output, fourth_cell, parameter):
        refuse("reaches outside its arrays on bar 0: it has 3 state cells, 1 inputs, 0 parameters and 1 outputs", "mine", step)


def test_wrong_warmups_are_refused() -> None:
    """The declared warm-up must be the number of leading NaN; silent steps are found."""

    def silent(state: Any, inputs: Any, params: Any, out: Any) -> None:
        state[0] += inputs[0]

    refuse(
        "declares a warm-up of 5 bars for no parameters, but its output 'value' has 2 leading NaN", "mine", middle, warmup=lambda _params: 5
    )
    refuse("declares a warm-up of -1 bars", "mine", middle, warmup=lambda _params: -1)
    refuse("stays NaN", "mine", silent)
    refuse("asks for a state of -2 cells", "mine", middle, state_size=lambda _params: -2)


def test_inexact_arithmetic_is_refused() -> None:
    """Logarithms and powers differ in the last bit between processors, so decisions may not use them."""

    def logarithm(state: Any, inputs: Any, params: Any, out: Any) -> None:
        out[0] = log(inputs[0])

    def square(state: Any, inputs: Any, params: Any, out: Any) -> None:
        out[0] = inputs[0] ** 2

    refuse("uses 'log', which is not the same", "mine", logarithm)
    refuse(r"uses '\*\*', which is not the same", "mine", square)


def test_steps_with_a_hidden_memory_are_refused() -> None:
    """A list of the module is no constant; changing parameters is no place to keep numbers."""

    def uses_list(state: Any, inputs: Any, params: Any, out: Any) -> None:
        out[0] = TABLE[0] * inputs[0]

    def writes_parameter(state: Any, inputs: Any, params: Any, out: Any) -> None:
        params[0] += 1.0
        out[0] = inputs[0]

    refuse("refers to 'TABLE', a list", "mine", uses_list)
    refuse("changes its parameters", "mine", writes_parameter, parameters=(PERIOD,), warmup=lambda _params: 0)


def test_a_kernel_may_be_handed_over_compiled() -> None:
    """A function that is compiled already is taken as it is."""
    step = kernel(middle)
    assert declare("median3", step).step is step


CHILD = """
import hashlib, json, sys, time
import numpy as np
from workbench.strategy.compiler import compile_rules
from workbench.strategy.indicators import batch, driver, find
from workbench.strategy.rules.tree import Binary, Call, Number, Series
from workbench.strategy.stream import tick
sys.path.insert(0, sys.argv[1])
import mine
rng = np.random.default_rng(5)
close = rng.normal(100, 1, 500)
digest = hashlib.sha256()
for name in ("rsi", "ema", "bb", "mine"):
    digest.update(batch(find(name), [close]).tobytes())
stream = compile_rules({"entry_long": Binary(">", Call("mine"), Call("sma", (Number(9.0),)))}, (), {"x": Call("rsi")}).bind().stream()
digest.update(repr([stream.update(x, x, x, x, x) for x in close.tolist()]).encode())
missed = {f.__name__: sum(f.stats.cache_misses.values()) for f in (driver.drive, tick, find("rsi").step, find("mine").step)}
print(json.dumps({"digest": digest.hexdigest(), "missed": missed}))
"""
MINE = """
from workbench.strategy.indicators import indicator
@indicator("mine", inputs=("close",), state_size=lambda p: 1, warmup=lambda p: 1, convention="x", source="x")
def mine(state, inputs, params, out):
    if state[0] > 0.0:
        out[0] = inputs[0] - state[0]
    state[0] = inputs[0]
"""


def in_a_child(folder: Path, *arguments: str, **settings: str) -> str:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder / "numba"), "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    environment |= settings
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1]


def test_a_second_process_compiles_nothing_and_gives_the_same_bits(tmp_path: Path) -> None:
    """The first process fills the cache on disk; the second finds loops, built-in and own steps there, and computes the same to the bit."""
    (tmp_path / "mine.py").write_text(MINE)
    first, second = (json.loads(in_a_child(tmp_path, "-c", CHILD, str(tmp_path))) for _ in range(2))
    assert first["missed"] == {"drive": 1, "tick": 1, "rsi": 1, "mine": 1}
    assert second["missed"] == {"drive": 0, "tick": 0, "rsi": 0, "mine": 0}
    assert first["digest"] == second["digest"]


PACKED = """
import hashlib
import numpy as np
from workbench.strategy.columns import Columns
from workbench.strategy.compiler import compile_rules
from workbench.strategy.indicators import find, names
from workbench.strategy.rules.tree import Binary, Call, Cross, Number, Param, Series
rng = np.random.default_rng(5)
class Table:
    close = rng.normal(100, 1, 999)
    open, high, low, volume = close - 0.5, close + 1.0, close - 1.0, rng.normal(100, 9, 999)
    def __len__(self):
        return 999
steps = [find(name) for name in names()]
extra = {entry.name: Call(entry.name, (), entry.outputs[0]) for entry in steps if hasattr(Table, entry.inputs[-1])}
average = Call("sma", (Param("n"),))
program = compile_rules({"entry_long": Cross("above", Series("close"), average), "exit_long": Binary("<", Call("rsi"), Param("n"))}, ["n"], extra)
packed = program.packed([{"n": n} for n in range(2, 60)], Columns(Table()))
digest = hashlib.sha256(packed.words.tobytes())
for name, (columns, _) in sorted(packed.numbers.items()):
    digest.update(np.nan_to_num(columns[0], nan=-1.0).tobytes())
print(digest.hexdigest())
"""


@pytest.mark.slow
def test_a_plain_processor_gives_the_same_bits(tmp_path: Path) -> None:
    """Compiled for a processor without vector extensions, every indicator and the packed signals are the same to the bit."""
    plain = in_a_child(tmp_path / "plain", "-c", PACKED, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="")
    assert in_a_child(tmp_path / "native", "-c", PACKED) == plain


NOTEBOOK = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
done = shell.run_cell(sys.argv[1])
done.raise_error()
shell.run_cell("from workbench.strategy.indicators import batch, find; import numpy as np").raise_error()
result = shell.run_cell("batch(find('mine'), [np.array([1.0, 4.0])])[:, 0].tolist(), find('mine').code_hash")
result.raise_error()
print(result.result)
"""


def test_a_notebook_cell_defines_an_indicator(tmp_path: Path) -> None:
    """A cell that decorates a step registers it, and the hash is that of the cell's source."""
    found = in_a_child(tmp_path, "-c", NOTEBOOK, MINE)
    source = MINE[MINE.index("@indicator") :]
    assert found == f"([nan, 3.0], '{hashlib.sha256(source.encode()).hexdigest()}')"


def test_a_step_without_source_is_refused() -> None:
    """Code from exec has no text to address, so it ends in a sentence."""
    space: dict[str, Any] = {}
    exec("def step(state, inputs, params, out):\n    out[0] = inputs[0]\n", space)  # the mistake
    refuse("the source of step cannot be read; define the step in a file or a notebook cell", "mine", space["step"])
