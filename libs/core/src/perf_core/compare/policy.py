"""The settings of a judgement: error levels, floors, margins and what is assumed about noise."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from perf_core.errors import UsageError
from perf_core.model.fingerprint import Handling, check_handling, handling_of

QUANTILES = (0.50, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class ComparisonPolicy:
    """Ratios are relative changes, seconds are seconds.

    Attributes:
        alpha: false alarms per run of unchanged software, endpoints and run-wide shift together.
        run_wide_share: the part of alpha spent on the run-wide shift.
        improved_share: the part of both levels at which IMPROVED is said; it gates nothing and can be surer.
        floor_ratio: a smaller change of an endpoint does not matter.
        floor_seconds: nor does a smaller one in seconds.
        run_floor_ratio: the same for the run-wide shift.
        margin_p50: UNCHANGED needs the upper bound of the p50 shift below this.
        margin_p95: the same at p95.
        sigma_run: run-to-run noise all endpoints share, for runs of at least five minutes; shorter runs get more.
        sigma_endpoint: run-to-run noise of each endpoint, a lower bound.
        min_tail: requests needed above a quantile for it to decide.
        min_windows: windows needed on each side.
        unchanged_share: share of the requests that must be at UNCHANGED endpoints for an UNCHANGED run.
        missing_allowed: an endpoint that is gone is not a regression.
        block_seconds: length of the blocks in which both sides took turns; 0 when they did not.
        warm_up: seconds after the ramp-up that are left out too; None = looked for in the first quarter.
        force: compare even what is not comparable.
        handling: field of the fingerprint -> ignore, warn or refuse, where it is not the usual.
    """

    alpha: float = 0.05
    run_wide_share: float = 0.2
    improved_share: float = 0.25
    floor_ratio: float = 0.03
    floor_seconds: float = 0.001
    run_floor_ratio: float = 0.05
    margin_p50: float = 0.15
    margin_p95: float = 0.30
    sigma_run: float = 0.02
    sigma_endpoint: float = 0.01
    min_tail: int = 50
    min_windows: int = 12
    unchanged_share: float = 0.8
    missing_allowed: bool = False
    block_seconds: int = 0
    warm_up: float | None = None
    force: bool = False
    handling: Mapping[str, str] = field(default_factory=dict)

    @property
    def endpoint_alpha(self) -> float:
        """The part of alpha spent on endpoints."""
        return self.alpha * (1 - self.run_wide_share)

    @property
    def run_wide_alpha(self) -> float:
        """The part of alpha spent on the run-wide shift."""
        return self.alpha * self.run_wide_share

    def fields_to(self, handling: Handling, fields: Iterable[str]) -> list[str]:
        """Return those of the fields that are handled so; what would be refused is warned about when forced."""
        found = {name: handling_of(name, self.handling) for name in fields}
        if self.force:
            found = {name: Handling.WARN if each is Handling.REFUSE else each for name, each in found.items()}
        return [name for name, each in found.items() if each is handling]


COMPARABILITY = "comparability."
SHARES = ("sigma_run", "sigma_endpoint")
"""Settings that are relative changes."""
SWITCHES = {"force": "force", "allow_missing": "missing_allowed"}


def configured(policy: ComparisonPolicy, settings: Mapping[str, object]) -> ComparisonPolicy:
    """Return the policy with settings of a run or a command, by the keys of the configuration.

    Raises:
        UsageError: a value makes no sense; the message names the setting.
    """
    changes: dict[str, object] = {}
    handling = dict(policy.handling)
    for name, value in settings.items():
        if name.startswith(COMPARABILITY):
            wanted = name.removeprefix(COMPARABILITY)
            handling[wanted] = check_handling(wanted, str(value))
        elif name in SHARES:
            changes[name] = _share(name, value)
        elif name == "warm_up":
            changes[name] = _seconds(name, value)
        elif name in SWITCHES:
            changes[SWITCHES[name]] = bool(value)
    made: ComparisonPolicy = replace(policy, handling=handling, **changes)  # type: ignore[arg-type]
    return made


def _seconds(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise UsageError(f"{name} is {value!r}; give seconds, 0 for none")
    return float(value)


def _share(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise UsageError(f"{name} is {value!r}; give a relative change from 0 to 1, e.g. 0.02 for 2 %")
    return float(value)


DEFAULT = ComparisonPolicy()
