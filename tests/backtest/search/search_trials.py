"""A stand-in for Optuna's trial, and what search tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


class Drawn:
    """Chooses at random, from a seed, and remembers what it was asked."""

    def __init__(self, seed: int) -> None:
        self.number = seed
        self.asked: dict[str, Any] = {}
        self._random = np.random.default_rng(seed)

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        assert len(choices) > 1
        return self._once(name, choices[int(self._random.integers(len(choices)))])

    def suggest_int(self, name: str, low: int, high: int) -> int:
        return int(self._once(name, int(self._random.integers(low, high + 1))))

    def _once(self, name: str, value: Any) -> Any:
        assert name not in self.asked, f"{name} was asked for twice"
        self.asked[name] = value
        return value


class Fixed(Drawn):
    """Chooses what it was told, the first of everything else."""

    def __init__(self, **wanted: Any) -> None:
        super().__init__(0)
        self.wanted = wanted

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        return self._once(name, self.wanted.get(name, choices[0]))

    def suggest_int(self, name: str, low: int, high: int) -> int:
        value = self.wanted.get(name, low)
        assert low <= value <= high
        return int(self._once(name, value))
