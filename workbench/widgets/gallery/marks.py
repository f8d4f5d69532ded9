"""The gallery's small parts."""

from __future__ import annotations

from typing import Any

from workbench.widgets import parts as p
from workbench.widgets.gallery import figures


def marks() -> Any:  # noqa: ANN401 - a grid
    """Return badges, notices, facts, progress, log and an empty state."""
    badges = p.Row(
        *(p.Badge(kind) for kind in ("synthetic", "simulated", "unsigned")),
        *(p.Badge("stage", stage) for stage in ("LAB", "PAPER", "SHADOW", "CANARY", "LIVE")),
    )
    statuses = p.Row(*(p.Badge("status", name) for name in ("running", "paused", "stopped", "error", "pass", "fail", "not_yet")))
    links = p.Row(p.Connection("live"), p.Connection("reconnecting", seen_at=figures.NOON), p.Connection("stale", seen_at=figures.NOON))
    lines = [{"at": figures.NOON + second, "level": level, "text": text} for second, (level, text) in enumerate(figures.LINES)]
    return p.Grid(
        [
            p.Panel(
                "Badges, statuses, connections",
                [
                    badges,
                    statuses,
                    links,
                    p.Row(p.Spark([1, 2, 1.5, 3, 2.8, 4]), p.Spark([4, 3, 3.5, 2, 1.8, 1]), p.Spark([1, -1, 2, -2, 1], zero_line=True)),
                ],
            ),
            p.Panel("Notices", _notices()),
            p.Panel("Facts", _facts()),
            p.Panel("Progress", _progress()),
            p.Panel("Log", p.Log(lines), flush=True),
            p.Panel("Nothing yet", p.Empty("No bots yet", "Make one from a strategy: `workbench bots create`, or", "New bot"), flush=True),
        ],
        "1fr 1fr",
    )


def _notices() -> list[p.Notice]:
    return [
        p.Notice("info", "The market opens in 41 min."),
        p.Notice("warning", "Feed of CL is stale for 41 s.", "Orders are held until it is back; `workbench data doctor` says more."),
        p.Notice(
            "error",
            "The store cannot be reached at localhost:5432.",
            "Start it, or unset `DATABASE_URL` to use the embedded one.",
            detail="OperationalError: connection refused",
        ),
        p.Notice("ok", "Audit chain verified: 18,204 events."),
    ]


def _facts() -> p.Facts:
    return p.Facts(
        {
            "spec": {"value": "7f3a91c0de55aa10b2c4", "kind": "hash"},
            "capital": {"value": 100_000.0, "kind": "money", "unit": "USD"},
            "drawdown": {"value": -0.082, "kind": "percent"},
            "stage": {"value": "PAPER", "kind": "stage"},
            "status": {"value": "running", "kind": "status"},
            "owner": "ana",
            "seen": {"value": figures.NOON, "kind": "time"},
            "day": {"value": -310.0, "kind": "signed"},
        },
        columns=2,
    )


def _progress() -> list[p.Progress]:
    return [
        p.Progress(done=1204, total=4096, words="sweep · 1,204 of 4,096 points", stoppable=True),
        p.Progress(words="waiting for a worker", stoppable=True),
        p.Progress(done=1, total=1, status="ok", words="4,096 points"),
        p.Progress(done=900, total=4096, status="error", words="worker 2 was killed"),
    ]
