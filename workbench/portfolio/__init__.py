"""What we may hold: costs, sizing, brackets and limits, as frozen records that read and write JSON."""

from __future__ import annotations

from workbench.portfolio.brackets import Bracket, Brackets
from workbench.portfolio.costs import Costs
from workbench.portfolio.filling import Filling
from workbench.portfolio.limits import Limits
from workbench.portfolio.sizing import Sizing

__all__ = ["Bracket", "Brackets", "Costs", "Filling", "Limits", "Sizing"]
