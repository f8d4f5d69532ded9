"""A dictionary that cannot change, so that a frozen record stays what its hash says."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

from workbench.errors import InputError

K = TypeVar("K")
V = TypeVar("V")


class FrozenDict(dict[K, V]):
    """A dict that refuses every change; reads, copies and serialises like any other."""

    def _refuse(self, *_arguments: Any, **_named: Any) -> NoReturn:  # noqa: ANN401 - whatever the caller tried
        message = "this record is frozen; make a changed copy instead, for example strategy.revised(...)"
        raise InputError(message)

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        """Hash by content."""
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[type[FrozenDict[K, V]], tuple[dict[K, V]]]:
        """Pickle and copy through a plain dict."""
        return (FrozenDict, (dict(self),))
