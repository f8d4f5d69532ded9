"""``bots list`` and ``kill``: who trades, and how they are stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from workbench import clock
from workbench.cli import show
from workbench.cli.given import store
from workbench.cli.guard import group, taught
from workbench.errors import InputError

if TYPE_CHECKING:
    from workbench.lifecycle.killswitch import Switch

app = group(help="Look at the bots.")


@app.command("list")
@taught
def bots_list(*, as_json: show.Json = False) -> None:
    """List the bots with their stage and status.

    Example:
      workbench bots list
    """
    database = store()
    from workbench.lifecycle import bots as registry  # noqa: PLC0415 - after the store: a wrong address is said at once

    with database.read() as session:
        found = registry.list(session)
    if as_json:
        fields = ("id", "name", "owner", "status", "capital", "symbols", "spec_hash")
        show.print_json([{**{name: getattr(bot, name) for name in fields}, "stage": str(bot.stage.value)} for bot in found])
        return
    rows = [
        (bot.name, bot.stage.value, show.mark(bot.status), " ".join(bot.symbols), f"{bot.capital:,.0f}", bot.owner, bot.id) for bot in found
    ]
    show.table(
        ("bot", "stage", "status", "symbols", "capital", "owner", "id"), rows, empty="no bot yet; the tour makes one: workbench tour"
    )


def kill(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Stop every bot.")] = False,
    bot: Annotated[str | None, typer.Option(help="Stop one bot, by name or id.")] = None,
    symbol: Annotated[str | None, typer.Option(help="Stop everything in one symbol.")] = None,
    stage: Annotated[str | None, typer.Option(help="Stop one stage: LAB PAPER SHADOW CANARY LIVE.")] = None,
    reason: Annotated[str, typer.Option(help="Why; the audit chain keeps it.")] = "",
    reset: Annotated[bool, typer.Option("--reset", help="Let orders pass again.")] = False,
    as_json: show.Json = False,
) -> None:
    """Stop orders at once, or let them pass again. Without an option, show which switches stand.

    Examples:
      workbench kill --all --reason "prices look wrong"
      workbench kill --bot es-orb --reason "drawdown"
      workbench kill --all --reset --reason "feed repaired"
    """
    asked = [(kind, value) for kind, value in {"all": everything, "bot": bot, "symbol": symbol, "stage": stage}.items() if value]
    if len(asked) > 1:
        message = "name one scope: --all, --bot, --symbol or --stage"
        raise InputError(message)
    if not asked and (reset or reason):
        message = "name what to stop or reset: --all, --bot, --symbol or --stage"
        raise InputError(message)
    database = store()
    from workbench.lifecycle import bots as registry  # noqa: PLC0415
    from workbench.lifecycle import killswitch  # noqa: PLC0415
    from workbench.lifecycle.people import whoami  # noqa: PLC0415

    if asked:
        kind, value = asked[0]
        with database.session() as session:
            target = registry.get(session, str(value)).id if kind == "bot" else str(value)
            where = killswitch.scope(kind, target)
            throw = killswitch.reset if reset else killswitch.engage
            throw(session, where, reason=reason, by=whoami())
    with database.read() as session:
        standing = killswitch.engaged(session)
    if as_json:
        show.print_json([_switch(switch) for switch in standing])
        return
    rows = [(switch.scope, switch.reason, switch.by, clock.stamp(switch.at)) for switch in standing]
    show.table(("■ stopped", "reason", "by", "at (UTC)"), rows, empty="● no kill switch is engaged; orders may pass")


def _switch(switch: Switch) -> dict[str, str | int]:
    return {"scope": switch.scope, "reason": switch.reason, "by": switch.by, "at": clock.stamp(switch.at), "epoch": switch.epoch}
