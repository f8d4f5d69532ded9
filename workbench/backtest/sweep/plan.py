"""What a sweep will try, numbered from 0 and made when it is asked for: ten million points take no more memory than ten.

1. ``Plan.grid`` numbers all combinations of some values like the digits of a counter, the last name turning fastest.
2. ``Plan.random`` draws the points of block ``b`` from a stream of random numbers that belongs to seed and ``b`` alone, so any point can be made
   without those before it, in any process, the same.
3. ``Plan.listed`` holds points that somebody wrote down.
4. ``hash`` names a plan by its content: names and values of a grid, the seed of random points, the listed points.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from workbench.content import content_hash
from workbench.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]

_MOST = 2**53
_BLOCK = 1024
"""Random points that share one stream."""
_PIECE = 65_536
"""Values hashed at a time."""


@dataclass(frozen=True)
class Between:
    """Any number from ``low`` to ``high``, or the nearest step above ``low``; for random points and optimisation."""

    low: float
    high: float
    step: float | None = None

    def __post_init__(self) -> None:
        """Refuse ranges that hold nothing."""
        low, high = number("low", self.low), number("high", self.high)
        if low >= high or (self.step is not None and not 0 < number("step", self.step) <= high - low):
            message = f"a range needs low below high and a step that fits between them, not {self.low!r} to {self.high!r} by {self.step!r}"
            raise InputError(message)

    def at(self, shares: Values) -> Values:
        """Return the numbers at ``shares`` (0 to below 1) of the range."""
        if self.step is None:
            return np.asarray(self.low + shares * (self.high - self.low))
        count = math.floor((self.high - self.low) / self.step + 1e-9) + 1
        return np.asarray(self.low + np.floor(shares * count) * self.step)

    @property
    def content(self) -> list[Any]:
        """What it is, as JSON."""
        return ["between", float(self.low), float(self.high), None if self.step is None else float(self.step)]


class Choices:
    """Some values in their order; a ``range`` is kept as one."""

    def __init__(self, name: str, given: Any) -> None:  # noqa: ANN401 - whatever a person put into a grid
        """Read the values of ``name``.

        Raises:
            InputError: no values, or one that is no finite number.
        """
        if isinstance(given, str) or not hasattr(given, "__iter__"):
            message = f"the grid needs values for ${name}, for example range(5, 20), not {given!r}"
            raise InputError(message)
        self._held: range | Values = (
            given if isinstance(given, range) else np.array([number(name, value) for value in given], dtype=np.float64)
        )
        if not len(self._held):
            message = f"the grid has no value for ${name}"
            raise InputError(message)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._held)

    def take(self, places: NDArray[np.int64]) -> Values:
        """Return the values at ``places``."""
        if isinstance(self._held, range):
            return (self._held.start + places * self._held.step).astype(np.float64)
        return self._held[places]

    def at(self, shares: Values) -> Values:
        """Return the values at ``shares`` (0 to below 1) of the list."""
        return self.take((shares * len(self)).astype(np.int64))

    @property
    def varies(self) -> bool:
        """Whether there are two different values."""
        return len(self) > 1 and (isinstance(self._held, range) or bool((self._held != self._held[0]).any()))

    @property
    def content(self) -> list[Any]:
        """Number of values and the SHA-256 of their bytes."""
        digest = hashlib.sha256()
        for first in range(0, len(self), _PIECE):
            places = np.arange(first, min(first + _PIECE, len(self)))
            digest.update(np.asarray(self.take(places) + 0.0, dtype="<f8").tobytes())
        return ["values", len(self), digest.hexdigest()]


class _Source(Protocol):
    """Where the points of a plan come from."""

    @property
    def size(self) -> int: ...

    @property
    def content(self) -> list[Any]: ...

    def take(self, first: int, last: int) -> Values: ...


@dataclass(frozen=True)
class _Grid:
    axes: tuple[Choices, ...]

    @property
    def size(self) -> int:
        return math.prod(len(axis) for axis in self.axes)

    @property
    def content(self) -> list[Any]:
        return ["grid", [axis.content for axis in self.axes]]

    def take(self, first: int, last: int) -> Values:
        place = np.arange(first, last, dtype=np.int64)
        made = np.empty((last - first, len(self.axes)))
        for column in range(len(self.axes) - 1, -1, -1):
            place, digit = np.divmod(place, len(self.axes[column]))
            made[:, column] = self.axes[column].take(digit)
        return made


@dataclass(frozen=True)
class _Random:
    axes: tuple[Choices | Between, ...]
    size: int
    seed: int

    @property
    def content(self) -> list[Any]:
        return ["random", [axis.content for axis in self.axes], self.size, self.seed]

    def take(self, first: int, last: int) -> Values:
        blocks = range(first // _BLOCK, max(first // _BLOCK + 1, -(-last // _BLOCK)))
        shares = np.concatenate([self._block(block) for block in blocks])[first - blocks.start * _BLOCK :][: last - first]
        return np.column_stack([axis.at(shares[:, column]) for column, axis in enumerate(self.axes)])

    def _block(self, block: int) -> Values:
        stream = np.random.Generator(np.random.Philox(key=[self.seed, block]))
        return stream.random((_BLOCK, len(self.axes)))


@dataclass(frozen=True, eq=False)
class _Listed:
    table: Values

    @property
    def size(self) -> int:
        return len(self.table)

    @property
    def content(self) -> list[Any]:
        return ["listed", hashlib.sha256(np.asarray(self.table + 0.0, dtype="<f8").tobytes()).hexdigest()]

    def take(self, first: int, last: int) -> Values:
        return self.table[first:last]


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """The points of a sweep, each a number for every name."""

    names: tuple[str, ...]
    """What varies: ``$parameters`` without the sign, and any of stop, target, trailing, time_stop and size."""
    source: _Source
    """Where the points come from."""

    @classmethod
    def grid(cls, grid: Mapping[str, Iterable[float]]) -> Plan:
        """Return all combinations of some values for each name.

        Raises:
            InputError: no name, no value, one that is no finite number, or more combinations than can be numbered.
        """
        axes = tuple(Choices(name, tried) for name, tried in grid.items())
        if not axes:
            message = "the grid is empty; give values for a parameter, for example {'fast': range(5, 20)}"
            raise InputError(message)
        made = _Grid(axes)
        if made.size > _MOST:
            message = f"a grid of {made.size:.3g} points is more than can be numbered; draw some of them: Plan.random(grid, points=100_000, seed=7)"
            raise InputError(message)
        return cls(names=tuple(grid), source=made)

    @classmethod
    def random(cls, space: Mapping[str, Iterable[float] | Between], points: int, seed: int) -> Plan:
        """Return ``points`` random points: of each name one of its values or a number ``Between`` two, all equally likely.

        Raises:
            InputError: no name, no value, or a number of points or a seed that is no whole number from 1 or 0 on.
        """
        if not space:
            message = "there is nothing to draw from; give values or a range, for example {'fast': range(5, 20), 'stop': Between(0.5, 3.0)}"
            raise InputError(message)
        for name, given, least in (("points", points, 1), ("seed", seed, 0)):
            if isinstance(given, bool) or not isinstance(given, int | np.integer) or not least <= given <= _MOST:
                message = f"{name} must be a whole number from {least} on, not {given!r}"
                raise InputError(message)
        axes = tuple(tried if isinstance(tried, Between) else Choices(name, tried) for name, tried in space.items())
        return cls(names=tuple(space), source=_Random(axes, int(points), int(seed)))

    @classmethod
    def listed(cls, points: Iterable[Mapping[str, float]]) -> Plan:
        """Return the points of a list; a name that a point leaves out takes its default (NaN in ``points``).

        Raises:
            InputError: no point, or a value that is no finite number.
        """
        held = list(points)
        if not held:
            message = "the grid is empty; give values for a parameter, for example {'fast': range(5, 20)}"
            raise InputError(message)
        names = tuple(dict.fromkeys(name for point in held for name in point))
        rows = [[number(name, point[name]) if name in point else math.nan for name in names] for point in held]
        return cls(names=names, source=_Listed(np.array(rows, dtype=np.float64).reshape(len(held), len(names))))

    def __len__(self) -> int:
        """Return the number of points."""
        return self.source.size

    def points(self, first: int, last: int) -> tuple[tuple[str, ...], Values]:
        """Return the names and the points numbered ``first`` to before ``last`` as (points, names)."""
        return self.names, self.source.take(first, max(first, min(last, len(self))))

    def varies(self, place: int) -> bool:
        """Whether the name at ``place`` takes more than one value."""
        source = self.source
        if isinstance(source, _Listed):
            column = source.table[:, place]
            return bool((column != column[0]).any()) and not bool(np.isnan(column).all())
        axis = source.axes[place] if isinstance(source, _Grid | _Random) else None
        return axis.varies if isinstance(axis, Choices) else True

    @cached_property
    def hash(self) -> str:
        """SHA-256 of what the plan is; the same in every process."""
        return content_hash({"names": list(self.names), "points": self.source.content})

    def __repr__(self) -> str:
        """Say how many points there are and of what."""
        return f"Plan({len(self):,} points of {', '.join(self.names)})"


def number(name: str, value: Any) -> float:  # noqa: ANN401 - whatever a person put into a grid
    """Return ``value`` as a float.

    Raises:
        InputError: it is no finite number.
    """
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = math.nan
    if not math.isfinite(found):
        message = f"${name} must be a finite number, not {value!r}"
        raise InputError(message)
    return found


def plan_of(grid: Mapping[str, Iterable[float]] | Iterable[Mapping[str, float]] | Plan) -> Plan:
    """Return the plan of what a person gave: a mapping is a grid, a list holds the points."""
    if isinstance(grid, Plan):
        return grid
    return Plan.grid(grid) if isinstance(grid, Mapping) else Plan.listed(grid)
