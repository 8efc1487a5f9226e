"""Run the demo N times and count its verdicts: the promise is that all are right, on a noisy machine too.

python benchmarks/demo_repeat.py --times 20 [--keep FOLDER]
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROW = re.compile(
    r"^(1 baseline|2 same build|3 slower) +(baseline|UNCHANGED|IMPROVED|REGRESSED|INCONCLUSIVE) ", re.MULTILINE
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=20, help="demos to run (default: 20)")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of each run (default: 30)")
    parser.add_argument("--keep", type=Path, help="folder to keep the runs in, a folder for each demo")
    options = parser.parse_args()
    verdicts: dict[str, Counter[str]] = {}
    right = 0
    for number in range(1, options.times + 1):
        with tempfile.TemporaryDirectory() as passing:
            folder = options.keep / str(number) if options.keep else Path(passing)
            done = subprocess.run(
                [sys.executable, "-m", "perf_cli", "demo", "--seconds", str(options.seconds)],
                env={**os.environ, "PERF_RUNS_DIR": str(folder / "runs")},
                capture_output=True,
                text=True,
                check=False,
            )
        found = dict(ROW.findall(done.stdout))
        for title, verdict in found.items():
            verdicts.setdefault(title, Counter())[verdict] += 1
        right += done.returncode == 0
        print(f"{number:>3}  exit {done.returncode}  {found}  {done.stderr.strip()}", flush=True)
    for title, counts in verdicts.items():
        print(f"{title:<13} {dict(counts)}")
    print(f"{right} of {options.times} demos ended with three right verdicts")
    return 0 if right == options.times else 1


if __name__ == "__main__":
    sys.exit(main())
