"""``audit verify`` and ``db upgrade``: the record and the store that keeps it."""

from __future__ import annotations

import typer

from workbench.cli import show
from workbench.cli.given import store
from workbench.cli.guard import complain, group, taught

audit = group(help="Prove that nothing in the record was changed.")
db = group(help="Look after the store.")


@audit.command("verify")
@taught
def audit_verify(*, as_json: show.Json = False) -> None:
    """Walk the audit chain and say where it was edited, cut, reordered or added to. Exit code 1 when it was.

    Examples:
      workbench audit verify
      workbench audit verify --json
    """
    from workbench.lifecycle.audit import verify  # noqa: PLC0415

    seen = verify(store(create=False, validate=False))
    if as_json:
        show.print_json({"ok": seen.ok, "events": seen.events, "head_hash": seen.head_hash, "problem": seen.problem, "at_seq": seen.at_seq})
    elif seen.ok:
        typer.echo(f"● audit chain unbroken: {seen.events:,} events, head {seen.head_hash[:12]}")
    else:
        complain(f"audit chain broken: {seen.problem}")
    if not seen.ok:
        raise typer.Exit(1)


@db.command("upgrade")
@taught
def db_upgrade() -> None:
    """Make the store, or bring its tables to this version. Safe to run at any time.

    Example:
      DATABASE_URL=postgresql://me@host/bench workbench db upgrade
    """
    database = store()
    typer.echo(f"● {database.place} is at this version")
