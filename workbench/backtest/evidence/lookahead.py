"""Proofs that no decision looked ahead: truncations, the warm-up window, and the live form beside the batch form.

1. ``truncation_points`` picks 16 places to cut: half of them right behind bars where something was signalled, half spread over the run.
2. The decisions are computed again on the first k bars only. Every one of them must be the same as in the full run (``_first_change``).
3. A failure is narrowed to the earliest decision that changed, and by bisection to the bar whose presence changes it: that bar betrays the leak.
4. Rules stream: ``streams_alike`` feeds the program bar by bar, as a live session does, and compares every signal and number with the batch, to the bit.
   Their state is anchored at the first bar, so their warm-up needs no window.
5. Functions have windows (``warmup.py``): live they see their declared warm-up and the new bar, so the decisions at sampled bars, half of them where
   something changes, are made again from these alone and must be the same. A function is also asked twice about the same bars. Rules that use
   registered functions or model columns are streamed over their warm-up and 500 bars, the functions asked at each about its window.

Compiled programs are causal by construction and pass by design; Python functions, and rules that use registered functions or model columns, have to show it here.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from workbench import clock
from workbench.backtest.evidence import warmup
from workbench.backtest.evidence.proof import FUNCTION, RULES, Proof
from workbench.backtest.run import in_session, require_bars
from workbench.content import content_hash
from workbench.errors import InputError
from workbench.strategy.python.suspects import suspects
from workbench.strategy.series import CLOCK
from workbench.strategy.strategy import Strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from workbench.backtest.result import Result
    from workbench.market.bars import Bars
    from workbench.strategy.program import BoundProgram

__all__ = [
    "TRUNCATIONS",
    "Decisions",
    "Proof",
    "admit",
    "corners",
    "prove",
    "prove_decisions",
    "prove_strategy",
    "streams_alike",
    "truncation_points",
]

TRUNCATIONS = 16
_DIRECTIONS = ("entry_long", "exit_long", "entry_short", "exit_short")
_BAR = ("open", "high", "low", "close", "volume")
_REMEMBERED = 256
_STREAMED = 500
"""Bars after the warm-up that rules with functions are streamed over: the functions are asked at each."""
_proved: OrderedDict[str, Proof] = OrderedDict()


class Decisions(Protocol):
    """Anything with the four signal columns (n,), such as ``Signals``; ``numbers`` may be missing."""

    @property
    def entry_long(self) -> NDArray[np.uint8]:
        """Whether to buy."""

    @property
    def exit_long(self) -> NDArray[np.uint8]:
        """Whether to sell what was bought."""

    @property
    def entry_short(self) -> NDArray[np.uint8]:
        """Whether to sell short."""

    @property
    def exit_short(self) -> NDArray[np.uint8]:
        """Whether to cover."""


def prove(result: Result, *, truncations: int = TRUNCATIONS) -> Proof:
    """Return the proof for a run of record."""
    strategy = Strategy(result.spec)
    values = {name: value for name, value in result.parameters.items() if name in strategy.program.parameters}
    return prove_strategy(strategy, result.bars, values, truncations=truncations)


def admit(strategy: Strategy, bars: Bars, points: Iterable[Mapping[str, float] | None] = (None,)) -> None:
    """Refuse a strategy that looks ahead, before anything it would have earned is shown; costs nothing for compiled rules, and for what was proved before.

    ``points`` are values of its parameters, completed by the defaults; names that are no parameters of it, such as ``stop``, decide nothing. For a grid give
    ``corners(strategy, grid)``.

    Raises:
        LookAheadError: a decision depends on a later bar, or on bars before its declared warm-up; with the bar that betrays it.
        InputError: too few bars to decide anything.
    """
    if not _needs_proof(strategy):
        return
    known = in_session(bars, strategy.spec.session_mode)
    for point in points:
        values = {name: float(value) for name, value in (point or {}).items() if name in strategy.program.parameters}
        require_bars(len(known), strategy.decider(values).warmup)
        prove_strategy(strategy, known, values).require()


def corners(strategy: Strategy, grid: object) -> list[dict[str, float]]:
    """Return the defaults, and every parameter of ``grid`` at its least and greatest value, others at their default: where leaks hide from defaults."""
    points: list[dict[str, float]] = [{}]
    for name, tried in grid.items() if isinstance(grid, Mapping) else ():
        values = [float(value) for value in tried] if name in strategy.program.parameters else []
        points += [{name: value} for value in sorted({min(values), max(values)})] if values else []
    return points


def prove_strategy(
    strategy: Strategy,
    bars: Bars,
    parameters: Mapping[str, float] | None = None,
    *,
    truncations: int = TRUNCATIONS,
    windows: int = warmup.WINDOWS,
) -> Proof:
    """Return the proof for ``strategy`` on ``bars``: its decisions under truncation, from the warm-up window alone, and streamed.

    ``parameters`` are completed by the defaults. ``windows`` bars are decided again from the declared window; give ``len(bars)`` for all of them.

    Raises:
        InputError: fewer than two bars, no truncation, or a function that fails.
    """
    bound = strategy.decider(parameters)
    if not _needs_proof(strategy):
        return prove_decisions(lambda known: bound.columns(known), bars, bound=bound, truncations=truncations)  # noqa: PLW0108 - typed
    key = content_hash([bound.program.program_hash, bound.params, bars.dataset_hash, truncations, windows])
    if key not in _proved:
        _proved[key] = _prove_function(strategy, bound, bars, truncations, windows)
        while len(_proved) > _REMEMBERED:
            _proved.popitem(last=False)
    return _proved[key]


def prove_decisions(
    decide: Callable[[Bars], Decisions], bars: Bars, *, bound: BoundProgram | None = None, truncations: int = TRUNCATIONS
) -> Proof:
    """Return the proof for any function from bars to decisions; ``bound`` is its compiled form where it has one.

    Raises:
        InputError: fewer than two bars, or no truncation asked for.
    """
    started = clock.monotonic()
    fields = _truncated(decide, bars, truncations)
    full = fields.pop("full")
    fields |= {"kind": RULES}
    if not fields["causal"] or bound is None:
        return Proof(**fields, streaming=None, streamed=0, seconds=clock.monotonic() - started)
    difference = streams_alike(bound, bars, full)
    place, name = difference or (None, "")
    at = "" if place is None else _at(bars, place)
    fields |= {"streaming": difference is None, "streamed": len(bars), "bar": place, "column": name, "at": at}
    return Proof(**fields, seconds=clock.monotonic() - started)


def _needs_proof(strategy: Strategy) -> bool:
    """Whether causality must be shown: compiled steps cannot look ahead, functions can."""
    return strategy.spec.python is not None or any(getattr(step, "function", None) is not None for step in strategy.program.steps.values())


def _prove_function(strategy: Strategy, bound: BoundProgram, bars: Bars, truncations: int, windows: int) -> Proof:
    """Repeatability, truncations, windows: in that order, because each explains failures of the next."""
    started = clock.monotonic()
    asked = 0

    def decide(known: Bars) -> Decisions:
        nonlocal asked
        asked += 1
        return bound.columns(known)

    fields: dict[str, Any] = {"kind": FUNCTION, "bars": len(bars)}
    change = _first_change(_columns(decide(bars)), _columns(decide(bars)), len(bars))
    fields["repeats"] = change is None
    if change is not None:
        bar, column = change
        fields |= {"causal": False, "streaming": None, "truncations": 0, "at_signals": 0, "decisions": 0, "streamed": 0}
        return Proof(**fields, bar=bar, column=column, at=_at(bars, bar), asked=asked, seconds=clock.monotonic() - started)
    found = _truncated(decide, bars, truncations, first=bound.warmup + 1)
    full = found.pop("full")
    fields |= found | {"streaming": None, "streamed": 0}
    if not fields["causal"]:
        fields["reason"] = "; ".join(str(entry) for entry in suspects(_text(strategy)))
    elif strategy.spec.python is not None:
        again = warmup.windows_agree(bound, bars, full, windows)
        asked += again.asked
        fields |= again.to_fields()
    else:
        part = bars.head(bound.warmup + _STREAMED)
        place, column = streams_alike(bound, part, {name: values[: len(part)] for name, values in full.items()}) or (None, "")
        asked += len(part)
        fields |= {"streaming": place is None, "streamed": len(part), "bar": place, "column": column}
    if fields["bar"] is not None and not fields.get("at"):
        fields["at"] = _at(bars, fields["bar"])
    return Proof(**fields, asked=asked, seconds=clock.monotonic() - started)


def _text(strategy: Strategy) -> str:
    """The Python that decides: the strategy's own, or that of the functions its rules use."""
    if strategy.spec.python is not None:
        return strategy.spec.python.text
    functions = [getattr(step, "function", None) for step in strategy.program.steps.values()]
    return "\n\n".join(found.text for found in functions if found is not None)


def _truncated(decide: Callable[[Bars], Decisions], bars: Bars, truncations: int, first: int = 1) -> dict[str, Any]:
    """Return what the truncations found, as fields of a proof, and the full decisions as ``full``."""
    if len(bars) < 2 or truncations < 1:  # noqa: PLR2004 - one bar has nothing to cut off
        message = f"a truncation proof needs two bars or more and one truncation or more, not {len(bars)} and {truncations}"
        raise InputError(message)
    full = _columns(decide(bars))
    points, at_signals = truncation_points(full, len(bars), truncations, first)
    found = {count: _first_change(full, _columns(decide(bars.head(count))), count) for count in points}
    changed = {count: change for count, change in found.items() if change is not None}
    fields: dict[str, Any] = {"causal": not changed, "truncations": len(points), "at_signals": at_signals, "decisions": sum(points)}
    fields |= {"bars": len(bars), "full": full, "bar": None}
    if changed:
        count, (bar, column) = min(changed.items(), key=lambda item: item[1])
        needs = _bisected(decide, bars, (bar, column), full, count)
        fields |= {"bar": bar, "needs": needs, "column": column, "at": _at(bars, bar), "needs_at": _at(bars, needs)}
    return fields


def _at(bars: Bars, bar: int) -> str:
    """The time of a bar as a person writes it: a date for daily bars."""
    moment = bars.frame.index[bar]
    return f"{moment:%Y-%m-%d %H:%M} UTC" if bars.timeframe.intraday else f"{bars.trade_date[bar]}"


def truncation_points(columns: Mapping[str, NDArray[Any]], length: int, count: int, first: int = 1) -> tuple[list[int], int]:
    """Return at which lengths (``first`` to ``length`` - 1, ascending) to cut, and how many of them end on a bar with a signal.

    Half of them are spread over the signals, the others over all bars, so that a run with few signals is covered as well.
    """
    first = min(first, length - 1)
    signalled = np.flatnonzero(np.any([columns[name][first - 1 : length - 1] != 0 for name in _DIRECTIONS], axis=0)) + first
    behind = signalled[np.unique(np.linspace(0, len(signalled) - 1, count // 2).astype(int))] if len(signalled) else signalled
    spread = np.linspace(first, length - 1, count - len(behind) + 2).astype(int)[1:-1]
    return sorted({int(point) for point in (*behind, *spread)}), len(behind)


def streams_alike(bound: BoundProgram, bars: Bars, full: Mapping[str, NDArray[Any]]) -> tuple[int, str] | None:
    """Return the first ``(bar, column)`` on which the live form differs from the batch form; None where all agree to the bit."""
    stream = bound.stream()
    feed = [getattr(bars, name).tolist() for name in _BAR] + _clock(bound, bars)
    times = zip(bars.time.tolist(), bars.known_at.tolist(), strict=True)
    live = {name: np.empty(len(bars), dtype=column.dtype) for name, column in full.items()}
    for place, (values, (time, known_at)) in enumerate(zip(zip(*feed, strict=True), times, strict=True)):
        said = stream.update(*values, time=time, known_at=known_at)
        for name, column in live.items():
            column[place] = said[name]
    for name, column in full.items():
        differs = _differs(live[name], column)
        if differs.any():
            return int(differs.argmax()), name
    return None


def _clock(bound: BoundProgram, bars: Bars) -> list[list[float]]:
    """The exchange's clock, for programs that ask for it."""
    from workbench.market.windows import clock_columns  # noqa: PLC0415 - calendars load only where a rule tells the time

    asked = {entry.payload for entry in bound.program.instructions if isinstance(entry.payload, str)}
    if not asked & {*CLOCK}:
        return []
    columns = clock_columns(bars)
    return [getattr(columns, name).tolist() for name in CLOCK]


def _columns(decisions: Decisions) -> dict[str, NDArray[Any]]:
    columns = {name: np.asarray(getattr(decisions, name)) for name in _DIRECTIONS}
    return columns | {name: np.asarray(values, dtype=np.float64) for name, values in getattr(decisions, "numbers", {}).items()}


def _first_change(full: Mapping[str, NDArray[Any]], cut: Mapping[str, NDArray[Any]], count: int) -> tuple[int, str] | None:
    """The earliest decision on the first ``count`` bars that is not what it was with all bars; a missing one has changed."""
    first: tuple[int, str] | None = None
    for name, column in full.items():
        again = cut.get(name)
        if again is None or len(again) != count:
            return 0, name
        differs = _differs(np.asarray(again), column[:count])
        if differs.any() and (first is None or int(differs.argmax()) < first[0]):
            first = int(differs.argmax()), name
    return first


def _differs(left: NDArray[Any], right: NDArray[Any]) -> NDArray[np.bool_]:
    """Different to the bit; two NaN are the same."""
    if right.dtype.kind == "f":
        return np.asarray((left != right) & ~(np.isnan(left) & np.isnan(right)))
    return np.asarray((left != 0) != (right != 0))


def _bisected(
    decide: Callable[[Bars], Decisions], bars: Bars, change: tuple[int, str], full: Mapping[str, NDArray[Any]], count: int
) -> int:
    """Return the bar whose presence turns the decision into that of the full run: fewer bars do not have it, more do."""
    bar, column = change
    final = _bits(full[column][bar])
    without, having = count, len(bars)
    while having - without > 1:
        middle = (without + having) // 2
        again = _columns(decide(bars.head(middle)))[column]
        if len(again) > bar and _bits(again[bar]) == final:
            having = middle
        else:
            without = middle
    return having - 1


def _bits(value: Any) -> bytes:  # noqa: ANN401 - a numpy scalar
    return struct.pack("<d", float(value)) if not np.isnan(float(value)) else b"nan"
