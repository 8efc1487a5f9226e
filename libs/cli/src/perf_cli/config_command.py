"""`perf-platform config`: what a run here would be, each value with its source."""

import argparse
import json

from perf_cli.configuration import Setting
from perf_cli.keys import key_for
from perf_cli.run_options import add_run_options, configure

EXAMPLE = "perf-platform config -f locustfile.py --users 20"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `run`: they count here as there."""
    add_run_options(parser)
    parser.add_argument(
        "--json", action="store_true", help="print an object name -> {value, source} and nothing else"
    )


def run(options: argparse.Namespace) -> int:
    """Print the settings."""
    configured = configure(options)
    settings = {"locustfile": Setting(configured.locustfile, configured.locustfile_source)}
    settings |= configured.configuration.settings
    shown = {name: Setting(_printable(name, setting.value), setting.source) for name, setting in settings.items()}
    if options.json:
        print(
            json.dumps({name: {"value": each.value, "source": each.source} for name, each in shown.items()}, indent=2)
        )
        return 0
    for name, each in shown.items():
        value = "-" if each.value is None else str(each.value)
        print(f"{name:<29} {value:<32} {each.source}")
    return 0


def _printable(name: str, value: object) -> object:
    key = key_for(name)
    return "(set)" if key is not None and key.secret and value is not None else value
