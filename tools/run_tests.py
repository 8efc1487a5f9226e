"""Run all checks and every package's tests, each package in a process of its own, and sum the counts.

Packages are apart because Locust monkey-patches its process. A check counts as one test.
"""

import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
PACKAGES = ("libs/core", "libs/cli", "services/api", "services/locust", "services/exporter", "charts/perf-platform")
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

    def __add__(self, other: "Counts") -> "Counts":
        """Return the sum."""
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)


def check(name: str, command: tuple[str, ...]) -> Counts:
    """Run one check; its output is shown when it fails."""
    done = subprocess.run((str(BIN / command[0]), *command[1:]), capture_output=True, text=True, check=False)  # noqa: S603
    say(f"{'ok    ' if done.returncode == 0 else 'FAILED'} {name}")
    if done.returncode:
        say(done.stdout + done.stderr)
    return Counts(passed=1) if done.returncode == 0 else Counts(failed=1)


def test(package: str) -> Counts:
    """Run the tests of one package; a pytest that crashes or finds nothing to run counts as a failure."""
    say(f"== {package}")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "junit.xml"
        done = subprocess.run(  # noqa: S603
            (str(BIN / "pytest"), "-q", f"--junitxml={report}", f"{package}/tests"), check=False
        )
        counts = read_counts(report)
    if done.returncode and not counts.failed:
        return counts + Counts(failed=1)
    return counts


def read_counts(report: Path) -> Counts:
    """Return the counts of a JUnit file; none when pytest did not live to write it."""
    if not report.exists():
        return Counts()
    suite = next(ET.parse(report).iter("testsuite"))  # noqa: S314  our own file
    total, failed, errors, skipped = (int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped"))
    return Counts(total - failed - errors - skipped, failed + errors, skipped)


def say(text: str) -> None:
    """Print at once, in order with what the tests print."""
    sys.stdout.write(re.sub(r"\n+$", "", text) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run everything and end with one closing line."""
    total = sum((check(name, command) for name, command in CHECKS.items()), Counts())
    if "--checks-only" not in sys.argv:
        with_tests = [package for package in PACKAGES if any(Path(package, "tests").glob("test_*.py"))]
        total = sum((test(package) for package in with_tests), total)
    say(f"{total.passed} passed, {total.failed} failed, {total.skipped} skipped")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
