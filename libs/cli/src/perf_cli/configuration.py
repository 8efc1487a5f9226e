"""What a run is configured to be, each value with its source: flags beat the environment, that beats the file."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from perf_cli.keys import KEYS, Key, key_for
from perf_core.errors import UsageError

FILE = "perf-platform.toml"


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and who said it: a flag, a variable, a file, or "default"."""

    value: object
    source: str


Layer = dict[str, Setting]


class Configuration:
    """The settings of all keys."""

    def __init__(self, *layers: Mapping[str, Setting]) -> None:
        """Lay the layers over the defaults, the weakest first."""
        self.settings: Layer = {
            key.name: Setting(key.default, "default") for key in KEYS if not key.name.endswith(".*")
        }
        for layer in layers:
            self.settings |= layer

    def __getitem__(self, name: str) -> object:
        """Return the value of a key, its default when nobody gave one."""
        return self.settings[name].value

    def text(self, name: str) -> str | None:
        """Return the value as text; None when there is none."""
        value = self[name]
        return None if value is None else str(value)

    def number(self, name: str) -> float | None:
        """Return the value as a number; None when there is none."""
        value = self[name]
        return float(value) if isinstance(value, int | float) else None

    def table(self, prefix: str) -> dict[str, object]:
        """Return the entries of a table, by their names in it: of "labels" those of `labels.*`."""
        start = f"{prefix}."
        return {
            name.removeprefix(start): setting.value
            for name, setting in self.settings.items()
            if name.startswith(start) and setting.value is not None
        }

    def exported(self, prefix: str) -> dict[str, str]:
        """Return a table as environment variables, for processes that are configured so."""
        return {
            key.variable: str(self[key.name])
            for key in KEYS
            if key.variable and key.name.startswith(f"{prefix}.") and self[key.name] is not None
        }


def find_file(locustfile: str | None, given: str | None) -> Path | None:
    """Return the configuration file: the one given, else that beside the locustfile, else that of this folder.

    Raises:
        UsageError: the given one is not there.
    """
    if given is not None:
        if not Path(given).is_file():
            raise UsageError(f"there is no configuration file {given}; name one with --config")
        return Path(given)
    first = Path((locustfile or ".").split(",")[0].strip())
    for folder in (first if first.is_dir() else first.parent, Path()):
        if (folder / FILE).is_file():
            return folder / FILE
    return None


def file_layer(path: Path | None) -> Layer:
    """Read the file; no file is an empty layer.

    Raises:
        UsageError: it is no TOML, or has an unknown key or a wrong value; the message names the key.
    """
    if path is None:
        return {}
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as cause:
        raise UsageError(f"{path} cannot be read ({cause}); correct it") from cause
    layer: Layer = {}
    for name, raw in _flat(document):
        key = key_for(name)
        if key is None:
            raise UsageError(f"{path} has an unknown key '{name}'; {_nearest(name)}")
        if key.secret:
            raise UsageError(f"{path} has '{name}', which does not belong in a file; set {key.variable} instead")
        layer[name] = parsed(key, raw, f"{path}: {name}", str(path))
    return layer


def environment_layer(environment: Mapping[str, str]) -> Layer:
    """Read the environment variables of the keys; an empty one counts as not set.

    Raises:
        UsageError: a variable cannot be understood; the message names it.
    """
    layer: Layer = {}
    for key in KEYS:
        raw = environment.get(key.variable or "", "")
        if not raw or key.variable is None:
            continue
        if key.name.endswith(".*"):
            for pair in raw.split(","):
                layer |= pair_layer(key, pair, key.variable)
        else:
            layer[key.name] = parsed(key, raw, key.variable, key.variable)
    return layer


def flag_layer(flags: Mapping[str, object]) -> Layer:
    """Read flags by the names of their keys; None is a flag that was not given, a list is of `k=v`.

    Raises:
        UsageError: a flag cannot be understood; the message names it.
    """
    layer: Layer = {}
    for name, raw in flags.items():
        flag = f"--{name.replace('_', '-')}"
        if isinstance(raw, list):
            for pair in raw:
                layer |= pair_layer(_known(f"{name}s.*"), pair, flag)
        elif raw is not None:
            layer[name] = parsed(_known(name), raw, flag, flag)
    return layer


def pair_layer(key: Key, pair: str, source: str) -> Layer:
    """Return the layer of one `name=value` of a `.*` key.

    Raises:
        UsageError: it is not of that form.
    """
    name, equals, raw = pair.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"{source} {pair!r} is not of the form key=value; write it like commit=1a2b3c")
    return {key.name[:-1] + name.strip(): parsed(key, raw, source, source)}


def parsed(key: Key, raw: object, where: str, source: str) -> Setting:
    """Return the setting of a raw value.

    Raises:
        UsageError: the key does not accept it.
    """
    try:
        return Setting(key.parse(raw), source)
    except ValueError as cause:
        raise UsageError(f"{where} is {raw!r}; {cause}") from cause


def _flat(document: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    tables = {key.name.rsplit(".", 1)[0] for key in KEYS if "." in key.name}
    for name, raw in document.items():
        full = prefix + name
        if full in tables and isinstance(raw, dict):
            yield from _flat(raw, f"{full}.")
        else:
            yield full, raw


def _nearest(name: str) -> str:
    names = [key.name for key in KEYS]
    close = difflib.get_close_matches(name, names, 1, 0.5) or [
        each for each in names if each.rsplit(".", 1)[-1] == name.rsplit(".", 1)[-1]
    ]
    return f"did you mean '{close[0]}'?" if close else f"the keys are {', '.join(names)}"


def _known(name: str) -> Key:
    key = key_for(name)
    if key is None:
        raise AssertionError(f"the flag --{name} has no key")
    return key
