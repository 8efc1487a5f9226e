"""What is set while a run is on: pacing, users, and the mix of tasks and data; checked once, where it comes in."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from perf_core.errors import UsageError

LONGEST = 86_400.0
MOST_USERS = 1_000_000
MOST_RATE = 1e6
SETTABLE = ("seconds", "rate", "users", "tasks", "sources")
FIELDS = (*SETTABLE, "reset", "revision", "by")


class WrongFieldError(UsageError):
    """Raised when one field of a change makes no sense; `path` leads to it, like ("tasks", "Shopper.order")."""

    def __init__(self, sentence: str, *path: str) -> None:
        """Say what is wrong, and where."""
        super().__init__(sentence)
        self.path = path


@dataclass(frozen=True, slots=True)
class Pace:
    """What is set. Nothing is set at the start of a run.

    Attributes:
        revision: counts the changes of a run, from 1; 0 = nothing was changed.
        asked: revision of the last change that a person or a script made; the others are a load shape's.
        seconds: from start to start of an iteration of each user; None = the locustfile's waiting time, or `rate`.
        rate: iterations per second of all users together; None = no rate is set.
        users: users asked for; None = nobody asked.
        tasks: "Class.task" -> weight, those that were changed.
        sources: mix -> sampler -> weight, those that were changed.
        shaped: whether the rate is that of a load shape.
        by: who asked for the last change.
    """

    revision: int = 0
    asked: int = 0
    seconds: float | None = None
    rate: float | None = None
    users: int | None = None
    tasks: dict[str, float] = field(default_factory=dict)
    sources: dict[str, dict[str, float]] = field(default_factory=dict)
    shaped: bool = False
    by: str = ""

    def seconds_for(self, users: int) -> float | None:
        """Return the pacing of each of so many users; None = the locustfile's."""
        if self.rate is not None:
            return max(users, 1) / self.rate
        return self.seconds

    def changed(self, body: Mapping[str, Any]) -> "Pace":
        """Return what is set after a request like ``{"seconds": 0.5}``, ``{"rate": 200}`` or ``{"reset": true}``.

        Raises:
            UsageError: a field is unknown, or a value makes no sense.
        """
        _check_fields(body)
        number, by = self.revision + 1, str(body.get("by") or "")
        if body.get("reset"):
            return Pace(number, number, users=_users(body), by=by)
        after = replace(self, revision=number, asked=number, by=by)
        if "seconds" in body:
            after = replace(after, seconds=_number(body, "seconds", LONGEST, "0.5"), rate=None, shaped=False)
        if "rate" in body:
            after = replace(after, rate=_number(body, "rate", MOST_RATE, "200"), seconds=None, shaped=False)
        sources = {name: self.sources.get(name, {}) | dict(each) for name, each in _table(body, "sources").items()}
        return replace(
            after,
            users=_users(body) or self.users,
            tasks=self.tasks | _table(body, "tasks"),
            sources=self.sources | sources,
        )

    def following(self, rate: float) -> "Pace":
        """Return what is set when a load shape has this rate now; pacing that people have set goes before it."""
        if self.rate == rate or not (self.shaped or (self.seconds is None and self.rate is None)):
            return self
        return replace(self, revision=self.revision + 1, rate=rate, shaped=True)

    def told(self) -> str:
        """Return the pacing in words."""
        if self.rate is not None:
            return f"{self.rate:g} iterations/s over all users{', by the load shape' if self.shaped else ''}"
        return "the locustfile's waiting time" if self.seconds is None else f"{self.seconds:g} s from start to start"


def _check_fields(body: Mapping[str, Any]) -> None:
    unknown = [name for name in body if name not in FIELDS]
    if unknown:
        raise UsageError(f"{unknown[0]!r} is nothing that can be set; send some of {', '.join(FIELDS)}")
    if "seconds" in body and "rate" in body:
        raise WrongFieldError("seconds and rate both set the pacing; send one of them", "rate")
    if body.get("reset") not in (None, True, False):
        raise UsageError(f"reset is {body['reset']!r}; send true")
    if not isinstance(body.get("revision") or 0, int):
        raise UsageError(f"revision is {body['revision']!r}; send the whole number that GET /perf/pace told")
    if not any(name in body for name in SETTABLE) and not body.get("reset"):
        raise UsageError('nothing is asked for; send JSON like {"seconds": 0.5}, {"rate": 200} or {"reset": true}')
    if body.get("reset") and any(name in body for name in ("seconds", "rate", "tasks", "sources")):
        raise UsageError(
            "reset gives back what the locustfile says; send it without seconds, rate, tasks and sources"
        )


def _number(body: Mapping[str, Any], name: str, most: float, example: str) -> float:
    value = body[name]
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 < value <= most
        or not math.isfinite(value)
    ):
        raise WrongFieldError(
            f"{name} is {value!r}; give a number above 0 and at most {most:g}, like {example} "
            "(reset gives the locustfile's waiting time back)",
            name,
        )
    return float(value)


def _users(body: Mapping[str, Any]) -> int | None:
    value = body.get("users")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_USERS:
        raise WrongFieldError(f"users is {value!r}; give a whole number from 1 to {MOST_USERS}", "users")
    return value


def _table(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name) or {}
    if not isinstance(value, Mapping) or (
        name == "sources" and not all(isinstance(each, Mapping) for each in value.values())
    ):
        example = '{"Shopper.order": 20}' if name == "tasks" else '{"accounts": {"gold": 3}}'
        raise WrongFieldError(f"{name} is {value!r}; send weights by name, like {example}", name)
    return dict(value)
