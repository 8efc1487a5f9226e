"""`dev.sources`: packages that can be changed in the pod, and a program that is started anew when they are."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

RELOAD = Path(__file__).parent.parent / "files" / "reload.py"
OURS = ("api", "master", "worker", "exporter")
PROGRAM = """
import signal, sys, time
import perf_it
print("says", perf_it.WORD, *sys.argv[1:], flush=True)
if perf_it.WORD == "bad": sys.exit(3)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
while True: time.sleep(0.02)
"""


def _containers(release: Any) -> dict[str, dict[str, Any]]:
    return {each: release.one("Deployment", each)["spec"]["template"]["spec"]["containers"][0] for each in OURS}


def test_nothing_of_it_is_there_unless_it_is_asked_for(chart: Any) -> None:
    release = chart.render()

    assert "/sources" not in str(release.objects)
    assert not any("command" in container for container in _containers(release).values())


def test_the_sources_are_on_a_volume_and_the_root_file_system_stays_read_only(chart: Any) -> None:
    release = chart.render({"dev": {"sources": True}})

    for name, container in _containers(release).items():
        (mount,) = [each for each in container["volumeMounts"] if each["mountPath"] == "/sources"]
        volumes = release.one("Deployment", name)["spec"]["template"]["spec"]["volumes"]
        assert {"name": mount["name"], "emptyDir": {}} in volumes
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["command"][2].strip() == RELOAD.read_text().strip()


def test_the_arguments_are_those_of_the_image_s_program(chart: Any) -> None:
    plain, dev = _containers(chart.render()), _containers(chart.render({"dev": {"sources": True}}))
    images = {"api": "api", "master": "locust", "worker": "locust", "exporter": "exporter"}

    for name, container in dev.items():
        dockerfile = RELOAD.parents[3] / "services" / images[name] / "Dockerfile"
        entry_point = str(container["command"][3:]).replace("'", '"')
        assert f"ENTRYPOINT {entry_point}" in dockerfile.read_text()
        assert container["args"] == plain[name]["args"]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Site packages with one of ours, and one of another's."""
    for name in ("perf_it", "other", "perf_it-0.1.0.dist-info"):
        (tmp_path / "site" / name).mkdir(parents=True)
    (tmp_path / "site" / "perf_it" / "__init__.py").write_text("WORD = 'first'\n")
    (tmp_path / "sources").mkdir()
    (tmp_path / "program.py").write_text(PROGRAM)
    return tmp_path


@pytest.fixture
def reloaded(site: Path) -> Iterator["subprocess.Popen[str]"]:
    """The program under reload.py, with a hurried clock."""
    start = f"""
import runpy, sys, sysconfig
from pathlib import Path
sysconfig.get_paths = lambda: {{"purelib": {str(site / "site")!r}}}
main = runpy.run_path({str(RELOAD)!r})["main"]
main.__globals__.update(PAUSE=0.02, RETRY=0.1)
sys.exit(main([sys.executable, {str(site / "program.py")!r}, "word"], Path({str(site / "sources")!r})))
"""
    process = subprocess.Popen([sys.executable, "-c", start], stdout=(site / "told").open("w"), text=True)
    yield process
    if process.poll() is None:
        os.kill(process.pid, signal.SIGTERM)
    process.wait(20)


def _until(condition: Callable[[], bool], what: str) -> None:
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(what)


def _told(site: Path, line: str, times: int = 1) -> None:
    _until(lambda: (site / "told").read_text().splitlines().count(line) >= times, f"never said {times} times: {line}")


def test_a_changed_source_is_live(site: Path, reloaded: "subprocess.Popen[str]") -> None:
    _told(site, "says first word")

    (site / "sources" / "perf_it" / "__init__.py").write_text("WORD = 'second'\n")

    _told(site, "reload: perf_it/__init__.py changed")
    _told(site, "says second word")
    assert sorted(path.name for path in (site / "sources").iterdir()) == ["perf_it"]
    assert reloaded.poll() is None


def test_sigterm_ends_the_program_with_its_own_status(site: Path, reloaded: "subprocess.Popen[str]") -> None:
    _told(site, "says first word")

    reloaded.terminate()

    assert reloaded.wait(20) == 7


def test_a_program_that_ends_is_started_again(site: Path, reloaded: "subprocess.Popen[str]") -> None:
    _told(site, "says first word")
    source = site / "sources" / "perf_it" / "__init__.py"

    source.write_text("WORD = 'bad'\n")
    _told(site, "says bad word", times=2)
    source.write_text("WORD = 'good'\n")

    _told(site, "says good word")
    assert reloaded.poll() is None


def test_what_was_changed_survives_a_restart_of_the_container(site: Path) -> None:
    there = site / "sources" / "perf_it"
    there.mkdir()
    (there / "__init__.py").write_text("WORD = 'mine'\n")
    start = (
        f"import runpy; from pathlib import Path; it = runpy.run_path({str(RELOAD)!r})\n"
        f"it['copy_packages'](Path({str(site / 'site')!r}), Path({str(site / 'sources')!r}))"
    )

    subprocess.run([sys.executable, "-c", start], check=True)

    assert (there / "__init__.py").read_text() == "WORD = 'mine'\n"
