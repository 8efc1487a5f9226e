"""The comparison as JSON and back: `compare --json` and `comparison.json`. NaN is written as null."""

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from perf_core.compare.comparison import (
    EndpointComparison,
    EndpointFigures,
    KsPanel,
    QuantileShift,
    RunComparison,
    RunReference,
    RunWideShift,
    ThroughputShift,
)
from perf_core.errors import DamagedRunError, PerfError
from perf_core.model.endpoint import EndpointKey
from perf_core.model.verdict import Reason, Validity, Verdict

SCHEMA_VERSION = 1


def to_document(comparison: RunComparison) -> dict[str, Any]:
    """Return the comparison as plain values for JSON."""
    fields = asdict(comparison)
    baseline, current = fields.pop("baseline"), fields.pop("current")
    fields["endpoints"] = [_endpoint_document(each) for each in comparison.endpoints]
    document = {
        "schema_version": SCHEMA_VERSION,
        **fields,
        "baseline": baseline and baseline["id"],
        "current": current["id"],
        "baseline_run": baseline,
        "current_run": current,
    }
    plain: dict[str, Any] = _plain(document)
    return plain


def from_document(document: dict[str, Any]) -> RunComparison:
    """Return the comparison of `to_document`.

    Raises:
        PerfError: the document is no comparison of this version.
    """
    try:
        return _comparison(document)
    except (KeyError, TypeError, ValueError) as cause:
        raise PerfError(f"comparison.json is not a comparison ({cause!r}); compare the runs again") from cause


def _comparison(raw: dict[str, Any]) -> RunComparison:
    if raw["schema_version"] != SCHEMA_VERSION:
        raise ValueError(f"schema version {raw['schema_version']}, not {SCHEMA_VERSION}")
    return RunComparison(
        verdict=Verdict(raw["verdict"]) if raw["verdict"] else None,
        validity=Validity(raw["validity"]),
        reasons=tuple(Reason(each) for each in raw["reasons"]),
        explanation=raw["explanation"],
        baseline=_reference(raw["baseline_run"]) if raw["baseline_run"] else None,
        current=_reference(raw["current_run"]),
        endpoints=tuple(_endpoint(each) for each in raw["endpoints"]),
        run_wide=tuple(RunWideShift(**each) for each in raw["run_wide"]),
        warnings=tuple(raw["warnings"]),
        broken_thresholds=tuple(raw["broken_thresholds"]),
        detectable=raw["detectable"],
        trimmed_seconds=raw["trimmed_seconds"],
        window_seconds=raw["window_seconds"],
        throughput=ThroughputShift(**raw["throughput"]) if raw["throughput"] else None,
        more_baselines=tuple(raw.get("more_baselines", ())),
        repeats=tuple(raw.get("repeats", ())),
        incomparable=tuple(raw.get("incomparable", ())),
    )


def _reference(raw: dict[str, Any]) -> RunReference:
    return RunReference(**{**raw, "validity": Validity(raw["validity"])})


def _endpoint_document(each: EndpointComparison) -> dict[str, Any]:
    fields = asdict(each)
    key = fields.pop("key")
    ks = each.ks
    return {**key, **fields, "ks_distance": ks and ks.distance, "ks_p_value": ks and ks.p_value}


def _endpoint(raw: dict[str, Any]) -> EndpointComparison:
    return EndpointComparison(
        key=EndpointKey(raw["method"], raw["name"]),
        verdict=Verdict(raw["verdict"]) if raw["verdict"] else None,
        reasons=tuple(Reason(each) for each in raw["reasons"]),
        explanation=raw["explanation"],
        baseline=_figures(raw["baseline"]),
        current=_figures(raw["current"]),
        shifts=tuple(QuantileShift(**each) for each in raw["shifts"]),
        ks=KsPanel(**raw["ks"]) if raw["ks"] else None,
        ks_stages=tuple(KsPanel(**each) for each in raw.get("ks_stages", ())),
        a12=raw["a12"],
        notes=tuple(raw["notes"]),
    )


def _figures(raw: dict[str, Any] | None) -> EndpointFigures | None:
    if raw is None:
        return None
    known: dict[str, Any] = {name: math.nan if value is None else value for name, value in raw.items()}
    return EndpointFigures(**known)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def read_comparison(path: Path) -> RunComparison:
    """Return the comparison stored in a file.

    Raises:
        DamagedRunError: the file is missing or not a comparison.
    """
    try:
        return from_document(json.loads(path.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError) as cause:
        raise DamagedRunError(
            f"{path} cannot be read ({cause}); make it again with `perf-platform report`"
        ) from cause
