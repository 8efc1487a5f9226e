"""`make` explains itself, and says in one sentence what a machine lacks."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TOOLS = ("sh", "make", "awk", "touch", "rm", "mkdir", "test", "env", "ln", "dirname")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A machine with a shell and make, and a copy of the Makefile; no Python, no uv."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (programs / tool).symlink_to(found)
    clone = tmp_path / "clone"
    clone.mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, clone / name)
    for project in ROOT.glob("*/*/pyproject.toml"):
        target = clone / project.relative_to(ROOT)
        target.parent.mkdir(parents=True)
        shutil.copy(project, target)
    (clone / "k8s-tests").mkdir()
    shutil.copy(ROOT / "k8s-tests" / "pyproject.toml", clone / "k8s-tests")
    return clone


def _make(clone: Path, *targets: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(clone.parent / "bin"), "HOME": str(clone.parent)}
    return subprocess.run(
        ["make", *targets], cwd=clone, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def _program(clone: Path, name: str, text: str) -> None:
    path = clone.parent / "bin" / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_make_alone_prints_its_targets(bare: Path) -> None:
    done = _make(bare)

    assert done.returncode == 0
    named = re.findall(r"^  make (\w+) +\S", done.stdout, re.MULTILINE)
    assert {"install", "demo", "up", "test", "check", "fmt", "dist", "bench", "clean"} <= set(named)


def test_without_a_python_it_says_what_to_install(bare: Path) -> None:
    done = _make(bare, "install")

    assert done.returncode != 0
    assert "Python 3.11 or newer is missing: install it, with its venv module" in done.stdout


def test_an_old_python_is_none(bare: Path) -> None:
    _program(bare, "python3", "exit 1  # as a Python 3.9 answers the question for 3.11")

    done = _make(bare, "install")

    assert "Python 3.11 or newer is missing" in done.stdout


def test_without_the_venv_module_it_says_what_to_install_and_leaves_nothing(bare: Path) -> None:
    _program(bare, "python3", 'case "$1" in -m) mkdir .venv; echo "No module named venv" >&2; exit 1;; esac; exit 0')

    done = _make(bare, "install")

    assert done.returncode != 0
    assert "Python's venv module is missing: install it" in done.stdout
    assert not (bare / ".venv").exists()


def test_uv_is_brought_where_there_is_none(bare: Path) -> None:
    """The virtual environment's pip is asked for it; nothing outside of .venv changes."""
    _program(
        bare,
        "python3",
        'case "$2" in venv) mkdir -p .venv/bin; cp "$0" .venv/bin/python;; pip) echo "$@" >> asked;'
        ' printf "#!/bin/sh\\necho uv \\$@ >> asked\\n" > .venv/bin/uv; chmod +x .venv/bin/uv;; esac; exit 0',
    )
    for tool in ("cp", "chmod", "printf", "echo"):
        found = shutil.which(tool)
        if found:
            (bare.parent / "bin" / tool).symlink_to(found)

    done = _make(bare, "install")

    assert done.returncode == 0, done.stdout + done.stderr
    asked = (bare / "asked").read_text().splitlines()
    assert asked[0] == "-m pip install --quiet --disable-pip-version-check uv"
    assert all(line.startswith("uv pip install") for line in asked[1:])
    assert "--require-hashes -r requirements.lock" in asked[1]


def test_the_repository_names_no_package_index() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    forbidden = re.compile(r"--(extra-)?index-url [a-z]|/simple/|\"resolved\":")

    named = [
        name
        for name in listed.split("\0")
        if name and name != os.path.relpath(__file__, ROOT) and forbidden.search(_text(ROOT / name))
    ]

    assert named == []


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.is_file() else ""
