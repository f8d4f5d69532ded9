"""A real browser in front of a real server.

``lived_in``   a home with bots, a promotion that waits, forty paper sessions and a job run; made once a test session
``bench``      ``workbench up`` on that home, started once a test session
``browser``    Debian's Chromium, started once a test session
``page_at``    opens a page of that bench at (width, height), signed in; errors its console shows fail the test when it ends
``picture``    keeps a screenshot under the folder of the test session

Without Chromium or playwright these tests are skipped, and say so.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HERE = Path(__file__).resolve().parent
WIDE, PHONE = (1440, 900), (390, 844)
PATIENCE_MS = 30_000
_PORTS = range(18400, 18450)
# What others say about themselves: Voila is built on an older Lab than the one installed, and Lab gives a second tab another workspace.
HARMLESS = (
    re.compile(r"^Unsatisfied version [\d.]+ from @jupyterlab/"),
    re.compile(r'^Window name candidate "\w+" already exists$'),
    re.compile(r"^No version specified and unable to automatically determine one\. No version in description file"),
)


MEASURED: dict[str, list[float]] = {}
"""What tests measured, in seconds; shown at the end of the run."""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show what was measured."""
    for name, seconds in MEASURED.items():
        terminalreporter.write_line(f"{name}: median {statistics.median(seconds):.3f} s, worst {max(seconds):.3f} s, {len(seconds)} times")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip this room where there is no browser."""
    missing = _missing()
    for item in items:
        if missing and HERE in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=missing))


def _missing() -> str:
    if not Path(CHROMIUM).exists():
        return f"no browser is driven: {CHROMIUM} is missing (Debian: apt install chromium)"
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "no browser is driven: playwright is not installed (pip install 'workbench[test]')"
    return ""


@dataclass(kw_only=True)
class Bench:
    """A running ``workbench up``."""

    home: Path
    port: int
    process: subprocess.Popen[str]
    said: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def token(self) -> str:
        found = re.search(r"token=([\w-]+)", self.said)
        assert found is not None, self.said
        return found[1]

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


@dataclass
class Console:
    """What a page complained about."""

    errors: list[str] = field(default_factory=list)

    def listen(self, page: Any) -> None:
        page.on("console", lambda message: self.note(message.text, message.location) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.note(str(error), {}))

    def note(self, text: str, place: dict[str, Any]) -> None:
        if not any(pattern.search(text) for pattern in HARMLESS):
            self.errors.append(f"{text} [{place.get('url', '')}:{place.get('lineNumber', '')}]")


def clean_environment(home: Path, **changes: str) -> dict[str, str]:
    """Return the environment of a command on ``home`` that inherits nothing from the bench of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WORKBENCH_", "DATABASE_", "JUPYTER", "JPY_"))}
    return {**kept, "WORKBENCH_HOME": str(home), "NO_COLOR": "1", **changes}


def start(home: Path, **changes: str) -> Bench:
    """Start ``workbench up`` on ``home`` and return it once every part answers."""
    port = _free_port()
    command = [sys.executable, "-m", "workbench", "up", "--port", str(port), "--no-browser"]
    process = subprocess.Popen(
        command, env=clean_environment(home, **changes), cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    running = Bench(home=home, port=port, process=process)
    for line in process.stdout or ():
        running.said += line
        if "Ctrl-C" in line:
            return running
    running.stop()
    pytest.fail(f"workbench up did not start: {running.said}")


def run(home: Path, *arguments: str, **changes: str) -> str:
    """Run ``lived_in.py`` in a process of its own and return what it prints."""
    done = subprocess.run(
        [sys.executable, str(HERE / "lived_in.py"), *arguments],
        env=clean_environment(home, **changes),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def _free_port() -> int:
    for port in _PORTS:
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    pytest.fail("no free port")


@pytest.fixture(scope="session")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a past, made by the real flow."""
    home = tmp_path_factory.mktemp("bench") / "home"
    (home / "data").mkdir(parents=True)
    run(home, "make", str(home))
    return home


@pytest.fixture(scope="session")
def bench(lived_in: Path) -> Iterator[Bench]:
    """The server."""
    running = start(lived_in, WARM_KERNELS="2")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots of this test session are kept."""
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture
def picture(pictures: Path, request: pytest.FixtureRequest) -> Callable[..., Path]:
    """Keep a screenshot of a page."""

    def keep(page: Any, name: str = "", *, whole: bool = False) -> Path:
        said = re.sub(r"[^\w-]+", "_", f"{request.node.name}{'-' if name else ''}{name}")
        path = pictures / f"{said}.png"
        page.screenshot(path=path, full_page=whole)
        return path

    return keep


@pytest.fixture(scope="session")
def contexts(bench: Bench, browser: Any) -> Iterator[dict[tuple[int, int], Any]]:
    """One signed-in browser profile per size of screen: scripts are loaded once, as by a person who comes back."""
    made = {}
    for size in (WIDE, PHONE):
        made[size] = browser.new_context(viewport={"width": size[0], "height": size[1]}, is_mobile=size == PHONE)
        made[size].set_default_timeout(PATIENCE_MS)
        page = made[size].new_page()
        page.goto(f"{bench.url}workbench/boards/none?token={bench.token}")
        page.close()
    yield made
    for context in made.values():
        context.close()


@pytest.fixture
def page_at(bench: Bench, contexts: dict[tuple[int, int], Any]) -> Iterator[Callable[..., Any]]:
    """Open pages of the bench; a page whose console showed an error fails the test."""
    opened: list[Any] = []
    console = Console()

    def open_at(size: tuple[int, int] = WIDE, path: str = "", before: Callable[[Any], None] = lambda _page: None) -> Any:
        page = contexts[size].new_page()
        opened.append(page)
        console.listen(page)
        before(page)
        if path:
            page.goto(f"{bench.url}{path}")
        return page

    open_at.console = console  # type: ignore[attr-defined]
    yield open_at
    for page in opened:
        with suppress(Exception):
            page.goto("about:blank")  # says goodbye to the page's kernel
        page.close()
    assert console.errors == []


def until(check: Callable[[], bool], seconds: float = 15.0, every: float = 0.02) -> float:
    """Wait until ``check`` holds and return the seconds it took; fail when it does not."""
    begun = time.monotonic()
    while not check():
        if time.monotonic() - begun > seconds:
            pytest.fail(f"it did not happen within {seconds:.0f} s")
        time.sleep(every)
    return time.monotonic() - begun


def shown(page: Any, text: str) -> bool:
    """Say whether a person can read ``text`` somewhere on the page, in any letter case: labels are written large by the stylesheet."""
    return text.lower() in page.locator("body").inner_text().lower()


def reads(page: Any, *texts: str, seconds: float = 20.0) -> None:
    """Wait until a person can read every one of ``texts``; fail with what is missing."""
    ends = time.monotonic() + seconds
    while missing := [text for text in texts if not shown(page, text)]:
        if time.monotonic() > ends:
            pytest.fail(f"after {seconds:.0f} s nobody could read {missing} on:\n{page.locator('body').inner_text()[:2000]}")
        time.sleep(0.02)


@pytest.fixture(scope="session")
def copied_home(lived_in: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the home, for tests that add users."""
    home = tmp_path_factory.mktemp("named") / "home"
    shutil.copytree(lived_in, home, ignore=shutil.ignore_patterns(".jupyter", "logs"))
    return home
