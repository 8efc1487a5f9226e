import math
import time

import pytest

from perf_core.model.frame import FrameKey
from perf_core.runstore.spool import CAPACITY, Spool
from perf_locust.recorder import MAX_KEYS, Cut, Recorder


def recorder() -> Recorder:
    return Recorder(lambda: pytest.fail("the map is not full here"), Spool.in_memory())


def cut_of(record: Recorder, seq: int = 2) -> Cut:
    cut = record.cut()
    record.begin(seq)
    return cut


def test_a_cut_holds_what_was_recorded_in_seconds_by_second_of_start() -> None:
    record = recorder()
    record.record("GET", "/a", 250.0, 10, start_time=100.2)
    record.record("GET", "/a", 500.0, 20, start_time=100.9)
    record.record("GET", "/a", 1.0, 5, start_time=101.0)

    first, second = cut_of(record).rows

    assert (first.key, first.second, first.count, first.bytes) == (FrameKey("GET", "/a", ""), 100, 2, 30)
    assert (first.minimum, first.maximum, first.total_time) == pytest.approx((0.25, 0.5, 0.75))
    assert (second.second, second.count) == (101, 1)
    assert record.cut().rows == ()


def test_failures_are_apart_with_their_class_and_text() -> None:
    record = recorder()
    record.record("GET", "/a", 5.0, 0, exception=ConnectionRefusedError("no"), start_time=1.0)
    record.record("GET", "/a", 5.0, 0, exception=TimeoutError("late"), start_time=1.0)
    record.record("GET", "/a", 5.0, 0, exception="wrong body", start_time=1.0)

    cut = record.cut()

    assert {row.key.error_class for row in cut.rows} == {"connection", "timeout", "failed check"}
    assert {(error.text, error.count) for error in cut.errors} == {("no", 1), ("late", 1), ("wrong body", 1)}


@pytest.mark.parametrize("bad", [None, math.nan, math.inf, -1.0, "soon"], ids=str)
def test_a_latency_that_is_none_is_counted_and_rejected(bad: object) -> None:
    record = recorder()
    record.record("GET", "/a", bad, 0, start_time=1.0)  # type: ignore[arg-type]
    record.record("GET", "/a", 2.0, 0, start_time=1.0)

    cut = record.cut()

    assert sum(row.count for row in cut.rows) == 2
    assert sum(int(row.counts.sum()) for row in cut.rows) == 1
    assert cut.rejected == 1


def test_a_request_without_start_time_starts_its_latency_ago() -> None:
    record = recorder()
    before = time.time()
    record.record("GET", "/a", 5000.0, 0)

    assert abs(record.cut().rows[0].second - (before - 5)) <= 2


def test_a_full_map_is_cut_early_and_nothing_is_lost() -> None:
    cuts = []
    record: Recorder = Recorder(lambda: cuts.append(cut_of(record)), Spool.in_memory())
    for _ in range(CAPACITY + 10):
        record.record("GET", "/a", 1.0, 0, start_time=1.0)
    cuts.append(record.cut())

    assert [sum(row.count for row in cut.rows) for cut in cuts] == [CAPACITY, 10]


def test_too_many_names_are_folded_and_counted() -> None:
    record = recorder()
    for number in range(MAX_KEYS + 7):
        record.record("GET", f"/{number}", 1.0, 0, start_time=1.0)

    cut = record.cut()

    assert cut.folded == 9  # two keys are kept for "other"
    assert sum(row.count for row in cut.rows) == MAX_KEYS + 7
    assert next(row.count for row in cut.rows if row.key.name == "other") == 9
