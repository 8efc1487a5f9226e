"""What a run is asked to be, beyond Locust's own options: handed from the command to the master as JSON."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from perf_core.errors import UsageError

PLAN_VARIABLE = "PERF_RUN_PLAN"
"""Environment variable that carries a plan from `perf-platform run` to the Locust processes it starts."""
GUARD = {"thresholds.guard": "error rate < 90% for 60s abort"}
"""The threshold of every live run, unless its key is given another sentence, or "off"."""


@dataclass(frozen=True, slots=True)
class RunPlan:
    """The platform's side of a run; users, spawn rate, run time and host are Locust's options.

    Attributes:
        run_id: chosen by the caller, so that it can find the folder; None = made at the start of the run.
        scenario: None = the locustfile's stem.
        baseline: None = the promoted run if there is one; "latest", "none", run ids with commas.
        repeats: ids of earlier runs that are judged together with this one.
        quiet: a later run is judged together with this one, so nobody is told of this one's verdict.
        labels: free key=value.
        thresholds: what the run must keep, key -> sentence.
        policy: settings of the judgement, key of the configuration -> value.
        strict: INCONCLUSIVE(noise) ends with 4 too.
        metrics_controller: URL of the target's metrics controller; None = never touched.
        wait: seconds to wait until the target accepts connections.
        interleaved: the run is one side of an interleaved test; its users wait for their blocks.
        shape: a load shape of a file, as JSON; None = the locustfile's, or none.
        fingerprint: further comparability fields the caller knows.
    """

    run_id: str | None = None
    scenario: str | None = None
    baseline: str | None = None
    repeats: tuple[str, ...] = ()
    quiet: bool = False
    labels: dict[str, str] = field(default_factory=dict)
    thresholds: dict[str, str] = field(default_factory=dict)
    policy: dict[str, object] = field(default_factory=dict)
    strict: bool = False
    metrics_controller: str | None = None
    wait: float = 0.0
    interleaved: bool = False
    shape: dict[str, Any] | None = None
    fingerprint: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the plan as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "RunPlan":
        """Return the plan of `to_json`.

        Raises:
            UsageError: the text is no plan.
        """
        try:
            fields: dict[str, Any] = json.loads(text)
            return cls(**fields)
        except (TypeError, ValueError) as cause:
            raise UsageError(f"{PLAN_VARIABLE} is not a run plan ({cause}); unset it") from cause
