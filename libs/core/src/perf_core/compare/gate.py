"""The gate: the comparison with the baseline, and the thresholds that the run must keep whatever the baseline did."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from perf_core.compare.blocks import are_interleaved, compressed
from perf_core.compare.comparison import RunComparison
from perf_core.compare.interleaved import compare_interleaved
from perf_core.compare.judgement import compare_runs as compare_recordings
from perf_core.compare.policy import DEFAULT, ComparisonPolicy, configured
from perf_core.compare.threshold import parse_thresholds
from perf_core.compare.thresholds import judge_thresholds
from perf_core.model.schedule import whole_pairs
from perf_core.model.series import Recording


def compare_runs(
    current: Recording,
    baseline: Recording | None,
    policy: ComparisonPolicy = DEFAULT,
    thresholds: Mapping[str, str] | None = None,
    *,
    default_thresholds: Mapping[str, str] | None = None,
    settings: Mapping[str, object] | None = None,
    repeats: Sequence[Recording] = (),
    more_baselines: Sequence[Recording] = (),
) -> RunComparison:
    """Return the judgement of a run; `thresholds` and `settings` come on top of those the run was started with.

    `default_thresholds` come below those, whatever replaced one of them or dropped it. `repeats` and `more_baselines`
    are further runs of either side; they do not count for thresholds.

    Raises:
        UsageError: a threshold or a setting cannot be understood; the message names its key.
    """
    policy = configured(policy, {**current.info.policy, **(settings or {})})
    wanted = parse_thresholds({**(default_thresholds or {}), **current.info.thresholds, **(thresholds or {})})
    if baseline is not None and are_interleaved(current.info, baseline.info):
        comparison = compare_interleaved(current, baseline, policy)
        pairs = whole_pairs(baseline.info, current.info)
        current, baseline = compressed(current, pairs), compressed(baseline, pairs)
    else:
        comparison = compare_recordings(current, baseline, policy, repeats=repeats, more_baselines=more_baselines)
    judged = judge_thresholds(wanted, current, baseline, comparison.trimmed_seconds)
    return replace(comparison, broken_thresholds=judged.broken, warnings=(*comparison.warnings, *judged.not_judged))
