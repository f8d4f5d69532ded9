"""The command line: thin commands over the rooms, one file per noun.

Heavy imports wait until a command needs them; ``--help`` takes a tenth of a second. Exit codes: 0 done, 1 refused or failed (one
sentence on standard error), 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

from workbench.cli import bench, bots, data, jobs, record, research, server, users
from workbench.cli.guard import Guarded, group, on_termination, taught

__all__ = ["app", "main"]

app = group(cls=Guarded, help="From a notebook cell to live money, with proof at every step. Begin with: workbench tour")
for _command in (bench.tour, server.up, research.backtest, research.sweep, research.evidence, bench.doctor, bench.init, bots.kill):
    app.command()(taught(_command))
for _name, _sub in {
    "data": data.app,
    "audit": record.audit,
    "db": record.db,
    "job": jobs.app,
    "bots": bots.app,
    "users": users.app,
}.items():
    app.add_typer(_sub, name=_name)


def main() -> None:
    """Run the command line."""
    on_termination()
    app(prog_name="workbench")
