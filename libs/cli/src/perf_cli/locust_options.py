"""What Locust itself would be told: by its configuration files, by LOCUST_LOCUSTFILE and by what follows `--`.

Locust reads all of it again; it is read here, without importing Locust, so that the run's other half (spawn rate, the
place of perf-platform.toml, `perf-platform config`) follows the same values.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

import configargparse

from perf_cli.configuration import Layer, parsed
from perf_cli.keys import key_for
from perf_core.errors import UsageError

FILES = ("~/.locust.conf", "locust.conf", "pyproject.toml")
_NAMES = {"-H": "host", "-u": "users", "-r": "spawn_rate", "-t": "run_time"}

_ROLES = ("master", "worker", "processes")
"""Options that give a process a role; in a file they would reach every process of the run."""


@dataclass(frozen=True, slots=True)
class LocustOptions:
    """Locust's own options.

    Attributes:
        files: of its configuration files, weaker than ours.
        rest: of what follows `--`, which Locust reads last.
        locustfile: where it is named outside our own option.
        bind_port: the port of the master, when it is given after `--`.
        arguments: what follows `--`, unchanged.
    """

    files: Layer
    rest: Layer
    locustfile: str | None
    bind_port: int | None
    arguments: tuple[str, ...] = ()


def read_locust_options(rest: Sequence[str], environment: Mapping[str, str]) -> LocustOptions:
    """Read Locust's files and what follows `--`.

    Raises:
        UsageError: a file cannot be read, or an option lacks its value.
    """
    given, _ = _parser(()).parse_known_args(list(rest), env_vars={})
    names = FILES if given.config is None else (*FILES, given.config)
    try:
        filed, _ = _parser(names).parse_known_args([], env_vars={})
    except (configargparse.ConfigFileParserException, OSError) as cause:
        raise UsageError(f"Locust's configuration file cannot be read ({cause}); correct it") from cause
    _check_roles(filed)
    locustfile = given.locustfile or environment.get("LOCUST_LOCUSTFILE") or filed.locustfile
    files, after = _layer(filed, "locust.conf"), _layer(given, "after --")
    return LocustOptions(files, after, locustfile, given.master_bind_port, tuple(rest))


class _Parser(configargparse.ArgumentParser):  # type: ignore[misc]  # it has no types
    def error(self, message: str) -> Any:
        raise UsageError(f"Locust's options: {message}")


class _FileParser(configargparse.ConfigFileParser):  # type: ignore[misc]  # it has no types
    def parse(self, stream: TextIO) -> Any:
        if not stream.name.endswith(".toml"):
            return configargparse.DefaultConfigFileParser().parse(stream)
        table = tomllib.loads(stream.read()).get("tool", {}).get("locust", {})
        return {key: value if isinstance(value, list) else str(value) for key, value in table.items()}


def _parser(files: Sequence[str]) -> _Parser:
    parser = _Parser(
        default_config_files=list(files),
        config_file_parser_class=_FileParser,
        add_help=False,
        allow_abbrev=False,
        ignore_unknown_config_file_keys=True,
    )
    for flag, name in _NAMES.items():
        parser.add_argument(flag, f"--{name.replace('_', '-')}")
    parser.add_argument("-f", "--locustfile")
    parser.add_argument("--config")
    parser.add_argument("--master-bind-port", type=int)
    for role in _ROLES:
        parser.add_argument(f"--{role}", nargs="?", const="true")
    return parser


def _check_roles(filed: Any) -> None:
    for role in _ROLES:
        if getattr(filed, role) not in (None, "false"):
            raise UsageError(
                f"Locust's configuration file sets '{role}'; remove it: `perf-platform run` starts the master itself "
                "and as many workers as --workers says"
            )


def _layer(options: Any, source: str) -> Layer:
    layer: Layer = {}
    for name in _NAMES.values():
        raw, key = getattr(options, name), key_for(name)
        if raw is not None and key is not None:
            layer[name] = parsed(key, raw, f"{name} of Locust's options ({source})", source)
    return layer
