"""The metrics controller: one state at a time, changed in the event loop, read from anywhere."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from perf_api.controller.generator import QueueGenerator
from perf_api.controller.recorded import QueueReading, Recorded
from perf_api.controller.states import Action, Idle, State


class StaleGenerationError(ValueError):
    """Raised when somebody else moved the controller since the caller looked."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The controller at one moment; replaced as a whole, never changed.

    Attributes:
        state: with what was recorded.
        generation: how many moves there were since the start of the process.
        transitions: how often each move (from, to) was made.
    """

    state: State
    generation: int = 0
    transitions: Mapping[tuple[str, str], int] = field(default_factory=lambda: MappingProxyType({}))

    def moved(self, state: State) -> "Snapshot":
        """Return the snapshot after one more move."""
        move = (self.state.name, state.name)
        transitions = {**self.transitions, move: self.transitions.get(move, 0) + 1}
        return Snapshot(state, self.generation + 1, MappingProxyType(transitions))


class MetricsController:
    """Lets others start, pause, resume, finish and reset the recording of custom metrics. Idle after a restart."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Be idle; while recording, queues are read every `seconds`."""
        self._clock = clock
        self._generator = QueueGenerator(seconds, self.record)
        self.snapshot = Snapshot(Idle(Recorded(), clock()))

    @property
    def generating(self) -> bool:
        """Return whether readings are generated."""
        return self._generator.on

    @property
    def elapsed(self) -> Recorded:
        """Return what is recorded, with the times as of now."""
        return self.snapshot.state.elapsed(self._clock())

    def act(self, action: Action, *, run_id: str | None = None, expected_generation: int | None = None) -> Snapshot:
        """Make a move and return what is then; `run_id` matters to a start only.

        Raises:
            IllegalMoveError: the state does not allow it.
            StaleGenerationError: a generation was expected and it is another.
        """
        before, now = self.snapshot, self._clock()
        if expected_generation is not None and expected_generation != before.generation:
            raise StaleGenerationError(
                f"the metrics controller is at generation {before.generation}, not {expected_generation}; "
                "read it again and decide anew"
            )
        if action == "start":
            state = before.state.start(now, run_id)
        else:
            move: Callable[[float], State] = getattr(before.state, action)
            state = move(now)
        self.snapshot = before.moved(state)
        self._generator.switch(state.generates)
        return self.snapshot

    def record(self, reading: QueueReading) -> None:
        """Hand a reading to the state."""
        self.snapshot = replace(self.snapshot, state=self.snapshot.state.record(reading))

    def close(self) -> None:
        """Switch the generator off."""
        self._generator.switch(on=False)
