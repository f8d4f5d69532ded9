"""What a step must pass before it is registered, each failure one clear sentence.

1. ``check_declaration``: names that rules can use, parameters whose defaults lie in their ranges, inputs that exist.
2. ``check_step``: run on made-up bars, in Python to find writes outside the arrays, and compiled to count the warm-up and to prove that a second
   run gives the same numbers; with its defaults, and with every parameter at either end of its range (``_trials``). A step that follows sessions is run on
   bars of a day, each a session of its own, and on the bars of one long session; its warm-up must be right on one of them.
"""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import InputError
from workbench.strategy.series import CLOCK

import numba  # isort: skip - after workbench.compiled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from workbench.strategy.indicators.declaration import Indicator, Parameter

_TRIAL_BARS = 64  # after the warm-up
_TRIAL_LIMIT = 20_000  # longest default warm-up that is tried, bars
_END_LIMIT = 600  # longest warm-up tried at the end of a range: a higher end is approached as far as this allows


def check_declaration(
    name: str, inputs: Sequence[str], outputs: Sequence[str], parameters: Sequence[Parameter], series: Sequence[str]
) -> None:
    """Check the words and numbers around a step.

    Raises:
        InputError: what is wrong and what would be right.
    """
    for word, what in [(name, "an indicator"), *((output, f"an output of {name}") for output in outputs)]:
        if not (isinstance(word, str) and word.isidentifier() and word.isascii() and word.islower()) or keyword.iskeyword(word):
            message = f"{word!r} cannot name {what}: use lower-case letters, digits and underscores, such as 'my_trend'"
            raise InputError(message)
    if name in series:
        message = f"{name!r} is a column of the bars; choose another name for the indicator"
        raise InputError(message)
    for what, words in (("outputs", outputs), ("parameters", [parameter.name for parameter in parameters])):
        if len(set(words)) != len(words):
            message = f"two {what} of {name} have the same name: {', '.join(words)}"
            raise InputError(message)
    unknown = [word for word in inputs if word not in series]
    if unknown or not inputs or not outputs or isinstance(inputs, str) or isinstance(outputs, str):
        message = f"{name} needs inputs, a tuple out of {', '.join(series)}, and outputs, a tuple of names; not {inputs!r} and {outputs!r}"
        raise InputError(message)
    for parameter in parameters:
        parameter.checked(parameter.default, name)


def check_step(entry: Indicator) -> None:
    """Run a step on made-up bars and compare with its declaration.

    Raises:
        InputError: it cannot be compiled, fails, writes outside ``out`` or ``state``, is not reproducible or has another warm-up.
    """
    _compile(entry)
    for params in _trials(entry):
        _check_with(entry, params)


def _trials(entry: Indicator) -> list[tuple[float, ...]]:
    """Return the parameters to try: the defaults, then each parameter at the low and the high end of its range, or as near as can be tried."""
    defaults = entry.checked(())
    found = [defaults]
    for place, parameter in enumerate(entry.parameters):
        for end in (parameter.low, parameter.high):
            value = end
            while True:
                params = (*defaults[:place], value, *defaults[place + 1 :])
                if entry.warmup_bars(params) <= _END_LIMIT or value == defaults[place]:
                    break
                halfway = (value + defaults[place]) / 2
                value = float(int(halfway)) if parameter.integer else halfway
                value = defaults[place] if abs(value - defaults[place]) <= 1.0 else value
            found.append(params)
    return list(dict.fromkeys(found))


def _check_with(entry: Indicator, params: tuple[float, ...]) -> None:
    warmup = entry.warmup_bars(params)
    bars = min(warmup, _TRIAL_LIMIT) + _TRIAL_BARS
    sessions = (True, False) if any(name in CLOCK for name in entry.inputs) else (True,)
    wrong = [_warmup_found(entry, params, _made_up(entry.inputs, bars, daily=daily), warmup) for daily in sessions]
    if all(wrong) and warmup <= _TRIAL_LIMIT:
        raise InputError(wrong[0])


def _warmup_found(entry: Indicator, params: tuple[float, ...], columns: list[NDArray[np.float64]], warmup: int) -> str:
    """Run a step on ``columns`` and return what is wrong with its warm-up; nothing where it is as declared."""
    _try_in_python(entry, params, columns)
    first, second = (_try_compiled(entry, params, columns) for _ in range(2))
    if not np.array_equal(first, second, equal_nan=True):
        message = f"{entry.name} gives other numbers when it runs again on the same bars; 'state' must be its only memory"
        raise InputError(message)
    for output, row in zip(entry.outputs, first, strict=True):
        numbers = np.flatnonzero(~np.isnan(row))
        found = int(numbers[0]) if len(numbers) else None
        if found != warmup:
            seen = "stays NaN on 64 bars after it" if found is None else f"has {found} leading NaN"
            return f"{entry.name} declares a warm-up of {warmup} bars for {_shown(entry, params)}, but its output {output!r} {seen}"
    return ""


def _compile(entry: Indicator) -> None:
    try:
        _ = entry.address
    except numba.core.errors.NumbaError as error:
        reason = next((line for line in str(error).splitlines()[1:] if line.strip()), str(error)).strip()
        message = f"the step of {entry.name} cannot be compiled: {reason}"
        raise InputError(message) from error


def _try_in_python(entry: Indicator, params: tuple[float, ...], columns: list[NDArray[np.float64]]) -> None:
    """Run the uncompiled function: compiled code does not notice an index outside its array."""
    state, out = np.zeros(entry.cells(params)), np.empty(len(entry.outputs))
    arguments = np.array(params)
    with np.errstate(all="ignore"):
        for bar in range(len(columns[0])):
            out[:] = np.nan
            try:
                entry.step.py_func(state, np.array([column[bar] for column in columns]), arguments, out)
            except IndexError as error:
                message = (
                    f"the step of {entry.name} reaches outside its arrays on bar {bar}: it has {len(state)} state cells, {len(columns)} inputs, "
                    f"{len(params)} parameters and {len(out)} outputs ({error})"
                )
                raise InputError(message) from error
            except ZeroDivisionError:
                return  # compiled code gives inf or NaN there
            except Exception as error:
                message = f"the step of {entry.name} fails on bar {bar}: {type(error).__name__}: {error}"
                raise InputError(message) from error


def _try_compiled(entry: Indicator, params: tuple[float, ...], columns: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    from workbench.strategy.indicators import driver  # noqa: PLC0415 - the driver is heavy

    out = np.empty((len(entry.outputs), len(columns[0])))
    call = entry.call(params, out)
    call.feed(columns)
    try:
        driver.drive(call.row, len(columns[0]))
    except Exception as error:
        message = f"the step of {entry.name} fails: {type(error).__name__}: {error}"
        raise InputError(message) from error
    if tuple(call.params.tolist()) != params:
        message = f"the step of {entry.name} changes its parameters; they are given, keep what you compute in 'state'"
        raise InputError(message)
    return out


def _made_up(inputs: Sequence[str], bars: int, *, daily: bool) -> list[NDArray[np.float64]]:
    """Return bars that move up and down by a fixed pattern, one column per input; each a session, or all in one."""
    place = np.arange(bars, dtype=np.float64)
    wave = place * 0.61803398875
    close = 100.0 + 7.0 * (wave - np.floor(wave)) + 0.01 * place
    table = {"open": close - 0.25, "high": close + 1.5, "low": close - 1.25, "close": close, "volume": 1000.0 + 100.0 * (place % 7.0)}
    first, minutes = place * (0.0 if daily else 1.0), 1440.0 if daily else 1.0
    table |= {"minute_of_day": first % 1440.0, "day_of_week": place % 5.0 if daily else place * 0.0, "session_bar": first}
    table |= {"minutes_since_open": first, "minutes_to_close": bars - 1.0 - place if not daily else place * 0.0}
    table |= {"session_day": 20_000.0 + place - first, "bar_minutes": np.full(bars, minutes)}
    return [np.ascontiguousarray(table[name]) for name in inputs]


def _shown(entry: Indicator, params: tuple[float, ...]) -> str:
    return ", ".join(f"{parameter.name}={value:g}" for parameter, value in zip(entry.parameters, params, strict=True)) or "no parameters"
