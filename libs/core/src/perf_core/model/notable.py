"""Single requests worth a look: the slowest and the first failed ones of an endpoint."""

from collections.abc import Iterable
from dataclasses import dataclass

from perf_core.model.endpoint import EndpointKey

KEPT = 20
"""Of each kind, per endpoint."""


@dataclass(frozen=True, slots=True)
class NotableRequest:
    """One request; `start` in Unix seconds, `latency` in seconds. All texts come from outside and are bounded.

    Attributes:
        error_class: empty for an answered request.
        status: HTTP status; 0 when there was no answer.
        request_id: the X-Request-ID or traceparent of answer or request; empty when there is none.
        text: error text; empty for an answered request.
    """

    key: EndpointKey
    error_class: str
    start: float
    latency: float
    status: int = 0
    request_id: str = ""
    text: str = ""


def slowest(requests: Iterable[NotableRequest]) -> tuple[NotableRequest, ...]:
    """Return the slowest answered ones, slowest first."""
    answered = (each for each in requests if not each.error_class)
    return tuple(sorted(answered, key=lambda each: (-each.latency, each.start))[:KEPT])


def first_failed(requests: Iterable[NotableRequest]) -> tuple[NotableRequest, ...]:
    """Return the failed ones that started first."""
    failed = (each for each in requests if each.error_class)
    return tuple(sorted(failed, key=lambda each: each.start)[:KEPT])
