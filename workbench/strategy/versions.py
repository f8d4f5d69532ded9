"""The versions of a strategy: each specification is stored once, under its content hash, and numbered by its owner and name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from workbench.store import chain
from workbench.store.tables import StrategyRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from workbench.strategy.spec import StrategySpec


def record(session: Session, spec: StrategySpec, owner: str) -> str:
    """Make sure the specification is on record and return its hash; recording again changes nothing."""
    if session.get(StrategyRow, spec.spec_hash) is None:
        last = session.scalar(select(func.max(StrategyRow.version)).where(StrategyRow.name == spec.name, StrategyRow.owner == owner)) or 0
        session.add(StrategyRow(spec_hash=spec.spec_hash, name=spec.name, version=last + 1, json=spec.to_json(), owner=owner))
        session.flush()
    return spec.spec_hash


def save(session: Session, spec: StrategySpec, owner: str) -> tuple[int, bool]:
    """Put the specification on record because ``owner`` asked for it, with its event in the audit chain; return its version and whether it is new."""
    known = session.get(StrategyRow, spec.spec_hash)
    if known is not None:
        return known.version, False
    version = session.get_one(StrategyRow, record(session, spec, owner)).version
    detail = {"name": spec.name, "version": version}
    chain.append(session, actor=owner, action="strategy.saved", subject=f"strategy:{spec.spec_hash}", detail=detail)
    return version, True
