"""The facts of a run as a JSON document and back; the schema is `run.schema.json` beside this module."""

from dataclasses import asdict
from typing import Any

from perf_core.errors import DamagedRunError
from perf_core.model.run import SCHEMA_VERSION, Block, FinishStep, Interval, RunEvent, RunInfo
from perf_core.model.verdict import RunState, Validity, Verdict


def info_to_document(info: RunInfo) -> dict[str, Any]:
    """Return the facts as JSON-able values; times are Unix seconds."""
    return asdict(info)


def info_from_document(document: object) -> RunInfo:
    """Return the facts of `info_to_document`; fields of a newer minor version are ignored.

    Raises:
        DamagedRunError: the document is not a run's.
    """
    try:
        return _info(document)
    except (KeyError, TypeError, ValueError) as cause:
        raise DamagedRunError(f"run.json is not a run ({cause}); restore it from a copy") from cause


def _info(document: Any) -> RunInfo:
    version = document["schema_version"]
    if version > SCHEMA_VERSION:
        raise DamagedRunError(
            f"run.json has schema version {version}, known is {SCHEMA_VERSION}; upgrade perf-platform"
        )
    fields = {name: document[name] for name in RunInfo.__dataclass_fields__ if name in document}
    verdict = fields.get("verdict")
    fields |= {
        "id": _text(document["id"]),
        "scenario": _text(document["scenario"]),
        "target": _text(document["target"]),
        "state": RunState(fields["state"]),
        "validity": Validity(fields["validity"]),
        "verdict": None if verdict is None else Verdict(verdict),
        "validity_reasons": tuple(fields.get("validity_reasons", ())),
        "events": tuple(RunEvent(**event) for event in fields.get("events", ())),
        "blocks": tuple(Block(**block) for block in fields.get("blocks", ())),
        "finish_steps": tuple(FinishStep(**step) for step in fields.get("finish_steps", ())),
        "unsettled": tuple(Interval(**each) for each in fields.get("unsettled", ())),
        "more_baselines": tuple(fields.get("more_baselines", ())),
        "repeats": tuple(fields.get("repeats", ())),
        "requests": int(fields.get("requests", 0)),
        "failures": int(fields.get("failures", 0)),
    }
    return RunInfo(**fields)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value
