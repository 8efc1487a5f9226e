"""Settings of the plugin, from the environment, read once."""

import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from perf_core.errors import UsageError
from perf_core.model.plan import PLAN_VARIABLE, RunPlan
from perf_locust.stand_in import ERROR


@dataclass(frozen=True, slots=True)
class WebLogin:
    """Who may sign in to the web UI.

    Attributes:
        made_up: nobody set a password, so one was made for the life of this process; the log shows it.
    """

    user: str
    password: str
    made_up: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "WebLogin":
        """Return PERF_WEB_USER (default: perf) with PERF_WEB_PASSWORD (default: a random one)."""
        password = environment.get("PERF_WEB_PASSWORD")
        return cls(environment.get("PERF_WEB_USER") or "perf", password or secrets.token_urlsafe(12), not password)

    def admits(self, user: str, password: str) -> bool:
        """Return whether both are right, in the same time whichever is wrong."""
        same_user = hmac.compare_digest(user.encode(), self.user.encode())
        return hmac.compare_digest(password.encode(), self.password.encode()) and same_user


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one Locust process.

    Attributes:
        runs_dir: folder of all runs.
        plan: of the first run; later runs of the same process take theirs from the route that starts them.
        token: bearer token of the control routes.
        login: of the web UI, asked for when it listens on more than loopback.
        spool_dir: folder of the spools; it should outlive the process.
        flush_elements: the writer writes when frames with this many requests wait ...
        flush_seconds: ... or the oldest has waited this long. An acknowledgement waits as long.
        drain_seconds: how long the end of a run waits for its workers, beyond Locust's stop timeout.
        absence_seconds: how long a worker may be out of reach before its run goes on, or ends, without it.
        pause_seconds: a worker that hears nothing of its master for so long stops its users.
        recovery_seconds: how long a new master waits for the workers of a run that its predecessor left open.
        report_seconds: distance of two frames of a worker.
        refusal: why no run can be started, when the locustfile does not load.
    """

    runs_dir: Path
    plan: RunPlan
    token: str
    login: WebLogin
    spool_dir: Path = Path("runs/.spool")
    flush_elements: int = 100_000
    flush_seconds: float = 0.2
    drain_seconds: float = 10.0
    absence_seconds: float = 60.0
    pause_seconds: float = 5.0
    recovery_seconds: float = 8.0
    report_seconds: float = 1.0
    refusal: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Return the settings.

        Raises:
            UsageError: a variable cannot be understood; the message names it.
        """
        plan = environment.get(PLAN_VARIABLE)
        return cls(
            runs_dir=runs_dir_of(environment),
            spool_dir=spool_dir_of(environment),
            plan=RunPlan.from_json(plan) if plan else RunPlan(),
            token=environment.get("PERF_MASTER_TOKEN") or secrets.token_urlsafe(24),
            login=WebLogin.from_environment(environment),
            flush_elements=int(_number(environment, "PERF_FLUSH_ELEMENTS", 100_000)),
            flush_seconds=_number(environment, "PERF_FLUSH_SECONDS", 0.2),
            drain_seconds=_number(environment, "PERF_DRAIN_SECONDS", 10.0),
            absence_seconds=_number(environment, "PERF_ABSENCE_SECONDS", 60.0),
            pause_seconds=_number(environment, "PERF_PAUSE_SECONDS", 5.0),
            recovery_seconds=_number(environment, "PERF_RECOVERY_SECONDS", 8.0),
            refusal=environment.get(ERROR) or None,
        )


def runs_dir_of(environment: Mapping[str, str]) -> Path:
    """Return the folder of all runs: PERF_RUNS_DIR, default ``runs``."""
    return Path(environment.get("PERF_RUNS_DIR") or "runs")


def spool_dir_of(environment: Mapping[str, str]) -> Path:
    """Return the folder of the spools: PERF_SPOOL_DIR, default ``.spool`` in the folder of all runs."""
    named = environment.get("PERF_SPOOL_DIR")
    return Path(named) if named else runs_dir_of(environment) / ".spool"


def _number(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise UsageError(f"{name} is {text!r}; set it to a number above zero, or unset it for {default:g}")
    return value
