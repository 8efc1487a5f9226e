"""The import contracts hold because a breach of each fails: shown on a copy of the packages."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SOURCES = ("libs/core", "libs/cli", "services/api", "services/locust", "services/exporter")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for source in SOURCES:
        shutil.copytree(ROOT / source / "src", folder / source / "src", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def _contracts(folder: Path) -> subprocess.CompletedProcess[str]:
    program = (
        "import sys; sys.path[:0] = sys.argv[1].split(':'); "
        "from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    )
    path = ":".join(str(folder / source / "src") for source in SOURCES)
    return subprocess.run(
        [sys.executable, "-c", program, path], cwd=folder, capture_output=True, text=True, check=False, timeout=200
    )


def test_the_packages_as_they_are_keep_the_contracts(copy: Path) -> None:
    done = _contracts(copy)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "statement", "contract"),
    [
        ("services/exporter/src/perf_exporter/breach.py", "import perf_locust", "no service on another"),
        ("libs/core/src/perf_core/stats/breach.py", "import perf_core.compare", "imports point down"),
        ("libs/core/src/perf_core/helpers.py", "", "imports point down"),
        ("libs/core/src/perf_core/stats/breach.py", "import asyncio", "no framework and no event loop"),
        ("libs/core/src/perf_core/report/breach.py", "import scipy", "scipy is for statistics only"),
        ("services/exporter/src/perf_exporter/breach.py", "import perf_core.compare", "not analysis"),
        ("services/api/src/perf_api/breach.py", "import perf_core.units", "ignores the tools that measure it"),
    ],
    ids=["sideways", "upwards", "a module without a layer", "event loop", "scipy", "exporter", "system under test"],
)
def test_a_breach_breaks_the_contract_that_forbids_it(copy: Path, module: str, statement: str, contract: str) -> None:
    breach = copy / module
    breach.write_text(f'"""A breach."""\n\n{statement}\n')
    try:
        done = _contracts(copy)
    finally:
        breach.unlink()

    assert done.returncode != 0
    assert f"{contract} BROKEN" in " ".join(done.stdout.split()), done.stdout
