"""Users: who may log in and do what; how guessing is slowed down; what ends when; and that no secret is written anywhere."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from workbench import clock
from workbench.errors import InputError, PermissionDeniedError, UnknownNameError
from workbench.lifecycle import audit, credentials, users
from workbench.lifecycle.access import ACTIONS, ROLES, Scope, may, require, scope_of
from workbench.lifecycle.people import Person, whoami
from workbench.lifecycle.users import LoginRefusedError
from workbench.store import chain

if TYPE_CHECKING:
    from workbench.store import Database

WORDS = "correct horse battery"
OTHER = "another staple phrase"
ADMIN = Person(name="ana", role="admin")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same algorithm with little work: 200 logins are tested."""
    monkeypatch.setattr(users, "_hasher", cache(lambda: PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)))


@pytest.fixture
def desk(database: Database) -> Database:
    """A store with ana (admin), bob (researcher) and vic (viewer), all with the same password."""
    with database.session() as session:
        users.add(session, "ana", WORDS, "admin")
        users.add(session, "bob", WORDS, "researcher", by=ADMIN)
        users.add(session, "vic", WORDS, "viewer", by=ADMIN)
    return database


def login(database: Database, name: str = "bob") -> str:
    with database.session() as session:
        return credentials.open_login(session, name, agent="test")


def known(database: Database, secret: str) -> Person | None:
    with database.read() as session:
        return credentials.login(session, secret)


def test_a_user_logs_in(desk: Database) -> None:
    """The right password gives the account; names are folded; the hash is argon2id."""
    assert users.verify(desk, " Bob ", WORDS).person == Person(name="bob", role="researcher")
    with desk.read() as session:
        assert str(session.execute(text("SELECT password_hash FROM users WHERE name = 'bob'")).scalar()).startswith("$argon2id$")


@pytest.mark.parametrize(
    ("name", "password"), [("bob", OTHER), ("nobody", WORDS), ("bob", ""), ("", WORDS), ("bob", "x" * 5000), ("\ud800", WORDS)]
)
def test_what_does_not_belong_together_is_refused_alike(desk: Database, name: str, password: str) -> None:
    """A wrong name and a wrong password get the same sentence, so that names cannot be probed."""
    with pytest.raises(LoginRefusedError, match="do not belong together"):
        users.verify(desk, name, password)


def test_guessing_is_slowed_down(desk: Database) -> None:
    """After five failures the name waits, longer each time, even for the right password; then it works again and the count is forgotten."""
    now = clock.now()
    with clock.frozen(now):
        for _ in range(users.FREE_ATTEMPTS):
            with pytest.raises(LoginRefusedError, match="belong together"):
                users.verify(desk, "bob", OTHER)
        with pytest.raises(LoginRefusedError, match="try again in 15 s") as caught:
            users.verify(desk, "bob", WORDS)
        assert caught.value.wait == 15
    with clock.frozen(now + timedelta(seconds=16)):
        with pytest.raises(LoginRefusedError, match="belong together"):
            users.verify(desk, "bob", OTHER)
        with pytest.raises(LoginRefusedError, match="try again in 30 s"):
            users.verify(desk, "bob", WORDS)
    with clock.frozen(now + timedelta(seconds=60)):
        assert users.verify(desk, "bob", WORDS).locked_until is None
        with pytest.raises(LoginRefusedError, match="belong together"):
            users.verify(desk, "bob", OTHER)


def test_parallel_guesses_do_not_outrun_the_lock(desk: Database) -> None:
    """Twelve guesses at the same moment: five are looked at, the others wait."""

    def guess(_: int) -> int:
        with pytest.raises(LoginRefusedError) as caught:
            users.verify(desk, "bob", OTHER)
        return caught.value.wait

    with ThreadPoolExecutor(6) as pool:
        waits = list(pool.map(guess, range(12)))
    assert waits.count(0) == users.FREE_ATTEMPTS


def test_the_first_user_is_an_admin(database: Database) -> None:
    """Otherwise nobody could add the second; and before the first nobody is refused."""
    with database.session() as session:
        assert not users.any_user(session)
        with pytest.raises(InputError, match="the first user must be an admin"):
            users.add(session, "bob", WORDS, "viewer")
        assert users.add(session, "bob", WORDS, "admin", by=Person(name="whoever", role="viewer")).role == "admin"


@pytest.mark.parametrize("name", ["", "Ana Maria", "-x", "a" * 65, "../etc", "<b>", "ana\n", "engine", "été"])
def test_a_name_is_plain(desk: Database, name: str) -> None:
    """Names are for cookies, logs and file names: letters, digits and four signs."""
    with desk.session() as session, pytest.raises(InputError, match="a user's name is"):
        users.add(session, f"{name}\x00" if name.endswith("\n") else name, WORDS, "viewer", by=ADMIN)


@pytest.mark.parametrize("password", ["short", "carlosmagno", "ongamsolrac", "aaaaaaaaaaaa", "x" * 1025])
def test_a_weak_password_is_refused(desk: Database, password: str) -> None:
    """Too short, too long, the name, the name backwards, one character: refused without repeating it."""
    with desk.session() as session, pytest.raises(InputError, match="this password cannot be used") as caught:
        users.add(session, "carlosmagno", password, "viewer", by=ADMIN)
    assert password not in str(caught.value)


def test_only_admins_manage(desk: Database) -> None:
    """Nobody else adds, changes or disables; a claimed role does not count where the store knows another; one's own password is one's own."""
    claimed = Person(name="bob", role="admin")
    with desk.session() as session:
        for act in (
            lambda: users.add(session, "eve", WORDS, "admin", by=claimed),
            lambda: users.set_role(session, "bob", "admin", by=claimed),
            lambda: users.disable(session, "ana", by=claimed),
            lambda: users.set_password(session, "ana", OTHER, by=claimed),
            lambda: users.enable(session, "vic", by="vic"),
        ):
            with pytest.raises(PermissionDeniedError, match="that takes admin"):
                act()
        users.set_password(session, "bob", OTHER, by=claimed)
        with pytest.raises(UnknownNameError, match="did you mean bob"):
            users.set_role(session, "bobb", "viewer", by=ADMIN)
        with pytest.raises(UnknownNameError, match="no role named 'root'"):
            users.set_role(session, "bob", "root", by=ADMIN)
    assert users.verify(desk, "bob", OTHER).name == "bob"


def test_the_last_admin_stays(desk: Database) -> None:
    """Neither demoted nor disabled, until there is another."""
    with desk.session() as session:
        for act in (lambda: users.set_role(session, "ana", "viewer", by=ADMIN), lambda: users.disable(session, "ana", by=ADMIN)):
            with pytest.raises(PermissionDeniedError, match="is the last admin"):
                act()
        users.set_role(session, "bob", "admin", by=ADMIN)
        assert users.set_role(session, "ana", "viewer", by=ADMIN).role == "viewer"


def test_a_login_ends(desk: Database) -> None:
    """By itself after its time, by logging out, by a new password, by being disabled; a forged one never begins."""
    secret = login(desk)
    assert known(desk, secret) == Person(name="bob", role="researcher")
    assert known(desk, secret + "x") is None
    with clock.frozen(clock.now() + credentials.LOGIN_LASTS + timedelta(seconds=1)):
        assert known(desk, secret) is None
    with desk.session() as session:
        credentials.close_login(session, secret)
        credentials.close_login(session, "never opened")
    assert known(desk, secret) is None
    first, second = login(desk), login(desk)
    with desk.session() as session:
        users.set_password(session, "bob", OTHER, by="bob", keep=second)
    assert (known(desk, first), known(desk, second)) == (None, Person(name="bob", role="researcher"))
    with desk.session() as session:
        users.disable(session, "bob", by=ADMIN, reason="left")
    assert known(desk, second) is None
    with pytest.raises(LoginRefusedError, match="belong together"):
        users.verify(desk, "bob", OTHER)
    with desk.session() as session:
        users.enable(session, "bob", by=ADMIN)
    assert users.verify(desk, "bob", OTHER).name == "bob"
    assert known(desk, second) is None


def test_a_role_counts_at_once(desk: Database) -> None:
    """Who is logged in has the new role at the next look."""
    secret = login(desk)
    with desk.session() as session:
        users.set_role(session, "bob", "viewer", by=ADMIN)
    assert known(desk, secret) == Person(name="bob", role="viewer")


def test_a_kernel_acts_for_its_person(desk: Database) -> None:
    """A token is its person with the role of now, ends with the kernel, and with the account."""
    with desk.session() as session:
        token = credentials.issue_token(session, "bob", "kernel-1")
        second = credentials.issue_token(session, "bob", "kernel-2")
        assert credentials.token_owner(session, token) == Person(name="bob", role="researcher")
        assert credentials.token_owner(session, "wbk_forged") is None
        assert credentials.token_owner(session, token.removeprefix("wbk_")) is None
        assert credentials.revoke_tokens(session, "kernel-1") == 1
        assert credentials.token_owner(session, token) is None
        with clock.frozen(clock.now() + credentials.TOKEN_LASTS):
            assert credentials.token_owner(session, second) is None
        users.disable(session, "bob", by=ADMIN)
        assert credentials.token_owner(session, second) is None


def test_the_local_user_counts_until_there_is_another(database: Database) -> None:
    """Without users a token of the local user is an admin's; from the first user on it is nobody's."""
    with database.session() as session:
        token = credentials.issue_token(session, "me", "kernel-1")
        assert credentials.token_owner(session, token, local="me") == Person(name="me", role="admin")
        assert credentials.token_owner(session, token, local="you") is None
        users.add(session, "ana", WORDS, "admin")
        assert credentials.token_owner(session, token, local="me") is None


def test_everything_is_audited_without_secrets(desk: Database) -> None:
    """Each act is in the chain, which verifies; neither password, nor hash, nor secret is, nor are they in the clear in any row."""
    users.verify(desk, "bob", WORDS)
    secret = login(desk)
    with desk.session() as session:
        token = credentials.issue_token(session, "bob", "kernel-1")
        users.set_password(session, "bob", OTHER, by="bob")
        users.set_role(session, "bob", "reviewer", by=ADMIN)
        users.disable(session, "bob", by=ADMIN, reason="left")
    with desk.read() as session:
        events = chain.events(session)
        rows = [
            str(tuple(row))
            for table in ("audit", "users", "login_sessions", "access_tokens")
            for row in session.execute(text(f"SELECT * FROM {table}"))
        ]
    acts = [event.action.removeprefix("user.") for event in events if event.subject == "user:bob"]
    assert acts == ["added", "login_attempt", "login", "token_issued", "password", "role", "disabled"]
    assert audit.verify(desk).ok
    assert not [row for row in rows for hidden in (WORDS, OTHER, secret, token) if hidden in row]
    assert not [event for event in events if "argon2" in event.detail]


def test_roles_grow() -> None:
    """Whatever a role may do, the ones above it may too; a viewer reads, and changes nothing."""
    for action in ACTIONS:
        allowed = [may(role, action) for role in ROLES]
        assert allowed == sorted(allowed)
        assert allowed[-1]
    assert {action for action in ACTIONS if may("viewer", action)} == {
        "audit.read", "audit.verify", "desk.read", "desk.read_others", "health.read",
    }  # fmt: skip
    assert not may("root", "desk.read")
    with pytest.raises(UnknownNameError, match=r"did you mean bots\.create"):
        may("admin", "bots.creat")


def test_other_peoples_bots_take_more() -> None:
    """A researcher changes their own bot; somebody else's takes an operator, and the refusal says so."""
    bob = Person(name="bob", role="researcher")
    assert require(bob, "bots.change", owner="bob") == bob
    with pytest.raises(PermissionDeniedError, match=r"bob has the role researcher .* \(it belongs to ana\); that takes operator"):
        require(bob, "bots.change", owner="ana")
    assert require(Person(name="olu", role="operator"), "bots.change", owner="ana").name == "olu"


def test_a_scope_follows_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody reads the desk as the table has it; raise that line, and a researcher sees their own rows only."""
    bob = Person(name="bob", role="researcher")
    assert scope_of(bob) == Scope(owner=None, people=False)
    assert scope_of(bob, mine=True) == Scope(owner="bob", people=False)
    monkeypatch.setattr("workbench.lifecycle.access.ACTIONS", {**ACTIONS, "desk.read_others": ("reviewer", "look")})
    assert scope_of(bob) == Scope(owner="bob", people=False)
    assert scope_of(Person(name="rae", role="reviewer")) == Scope(owner=None, people=True)


def test_whoami_honours_the_kernels_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server names user and role of a kernel; a role that is not one of ours counts as viewer; alone, one owns the store."""
    for given, role in (("reviewer", "reviewer"), ("root", "viewer"), ("", "researcher")):
        monkeypatch.setenv("WORKBENCH_USER", "ana")
        monkeypatch.setenv("WORKBENCH_ROLE", given)
        assert whoami() == Person(name="ana", role=role)
    monkeypatch.delenv("WORKBENCH_USER")
    assert whoami().role == "admin"
