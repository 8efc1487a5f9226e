"""The comparison of two recordings: gather, test, judge every endpoint, then the run."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from perf_core.compare.comparison import EndpointComparison, RunComparison, RunReference, RunWideShift
from perf_core.compare.endpoint_verdict import judge_endpoint
from perf_core.compare.evidence import Evidence, figures, gather
from perf_core.compare.findings import Findings, run_tests
from perf_core.compare.guard import load_warnings, low_resolution, nothing_left, refusal, warnings
from perf_core.compare.ks_panels import ks_panels
from perf_core.compare.likely_names import with_likely_names
from perf_core.compare.low_resolution import whole_figures
from perf_core.compare.policy import DEFAULT, ComparisonPolicy
from perf_core.compare.quantile_rows import LONGEST, REPEAT, longer, remedy, times_longer, too_wide
from perf_core.compare.words import run_wide_sentence, smallest_seen, throughput_sentence
from perf_core.model.run import RunInfo
from perf_core.model.series import Recording
from perf_core.model.verdict import Reason, Validity, Verdict
from perf_core.stats.shift_test import FEWEST_FOR_RELATIVE

_SEVERITY = {Verdict.REGRESSED: 0, Verdict.INCONCLUSIVE: 1, Verdict.IMPROVED: 2, Verdict.UNCHANGED: 3, None: 4}
_WORST = {Validity.VALID: 0, Validity.SUSPECT: 1, Validity.INVALID: 2}
TAIL = 0.95
"""The highest quantile of which UNCHANGED excludes a large change."""
Outcome = tuple[Verdict, tuple[Reason, ...], str]


def compare_runs(
    current: Recording,
    baseline: Recording | None,
    policy: ComparisonPolicy = DEFAULT,
    *,
    repeats: Sequence[Recording] = (),
    more_baselines: Sequence[Recording] = (),
) -> RunComparison:
    """Return the judgement of a run; without a baseline its figures alone, and no verdict.

    `repeats` are further runs of the same version, `more_baselines` of the baseline's: noise between runs is learnt
    from them, and every endpoint is judged over all of them.
    """
    sides = [current, *repeats], [baseline, *more_baselines] if baseline else []
    if any(run.info.low_resolution for side in sides for run in side):
        return _side_by_side(*sides, policy)
    evidence = gather(*sides, 0.0 if policy.block_seconds else policy.warm_up)
    if baseline is None:
        return _alone(current, evidence)
    findings = run_tests(evidence, policy)
    panels = ks_panels(evidence, findings)
    endpoints = with_likely_names(
        [judge_endpoint(pair, evidence, findings, panels.get(pair.key), policy) for pair in evidence.pairs]
    )
    refused = refusal(*sides, policy) or nothing_left(evidence)
    if refused:
        outcome: Outcome = (Verdict.INCONCLUSIVE, (refused.reason,), refused.text)
        empty = refused.reason is Reason.NO_DATA and not current.requests
        endpoints = [] if empty else [_withheld(each, outcome[1], refused.text) for each in endpoints]
    else:
        outcome = _run_outcome(endpoints, findings, policy)
    verdict, reasons, text = outcome
    return RunComparison(
        verdict,
        max((run.info.validity for side in sides for run in side), key=_WORST.__getitem__),
        reasons,
        text,
        _reference(baseline.info),
        _reference(current.info),
        tuple(sorted(endpoints, key=_order)),
        findings.run_wide,
        (*warnings(*sides, policy), *load_warnings(evidence, *sides), *_few_endpoints(findings)),
        detectable=_detectable(endpoints) if Reason.NOISE in reasons else None,
        trimmed_seconds=evidence.trimmed,
        window_seconds=evidence.width,
        throughput=findings.throughput,
        more_baselines=tuple(run.info.id for run in more_baselines),
        repeats=tuple(run.info.id for run in repeats),
        incomparable=refused.fields if refused else (),
    )


def _side_by_side(
    current: Sequence[Recording], baseline: Sequence[Recording], policy: ComparisonPolicy
) -> RunComparison:
    """Return the figures of runs of which one is of low resolution: there is nothing a test could be made of."""
    run, before = current[0], baseline[0] if baseline else None
    endpoints = whole_figures(run, before)
    refused = refusal(current, baseline, policy) if before else low_resolution(current, ())
    reasons, text = ((refused.reason,), refused.text) if refused else ((), "")
    if before:
        endpoints = [_withheld(each, reasons, each.explanation) for each in endpoints]
    return RunComparison(
        Verdict.INCONCLUSIVE if before else None,
        max((each.info.validity for each in (*current, *baseline)), key=_WORST.__getitem__),
        reasons,
        text if before else f"{_no_baseline(run.info)}. {text}",
        _reference(before.info) if before else None,
        _reference(run.info),
        tuple(sorted(endpoints, key=_order)),
        warnings=warnings(current, baseline, policy) if before else (),
        incomparable=refused.fields if refused else (),
    )


def _no_baseline(info: RunInfo) -> str:
    return f"There is no baseline of '{info.scenario}' to compare with; promote a run to make it one"


def _alone(current: Recording, evidence: Evidence) -> RunComparison:
    rows = [
        EndpointComparison(
            pair.key, None, (), "nothing to compare with", None, figures(pair.current, evidence.current_seconds)
        )
        for pair in evidence.pairs
        if pair.current
    ]
    return RunComparison(
        None, current.info.validity, (), _no_baseline(current.info), None, _reference(current.info),
        tuple(sorted(rows, key=_order)), trimmed_seconds=evidence.trimmed,
    )  # fmt: skip


def _run_outcome(endpoints: list[EndpointComparison], findings: Findings, policy: ComparisonPolicy) -> Outcome:
    for wanted, sign in ((Verdict.REGRESSED, 1), (Verdict.IMPROVED, -1)):
        wide = [each for each in findings.run_wide if each.flagged and (each.ratio - 1) * sign > 0]
        moved = sorted((each for each in endpoints if each.verdict is wanted), key=_order)
        fewer = [findings.throughput] if sign > 0 and findings.throughput and findings.throughput.flagged else []
        if wide or moved or fewer:
            reasons = [Reason.RUN_WIDE] * bool(wide) + [Reason.THROUGHPUT] * bool(fewer)
            reasons += [reason for reason in Reason if any(reason in each.reasons for each in moved)]
            sentences = [_run_wide(min(wide, key=lambda each: each.p_value), endpoints)] if wide else []
            sentences += [each.explanation for each in moved[:2]]
            more = f" ({len(moved) - 2} more endpoints)" if len(moved) > 2 else ""
            sentences += [throughput_sentence(each, consequence=bool(wide or moved)) for each in fewer]
            return wanted, tuple(reasons), ". ".join(sentences) + more
    return _quiet_outcome(endpoints, findings, policy)


def _run_wide(wide: RunWideShift, endpoints: list[EndpointComparison]) -> str:
    """Return the sentence of a run-wide shift: not of the whole run when an endpoint clearly moved less."""
    of = wide.quantile, wide.stage
    rows = [row for each in endpoints for row in each.shifts if (row.quantile, row.stage) == of]
    less = [row for row in rows if (row.high < wide.low if wide.ratio > 1 else row.low > wide.high)]
    return run_wide_sentence(wide, everywhere=not less)


def _few_endpoints(findings: Findings) -> tuple[str, ...]:
    if not findings.quantiles or len(findings.quantiles) >= FEWEST_FOR_RELATIVE:
        return ()
    return ("With fewer than four endpoints none can be held against the others: only larger changes are seen",)


def _quiet_outcome(endpoints: list[EndpointComparison], findings: Findings, policy: ComparisonPolicy) -> Outcome:
    known = [each for each in endpoints if each.verdict and each.current]
    total = sum(_requests(each) for each in known)
    quiet = sum(_requests(each) for each in known if each.verdict is Verdict.UNCHANGED)
    if total and quiet >= policy.unchanged_share * total:
        where = f"at endpoints with {quiet / total:.0%} of the requests{_of_tails(known, quiet, total)}"
        return Verdict.UNCHANGED, (), f"No change beyond noise; a large one is excluded {where}"
    few = sorted((each for each in known if Reason.TOO_FEW_REQUESTS in each.reasons), key=_order)
    unjudged = sum(_requests(each) for each in few)
    if not total:
        return Verdict.INCONCLUSIVE, (Reason.NO_DATA,), "No endpoint of the baseline was called; check the scenario"
    if few and total - unjudged < policy.unchanged_share * total:
        return Verdict.INCONCLUSIVE, (Reason.TOO_FEW_REQUESTS,), _too_few(few[0], unjudged / total)
    seen = _detectable(endpoints)
    size = "" if seen is None else f"{smallest_seen(seen)}; "
    return Verdict.INCONCLUSIVE, (Reason.NOISE,), f"Noise hides the answer: {size}{_advice(known, findings, policy)}"


def _too_few(largest: EndpointComparison, share: float) -> str:
    """Return the sentence of a run of which most endpoints have not enough requests, by the largest of these."""
    return f"Too little is known of endpoints with {share:.0%} of the requests. {largest.explanation}"


def _of_tails(endpoints: list[EndpointComparison], quiet: int, total: int) -> str:
    """Return where a large change of p95 is not excluded, if only that of p50 is at some of the quiet endpoints."""
    unchanged = [each for each in endpoints if each.verdict is Verdict.UNCHANGED]
    tails = sum(_requests(each) for each in unchanged if any(shift.quantile == TAIL for shift in each.shifts))
    if tails == quiet:
        return ""
    if not tails:
        return f", but of p50 only: too few requests to judge p{TAIL * 100:g}"
    return f", but of p{TAIL * 100:g} only with {tails / total:.0%}: too few requests to judge it elsewhere"


def _advice(endpoints: list[EndpointComparison], findings: Findings, policy: ComparisonPolicy) -> str:
    """Return how much longer to run until enough requests are at endpoints with an answer, or what helps most."""
    missing = policy.unchanged_share * sum(_requests(each) for each in endpoints)
    missing -= sum(_requests(each) for each in endpoints if each.verdict is Verdict.UNCHANGED)
    helped: Counter[str] = Counter()
    lengths = []
    for each in endpoints:
        if each.explanation.endswith(REPEAT):
            helped[REPEAT] += _requests(each)
            continue
        wide = too_wide(findings.quantiles.get(each.key, ()), policy) if Reason.NOISE in each.reasons else []
        if wide:
            helped[remedy(wide, findings.runs, policy)] += _requests(each)
            lengths.append((times_longer(wide, policy), _requests(each)))
    for times, requests in sorted(lengths):
        missing -= requests
        if missing <= 0 and times <= LONGEST:
            return longer(times)
    others = Counter({text: requests for text, requests in helped.items() if not text.startswith("run ")})
    return (others or helped).most_common(1)[0][0] if helped else "run longer or add baseline runs"


def _withheld(each: EndpointComparison, reasons: tuple[Reason, ...], text: str) -> EndpointComparison:
    """Return the endpoint with its figures but without a judgement that would not be sound."""
    return replace(each, verdict=Verdict.INCONCLUSIVE, reasons=reasons, explanation=text)


def _detectable(endpoints: list[EndpointComparison]) -> float | None:
    seen = [shift.detectable for each in endpoints for shift in each.shifts if shift.quantile == 0.5]
    return sorted(seen)[len(seen) // 2] if seen else None


def _requests(each: EndpointComparison) -> int:
    return each.current.requests if each.current else 0


def _order(each: EndpointComparison) -> tuple[int, float, int, str]:
    flagged = [shift.p_value for shift in each.shifts if shift.flagged]
    return _SEVERITY[each.verdict], min(flagged, default=1.0), -_requests(each), str(each.key)


def _reference(info: RunInfo) -> RunReference:
    return RunReference(info.id, info.scenario, info.target, info.started, info.validity)
