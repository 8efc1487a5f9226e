"""`perf-platform import`: turn the raw results of another tool into a run."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from perf_core.runstore import RunStore

if TYPE_CHECKING:
    from perf_core.adapters.imported import Imported

EXAMPLE = "perf-platform import results.jtl --scenario checkout"
INCOMPLETE = 4
_STEP = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        help="CSV of JMeter (JTL), k6, Locust or ours, also gzipped; JSON of `locust --json`",
    )
    parser.add_argument(
        "--format", choices=("samples", "jtl", "k6", "locust-csv"), help="format (default: told from the header)"
    )
    parser.add_argument("--scenario", help="what makes runs comparable (default: the file's name)")
    parser.add_argument("--json", action="store_true", help="print one line of JSON and nothing else")


def run(options: argparse.Namespace) -> int:
    """Import; the last line printed is the run id. 4 when a row had to be left out."""
    from perf_core.adapters.imported import BAD_ROWS
    from perf_core.adapters.result_import import import_results

    store, began = RunStore.from_environment(), time.monotonic()
    scenario = options.scenario or options.file.name.removesuffix(".gz").rpartition(".")[0] or options.file.name
    made = import_results(options.file, store, scenario, options.format, _Progress().show)
    tally, info = made.tally, made.info
    for bad in sorted(tally.bad):
        sys.stderr.write(f"bad row: {options.file}: {bad}\n")
    listed = store.folder(info.id).path / BAD_ROWS
    if tally.bad_rows:
        sys.stderr.write(f"{tally.bad_rows} of {tally.rows} rows were left out; all of them are in {listed}\n")
    if options.json:
        print(json.dumps(_document(made, time.monotonic() - began)))
        return INCOMPLETE if tally.bad_rows else 0
    print(
        f"{tally.requests} requests ({tally.failures} failed) of {tally.rows} rows of {made.format} "
        f"in {time.monotonic() - began:.1f} s, scenario '{info.scenario}', {info.validity}"
    )
    for reason in info.validity_reasons:
        print(f"  {reason}")
    if info.low_resolution:
        print(f"low resolution: {info.low_resolution}; it can be reported and held against thresholds, not judged")
    if tally.other_metrics:
        print(f"{tally.other_metrics} rows are of metrics that are no requests")
    if tally.folded:
        print(f"{tally.folded} requests are counted under the name 'other': there are too many names; group them")
    promote = "" if info.low_resolution else f"perf-platform baseline set {info.id}, "
    print(f"next: {promote}perf-platform report {info.id}")
    print(info.id)
    return INCOMPLETE if tally.bad_rows else 0


def _document(made: "Imported", seconds: float) -> dict[str, object]:
    info, tally = made.info, made.tally
    return {
        "run_id": info.id,
        "id": info.id,
        "format": made.format,
        "scenario": info.scenario,
        "validity": str(info.validity),
        "validity_reasons": list(info.validity_reasons),
        "low_resolution": info.low_resolution,
        "rows": tally.rows,
        "requests": tally.requests,
        "failures": tally.failures,
        "other_metrics": tally.other_metrics,
        "folded": tally.folded,
        "bad_rows": tally.bad_rows,
        "bad": [{"line": bad.line, "reason": bad.reason} for bad in sorted(tally.bad)],
        "seconds": round(seconds, 3),
    }


class _Progress:
    """Tells people at a terminal how far it is."""

    def __init__(self) -> None:
        self._due = time.monotonic() + _STEP

    def show(self, rows: int) -> None:
        """Say how many rows are read."""
        if sys.stderr.isatty() and time.monotonic() >= self._due:
            self._due = time.monotonic() + _STEP
            sys.stderr.write(f"{rows:,} rows ...\n")
