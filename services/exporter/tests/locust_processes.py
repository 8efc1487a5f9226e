"""Real Locust masters and workers, with our plugin or plain, against a server of this process."""

import http.server
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from exporter_process import clean_environment

from perf_core.ports import free_port

LOCUSTFILE = """
from locust import FastHttpUser, constant, task
class Plain(FastHttpUser):
    wait_time = constant(0.05)
    @task(4)
    def good(self): self.client.get("/good")
    @task(1)
    def bad(self): self.client.get("/bad")
"""
WITH_LOGIN = (
    LOCUSTFILE
    + """
from flask import redirect, request, session
from flask_login import UserMixin, login_user
from locust import events
class Person(UserMixin):
    id = "ann"
@events.init.add_listener
def protect(environment, **_):
    if not environment.web_ui: return
    environment.web_ui.app.secret_key = "not random, for the test"
    environment.web_ui.login_manager.user_loader(lambda _: Person())
    environment.web_ui.auth_args = {"username_password_callback": "/submit"}
    @environment.web_ui.app.route("/submit", methods=["POST"])
    def submit():
        if (request.form["username"], request.form["password"]) == ("ann", "p&ss word"):
            login_user(Person())
            return redirect("/")
        session["auth_error"] = "wrong"
        return redirect("/login")
"""
)


class Target(http.server.BaseHTTPRequestHandler):
    """Answers /bad with 503 and everything else with 200."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b"hello"
        self.send_response(503 if self.path == "/bad" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class Locust:
    """One master and its workers; `module` is perf_locust or locust."""

    url: str
    module: str
    folder: Path
    bus: int
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start one of its processes."""
        with (self.folder / f"{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", self.module, "-f", "locustfile.py", *arguments],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=clean_environment(PERF_MASTER_TOKEN="t"),
            )
        self.processes.append(process)
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        """Start a worker."""
        return self.start("--worker", "--master-host", "127.0.0.1", "--master-port", str(self.bus))

    def post(self, path: str, **form: object) -> bytes:
        """Send a form, as curl would."""
        data = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(self.url + path, data, timeout=60) as answer:
            return bytes(answer.read())

    def swarm(self, users: int = 4) -> None:
        """Start a run when a worker is there to carry it."""
        deadline = time.monotonic() + 60
        while b'"success": true' not in (said := self._try_swarm(users)):
            assert time.monotonic() < deadline, said
            time.sleep(0.5)

    def _try_swarm(self, users: int) -> bytes:
        try:
            return self.post("/swarm", user_count=users, spawn_rate=users)
        except OSError as cause:
            return str(cause).encode()


@contextmanager
def locust(
    folder: Path, module: str, *arguments: str, workers: int = 1, locustfile: str = LOCUSTFILE
) -> Iterator[Locust]:
    """Start a master with its web UI, and workers; end them all."""
    folder.mkdir(exist_ok=True)
    (folder / "locustfile.py").write_text(locustfile)
    target = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Target)
    threading.Thread(target=target.serve_forever, daemon=True).start()
    web, bus = free_port(), free_port()
    started = Locust(f"http://127.0.0.1:{web}", module, folder, bus)
    ports = ["--web-host", "127.0.0.1", "--web-port", str(web), "--master-bind-host", "127.0.0.1"]
    host = ["--master-bind-port", str(bus), "-H", f"http://127.0.0.1:{target.server_address[1]}"]
    try:
        started.start("--master", *ports, *host, *arguments)
        for _ in range(workers):
            started.worker()
        yield started
    finally:
        for process in started.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        target.shutdown()
        target.server_close()
