"""The slowest and the first failed requests, noted without looking at the others."""

from types import SimpleNamespace

import pytest

from perf_core.model.endpoint import EndpointKey
from perf_core.model.frame import Frame
from perf_core.model.notable import first_failed, slowest
from perf_core.model.run import RunInfo
from perf_core.runstore.frame_codec import decode_frame, encode_frame
from perf_core.runstore.recording import build_recording
from perf_core.runstore.spool import Spool
from perf_locust.recorder import Recorder

ANSWER = SimpleNamespace(status_code=200, headers={"X-Request-ID": "abc"})


def recording() -> Recorder:
    return Recorder(lambda: pytest.fail("the map is not full here"), Spool.in_memory())


def test_the_twenty_slowest_are_among_what_was_noted_and_little_else() -> None:
    recorder = recording()
    for number in range(8_000):
        recorder.record("GET", "/a", float((number * 7919) % 8_000), 0, ANSWER, start_time=100.0 + number)

    noted = recorder.notables.take()

    assert [round(each.latency, 6) for each in slowest(noted)] == [number / 1000 for number in range(7999, 7979, -1)]
    assert len(noted) < 400
    assert recorder.notables.take() == ()
    assert (noted[0].status, noted[0].request_id) == (200, "abc")


def test_the_first_twenty_failures_of_each_endpoint_are_noted_with_their_error() -> None:
    recorder = recording()
    for number in range(50):
        for name in ("/a", "/b"):
            recorder.record(
                "GET", name, 1.0, 0, None, exception=TimeoutError(f"late {number}"), start_time=float(number)
            )

    noted = recorder.notables.take()

    assert len(noted) == 40
    failed = first_failed(each for each in noted if each.key == EndpointKey("GET", "/b"))
    assert [each.text for each in failed] == [f"late {number}" for number in range(20)]
    assert {(each.error_class, each.status) for each in failed} == {("timeout", 0)}


def test_the_id_of_the_request_serves_when_the_answer_has_none() -> None:
    recorder = recording()
    request = SimpleNamespace(headers={"traceparent": "00-aa-bb-01"})
    recorder.record("GET", "/a", 1.0, 0, SimpleNamespace(status_code=200, headers={}, request=request))

    assert recorder.notables.take()[0].request_id == "00-aa-bb-01"


@pytest.mark.parametrize(
    "bad", [{"response_time": None}, {"response_time": float("nan")}, {"response": 3}, {"name": None}, {"context": 1}]
)
def test_odd_events_break_nothing(bad: dict[str, object]) -> None:
    event: dict[str, object] = {"request_type": "GET", "name": "/a", "response_time": 1.0, "response_length": 0}

    recording().record(**(event | bad))  # type: ignore[arg-type]


def test_what_workers_noted_is_merged_per_endpoint_and_survives_the_log() -> None:
    frames = []
    for worker in range(3):
        recorder = recording()
        for number in range(30):
            recorder.record("GET", "/a", 10.0 * number + worker, 0, ANSWER, start_time=float(number))
        frames.append(decode_frame(encode_frame(Frame(f"w{worker}", 1, 0.0, (), notables=recorder.notables.take()))))

    series = build_recording(RunInfo("r", "s", "t"), frames).endpoints[EndpointKey("GET", "/a")]

    assert len(series.notables) == 20
    assert series.notables[0].latency == pytest.approx(0.292)
