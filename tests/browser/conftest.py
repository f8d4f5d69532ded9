"""A real browser in front of a real server.

``lived_in``   a home with bots, a promotion that waits, forty paper sessions and a job run; made once a test session
``bench``      ``workbench up`` on that home, started once a test session
``browser``    Debian's Chromium, started once a test session
``page_at``    opens a page of that bench at (width, height), signed in; errors its console shows fail the test when it ends
``picture``    keeps a screenshot under the folder of the test session

Without Chromium or playwright these tests are skipped, and say so.
"""

from __future__ import annotations

import re
import shutil
import statistics
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from screen import ARGUMENTS, CHROMIUM, HERE, MEASURED, PATIENCE_MS, PHONE, WIDE, Bench, Console, run, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show what was measured."""
    for name, seconds in MEASURED.items():
        terminalreporter.write_line(f"{name}: median {statistics.median(seconds):.3f} s, worst {max(seconds):.3f} s, {len(seconds)} times")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run this room last, because playwright keeps an event loop in the main thread from then on; skip it where there is no browser."""
    items.sort(key=lambda item: HERE in item.path.parents)
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


@pytest.fixture(scope="session")
def copied_home(lived_in: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the home, for tests that add users."""
    home = tmp_path_factory.mktemp("named") / "home"
    shutil.copytree(lived_in, home, ignore=shutil.ignore_patterns(".jupyter", "logs"))
    return home
