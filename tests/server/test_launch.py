from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from socket import socket
from types import SimpleNamespace
from typing import TYPE_CHECKING

import psutil
import pytest
from running import Up, environment, free_port, gone, start

from workbench.errors import InputError, SettingsError
from workbench.server import config, launch
from workbench.server.boards import Board, available, find
from workbench.server.options import Options, checked_mode, root_folder
from workbench.server.runs import Changes

if TYPE_CHECKING:
    from pathlib import Path


def refused(home: Path, *words: str, **changes: str) -> tuple[int, str]:
    """Return exit code and complaint of a ``workbench up`` that must not start."""
    command = [sys.executable, "-m", "workbench", "up", "--no-browser", *words]
    done = subprocess.run(command, env=environment(home, **changes), capture_output=True, text=True, timeout=60, check=False)
    complaints = [line for line in done.stderr.splitlines() if line.startswith("■")]
    assert len(complaints) == 1, done.stderr
    return done.returncode, complaints[0]


def test_every_part_answers_at_the_printed_addresses(server: Up) -> None:
    """Lab, a board, REST and the static files answer once the addresses are printed; without the token Lab does not."""
    statuses = [server.ask(path)[0] for path in ("lab", "workbench/api/health", "workbench/static/look.css")]
    page = server.ask("voila/render/dashboards/mission-control.ipynb")
    assert [*statuses, page[0]] == [200, 200, 200, 200]
    assert page[1].rstrip().endswith("</html>")
    assert "Workbench" in page[1]


def test_a_second_start_says_in_one_sentence_that_this_bench_runs_already(server: Up) -> None:
    """The sentence carries the address with its token, and nothing is started."""
    code, said = refused(server.home, "--port", str(server.port))
    assert (code, said) == (1, f"■ this workbench runs on port {server.port} already: {server.url}lab?token={server.token}")


def test_a_port_of_another_bench_is_told_apart(server: Up, desk: Path) -> None:
    """Another home on the same port hears that the port serves another bench, without its token."""
    code, said = refused(desk, "--port", str(server.port))
    assert code == 1
    assert "another home" in said
    assert server.token not in said


def test_a_port_of_another_program_is_told_apart(desk: Path) -> None:
    """A port that no workbench answers on is in use by another program."""
    port = free_port()
    with closing(socket()) as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        code, said = refused(desk, "--port", str(port))
    assert code == 1
    assert f"port {port} is in use by another program" in said


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_an_end_leaves_no_process(desk: Path, how: signal.Signals) -> None:
    """After Ctrl-C or SIGTERM neither the server nor a kernel is left, not even one that is busy."""
    running = start(desk, free_port(), WARM_KERNELS="1")
    assert running.ask("api/kernels", method="POST", body={"name": "python3"})[0] == 201
    below = running.family()
    assert sum("ipykernel_launcher" in " ".join(process.cmdline()) for process in below) >= 1
    assert running.stop(how) == 0
    assert gone(below, 1.0) == []
    assert not (desk / "data" / ".jupyter" / "runtime" / f"workbench-{running.port}.json").exists()


def test_the_death_of_the_launcher_ends_the_server(desk: Path) -> None:
    """When the launcher is killed without a chance to clean up, server and kernels end by themselves."""
    running = start(desk, free_port(), WARM_KERNELS="1")
    below = running.family()
    assert running.stop(signal.SIGKILL) == -signal.SIGKILL
    assert gone(below) == []


def test_a_home_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """The complaint names the folder and what to set."""
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    code, said = refused(blocked / "below")
    assert code == 1
    assert "set WORKBENCH_HOME to a folder you can write" in said


def test_a_store_that_is_away_is_one_sentence(desk: Path) -> None:
    """A database server that does not answer is named before anything is started."""
    code, said = refused(desk, "--port", str(free_port()), DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert code == 1
    assert "127.0.0.1" in said


def test_an_unknown_mode_is_refused() -> None:
    """The message lists the modes."""
    with pytest.raises(InputError, match="simple, dev"):
        checked_mode("turbo")


def test_a_server_that_ends_while_it_starts_tells_why(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence carries the last lines of the log and where the log is."""
    monkeypatch.setenv("WORKBENCH_HOME", str(desk))
    monkeypatch.setattr(
        launch, "environment", lambda _options: {**os.environ, "PYTHONPATH": str(desk / "nothing"), "PYTHONHOME": "/nothing"}
    )
    monkeypatch.setattr(launch, "_prepared", lambda _options: (subprocess.Popen(["true"], text=True), False))
    begun = time.monotonic()
    with pytest.raises(launch.ServerError, match=r"ended while it started; .*server\.log says more"):
        launch.up(desk, port=free_port())
    assert time.monotonic() - begun < 20


def test_a_home_named_by_a_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file cannot be a home."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "file"))
    with pytest.raises(SettingsError, match="is a file"):
        launch.up(tmp_path / "file", port=free_port())


def test_the_samples_are_in_the_cache_after_the_first_start(server: Up) -> None:
    """An empty cache holds the daily samples once the addresses are printed."""
    from workbench.server.prepare import load_samples
    from workbench.store.database import Database

    with Database.open(f"sqlite:///{server.home / 'data' / 'workbench.sqlite'}") as database:
        assert load_samples(database) == []


def test_the_boards_are_the_notebooks_of_the_desk(desk: Path) -> None:
    """Known boards come first; a title comes from the notebook, else from the name."""
    assert available(desk) == [
        Board(name="mission-control", title="Mission control"),
        Board(name="broken", title="A board that fails"),
    ]
    assert find(desk, "broken").path == "dashboards/broken.ipynb"


def test_a_home_without_dashboards_uses_those_of_the_package(tmp_path: Path) -> None:
    """The root folder is the desk only when it holds something to show."""
    assert (root_folder(tmp_path) / "notebooks").is_dir()


def test_nothing_is_written_outside_the_home(server: Up) -> None:
    """Runtime files and Lab's settings lie in the bench, hidden from Lab's file browser."""
    assert server.ask("api/contents/data/.jupyter")[0] == 404
    names = {path.name for path in (server.home / "data" / ".jupyter" / "runtime").iterdir()}
    assert f"workbench-{server.port}.json" in names
    assert (server.home / "data" / ".jupyter" / "runtime" / f"workbench-{server.port}.json").stat().st_mode & 0o077 == 0


def test_the_launcher_stays_small(server: Up) -> None:
    """The process that only waits holds less than 60 MB."""
    assert psutil.Process(server.process.pid).memory_info().rss < 60e6


def test_a_change_is_seen_once(tmp_path: Path) -> None:
    """A new, a changed and a removed source file each count once; compiled files never do."""
    changes = Changes(tmp_path)
    seen = [changes.any()]
    (tmp_path / "module.py").write_text("1")
    seen += [changes.any(), changes.any()]
    os.utime(tmp_path / "module.py", (1, 2_000_000_000))
    seen += [changes.any(), changes.any()]
    (tmp_path / "module.py").unlink()
    seen += [changes.any()]
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "module.py").write_text("1")
    seen += [changes.any()]
    assert seen == [False, True, False, True, False, True, False]


def test_a_change_restarts_the_server_in_dev_mode(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server that comes back is another process; one that ended over a mistake is started again by the next change."""
    server = launch.Server(options=options(desk, mode="dev"), log=desk / "server.log")
    started: list[str] = []
    monkeypatch.setattr(launch.Server, "start", lambda _self: started.append("start"))
    monkeypatch.setattr(launch.Server, "stop", lambda _self: started.append("stop"))
    answers = iter([False, True, False])
    monkeypatch.setattr(launch.runs, "Changes", lambda: SimpleNamespace(any=lambda: next(answers)))
    monkeypatch.setattr(launch.time, "sleep", lambda _seconds: None)
    with pytest.raises((StopIteration, RuntimeError)):
        launch._stay(server)
    assert started == ["stop", "start"]


def test_with_named_users_no_address_carries_a_token(desk: Path) -> None:
    """The token opens nothing for people who log in by name, so it is not shown; without users it is."""
    shown = [launch._addresses(options(desk), 1.0, named=named) for named in (True, False)]
    assert [("token" in each.lab, "token" in each.boards) for each in shown] == [(False, False), (True, True)]


def test_the_server_learns_nothing_from_the_kernel_it_is_started_in(desk: Path) -> None:
    """Identity and tokens of another kernel or server are not passed on; the package's folders come first on Jupyter's paths."""
    given = {
        "WORKBENCH_TOKEN": "t",
        "WORKBENCH_USER": "u",
        "JUPYTER_TOKEN": "j",
        "JPY_PARENT_PID": "1",
        "JUPYTER_PATH": "/theirs",
        "PATH": "/bin",
    }
    found = config.environment(options(desk), given)
    assert {name for name in ("WORKBENCH_TOKEN", "WORKBENCH_USER", "JUPYTER_TOKEN", "JPY_PARENT_PID") if name in found} == set()
    assert found["JUPYTER_PATH"] == f"{config.JUPYTER}{os.pathsep}/theirs"
    assert found["WORKBENCH_HOME"] == str(desk)


def options(home: Path, **changes: str) -> Options:
    """Return the options of a server that is not started."""
    return Options(home=home, root=home, port=free_port(), token="secret-token", **changes)
