"""The README is true: its commands, options, targets, folders and configuration file exist."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from perf_cli.configuration import file_layer

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text()
LINES = re.findall(r"^    (?:\.venv/bin/)?(perf-platform \w+.*)$", README, re.MULTILINE)


def test_the_first_screen_has_the_verdict_and_the_two_commands() -> None:
    first_screen = README[: README.index("\n## ")]

    assert first_screen.startswith("# perf-platform\n\nLoads a service")
    for words in ("REGRESSED", "make demo", "make test", "| folder |"):
        assert words in first_screen


@pytest.mark.parametrize("line", LINES)
def test_a_command_exists_with_its_options(command, line: str) -> None:
    name = line.split()[1]
    listed = command(name, "--help")

    assert listed.returncode == 0, listed.stderr
    for option in re.findall(r" (--?[a-z][\w-]*)", line.split("#", maxsplit=1)[0].split(" -- ", maxsplit=1)[0]):
        assert re.search(rf"(?<![\w-]){option}\b", listed.stdout), f"{name} has no {option}"


def test_its_targets_are_targets() -> None:
    makefile = (ROOT / "Makefile").read_text()

    for target in re.findall(r"\bmake (\w+)", README):
        if re.search(rf"`make {target}`|^    make {target}\b", README, re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_its_folders_and_links_are_there() -> None:
    folders = re.findall(r"`([\w./-]+)`", "".join(re.findall(r"^\| (`.*?) \|", README, re.MULTILINE)))
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)

    assert len(folders) > 6
    assert [name for name in (*folders, *links) if not (ROOT / name).exists()] == []


def test_its_configuration_file_is_one(tmp_path: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "perf-platform.toml").write_text(text)

    layer = file_layer(tmp_path / "perf-platform.toml")

    assert layer["users"].value == tomllib.loads(text)["users"] == 20
    assert layer["run_time"].value == 120


def test_its_exit_codes_are_those_of_the_command() -> None:
    codes = re.findall(r"^\| (\d) \|", README, re.MULTILINE)
    shown = subprocess.run([sys.executable, "-m", "perf_cli", "--help"], capture_output=True, text=True, check=True)

    assert codes == ["0", "2", "3", "4", "5", "6"]
    assert all(re.search(rf"\b{code} [A-Za-z]", shown.stdout) for code in codes)
