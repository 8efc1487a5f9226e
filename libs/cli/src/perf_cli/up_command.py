"""`perf-platform up`: the stack in the foreground, with Locust's web UI."""

import argparse
import os
import time

from perf_cli.processes import Processes
from perf_cli.prometheus import start_prometheus
from perf_cli.stack import start_stack, wait_until_answers

EXAMPLE = "perf-platform up --prometheus"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--workers", type=int, default=2, help="worker processes (default: 2)")
    parser.add_argument(
        "--prometheus",
        action="store_true",
        help="start a Prometheus too (2.42 or 3, from the PATH), with the platform's rules, scraping every 5 s",
    )


def run(options: argparse.Namespace) -> int:
    """Start, print the addresses, wait for Ctrl-C."""
    with Processes() as processes:
        stack = start_stack(processes, faults=True, workers=options.workers)
        print(f"Locust UI  {stack.master.url}", flush=True)
        print(f"API docs  {stack.api}/docs", flush=True)
        print(f"API metrics  {stack.api_metrics}", flush=True)
        print(f"Exporter  {stack.exporter}", flush=True)
        if options.prometheus:
            prometheus = start_prometheus(processes, {"api": stack.api_metrics, "exporter": stack.exporter})
            wait_until_answers(processes, f"{prometheus}/-/ready", "Prometheus")
            print(f"Prometheus  {prometheus}", flush=True)
        print(f"Reports  {os.environ.get('PERF_RUNS_DIR', 'runs')}", flush=True)
        print("Ctrl-C ends everything", flush=True)
        try:
            while True:
                processes.check()
                time.sleep(0.5)
        except KeyboardInterrupt:
            print("stopping")
    return 0
