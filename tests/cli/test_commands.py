from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from workbench.jobs import process

if TYPE_CHECKING:
    from collections.abc import Callable

COMMANDS = [
    "tour",
    "up",
    "backtest",
    "sweep",
    "evidence",
    "doctor",
    "init",
    "kill",
    "data check",
    "audit verify",
    "db upgrade",
    "job run",
    "job list",
    "bots list",
    "users add",
    "users list",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_teaches_by_example(cli: Callable[..., object], command: str) -> None:
    """Each page shows a line that can be typed."""
    said = cli(*command.split(), "--help")
    assert said.code == 0
    assert f"  workbench {command}" in said.out.replace("DATABASE_URL=postgresql://me@host/bench ", "")


def test_help_starts_at_once(cli: Callable[..., object]) -> None:
    """No heavy import stands before the help, and it is there while the machine does other things."""
    best = 9.0
    for _ in range(3):
        started = time.perf_counter()
        assert cli("--help").code == 0
        best = min(best, time.perf_counter() - started)
    assert best < 5.0
    listed = "import sys, workbench.cli; print([m for m in ('pandas', 'numpy', 'sqlalchemy', 'pydantic', 'papermill', 'numba') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", listed], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_fresh_bench_says_what_would_fill_it(cli: Callable[..., object]) -> None:
    """Empty lists are sentences with the next command."""
    assert "workbench tour" in cli("bots", "list").out
    assert "workbench tour" in cli("job", "list").out
    assert "no kill switch is engaged" in cli("kill").out
    assert json.loads(cli("bots", "list", "--json").out) == []


def test_the_store_is_made_and_its_chain_verified(cli: Callable[..., object]) -> None:
    """``db upgrade`` may run again and again; ``audit verify`` is green."""
    for _ in range(2):
        assert cli("db", "upgrade").out.startswith("● ")
    assert cli("audit", "verify").out.startswith("● audit chain unbroken")
    assert json.loads(cli("audit", "verify", "--json").out)["ok"] is True


def test_a_broken_chain_is_code_1(cli: Callable[..., object], home: Path) -> None:
    """An edited event is found, named and fails the command."""
    import sqlite3

    cli("kill", "--all", "--reason", "drill")
    with sqlite3.connect(home / "data" / "workbench.sqlite") as raw:
        for (trigger,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {trigger}")
        raw.execute("UPDATE audit SET actor = 'eve' WHERE seq = 1")
    said = cli("audit", "verify")
    assert (said.code, said.out) == (1, "")
    assert "audit chain broken" in said.err
    assert json.loads(cli("audit", "verify", "--json").out)["at_seq"] == 1


def test_the_kill_switch_is_thrown_shown_and_reset(cli: Callable[..., object]) -> None:
    """Scope, reason and person are kept; only a reset with a reason opens it."""
    said = cli("kill", "--symbol", "es", "--reason", "prices look wrong", WORKBENCH_USER="ana")
    assert said.code == 0
    standing = json.loads(cli("kill", "--json").out)
    assert [(switch["scope"], switch["reason"], switch["by"]) for switch in standing] == [("symbol:ES", "prices look wrong", "ana")]
    assert cli("kill", "--symbol", "ES", "--reset", "--reason", "feed repaired").code == 0
    assert json.loads(cli("kill", "--json").out) == []


def test_doctor_is_well_in_a_fresh_home_and_ill_with_a_wrong_setting(cli: Callable[..., object]) -> None:
    """Exit code 1 only where something will not work; JSON carries the same."""
    said = cli("doctor")
    assert (said.code, "■ fail" in said.out) == (0, False), said.out
    ill = cli("doctor", "--json", LOG_LEVEL="loud")
    assert ill.code == 1
    assert {check["component"]: check["state"] for check in json.loads(ill.out)}["settings"] == "fail"


def test_data_check_reads_a_file_and_answers_in_json(cli: Callable[..., object], home: Path) -> None:
    """A clean file is said to be clean."""
    rows = "".join(f"2024-01-02 14:{minute:02d}:00+00:00,100,101,99,100,5\n" for minute in range(30, 60))
    (home / "es.csv").write_text("time,open,high,low,close,volume\n" + rows)
    said = cli("data", "check", "es.csv", "--symbol", "ES", "--timeframe", "1m", "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert (found["symbol"], found["timeframe"], found["rows"], found["fatal"]) == ("ES", "1m", 30, False)


def test_a_desk_is_laid_out(cli: Callable[..., object], home: Path) -> None:
    """The command says where and what comes next."""
    said = cli("init", "desk")
    assert said.code == 0
    assert (home / "desk" / "README.md").is_file()
    assert "workbench tour" in said.out


def test_a_job_runs_with_progress_and_is_listed(cli: Callable[..., object], notebook: Callable[..., Path]) -> None:
    """Cells go to standard error, the files of the run to standard output."""
    notebook("# Count the bars\nprint(fast)")
    said = cli("job", "run", "probe", "-p", "fast=3")
    assert said.code == 0, said.err
    assert "Count the bars" in said.err
    assert "● succeeded · probe" in said.out
    for name in ("notebook", "report"):
        assert Path(next(line.split()[1] for line in said.out.splitlines() if line.startswith(name))).is_file()
    listed = json.loads(cli("job", "list", "--json").out)
    assert [(run["status"], run["parameters"]) for run in listed["runs"]] == [("succeeded", {"fast": 3})]
    assert {job["name"]: job["parameters"] for job in listed["jobs"] if job["name"] == "probe"} == {"probe": {"fast": 10}}
    assert cli("audit", "verify").code == 0


def test_the_tour_runs_its_notebook_and_sums_it_up(cli: Callable[..., object], notebook: Callable[..., Path], home: Path) -> None:
    """Own bars reach the notebook; what it wants said, its files and the verified chain are printed."""
    (home / "es.csv").touch()
    source = (
        "from workbench.jobs import Summary\nSummary(title='Verdicts', rows={'SPX': '✗ refused', 'bars': f'{symbol} {timeframe} {data}'})"
    )
    path = notebook(source, parameters="data = ''\nsymbol = 'SPX'\ntimeframe = '1d'")
    (home / "notebooks" / "tutorials").mkdir()
    path.rename(home / "notebooks" / "tutorials" / "01_first_promotion.ipynb")
    said = cli("tour", "--data", "es.csv", "--symbol", "es", "--timeframe", "1 min")
    assert said.code == 0, said.err
    lines = [line.split(maxsplit=1) for line in said.out.splitlines() if line.strip()]
    assert ["Verdicts"] in lines
    assert ["SPX", "✗ refused"] in lines
    assert ["bars", f"ES 1m {home / 'es.csv'}"] in lines
    assert ["audit", "✓ 3 events verified"] in lines


def test_a_failed_job_is_one_sentence_with_its_notebook(cli: Callable[..., object], notebook: Callable[..., Path]) -> None:
    """The traceback stays in the notebook."""
    notebook("# Divide\n1 / 0")
    said = cli("job", "run", "probe")
    assert (said.code, said.out) == (1, "")
    sentence = said.err.strip().splitlines()[-1]
    assert "failed in “Divide”: ZeroDivisionError" in sentence
    assert sentence.endswith("notebook.ipynb")
    assert "Traceback" not in said.err


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_is_code_130_and_leaves_no_process(
    home: Path, notebook: Callable[..., Path], cli: Callable[..., object], signum: signal.Signals
) -> None:
    """Ctrl-C, or a polite end by the system, in the middle of a job: one sentence, the run recorded, nothing left running."""
    marker = home / "marker"
    notebook(f"# Wait\nimport pathlib, time\npathlib.Path({str(marker)!r}).touch()\ntime.sleep(60)")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WORKBENCH_")}
    command = [sys.executable, "-m", "workbench", "job", "run", "probe"]
    child = subprocess.Popen(
        command, env={**kept, "WORKBENCH_HOME": str(home), "NO_COLOR": "1"}, cwd=home, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 30
    while not marker.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    child.send_signal(signum)
    _, err = child.communicate(timeout=20)
    assert child.returncode == 130
    assert "was interrupted; what was finished is kept in" in err
    assert "Traceback" not in err
    run = json.loads(cli("job", "list", "--json").out)["runs"][0]
    assert run["status"] == "interrupted"
    assert process.members(run["id"]) == []
