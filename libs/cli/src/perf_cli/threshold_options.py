"""Thresholds on the command line; in the configuration file they are the table `thresholds`."""

import argparse
import re

from perf_cli.configuration import Layer, Setting, file_layer, find_file

TABLE = "thresholds"
_NAMED = re.compile(r"\s*([A-Za-z_][\w-]*)\s*=\s*([^=].*)")


def add_threshold_option(parser: argparse.ArgumentParser) -> None:
    """Add the option."""
    parser.add_argument(
        "--threshold",
        action="append",
        default=[],
        metavar="TEXT",
        help="what the run must keep, e.g. 'p95 of \"GET /items\" < 300ms', 'p99 < baseline + 10%%' or "
        "'error rate < 5%% for 30s abort'; NAME=TEXT replaces the one of that name, NAME=off drops it; repeatable",
    )


def threshold_layer(texts: list[str]) -> Layer:
    """Return the flags as settings; those without a name are numbered.

    Raises:
        UsageError: one cannot be understood.
    """
    layer: Layer = {}
    for number, text in enumerate(texts, 1):
        named = _NAMED.fullmatch(text)
        name, sentence = (named[1], named[2]) if named else (str(number), text)
        layer[f"{TABLE}.{name}"] = Setting(_checked(sentence.strip()), "--threshold")
    return layer


def given_thresholds(texts: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the thresholds for a judgement of stored runs, key -> sentence: of the file of this folder, and flags.

    What a run was started with beats the file, and a flag beats both.

    Raises:
        UsageError: one cannot be understood.
    """
    return _sentences(file_layer(find_file(None, None))), _sentences(threshold_layer(texts))


def _sentences(layer: Layer) -> dict[str, str]:
    return {name: str(setting.value) for name, setting in layer.items() if name.startswith(f"{TABLE}.")}


def _checked(sentence: str) -> str:
    from perf_core.compare.threshold import parse_thresholds

    parse_thresholds({"--threshold": sentence})
    return sentence
