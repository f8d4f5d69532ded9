"""What we intend: indicators, rules, the register program, specifications, archetypes, validators.

The room carries the name of its main function: ``wb.strategy("buy when ...")`` calls this module, so the package attribute means the
same whether the room was imported before or not.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.strategy.strategy import Strategy


class _Room(ModuleType):
    """A package that can be called like its main function."""

    def __call__(self, text: str | Callable[..., Any], **options: Any) -> Strategy:  # noqa: ANN401 - the options of `strategy`
        """Return ``workbench.strategy.strategy.strategy(text, **options)``; for a function, ``in_python.from_function`` of it."""
        if callable(text):
            from workbench.strategy.in_python import from_function  # noqa: PLC0415 - importing a part of the room stays cheap

            return from_function(text, **options)
        from workbench.strategy.strategy import strategy  # noqa: PLC0415 - importing a part of the room stays cheap

        return strategy(text, **options)


sys.modules[__name__].__class__ = _Room
