"""The REST interface: what it answers, how it refuses, and that its description is the code."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from workbench.errors import WorkbenchError
from workbench.lifecycle import audit
from workbench.lifecycle.access import ACTIONS
from workbench.server.handlers import ROUTES, base, documentation, openapi
from workbench.server.headers import CLOSED
from workbench.server.limits import Limiter, Rate
from workbench.store.tables import BotRow, EquityMarkRow, JobRunRow, StrategyRow, TradeRow

if TYPE_CHECKING:
    from pathlib import Path

    from bench_server import Answer, BenchServer, Client

RULES = "buy when close > sma(5); sell when close < sma(5)"
DAY = datetime(2026, 3, 2, 15, tzinfo=UTC)
HOSTILE = ["' OR '1'='1", '"; DROP TABLE bots; --', "<script>alert(1)</script>", "%", "../../etc/passwd", "é\u202e", "a" * 200]


@pytest.fixture
def desk(team: BenchServer) -> BenchServer:
    """A bot of bob with two trades and a bot of rae."""
    with team.database.session() as session:
        session.add(StrategyRow(spec_hash="5" * 64, name="s", json="{}", owner="bob"))
        for name, owner in (("one", "bob"), ("two", "rae")):
            session.add(BotRow(id=f"id{name}", name=name, owner=owner, spec_hash="5" * 64, capital=1000.0, symbols=["ES"], stage="PAPER"))
        usual = {"bot_id": "idone", "owner": "bob", "stage": "PAPER", "symbol": "ES", "quantity": 1.0, "price": 100.0}
        session.add(TradeRow(side="buy", timestamp=DAY, **usual))
        session.add(TradeRow(side="sell", timestamp=DAY + timedelta(days=1), profit_loss=12.5, indicators_snapshot={"rsi": 28.0}, **usual))
        session.add(EquityMarkRow(bot_id="idone", stage="PAPER", known_at=DAY, owner="bob", equity=1012.5, cash=1012.5))
    return team


def make(client: Client, name: str = "mine", **fields: object) -> Answer:
    return client.post("workbench/api/bots", {"name": name, "rules": RULES, "symbols": ["SPX"], "stop": "2%", **fields})


def test_lists_are_answered(desk: BenchServer) -> None:
    """Each list is what its read model says, as JSON."""
    viewer = desk.client("vic")
    page = viewer.get("workbench/api/trades?bot=one&sort=profit_loss&page_size=1").json
    assert (page["total"], page["pages"], page["items"][0]["profit_loss"]) == (2, 2, 12.5)
    assert viewer.get("workbench/api/trades/stats?bot=one").json["win_rate"] == 1.0
    assert viewer.get(f"workbench/api/trades/{page['items'][0]['id']}").json["indicators"] == {"rsi": 28.0}
    assert [card["name"] for card in viewer.get("workbench/api/bots").json] == ["one", "two"]
    assert [card["name"] for card in viewer.get("workbench/api/bots?mine=true").json] == []
    assert viewer.get("workbench/api/summary").json["portfolio_value"] == 2012.5
    assert viewer.get("workbench/api/equity?by=bot&period=1M").json["series"][0]["values"] == [12.5]
    assert viewer.get("workbench/api/positions").json["items"] == []
    assert viewer.get("workbench/api/positions/totals").json["positions"] == 0


@pytest.mark.parametrize(
    ("query", "rows"),
    [("start=2026-03-03", 1), ("end=2026-03-03", 1), ("start=2026-03-02T15:00:01Z", 1), ("start=2026-03-02&end=2026-03-04", 2)],
)
def test_days_and_times_narrow(desk: BenchServer, query: str, rows: int) -> None:
    """A day is its beginning in UTC, a time is what it says."""
    assert desk.client("vic").get(f"workbench/api/trades?{query}").json["total"] == rows


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("side=long", "side: Input should be 'buy' or 'sell'"),
        ("pge=2", "pge is not known; did you mean page?"),
        ("page=0", "page: Input should be greater than or equal to 1"),
        ("page=x", "page: Input should be a valid integer"),
        ("page_size=501", "page_size: Input should be less than or equal to 500"),
        ("start=yesterday", "give a day (2026-01-31) or a time"),
        ("start=2026-03-04&end=2026-03-02", "ends (2026-03-02T00:00:00.000000Z) before it starts"),
        ("page=99999999999999999999", "page: Input should be less than or equal"),
    ],
)
def test_a_wrong_query_is_explained(desk: BenchServer, query: str, said: str) -> None:
    """400 with what was wrong, where, and what to do."""
    answer = desk.client("vic").get(f"workbench/api/trades?{query}")
    assert (answer.status, said in answer.problem) == (400, True), answer.problem
    assert all(answer.json["error"][name] for name in ("kind", "where", "remedy"))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("bots/oen", "did you mean one?"),
        ("trads", "did you mean /workbench/api/trades"),
        ("trades/99", "known: 1 to 2"),
        ("positions/1", "no position named '1'"),
        ("jobs/none", "no run named"),
        ("trades?sort=prices", "did you mean price"),
    ],
)
def test_what_is_not_there_is_named_with_the_nearest(desk: BenchServer, path: str, said: str) -> None:
    """404 with the nearest."""
    answer = desk.client("vic").get(f"workbench/api/{path}")
    assert (answer.status, said in answer.problem) == (404, True), answer.problem


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_text(desk: BenchServer, hostile: str) -> None:
    """SQL, HTML and paths in any field find nothing and break nothing; answers are JSON that no browser renders."""
    from urllib.parse import quote

    client, word = desk.client("bob"), quote(hostile, safe="")
    for path in (
        f"trades?bot={word}&symbol={word}&reason={word}",
        f"bots?search={word}&owner={word}",
        f"audit/events?actor={word}&action={word}&subject={word}",
    ):
        assert client.get(f"workbench/api/{path}").status == 200
    answers = [
        client.get(f"workbench/api/bots/{word}"),
        client.get(f"workbench/api/jobs/{word}"),
        client.get(f"workbench/api/trades/{word}"),
    ]
    assert {answer.status for answer in answers} <= {400, 404}
    assert answers[0].headers["Content-Type"].startswith("application/json")
    with desk.database.read() as session:
        assert session.execute(text("SELECT count(*) FROM bots")).scalar() == 2


def test_a_bot_is_made_moved_revised_and_removed(desk: BenchServer) -> None:
    """The whole life over the interface, each step in the audit chain under the person's name."""
    bob = desk.client("bob")
    made = make(bob)
    assert (made.status, made.json["stage"], made.json["owner"], made.json["symbols"]) == (201, "LAB", "bob", ["SPX"])
    address = f"workbench/api/bots/{made.json['id']}"
    assert bob.post(f"{address}/start", {"reason": "go"}).json["status"] == "running"
    assert bob.post(f"{address}/pause").json["status"] == "paused"
    assert bob.ask("DELETE", address, {"reason": "x"}).status == 403
    assert bob.post(f"{address}/stop").json["status"] == "stopped"
    revised = bob.ask("PATCH", address, {"rules": RULES.replace("5", "9"), "stop": "2%", "reason": "slower"})
    assert revised.json["spec_hash"] != made.json["spec_hash"]
    again = bob.ask("PATCH", address, {"spec_hash": made.json["spec_hash"], "reason": "back"})
    assert again.json["spec_hash"] == made.json["spec_hash"]
    assert bob.ask("DELETE", address, {"reason": "tried enough"}).json["name"] == "mine"
    assert bob.get(address).status == 404
    events = desk.client("rae").get("workbench/api/audit/events?actor=bob&action=bot").json["items"]
    assert [event["action"] for event in events][::-1] == ["bot.created", *["bot.status"] * 3, "bot.revised", "bot.revised", "bot.removed"]
    assert audit.verify(desk.database).ok


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"name": "x"}, 400, "give either rules or spec_hash"),
        ({"name": "x", "rules": RULES, "spec_hash": "5" * 64}, 400, "give either rules or spec_hash"),
        ({"name": "x", "rules": "buy when smaa(5) > close"}, 400, "did you mean sma"),
        ({"name": "x", "rules": RULES, "symbols": ["SPXX"]}, 404, "did you mean SPX"),
        ({"name": "x", "rules": RULES, "capital": -1}, 400, "capital"),
        ({"name": "x", "rules": RULES, "capitl": 1}, 400, "did you mean capital?"),
        ({"name": "", "rules": RULES}, 400, "name"),
        ({"name": "x" * 65, "rules": RULES}, 400, "name"),
        ({"name": "x", "rules": RULES * 200}, 400, "rules"),
        ({"name": "x", "spec_hash": "0" * 64}, 404, "no saved strategy named"),
        ([1, 2], 400, "valid dictionary"),
    ],
)
def test_a_wrong_bot_is_explained(desk: BenchServer, body: object, status: int, said: str) -> None:
    """Nothing is made, and the message says what would be right; a rule carries the place."""
    answer = desk.client("bob").post("workbench/api/bots", body)
    assert (answer.status, said in answer.problem) == (status, True), answer.text
    if "smaa" in str(body):
        assert answer.json["error"]["span"] == {"start": 9, "end": 13}
    with desk.database.read() as session:
        assert session.execute(text("SELECT count(*) FROM bots")).scalar() == 2


def test_somebody_elses_bot_takes_more(desk: BenchServer) -> None:
    """A researcher may not touch another's bot, an operator may; the refusal names whose it is."""
    refused = desk.client("bob").post("workbench/api/bots/two/start", {})
    assert (refused.status, "it belongs to rae" in refused.problem) == (403, True)
    assert desk.client("olu").post("workbench/api/bots/two/start", {"reason": "asked by rae"}).json["status"] == "running"


def test_isolation_can_be_turned_on(desk: BenchServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Raise one line of the table of roles, and a researcher neither sees nor finds another's bots, trades and events."""
    monkeypatch.setattr("workbench.lifecycle.access.ACTIONS", {**ACTIONS, "desk.read_others": ("operator", "look")})
    rae, bob = desk.client("rae"), desk.client("bob")
    assert [card["name"] for card in rae.get("workbench/api/bots").json] == ["two"]
    assert rae.get("workbench/api/trades").json["total"] == 0
    assert rae.get("workbench/api/trades/1").status == 404
    assert rae.get("workbench/api/bots/one").status == 404
    assert rae.post("workbench/api/bots/one/start", {}).status == 404
    assert bob.get("workbench/api/trades").json["total"] == 2


def test_the_kill_switch_asks_whose_bot_it_is(desk: BenchServer) -> None:
    """One's own bot by a researcher, everything by a reviewer, the reset by an operator; the reason is needed."""
    bob, rae, olu = (desk.client(name) for name in ("bob", "rae", "olu"))
    assert bob.post("workbench/api/kill", {"kind": "bot", "target": "one", "reason": "odd"}).json["scope"] == "bot:idone"
    assert bob.post("workbench/api/kill", {"kind": "bot", "target": "two", "reason": "odd"}).status == 403
    assert bob.post("workbench/api/kill", {"kind": "all", "reason": "odd"}).status == 403
    assert rae.post("workbench/api/kill", {"kind": "all"}).status == 400
    assert rae.post("workbench/api/kill", {"kind": "all", "reason": "odd"}).json["engaged"] is True
    assert rae.post("workbench/api/kill/reset", {"kind": "all", "reason": "fine"}).status == 403
    assert olu.post("workbench/api/kill/reset", {"kind": "all", "reason": "fine"}).json["engaged"] is False
    assert [switch["scope"] for switch in olu.get("workbench/api/kill").json] == ["bot:idone"]


def test_a_password_is_changed_by_its_owner(desk: BenchServer) -> None:
    """With the present one; other logins end, this one stays."""
    bob, other = desk.client("bob"), desk.client("bob")
    address = "workbench/api/users/me/password"
    assert bob.post(address, {"present": "wrong", "new": "a new long phrase"}).status == 403
    assert bob.post(address, {"present": "correct horse battery", "new": "short"}).status == 400
    assert bob.post(address, {"present": "correct horse battery", "new": "a new long phrase"}).json == {"changed": True}
    assert (bob.get("workbench/api/users/me").status, other.get("workbench/api/users/me").status) == (200, 403)


def test_who_i_am_says_what_i_may(desk: BenchServer) -> None:
    """A face shows buttons by this list; only operators see who else there is."""
    me = desk.client("bob").get("workbench/api/users/me").json
    assert (me["name"], me["role"], "bots.create" in me["may"], "kill.reset" in me["may"]) == ("bob", "researcher", True, False)
    assert [user["name"] for user in desk.client("olu").get("workbench/api/users").json] == ["ana", "bob", "olu", "rae", "vic"]
    assert "argon2" not in desk.client("olu").get("workbench/api/users").text


def test_events_about_people_take_a_reviewer(desk: BenchServer) -> None:
    """Who logged in is not everybody's business."""
    asked = "workbench/api/audit/events?action=user."
    assert desk.client("vic").get(asked).json["total"] == 0
    assert desk.client("rae").get(asked).json["total"] > 5


def test_the_chain_is_verified(desk: BenchServer) -> None:
    """The walk says that all is well, and how far."""
    seen = desk.client("vic").get("workbench/api/audit/verify").json
    assert (seen["ok"], seen["events"] > 5) == (True, True)


def test_market_status_knows_the_calendar(desk: BenchServer) -> None:
    """A crypto market is always open; an unknown symbol is named with the nearest."""
    viewer = desk.client("vic")
    seen = viewer.get("workbench/api/market/status?symbols=BTCUSDT,AAPL").json["markets"]
    assert (seen[0]["open"], seen[1]["zone"]) == (True, "America/New_York")
    assert seen[1]["opens_at"] < seen[1]["closes_at"]
    assert "did you mean AAPL" in viewer.get("workbench/api/market/status?symbols=AAPLL").problem


def test_health_tells_strangers_the_state_alone(desk: BenchServer) -> None:
    """A load balancer sees ok; a person sees each component with latency, last success and remedy."""
    assert desk.client().get("workbench/api/health").json.keys() == {"state", "at"}
    seen = desk.client("vic").get("workbench/api/health").json
    assert seen["state"] in {"ok", "warn"}
    store = next(each for each in seen["components"] if each["name"] == "store")
    assert (store["state"], store["latency_ms"] >= 0, store["last_success"] is not None) == ("ok", True, True)
    assert seen["warm_kernels"] == 0  # this server keeps none


def test_jobs_and_their_sealed_reports(desk: BenchServer, home: Path) -> None:
    """A run is listed; its report is shown as it was sealed, and refused when it is not."""
    from workbench.content import bytes_hash

    page = b"<h1>report</h1>"
    folder = home / "data" / "runs" / "r1"
    folder.mkdir(parents=True)
    (folder / "report.html").write_bytes(page)
    with desk.database.session() as session:
        session.add(
            JobRunRow(
                id="r1", job="tour", status="succeeded", owner="bob", html_path="data/runs/r1/report.html", html_hash=bytes_hash(page)
            )
        )
    viewer = desk.client("vic")
    run = viewer.get("workbench/api/jobs").json["runs"][0]
    report = viewer.get(run["report"])
    assert (report.status, report.text, report.headers["Content-Security-Policy"].startswith("sandbox")) == (200, "<h1>report</h1>", True)
    (folder / "report.html").write_bytes(b"<h1>other</h1>")
    assert viewer.get(run["report"]).status == 409
    assert viewer.get("workbench/runs/r2/report.html").status == 404


@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (b"{" + b" " * base.LARGEST_BODY + b"}", "application/json", 413),
        (b"{not json", "application/json", 400),
        (b'{"kind": NaN}', "application/json", 400),
        (b"[" * 30_000, "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"kind=all&reason=x", "application/x-www-form-urlencoded", 415),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(desk: BenchServer, raw: bytes, kind: str, status: int) -> None:
    """Too large, no JSON, too deep, not text, a form: refused before anything is done."""
    answer = desk.client("olu").ask("POST", "workbench/api/kill", raw=raw, headers={"Content-Type": kind})
    assert answer.status == status, answer.text
    assert desk.client("olu").get("workbench/api/kill").json == []


@pytest.mark.parametrize("path", ["workbench/api/summary", "workbench/api/nothing", "login", "careless"])
def test_answers_carry_the_headers(desk: BenchServer, path: str) -> None:
    """Each answer says that it is not to be sniffed, framed or given anything from elsewhere."""
    headers = desk.client("bob").get(path).headers
    assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == ("nosniff", "SAMEORIGIN")
    assert "frame-ancestors" in headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in headers  # plain http on one's own machine
    if path.endswith("summary"):
        assert (headers["Content-Security-Policy"], headers["Cache-Control"]) == (CLOSED, "no-store")


def test_an_unexpected_error_shows_nothing_inside(desk: BenchServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 with a mark by which the log is found; no message, no traceback."""

    def broken(*_: object) -> None:
        message = "secret detail /home/x"
        raise RuntimeError(message)

    monkeypatch.setattr("workbench.server.handlers.desk.summary.summary", broken)
    answer = desk.client("vic").get("workbench/api/summary")
    assert (answer.status, "secret detail" in answer.text, "wrong inside" in answer.problem) == (500, False, True)


def test_too_many_requests_wait(desk: BenchServer) -> None:
    """429 with how long, after the burst of heavy requests; other kinds go on."""
    viewer = desk.client("vic")
    answers = [viewer.get("workbench/api/audit/verify") for _ in range(12)]
    refused = [answer for answer in answers if answer.status == 429]
    assert {answer.status for answer in answers[:5]} == {200}
    assert refused
    assert int(refused[0].headers["Retry-After"]) >= 1
    assert viewer.get("workbench/api/summary").status == 200


def test_a_bucket_refills(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at once, then one every half second; a person does not use another's."""
    now = [0.0]
    monkeypatch.setattr("workbench.server.limits.clock.monotonic", lambda: now[0])
    limiter = Limiter({"read": Rate(2, 2)})
    assert [limiter.wait("read", "a") for _ in range(3)] == [0.0, 0.0, 0.5]
    assert limiter.wait("read", "b") == 0.0
    now[0] = 0.5
    assert [limiter.wait("read", "a") for _ in range(2)] == [0.0, 0.5]


def test_every_error_has_a_status() -> None:
    """Each error of ours is in the one table, and a narrower one stands before the wider."""
    kinds = [kind for kind, _, _ in base.STATUS]

    def below(kind: type) -> list[type]:
        return [kind, *(deeper for child in kind.__subclasses__() for deeper in below(child))]

    assert all(any(issubclass(error, kind) for kind in kinds) for error in below(WorkbenchError))
    assert not [(wide, narrow) for place, wide in enumerate(kinds) for narrow in kinds[place + 1 :] if issubclass(narrow, wide)]


def test_the_description_is_the_code() -> None:
    """``openapi.json`` is what the handlers say; write it anew with ``python -m workbench.server.handlers.documentation``."""
    assert documentation.FILE.read_text(encoding="utf-8") == documentation.written()


def test_every_address_is_described(desk: BenchServer) -> None:
    """Each address of the table stands in the description with its role, and the page lists them."""
    paths = openapi()["paths"]
    ours = [pattern for pattern, handler in ROUTES if issubclass(handler, base.Room) and handler is not documentation.Missing]
    assert len(ours) == len(paths)
    assert "/workbench/api/bots/{bot}/{act}" in paths
    page = desk.client("vic").get("workbench/api/docs").text
    assert all(path in page for path in paths)
    assert json.loads(desk.client("vic").get("workbench/api/openapi.json").text)["openapi"] == "3.1.0"
