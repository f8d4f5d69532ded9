"""How long reading takes: ordinary rules, the first one of a process, and texts made to take long."""

from __future__ import annotations

import statistics
import time
import tomllib
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from workbench.errors import RuleSyntaxError
from workbench.strategy.rules import parse, parse_rule
from workbench.strategy.rules.grammar import build
from workbench.strategy.rules.phrase_table import phrases
from workbench.strategy.rules.tokens import MAX_TEXT

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.benchmark

CORPUS = tomllib.loads((Path(__file__).parents[1] / "strategy" / "rules" / "corpus.toml").read_text("utf-8"))
PIECES = (
    "c>o&",
    "(",
    "not ",
    "-",
    "close ",
    "is ",
    "over ",
    ".",
    ";",
    "9",
    "[1]",
    "c+",
    "on 1h ",
    "any of (c>o,",
    "let x=c>o;",
    "x=1;",
    "$n=1[1..2]",
    "when ",
)
PIECES += (
    "buy when c>o;",
    "on monday, tuesday and friday ",
    "macd > signal and ",
    "if c>o then ",
    "first 30 minutes ",
    "c between 1 and ",
    "exit the ",
    "\n",
    "é",
)


def _seconds(act: Callable[[], object], times: int = 5) -> float:
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        act()
        best = min(best, time.perf_counter() - start)
    return best


def _refused_or_read(text: str) -> None:
    try:
        parse(text)
    except RuleSyntaxError:
        return


def test_ordinary_rules(capsys: pytest.CaptureFixture[str]) -> None:
    """The median rule of the corpus is read in a millisecond at most, the slowest in five."""
    parse_rule("rsi(2) < 10")
    found = sorted(_seconds(lambda text=entry["text"]: parse_rule(text)) for entry in CORPUS["read"])
    with capsys.disabled():
        print(
            f"\n{len(found)} rules: median {statistics.median(found) * 1e3:.2f} ms, 95 % {found[int(len(found) * 0.95)] * 1e3:.2f} ms, slowest {found[-1] * 1e3:.2f} ms"
        )
    assert statistics.median(found) <= 1e-3
    assert found[-1] <= 5e-3


def test_the_first_rule(capsys: pytest.CaptureFixture[str]) -> None:
    """Building the parser and the table of phrases takes a second at most."""
    parser, table = _seconds(build, 3), _seconds(phrases.__wrapped__, 3)
    with capsys.disabled():
        print(f"\nparser {parser * 1e3:.0f} ms, phrases {table * 1e3:.0f} ms")
    assert parser + table <= 1.0


def test_hostile_texts(capsys: pytest.CaptureFixture[str]) -> None:
    """4 000 characters of anything are read or refused in a second and 50 MB at most."""
    slowest, most = (0.0, ""), 0
    for piece in PIECES:
        for tail in ("", "c>o"):
            text = (piece * MAX_TEXT)[: MAX_TEXT - len(tail)] + tail
            slowest = max(slowest, (_seconds(lambda text=text: _refused_or_read(text), 1), piece))
            tracemalloc.start()
            _refused_or_read(text)
            most = max(most, tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    with capsys.disabled():
        print(f"\nslowest {slowest[0] * 1e3:.0f} ms ({slowest[1]!r} repeated), most memory {most / 1e6:.1f} MB")
    assert slowest[0] <= 1.0
    assert most <= 50e6
