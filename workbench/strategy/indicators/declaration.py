"""What an indicator declares about itself: its names, parameters, memory, warm-up and code."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import InputError, UnknownNameError
from workbench.strategy.indicators import driver, memory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from workbench.strategy.indicators.functions import ColumnFunction

_MAX_STATE = 1_000_000  # cells; 8 MB for one use of one indicator


def finite_number(value: object, what: str) -> float:
    """Return ``value`` as a float.

    Raises:
        InputError: it is no number, or not finite; ``what`` names it.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        message = f"{what} must be a number, not {value!r}"
        raise InputError(message)
    number = float(value)
    if not np.isfinite(number):
        message = f"{what} must be a finite number, not {number}"
        raise InputError(message)
    return number


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One number that shapes an indicator, such as its period."""

    name: str
    """How it is named in Python, such as ``period``."""
    default: float
    """Used where nothing is given."""
    low: float
    """Smallest value allowed."""
    high: float
    """Largest value allowed."""
    integer: bool = True
    """Whether only whole numbers make sense."""

    def checked(self, value: float, owner: str) -> float:
        """Return ``value`` as a float.

        Raises:
            InputError: it is no number, not whole where that is needed, or outside the range; ``owner`` names the indicator.
        """
        number = finite_number(value, f"{self.name} of {owner}")
        if self.integer and number != int(number):
            message = f"{self.name} of {owner} must be a whole number, not {number:g}"
            raise InputError(message)
        if not self.low <= number <= self.high:
            message = f"{self.name} of {owner} must be from {self.low:g} to {self.high:g}, not {number:g}"
            raise InputError(message)
        return number


@dataclass(frozen=True, kw_only=True, eq=False)
class Indicator:
    """A registered step with everything a program, a picker and a proof need to know about it."""

    name: str
    """How rules call it."""
    inputs: tuple[str, ...]
    """Series it reads unless told otherwise."""
    outputs: tuple[str, ...]
    """Names of what it writes, in order."""
    parameters: tuple[Parameter, ...]
    """Its numbers, in the order rules give them."""
    state_size: Callable[[tuple[float, ...]], int]
    """Cells of state needed for these parameters."""
    warmup: Callable[[tuple[float, ...]], int]
    """Number of leading NaN bars for these parameters, the same for every output."""
    step: Any
    """The compiled function."""
    convention: str
    """Which of the usual variants this is."""
    source: str
    """Where the definition can be looked up."""
    code_hash: str
    """SHA-256 of the step's source text and of everything it refers to."""
    function: ColumnFunction | None = None
    """What computes whole columns in place of the step; None where the step does."""
    aliases: tuple[str, ...] = ()
    """Other names people use for it."""
    output_aliases: Mapping[str, str] = field(default_factory=dict)
    """Other names people use for its outputs."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Outputs that others give and this one does not, each with the reason."""
    _cells: dict[tuple[float, ...], int] = field(default_factory=dict, repr=False)
    _warmups: dict[tuple[float, ...], int] = field(default_factory=dict, repr=False)
    _checked: dict[tuple[float, ...], tuple[float, ...]] = field(default_factory=dict, repr=False)

    @cached_property
    def address(self) -> int:
        """Where the compiled step lies in this process."""
        return memory.address_of(self.step)

    @cached_property
    def loop(self) -> int:
        """Where the step's own compiled batch loop lies in this process; 0 where it has none."""
        loop = memory.LOOPS.get(id(self.step))
        return 0 if loop is None else memory.address_of(loop, memory.LOOP_SIGNATURE)

    def output(self, name: str | None) -> int:
        """Return the place of the output called ``name`` (or an alias of it); None is the only one, or the one called like the indicator.

        Raises:
            InputError: several outputs and none named, or one that is refused, with the reason.
            UnknownNameError: no such output.
        """
        if name is None:
            if len(self.outputs) == 1:
                return 0
            if self.name in self.outputs:
                return self.outputs.index(self.name)
            message = f"{self.name} has several outputs; name one: {', '.join(f'{self.name}(...).{output}' for output in self.outputs)}"
            raise InputError(message)
        known = self.output_aliases.get(name, name)
        if known in self.outputs:
            return self.outputs.index(known)
        if name in self.refused:
            message = f"{self.name} has no output {name!r}: {self.refused[name]}"
            raise InputError(message)
        kind = f"output of {self.name}"
        raise UnknownNameError(kind, name, self.outputs)

    @property
    def defaults(self) -> tuple[float, ...]:
        """Default parameter values, in order."""
        return tuple(parameter.default for parameter in self.parameters)

    def checked(self, params: Sequence[float]) -> tuple[float, ...]:
        """Return ``params`` as floats, completed by defaults.

        Raises:
            InputError: too many, or one is not allowed.
        """
        if len(params) > len(self.parameters):
            known = ", ".join(parameter.name for parameter in self.parameters) or "none"
            message = f"{self.name} takes {len(self.parameters)} parameters ({known}), not {len(params)}"
            raise InputError(message)
        given = tuple(params) + self.defaults[len(params) :]
        return tuple(parameter.checked(value, self.name) for parameter, value in zip(self.parameters, given, strict=True))

    def checked_once(self, params: tuple[float, ...]) -> tuple[float, ...]:
        """Return ``checked(params)`` for numbers that are floats already, remembered: a sweep asks hundreds of times.

        Raises:
            InputError: one is not allowed.
        """
        if params not in self._checked:
            self._checked[params] = self.checked(params)
        return self._checked[params]

    def named(self, values: dict[str, float]) -> tuple[float, ...]:
        """Return parameter values in order from values by name.

        Raises:
            UnknownNameError: no such parameter.
            InputError: a value is not allowed.
        """
        known = [parameter.name for parameter in self.parameters]
        for name in values:
            if name not in known:
                kind = f"parameter of {self.name}"
                raise UnknownNameError(kind, name, known)
        return self.checked([values.get(parameter.name, parameter.default) for parameter in self.parameters])

    def cells(self, params: tuple[float, ...]) -> int:
        """Return the number of state cells for checked ``params``.

        Raises:
            InputError: the indicator asks for no sensible amount of memory.
        """
        if params not in self._cells:
            size = self.state_size(params)
            if size != int(size) or not 0 <= size <= _MAX_STATE:
                message = f"{self.name}{params} asks for a state of {size} cells; 0 to {_MAX_STATE} are possible"
                raise InputError(message)
            self._cells[params] = int(size)
        return self._cells[params]

    def warmup_bars(self, params: tuple[float, ...]) -> int:
        """Return the number of leading NaN bars for checked ``params``.

        Raises:
            InputError: the indicator declares no sensible number.
        """
        if params not in self._warmups:
            bars = self.warmup(params)
            if bars != int(bars) or bars < 0:
                message = f"{self.name}{params} declares a warm-up of {bars} bars; it must be a whole number, 0 or more"
                raise InputError(message)
            self._warmups[params] = int(bars)
        return self._warmups[params]

    def call(self, params: tuple[float, ...], out: NDArray[np.float64] | None = None) -> driver.Call:
        """Return fresh memory for one use with checked ``params``; ``out`` is (outputs, bars) for a batch."""
        loop = 0 if out is None else self.loop
        return driver.Call(self.address, params, (len(self.inputs), len(self.outputs), self.cells(params)), out, loop)
