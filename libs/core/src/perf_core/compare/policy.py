"""The settings of a judgement: error levels, floors, margins and what is assumed about noise."""

from dataclasses import dataclass

QUANTILES = (0.50, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class ComparisonPolicy:
    """Ratios are relative changes, seconds are seconds.

    Attributes:
        alpha: false alarms per run of unchanged software, endpoints and run-wide shift together.
        run_wide_share: the part of alpha spent on the run-wide shift.
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
        force: compare even what is not comparable.
    """

    alpha: float = 0.05
    run_wide_share: float = 0.2
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
    force: bool = False

    @property
    def endpoint_alpha(self) -> float:
        """The part of alpha spent on endpoints."""
        return self.alpha * (1 - self.run_wide_share)

    @property
    def run_wide_alpha(self) -> float:
        """The part of alpha spent on the run-wide shift."""
        return self.alpha * self.run_wide_share


DEFAULT = ComparisonPolicy()
