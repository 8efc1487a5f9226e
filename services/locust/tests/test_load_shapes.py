"""Load shapes from a file: what each says when, what makes no sense, and how a search closes in."""

import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from perf_core.compare.threshold import parse_thresholds
from perf_core.errors import UsageError
from perf_core.model.frame import Frame, FrameKey, FrameRow
from perf_core.model.run import RunEvent, RunInfo
from perf_locust.file_shape import FileShape
from perf_locust.live import LiveCounters
from perf_locust.search import Bounds, Search
from perf_locust.shape_file import LoadShape, read_shape
from perf_locust.threshold_watch import ThresholdWatch


def shape_of(folder: Path, text: str) -> LoadShape:
    path = folder / "shape.toml"
    path.write_text(text)
    return read_shape(path)


@pytest.mark.parametrize(
    ("text", "levels", "seconds"),
    [
        ('kind = "ramp"\nto = 100\nover = "10s"\nhold = 5', {0: 0, 5: 50, 9.9: 99, 12: 100}, 15),
        ('kind = "ramp"\nfrom = 20\nto = 10\nover = 10', {0: 20, 5: 15}, 10),
        ('kind = "steps"\nlevels = [1, 5, 2]\nevery = "1m"', {0: 1, 59: 1, 60: 5, 120: 2, 179: 2}, 180),
        ('kind = "spike"\nbase = 2\npeak = 9\nbefore = 10\nfor = 5\nafter = 10', {9: 2, 10: 9, 15: 2, 24: 2}, 25),
        ('kind = "soak"\nlevel = 8\nramp = "4s"\nfor = "1h"', {2: 4, 4: 8, 3000: 8}, 3604),
    ],
    ids=["ramp", "ramp down", "steps", "spike", "soak"],
)
def test_a_shape_has_its_level_at_each_second(
    tmp_path: Path, text: str, levels: dict[float, float], seconds: float
) -> None:
    shape = shape_of(tmp_path, text)
    again = LoadShape.of_document(json.loads(json.dumps(shape.document())))

    assert {at: shape.level(at) for at in levels} == pytest.approx(levels)
    assert shape.level(seconds) is None
    assert shape.seconds == seconds
    assert again == shape


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("kind = 7", "kind is 7; choose one of ramp, steps, spike, soak, search"),
        ("kind", "is no TOML"),
        ('kind = "ramp"\nto = 5', "a ramp needs 'over'"),
        ('kind = "ramp"\nto = -5\nover = 5', "to is -5; give a number from 0"),
        ('kind = "ramp"\nto = 0\nover = 5', "all levels are 0"),
        ('kind = "ramp"\nto = 5\nover = "soon"', "over is 'soon'; write it like 90s"),
        ('kind = "ramp"\nto = 5\nover = 5\nspeed = 1', "a ramp has no 'speed'; it has kind, of, users, from"),
        ('kind = "steps"\nlevels = []\nevery = 5', "levels is []; write it like [10, 20, 40]"),
        ('kind = "soak"\nlevel = 5\nfor = 5\nof = "people"', "of is 'people'; choose users or rate"),
        (
            'kind = "soak"\nlevel = 5\nfor = 5\nusers = 5',
            'users is 5; give a whole number, and only with of = "rate"',
        ),
        ('kind = "search"\nlowest = 5\nhighest = 5', "lowest is 5 and highest 5"),
        ('kind = "search"\nlowest = 5\nhighest = 9\nevery = 1', "every is 1 s; a step needs at least 5 s"),
        ('kind = "search"\nlowest = 5\nhighest = 9\nprecision = 0', "precision is 0"),
    ],
)
def test_a_shape_that_makes_no_sense_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as raised:
        shape_of(tmp_path, text)

    assert str(raised.value).startswith(f"the shape {tmp_path / 'shape.toml'}")
    assert sentence in str(raised.value)


def test_a_shape_of_rates_sets_them_and_keeps_its_users(tmp_path: Path) -> None:
    shape = FileShape(
        shape_of(tmp_path, 'kind = "steps"\nof = "rate"\nlevels = [50]\nevery = 60\nusers = 7'), users=3
    )
    rates: list[float] = []
    shape.follow = rates.append

    assert shape.tick() == (7, 7.0)
    assert rates == [50.0]
    assert str(shape) == "steps of rate with 7 users: 50 -> 50 in 60 s"


def searched(capacity: float, **settings: Any) -> tuple[Bounds, list[float]]:
    bounds = Bounds(
        LoadShape("search", "rate", 10, (), **{"lowest": 10, "highest": 1000, "precision": 0.05} | settings)
    )
    tried = []
    while (level := bounds.next()) is not None:
        tried.append(level)
        if level <= capacity:
            bounds.holds = level
        else:
            bounds.breaks, bounds.why = level, "p95 < 300ms is broken"
    return bounds, tried


def test_a_search_finds_the_highest_level_that_holds() -> None:
    bounds, tried = searched(217.0)

    assert bounds.holds is not None
    assert 217 / 1.05 <= bounds.holds <= 217
    assert len(tried) <= 12
    assert "the highest level that keeps all thresholds is 21" in bounds.told()
    assert "does not: p95 < 300ms is broken" in bounds.told()


def test_a_search_without_an_end_says_so() -> None:
    assert (
        searched(1e9)[0].told()
        == "the highest level that keeps all thresholds is 1000/s, the highest that was asked for"
    )
    assert searched(5)[0].told() == "even 10/s breaks a threshold: p95 < 300ms is broken"


def test_a_step_of_a_search_does_not_break_for_starts_that_the_step_before_it_dropped() -> None:
    """Frames come up to two seconds after their second; users are still busy then with what was too much."""
    now, dropped, events = 1000.0, 0, list[RunEvent]()
    session = SimpleNamespace(
        info=RunInfo("r", "s", "http://t", started=now, users=10),
        happened=lambda kind, text: events.append(RunEvent(now, kind, text)),
    )
    conductor: Any = SimpleNamespace(session=session, observers=[])
    shape = LoadShape("search", "rate", lowest=100, highest=400, every=5, precision=0.5)
    search = Search(shape, conductor, clock=lambda: now)
    level, began = search.level(), now
    while level is not None:
        now += 1
        before, level = level, search.level()
        began = began if level == before else now
        overdue = before == 200 or (before < 200 and now - began < 2 and dropped)
        dropped += 20 if overdue else 0
        frame = Frame("w", int(now), now, (), gauges={"arrivals_due": 100 * now, "arrivals_dropped": float(dropped)})
        for observe in conductor.observers:
            observe(frame)

    assert [event.text.partition(":")[0] for event in events[:-1]] == ["100/s", "200/s", "141.4/s"]
    assert events[1].text.startswith("200/s: this rate was not reached: no user was free")
    assert events[2].text == "141.4/s: keeps all thresholds"
    assert events[3].text.startswith("the highest level that keeps all thresholds is 141.4/s; 200/s does not")


@pytest.mark.parametrize(
    ("threshold", "error_class", "why"),
    [
        ("p95 < 300ms", "HTTP 503", "t: all requests had no answered request from second 11 to 20"),
        ('p95 of "*" < 300ms', "HTTP 503", "t: GET /a had no answered request from second 11 to 20"),
        ("rate > 1/s", "HTTP 503", None),
        ("p95 < 300ms", "", None),
    ],
)
def test_a_service_that_only_fails_keeps_no_latency(threshold: str, error_class: str, why: str | None) -> None:
    session: Any = SimpleNamespace(info=RunInfo("r", "s", "http://t", started=1000.0))
    watch = ThresholdWatch(session, lambda: None, parse_thresholds({"t": threshold}))
    key, one = FrameKey("GET", "/a", error_class), np.array([5])
    rows = [FrameRow(key, second, 9, 0.09, 0.01, 0.01, 0, one, 9 * one) for second in range(1000, 1030)]

    watch.add(Frame("w", 1, 1030.0, tuple(rows)))

    assert watch.broken_between(1011, 1020) == why


def test_starts_that_were_dropped_when_users_were_stopped_are_no_lack_of_users() -> None:
    counters = LiveCounters()
    counters.add(Frame("w", 1, time.time(), (), gauges={"arrivals_dropped": 3.0}))
    counters.add(Frame("w", 2, time.time(), (), gauges={"arrivals_dropped": 8.0, "arrivals_cut_off": 4.0}))

    assert counters.dropped == 4
