"""Commands on stored runs: pack, compare, report and mail, without any load."""

import csv
import functools
import http.server
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from perf_core.runstore import RunFolder

BASELINE, CURRENT = "20260921-100000-aa01", "20260921-110000-ab12"
Command = Callable[..., "subprocess.CompletedProcess[str]"]
Record = Callable[..., RunFolder]


@pytest.fixture
def runs(record: Record, tmp_path: Path) -> Path:
    """A store with a baseline and a run whose /report is 40 % slower."""
    record(tmp_path / "runs", BASELINE)
    record(tmp_path / "runs", CURRENT, slow=1.4, started=1_790_003_600)
    return tmp_path / "runs"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("address", ["base.perf", "./base.perf", "{site}/base.perf"])
def test_a_packed_baseline_is_taken_from_a_path_or_an_address_by_an_empty_store(
    command: Command, record: Record, runs: Path, site: str, address: str
) -> None:
    packed, folder = command("pack", BASELINE, "base.perf"), runs.parent
    record(folder / "elsewhere", CURRENT, slow=1.4, started=1_790_003_600)

    compared = command(
        "compare", address.format(site=site), CURRENT, "--json", PERF_RUNS_DIR=str(folder / "elsewhere")
    )

    assert packed.returncode == 0, packed.stderr
    assert (folder / "base.perf").stat().st_size < 100_000
    assert compared.returncode == 3, compared.stderr
    assert json.loads(compared.stdout)["baseline"] == BASELINE
    assert command("compare", BASELINE, CURRENT, "--json").stdout == compared.stdout


def test_a_report_is_rendered_again_against_another_baseline(command: Command, runs: Path) -> None:
    alone = command("report", CURRENT)
    judged = command("report", CURRENT, "--baseline", BASELINE)

    assert (alone.returncode, judged.returncode) == (0, 3), judged.stderr
    assert "REGRESSED shop" in judged.stdout
    assert json.loads((runs / CURRENT / "comparison.json").read_text())["baseline"] == BASELINE
    assert "REGRESSED shop" in (runs / CURRENT / "report.html").read_text()
    assert json.loads((runs / CURRENT / "run.json").read_text())["verdict"] == "REGRESSED"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("pack", "nope", "f"), 5, "there is no run nope"),
        (("compare", "http://127.0.0.1:9/x.perf", CURRENT), 5, "check the path or address"),
        (("compare", "./missing.perf", CURRENT), 5, "No such file"),
        (("compare", "runs/" + CURRENT + "/run.json", CURRENT), 5, "no packed run"),
        (("mail", "--resend", CURRENT), 2, "PERF_SMTP_HOST"),
    ],
    ids=str,
)
def test_bad_input_gets_one_sentence_and_its_code(
    command: Command, runs: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = command(*arguments)

    assert (done.returncode, runs.exists()) == (code, True), done.stderr
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_mail_that_was_not_delivered_is_kept_and_listed(command: Command, runs: Path) -> None:
    smtp = {
        "PERF_SMTP_HOST": "127.0.0.1",
        "PERF_SMTP_PORT": "9",
        "PERF_SMTP_FROM": "p@x.org",
        "PERF_SMTP_TO": "a@x.org",
    }
    command("report", CURRENT, "--baseline", BASELINE)
    sent = command("mail", "--resend", CURRENT, **smtp)
    listed = json.loads(command("mail", "--json").stdout)

    assert (sent.returncode, runs.exists()) == (5, True)
    assert "did not take the mail" in sent.stderr
    assert [(each["run_id"], each["attempts"], each["sent_at"]) for each in listed] == [(CURRENT, 1, None)]


def test_a_run_is_exported_as_a_table(command: Command, runs: Path) -> None:
    done = command("export", CURRENT, "run.csv")
    with (runs.parent / "run.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    first = next(row for row in rows if (row["name"], row["outcome"]) == ("/report", "answered"))

    assert done.returncode == 0, done.stderr
    assert (
        sum(int(row["requests"]) for row in rows) == json.loads((runs / CURRENT / "run.json").read_text())["requests"]
    )
    assert {row["outcome"] for row in rows} == {"answered", "failed"}
    latencies = [float(first[f"latency_{name}"]) for name in ("min", "p50", "p95", "p99", "max")]
    assert latencies == sorted(latencies)
    assert 0.02 < latencies[1] < 0.2


def test_parquet_without_its_library_names_the_remedy(command: Command, runs: Path) -> None:
    done = command("export", CURRENT, "run.parquet")

    assert (done.returncode, runs.exists()) == (5, True)
    assert "pip install pyarrow" in done.stderr


def test_a_resend_knows_the_mail_settings_of_the_configuration_file(command: Command, runs: Path) -> None:
    mail = ["[mail]", 'host = "127.0.0.1"', "port = 9", 'from = "p@x.org"', 'to = ["a@x.org", "b@x.org"]']
    (runs.parent / "perf-platform.toml").write_text("\n".join(mail))
    command("report", CURRENT, "--baseline", BASELINE)

    done = command("mail", "--resend", CURRENT)

    assert done.returncode == 5
    assert "the mail server 127.0.0.1:9 did not take the mail" in done.stderr
