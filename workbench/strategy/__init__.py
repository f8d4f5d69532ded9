"""What we intend: indicators, rules, the register program, specifications, archetypes, validators.

The room carries the name of its main function: ``wb.strategy("buy when ...")`` calls this module, so the package attribute means the
same whether the room was imported before or not.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.strategy.strategy import Strategy


class _Room(ModuleType):
    """A package that can be called like its main function."""

    def __call__(self, text: str, **options: Any) -> Strategy:  # noqa: ANN401 - the options of `strategy`
        """Return ``workbench.strategy.strategy.strategy(text, **options)``."""
        from workbench.strategy.strategy import strategy  # noqa: PLC0415 - importing a part of the room stays cheap

        return strategy(text, **options)


sys.modules[__name__].__class__ = _Room
