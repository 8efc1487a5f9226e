"""Generates the readings: task queues of imaginary background workers, the same series after every start."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from perf_api.controller.recorded import QueueReading


@dataclass(frozen=True, slots=True)
class QueueModel:
    """A queue with one worker: tasks arrive and are done at random moments, at these rates per second (M/M/1)."""

    name: str
    arrivals: float
    completions: float
    seed: int


QUEUES = (
    QueueModel("invoices", arrivals=8.0, completions=10.0, seed=1),
    QueueModel("mail", arrivals=12.0, completions=20.0, seed=2),
    QueueModel("thumbnails", arrivals=3.0, completions=3.5, seed=3),
)


class SimulatedQueue:
    """One queue in imaginary time."""

    def __init__(self, model: QueueModel) -> None:
        """Begin empty."""
        self._model = model
        self._random = random.Random(model.seed)  # noqa: S311  a simulation, and reproducible
        self._length = 0

    def advance(self, seconds: float) -> QueueReading:
        """Let time pass and return the reading at its end."""
        model, left = self._model, seconds
        while True:
            rate = model.arrivals + (model.completions if self._length else 0.0)
            left -= self._random.expovariate(rate)
            if left < 0:
                return QueueReading(model.name, self._length)
            self._length += 1 if self._random.random() * rate < model.arrivals else -1


class QueueGenerator:
    """Hands out a reading of every queue each `seconds`, in an event loop, while it is on."""

    def __init__(
        self, seconds: float, record: Callable[[QueueReading], None], models: Sequence[QueueModel] = QUEUES
    ) -> None:
        """Stay off until switched on."""
        self._seconds, self._record, self._models = seconds, record, models
        self._task: asyncio.Task[None] | None = None

    @property
    def on(self) -> bool:
        """Return whether it generates."""
        return self._task is not None

    def switch(self, on: bool) -> None:
        """Switch on, from empty queues, or off; nothing happens when it is so already."""
        if on and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._generate())
        elif not on and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _generate(self) -> None:
        queues = [SimulatedQueue(model) for model in self._models]
        while True:
            for queue in queues:
                self._record(queue.advance(self._seconds))
            await asyncio.sleep(self._seconds)
