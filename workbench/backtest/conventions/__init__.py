"""How other backtesters fill, and which settings of ours fill the same: one record a peer and rule, each proved by a test or read in their source.

The peers are never imported here; the proofs live in ``tests/parity`` and run where a peer is installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.backtest.conventions import backtesting_py, backtrader, freqtrade, lean, vectorbt
from workbench.backtest.conventions.record import RULES, Convention
from workbench.errors import UnknownNameError

if TYPE_CHECKING:
    import pandas as pd

CONVENTIONS: tuple[Convention, ...] = (*backtesting_py.ROWS, *backtrader.ROWS, *vectorbt.ROWS, *freqtrade.ROWS, *lean.ROWS)
"""Every row, by peer, in the order of ``RULES``."""

PEERS: tuple[str, ...] = tuple(dict.fromkeys(row.peer for row in CONVENTIONS))
"""The backtesters that were looked at."""


def table(peer: str | None = None, rule: str | None = None) -> pd.DataFrame:
    """Return the rows of one ``peer`` or one ``rule`` (all where None) as a table: rule, peer, theirs, ours, verdict, source, proof.

    Raises:
        UnknownNameError: no such peer or rule.
    """
    import pandas as pd  # noqa: PLC0415 - the records alone need no pandas

    for given, known, kind in ((peer, PEERS, "backtester"), (rule, RULES, "rule")):
        if given is not None and given not in known:
            raise UnknownNameError(kind, given, known)
    rows = [row for row in CONVENTIONS if peer in {None, row.peer} and rule in {None, row.rule}]
    rows.sort(key=lambda row: (RULES.index(row.rule), PEERS.index(row.peer)))
    return pd.DataFrame(
        {
            "rule": [row.rule for row in rows],
            "peer": [row.peer for row in rows],
            "theirs": [row.theirs for row in rows],
            "ours": [row.ours for row in rows],
            "verdict": [row.words for row in rows],
            "source": [row.source for row in rows],
            "proof": [row.proof for row in rows],
        }
    )


def overview() -> pd.DataFrame:
    """Return one row a rule and one column a peer: the answers of its cases, same before nearly before differs; empty where a peer has no such rule.

    What was read and not run is in brackets.
    """
    import pandas as pd  # noqa: PLC0415 - the records alone need no pandas

    cells = {(rule, peer): _cell([row for row in CONVENTIONS if (row.rule, row.peer) == (rule, peer)]) for rule in RULES for peer in PEERS}
    return pd.DataFrame([[cells[rule, peer] for peer in PEERS] for rule in RULES], index=pd.Index(RULES, name="rule"), columns=list(PEERS))


def _cell(rows: list[Convention]) -> str:
    """Return each answer once, in brackets where none of its rows was run."""
    said = []
    for match in ("same", "near", "differs"):
        of_it = [row for row in rows if row.match == match]
        if of_it:
            said.append(of_it[0].word if any(row.proof for row in of_it) else f"({of_it[0].word})")
    return " · ".join(said)


__all__ = ["CONVENTIONS", "PEERS", "RULES", "Convention", "overview", "table"]
