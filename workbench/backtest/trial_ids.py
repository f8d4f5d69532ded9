"""Who a trial is: a content hash of everything that makes an evaluation distinct, for one run or for a hundred thousand points at once.

1. ``ground_of`` hashes program, dataset, fill rules, window, session mode and fill model; ``trial_id`` adds the values of the ``$parameters``.
2. A point that varies a bracket or the size has the fill rules that result, so it is the same trial as a run of a strategy written that way.
3. ``identities`` names many points: the canonical text of their records is put together from pieces that many of them share.
4. ``Seen`` tells which ids are new, from sorted arrays of 32 bytes each; no text is held.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.backtest.engine.rules import FILL_MODEL
from workbench.content import canonical, content_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from workbench.backtest.engine.rules import FillRules
    from workbench.backtest.sweep import Axes
    from workbench.strategy.spec import StrategySpec

    Ids = NDArray[np.bytes_]

ID = np.dtype("S32")
"""An id as 32 bytes; numpy cuts zeros off the end of a single item, so items are read through ``hexes``."""
_HOLE = {"rules": 0}


def trial_id(ground: str, parameters: Mapping[str, float]) -> str:
    """Return the content address of a trial: what it stands on (``ground_of``) and its parameter values."""
    values = {name: float(value) for name, value in parameters.items()}
    return hashlib.sha256(ground.encode() + b"\n" + canonical(values)).hexdigest()


def ground_of(spec: StrategySpec, program_hash: str, dataset_hash: str, rules: FillRules) -> str:
    """Return the content hash of everything but the parameters that makes a trial distinct."""
    return content_hash({"program": program_hash, "dataset": dataset_hash, **setting_of(spec, rules)})


def family_of(spec: StrategySpec) -> str:
    """Return the family of ``spec``: its symbols and its lineage.

    Everything on the same symbols shares the lineage ``common`` unless a new one was declared, so changing a number, a name or the whole rule
    does not start the count again.
    """
    return f"{'+'.join(sorted(spec.symbols))}/{spec.lineage}"


def setting_of(spec: StrategySpec, rules: FillRules) -> dict[str, Any]:
    """Return window, session mode, costs, brackets, sizing, cash and fill model: what besides rules and bars decides the fills."""
    window = spec.window.to_dict() if spec.window is not None else None
    mode = spec.session_mode.value if spec.session_mode is not None else None
    return {"fill_model": FILL_MODEL, "rules": dict(rules._asdict()), "window": window, "session_mode": mode}


def identities(spec: StrategySpec, program_hash: str, dataset_hash: str, axes: Axes, values: NDArray[np.float64]) -> Ids:
    """Return the trial ids of points, (points,) of 32 bytes: the same as ``trial_id`` one by one.

    Args:
        spec: what was evaluated.
        program_hash: content address of what decides.
        dataset_hash: content address of the bars.
        axes: what the columns of ``values`` mean.
        values: float64 (points, names).
    """
    table = axes.rules(values)
    changing = (table != table[:1]).any(axis=0)
    distinct, ground = np.unique(table[:, changing], axis=0, return_inverse=True)
    grounds = _grounds({"program": program_hash, "dataset": dataset_hash, **setting_of(spec, axes.base)}, table[:1], changing, distinct)
    order = sorted(range(len(axes.parameters)), key=lambda column: axes.parameters[column])
    columns = [_texts(axes.parameters[column], values[:, column]) for column in order]
    parts = [[pieces[place] for place in which.tolist()] for pieces, which in columns]
    inner = [b",".join(row) for row in zip(*parts, strict=True)] if parts else [b""] * len(values)
    made = [
        hashlib.sha256(b"%b\n{%b}" % (grounds[place], text)).digest()
        for place, text in zip(ground.reshape(-1).tolist(), inner, strict=True)
    ]
    return np.frombuffer(b"".join(made), dtype=ID)


def _grounds(record: dict[str, Any], base: NDArray[np.float64], changing: NDArray[np.bool_], distinct: NDArray[np.float64]) -> list[bytes]:
    """Return the ground of each distinct set of fill rules, from the canonical text of the record with its numbers exchanged."""
    names = list(record["rules"])
    head, _, tail = canonical(record | {"rules": _HOLE}).partition(canonical(_HOLE))
    order = sorted(range(len(names)), key=lambda column: names[column])
    fixed = [_piece(name, float(value)) for name, value in zip(names, base[0], strict=True)]
    cells = {int(column): _texts(names[column], distinct[:, place]) for place, column in enumerate(np.flatnonzero(changing))}
    found = []
    for row in range(len(distinct)):
        pieces = [cells[column][0][cells[column][1][row]] if column in cells else fixed[column] for column in order]
        found.append(hashlib.sha256(b"%b{%b}%b" % (head, b",".join(pieces), tail)).hexdigest().encode())
    return found


def _texts(name: str, values: NDArray[np.float64]) -> tuple[list[bytes], NDArray[np.int64]]:
    """Return ``"name":value`` of each distinct value, and which one each row has."""
    distinct, which = np.unique(values, return_inverse=True)
    return [_piece(name, value) for value in distinct.tolist()], which.reshape(-1)


def _piece(name: str, value: float) -> bytes:
    return canonical({name: value})[1:-1]


def id_of(text: str) -> Ids:
    """Return one id of 64 hexadecimal digits as an array of one."""
    return np.frombuffer(bytes.fromhex(text), dtype=ID)


def ids_of(texts: Iterable[str]) -> Ids:
    """Return ids of 64 hexadecimal digits as an array."""
    return np.frombuffer(b"".join(bytes.fromhex(text) for text in texts), dtype=ID)


def hexes(ids: Ids) -> list[str]:
    """Return the ids as 64 hexadecimal digits each."""
    data = np.ascontiguousarray(ids).tobytes()
    return [data[at : at + ID.itemsize].hex() for at in range(0, len(data), ID.itemsize)]


class Seen:
    """The ids that were seen, as sorted arrays, few and of growing size."""

    def __init__(self, runs: Iterable[Ids] = ()) -> None:
        """Start from sorted arrays."""
        self._runs = [run for run in runs if len(run)]

    def __contains__(self, text: object) -> bool:
        """Whether an id of 64 hexadecimal digits was seen."""
        return isinstance(text, str) and bool(self.known(id_of(text))[0])

    def known(self, ids: Ids) -> NDArray[np.bool_]:
        """Return which of ``ids`` were seen."""
        found = np.zeros(len(ids), dtype=np.bool_)
        for run in self._runs:
            place = np.minimum(np.searchsorted(run, ids), len(run) - 1)
            found |= run[place] == ids
        return found

    def add(self, ids: Ids) -> NDArray[np.bool_]:
        """Return which of ``ids`` are new, of equal ones the first, and remember them."""
        distinct, first = np.unique(ids, return_index=True)
        fresh = np.zeros(len(ids), dtype=np.bool_)
        fresh[first] = True
        fresh &= ~self.known(ids)
        if len(distinct):
            self._runs.append(distinct)
        while len(self._runs) > 1 and 2 * len(self._runs[-1]) > len(self._runs[-2]):
            last = self._runs.pop()
            self._runs[-1] = np.unique(np.concatenate([self._runs[-1], last]))
        return fresh
