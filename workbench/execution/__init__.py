"""What we send: orders and their life, brokers, and sessions that trade a bot bar by bar.

Names are resolved when they are first used: the read models in ``views`` must not load the engine.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.execution.book import abandon
    from workbench.execution.orders import Order, OrderEvent, OrderState
    from workbench.execution.outcome import Latency, SessionResult
    from workbench.execution.replay import replay
    from workbench.execution.session import PaperSession, Step, deployed_rules
    from workbench.execution.tape import Bar, tape

_HOMES = {
    "Bar": "tape",
    "Latency": "outcome",
    "Order": "orders",
    "OrderEvent": "orders",
    "OrderState": "orders",
    "PaperSession": "session",
    "SessionResult": "outcome",
    "Step": "session",
    "abandon": "book",
    "deployed_rules": "session",
    "replay": "replay",
    "tape": "tape",
}

__all__ = [
    "Bar",
    "Latency",
    "Order",
    "OrderEvent",
    "OrderState",
    "PaperSession",
    "SessionResult",
    "Step",
    "abandon",
    "deployed_rules",
    "replay",
    "tape",
]


class _Room(ModuleType):
    """Two functions are named like their files; importing the file must not hide the function."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562
    """Import what ``name`` stands for."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


sys.modules[__name__].__class__ = _Room
