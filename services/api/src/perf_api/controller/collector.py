"""Shows the metrics controller to Prometheus: its state always, the readings from the first start to the reset."""

from collections.abc import Iterable, Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from perf_api.controller.controller import MetricsController, Snapshot
from perf_api.controller.recorded import QUANTILES, Recorded
from perf_api.controller.states import STATES, Finished, Idle


class ControllerCollector(Collector):
    """Families of one controller, built from a single snapshot; safe to scrape from another thread."""

    def __init__(self, controller: MetricsController) -> None:
        """Report this controller."""
        self._controller = controller

    def collect(self) -> Iterator[Metric]:
        """Return fresh families."""
        snapshot = self._controller.snapshot
        yield from _about_controller(snapshot)
        if not isinstance(snapshot.state, Idle):
            yield _lengths(snapshot.state.recorded)
        if isinstance(snapshot.state, Finished):
            yield from _summary(snapshot.state.recorded)

    def describe(self) -> Iterable[Metric]:
        """Return all families for the registry's check of names."""
        empty = Recorded()
        return (*_about_controller(self._controller.snapshot), _lengths(empty), *_summary(empty))


def _about_controller(snapshot: Snapshot) -> Iterator[Metric]:
    states = GaugeMetricFamily(
        "metrics_controller_state", "State of the metrics controller: 1 for the one it is in.", labels=("state",)
    )
    for state in STATES:
        states.add_metric((state.name,), float(snapshot.state.name == state.name))
    yield states
    moves = CounterMetricFamily(
        "metrics_controller_transitions", "Moves of the metrics controller between states.", labels=("from", "to")
    )
    for move, count in snapshot.transitions.items():
        moves.add_metric(move, count)
    yield moves
    yield GaugeMetricFamily(
        "metrics_controller_generation",
        "Moves of the metrics controller since the process started; what a client may expect when it moves it.",
        snapshot.generation,
    )
    yield GaugeMetricFamily(
        "metrics_controller_dropped_readings",
        "Readings of this recording that were dropped because it was paused.",
        snapshot.state.recorded.dropped,
    )


def _lengths(recorded: Recorded) -> Metric:
    lengths = GaugeMetricFamily(
        "task_queue_length",
        "Tasks waiting in a queue of the simulated background workers, at the newest recorded reading.",
        labels=("queue",),
    )
    for queue, figures in recorded.queues.items():
        lengths.add_metric((queue,), figures.length)
    return lengths


def _summary(recorded: Recorded) -> Iterator[Metric]:
    quantiles = GaugeMetricFamily(
        "task_queue_length_quantile",
        "Quantiles of a queue's length over a finished recording; 1.0 is the longest.",
        labels=("queue", "quantile"),
    )
    for queue, figures in recorded.queues.items():
        for share in QUANTILES:
            quantiles.add_metric((queue, str(share)), figures.quantile(share))
    yield quantiles
    seconds = GaugeMetricFamily(
        "metrics_controller_recording_seconds", "Length of a finished recording, by activity.", labels=("activity",)
    )
    seconds.add_metric(("active",), recorded.active_seconds)
    seconds.add_metric(("paused",), recorded.paused_seconds)
    yield seconds
