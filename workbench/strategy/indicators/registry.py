"""The registered indicators of this process, by name and by code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from workbench.strategy.indicators.declaration import Indicator

BUILT_IN = "workbench."
_newest: dict[str, Indicator] = {}
_versions: dict[tuple[str, str], Indicator] = {}
_aliases: dict[str, str] = {}


def register(entry: Indicator) -> None:
    """Make ``entry`` known under its name; earlier code under the name stays reachable by ``exact``."""
    _newest[entry.name] = entry
    _versions[entry.name, entry.code_hash] = entry
    _aliases.update(dict.fromkeys(entry.aliases, entry.name))


def is_built_in(name: str) -> bool:
    """Return whether a step of this package has the ``name``."""
    return name in _newest and _newest[name].function is None and _newest[name].step.__module__.startswith(BUILT_IN)


def find(name: str) -> Indicator:
    """Return the indicator called ``name``, in any letter case; a registered name goes before an alias.

    Raises:
        UnknownNameError: no such indicator; the message names the nearest.
    """
    folded = "_".join(name.lower().replace("%", " percent ").split())
    entry = _newest.get(name) or _newest.get(folded) or _newest.get(_aliases.get(folded, ""))
    if entry is None:
        kind = "indicator"
        raise UnknownNameError(kind, name, _newest)
    return entry


def exact(name: str, code_hash: str) -> Indicator:
    """Return the version of an indicator with this code, also when a cell has replaced it since.

    Raises:
        UnknownNameError: no indicator of that name.
        InputError: this process only knows other code under the name.
    """
    entry = _versions.get((name, code_hash))
    if entry is None:
        found = find(name)
        message = f"the program was made with other code of {name} ({code_hash[:12]}) than this process has ({found.code_hash[:12]}); compile the rules again"
        raise InputError(message)
    return entry


def aliases() -> dict[str, str]:
    """Return the other names of registered indicators, each with the registered one; a name that an indicator itself has is none."""
    return {alias: name for alias, name in sorted(_aliases.items()) if alias not in _newest}


def names() -> tuple[str, ...]:
    """Return the names of all registered indicators, sorted."""
    return tuple(sorted(_newest))
