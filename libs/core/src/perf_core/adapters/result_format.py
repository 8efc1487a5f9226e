"""What every format of foreign results has in common: columns in, requests out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from perf_core.model.frame import FrameKey
from perf_core.model.histogram import FloatArray, IntArray

BoolArray = NDArray[np.bool_]
Check = tuple[BoolArray, Callable[[int], str]]
"""Which rows fail, and what to say of one."""
LAST_SECOND = 2.0**32
MOST_BYTES = 2.0**53
MAX_KEYS = 4000
"""Distinct (method, name, error class); requests of more are counted under the name "other"."""
MAX_CLASSES = 30
"""Distinct error classes kept per endpoint; more are counted as "other"."""
_MEMO_SIZE = 200_000
_METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT"}
NO_NAME = "(no name)"


@dataclass(frozen=True, slots=True, eq=False)
class Requests:
    """Requests of one chunk as columns of one length.

    Attributes:
        starts: Unix seconds.
        durations: seconds; NaN for a request without a latency.
        bytes: size of the answers.
        keys: ids of a `KeyTable`.
        used: rows that are counted.
        bad: what is wrong with each of the others.
        texts: error text per row, "" for none; None when the format has none.
    """

    starts: FloatArray
    durations: FloatArray
    bytes: IntArray
    keys: IntArray
    used: BoolArray
    bad: dict[int, str]
    texts: Sequence[str] | None = None


class Parser(Protocol):
    """Reads chunks of one file."""

    def __call__(self, columns: Callable[[str], list[str]]) -> Requests:
        """Return the requests of a chunk; `columns` gives one by its name, empty texts when the file lacks it."""
        ...


@dataclass(frozen=True, slots=True)
class ResultFormat:
    """A format: its name, the columns it cannot do without, its usual columns, and what makes its parser.

    `usual` names the columns of a file without a header; empty when the format always has one.
    """

    name: str
    required: tuple[str, ...]
    usual: tuple[str, ...]
    parser: Callable[["KeyTable"], Parser]


class _Memo(dict[tuple[str, ...], int]):
    """Raw texts of a request -> its id, resolved when first seen."""

    def __init__(self, resolve: Callable[[tuple[str, ...]], int]) -> None:
        super().__init__()
        self._resolve = resolve

    def __missing__(self, raw: tuple[str, ...]) -> int:
        if len(self) >= _MEMO_SIZE:
            self.clear()
        self[raw] = found = self._resolve(raw)
        return found


class KeyTable:
    """Gives every (method, name, error class) a small number; the numbers of unusable rows are below zero."""

    def __init__(self) -> None:
        """Begin with none."""
        self.keys: list[FrameKey] = []
        self._ids: dict[FrameKey, int] = {}
        self._classes: dict[tuple[str, str], set[str]] = {}
        self._reasons: list[str] = []
        self._folded: set[int] = set()

    def memo(self, resolve: Callable[..., FrameKey | str]) -> Callable[[Iterable[tuple[str, ...]], int], IntArray]:
        """Return what turns rows of texts into ids; `resolve` gives a key, or a text saying what is wrong."""
        memo = _Memo(lambda raw: self._id(resolve(*raw)))

        def ids(rows: Iterable[tuple[str, ...]], count: int) -> IntArray:
            return np.fromiter(map(memo.__getitem__, rows), np.int64, count)

        return ids

    def reason(self, number: int) -> str:
        """Return why a number is below zero."""
        return self._reasons[-1 - number]

    def folded(self, ids: IntArray) -> int:
        """Return how many requests were counted under the name "other"."""
        return int(np.isin(ids, list(self._folded)).sum()) if self._folded else 0

    def _id(self, key: FrameKey | str) -> int:
        if isinstance(key, str):
            if key not in self._reasons:
                self._reasons.append(key)
            return -1 - self._reasons.index(key)
        known = self._ids.get(key)
        if known is not None:
            return known
        if len(self.keys) >= MAX_KEYS:
            folded = FrameKey("", "other", "other" if key.error_class else "")
            if folded not in self._ids:
                self._add(folded)
            self._folded.add(self._ids[folded])
            return self._ids[folded]
        classes = self._classes.setdefault((key.method, key.name), set())
        if key.error_class and len(classes) >= MAX_CLASSES and key.error_class != "other":
            return self._id(FrameKey(key.method, key.name, "other"))
        classes.add(key.error_class)
        return self._add(key)

    def _add(self, key: FrameKey) -> int:
        self._ids[key] = len(self.keys)
        self.keys.append(key)
        return self._ids[key]


def numbers(texts: Sequence[str]) -> FloatArray:
    """Return each text as a number; NaN where it is none."""
    try:
        return np.array(list(map(float, texts)), dtype=np.float64)
    except ValueError:
        return np.array([_number(text) for text in texts], dtype=np.float64)


def moments(texts: Sequence[str]) -> FloatArray:
    """Return each text as a number, dates in ISO 8601 or with slashes as Unix seconds; NaN where it is neither."""
    found = numbers(texts)
    for at in np.flatnonzero(np.isnan(found)).tolist():
        found[at] = _moment(texts[at])
    return found


def checked(  # noqa: PLR0917  what every format hands over
    table: KeyTable,
    starts: FloatArray,
    durations: FloatArray,
    sizes: Sequence[str],
    keys: IntArray,
    checks: Iterable[Check],
    texts: Sequence[str] | None = None,
) -> Requests:
    """Return the requests of a chunk; a row that fails a check, the format's or a common one, is bad."""
    size = numbers([text or "0" for text in sizes])
    common = (
        (durations < 0, lambda row: f"a duration of {durations[row]:g} s is negative"),
        (np.isinf(durations), lambda _: "the duration is infinite"),
        (~((starts >= 0) & (starts < LAST_SECOND)), lambda row: f"{starts[row]:.12g} s is no time in Unix seconds"),
        (~((size >= 0) & (size < MOST_BYTES)), lambda row: f"{sizes[row]!r} is no number of bytes"),
        (keys < 0, lambda row: table.reason(int(keys[row]))),
    )
    bad: dict[int, str] = {}
    for fails, sentence in (*checks, *common):
        for row in np.flatnonzero(fails):
            bad.setdefault(int(row), sentence(int(row)))
    used = np.ones(len(starts), dtype=np.bool_)
    used[list(bad)] = False
    return Requests(starts, durations, np.where(used, size, 0).astype(np.int64), keys, used, bad, texts)


def split_label(label: str) -> tuple[str, str]:
    """Return method and name of a label like ``GET /items``; no method when it does not begin with one."""
    method, _, name = label.strip().partition(" ")
    return (method, name.strip()) if method in _METHODS and name.strip() else ("", label.strip() or NO_NAME)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text.strip().replace("/", "-").replace(",", "."))
    except ValueError:
        return float("nan")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
