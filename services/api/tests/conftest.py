"""A MongoDB for the tests: what MONGODB_URL names, else FerretDB, which tools/ferretdb/build builds once.

Where there is neither (and no Go to build it), the tests that need one are skipped and one loud line says so;
where CI=true they fail instead.
"""

import os
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

BUILD = Path(__file__).parents[3] / "tools" / "ferretdb" / "build"
# Updates of FerretDB are not atomic between connections, hence one. The machine may be busy, hence the patience.
FERRETDB_OPTIONS = "maxPoolSize=1&timeoutMS=60000&waitQueueTimeoutMS=60000"
START_TIMEOUT = 60.0
PROGRAM = pytest.StashKey[str | None]()
MISSING = pytest.StashKey[str]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build FerretDB before the first test, not within its time limit, if a test will need it."""
    wanted = any("mongo" in item.nodeid for item in session.items)
    if not wanted or os.environ.get("MONGODB_URL") or session.config.option.collectonly:
        return
    capture = session.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():  # so that the build can say that it takes a minute
        done = subprocess.run([BUILD], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode == 0:
        session.config.stash[PROGRAM] = done.stdout.strip()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say loudly what was not tested."""
    if MISSING in config.stash:
        terminalreporter.write_line(config.stash[MISSING], red=True, bold=True)


@pytest.fixture(scope="session")
def mongodb_server(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of a server that speaks MongoDB's wire protocol."""
    named = os.environ.get("MONGODB_URL")
    program = pytestconfig.stash.get(PROGRAM, None)
    if named:
        yield named
    elif program:
        yield from run_ferretdb(program, tmp_path_factory.mktemp("ferretdb"))
    else:
        missing = (
            "MONGODB IS NOT TESTED: set MONGODB_URL, or install Go so that tools/ferretdb/build can build FerretDB"
        )
        if os.environ.get("CI") == "true":
            pytest.fail(missing, pytrace=False)
        pytestconfig.stash[MISSING] = missing
        pytest.skip(missing)


@pytest.fixture
def mongodb_url(mongodb_server: str) -> Iterator[str]:
    """Return the URL of a database of the test's own, dropped afterwards."""
    name = f"perf_api_test_{uuid.uuid4().hex[:12]}"
    yield urlsplit(mongodb_server)._replace(path=f"/{name}").geturl()
    with MongoClient[dict[str, object]](mongodb_server) as client:
        client.drop_database(name)


def run_ferretdb(program: str, folder: Path) -> Iterator[str]:
    """Run FerretDB on a free loopback port, its data in a folder."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    options = [f"--sqlite-url=file:{folder}/", f"--state-dir={folder}", f"--listen-addr=127.0.0.1:{port}"]
    quiet = ["--handler=sqlite", "--telemetry=disable", "--debug-addr=-", "--log-level=error"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([program, *options, *quiet], stdout=log, stderr=subprocess.STDOUT)
    try:
        url = f"mongodb://127.0.0.1:{port}/?{FERRETDB_OPTIONS}"
        wait_for(url, server, folder / "log")
        yield url
    finally:
        server.terminate()
        server.wait(30)


def wait_for(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the server answers."""
    deadline = time.monotonic() + START_TIMEOUT
    with MongoClient[dict[str, object]](url, serverSelectionTimeoutMS=200) as client:
        while True:
            try:
                client.admin.command("ping")
            except PyMongoError as error:
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"FerretDB does not start: {log.read_text()[-2000:]}") from error
            else:
                return
