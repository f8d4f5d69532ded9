"""Who is let in, as what, and how the ways around it end."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from bench_server import BASE, PASSWORD, TOKEN, BenchServer, Client

from workbench import clock
from workbench.lifecycle import credentials, users
from workbench.lifecycle.people import Person, whoami
from workbench.server.identity import HEADER, LAUNCHER, role_of
from workbench.server.login import safe_next
from workbench.server.tokens import Owner

ADMIN = Person(name="ana", role="admin")
ROOM = "workbench/api/users/me"
EVERY_ROOM = [
    "summary",
    "bots",
    "trades",
    "positions",
    "equity",
    "promotions",
    "jobs",
    "audit/events",
    "audit/verify",
    "market/status",
    "kill",
    "users",
]


def me(client: Client) -> tuple[int, str]:
    answer = client.get(ROOM)
    return answer.status, answer.json.get("role", "") if answer.status == 200 else ""


@pytest.mark.parametrize("path", EVERY_ROOM)
def test_strangers_get_nothing(bench: BenchServer, path: str) -> None:
    """Without a login every address of the interface answers 403, with a sentence."""
    answer = bench.client().get(f"workbench/api/{path}")
    assert (answer.status, "log in" in answer.problem) == (403, True)


@pytest.mark.parametrize("path", ["lab", "api/contents", "api/kernels", "api/sessions", "careless", "workbench/api/docs"])
def test_strangers_are_led_to_the_login(bench: BenchServer, path: str) -> None:
    """Pages redirect to the login, programs get 403; nothing is shown."""
    answer = bench.client().get(path)
    assert answer.status in {302, 403}
    if answer.status == 302:
        assert answer.headers["Location"].startswith(f"{BASE}login?next=")


def test_without_users_the_token_is_the_admin(bench: BenchServer) -> None:
    """The address that the start printed opens everything, leaves a cookie that is not the token, and one without it opens nothing."""
    browser = bench.client()
    assert browser.get(f"{ROOM}?token={TOKEN}").json["role"] == "admin"
    assert browser.get(ROOM).json["name"] == whoami().name
    assert TOKEN not in json.dumps(browser.cookies)
    assert me(bench.client()) == (403, "")
    assert bench.client().get(f"{ROOM}?token={TOKEN[:-1]}x").status == 403
    assert bench.client().get(ROOM, Authorization=f"token {TOKEN}").json["local"] is True


def test_no_page_can_write_the_token_down(team: BenchServer) -> None:
    """Lab writes the provider's token into its page, for everybody who opens it; ours has none to give."""
    assert team.settings["identity_provider"].token == ""
    assert team.settings["token"] == ""


def test_the_token_opens_the_login_page_too(bench: BenchServer) -> None:
    """Pasted into the form of a bench without users it logs in; a wrong one says where the right one is."""
    browser = bench.client()
    assert "has no users yet" in browser.get("login").text
    wrong = browser.form("login", password="guess")
    assert (wrong.status, "not the token" in wrong.text) == (401, True)
    assert browser.form("login", password=TOKEN).status == 302
    assert me(browser) == (200, "admin")


def test_with_users_the_token_opens_nothing_but_the_checks(team: BenchServer) -> None:
    """From the first user on everybody logs in; the launcher may look whether its parts answer, and neither read contents nor change anything."""
    token = {"Authorization": f"token {TOKEN}"}
    browser = team.client()
    assert browser.get("lab", **token).json["user"] == LAUNCHER
    assert browser.get("workbench/api/health", **token).status == 200
    for path in ("api/contents", "api/kernels", "careless", "voila/tree"):
        assert browser.get(path, **token).status == 403
    assert browser.ask("POST", "workbench/api/kill", {"kind": "all", "reason": "x"}, token).status == 403
    browser.get(f"lab?token={TOKEN}")
    assert me(browser) == (403, "")


def test_an_old_local_cookie_ends_with_the_first_user(bench: BenchServer) -> None:
    """A browser that came in with the token is nobody once there are users."""
    browser = bench.client()
    browser.get(f"{ROOM}?token={TOKEN}")
    assert me(browser) == (200, "admin")
    with bench.database.session() as session:
        users.add(session, "ana", PASSWORD, "admin")
    assert me(browser) == (403, "")


def test_a_person_logs_in_and_out(team: BenchServer) -> None:
    """The cookie holds a random secret and neither name nor role; logging out ends it on the server, not only in the browser."""
    browser = team.client("bob")
    assert me(browser) == (200, "researcher")
    kept = dict(browser.cookies)
    assert "bob" not in browser.cookies[browser.login_cookie]
    assert browser.get("logout").status == 302
    assert me(browser) == (403, "")
    browser.cookies = kept
    assert me(browser) == (403, "")


def test_a_cookie_is_for_one_browser_and_not_for_scripts(team: BenchServer) -> None:
    """HttpOnly, SameSite and bound to our path; a new login is a new secret, so none can be planted before it."""
    browser = team.client()
    browser.get("login")
    answer = browser.form("login", name="bob", password=PASSWORD)
    line = next(each for each in answer.headers.get_all("Set-Cookie") if each.startswith("workbench-"))
    assert all(word in line for word in ("HttpOnly", "SameSite=Lax", f"Path={BASE}"))
    first = browser.cookies[browser.login_cookie]
    old = dict(browser.cookies)
    browser.login("bob")
    assert browser.cookies[browser.login_cookie] != first
    browser.cookies = old
    assert me(browser) == (403, "")


@pytest.mark.parametrize(
    ("name", "password"),
    [("bob", "wrong password"), ("nobody", PASSWORD), ("' OR 1=1 --", PASSWORD), ("<script>alert(1)</script>", "x"), ("", "")],
)
def test_a_wrong_login_says_one_sentence(team: BenchServer, name: str, password: str) -> None:
    """401, the same words for a wrong name and a wrong password, what was typed escaped, and the password not repeated."""
    answer = team.client().form("login", name=name, password=password)
    assert (answer.status, "do not belong together" in answer.text) == (401, True)
    assert "<script>alert" not in answer.text
    assert 'value="wrong password"' not in answer.text


def test_guessing_over_the_form_is_slowed_down(team: BenchServer) -> None:
    """The name is locked after five, the address after ten; both say how long."""
    browser = team.client()
    answers = [browser.form("login", name="bob", password=f"wrong {number}") for number in range(11)]
    assert [answer.status for answer in answers] == [401] * 10 + [429]
    assert "try again in 15 s" in answers[5].text
    assert int(answers[10].headers["Retry-After"]) >= 1


@pytest.mark.parametrize("forge", ["2|1:0|10:1790000000|4:name|4:YWRh|" + "0" * 64, "ana", "", "local." + "0" * 64, "é"])
def test_a_forged_cookie_is_nobodys(team: BenchServer, forge: str) -> None:
    """A value that this server did not sign is cleared and counts as nothing."""
    browser = team.client("vic")
    browser.cookies[browser.login_cookie] = forge.encode("utf-8").decode("latin-1")
    assert me(browser) == (403, "")


def test_an_expired_login_is_nobodys(team: BenchServer) -> None:
    """After its time the same cookie opens nothing, and a page leads back to where one was going."""
    browser = team.client("bob")
    with team.database.session() as session:
        from workbench.store.tables import LoginSessionRow

        for row in session.query(LoginSessionRow):
            row.expires_at = clock.now() - timedelta(seconds=1)
    assert me(browser) == (403, "")
    assert browser.get("lab?x=1").headers["Location"] == f"{BASE}login?next=%2Fdesk%2Flab%3Fx%3D1"


def test_a_role_changes_in_the_middle_of_a_login(team: BenchServer) -> None:
    """A researcher who becomes viewer is refused code at the next request; one who is disabled is nobody."""
    browser = team.client("bob")
    assert browser.get("api/contents").status == 200
    with team.database.session() as session:
        users.set_role(session, "bob", "viewer", by=ADMIN)
    assert (me(browser), browser.get("api/contents").status) == ((200, "viewer"), 403)
    with team.database.session() as session:
        users.disable(session, "bob", by=ADMIN)
    assert me(browser) == (403, "")


def test_a_spoofed_name_is_dropped(team: BenchServer) -> None:
    """Whatever a client says in our header, the next handler reads who it really is."""
    assert team.client("bob").get("careless", X_Workbench_User="ana").json == {"user": "bob", "header": "bob"}
    stranger = team.client().get("careless", X_Workbench_User="ana")
    assert stranger.status == 302
    assert HEADER == "X-Workbench-User"


VIEWERS_NO = [
    ("GET", "api/contents"), ("GET", "api/contents/secret.txt"), ("PUT", "api/contents/x.txt"), ("DELETE", "api/contents/secret.txt"),
    ("GET", "files/secret.txt"), ("GET", "nbconvert/html/x.ipynb"), ("GET", "view/x.html"), ("GET", "api/kernels"), ("POST", "api/kernels"),
    ("GET", "api/sessions"), ("POST", "api/sessions"), ("GET", "api/terminals"), ("POST", "api/terminals"), ("GET", "api/kernelspecs"),
    ("GET", "api/config/x"), ("GET", "api/status"), ("POST", "api/shutdown"), ("POST", "scheduler/jobs"), ("GET", "scheduler/jobs"),
    ("GET", "careless"), ("POST", "careless"), ("GET", "voila/tree"), ("GET", "voila/render/notebooks/x.ipynb"), ("GET", "terminals/1"),
    ("GET", "voila/render/dashboards/../notebooks/x.ipynb"), ("GET", "voila/render/dashboards/%2e%2e/notebooks/x.ipynb"),
    ("GET", "workbench/static/../../api/contents"), ("GET", "workbench/api/..%2f..%2fapi/contents"), ("GET", "voila/files/secret.txt"),
    ("POST", "voila/api/shutdown/11111111-1111-1111-1111-111111111111"), ("GET", "api/kernels/11111111-1111-1111-1111-111111111111"),
    ("DELETE", "api/kernels/11111111-1111-1111-1111-111111111111"), ("GET", "api/kernels/11111111-1111-1111-1111-111111111111/channels"),
    ("POST", "api/kernels/22222222-2222-2222-2222-222222222222/restart"), ("GET", "metrics"), ("GET", "lab/api/settings"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), VIEWERS_NO)
def test_a_viewer_stays_on_the_path(team: BenchServer, method: str, path: str) -> None:
    """Contents, kernels of others, terminals, sessions, other notebooks, and any extension's address: refused, whatever the handler forgot to ask."""
    team.settings["workbench_tokens"].issue(Owner(kernel_id="11111111-1111-1111-1111-111111111111", user="ana", role="admin", board="x"))
    answer = team.client("vic").ask(method, path, {} if method in {"POST", "PUT"} else None)
    assert answer.status in {403, 404}
    assert "secret" not in answer.text
    if answer.status == 404:
        assert ".." in path or "%2e" in path or "%2f" in path


@pytest.mark.parametrize("path", ["", "lab", "lab/tree/x.ipynb", "tree"])
def test_a_viewer_at_the_front_door_is_led_to_the_boards(team: BenchServer, path: str) -> None:
    """Who types the bare address sees the boards instead of a refusal."""
    answer = team.client("vic").get(path)
    assert (answer.status, answer.headers["Location"]) == (302, f"{BASE}workbench/boards/")


def test_a_viewer_has_their_own_boards_kernel(team: BenchServer) -> None:
    """They may see and end the kernel of their board, and nobody else may who is no admin."""
    kernel = "22222222-2222-2222-2222-222222222222"
    team.settings["workbench_tokens"].issue(Owner(kernel_id=kernel, user="vic", role="viewer", board="dashboards/bots.ipynb"))
    statuses = {name: team.client(name).get(f"api/kernels/{kernel}").status for name in ("vic", "bob", "olu", "ana")}
    assert statuses == {"vic": 404, "bob": 403, "olu": 403, "ana": 404}  # 404: let through to a manager that has no such kernel
    assert team.client("vic").post(f"api/kernels/{kernel}/restart").status == 403


def test_a_viewer_may_look(team: BenchServer) -> None:
    """Every list is open to them, every change is refused with the role it takes."""
    viewer = team.client("vic")
    assert {path: viewer.get(f"workbench/api/{path}").status for path in EVERY_ROOM} == dict.fromkeys(EVERY_ROOM, 200) | {"users": 403}
    for path, body in (
        ("bots", {"name": "x", "rules": "buy when close > sma(5); sell when close < sma(5)"}),
        ("bots/x/start", {}),
        ("kill", {"kind": "all", "reason": "x"}),
        ("kill/reset", {"kind": "all", "reason": "x"}),
        ("promotions/1/approve", {"reason": "x"}),
    ):
        answer = viewer.post(f"workbench/api/{path}", body)
        assert (answer.status, "vic has the role viewer" in answer.problem) == (403, True)


def test_a_kernel_speaks_for_its_person(team: BenchServer) -> None:
    """With its token, as long as it lives and with the role of now; without a check of forged forms, which only cookies need."""
    tokens = team.settings["workbench_tokens"]
    token = tokens.issue(Owner(kernel_id="k", user="bob", role="admin"))
    asked = {"Authorization": f"token {token}"}
    assert team.client().get(ROOM, **asked).json["role"] == "researcher"
    tokens.revoke("k")
    assert team.client().get(ROOM, **asked).status == 403
    with team.database.session() as session:
        kept = credentials.issue_token(session, "rae", "k2")
    assert team.client().get(ROOM, Authorization=f"bearer {kept}").json["role"] == "reviewer"


@pytest.mark.parametrize(
    "asked",
    [
        "//evil.example", "https://evil.example", "https:evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "/other/", "evil",
        "/desk/../../x", "/desk//evil.example", "/desk/\r\nSet-Cookie: a=b", "/desk/login?next=/desk/login", "///evil.example", "/desk/" + "a" * 3000, "",
    ],
)  # fmt: skip
def test_nobody_is_sent_elsewhere_after_the_login(team: BenchServer, asked: str) -> None:
    """A next that leaves this server, or its base, becomes the start page."""
    assert safe_next(asked, BASE) == BASE
    assert team.client().form(f"login?{'next=x'}", name="bob", password=PASSWORD, next=asked).headers["Location"] == BASE


def test_one_comes_back_to_where_one_was_going() -> None:
    """A plain path below the base is kept with its query."""
    assert safe_next("/desk/workbench/boards/trades?bot=x&side=buy", BASE) == "/desk/workbench/boards/trades?bot=x&side=buy"


def test_a_form_of_another_site_changes_nothing(team: BenchServer) -> None:
    """Without the header, with a foreign origin, as a form, as text: refused; the login form too."""
    browser = team.client("olu")
    body = {"kind": "all", "reason": "x"}
    assert browser.post("workbench/api/kill", body, xsrf=False).status == 403
    assert browser.post("workbench/api/kill", body, headers={"Origin": "https://evil.example"}).status in {403, 404}
    assert (
        browser.ask("POST", "workbench/api/kill", raw=b'{"kind":"all","reason":"x"}', headers={"Content-Type": "text/plain"}).status == 415
    )
    assert (
        team.client().ask("POST", "login", raw=b"name=bob&password=x", headers={"Content-Type": "application/x-www-form-urlencoded"}).status
        == 403
    )
    assert browser.get("workbench/api/kill").json == []


def test_a_store_that_goes_away_is_said(team: BenchServer) -> None:
    """503 with what to do, and not a login page that would ask in vain; when it comes back everything goes on."""
    from workbench.errors import StoreError

    browser = team.client("bob")
    whole = team.database.read

    def gone() -> None:
        message = "the store is not there"
        raise StoreError(message)

    team.database.read = gone
    try:
        answer = browser.get(ROOM)
        page = browser.get("login")
    finally:
        team.database.read = whole
    assert (answer.status, "the store does not answer" in answer.problem) == (503, True)
    assert (page.status, me(browser)) == (503, (200, "researcher"))


class HubUser:
    """What JupyterHub's provider gives: a name and the Hub's record."""

    def __init__(self, **record: object) -> None:
        self.username, self.hub_user = str(record.get("name", "")), record


@pytest.mark.parametrize(
    ("record", "role"),
    [
        ({"name": "ana", "admin": True}, "admin"),
        ({"name": "rae", "groups": ["workbench-reviewer", "workbench-viewer", "staff"]}, "reviewer"),
        ({"name": "bob", "groups": ["workbench-root"]}, "researcher"),
        ({"name": "guest", "groups": []}, "viewer"),
        ({}, "viewer"),
    ],
)
def test_a_hubs_user_has_a_role(monkeypatch: pytest.MonkeyPatch, record: dict[str, object], role: str) -> None:
    """Groups of the Hub name it; the server's own person is a researcher, a guest a viewer."""
    monkeypatch.setenv("JUPYTERHUB_USER", "bob")
    assert role_of(HubUser(**record)) == role
    assert role_of(None) == "viewer"
