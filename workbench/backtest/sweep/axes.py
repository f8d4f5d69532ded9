"""What the columns of a point mean: ``$parameters`` of the rules, and numbers of the fill rules (``stop``, ``target``, ``size`` ...).

A point of a sweep is a value for every ``$parameter`` (its default where the plan leaves it out) and for every bracket or size that the plan names
(``backtest.variation``). ``Axes.rules`` turns the second kind into one row of fill rules a point.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.backtest.run import parameter_names
from workbench.backtest.variation import VARIED, rules_table, varied_names
from workbench.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from workbench.backtest.engine.rules import FillRules
    from workbench.backtest.sweep.plan import Plan
    from workbench.strategy.strategy import Strategy
    from workbench.units import Instrument


@dataclass(frozen=True, kw_only=True, eq=False)
class Axes:
    """The columns of the points of one sweep."""

    strategy: Strategy
    """What is swept."""
    instrument: Instrument
    """What it trades."""
    base: FillRules
    """The fill rules of the strategy as it is."""
    parameters: tuple[str, ...]
    """All ``$parameters``: the first columns."""
    keys: tuple[str, ...]
    """Brackets and size that the plan names: the columns after them."""

    @classmethod
    def of(cls, strategy: Strategy, instrument: Instrument, base: FillRules, plan: Plan) -> Axes:
        """Return the columns of ``plan``.

        Raises:
            UnknownNameError: a name that is neither a parameter of the strategy nor a bracket or the size.
            InputError: a bracket that the strategy does not have, or a name that means two things.
        """
        parameters, keys = names_of(strategy, plan.names)
        return cls(strategy=strategy, instrument=instrument, base=base, parameters=parameters, keys=keys)

    @property
    def names(self) -> tuple[str, ...]:
        """All columns."""
        return (*self.parameters, *self.keys)

    def complete(self, plan: Plan, first: int, last: int) -> NDArray[np.float64]:
        """Return the points numbered ``first`` to before ``last`` with a value in every column, (points, names).

        Raises:
            InputError: a listed point without a value for a bracket that others vary.
        """
        given, values = plan.points(first, last)
        table = np.empty((len(values), len(self.names)))
        for column, name in enumerate(self.names):
            default = self.strategy.spec.parameters[name].default if name in self.parameters else np.nan
            if name in given:
                found = values[:, given.index(name)]
                table[:, column] = np.where(np.isnan(found), default, found)
            else:
                table[:, column] = default
        if np.isnan(table).any():
            missing = self.names[int(np.flatnonzero(np.isnan(table).any(axis=0))[0])]
            message = f"every point needs a value for {missing}, because some have one"
            raise InputError(message)
        return table + 0.0  # minus zero has no canonical text

    def varied(self, plan: Plan) -> tuple[str, ...]:
        """Return the columns with more than one value."""
        return tuple(name for name in self.names if name in plan.names and plan.varies(plan.names.index(name)))

    def rules(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return one row of fill rules for every row of ``values``, (points, fields of ``FillRules``).

        Raises:
            InputError: a value that the bracket or the sizing cannot take.
        """
        if not self.keys:
            return np.tile(np.array(self.base, dtype=np.float64), (len(values), 1))
        own = values[:, len(self.parameters) :]
        return rules_table(self.strategy, self.instrument, self.base.initial_cash, self.keys, own)

    def point(self, values: NDArray[np.float64]) -> dict[str, float]:
        """Return the ``$parameters`` of one row of ``values``."""
        return dict(zip(self.parameters, values[: len(self.parameters)].tolist(), strict=True))


def names_of(strategy: Strategy, names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of all ``$parameters``, and those of ``names`` that vary a bracket or the size.

    Raises:
        UnknownNameError: one of ``names`` is neither.
        InputError: a bracket that the strategy does not have, or a name that means two things.
    """
    parameters = parameter_names(strategy)
    for name in names:
        if name not in parameters and name not in VARIED:
            kind = "parameter"
            raise UnknownNameError(kind, name, [*parameters, *VARIED])
    return parameters, varied_names(strategy.spec, names)
