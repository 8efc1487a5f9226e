"""`perf-platform export`: write a run as a table for a notebook."""

import argparse
from pathlib import Path

from perf_core.runstore import RunStore

EXAMPLE = "perf-platform export 20261124-113000-77b0 run.csv"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("run", help="run id, or latest: the newest run that is over")
    parser.add_argument("file", help="file to write: .csv, or .parquet (needs pyarrow)")


def run(options: argparse.Namespace) -> int:
    """Write the table."""
    from perf_core.report.export import write_table

    recording = RunStore.from_environment().load(options.run)
    rows = write_table(recording, Path(options.file))
    print(f"{options.file}: {rows} rows, one per endpoint, outcome and second; latencies in seconds")
    if recording.info.low_resolution:
        print("low resolution: the latencies of an endpoint's whole run stand in its first second")
    return 0
