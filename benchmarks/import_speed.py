"""Rows a second and peak memory of `perf-platform import`, at two sizes: the memory must not grow with the rows.

Rows are shuffled, so that every part of the file speaks of every second. Floors: 200 000 rows a second of processor
time (this machine may be shared), and at most 32 MB more for ten times the rows: what is kept before it is written.
Run: .venv/bin/python benchmarks/import_speed.py [ROWS]
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SMALL = 500_000
FLOOR = 200_000
GROWTH = 32.0
START = 1_790_000_000
SECONDS = 600
ENDPOINTS = 20
HEADERS = {
    "samples": "timestamp,method,name,duration,ok,bytes",
    "jtl": "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,"
    "sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect",
    "k6": "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,name,proto,"
    "scenario,service,status,subproto,tls_version,url,extra_tags,metadata",
    "locust-csv": "timestamp,request_type,name,response_time_ms,response_length,status_code,exception",
}
K6_METRICS = (
    "http_reqs",
    "http_req_duration",
    "http_req_blocked",
    "http_req_connecting",
    "http_req_tls_handshaking",
    "http_req_sending",
    "http_req_waiting",
    "http_req_receiving",
    "http_req_failed",
)


def write(path: Path, kind: str, rows: int) -> None:
    random = np.random.default_rng(7)
    with path.open("w") as file:
        file.write(HEADERS[kind] + "\n")
        for first in range(0, rows, 100_000):
            count = min(100_000, rows - first)
            at = START + random.uniform(0, SECONDS, count)
            seconds = random.lognormal(-3, 0.4, count)
            names = random.integers(0, ENDPOINTS, count)
            lines = (
                line(kind, row, *facts)
                for row, facts in enumerate(zip(at.tolist(), seconds.tolist(), names.tolist(), strict=True))
            )
            file.writelines(lines)


def line(kind: str, row: int, at: float, seconds: float, name: int) -> str:
    if kind == "samples":
        return f"{at:.3f},GET,/endpoint/{name},{seconds:.6f},{int(row % 997 > 0)},512\n"
    if kind == "jtl":
        answer = "200,OK" if row % 997 else "503,Service Unavailable"
        return (
            f"{int(at * 1000)},{int(seconds * 1000)},GET /endpoint/{name},{answer},Users 1-{row % 20},text,"
            f"{'true' if row % 997 else 'false'},,512,120,20,20,http://127.0.0.1/endpoint/{name},9,0,0\n"
        )
    if kind == "k6":
        url = f"http://127.0.0.1/endpoint/{name}"
        metric = K6_METRICS[row % len(K6_METRICS)]
        return f"{metric},{int(at)},{seconds * 1000:f},,,,true,,GET,{url},HTTP/1.1,default,,200,,,{url},,\n"
    return f"{at:.6f},GET,/endpoint/{name},{seconds * 1000:.2f},512,200,\n"


@dataclass(frozen=True)
class Measured:
    """Rows a second, of the clock and of processor time, the command's start included; peak memory in MB."""

    clock: float
    processor: float
    memory: float


def measured(path: Path, folder: Path) -> Measured:
    command = [sys.executable, "-m", "perf_cli", "import", str(path), "--json"]
    began = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "PERF_RUNS_DIR": str(folder)})
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - began
    if status:
        sys.exit(f"the import of {path} failed with status {status}")
    with path.open("rb") as file:
        rows = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b"")) - 1
    return Measured(rows / seconds, rows / (usage.ru_utime + usage.ru_stime), usage.ru_maxrss / 1024)


def main() -> None:
    sizes = (SMALL, int(sys.argv[1]) if len(sys.argv) > 1 else 10 * SMALL)
    print(f"{'format':<12} {'rows':>10} {'rows/s':>10} {'rows/CPU s':>11} {'peak MB':>8}")
    slowest, growth = float("inf"), 0.0
    with tempfile.TemporaryDirectory() as name:
        for kind in HEADERS:
            both = []
            for rows in sizes:
                path = Path(name) / f"{kind}.csv"
                write(path, kind, rows)
                found = measured(path, Path(name) / "runs")
                both.append(found)
                print(
                    f"{kind:<12} {rows:>10} {found.clock:>10.0f} {found.processor:>11.0f} {found.memory:>8.0f}",
                    flush=True,
                )
            slowest = min(slowest, both[1].processor)
            growth = max(growth, both[1].memory - both[0].memory)
    print(f"slowest {slowest:.0f} rows/CPU s (floor {FLOOR}), memory grows by {growth:.0f} MB (at most {GROWTH:.0f})")
    sys.exit(0 if slowest >= FLOOR and growth <= GROWTH else 1)


if __name__ == "__main__":
    main()
