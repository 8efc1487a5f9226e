import os
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from perf_api.metrics.registry import Metrics
from perf_api.metrics.server import MetricsPortError, MetricsServer

PROGRAM = Path(sys.executable).with_name("perf-api")


def read(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


def test_metrics_are_served_until_the_port_is_closed() -> None:
    with MetricsServer("127.0.0.1", 0, Metrics().registry) as server:
        text = read(server.port)

    assert "# HELP http_server_request_duration_seconds Time from the arrival" in text
    assert "process_cpu_seconds_total" in text
    assert "_created" not in text
    with pytest.raises(OSError, match="refused"):
        read(server.port)


def test_every_help_is_a_sentence() -> None:
    with MetricsServer("127.0.0.1", 0, Metrics().registry) as server:
        helps = [line for line in read(server.port).splitlines() if line.startswith(("# HELP http_", "# HELP db_"))]

    assert len(helps) == 3
    assert all(line.endswith(".") for line in helps)


def test_a_taken_metrics_port_is_said_in_one_sentence_that_names_the_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(MetricsPortError, match=rf"127.0.0.1:{port} .*in use.*PERF_API_METRICS_PORT"):
            MetricsServer("127.0.0.1", port, Metrics().registry)


def test_the_command_ends_with_that_sentence_and_no_traceback(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        options = ["--port", "0", "--metrics-port", str(other.getsockname()[1])]
        done = subprocess.run(
            [PROGRAM, "serve", *options, "--database", f"sqlite:///{tmp_path}/api.db"],
            capture_output=True,
            text=True,
            timeout=60,
            env=dict(os.environ),
            check=False,
        )

    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert "--metrics-port" in done.stderr
