"""Families of trading ideas as complete templates: what each does in each direction, why, and when it fails."""

from __future__ import annotations

from workbench.strategy.archetypes.archetype import Archetype
from workbench.strategy.archetypes.catalogue import ARCHETYPES, archetype, archetype_predicate, infer, resolve

__all__ = ["ARCHETYPES", "Archetype", "archetype", "archetype_predicate", "infer", "resolve"]
