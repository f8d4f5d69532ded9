"""The evidence a request can be argued from: what was sealed last about the bot's present strategy, judged as of today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.backtest.evidence.bundle import Evidence
from workbench.errors import InputError
from workbench.execution import views
from workbench.lifecycle import promotion
from workbench.lifecycle.access import EVERYTHING
from workbench.lifecycle.record import track
from workbench.lifecycle.stages import Stage
from workbench.store.tables import EvidenceRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from workbench.lifecycle.assessment import Assessment
    from workbench.lifecycle.bots import Bot


def assessed(session: Session, bot: Bot) -> Assessment:
    """Return what the gates say today about the evidence that was sealed last for the strategy this bot trades.

    Raises:
        InputError: there is none; how to make it.
    """
    decisions = views.promotions.page(session, EVERYTHING, views.PromotionFilter(bot=bot.id)).items
    for digest in dict.fromkeys(each.evidence_hash for each in decisions if each.evidence_hash):
        row = session.get(EvidenceRow, digest)
        sealed = None if row is None else Evidence.from_json(row.json)
        if sealed is not None and sealed.spec_hash == bot.spec_hash:
            record = None if bot.stage is Stage.LAB else track(session, bot)
            return promotion.evaluate(bot, sealed, record=record)
    message = f"no evidence about the strategy {bot.name} trades now is sealed; gather it in Lab: bench.review('{bot.name}')"
    raise InputError(message)
