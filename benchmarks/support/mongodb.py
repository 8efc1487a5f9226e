"""A MongoDB to measure against: what MONGODB_URL names, else FerretDB, built by tools/ferretdb/build."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from perf_core.ports import free_port

BUILD = Path(__file__).parents[2] / "tools" / "ferretdb" / "build"


@contextmanager
def mongodb() -> Iterator[str]:
    """Give the URL of a database of our own; FerretDB ends with the block."""
    named = os.environ.get("MONGODB_URL")
    if named:
        yield named
        return
    built = subprocess.run([BUILD], stdout=subprocess.PIPE, text=True, check=False)
    if built.returncode:
        sys.exit("a MongoDB is needed: set MONGODB_URL, or install Go so that FerretDB can be built")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        options = [f"--sqlite-url=file:{folder}/", f"--state-dir={folder}", f"--listen-addr=127.0.0.1:{port}"]
        quiet = ["--handler=sqlite", "--telemetry=disable", "--debug-addr=-", "--log-level=error"]
        server = subprocess.Popen([built.stdout.strip(), *options, *quiet], stdout=subprocess.DEVNULL)
        try:
            wait_for("127.0.0.1", port)
            yield f"mongodb://127.0.0.1:{port}/bench?maxPoolSize=1&timeoutMS=20000"
        finally:
            server.terminate()
            server.wait(30)


def wait_for(host: str, port: int, seconds: float = 60.0) -> None:
    """Wait until something accepts connections."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection((host, port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
