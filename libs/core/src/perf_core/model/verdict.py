"""The words of a judgement: verdict, reason, validity and the state of a run."""

from enum import StrEnum


class Verdict(StrEnum):
    """What the comparison of two runs says; there is none (null) when there is nothing to compare with."""

    UNCHANGED = "UNCHANGED"
    IMPROVED = "IMPROVED"
    REGRESSED = "REGRESSED"
    INCONCLUSIVE = "INCONCLUSIVE"


class Reason(StrEnum):
    """Why a verdict is INCONCLUSIVE, or what a REGRESSED rests on besides latency."""

    NOISE = "noise"
    TOO_FEW_REQUESTS = "too_few_requests"
    NO_DATA = "no_data"
    NOT_COMPARABLE = "not_comparable"
    SUSPECT = "suspect"
    LOW_RESOLUTION = "low_resolution"
    MISSING = "missing"
    ERROR_RATE = "error_rate"
    THROUGHPUT = "throughput"
    LATENCY = "latency"
    RUN_WIDE = "run_wide"


class Validity(StrEnum):
    """Whether a run measured what it says it measured."""

    VALID = "VALID"
    SUSPECT = "SUSPECT"
    INVALID = "INVALID"


class RunState(StrEnum):
    """Where a run is in its life."""

    RUNNING = "running"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"
