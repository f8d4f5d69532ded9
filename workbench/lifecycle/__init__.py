"""Who may trade: people, bots, stages, gates, promotion, permit, kill switch, and the check of the audit chain.

Modules are used by name (``bots.create``, ``killswitch.engage``, ``promotion.promote``, ``permit.permit``); record types are here too.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.lifecycle.access import Scope, may, require, scope_of
    from workbench.lifecycle.assessment import Assessment
    from workbench.lifecycle.bots import Bot
    from workbench.lifecycle.gates import Gate, Verdict
    from workbench.lifecycle.killswitch import Switch
    from workbench.lifecycle.people import Person, whoami
    from workbench.lifecycle.permit import Permit
    from workbench.lifecycle.policy import Policy
    from workbench.lifecycle.promotion import Promotion, demote, evaluate, promote
    from workbench.lifecycle.record import TrackRecord
    from workbench.lifecycle.stages import Stage

_HOME = {
    "Assessment": "assessment",
    "Bot": "bots",
    "Gate": "gates",
    "Permit": "permit",
    "Person": "people",
    "Policy": "policy",
    "Promotion": "promotion",
    "Scope": "access",
    "Stage": "stages",
    "Switch": "killswitch",
    "TrackRecord": "record",
    "Verdict": "gates",
    "demote": "promotion",
    "evaluate": "promotion",
    "may": "access",
    "promote": "promotion",
    "require": "access",
    "scope_of": "access",
    "whoami": "people",
}

__all__ = [
    "Assessment",
    "Bot",
    "Gate",
    "Permit",
    "Person",
    "Policy",
    "Promotion",
    "Scope",
    "Stage",
    "Switch",
    "TrackRecord",
    "Verdict",
    "demote",
    "evaluate",
    "may",
    "promote",
    "require",
    "scope_of",
    "whoami",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    """Import a name from its module at first use: the check of the audit chain must not load the strategy language."""
    if name not in _HOME:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
