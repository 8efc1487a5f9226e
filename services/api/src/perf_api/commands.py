"""The command line: every option is also a variable, --metrics-port and PERF_API_METRICS_PORT are one setting."""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pydantic import SecretStr

from perf_api.adapters.factory import open_database
from perf_api.adapters.sqlite.engine import DatabaseFileError
from perf_api.adapters.sqlite.lock import DatabaseInUseError
from perf_api.adapters.urls import DatabaseUrlError
from perf_api.domain.errors import DatabaseUnavailableError
from perf_api.metrics.server import MetricsPortError
from perf_api.seeding import Progress, seed
from perf_api.settings import PREFIX, Settings, SettingsError, is_secret, read_settings

_WRONG_USAGE = 2
_FAILED = 1


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit status: 2 for wrong settings, 1 when it cannot do its work."""
    options = vars(_parser().parse_args(arguments))
    command = options.pop("command")
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return _COMMANDS[command](given)
    except (SettingsError, DatabaseUrlError) as error:
        return _say(_explained(error), _WRONG_USAGE)
    except _FAILURES as error:
        return _say(_explained(error), _FAILED)


def _explained(error: Exception) -> str:
    """Return what went wrong, with the name of the setting."""
    if isinstance(error, DatabaseUrlError):
        return f"{PREFIX}DATABASE (--database) is wrong: {error}"
    if isinstance(error, DatabaseUnavailableError):
        return f"{error}; start it, or name another with --database or {PREFIX}DATABASE"
    return str(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "perf-api",
        description="The reference service: items, orders and reports over HTTP.",
        epilog="example: perf-api serve --port 8000 --database sqlite:///api.db",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    serving = commands.add_parser(
        "serve",
        help="serve the API, and its metrics on a port of their own",
        epilog="example: perf-api serve --port 8000 --metrics-port 9000 --database sqlite:///api.db. " + _secrets(),
    )
    for name in Settings.model_fields:
        if not is_secret(name):
            _add(serving, name)
    seeding = commands.add_parser(
        "seed",
        help="fill the database, with the same data every time",
        epilog="example: perf-api seed --items 100000 --orders 50000 --database sqlite:///api.db",
    )
    _add(seeding, "database")
    _add_number(seeding, "items", "items to add")
    _add_number(seeding, "orders", "orders to add; they choose items by Zipf's law")
    _add_number(seeding, "seed", "number of the data set")
    _add_number(seeding, "wait", "seconds to wait for a database that does not answer")
    describing = commands.add_parser("openapi", help="print the OpenAPI document", epilog="example: perf-api openapi")
    describing.add_argument("--output", metavar="FILE", help=f"write it to a file ({PREFIX}OUTPUT)")
    return parser


_DEFAULTS = {"items": 1000, "orders": 1000, "seed": 1, "wait": 0}
_PAUSE = 1.0
"""Seconds between two attempts to reach a database."""


def _add(parser: argparse.ArgumentParser, name: str) -> None:
    """Add the option of a setting."""
    field = Settings.model_fields[name]
    variable = f"{PREFIX}{name.upper()}"
    text = f"{field.description} ({variable}; default: {field.default})".replace("%", "%%")
    option = f"--{name.replace('_', '-')}"
    if field.annotation is bool:
        parser.add_argument(option, action=argparse.BooleanOptionalAction, default=None, help=text)
    else:
        parser.add_argument(option, metavar=name.upper(), help=text)


def _add_number(parser: argparse.ArgumentParser, name: str, text: str) -> None:
    parser.add_argument(f"--{name}", metavar="N", help=f"{text} ({PREFIX}{name.upper()}; default: {_DEFAULTS[name]})")


def _secrets() -> str:
    names = ", ".join(f"{PREFIX}{name.upper()}" for name in Settings.model_fields if is_secret(name))
    return f"Secrets are variables only: {names}."


def _number(given: dict[str, str], name: str) -> int:
    text = given.pop(name, None) or os.environ.get(f"{PREFIX}{name.upper()}") or str(_DEFAULTS[name])
    if not text.isdecimal():
        raise SettingsError(f"{PREFIX}{name.upper()} (--{name}) is wrong: {text!r} is no whole number from 0")
    return int(text)


def _seed(given: dict[str, str]) -> int:
    items, orders, number, patience = (_number(given, name) for name in ("items", "orders", "seed", "wait"))
    url, give_up = read_settings(**given).database, time.monotonic() + patience
    while True:
        try:
            asyncio.run(_fill(url, items, orders, number))
        except DatabaseUnavailableError as error:  # what was added before stays as it is
            if time.monotonic() >= give_up:
                raise
            _say(f"{error}; trying again", _FAILED)
            time.sleep(_PAUSE)
        else:
            return 0


async def _fill(url: str, items: int, orders: int, number: int) -> None:
    database = open_database(url)
    try:
        await database.prepare()
        await seed(database, items, orders, number, _Shown())
    finally:
        await database.close()
    sys.stdout.write(f"{items} items and {orders} orders seeded\n")


class _Shown:
    """Shows progress on standard error: in place on a terminal, else a line every two seconds."""

    def __init__(self) -> None:
        self._last = 0.0

    def __call__(self, progress: Progress) -> None:
        last, finished = self._last, progress.done == progress.total
        terminal = sys.stderr.isatty()
        if not finished and progress.seconds - last < (0.2 if terminal else 2.0):
            return
        self._last = 0.0 if finished else progress.seconds
        rate = progress.done / max(progress.seconds, 1e-9)
        share = progress.done / progress.total
        text = f"{progress.what}: {progress.done} of {progress.total} ({share:.0%}), {rate:.0f}/s"
        sys.stderr.write(f"\r\033[K{text}" if terminal else f"{text}\n")
        if terminal and finished:
            sys.stderr.write("\n")
        sys.stderr.flush()


def _serve(given: dict[str, str]) -> int:
    from perf_api.serving import serve  # noqa: PLC0415  FastAPI is seconds of work, and seeding needs none of it

    serve(read_settings(**given))
    return 0


def _write_openapi(given: dict[str, str]) -> int:
    from perf_api.app import create_app  # noqa: PLC0415  see _serve
    from perf_api.openapi_file import document_text  # noqa: PLC0415

    output = given.get("output") or os.environ.get(f"{PREFIX}OUTPUT")
    text = document_text(create_app(Settings(database="sqlite:///:memory:", cursor_key=SecretStr(""))))
    if output:
        Path(output).write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


def _say(message: str, status: int) -> int:
    sys.stderr.write(f"perf-api: {message}\n")
    return status


_COMMANDS = {"serve": _serve, "seed": _seed, "openapi": _write_openapi}
_FAILURES = (DatabaseInUseError, DatabaseFileError, DatabaseUnavailableError, MetricsPortError, OSError)
