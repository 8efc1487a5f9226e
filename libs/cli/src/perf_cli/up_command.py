"""`perf-platform up`: the stack in the foreground, with Locust's web UI."""

import argparse
import time

from perf_cli.keys import whole_number
from perf_cli.processes import Processes, check_port
from perf_cli.prometheus import start_prometheus
from perf_cli.stack import start_stack, wait_until_answers
from perf_core.ports import free_port
from perf_core.runstore import RunStore

EXAMPLE = "perf-platform up --prometheus"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--workers", type=_count, default=2, help="worker processes (default: 2)")
    parser.add_argument("--web-port", type=_count, help="port of Locust's web UI (default: a free one)")
    parser.add_argument(
        "--prometheus",
        action="store_true",
        help="start a Prometheus too (2.42 or 3, from the PATH), with the platform's rules, scraping every 5 s",
    )


def run(options: argparse.Namespace) -> int:
    """Start, print the addresses, wait for Ctrl-C."""
    web_port = check_port(options.web_port, "--web-port") if options.web_port else None
    with Processes() as processes:
        observer = free_port() if options.prometheus else None
        stack = start_stack(
            processes, faults=True, workers=options.workers, web_port=web_port, prometheus_port=observer
        )
        print(f"Locust UI  {stack.master.url}", flush=True)
        print(f"API docs  {stack.api}/docs", flush=True)
        print(f"API metrics  {stack.api_metrics}", flush=True)
        print(f"Exporter  {stack.exporter}", flush=True)
        if observer:
            pages = {"api": stack.api_metrics, "exporter": stack.exporter}
            prometheus = start_prometheus(processes, pages, observer)
            wait_until_answers(processes, f"{prometheus}/-/ready", "Prometheus")
            print(f"Prometheus  {prometheus}", flush=True)
        print(f"Reports  {RunStore.from_environment().root.resolve()}", flush=True)
        print("Ctrl-C ends everything", flush=True)
        try:
            while True:
                processes.check()
                time.sleep(0.5)
        except KeyboardInterrupt:
            print("stopping")
    return 0


def _count(text: str) -> int:
    try:
        return whole_number(text)
    except ValueError as cause:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of these; {cause}") from cause
