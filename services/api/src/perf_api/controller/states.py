"""The states of the metrics controller (state pattern): each knows its moves and what becomes of a reading.

| from      | start     | pause  | resume    | finish   | reset |
|-----------|-----------|--------|-----------|----------|-------|
| idle      | recording | -      | -         | -        | idle  |
| recording | -         | paused | -         | finished | -     |
| paused    | -         | -      | recording | finished | idle  |
| finished  | -         | -      | -         | -        | idle  |
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, get_args

from perf_api.controller.recorded import QueueReading, Recorded

Action = Literal["start", "pause", "resume", "finish", "reset"]
ACTIONS: tuple[Action, ...] = get_args(Action)


class IllegalMoveError(ValueError):
    """Raised when a state does not allow an action; the message names those it allows."""


@dataclass(frozen=True, slots=True)
class State:
    """A state refuses every move it does not override. `entered` and `now` are seconds of a monotonic clock."""

    recorded: Recorded
    entered: float

    name: ClassVar[str]
    generates: ClassVar[bool] = False
    """Whether the generator of readings is on."""

    @property
    def allowed(self) -> tuple[Action, ...]:
        """Return the actions this state allows."""
        return tuple(action for action in ACTIONS if getattr(type(self), action) is not getattr(State, action))

    def start(self, now: float, run_id: str | None) -> "State":  # noqa: ARG002  the shape of the move
        """Begin a recording."""
        raise self._refusal("start")

    def pause(self, now: float) -> "State":  # noqa: ARG002
        """Freeze the values; readings are dropped and counted."""
        raise self._refusal("pause")

    def resume(self, now: float) -> "State":  # noqa: ARG002
        """Go on recording."""
        raise self._refusal("resume")

    def finish(self, now: float) -> "State":  # noqa: ARG002
        """End the recording and keep its values and its summary."""
        raise self._refusal("finish")

    def reset(self, now: float) -> "State":  # noqa: ARG002
        """Forget the recording."""
        raise self._refusal("reset")

    def record(self, reading: QueueReading) -> "State":  # noqa: ARG002
        """Return the state after a reading; where nothing is recorded, the same."""
        return self

    def elapsed(self, now: float) -> Recorded:  # noqa: ARG002
        """Return the recording as of `now`."""
        return self.recorded

    def _refusal(self, action: Action) -> IllegalMoveError:
        return IllegalMoveError(
            f"the metrics controller is {self.name}, which does not allow '{action}'; "
            f"allowed: {', '.join(self.allowed)}"
        )


class Idle(State):
    """Nothing is recorded."""

    __slots__ = ()
    name = "idle"

    def start(self, now: float, run_id: str | None) -> State:
        """Begin a recording."""
        return Recording(Recorded(run_id), now)

    def reset(self, now: float) -> State:
        """Stay idle: whoever wants a clean controller need not look first."""
        return Idle(Recorded(), now)


class Recording(State):
    """Readings are recorded."""

    __slots__ = ()
    name = "recording"
    generates = True

    def pause(self, now: float) -> State:
        """Freeze the values."""
        return Paused(self.elapsed(now), now)

    def finish(self, now: float) -> State:
        """End the recording."""
        return Finished(self.elapsed(now), now)

    def record(self, reading: QueueReading) -> State:
        """Add the reading."""
        return replace(self, recorded=self.recorded.plus(reading))

    def elapsed(self, now: float) -> Recorded:
        """Return the recording with the active time since this state began."""
        return self.recorded.plus_active(now - self.entered)


class Paused(State):
    """The values stand still. The queues live on, so their readings are dropped, and counted."""

    __slots__ = ()
    name = "paused"
    generates = True

    def resume(self, now: float) -> State:
        """Go on recording."""
        return Recording(self.elapsed(now), now)

    def finish(self, now: float) -> State:
        """End the recording."""
        return Finished(self.elapsed(now), now)

    def reset(self, now: float) -> State:
        """Forget the recording."""
        return Idle(Recorded(), now)

    def record(self, reading: QueueReading) -> State:  # noqa: ARG002  dropped
        """Count the reading as dropped."""
        return replace(self, recorded=self.recorded.plus_dropped())

    def elapsed(self, now: float) -> Recorded:
        """Return the recording with the paused time since this state began."""
        return self.recorded.plus_paused(now - self.entered)


class Finished(State):
    """The recording has ended; its values and its summary stay until a reset."""

    __slots__ = ()
    name = "finished"

    def reset(self, now: float) -> State:
        """Forget the recording."""
        return Idle(Recorded(), now)


STATES: tuple[type[State], ...] = (Idle, Recording, Paused, Finished)
