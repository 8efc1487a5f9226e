"""How often the verdict is right: false alarms, power and answered questions, beside the usual rules.

Every scenario simulates pairs of runs and judges each pair with perf-platform and with four rules that people use:
the plain Kolmogorov-Smirnov test, the same with Holm's correction, Mann-Whitney with Holm's, and "p95 +10 %".

    python benchmarks/verdict_accuracy.py                      # 400 runs a scenario: some minutes
    python benchmarks/verdict_accuracy.py --runs 50 --seed 7 --only regime
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import repeat
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one process per processor already

import numpy as np
from scipy import special, stats

sys.path.insert(0, str(Path(__file__).parents[1] / "libs/core/tests"))

from simulator import REGIME, Change, Load, Noise, simulate

from perf_core.compare.judgement import compare_runs
from perf_core.compare.policy import DEFAULT, ComparisonPolicy
from perf_core.model.histogram import Histogram
from perf_core.model.series import Recording
from perf_core.model.verdict import Verdict
from perf_core.stats.holm import holm
from perf_core.stats.ks import ks_test, superiority

CHANGED = 4
"""The endpoint with about 11 000 requests of 200 000."""
RULES = ("perf-platform", "KS", "KS + Holm", "MWU + Holm", "p95 +10 %")
NOISY = replace(REGIME, run_sd=0.02, endpoint_sd=0.01)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Pairs of runs: what disturbs them, what the new build does, and how many runs each side has."""

    name: str
    noise: Noise
    load: Load = field(default_factory=Load)
    change: Change = field(default_factory=Change)
    baselines: int = 1
    currents: int = 1
    needs: str = ""
    """What must be reached: `false <= x`, `power >= x`; empty = shown only."""


SHORT = Load(seconds=20, requests=9_000, endpoints=6, ramp_up=2.0)
TEN, TWENTY = Change({CHANGED: 1.1}), Change({CHANGED: 1.2})
SCENARIOS = (
    Scenario("iid", Noise(), needs="false"),
    Scenario("ar1", Noise(level_sd=0.1), needs="false"),
    Scenario("ar1, endpoints for themselves", Noise(level_sd=0.1, independent=True), needs="false"),
    Scenario("regime", REGIME, needs="false"),
    Scenario("regime, run 2 %, endpoint 1 %", NOISY, needs="false"),
    Scenario("regime, run 2 %, endpoint 2 %", replace(NOISY, endpoint_sd=0.02), needs="false"),
    Scenario("regime, run 4 %, one baseline", replace(NOISY, run_sd=0.04)),
    Scenario("regime, run 4 %, three baselines", replace(NOISY, run_sd=0.04), baselines=3, needs="false"),
    Scenario("+5 %, one run", NOISY, change=Change({CHANGED: 1.05})),
    Scenario("+10 %, one run", NOISY, change=TEN, needs="power 0.78"),
    Scenario("+10 %, three repeats of both", NOISY, change=TEN, baselines=3, currents=3, needs="power 0.90"),
    Scenario("+10 %, three baselines", NOISY, change=TEN, baselines=3),
    Scenario("+20 %, one run", NOISY, change=TWENTY),
    Scenario("+10 % everywhere", NOISY, change=Change(everywhere=1.1)),
    Scenario("1 % of requests +300 ms", NOISY, change=Change(tail_endpoint=CHANGED, tail_share=0.01, tail=0.3)),
    Scenario("20 s, unchanged", NOISY, SHORT, needs="false"),
    Scenario("20 s, one endpoint +30 %", NOISY, SHORT, Change({1: 1.3}), needs="power 0.95"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one pair got: per rule whether anything was flagged, and whether the changed endpoint was."""

    verdict: Verdict | None
    anything: tuple[bool, ...]
    changed: tuple[bool, ...]


def judge_pair(scenario: Scenario, seed: int, policy: ComparisonPolicy) -> Answer:
    """Simulate one pair of run sets and judge it by all rules."""
    rng = np.random.default_rng(seed)
    before = [simulate(rng, scenario.noise, scenario.load, run_id=f"b{at}") for at in range(scenario.baselines)]
    after = [
        simulate(rng, scenario.noise, scenario.load, scenario.change, run_id=f"c{at}")
        for at in range(scenario.currents)
    ]
    comparison = compare_runs(after[0], before[0], policy, repeats=after[1:], more_baselines=before[1:])
    regressed = {each.key.name for each in comparison.endpoints if each.verdict is Verdict.REGRESSED}
    wanted = {f"/e{at:03d}" for at in scenario.change.factors} | {f"/e{scenario.change.tail_endpoint:03d}"}
    anything, changed = [comparison.verdict is Verdict.REGRESSED], [bool(regressed & wanted)]
    for flagged in _usual_rules(after[0], before[0]):
        anything.append(bool(flagged))
        changed.append(bool(flagged & wanted))
    return Answer(comparison.verdict, tuple(anything), tuple(changed))


def _usual_rules(current: Recording, baseline: Recording) -> Iterator[set[str]]:
    """Yield the endpoints each usual rule flags; on whole runs, as people use them."""
    keys = sorted(set(current.endpoints) & set(baseline.endpoints))
    pairs = [(baseline.endpoints[key].ok.histogram(), current.endpoints[key].ok.histogram()) for key in keys]
    ks = [_ks_p_value(old, new) for old, new in pairs]
    mwu = [_mann_whitney_p_value(old, new) for old, new in pairs]
    for values in (ks, holm(ks), holm(mwu)):
        yield {key.name for key, p_value in zip(keys, values, strict=True) if p_value < 0.05}
    p95 = [(old.quantile(0.95), new.quantile(0.95)) for old, new in pairs]
    yield {key.name for key, (before, after) in zip(keys, p95, strict=True) if after > 1.1 * before}


def _ks_p_value(old: Histogram, new: Histogram) -> float:
    effective = old.total * new.total / (old.total + new.total)
    return float(special.kolmogorov(np.sqrt(effective) * ks_test(old, new).distance))


def _mann_whitney_p_value(old: Histogram, new: Histogram) -> float:
    _, ties = np.unique(np.concatenate([old.buckets, new.buckets]), return_inverse=True)
    tied = np.bincount(ties, weights=np.concatenate([old.counts, new.counts])).astype(float)
    total = float(old.total + new.total)
    variance = (total + 1 - np.sum(tied**3 - tied) / (total * (total - 1))) / (12 * old.total * new.total)
    return float(2 * stats.norm.sf(abs(superiority(old, new) - 0.5) / np.sqrt(variance)))


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share."""
    interval = stats.binomtest(hits, of).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def report(scenario: Scenario, answers: list[Answer]) -> bool:
    """Print one scenario; return whether what it needs was reached."""
    of, unchanged = len(answers), scenario.change == Change()
    power = bool(scenario.change.factors) or scenario.change.tail_share > 0
    table = np.array([each.changed if power else each.anything for each in answers])
    hits = table.sum(axis=0)
    low, high = wilson(int(hits[0]), of)
    passed = sum(each.verdict is Verdict.UNCHANGED for each in answers) / of
    kept = True
    if scenario.needs == "false":
        kept = hits[0] / of <= 0.05 and passed >= 0.85
    elif scenario.needs:
        kept = low >= float(scenario.needs.split()[1])
    shares = "  ".join(f"{share:9.1%}" for share in hits / of)
    told = f"UNCHANGED {passed:6.1%}" if unchanged else " " * 16
    mark = "" if not scenario.needs else "ok" if kept else "MISSED"
    print(f"{scenario.name:34s} {shares}   [{low:.3f}, {high:.3f}]  {told}  {mark}", flush=True)
    return kept


def main() -> int:
    """Run the scenarios; return 1 when one misses what it needs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=400, help="pairs a scenario (default 400)")
    parser.add_argument("--seed", type=int, default=20_261_124)
    parser.add_argument("--only", default="", help="scenarios whose name contains this")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    print(f"{options.runs} pairs a scenario, seed {options.seed}; share of runs with an alarm (with a change: at the")
    print("changed endpoint), 95 % interval of perf-platform's, share of unchanged runs that end UNCHANGED")
    print(f"{'':34s} " + "  ".join(f"{rule[:9]:>9s}" for rule in RULES))
    kept, begun = True, time.monotonic()
    with ProcessPoolExecutor(options.processes) as pool:
        for number, scenario in enumerate(SCENARIOS):
            if options.only in scenario.name:
                seeds = np.random.SeedSequence([options.seed, number]).generate_state(options.runs)
                found = pool.map(judge_pair, repeat(scenario), map(int, seeds), repeat(DEFAULT), chunksize=5)
                kept = report(scenario, list(found)) and kept
    print(f"took {time.monotonic() - begun:.0f} s")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
