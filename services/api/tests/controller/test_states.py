import pytest

from perf_api.controller.recorded import QueueReading, Recorded
from perf_api.controller.states import ACTIONS, Action, Finished, Idle, IllegalMoveError, Paused, Recording, State

TABLE: dict[type[State], dict[Action, type[State]]] = {
    Idle: {"start": Recording, "reset": Idle},
    Recording: {"pause": Paused, "finish": Finished},
    Paused: {"resume": Recording, "finish": Finished, "reset": Idle},
    Finished: {"reset": Idle},
}
CELLS = [(source, action, TABLE[source].get(action)) for source in TABLE for action in ACTIONS]


def move(state: State, action: Action, now: float) -> State:
    return state.start(now, "run") if action == "start" else getattr(state, action)(now)


@pytest.mark.parametrize(
    ("source", "action", "target"), CELLS, ids=[f"{source.name}-{action}" for source, action, _ in CELLS]
)
def test_every_cell_of_the_table(source: type[State], action: Action, target: type[State] | None) -> None:
    state = source(Recorded("run"), 10.0)

    if target is None:
        with pytest.raises(IllegalMoveError, match=f"is {source.name}, which does not allow '{action}'") as caught:
            move(state, action, 12.0)
        assert str(caught.value).endswith(", ".join(TABLE[source]))
    else:
        assert type(move(state, action, 12.0)) is target
    assert state == source(Recorded("run"), 10.0)


@pytest.mark.parametrize("source", TABLE, ids=lambda state: state.name)
def test_a_state_tells_which_moves_it_allows(source: type[State]) -> None:
    assert source(Recorded(), 0.0).allowed == tuple(TABLE[source])


def test_active_and_paused_time_are_summed_apart() -> None:
    state: State = Idle(Recorded(), 0.0).start(100.0, "run")
    for action, now in (("pause", 103.0), ("resume", 113.0), ("pause", 114.0), ("finish", 116.0)):
        state = move(state, action, now)  # type: ignore[arg-type]

    assert (state.recorded.active_seconds, state.recorded.paused_seconds) == (4.0, 12.0)
    assert state.elapsed(500.0) == state.recorded


def test_the_time_of_the_running_state_is_part_of_what_is_elapsed() -> None:
    state = Idle(Recorded(), 0.0).start(100.0, None)

    assert state.elapsed(107.5).active_seconds == 7.5
    assert state.pause(107.5).elapsed(109.5).paused_seconds == 2.0


def test_readings_are_recorded_dropped_or_ignored_by_the_state() -> None:
    reading = QueueReading("mail", 4)
    recording = Idle(Recorded(), 0.0).start(0.0, None).record(reading)
    paused = recording.pause(1.0).record(QueueReading("mail", 9)).record(QueueReading("mail", 9))
    finished = paused.finish(2.0)

    assert Idle(Recorded(), 0.0).record(reading).recorded == Recorded()
    assert recording.recorded.queues["mail"].length == 4
    assert (paused.recorded.queues["mail"].length, paused.recorded.dropped) == (4, 2)
    assert finished.record(QueueReading("mail", 9)) == finished


def test_quantiles_are_lengths_that_were_read() -> None:
    recorded = Recorded()
    for length in (0, 0, 0, 0, 0, 1, 1, 2, 3, 20):
        recorded = recorded.plus(QueueReading("mail", length))
    figures = recorded.queues["mail"]

    assert figures.readings == 10
    assert [figures.quantile(share) for share in (0.1, 0.5, 0.7, 0.9, 0.95, 1.0)] == [0, 0, 1, 3, 20, 20]


def test_what_is_recorded_cannot_be_changed_from_outside() -> None:
    recorded = Recorded().plus(QueueReading("mail", 1))

    with pytest.raises(TypeError):
        recorded.queues["mail"].counts[1] = 99  # type: ignore[index]
    with pytest.raises(AttributeError):
        recorded.dropped = 1  # type: ignore[misc]
