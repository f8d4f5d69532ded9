from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from workbench.server import extension

if TYPE_CHECKING:
    from running import Up


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect."""

    def redirect_request(self, *_: object) -> None:
        return None


def redirect(server: Up, path: str) -> tuple[int, str]:
    """Return status and place of a redirect."""
    request = urllib.request.Request(f"{server.url}{path}", headers={"Authorization": f"token {server.token}"})
    try:
        with urllib.request.build_opener(Stay).open(request, timeout=20) as answer:
            return answer.status, ""
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("Location", "")


def test_a_short_address_leads_to_the_board_and_keeps_the_query(server: Up) -> None:
    """Filters in the address survive."""
    found = redirect(server, "workbench/boards/mission-control?bot=es%20orb&side=buy")
    assert found == (302, "/voila/render/dashboards/mission-control.ipynb?bot=es%20orb&side=buy")


def test_the_list_of_boards_leads_to_the_first(server: Up) -> None:
    """Without a name the first board opens."""
    assert redirect(server, "workbench/boards/") == (302, "/voila/render/dashboards/mission-control.ipynb")


def test_an_unknown_board_is_a_page_of_ours_that_lists_the_boards(server: Up) -> None:
    """The nearest name is suggested, every board is a link, markup in the name is escaped."""
    status, page = server.ask("workbench/boards/mission-contrl")
    assert status == 404
    assert "did you mean mission-control?" in page
    assert 'href="/workbench/boards/broken"' in page
    _, hostile = server.ask("workbench/boards/%3Cscript%3Ealert(1)")
    assert "<script>alert" not in hostile


def test_an_unknown_notebook_and_an_unknown_address_are_pages_of_ours(server: Up) -> None:
    """Both answer 404 in our look."""
    for path in ("voila/render/dashboards/nothing.ipynb", "no/such/thing"):
        status, page = server.ask(path)
        assert (status, "WORKBENCH" in page) == (404, True)


def test_a_board_page_asks_no_other_server_for_anything(server: Up) -> None:
    """No address in the page leads elsewhere, and MathJax is not asked for."""
    _, page = server.ask("voila/render/dashboards/mission-control.ipynb")
    assert [word for word in ("https://", "cdn", "//fonts") if word in page.split("cell-output+json")[0]] == []
    assert '"fullMathjaxUrl": "null"' in page


def test_the_scripts_of_a_board_may_be_kept_for_ever(server: Up) -> None:
    """Voila's scripts carry their version in the address and are immutable."""
    _, page = server.ask("voila/render/dashboards/mission-control.ipynb")
    script = page.split('<script src="')[-1].split('"')[0]
    assert script.startswith("/workbench/static/voila/")
    with urllib.request.urlopen(f"{server.url}{script.lstrip('/')}", timeout=20) as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_static_files_cannot_be_walked_out_of(server: Up) -> None:
    """A path that climbs is refused."""
    for path in (
        "workbench/static/plotly/../../../etc/passwd",
        "workbench/static/plotly/%2e%2e/%2e%2e/version.py",
        "workbench/static/nothing.js",
    ):
        assert server.ask(path)[0] in {403, 404}


def test_a_failing_board_shows_no_traceback(server: Up) -> None:
    """What went wrong inside stays inside; the page says what to do."""
    _, page = server.ask("voila/render/dashboards/broken.ipynb")
    assert "ZeroDivisionError" not in page
    assert "run workbench doctor" in page


def test_every_route_is_in_one_table() -> None:
    """The table lists our own routes below the base address, each pattern once."""
    patterns = [pattern for pattern, _, _ in extension.routes("/base/")]
    assert len(patterns) == len(set(patterns))
    assert all(pattern.startswith("/base/") for pattern in patterns)
