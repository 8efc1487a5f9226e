"""Run all checks and every package's tests, each package in a process of its own, and sum the counts.

Packages are apart because Locust monkey-patches its process. The two that take longest have a lane each, as most of
their tests wait for real processes rather than compute; the others go beside them, with what those leave of the
processors. A check counts as one test. What failed is named again before the last line.
"""

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

BIN = Path(sys.executable).parent
LONG = ("libs/cli", "services/locust")
LANES = len(LONG) + 1
BESIDE = ("nice", "-n", "5")
PACKAGES = (
    *LONG,
    "services/api",
    "services/exporter",
    "libs/core",
    "charts/perf-platform",
    "k8s-tests",
)
TYPED = ("libs/core/src", "libs/cli/src", "services/api/src", "services/locust/src", "services/exporter/src")
CHECKS: dict[str, tuple[str, ...]] = {
    "format": ("ruff", "format", "--check", "--quiet", "."),
    "lint": ("ruff", "check", "--quiet", "."),
    **{f"types of {package}": ("mypy", "--no-error-summary", package) for package in TYPED},
    "import contracts": ("lint-imports",),
}


@dataclass(frozen=True, slots=True)
class Counts:
    """Tests by outcome."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    names: tuple[str, ...] = ()
    """What failed, each with the first line of why."""

    def __add__(self, other: "Counts") -> "Counts":
        """Return the sum."""
        return Counts(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
            self.names + other.names,
        )

    def __str__(self) -> str:
        """Return the closing line's form."""
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def check(name: str, command: tuple[str, ...]) -> Counts:
    """Run one check; its output is shown when it fails."""
    lines: list[str] = []
    code = run(lines.append, str(BIN / command[0]), *command[1:])
    say("\n".join([f"{'FAILED' if code else 'ok    '} {name}", *(lines if code else ())]))
    return Counts(failed=1, names=(name,)) if code else Counts(passed=1)


def test(package: str) -> Counts:
    """Run the tests of one package; a pytest that crashes or finds nothing to run counts as a failure."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "junit.xml"
        code = run(
            lambda line: say(f"{package} | {line}"),
            *(() if package in LONG else BESIDE),
            str(BIN / "pytest"),
            "-q",
            "--color=no",
            f"--junitxml={report}",
            f"{package}/tests",
        )
        counts = read_counts(report)
    if code and not counts.failed:
        counts += Counts(failed=1, names=(f"{package}: pytest ended with {code}",))
    say(f"== {package}: {counts} in {time.monotonic() - began:.0f} s")
    return counts


def run(show: Callable[[str], object], command: str, *arguments: str) -> int:
    """Run a command, show each line of its output and errors, and return its status."""
    with subprocess.Popen(  # noqa: S603
        (command, *arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            show(line.rstrip("\n"))
    return process.returncode


def read_counts(report: Path) -> Counts:
    """Return the counts of a JUnit file; none when pytest did not live to write it."""
    if not report.exists():
        return Counts()
    suite = next(ET.parse(report).iter("testsuite"))  # noqa: S314  our own file
    total, failed, errors, skipped = (int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped"))
    return Counts(total - failed - errors - skipped, failed + errors, skipped, tuple(failures(suite)))


def failures(suite: ET.Element) -> Iterator[str]:
    """Yield the failed tests of a JUnit suite, each with the first line of why."""
    for case in suite.iter("testcase"):
        for cause in (*case.iterfind("failure"), *case.iterfind("error")):
            why = (cause.get("message") or "").partition("\n")[0][:200]
            yield f"{case.get('classname')}::{case.get('name')}: {why}"


def say(text: str) -> None:
    """Print at once and in one piece."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def build_mongodb() -> None:
    """Build the stand-in of MongoDB beside the checks, which leave a core idle; its tests say what went wrong."""
    if "MONGODB_URL" not in os.environ:
        subprocess.run([Path(__file__).parent / "ferretdb/build"], capture_output=True, check=False)  # noqa: S603


def main() -> int:
    """Run everything and end with one closing line."""
    checks_only = "--checks-only" in sys.argv
    if not checks_only:
        Thread(target=build_mongodb).start()
    total = sum((check(name, command) for name, command in CHECKS.items()), Counts())
    if not checks_only:
        with_tests = [package for package in PACKAGES if any(Path(package, "tests").glob("test_*.py"))]
        with ThreadPoolExecutor(LANES) as lanes:
            total = sum(lanes.map(test, with_tests), total)
    for name in total.names:
        say(f"FAILED {name}")
    say(str(total))
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
