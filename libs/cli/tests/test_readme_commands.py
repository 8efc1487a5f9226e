"""Every shell line of the README is run here, in its order and in one shell, or is listed with the reason why not."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from perf_core.ports import free_port

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text()
PROGRAMS = ("make", "docker", "python3", "kill", "helm", "kubectl", "skaffold", ".venv/bin/")
NOT_HERE = {
    "make install": "whoever runs the tests did",
    "make demo": "test_demo runs the command behind it",
    "make test": "this is part of it",
    "make images": "needs a builder of images; the tests of the chart on a cluster do it",
    "python3 -c": "would write an .env; test_compose checks the names in it",
    "docker compose": "the official images cannot be had here; tools/compose/prove.py does it with stand-ins",
    "make clean": "would remove the environment of the tests",
    ".venv/bin/perf-platform up": "runs until Ctrl-C; test_up starts and ends it",
    ".venv/bin/perf-platform pace": "needs a run that is on; the tests of the command have one",
    ".venv/bin/perf-platform pull": "needs a master elsewhere; the tests of remote masters have one",
    ".venv/bin/perf-platform ab": "both builds are the reader's; test_ab_command and test_ci_document have some",
    ".venv/bin/perf-platform run -f locustfile.py --baseline": "the service is the reader's; see test_ci_document",
    "helm": "needs a cluster; the tests of the chart on a cluster do it",
    "kubectl": "needs a cluster; the tests of the chart on a cluster do it",
    "make kind": "kind's node image cannot be had here: not run; test_cluster_script has its commands",
    "make minikube": "minikube's image cannot be had here: not run; test_cluster_script has its commands",
    "python3 tools/cluster": "needs a cluster; test_cluster_script has its commands",
    "skaffold": "needs a cluster; test_skaffold_file checks what it reads",
}
JTL = "timeStamp,elapsed,label,responseCode,success,bytes\n" + "".join(
    f"{1_790_000_000_000 + at * 10},{20 + at % 7},GET /checkout,200,true,10\n" for at in range(500)
)


def lines() -> list[str]:
    """Return the shell lines of the README, without their remarks."""
    indented = re.findall(r"^    (\S.*)$", README, re.MULTILINE)
    shell = [line for line in indented if line.startswith(PROGRAMS)]
    return [re.sub(r"\s+#.*", "", line).strip() for line in shell]


def reason(line: str) -> str | None:
    """Return why a line is not run here, None when it is."""
    return next((why for start, why in NOT_HERE.items() if re.match(rf"{re.escape(start)}(\s|$)", line)), None)


def test_every_reason_is_of_a_line_that_is_there() -> None:
    left_out = [line for line in lines() if reason(line)]

    for start in NOT_HERE:
        assert any(line.startswith(start) for line in left_out), start
    assert len(lines()) - len(left_out) >= 12
    print("\n".join(f"not run here: {line}: {reason(line)}" for line in left_out))


def test_the_lines_do_what_they_say_in_their_order(command, tmp_path: Path) -> None:
    port = str(free_port())
    for name in ("examples", "charts"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    (tmp_path / "results.jtl").write_text(JTL)
    wanted = [line.replace("8000", port).replace("60s", "5s") for line in lines() if not reason(line)]
    order = sorted(wanted, key=lambda line: line.startswith("kill"))  # the service is needed to the end
    script = "set -m\n" + "\n".join(f'{line}\necho "== $? {number}"' for number, line in enumerate(order))

    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path, env=command.environment(), capture_output=True, text=True, timeout=400, check=False
    )  # fmt: skip

    ends = {int(number): int(code) for code, number in re.findall(r"^== (\d+) (\d+)$", done.stdout, re.MULTILINE)}
    told = done.stdout + done.stderr
    assert len(ends) == len(order), told
    for number, line in enumerate(order):
        allowed = {0}
        if " run " in line or " report " in line:
            allowed |= {3, 4}  # what the machine does besides may be all that is seen in five seconds
        if "baseline set" in line and "SUSPECT" in told:
            allowed |= {5}
        assert ends[number] in allowed, f"{line} ended with {ends[number]}\n{told}"
    assert {"trends.html", "run.csv", "baseline.perf"} <= {path.name for path in tmp_path.iterdir()}
    assert len(command.runs()) == 4


@pytest.mark.parametrize(
    "document", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md")]), ids=str
)
def test_the_links_of_a_document_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text())

    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_map_of_the_architecture_is_of_what_is_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    files = set(re.findall(r"`([\w/.-]+\.py)`", text))
    known = {str(path.relative_to(ROOT)) for path in ROOT.glob("*/*/src/**/*.py")}

    assert len(files) > 12
    assert [file for file in files if not any(path.endswith(f"/{file}") or path == file for path in known)] == []
    for folder, names in re.findall(r"^\| `(\w+)` \| (`.*?) \|$", text, re.MULTILINE):
        for name in re.findall(r"`(\w+)`", names):
            at = ROOT / "libs" / "core" / "src" / "perf_core" / folder / name
            assert at.is_dir() or at.with_suffix(".py").is_file(), at
