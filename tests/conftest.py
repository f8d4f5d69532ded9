"""What tests of all rooms share: a home of their own and a database, on SQLite and on a private PostgreSQL server.

``home``             a fresh ``WORKBENCH_HOME``
``database``         a migrated, empty store; the test runs once on SQLite and once on PostgreSQL
``sqlite_database``  the same on SQLite alone, for rooms whose promise does not depend on the database
``empty_url``        the URL of a database that nobody has opened yet, on both
``database_url``     the URL of a migrated, empty one, on both
"""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from workbench import compiled
from workbench.store import Database

if TYPE_CHECKING:
    from collections.abc import Iterator

assert compiled  # compiled code is kept where it always is, so that not every run of the tests compiles again ...
_HOME = tempfile.mkdtemp(prefix="wb-home-")  # ... and everything else lives in a home that goes away, the kernels of notebooks included
os.environ["WORKBENCH_HOME"] = _HOME
for _name in ("DATABASE_URL", "ENVIRONMENT", "WORKBENCH_USER", "WORKBENCH_ROLE"):
    os.environ.pop(_name, None)
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)

settings.register_profile("workbench", deadline=None, suppress_health_check=[HealthCheck.too_slow])  # speed is measured by the benchmarks
settings.load_profile("workbench")

BACKENDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
_NUMBERS = count(1)


class Cluster:
    """A PostgreSQL server of our own in a temporary folder: unix socket only, trust authentication, run by an unprivileged user."""

    def __init__(self, binaries: Path, *, durable: bool = False) -> None:
        """Make the cluster and start its server; ``durable`` leaves fsync on, for measurements."""
        self.folder = Path(tempfile.mkdtemp(prefix="wb-pg-", dir="/tmp"))
        self._binaries = binaries
        self._as = self._unprivileged()
        self._run("initdb", "-D", self.data, "-U", "workbench", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        options = ["listen_addresses=", f"unix_socket_directories={self.folder}", "max_connections=60"]
        options += [] if durable else ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        with (self.folder / "log").open("wb") as log:
            command = [str(binaries / "postgres"), "-D", self.data, *(part for option in options for part in ("-c", option))]
            self._server = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, **self._as)
        self._wait()

    @property
    def data(self) -> str:
        return str(self.folder / "data")

    def _unprivileged(self) -> dict[str, object]:
        """PostgreSQL refuses to run as root: take the user Debian made for it, else nobody."""
        if os.getuid() != 0:
            return {}
        user = next(entry for name in ("postgres", "nobody") for entry in pwd.getpwall() if entry.pw_name == name)
        os.chown(self.folder, user.pw_uid, user.pw_gid)
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, **self._as)
        if done.returncode:
            pytest.fail(f"{program} failed: {done.stdout}{done.stderr}")

    def _wait(self) -> None:
        import psycopg

        for _ in range(600):
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                if self._server.poll() is not None:
                    break
                time.sleep(0.05)
            else:
                return
        pytest.fail(f"PostgreSQL did not start: {(self.folder / 'log').read_text()}")

    def url(self, name: str) -> str:
        """Return the URL of the database ``name``."""
        return f"postgresql://workbench@/{name}?host={self.folder}"

    def execute(self, statement: str) -> None:
        """Run one statement as the owner of the server, outside a transaction."""
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        self._server.send_signal(signal.SIGINT)  # fast shutdown
        try:
            self._server.wait(20)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def find_postgresql() -> Path | None:
    """Return the folder of the newest PostgreSQL server binaries, None if there are none."""
    on_path = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name.partition(".")[0]), reverse=True)
    candidates = [*([Path(on_path).resolve().parent] if on_path else []), *folders]
    return next((folder for folder in candidates if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    pytest.importorskip("psycopg", reason="PostgreSQL is not tested: psycopg is not installed (pip install 'workbench[postgresql]')")
    binaries = find_postgresql()
    if binaries is None:
        pytest.skip("PostgreSQL is not tested: its server binaries are missing (Debian: apt install postgresql)")
    server = Cluster(binaries)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgresql_template(cluster: Cluster) -> str:
    cluster.execute("CREATE DATABASE migrated")
    Database.open(cluster.url("migrated")).close()
    return "migrated"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "workbench.sqlite"
    Database.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh home of a bench, named by WORKBENCH_HOME."""
    folder = tmp_path / "home"
    (folder / "data").mkdir(parents=True)
    monkeypatch.setenv("WORKBENCH_HOME", str(folder))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return folder


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _postgresql_database(request: pytest.FixtureRequest, template: str) -> str:
    cluster: Cluster = request.getfixturevalue("cluster")
    name = f"test_{next(_NUMBERS)}"
    cluster.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    request.addfinalizer(lambda: cluster.execute(f"DROP DATABASE {name} WITH (FORCE)"))
    return cluster.url(name)


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, backend: str, home: Path) -> str:
    """The URL of a database that nobody has opened yet."""
    if backend == "postgresql":
        return _postgresql_database(request, "template1")
    return f"sqlite:///{home / 'data' / 'workbench.sqlite'}"


@pytest.fixture
def database_url(request: pytest.FixtureRequest, backend: str, home: Path) -> str:
    """The URL of a migrated, empty store."""
    if backend == "postgresql":
        return _postgresql_database(request, request.getfixturevalue("postgresql_template"))
    path = home / "data" / "workbench.sqlite"
    shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
    return f"sqlite:///{path}"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated, empty store."""
    with Database.open(database_url) as opened:
        yield opened


@pytest.fixture
def sqlite_database(home: Path, sqlite_template: Path) -> Iterator[Database]:
    """A migrated, empty store on SQLite."""
    path = home / "data" / "workbench.sqlite"
    shutil.copyfile(sqlite_template, path)
    with Database.open(f"sqlite:///{path}") as opened:
        yield opened
