"""The recorder: every request becomes 24 bytes in a memory map, and once a second the map becomes a frame.

Nothing on the request path allocates, sorts or touches a file: two dictionary lookups, one `pack_into`. The map is
bounded, and cut early when it is full, so that nothing is dropped. It belongs to a spool, so it survives SIGKILL of
its process.
"""

import math
import mmap
import struct
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from perf_core.model.frame import FrameError, FrameKey, FrameRow
from perf_core.runstore.records import PACK, RECORD, rows_of
from perf_core.runstore.spool import RECORDS_AT, RECORDS_END, Spool, generation_of
from perf_core.units import seconds_from_ms
from perf_locust.error_class import MAX_CLASSES, error_class
from perf_locust.notables import Notables

_OTHER = ("", "other", "")
_OTHER_FAILED = ("", "other", "other")
MAX_KEYS = 4000
"""Distinct (method, name, error class); more are counted under the name "other"."""
MAX_TEXTS = 500
"""Distinct error texts kept per frame; further ones are counted without their text."""
TEXT_LENGTH = 300
NAME_LENGTH = 500
"""Characters of a name that are kept; a longer one is somebody's query string."""


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """What was recorded since the last cut."""

    rows: tuple[FrameRow, ...]
    errors: tuple[FrameError, ...]
    rejected: int
    folded: int


class Recorder:
    """Records requests of one process; `record` is the listener of Locust's `request` event."""

    __slots__ = (
        "_classes",
        "_floors",
        "_folded",
        "_good",
        "_ids",
        "_keys",
        "_position",
        "_rewind",
        "_spool",
        "_texts",
        "notables",
        "record",
    )

    def __init__(self, when_full: Callable[[], object], spool: Spool) -> None:
        """Record into the spool; `when_full` must cut, and begin the next frame."""
        self._spool = spool
        self._ids: dict[tuple[str, str, str], int] = {}
        self._good: dict[str, dict[str, int]] = {}
        self._keys: list[FrameKey] = []
        self._floors: list[float] = []
        self.notables = Notables()
        self._classes: Counter[tuple[str, str]] = Counter()
        self._texts: Counter[tuple[int, str]] = Counter()
        self._folded = 0
        self._add(*_OTHER)  # there must always be room for these two
        self._add(*_OTHER_FAILED)
        self.record, self._position, self._rewind = self._listener(when_full)

    def _listener(  # noqa: C901  what a request does is written out: a call costs as much as all of it
        self, full: Callable[[], object]
    ) -> tuple[Callable[..., None], Callable[[], int], Callable[[int], None]]:
        """Return the listener, what says where it writes next, and what begins a frame of that number.

        Between two requests a user of Locust evicts a core's nearest cache, so what counts is how many places in
        memory a request touches. Hence a closure, with what never changes as default values of its parameters: they
        lie beside each other; and two small dictionaries instead of one with tuples for keys.
        """
        at, generation = RECORDS_AT, generation_of(1)
        buffer, slowly, look = self._spool.buffer, self._record_slowly, self.notables.look

        def record(  # noqa: PLR0917  Locust's signature
            request_type: str,
            name: str,
            response_time: float | None = None,
            response_length: int = 0,
            response: object = None,
            context: object = None,  # noqa: ARG001  named so that no dictionary is made for the rest
            exception: object = None,
            start_time: float | None = None,
            url: object = None,  # noqa: ARG001
            _good: dict[str, dict[str, int]] = self._good,
            _floors: list[float] = self._floors,
            _pack: Callable[..., None] = PACK.pack_into,
            _buffer: mmap.mmap = buffer,
            **_: object,
        ) -> None:
            """Record one request."""
            nonlocal at
            try:
                if exception is not None:
                    raise LookupError  # noqa: TRY301  the one path that may take its time
                key = _good[request_type][name]
                _pack(_buffer, at, start_time, response_time, response_length, key, generation)
            except (LookupError, struct.error, TypeError, OverflowError):
                place = at, generation
                slowly(place, request_type, name, response_time, response_length, response, exception, start_time)
            else:
                if response_time > _floors[key]:  # type: ignore[operator]  # it was packed: a number
                    _floors[key] = look(request_type, name, response_time, response, None, start_time)
            at += 24
            if at == RECORDS_END:
                full()

        def position() -> int:
            return at

        def rewind(seq: int) -> None:
            nonlocal at, generation
            at, generation = RECORDS_AT, generation_of(seq)

        return record, position, rewind

    def cut(self) -> Cut:
        """Return what was recorded since `begin`; it stays in the spool until the next `begin`."""
        count = (self._position() - RECORDS_AT) // PACK.size
        records = np.frombuffer(self._spool.buffer, dtype=RECORD, count=count, offset=RECORDS_AT)
        errors = tuple(FrameError(self._keys[key], text, count) for (key, text), count in self._texts.items())
        rows, rejected = rows_of(records, self._keys)
        return Cut(rows, errors, rejected, self._folded)

    def begin(self, seq: int) -> None:
        """Record for frame `seq` from now on; what was cut is safe elsewhere."""
        self._spool.begin(seq)
        self._rewind(seq)
        self._texts, self._folded = Counter(), 0

    def _record_slowly(  # noqa: PLR0917  called from one place
        self,
        place: tuple[int, int],
        request_type: str,
        name: str,
        response_time: float | None,
        response_length: int | None,
        response: object,
        exception: object,
        start_time: float | None,
    ) -> None:
        kind = "" if exception is None else _class_of(exception, response)
        key = self._key(str(request_type or ""), str(name)[:NAME_LENGTH], kind)
        milliseconds, begun = _number(response_time), _number(start_time)
        if not math.isfinite(begun):
            begun = time.time() - (seconds_from_ms(milliseconds) if math.isfinite(milliseconds) else 0.0)
        size = min(max(int(response_length or 0), 0), 0xFFFFFFFF)
        at, generation = place
        PACK.pack_into(self._spool.buffer, at, begun, milliseconds, size, key, generation)
        if kind:
            text = _text_of(exception)
            self._texts[key, text if len(self._texts) < MAX_TEXTS or (key, text) in self._texts else ""] += 1
        known = self._keys[key]
        floor = self.notables.look(known.method, known.name, response_time, response, exception, start_time)
        if not kind:
            self._floors[key] = floor

    def _key(self, method: str, name: str, kind: str) -> int:
        known = self._ids.get((method, name, kind))
        if known is not None:
            return known
        if kind != "other" and self._classes[method, name] >= MAX_CLASSES:
            return self._key(method, name, "other")
        if len(self._keys) < MAX_KEYS and (made := self._add(method, name, kind)):
            return made
        self._folded += 1
        return self._ids[_OTHER_FAILED if kind else _OTHER]

    def _add(self, method: str, name: str, kind: str) -> int | None:
        key = FrameKey(method, name, kind)
        if not self._spool.add_key(key):
            return None
        self._keys.append(key)
        self._floors.append(-1.0)
        self._classes[method, name] += 1
        number = len(self._keys) - 1
        self._ids[method, name, kind] = number
        if not kind:
            self._good.setdefault(method, {})[name] = number
        return number


def _number(value: object) -> float:
    try:
        return float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        return math.inf


def _class_of(exception: object, response: object) -> str:
    try:
        return error_class(exception, response)
    except Exception:  # noqa: BLE001  somebody's property of somebody's exception: the request counts all the same
        return "error"


def _text_of(exception: object) -> str:
    try:
        return str(exception)[:TEXT_LENGTH]
    except Exception:  # noqa: BLE001  the same
        return type(exception).__name__
