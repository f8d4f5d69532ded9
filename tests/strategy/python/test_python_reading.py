# ruff: noqa: ANN001, ANN003, ANN202, ARG001 - functions are written as a researcher types them
"""A function becomes text: what it may read, what is refused by name, and that the text alone runs elsewhere."""

from __future__ import annotations

import functools
import math
import subprocess
import sys
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.errors import InputError, SpecError, UnknownNameError
from workbench.strategy.in_python import from_function, python_strategy
from workbench.strategy.python.reading import read
from workbench.strategy.python.source import PythonSource, function_of

if TYPE_CHECKING:
    from collections.abc import Callable

THRESHOLD = 0.01


def average(series: pd.Series, bars: int) -> pd.Series:
    """Mean of the last bars."""
    return series.rolling(bars).mean()


def spread(series: pd.Series, bars: int) -> pd.Series:
    return average(series, bars) - series


def refuse(match: str, function: Callable[..., Any], **options: Any) -> None:
    with pytest.raises(InputError, match=match):
        from_function(function, **({"symbols": "SPX", "warmup": 20} | options))


def test_helpers_come_before_the_function_and_libraries_become_imports() -> None:
    """The text holds what the function calls, each once and in order; modules and what is from them are named where they are from."""

    def rule(bars):
        wide = np.where(spread(bars.close, 5) > sqrt(4.0), 1.0, 0.0)
        return pd.Series(wide, bars.index) > average(bars.close, 3) * math.pi

    source = read(rule, warmup=5)
    places = [source.text.index(f"def {name}(") for name in ("average", "spread", "rule")]
    assert places == sorted(places)
    assert dict(source.imports) == {"math": "math", "np": "numpy", "pd": "pandas", "sqrt": "math:sqrt"}
    assert source.entry == "rule"


def test_a_notebook_constant_is_refused_by_name() -> None:
    """A number of another cell would change the strategy behind its hash; the message names it, its value and the way out."""

    def rule(bars):
        return bars.close.pct_change() > THRESHOLD

    refuse(r"rule reads 'THRESHOLD' \(0.01, a float\) from outside.*make it a parameter, for example def rule\(bars, THRESHOLD=10\)", rule)


def test_all_hidden_names_are_listed() -> None:
    """Frames, constants, and names that do not exist are refused together."""
    table = pd.DataFrame({"a": [1.0]})

    def rule(bars):
        return bars.close > table.a.iloc[0] + THRESHOLD + missing  # noqa: F821 - the mistake

    refuse("'table' .*DataFrame.*'THRESHOLD'.*'missing' .not defined.*make them parameters", rule)


def test_a_change_of_a_helper_changes_the_hash() -> None:
    """What a function calls is part of what it is."""

    def make(text: str) -> str:
        return PythonSource(entry="rule", text=text, warmup=5).code_hash

    assert make("def a(): return 1\n\n\ndef rule(bars): return a()\n") != make("def a(): return 2\n\n\ndef rule(bars): return a()\n")


@pytest.mark.parametrize(
    ("body", "match"),
    [
        ("return eval('bars.close > 0')", "uses eval"),
        ("return bars.close > float(open('x').read())", "uses open"),
        ("return bars.close > pd.read_csv('x').a", "reads or writes a file with .read_csv"),
        ("return bars.close > np.load('x')", "reads or writes a file with .load"),
        ("import os\n    return bars.close > len(os.environ)", "imports os"),
        ("return bars.index < pd.Timestamp.now()", "asks the clock of the machine with .now"),
        ("return bars.close > bars.__class__.__name__", "reaches into .__name__"),
        ("global seen\n    seen = bars\n    return bars.close > 0", "changes the global seen"),
        ("return bars.close > wb.sample('SPX').close", "uses wb.sample; of this package only wb.indicator"),
    ],
)
def test_ways_around_the_bars_are_refused(body: str, match: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files, the clock, hidden globals and bars from elsewhere do not belong into a decision, and the line says so."""
    name = f"cell_{abs(hash(body))}"
    (tmp_path / f"{name}.py").write_text(f"import numpy as np, pandas as pd\nimport workbench as wb\n\n\ndef rule(bars):\n    {body}\n")
    monkeypatch.syspath_prepend(tmp_path)
    module = __import__(name)
    refuse(match, module.rule)


def test_what_is_no_plain_function_is_refused() -> None:
    """Lambdas, objects, other decorators and open-ended arguments end in a sentence."""

    @functools.lru_cache
    def cached(bars):
        return bars.close > 0

    def options(bars, **rest):
        return bars.close > 0

    def listed(bars, memory=[]):  # noqa: B006 - the mistake
        return bars.close > 0

    refuse("written with def", lambda bars: bars.close > 0)
    refuse("a strategy in Python is a function of bars", cached)
    refuse("takes .arguments or ..options", options)
    refuse("a default of listed is", listed)


def test_code_without_text_is_refused() -> None:
    """What exec made has no source to store."""
    space: dict[str, Any] = {}
    exec("def rule(bars):\n    return bars.close > 0\n", space)
    refuse("the source of rule cannot be read", space["rule"])


def test_a_file_edited_since_it_was_imported_is_noticed(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text must be that of the function that is held."""
    path = tmp_path / "edited_rule.py"
    path.write_text("def rule(bars):\n    return bars.close > bars.open\n")
    monkeypatch.syspath_prepend(tmp_path)
    import edited_rule

    path.write_text("def rule(bars):\n    return bars.close < bars.open\n")
    import linecache

    linecache.checkcache()
    refuse("the source of rule has changed since it was defined", edited_rule.rule)


def test_the_text_runs_alone_and_tracebacks_show_its_lines() -> None:
    """The function is built from its text, not taken from the notebook."""
    source = PythonSource(
        entry="rule",
        text="def half(x):\n    return x / 2\n\n\ndef rule(bars):\n    return half(bars) + np.pi\n",
        imports={"np": "numpy"},
        warmup=0,
    )
    assert function_of(source)(2.0) == pytest.approx(1.0 + math.pi)


def test_text_that_is_no_python_and_missing_libraries_are_sentences() -> None:
    """A stored strategy of another world says what is missing."""
    with pytest.raises(SpecError, match="cannot be read by this Python"):
        function_of(PythonSource(entry="rule", text="def rule(bars:\n", warmup=0))
    with pytest.raises(SpecError, match="does not define the function 'rule'"):
        function_of(PythonSource(entry="rule", text="x = 1\n", warmup=0))
    with pytest.raises(InputError, match="needs nowhere_to_be_found, which is not here"):
        function_of(PythonSource(entry="rule", text="def rule(bars): pass\n", imports={"np": "nowhere_to_be_found"}, warmup=0))


def test_parameters_are_those_of_the_function() -> None:
    """Ranges go to arguments, other numbers stay fixed, texts are part of the code; a name it does not take is refused."""

    @python_strategy(symbols="SPX", warmup=60, parameters={"fast": (10, 5, 20, 5)}, stop="2%")
    def cross(bars, fast, slow=50, kind="mean"):
        """Two averages."""
        return getattr(bars.close.rolling(fast), kind)() > bars.close.rolling(slow).mean()

    assert {name: (spread.default, spread.fixed) for name, spread in cross.spec.parameters.items()} == {
        "fast": (10, False),
        "slow": (50, True),
    }
    assert cross.spec.provenance.note == "Two averages."
    with pytest.raises(UnknownNameError, match="fsat"):
        from_function(average, symbols="SPX", warmup=3, parameters={"fsat": 3})
    refuse("takes bars and nothing says its value", average)
    with pytest.raises(InputError, match="Say warmup=200"):
        wb.strategy(average, symbols="SPX")


CELLS = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("import workbench as wb\\nfrom workbench.strategy.in_python import python_strategy\\nLEVEL = 5").raise_error()
shell.run_cell("def half(x):\\n    return x / 2").raise_error()
cell = "@python_strategy(symbols='SPX', warmup=3, stop='2%')\\ndef rule(bars):\\n    return bars.close > half(bars.open) + {}"
hashes = []
for number in ("1", "2", "1"):
    shell.run_cell(cell.format(number)).raise_error()
    hashes.append(shell.user_ns["rule"].program.program_hash)
print(hashes[0] == hashes[2] != hashes[1])
shell.run_cell("def half(x):\\n    return x / 3").raise_error()
shell.run_cell(cell.format("1")).raise_error()
print(shell.user_ns["rule"].program.program_hash not in hashes)
done = shell.run_cell(cell.format("LEVEL"))
print(type(done.error_in_exec).__name__)
"""


def test_notebook_cells_make_strategies_and_running_them_again_counts() -> None:
    """A cell's text is found; the same text is the same program, another text or another helper is another; hidden globals are refused."""
    done = subprocess.run([sys.executable, "-c", CELLS], capture_output=True, text=True, check=True, cwd=Path(wb.__file__).parents[1])
    assert [line for line in done.stdout.splitlines() if line in {"True", "False", "InputError"}] == ["True", "True", "InputError"]
