"""A Prometheus of the local stack: scrapes the service and the exporter every 5 s, with the platform's rules."""

import json
import shutil
from pathlib import Path
from urllib.parse import urlsplit

from perf_cli.processes import Processes
from perf_core.errors import PerfError
from perf_core.ports import free_port

RULES = Path("charts", "perf-platform", "rules", "perf-platform.rules.yaml")
RETENTION = "1d"


def start_prometheus(processes: Processes, pages: dict[str, str], port: int | None = None) -> str:
    """Start it on a loopback port (default: a free one) and return its address.

    `pages` is job name -> URL of a metrics page. Configuration and data are in the folder of the logs. Works with
    Prometheus 2.42 and 3.

    Raises:
        PerfError: there is no Prometheus on the PATH.
    """
    program = shutil.which("prometheus")
    if program is None:
        raise PerfError("prometheus is not on the PATH; install it (Debian: apt install prometheus)")
    folder = processes.logs / "prometheus"
    folder.mkdir()
    configuration = folder / "prometheus.yml"
    configuration.write_text(json.dumps(_configuration(pages), indent=2), encoding="utf-8")
    address = f"127.0.0.1:{port or free_port()}"
    storage = [f"--storage.tsdb.path={folder / 'data'}", f"--storage.tsdb.retention.time={RETENTION}"]
    processes.start(
        "prometheus", [program, f"--config.file={configuration}", f"--web.listen-address={address}", *storage]
    )
    return f"http://{address}"


def rules_file() -> Path | None:
    """Return the platform's rules; None when this is an installation without the chart beside it."""
    return next((folder / RULES for folder in Path(__file__).resolve().parents if (folder / RULES).is_file()), None)


def _configuration(pages: dict[str, str]) -> dict[str, object]:
    rules = rules_file()
    return {
        "global": {"scrape_interval": "5s", "scrape_timeout": "4s", "evaluation_interval": "5s"},
        "rule_files": [str(rules)] if rules else [],
        "scrape_configs": [
            {
                "job_name": job,
                "metrics_path": urlsplit(url).path,
                "static_configs": [{"targets": [urlsplit(url).netloc]}],
            }
            for job, url in pages.items()
        ],
    }
