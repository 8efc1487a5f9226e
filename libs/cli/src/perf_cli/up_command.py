"""`perf-platform up`: the stack in the foreground, with Locust's web UI."""

import argparse
import os
import time

from perf_cli.processes import Processes
from perf_cli.stack import start_stack

EXAMPLE = "perf-platform up"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--workers", type=int, default=2, help="worker processes (default: 2)")


def run(options: argparse.Namespace) -> int:
    """Start, print the addresses, wait for Ctrl-C."""
    with Processes() as processes:
        stack = start_stack(processes, faults=True, workers=options.workers)
        print(f"Locust UI  {stack.master.url}", flush=True)
        print(f"API docs  {stack.api}/docs", flush=True)
        print(f"API metrics  {stack.api_metrics}", flush=True)
        print(f"Exporter  {stack.exporter}", flush=True)
        print(f"Reports  {os.environ.get('PERF_RUNS_DIR', 'runs')}", flush=True)
        print("Ctrl-C ends everything", flush=True)
        try:
            while True:
                processes.check()
                time.sleep(0.5)
        except KeyboardInterrupt:
            print("stopping")
    return 0
