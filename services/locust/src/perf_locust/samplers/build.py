"""`sampler(...)`: from a source and a strategy to a sampler, in one call in the locustfile."""

import hashlib
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from perf_locust.samplers import order
from perf_locust.samplers.columns import Columns, names_of
from perf_locust.samplers.errors import DataError
from perf_locust.samplers.mix import Mix
from perf_locust.samplers.registry import REGISTRY
from perf_locust.samplers.rows import Order, OrderedRows, OwnRows, UniqueRows
from perf_locust.samplers.sampler import AtEnd, Sampler
from perf_locust.samplers.sources import MEMORY_BYTES, Loaded, Reading, Source, load

ONCE = {"unique": UniqueRows, "per_user": OwnRows}
STRATEGIES = ("sequential", "random", "shuffled", "weighted", "zipf", *ONCE)


def sampler(
    source: Source,
    strategy: str = "sequential",
    *,
    columns: Columns = None,
    at_end: str | None = None,
    seed: int = 0,
    exponent: float = 1.0,
    weight: str = "weight",
    name: str | None = None,
    encoding: str = "utf-8",
    delimiter: str | None = None,
    memory_bytes: int = MEMORY_BYTES,
) -> OrderedRows | UniqueRows:
    """Return a sampler; call it once, at the top of the locustfile, and `next(self)` of it in tasks.

    Args:
        source: a path (.csv, .tsv, .jsonl, .ndjson; relative ones are looked for in the working directory, then
            beside the locustfile), a `Mongo`, or a list of mappings.
        strategy: one of `STRATEGIES`. The first five go on in each worker process for itself; `unique` hands out
            each row once over all workers, `per_user` gives each user a row of its own for its life.
        columns: column -> type, or a dataclass; without, every column as it is (a CSV has texts).
        at_end: cycle, stop_user or stop_run; default cycle, and stop_run for `unique` and `per_user`. `random`,
            `weighted` and `zipf` have no end.
        seed: of `random`, `shuffled`, `weighted` and `zipf`. Two runs with the same seed hand out the same rows to
            the worker of the same number.
        exponent: of `zipf`, at least 0: row r is drawn in proportion to 1 / r ** exponent.
        weight: the column that holds the weights of `weighted`.
        name: in messages; default the file's or the collection's.
        encoding: of a file.
        delimiter: of a CSV; default whichever of , ; TAB | its first line has most of.
        memory_bytes: above it the rows stay in the file, and only an index and a cache are in memory.

    Raises:
        DataError: the source cannot be read, a row is wrong, or an argument makes no sense.
    """
    if strategy not in STRATEGIES:
        raise DataError(f"strategy is {strategy!r}; choose one of {', '.join(STRATEGIES)}")
    end = _end(at_end, strategy)
    caller = sys._getframe(1).f_globals.get("__file__")  # noqa: SLF001  the locustfile, wherever Locust was started
    reading = Reading(columns, encoding, delimiter, memory_bytes)
    loaded = load(source, reading, Path(caller).parent if caller else None)
    called = REGISTRY.free_name(name or loaded.name)
    made: OrderedRows | UniqueRows
    if strategy in ONCE:
        made = ONCE[strategy](called, loaded.table, end)
    else:
        made = OrderedRows(called, loaded.table, _order(loaded, strategy, end, exponent, weight), seed, end)
    settings = (strategy, end, seed, exponent, weight, names_of(columns))
    REGISTRY.add(made, hashlib.sha256(f"{loaded.digest} {settings}".encode()).hexdigest())
    return made


def mix(name: str, samplers: Mapping[str, Sampler], weights: Mapping[str, float], *, seed: int = 0) -> Mix:
    """Return one sampler over several: each row is drawn from one of them, by weights that can be changed live.

    Args:
        name: what the mix is called where weights are changed.
        samplers: by names that stand for them.
        weights: of each, at least 0.
        seed: as for `sampler`.

    Raises:
        DataError: the weights do not fit the samplers.
    """
    made = Mix(REGISTRY.free_name(name), samplers, weights, seed)
    REGISTRY.add(made, hashlib.sha256(f"mix {sorted(weights.items())} {seed}".encode()).hexdigest())
    return made


def _end(at_end: str | None, strategy: str) -> AtEnd:
    try:
        return AtEnd(at_end or ("stop_run" if strategy in ONCE else "cycle"))
    except ValueError as cause:
        raise DataError(f"at_end is {at_end!r}; choose one of {', '.join(AtEnd)}") from cause


def _order(loaded: Loaded, strategy: str, end: AtEnd, exponent: float, weight: str) -> Order:
    rows, cycle = len(loaded.table), end is AtEnd.CYCLE
    if strategy == "zipf" and not 0 <= exponent < float("inf"):
        raise DataError(f"exponent is {exponent!r}; give a number of at least 0, where 0 makes all rows alike")
    orders: dict[str, Callable[[], Order]] = {
        "sequential": lambda: lambda _: order.sequential(rows, cycle=cycle),
        "shuffled": lambda: partial(order.shuffled, rows, cycle=cycle),
        "random": lambda: partial(order.uniform, rows),
        "weighted": lambda: partial(order.weighted, loaded.table.weights(weight)),
        "zipf": lambda: partial(order.zipf, rows, exponent),
    }
    return orders[strategy]()
