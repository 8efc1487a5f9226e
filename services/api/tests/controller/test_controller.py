import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from perf_api.controller.collector import ControllerCollector
from perf_api.controller.controller import MetricsController, StaleGenerationError
from perf_api.controller.generator import QUEUES, QueueModel, SimulatedQueue
from perf_api.controller.recorded import QueueReading
from perf_api.controller.states import IllegalMoveError

STATES = ("idle", "recording", "paused", "finished")


@pytest.fixture
async def controller() -> AsyncIterator[MetricsController]:
    controller = MetricsController(seconds=0.002)
    yield controller
    controller.close()


@pytest.fixture
def registry(controller: MetricsController) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(ControllerCollector(controller))
    return registry


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.002)


def readings(controller: MetricsController) -> int:
    return sum(figures.readings for figures in controller.snapshot.state.recorded.queues.values())


async def test_a_start_switches_the_generator_on_and_the_end_switches_it_off(controller: MetricsController) -> None:
    assert not controller.generating
    controller.act("start", run_id="r1")
    await until(lambda: readings(controller) >= 3 * len(QUEUES))
    finished = controller.act("finish")
    before = readings(controller)
    await asyncio.sleep(0.02)

    assert not controller.generating
    assert readings(controller) == before
    assert finished.state.recorded.run_id == "r1"
    assert set(finished.state.recorded.queues) == {model.name for model in QUEUES}


async def test_a_pause_freezes_the_values_and_counts_what_it_drops(controller: MetricsController) -> None:
    controller.act("start")
    await until(lambda: readings(controller) >= len(QUEUES))
    frozen = controller.act("pause").state.recorded.queues
    await until(lambda: controller.snapshot.state.recorded.dropped >= 3)

    assert controller.snapshot.state.recorded.queues == frozen
    controller.act("resume")
    await until(lambda: controller.snapshot.state.recorded.queues != frozen)


async def test_an_illegal_move_changes_nothing(controller: MetricsController) -> None:
    before = controller.snapshot

    with pytest.raises(IllegalMoveError):
        controller.act("pause")
    assert controller.snapshot is before
    assert not controller.generating


async def test_who_expects_an_old_generation_is_refused(controller: MetricsController) -> None:
    seen = controller.snapshot.generation
    controller.act("start", expected_generation=seen)

    with pytest.raises(StaleGenerationError, match="generation 1, not 0"):
        controller.act("finish", expected_generation=seen)
    assert controller.snapshot.state.name == "recording"


async def test_snapshots_taken_before_stay_as_they_were(controller: MetricsController) -> None:
    controller.act("start")
    controller.record(QueueReading("mail", 3))
    taken = controller.snapshot
    controller.record(QueueReading("mail", 8))
    controller.act("pause")

    assert taken.state.name == "recording"
    assert taken.state.recorded.queues["mail"].length == 3
    assert taken.transitions == {("idle", "recording"): 1}


async def test_states_are_one_hot_for_prometheus(controller: MetricsController, registry: CollectorRegistry) -> None:
    def shown() -> dict[str, float | None]:
        return {state: registry.get_sample_value("metrics_controller_state", {"state": state}) for state in STATES}

    assert shown() == {"idle": 1, "recording": 0, "paused": 0, "finished": 0}
    controller.act("start")
    assert shown() == {"idle": 0, "recording": 1, "paused": 0, "finished": 0}
    controller.act("finish")
    assert shown() == {"idle": 0, "recording": 0, "paused": 0, "finished": 1}
    moves = "metrics_controller_transitions_total"
    assert registry.get_sample_value(moves, {"from": "idle", "to": "recording"}) == 1
    assert registry.get_sample_value("metrics_controller_generation") == 2


async def test_queue_lengths_exist_from_the_start_to_the_reset(
    controller: MetricsController, registry: CollectorRegistry
) -> None:
    def length() -> float | None:
        return registry.get_sample_value("task_queue_length", {"queue": "mail"})

    assert length() is None
    controller.act("start")
    controller.record(QueueReading("mail", 7))
    assert length() == 7
    controller.act("pause")
    controller.record(QueueReading("mail", 9))
    assert length() == 7
    controller.act("finish")
    assert length() == 7
    longest = {"queue": "mail", "quantile": "1.0"}
    assert registry.get_sample_value("task_queue_length_quantile", longest) == 7
    assert registry.get_sample_value("metrics_controller_dropped_readings") == 1
    controller.act("reset")
    assert length() is None
    assert "mail" not in generate_latest(registry).decode()


def test_a_simulated_queue_repeats_itself_after_every_start() -> None:
    def series() -> list[int]:
        queue = SimulatedQueue(QUEUES[0])
        return [queue.advance(1.0).length for _ in range(200)]

    assert series() == series()


def test_a_simulated_queue_is_as_long_as_theory_says() -> None:
    queue = SimulatedQueue(QueueModel("any", arrivals=8.0, completions=10.0, seed=7))
    lengths = [queue.advance(1.0).length for _ in range(20_000)]

    assert min(lengths) == 0
    assert sum(lengths) / len(lengths) == pytest.approx(4.0, rel=0.15)  # M/M/1: rho / (1 - rho) with rho = 0.8
