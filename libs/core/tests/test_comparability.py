"""Which differences between two runs are ignored, warned about or refused."""

from dataclasses import replace

import numpy as np
import pytest
from simulator import Load, Noise, simulate

from perf_core.compare import compare_runs
from perf_core.errors import UsageError
from perf_core.model.series import Recording
from perf_core.model.verdict import Reason, Verdict

PRINT = {
    "target": "http://a",
    "version": "1",
    "locustfile_hash": "aa",
    "workers": "2",
    "worker_limits": "1 cpu",
    "locust_version": "2.43.1",
    "plugin_version": "1.0",
    "users": "10",
    "shape": "",
    "load_model": "closed",
    "arrival_rate": "100",
    "pacing": "1",
    "data_hash": "dd",
    "locust_minor": "2.43",
}
IGNORED = ("target", "version")
WARNED = ("locustfile_hash", "workers", "worker_limits", "locust_version", "plugin_version")
REFUSED = ("users", "shape", "load_model", "arrival_rate", "pacing", "data_hash", "locust_minor")


@pytest.fixture(scope="module")
def recorded() -> Recording:
    run = simulate(np.random.default_rng(1), Noise(), Load(seconds=30, requests=6000, endpoints=4, ramp_up=0))
    return replace(run, info=replace(run.info, fingerprint=PRINT))


def other(run: Recording, fingerprint: dict[str, str], **policy: object) -> Recording:
    return replace(run, info=replace(run.info, id="other", fingerprint=fingerprint, policy=policy))


@pytest.mark.parametrize("field", IGNORED)
def test_what_is_compared_may_differ(recorded: Recording, field: str) -> None:
    result = compare_runs(other(recorded, PRINT | {field: "9"}), recorded)

    assert (result.verdict, result.warnings) == (Verdict.UNCHANGED, ())


@pytest.mark.parametrize("field", WARNED)
def test_what_may_matter_is_told(recorded: Recording, field: str) -> None:
    result = compare_runs(other(recorded, PRINT | {field: "9"}), recorded)

    assert result.verdict is Verdict.UNCHANGED
    assert result.warnings == (f"The runs differ: {field} was '{PRINT[field]}', is '9'",)


@pytest.mark.parametrize("field", REFUSED)
def test_other_load_is_not_comparable_unless_forced(recorded: Recording, field: str) -> None:
    current = other(recorded, PRINT | {field: "9"})

    refused = compare_runs(current, recorded)
    forced = compare_runs(current, recorded, settings={"force": True})

    assert (refused.verdict, refused.reasons) == (Verdict.INCONCLUSIVE, (Reason.NOT_COMPARABLE,))
    assert refused.incomparable == (field,)
    assert f"{field} was '{PRINT[field]}', is '9'" in refused.explanation
    assert {each.verdict for each in refused.endpoints} == {Verdict.INCONCLUSIVE}
    assert forced.verdict is Verdict.UNCHANGED
    assert forced.warnings == (f"The runs differ: {field} was '{PRINT[field]}', is '9'",)


def test_fields_that_a_run_cannot_know_are_not_compared(recorded: Recording) -> None:
    assert compare_runs(other(recorded, {}), recorded).verdict is Verdict.UNCHANGED


@pytest.mark.parametrize(
    ("rate", "alike"), [("104", True), ("96", True), ("106", False), ("94", False), ("x", False), ("100 to 9", False)]
)
def test_arrival_rates_within_5_percent_are_the_same_load(recorded: Recording, rate: str, alike: bool) -> None:
    result = compare_runs(other(recorded, PRINT | {"arrival_rate": rate}), recorded)

    assert (result.verdict is Verdict.UNCHANGED) is alike


def test_a_setting_moves_a_field_and_the_later_one_wins(recorded: Recording) -> None:
    lists = {"comparability.users": "warn", "comparability.target": "refuse", "comparability.workers": "ignore"}
    changed = PRINT | {"users": "9", "target": "http://b", "workers": "5"}
    current = other(recorded, changed, **lists)

    stored = compare_runs(current, recorded)
    given = compare_runs(current, recorded, settings={"comparability.target": "ignore"})

    assert stored.incomparable == ("target",)
    assert given.verdict is Verdict.UNCHANGED
    assert given.warnings == ("The runs differ: users was '10', is '9'",)
    with pytest.raises(UsageError, match="'colour' is no field"):
        compare_runs(current, recorded, settings={"comparability.colour": "warn"})


def test_every_run_of_a_set_must_be_comparable(recorded: Recording) -> None:
    strange = other(recorded, PRINT | {"users": "9"})

    for sets in ({"repeats": [strange]}, {"more_baselines": [strange]}):
        assert compare_runs(recorded, recorded, **sets).incomparable == ("users",)


def test_noise_can_be_set(recorded: Recording) -> None:
    def detectable(**settings: object) -> float:
        result = compare_runs(other(recorded, PRINT), recorded, settings=settings)
        return max(shift.detectable for each in result.endpoints for shift in each.shifts)

    assert (
        detectable(sigma_run=0.0, sigma_endpoint=0.0) < detectable() < detectable(sigma_run=0.2, sigma_endpoint=0.1)
    )
    with pytest.raises(UsageError, match="sigma_run is 2; give a relative change"):
        detectable(sigma_run=2)


def test_another_rate_is_told_unless_users_that_wait_for_answers_made_it(recorded: Recording) -> None:
    half = simulate(np.random.default_rng(2), Noise(), Load(seconds=30, requests=3000, endpoints=4, ramp_up=0))
    closed = {"load_model": "closed"}

    def warnings(fingerprint: dict[str, str]) -> tuple[str, ...]:
        return compare_runs(other(half, fingerprint), other(recorded, fingerprint)).warnings

    assert any(text.startswith("The load differs: ") for text in warnings({}))
    assert not any("The load differs" in text for text in warnings(closed))
    assert not any("The load differs" in text for text in compare_runs(other(recorded, {}), recorded).warnings)
