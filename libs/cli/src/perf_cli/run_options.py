"""The options of a run, shared by `run` and `config`, and the configuration they make with environment and files."""

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass

from perf_cli.configuration import Configuration, Layer, Setting, environment_layer, file_layer, find_file, flag_layer
from perf_cli.judging_options import (
    FLAGS,
    add_judging_options,
    add_noise_options,
    add_warm_up_option,
    comparability_layer,
    comparability_of,
)
from perf_cli.locust_options import LocustOptions, read_locust_options
from perf_cli.threshold_options import add_threshold_option, threshold_layer

_CI_LABELS = {
    "commit": ("GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT", "BUILD_SOURCEVERSION"),
    "branch": ("GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME", "BRANCH_NAME", "GIT_BRANCH"),
    "job_url": ("CI_JOB_URL", "BUILD_URL"),
}
_FLAGS = (
    "host",
    "users",
    "spawn_rate",
    "run_time",
    "workers",
    "scenario",
    "baseline",
    "strict",
    "wait",
    "label",
    "repeat",
    "shape",
)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """A configured run.

    Attributes:
        configuration: the values.
        locustfile: as Locust takes it: a path, several with commas, a folder; None = Locust's default.
        locustfile_source: who named it.
        locust: what Locust itself would read from its own files, its variables and what follows `--`.
    """

    configuration: Configuration
    locustfile: str | None
    locustfile_source: str
    locust: LocustOptions


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add the options; what follows `--` goes to Locust unchanged."""
    add = parser.add_argument
    add("-f", "--locustfile", help="locustfile, several with commas, or a folder (default: Locust's)")
    add("-H", "--host", help="base URL of the service (default: the locustfile's)")
    add("-u", "--users", help="users at once (default: Locust's, 1)")
    add("-r", "--spawn-rate", help="users started per second (default: all within 2 s)")
    add("-t", "--run-time", help="length of the run: 90s, 2m, 1h30m (default: until Ctrl-C)")
    add("-w", "--workers", help="worker processes (default: 1)")
    add("--scenario", help="what makes runs comparable (default: the locustfile's name)")
    add("--baseline", metavar="ID|FILE|URL|latest|none", help="run to judge against (default: the promoted one)")
    add("--repeat", metavar="N", help="runs one after another, judged together: a quieter verdict (default: 1)")
    add("--label", action="append", metavar="K=V", help="note on the run; repeatable")
    add("--shape", metavar="FILE", help="load shape: ramp, steps, spike, soak or search (docs/load.md)")
    add("--wait", metavar="TIME", help="wait this long until the target accepts connections, e.g. 60s")
    add("--strict", action="store_true", default=None, help="end with 4 when noise hides the answer")
    add_judging_options(parser)
    add_noise_options(parser)
    add_warm_up_option(parser)
    add_threshold_option(parser)
    add("--config", metavar="FILE", help="configuration file (default: perf-platform.toml beside the locustfile)")


def configure(options: argparse.Namespace, environment: Mapping[str, str] = os.environ) -> RunOptions:
    """Return what flags, environment and files say together.

    Raises:
        UsageError: something of it cannot be understood; the message names the place.
    """
    locust = read_locust_options(options.rest, environment)
    locustfile = options.locustfile or locust.locustfile
    configuration = Configuration(
        locust.files,
        file_layer(find_file(locustfile, options.config)),
        ci_labels(environment),
        environment_layer(environment),
        comparability_of(environment),
        flag_layer({name: getattr(options, name) for name in (*_FLAGS, *FLAGS)}),
        comparability_layer(options.comparability, "--comparability"),
        threshold_layer(options.threshold),
        locust.rest,
    )
    source = "--locustfile" if options.locustfile else ("default" if locustfile is None else "Locust's options")
    return RunOptions(configuration, locustfile, source, locust)


def ci_labels(environment: Mapping[str, str]) -> Layer:
    """Return the labels that the usual CI variables give."""
    return {
        f"labels.{label}": Setting(environment[name], name)
        for label, names in _CI_LABELS.items()
        for name in reversed(names)
        if environment.get(name)
    }
