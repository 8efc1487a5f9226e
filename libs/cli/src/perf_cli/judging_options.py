"""How runs are judged, on the command line, in the environment and in the configuration file.

A run keeps what it was told; `compare` and `report` put on top what they are told themselves.
"""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

from perf_cli.configuration import (
    Configuration,
    Layer,
    Setting,
    environment_layer,
    file_layer,
    find_file,
    flag_layer,
)
from perf_core.errors import UsageError
from perf_core.model.fingerprint import check_handling

FLAGS = ("sigma_run", "sigma_endpoint", "force", "allow_missing", "warm_up")
TABLE = "comparability"
VARIABLE = "PERF_COMPARABILITY"


def add_warm_up_option(parser: argparse.ArgumentParser) -> None:
    """Add the option of judgements of whole runs; blocks of `ab` need no warm-up each."""
    parser.add_argument(
        "--warm-up", metavar="TIME", help="not judged after the ramp-up, 0 for nothing (default: looked for)"
    )


def add_judging_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every judgement has."""
    add = parser.add_argument
    add("--force", action="store_true", default=None, help="judge even runs that are not comparable")
    add("--allow-missing", action="store_true", default=None, help="an endpoint that is gone is no regression")
    add(
        "--comparability",
        action="append",
        default=[],
        metavar="FIELD=HOW",
        help="what is done when runs differ in a field: ignore, warn or refuse, e.g. users=warn; repeatable",
    )


def add_noise_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of noise between runs, which the two sides of `ab` are not: they run at the same time."""
    add = parser.add_argument
    add("--sigma-run", metavar="X", help="noise between runs that all endpoints share (default: 2%%)")
    add("--sigma-endpoint", metavar="X", help="noise between runs of each endpoint alone (default: 1%%)")


def comparability_layer(texts: list[str], source: str) -> Layer:
    """Return the settings of ``field=how`` texts.

    Raises:
        UsageError: one cannot be understood.
    """
    layer: Layer = {}
    for text in texts:
        field, equals, how = (part.strip() for part in text.partition("="))
        if not equals:
            raise UsageError(f"{source} {text!r} is not of the form field=how; write it like users=warn")
        try:
            layer[f"{TABLE}.{field}"] = Setting(check_handling(field, how).value, source)
        except UsageError as cause:
            raise UsageError(f"{source} {text!r}: {cause}") from cause
    return layer


def comparability_of(environment: Mapping[str, str]) -> Layer:
    """Return what PERF_COMPARABILITY says: ``users=warn,shape=ignore``."""
    texts = [text for text in environment.get(VARIABLE, "").split(",") if text.strip()]
    return comparability_layer(texts, VARIABLE)


def judging_settings(configuration: Configuration) -> dict[str, object]:
    """Return what somebody said about the judgement; what is left to the default is not there."""
    return {
        name: setting.value
        for name, setting in configuration.settings.items()
        if setting.source != "default" and (name in FLAGS or name.startswith(f"{TABLE}."))
    }


def given_settings(options: argparse.Namespace, environment: Mapping[str, str] = os.environ) -> dict[str, object]:
    """Return the settings for a judgement of stored runs: flags, environment, the configuration file of this folder.

    Raises:
        UsageError: one cannot be understood.
    """
    path: Path | None = find_file(None, None)
    return judging_settings(
        Configuration(
            file_layer(path),
            environment_layer(environment),
            comparability_of(environment),
            flag_layer({name: getattr(options, name) for name in FLAGS}),
            comparability_layer(options.comparability, "--comparability"),
        )
    )
