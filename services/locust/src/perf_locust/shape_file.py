"""A load shape from a small TOML file: ramp, steps, spike, soak, or the search for the highest level that holds."""

import math
import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from perf_core.errors import UsageError
from perf_core.units import parse_duration

KINDS: dict[str, dict[str, object]] = {
    "ramp": {"from": 0.0, "to": None, "over": None, "hold": 0.0},
    "steps": {"levels": None, "every": None},
    "spike": {"base": None, "peak": None, "before": None, "for": None, "after": None},
    "soak": {"level": None, "ramp": 0.0, "for": None},
    "search": {"lowest": None, "highest": None, "every": 20.0, "precision": 0.05},
}
"""Keys of each kind with their defaults; None = it must be given."""
_TIMES = ("over", "hold", "every", "before", "for", "after", "ramp")
_COMMON = ("kind", "of", "users")
_EXAMPLE = 'kind = "spike", base = 20, peak = 200, before = "30s", for = "10s", after = "60s"'
SHORTEST_STEP = 5.0


@dataclass(frozen=True, slots=True)
class LoadShape:
    """A shape.

    Attributes:
        kind: one of `KINDS`.
        of: what its levels are: "users", or "rate" (iterations per second over all users).
        users: users of a shape of rates; 0 = what the run is started with.
        segments: (seconds, level at the begin, level at the end), one after the other; none for a search.
        lowest, highest: levels of a search.
        every: seconds of each of its steps.
        precision: it ends when what breaks is nearer than this ratio to what holds.
        thresholds: that a step must keep, key -> sentence.
    """

    kind: str
    of: str
    users: int = 0
    segments: tuple[tuple[float, float, float], ...] = ()
    lowest: float = 0.0
    highest: float = 0.0
    every: float = 0.0
    precision: float = 0.0
    thresholds: tuple[tuple[str, str], ...] = ()

    @property
    def seconds(self) -> float:
        """Length; infinity for a search, which ends when it has found."""
        return sum(length for length, _, _ in self.segments) if self.segments else math.inf

    def level(self, at: float) -> float | None:
        """Return the level so many seconds after the begin; None when the shape is over."""
        for length, begin, end in self.segments:
            if at < length:
                return begin + (end - begin) * at / length
            at -= length
        return None

    def __str__(self) -> str:
        """Return the shape in words, the same for the same shape."""
        what = f"{self.kind} of {self.of}" + (f" with {self.users} users" if self.users else "")
        if self.kind == "search":
            return f"{what} from {self.lowest:g} to {self.highest:g}, {self.every:g} s a step"
        return f"{what}: " + ", ".join(
            f"{begin:g} -> {end:g} in {length:g} s" for length, begin, end in self.segments
        )

    def document(self) -> dict[str, Any]:
        """Return the shape as JSON has it."""
        return asdict(self)

    @classmethod
    def of_document(cls, document: dict[str, Any]) -> "LoadShape":
        """Return the shape of `document`."""
        known = {field.name: document[field.name] for field in fields(cls) if field.name in document}
        known["segments"] = tuple((a, b, c) for a, b, c in known["segments"])
        known["thresholds"] = tuple((key, text) for key, text in known["thresholds"])
        return cls(**known)


def read_shape(path: Path) -> LoadShape:
    """Return the shape of a file.

    Raises:
        UsageError: it cannot be read, or makes no sense; the message names the key.
    """
    try:
        raw = tomllib.loads(path.read_text())
    except OSError as cause:
        raise UsageError(f"the shape {path} cannot be read ({cause.strerror}); name a file that can") from cause
    except ValueError as cause:
        raise UsageError(f"the shape {path} is no TOML ({cause}); write it like {_EXAMPLE}, one a line") from cause
    try:
        return _shape(raw)
    except UsageError as cause:
        raise UsageError(f"the shape {path}: {cause}") from cause


def _shape(raw: dict[str, Any]) -> LoadShape:
    kind = raw.get("kind")
    if kind not in KINDS:
        raise UsageError(f"kind is {kind!r}; choose one of {', '.join(KINDS)}")
    unknown = [name for name in raw if name not in (*_COMMON, *KINDS[kind])]
    if unknown:
        raise UsageError(f"a {kind} has no {unknown[0]!r}; it has {', '.join((*_COMMON, *KINDS[kind]))}")
    values = {name: _value(kind, name, raw.get(name, default)) for name, default in KINDS[kind].items()}
    of = raw.get("of", "rate" if kind == "search" else "users")
    if of not in {"users", "rate"}:
        raise UsageError(f"of is {of!r}; choose users or rate")
    users = raw.get("users", 0)
    if not isinstance(users, int) or isinstance(users, bool) or users < 0 or (users and of == "users"):
        raise UsageError(f'users is {users!r}; give a whole number, and only with of = "rate"')
    if kind == "search":
        return _search(of, users, values)
    shape = LoadShape(kind, of, users, _segments(kind, values))
    if not max(max(begin, end) for _, begin, end in shape.segments):
        raise UsageError("all levels are 0; give one above 0")
    return shape


def _segments(kind: str, has: dict[str, Any]) -> tuple[tuple[float, float, float], ...]:
    if kind == "ramp":
        made = [(has["over"], has["from"], has["to"]), (has["hold"], has["to"], has["to"])]
    elif kind == "steps":
        made = [(has["every"], level, level) for level in has["levels"]]
    elif kind == "spike":
        pairs = (("before", "base"), ("for", "peak"), ("after", "base"))
        made = [(has[length], has[level], has[level]) for length, level in pairs]
    else:
        made = [(has["ramp"], 0.0, has["level"]), (has["for"], has["level"], has["level"])]
    return tuple(segment for segment in made if segment[0] > 0)


def _search(of: str, users: int, has: dict[str, Any]) -> LoadShape:
    lowest, highest = has["lowest"], has["highest"]
    if not 0 < lowest < highest:
        raise UsageError(f"lowest is {lowest:g} and highest {highest:g}; let them be above 0, and highest the higher")
    if has["every"] < SHORTEST_STEP:
        raise UsageError(f"every is {has['every']:g} s; a step needs at least {SHORTEST_STEP:g} s to say anything")
    if not 0.001 <= has["precision"] <= 1:
        raise UsageError(f"precision is {has['precision']!r}; give a ratio from 0.001 to 1")
    return LoadShape("search", of, users, (), lowest, highest, has["every"], has["precision"])


def _value(kind: str, name: str, raw: Any) -> Any:
    if raw is None:
        raise UsageError(f"a {kind} needs {name!r}; it has {', '.join(KINDS[kind])}")
    if name in _TIMES:
        return _seconds(name, raw)
    if name == "levels":
        if not isinstance(raw, list) or not raw:
            raise UsageError(f"levels is {raw!r}; write it like [10, 20, 40]")
        return [_level(name, each) for each in raw]
    return _level(name, raw)


def _seconds(name: str, raw: Any) -> float:
    if isinstance(raw, int | float) and not isinstance(raw, bool) and 0 <= raw < math.inf:
        return float(raw)
    try:
        return parse_duration(str(raw))
    except UsageError as cause:
        raise UsageError(f"{name} is {raw!r}; write it like 90s, 2m or 1h30m") from cause


def _level(name: str, raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not 0 <= raw <= 1e6:
        raise UsageError(f"{name} is {raw!r}; give a number from 0 to 1000000")
    return float(raw)
