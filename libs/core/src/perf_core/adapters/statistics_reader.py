"""Which statistics of a plain Locust run a file holds, if any."""

from pathlib import Path

from perf_core.adapters.locust_stats_csv import HISTORY, STATS, read_points
from perf_core.adapters.locust_stats_json import read_json_statistics
from perf_core.adapters.locust_stats_run import run_of_history, run_of_stats
from perf_core.adapters.plain_locust import PlainRun
from perf_core.adapters.result_rows import RowReader
from perf_core.errors import ResultsError


def read_statistics(path: Path) -> PlainRun | None:
    """Return the run a file of Locust's statistics tells of; None when it is another kind of file.

    Raises:
        ResultsError: the file cannot be read, or no request is in it.
    """
    with RowReader(path) as reader:
        if reader.first_line.startswith("["):
            return read_json_statistics(path)
        of_run, of_history = (set(columns) <= set(reader.header) for columns in (STATS, HISTORY))
        if not of_run and not of_history:
            return None
        table = read_points(reader)
    if not any(point.endpoint.requests for point in table.points):
        examples = "".join(f"; {bad}" for bad in table.bad[:3])
        raise ResultsError(f"{path} holds {table.rows} rows and no usable request{examples}")
    return run_of_history(path, table) if of_history else run_of_stats(path, table)
