"""`perf-platform data`: read test data as a locustfile would, check every row, and show the first ones."""

import argparse
import json
from typing import TYPE_CHECKING, Any

from perf_core.errors import UsageError

if TYPE_CHECKING:
    from perf_locust.samplers.sources import Source

EXAMPLE = """perf-platform data customers.csv --columns id:str,credit:float --strategy zipf --rows 5
         perf-platform data mongodb://127.0.0.1:27017/shop --collection items --query '{"stock": {"$gt": 0}}'"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add("source", help="file (.csv, .tsv, .jsonl, .ndjson) or mongodb:// URL that names the database")
    add("--collection", help="collection of the database")
    add("--query", help="which documents, as JSON (default: all)")
    add("--columns", metavar="NAME:TYPE,...", help="types: str, int, float, bool; 'int | None' may be missing")
    add("--strategy", default="sequential", help="order in which the rows are shown (default: sequential)")
    add("--exponent", type=float, default=1.0, help="of zipf (default: 1)")
    add("--weight", default="weight", help="column of weighted (default: weight)")
    add("--seed", type=int, default=0, help="of the order (default: 0)")
    add("--rows", type=int, default=10, help="how many to show (default: 10)")
    add("--encoding", default="utf-8", help="of the file (default: utf-8)")
    add("--delimiter", help="of a CSV (default: what its first line has most of)")


def run(options: argparse.Namespace) -> int:
    """Show and check it."""
    from perf_locust.samplers.build import sampler
    from perf_locust.samplers.rows import OrderedRows

    if options.rows < 0:
        raise UsageError(f"--rows is {options.rows}; give a number of at least 0")
    made = sampler(
        _source(options),
        options.strategy,
        columns=_columns(options.columns),
        seed=options.seed,
        exponent=options.exponent,
        weight=options.weight,
        encoding=options.encoding,
        delimiter=options.delimiter,
    )
    table = made.table
    _check(table)
    print(f"{options.source}: {len(table)} rows, {'held in memory' if table.in_memory else 'read from the file'}")
    print("columns: " + ", ".join(f"{name} ({kind})" for name, kind in _kinds(table.row(0)).items()))
    users = [_Somebody() for _ in range(options.rows)]
    order = "each worker process gets" if isinstance(made, OrderedRows) else "all workers together get"
    print(f"{options.strategy}: {order}" + (f", seed {options.seed}" if isinstance(made, OrderedRows) else ""))
    for row in map(made.draw, users):
        print(f"  {json.dumps(row, ensure_ascii=False, default=str)}" if row is not None else "  (no further row)")
        if row is None:
            break
    return 0


class _Somebody:
    """A user, for strategies that give each one a row of its own."""


def _source(options: argparse.Namespace) -> "Source":
    from perf_locust.samplers.sources import Mongo

    if not options.source.startswith(("mongodb://", "mongodb+srv://")):
        if options.collection or options.query:
            raise UsageError("--collection and --query are of a database; name it by its mongodb:// URL")
        return str(options.source)
    if not options.collection:
        raise UsageError("a database has many collections; name one with --collection")
    return Mongo(options.source, options.collection, _query(options.query))


def _query(text: str | None) -> dict[str, Any] | None:
    try:
        query = json.loads(text) if text else None
    except ValueError as cause:
        raise UsageError(f"--query is no JSON ({cause})") from cause
    if query is not None and not isinstance(query, dict):
        raise UsageError('--query is no JSON object; write it like \'{"stock": {"$gt": 0}}\'')
    return query


def _columns(text: str | None) -> dict[str, str] | None:
    if text is None:
        return None
    parts = [part.partition(":") for part in text.split(",")]
    if any(not name.strip() or not kind.strip() for name, _, kind in parts):
        raise UsageError(f"--columns is {text!r}; write it like id:str,price:float")
    return {name.strip(): kind.strip() for name, _, kind in parts}


def _check(table: Any) -> None:
    """Read every row once: a large file's rows are checked when they are read."""
    if not table.in_memory:
        for number in range(len(table)):
            table.row(number)


def _kinds(row: dict[str, Any]) -> dict[str, str]:
    return {name: type(value).__name__ for name, value in row.items()}
