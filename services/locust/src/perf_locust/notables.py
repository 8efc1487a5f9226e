"""Notes the slowest and the first failed requests of each endpoint, with what finds them in the target's logs."""

import heapq
import math
import time
from collections import Counter

from perf_core.model.endpoint import EndpointKey
from perf_core.model.notable import KEPT, NotableRequest
from perf_core.units import seconds_from_ms
from perf_locust.error_class import error_class

_ENDPOINTS = 500
_TEXT_LENGTH = 300
_ID_LENGTH = 128
_ID_HEADERS = ("X-Request-ID", "traceparent")


class Notables:
    """Of one process and one run; the recorder asks for a closer look at what is above an endpoint's floor.

    A request is noted when it is among the slowest so far, so what is noted grows with the logarithm of the load.
    """

    __slots__ = ("_failed", "_noted", "_slowest")

    def __init__(self) -> None:
        """Begin with nothing noted."""
        self._slowest: dict[tuple[str, str], list[float]] = {}
        self._failed: Counter[tuple[str, str]] = Counter()
        self._noted: list[NotableRequest] = []

    def look(  # noqa: PLR0917  the fields of Locust's event
        self,
        request_type: str,
        name: str,
        response_time: object,
        response: object,
        exception: object,
        start_time: float | None,
    ) -> float:
        """Note the request if it is worth it; return the milliseconds up to which answered ones need no look."""
        key = (str(request_type or ""), str(name))
        latency = seconds_from_ms(float(response_time)) if isinstance(response_time, int | float) else math.nan
        if key not in self._slowest and len(self._slowest) >= _ENDPOINTS:
            return math.inf
        heap = self._slowest.setdefault(key, [])
        if 0 <= latency < math.inf and self._is_notable(key, heap, latency, failed=exception is not None):
            began = float(start_time) if isinstance(start_time, int | float) else time.time() - latency
            self._noted.append(_noted(EndpointKey(*key), began, latency, response, exception))
        return heap[0] * 1000.0 if len(heap) == KEPT else -1.0

    def take(self) -> tuple[NotableRequest, ...]:
        """Return what was noted since the last call."""
        noted, self._noted = tuple(self._noted), []
        return noted

    def _is_notable(self, key: tuple[str, str], heap: list[float], latency: float, *, failed: bool) -> bool:
        if failed:
            self._failed[key] += 1
            return self._failed[key] <= KEPT
        if len(heap) < KEPT:
            heapq.heappush(heap, latency)
            return True
        if latency > heap[0]:
            heapq.heapreplace(heap, latency)
            return True
        return False


def _noted(key: EndpointKey, began: float, latency: float, response: object, exception: object) -> NotableRequest:
    try:
        kind = "" if exception is None else error_class(exception, response)
        text = "" if exception is None else str(exception)[:_TEXT_LENGTH]
        status = getattr(response, "status_code", 0)
        return NotableRequest(key, kind, began, latency, int(status or 0), _request_id(response), text)
    except Exception as cause:  # noqa: BLE001  somebody's property of somebody's response
        return NotableRequest(
            key, "other" if exception is not None else "", began, latency, text=type(cause).__name__
        )


def _request_id(response: object) -> str:
    """Return the first id that answer or request carry."""
    for carrier in (response, getattr(response, "request", None)):
        headers = getattr(carrier, "headers", None)
        if headers is None:
            continue
        for name in _ID_HEADERS:
            if value := headers.get(name):
                return str(value)[:_ID_LENGTH]
    return ""
