"""What the Pacing page shows: what is set, what each worker says to it, and the fields of its form."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from locust.runners import MasterRunner

from perf_locust.conductor import Conductor
from perf_locust.pace_desk import PaceDesk

KINDS = ("pacing_", "users_changed", "mix_changed")
"""Beginnings of the kinds of events that belong to the page."""
SHOWN = 15
"""Events on the page."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form; `path` says where its value goes in the body of `POST /perf/pace`."""

    path: tuple[str, ...]
    label: str
    value: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Fields under one heading."""

    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class WorkerPace:
    """What one worker says; `silence` is in seconds, None when it owes nothing."""

    id: str
    users: int
    revision: int
    refused: str
    silence: float | None


def pacing_live(conductor: Conductor, desk: PaceDesk) -> dict[str, Any]:
    """Return what the live part of the page shows."""
    session, runner = conductor.session, conductor.environment.runner
    events = session.info.events if session else ()
    return {
        "closed": desk.closed(),
        "pace": desk.pace,
        "pacing": conductor.pacing,
        "users": runner.user_count if runner and session else 0,
        "target_users": runner.target_user_count if runner and session else 0,
        "rate": conductor.live.recent(time.time()).rate if session else 0.0,
        "shape": str(conductor.environment.shape_class or ""),
        "mixes": {"tasks": desk.task_weights(), **desk.source_weights()} if session else {},
        "workers": tuple(_workers(desk, runner, time.monotonic())) if isinstance(runner, MasterRunner) else (),
        "events": tuple(each for each in events if each.kind.startswith(KINDS))[-SHOWN:],
    }


def pacing_form(conductor: Conductor, desk: PaceDesk) -> dict[str, Any]:
    """Return the fields of the form, with what is set now."""
    pace, runner = desk.pace, conductor.environment.runner
    rate = None if pace.shaped else pace.rate
    load = (
        Field(("seconds",), "Seconds from start to start", _text(pace.seconds), "of each user's iterations"),
        Field(("rate",), "or iterations a second", _text(rate), "of all users together"),
        Field(("users",), "Users", str(runner.target_user_count if runner else 0), "at once, on all workers"),
    )
    tasks = tuple(Field(("tasks", name), name, _text(weight)) for name, weight in desk.task_weights().items())
    groups = [Group("Pacing, users", load), Group("Weights of tasks", tasks)]
    for mix, weights in desk.source_weights().items():
        fields = tuple(Field(("sources", mix, name), name, _text(weight)) for name, weight in weights.items())
        groups.append(Group(f"Weights of test data: {mix}", fields))
    return {"pace": pace, "groups": tuple(each for each in groups if each.fields)}


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def _workers(desk: PaceDesk, runner: MasterRunner, now: float) -> Iterator[WorkerPace]:
    told, owing = desk.acknowledged, set(desk.missing())
    users = {node.id: node.user_count for node in runner.clients.all}
    for worker in desk.workers():
        silence = now - told.silent.get(worker, now) if worker in owing else None
        refused = told.refused.get(worker, "")
        yield WorkerPace(worker, users.get(worker, 0), told.revisions.get(worker, 0), refused, silence)
