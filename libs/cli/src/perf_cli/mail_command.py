"""`perf-platform mail`: show what waits in the outbox, or send a run's message at once."""

import argparse
import json
import os
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from perf_cli.configuration import Configuration, environment_layer, file_layer, find_file
from perf_core.errors import PerfError
from perf_core.runstore import RunStore

if TYPE_CHECKING:
    from perf_core.notify import OutboxEntry

EXAMPLE = "perf-platform mail --resend 20261124-113000-77b0"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options; without one the outbox is listed."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--resend", metavar="RUN", help="send the mail of this run now, with the comparison last stored"
    )
    what.add_argument("--due", action="store_true", help="try everything that is due, as a running master does")
    parser.add_argument("--webhook", action="store_true", help="with --resend: the webhook's message, not the mail")
    parser.add_argument("--config", metavar="FILE", help="configuration file (default: perf-platform.toml here)")
    parser.add_argument("--json", action="store_true", help="print an array and nothing else")


def run(options: argparse.Namespace) -> int:
    """List or send; an error while a message is not delivered."""
    from perf_core.notify import Channel, Courier

    courier = Courier(RunStore.from_environment(), _environment(options.config))
    if options.resend:
        entry = courier.resend(options.resend, Channel.WEBHOOK if options.webhook else Channel.MAIL)
        print(f"{entry.channel} of run {entry.run_id} was delivered")
        return 0
    tried = [attempt.entry for attempt in courier.deliver_due()] if options.due else None
    _show(courier.outbox.entries() if tried is None else tried, as_json=options.json)
    undelivered = [entry for entry in tried or () if entry.sent_at is None]
    if undelivered:
        raise PerfError(f"{len(undelivered)} message(s) were not delivered; they are kept and tried again")
    return 0


def _environment(config: str | None) -> dict[str, str]:
    """Return the environment, with the mail settings of the configuration file below it."""
    configuration = Configuration(file_layer(find_file(None, config)), environment_layer(os.environ))
    return {**os.environ, **configuration.exported("mail")}


def _show(entries: "list[OutboxEntry]", *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(entry) for entry in entries], indent=2))
        return
    for entry in entries:
        print(f"{entry.run_id:<22} {entry.channel:<8} {state_of(entry)}")
    if not entries:
        print("nothing to send")


def state_of(entry: "OutboxEntry") -> str:
    """Return how it stands with a message, for people."""
    if entry.sent_at is not None:
        return f"delivered {_moment(entry.sent_at)}" + (f" ({entry.error})" if entry.error else "")
    if entry.next_at is None:
        return f"given up after {entry.attempts} attempts: {entry.error}"
    if not entry.attempts:
        return "waits for its first attempt"
    return f"attempt {entry.attempts} failed, next {_moment(entry.next_at)}: {entry.error}"


def _moment(unix: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(unix))
