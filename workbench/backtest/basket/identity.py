"""The name of a basket in the trial ledger: what it stands on, and one function that records it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.backtest.basket.targets import weights_hash
from workbench.backtest.engine.rules import FILL_MODEL
from workbench.backtest.engine.tally import POINT_SIZE, tally
from workbench.backtest.ledger import Ledger, Trial
from workbench.backtest.trial_blocks import known_ids, sums_of
from workbench.backtest.trial_ids import Seen, ground_of, setting_of, trial_id
from workbench.content import bytes_hash, content_hash
from workbench.store import chain
from workbench.store.tables import TrialBlockRow, TrialRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from workbench.backtest.basket.result import BasketResult

FORMAT = 1


def ground(basket: BasketResult) -> str:
    """Return the content hash of everything but the parameters that makes the basket a distinct trial.

    It is made of the grounds of the symbols, in their order, and of what they share. One symbol alone with nothing shared has the ground of its
    ``backtest``, so that the same trial is counted once by either way.
    """
    shared = _shared(basket)
    each = [[member.symbol, _ground_of_member(basket, place)] for place, member in enumerate(basket.members)]
    if len(each) == 1 and not shared and basket.members[0].spec is not None:
        return each[0][1]
    return content_hash({"basket": FORMAT, "fill_model": FILL_MODEL, "symbols": each, **shared})


def family_of(basket: BasketResult) -> str:
    """Return the family of trials it is counted in: its symbols, and the lineage of their strategies."""
    lineages = sorted({member.spec.lineage for member in basket.members if member.spec is not None}) or ["common"]
    symbols = {
        symbol
        for member in basket.members
        for symbol in ((member.symbol,) if len(basket.members) > 1 or member.spec is None else member.spec.symbols)
    }
    return f"{'+'.join(sorted(symbols))}/{'+'.join(lineages)}"


def program_hash(basket: BasketResult) -> str:
    """Return the content address of what decides: of one program, of all of them, or of the weights."""
    if basket.targets is not None:
        return weights_hash(basket.targets)
    found = [member.program_hash for member in basket.members]
    return found[0] if len(found) == 1 else content_hash({"programs": found})


def dataset_hash(basket: BasketResult) -> str:
    """Return the content address of all bars, in their order."""
    found = [member.bars.dataset_hash for member in basket.members]
    return found[0] if len(found) == 1 else content_hash({"datasets": found})


def _ground_of_member(basket: BasketResult, place: int) -> str:
    member = basket.members[place]
    if member.spec is None:
        return content_hash({"dataset": member.bars.dataset_hash, "fill_model": FILL_MODEL, "rules": dict(member.rules._asdict())})
    return ground_of(member.spec, member.program_hash, member.bars.dataset_hash, member.rules)


def _shared(basket: BasketResult) -> dict[str, Any]:
    """What the symbols share and what orders them, without what says nothing."""
    found: dict[str, Any] = {}
    limits = {name: value for name, value in basket.limits.to_dict().items() if value is not None}
    if len(basket.members) == 1 and not any(name.startswith("max_") for name in limits):
        limits = {}  # nothing ends before itself
    if limits:
        found["limits"] = limits
    if basket.allocation.kind != "own":
        found["allocation"] = basket.allocation.to_dict()
    if len(basket.members) > 1 and np.isfinite(basket.feed.priority).any():
        found["priority"] = bytes_hash(np.ascontiguousarray(basket.feed.priority, dtype="<f8").tobytes())
    if (basket.feed.rates_open != 1.0).any() or (basket.feed.rates_close != 1.0).any():
        both = np.concatenate([basket.feed.rates_open, basket.feed.rates_close])
        found["fx"] = bytes_hash(np.ascontiguousarray(both, dtype="<f8").tobytes())
    if basket.targets is not None:
        found["targets"] = weights_hash(basket.targets)
    return found


def record(ledger: Ledger, basket: BasketResult) -> Trial:
    """Count ``basket`` in the ledger and return its trial; the same evaluation again changes nothing."""
    identity, family = trial_id(ground(basket), basket.parameters), family_of(basket)
    program, dataset = program_hash(basket), dataset_hash(basket)
    database, owner = ledger._database, ledger._owner  # noqa: SLF001 - the ledger's own transaction, written from beside it
    with database.session() as session:
        chain.lock(session.connection())
        known = session.get(TrialRow, identity)
        if known is not None:
            return Trial(trial_id=identity, family=known.family, new=False)
        if identity in Seen(known_ids(session, program, dataset)):
            return Trial(trial_id=identity, family=family, new=False)
        _open_family(session, family, basket, owner)
        session.add(_row(identity, family, basket, owner))
        detail = {"family": family, "program": program, "dataset": dataset}
        chain.append(session, actor=owner, action="trial.recorded", subject=f"trial:{identity[:16]}", detail=detail)
    return Trial(trial_id=identity, family=family, new=True)


def _open_family(session: Session, family: str, basket: BasketResult, owner: str) -> None:
    """A new family starts its count at zero: that is an act, and it is audited."""
    from sqlalchemy import select  # noqa: PLC0415 - one query

    for table in (TrialRow, TrialBlockRow):
        if session.execute(select(table.family).where(table.family == family).limit(1)).first() is not None:
            return
    detail = {"symbols": sorted(basket.symbols), "name": basket.name, "spec": None}
    chain.append(session, actor=owner, action="family.opened", subject=f"family:{family}", detail=detail)


def _row(identity: str, family: str, basket: BasketResult, owner: str) -> TrialRow:
    metrics = basket.metrics.to_dict()
    equity, yearly = basket.clock
    point = np.zeros((1, POINT_SIZE))
    tally(np.ascontiguousarray(equity, dtype=np.float64), basket.cash, point[0])
    member = basket.members[0]
    rules = {**_shared(basket), "fill_model": FILL_MODEL, "symbols": list(basket.symbols)}
    if len(basket.members) == 1 and member.spec is not None:
        rules |= setting_of(member.spec, member.rules)
    return TrialRow(
        trial_id=identity,
        family=family,
        program_hash=program_hash(basket),
        spec_hash=member.spec.spec_hash if len(basket.members) == 1 and member.spec is not None else None,
        dataset_hash=dataset_hash(basket),
        parameters=dict(basket.parameters),
        rules={**rules, "bars_per_year": yearly, "block_sums": sums_of(point)[0].tolist()},
        metrics=metrics,
        sharpe=metrics["sharpe_per_bar"],
        observations=len(equity),
        owner=owner,
    )
