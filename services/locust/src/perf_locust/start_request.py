"""What `POST /perf/run/start` asks for, checked."""

from dataclasses import dataclass, field, replace
from typing import Any

from perf_core.compare.policy import ComparisonPolicy, configured
from perf_core.compare.threshold import parse_thresholds
from perf_core.errors import UsageError
from perf_core.model.plan import RunPlan

EXAMPLE = '{"users": 20, "spawn_rate": 10, "run_time": 60}'
_PLANNED = {"run_id": str, "scenario": str, "baseline": str, "metrics_controller": str, "strict": bool}
_TABLES = ("labels", "thresholds", "policy")


@dataclass(frozen=True, slots=True)
class StartRequest:
    """A run to be started.

    Attributes:
        spawn_rate: users started per second.
        run_time: seconds; None = until it is stopped.
        host: base URL of the target; None = that of this master.
        workers: refused while fewer workers are connected; 0 = as many as the master expects.
        planned: fields of the plan that are asked for.
    """

    users: int = 1
    spawn_rate: float = 1.0
    run_time: float | None = None
    host: str | None = None
    workers: int = 0
    planned: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, body: object) -> "StartRequest":
        """Return the request of a JSON body.

        Raises:
            UsageError: it makes no sense; the message names the field.
        """
        if not isinstance(body, dict):
            raise UsageError(f"send JSON like {EXAMPLE}")
        users = _number(body, "users", int, 1)
        rate = _number(body, "spawn_rate", float, max(users / 2, 1.0))
        run_time = _number(body, "run_time", float, None)
        workers = _number(body, "workers", int, 0)
        host = _typed(body, "host", str)
        return cls(users, rate, run_time, host, workers, _planned(body))

    def plan(self, default: RunPlan) -> RunPlan:
        """Return the plan of this run: what is asked for, else what this master was started with."""
        tables = {name: getattr(default, name) | self.planned.get(name, {}) for name in _TABLES}
        return replace(default, **{**self.planned, **tables})


def _planned(body: dict[str, Any]) -> dict[str, Any]:
    planned = {name: _typed(body, name, kind) for name, kind in _PLANNED.items() if body.get(name) is not None}
    for name in _TABLES:
        if body.get(name) is not None:
            planned[name] = table = _typed(body, name, dict)
            if name != "policy" and not all(isinstance(value, str) for value in table.values()):
                raise UsageError(f'{name} is {table!r}; send texts like {{"commit": "1a2b3c"}}')
    parse_thresholds(planned.get("thresholds", {}))
    configured(ComparisonPolicy(), planned.get("policy", {}))
    return planned


def _typed(body: dict[str, Any], name: str, kind: type) -> Any:
    value = body.get(name)
    if value is not None and not isinstance(value, kind):
        raise UsageError(f"{name} is {value!r}; send a {kind.__name__}")
    return value


def _number(body: dict[str, Any], name: str, kind: type, default: Any) -> Any:
    value = body.get(name)
    if value is None:
        return default
    whole = kind is int
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not 0 < value < 1e7:
        raise UsageError(
            f"{name} is {value!r}; send {'a whole number of at least 1' if whole else 'a number above zero'}"
        )
    return kind(value)
