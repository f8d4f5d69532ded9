"""Named users: the login page, and what a viewer does not see."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from screen import WIDE, Console, clean_environment, reads, shown, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from screen import Bench

pytestmark = pytest.mark.slow  # a server of its own: once there is a user, nobody enters by token
PASSWORDS = {"ana": "a long enough secret", "vic": "another long secret"}


@pytest.fixture(scope="module")
def named(copied_home: Path) -> Iterator[Bench]:
    """A bench with an admin and a viewer."""
    for name, role in (("ana", "admin"), ("vic", "viewer")):
        command = [sys.executable, "-m", "workbench", "users", "add", name, "--role", role]
        done = subprocess.run(
            command,
            input=f"{PASSWORDS[name]}\n",
            env=clean_environment(copied_home),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    running = start(copied_home, WARM_KERNELS="1")
    yield running
    running.stop()


def signed_in(browser: Any, bench: Bench, name: str, password: str, path: str = "workbench/boards/bots") -> Any:
    """Type name and password where the page asks for them."""
    context = browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]})
    page = context.new_page()
    page.goto(f"{bench.url}{path}")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    return page


def test_a_wrong_password_is_refused_in_place(named: Bench, browser: Any, picture: Any) -> None:
    """The page says that it was wrong and does not say which of the two; nothing behind it is shown."""
    page = signed_in(browser, named, "ana", "not this one")
    reads(page, "Sign in")
    page.locator("[role=alert]").wait_for()
    picture(page)
    assert not shown(page, "dip-spx")
    page.context.close()


def test_an_admin_may_act_and_a_viewer_may_look(named: Bench, browser: Any, picture: Any) -> None:
    """On the same board the admin has buttons to start and make bots; the viewer sees the same rows and none of them."""
    seen = {}
    for name in ("ana", "vic"):
        page = signed_in(browser, named, name, PASSWORDS[name])
        reads(page, "fade-syn", "dip-spx", name)
        page.wait_for_timeout(700)
        seen[name] = page.get_by_text("Start", exact=True).count(), page.get_by_role("button", name="Make the bot in LAB").count()
        picture(page, name)
        page.goto("about:blank")
        page.context.close()
    assert seen["ana"][0] >= 1
    assert seen["ana"][1] == 1
    assert seen["vic"] == (0, 0)


def test_a_viewer_who_wants_lab_is_led_to_the_boards(named: Bench, browser: Any) -> None:
    """Lab runs code; a viewer who types its address ends on a page that can be used."""
    page = signed_in(browser, named, "vic", PASSWORDS["vic"])
    console = Console()
    reads(page, "fade-syn")
    page.goto(f"{named.url}lab")
    reads(page, "WORKBENCH")
    assert page.locator(".jp-LauncherCard").count() == 0
    assert console.errors == []
    page.context.close()
