"""`run --shape`: a real search on a real server, and shapes that cannot be used."""

import pytest

from perf_core.runstore import RunStore

SEARCH = 'kind = "search"\nlowest = 15\nhighest = 120\nevery = 5\nprecision = 1\nusers = 120\n'
BUYERS = """
from locust import FastHttpUser, task
from perf_locust.users import ArrivalRateUser
class Buyer(ArrivalRateUser, FastHttpUser):
    @task
    def buy(self): self.client.get("/")
"""


def test_a_search_says_the_highest_rate_and_the_run_does_not_fail_for_it(command, server) -> None:
    (command.folder / "search.toml").write_text(SEARCH)
    (command.folder / "buyers.py").write_text(BUYERS)
    server.seconds_each = 0.044  # it never answers more than 23 a second
    load = ("--host", server.url, "--shape", "search.toml", "--threshold", "p95 < 1.2s")

    done = command("run", "-f", "buyers.py", *load)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "the highest level that keeps all thresholds is 15/s; 30/s does not: " in done.stdout
    (run,) = command.runs()
    told = [each["text"] for each in command.facts(run["id"])["events"] if each["kind"].startswith("search_")]
    assert told[0] == "15/s: keeps all thresholds"
    assert told[1].startswith("30/s: ")
    assert told[2] in done.stdout
    assert run["requests"] == sum(server.asked.values()) > 150


@pytest.mark.parametrize(
    ("shape", "seconds", "iterations", "users"),
    [
        ('kind = "ramp"\nof = "rate"\nfrom = 10\nto = 50\nover = 4\nhold = 2\nusers = 6', 6, 220, 6),
        ('kind = "steps"\nof = "rate"\nlevels = [10, 50]\nevery = 3\nusers = 6', 6, 180, 6),
        ('kind = "spike"\nbase = 1\npeak = 8\nbefore = 2\nfor = 3\nafter = 2', 7, None, 8),
        ('kind = "soak"\nlevel = 4\nramp = 2\nfor = 4', 6, None, 4),
    ],
    ids=["ramp", "steps", "spike", "soak"],
)
def test_a_shape_decides_load_and_length_of_a_real_run(  # noqa: PLR0917
    command, server, shape: str, seconds: int, iterations: int | None, users: int
) -> None:
    (command.folder / "shape.toml").write_text(shape)

    done = command("run", "-f", "shop.py", "--host", server.url, "--shape", "shape.toml")

    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = command.runs()
    recording = RunStore(command.folder / "runs").load(run["id"])
    (most,) = (gauge.values.max() for gauge in recording.gauges if gauge.name == "users")
    assert most == users
    assert seconds - 1 <= recording.info.ended - recording.info.started <= seconds + 4
    assert run["requests"] == sum(server.asked.values()) > 20
    if iterations is not None:
        assert run["requests"] == pytest.approx(iterations, rel=0.25)


@pytest.mark.parametrize(
    ("shape", "more", "sentence"),
    [
        (SEARCH, (), "a search needs a threshold to look for; add one, like --threshold 'p95 < 300ms'"),
        (SEARCH, ("--threshold", "p95 < baseline + 10%"), "leave out the baseline and 'for'"),
        ('kind = "ramp"', (), "the shape search.toml: a ramp needs 'to'"),
        (None, (), "the shape search.toml cannot be read (No such file or directory)"),
    ],
    ids=["no threshold", "relative threshold", "incomplete", "no file"],
)
def test_a_shape_that_cannot_be_used_is_told(
    command, shape: str | None, more: tuple[str, ...], sentence: str
) -> None:
    if shape is not None:
        (command.folder / "search.toml").write_text(shape)

    done = command("run", "-f", "shop.py", "--host", "http://127.0.0.1:9", "--shape", "search.toml", *more)

    assert done.returncode == 2, done.stderr
    assert sentence in done.stderr
