"""Rows that are handed out once over all workers: real masters and workers, one of them killed."""

from collections import Counter

from perf_core.model.verdict import RunState

ROWS = """
import os
from locust import FastHttpUser, constant, task
from perf_locust.samplers import sampler
rows = sampler("rows.csv", "unique", columns={"id": int})
seen = os.open(f"seen-{os.getpid()}.txt", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
class Taker(FastHttpUser):
    wait_time = constant(0.02)
    @task
    def take(self):
        self.client.get("/fast")
        for _ in range(AT_ONCE):
            os.write(seen, b"%d\\n" % rows.next(self)["id"])
"""


def write_rows(locusts, rows: int, at_once: int) -> None:
    (locusts.folder / "rows.csv").write_text("id\n" + "".join(f"{number}\n" for number in range(rows)))
    (locusts.folder / "plain.py").write_text(ROWS.replace("AT_ONCE", str(at_once)))


def seen(locusts) -> Counter[int]:
    files = locusts.folder.glob("seen-*.txt")
    return Counter(int(line) for file in files for line in file.read_text().split())


def test_two_workers_hand_out_each_of_100_000_rows_once_and_the_run_ends(server, locusts) -> None:
    write_rows(locusts, 100_000, 200)
    master, *_ = locusts.distributed(server, 120)

    assert master.wait(90) == 0, locusts.log()
    handed, info = seen(locusts), locusts.recording().info

    assert handed == Counter(range(100_000))
    assert info.state is RunState.FINISHED
    assert [event.text for event in info.events if event.kind == "data_dry"] == [
        "rows has no further row: the run ends; give it more rows, or at_end='cycle'"
    ]
    assert len([path for path in locusts.folder.glob("seen-*.txt") if path.stat().st_size]) == 2, "both had some"
    assert info.fingerprint["data_hash"]


def test_the_rows_of_a_killed_worker_go_to_the_others(server, locusts) -> None:
    write_rows(locusts, 8_000, 5)
    master, first, *_ = locusts.distributed(server, 120, workers=3)
    locusts.eventually(lambda: seen(locusts).total() > 2_000, "the rows to flow")
    first.kill()
    first.wait()

    assert master.wait(90) == 4, locusts.log()
    handed = seen(locusts)

    assert max(handed.values()) == 1, "nobody got a row twice"
    assert len(handed) >= 8_000 - 1, "at most the row that was just being handed out is in no list"
    assert "data_lost" not in [event.kind for event in locusts.recording().info.events]
    assert not list((locusts.folder / "runs" / ".spool").rglob("*.rows"))


SHORT = """
from locust import FastHttpUser, constant, task
from perf_locust.samplers import sampler
few = sampler("few.csv", at_end="stop_user", columns={"id": int})
long = sampler("long.csv", at_end="cycle", columns={"id": int}, memory_bytes=64)
class Taker(FastHttpUser):
    wait_time = constant(0.05)
    @task
    def take(self):
        few.next(self)
        self.client.get("/fast")
class Reader(FastHttpUser):
    wait_time = constant(0.05)
    @task
    def read(self):
        self.client.get("/slow?%d" % long.next(self)["id"], name="/slow")
"""


def test_rows_that_end_or_are_wrong_are_told_and_the_run_goes_on(server, locusts) -> None:
    (locusts.folder / "few.csv").write_text("id\n1\n2\n3\n")
    (locusts.folder / "long.csv").write_text("id,name\n" + "1,one\n" * 30 + "much,one\n" + "7\n")
    (locusts.folder / "plain.py").write_text(SHORT)
    master, *_ = locusts.distributed(server, 7)

    assert master.wait(90) == 0, locusts.log()
    recording = locusts.recording()
    told = {event.text for event in recording.info.events if event.kind.startswith("data_")}
    names = {key.name: series.requests for key, series in recording.endpoints.items()}

    done = "; what users were to do with this row is not done"
    assert told == {
        "few has no further row: users that ask for one stop; give it more rows, or at_end='cycle'",
        f"long.csv line 32: 'id' is 'much', not a whole number; correct it{done}",
        f"long.csv line 33 has 1 values for 2 columns (id, name); correct the line{done}",
    }
    assert names["/fast"] in {3, 6}, "each worker that has users of the kind has three rows of its own"
    assert names["/slow"] > 60
