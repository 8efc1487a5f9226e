"""The keys of `perf-platform.toml`: one table, each key with its environment variable and what it accepts.

To add a key, append a `Key` to `KEYS`:

- `name` is how the file spells it, with a dot for a table: `mail.host` is `host` under `[mail]`. A name that ends
  in `.*` takes any name there: `labels.*`.
- `parse` turns what was given - a TOML value, or text from a flag or the environment - into the value, or raises
  ValueError with the remedy ("give a whole number of at least 1"); the place and the value are put before it.
- `variable` is the environment variable that beats the file, if there is one.
- a flag of the same name (`spawn_rate` -> `--spawn-rate`) beats both; add it in `run_options`.

Read the value with `configuration["name"]`, or `configuration.table("labels")` for a `.*` key; an unknown key in
the file is an error that names the nearest of this table.
"""

from collections.abc import Callable
from dataclasses import dataclass

from perf_core.errors import UsageError
from perf_core.model.fingerprint import FIELDS, Handling
from perf_core.model.plan import GUARD
from perf_core.units import parse_duration


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    Attributes:
        name: as the file spells it, tables with a dot.
        parse: raw value -> value; ValueError with the remedy.
        meaning: half a sentence for `perf-platform config`.
        variable: environment variable; None = there is none.
        default: when nobody says anything.
        secret: never printed.
    """

    name: str
    parse: Callable[[object], object]
    meaning: str
    variable: str | None = None
    default: object = None
    secret: bool = False


def text(raw: object) -> str:
    """Accept text."""
    if not isinstance(raw, str) or not raw.strip():
        raise ValueError("give a text")
    return raw.strip()


def text_of_anything(raw: object) -> str:
    """Accept text, numbers and booleans: labels are free."""
    if not isinstance(raw, str | int | float):
        raise ValueError("give a text or a number")  # noqa: TRY004  one kind of error for all parsers
    return str(raw)


def addresses(raw: object) -> str:
    """Accept comma-separated text or a list of texts; return it comma-separated."""
    if isinstance(raw, list) and raw and all(isinstance(each, str) for each in raw):
        return ",".join(raw)
    return text(raw)


def whole_number(raw: object) -> int:
    """Accept a whole number of at least 1."""
    try:
        value = int(raw) if isinstance(raw, str | int) and not isinstance(raw, bool) else 0
    except ValueError:
        value = 0
    if value < 1:
        raise ValueError("give a whole number of at least 1")
    return value


def positive_number(raw: object) -> float:
    """Accept a number above zero."""
    try:
        value = float(raw) if isinstance(raw, str | int | float) and not isinstance(raw, bool) else 0.0
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ValueError("give a number above zero")
    return value


def share(raw: object) -> float:
    """Accept a relative change: 0.02 or 2%."""
    text, hundredth = str(raw).strip(), 1.0
    if isinstance(raw, str) and text.endswith("%"):
        text, hundredth = text[:-1], 0.01
    try:
        value = float(text) * hundredth if not isinstance(raw, bool) else -1.0
    except ValueError:
        value = -1.0
    if not 0 <= value < 1:
        raise ValueError("give a relative change from 0 to 1, like 0.02 or 2%")
    return value


def handling(raw: object) -> str:
    """Accept what is done about a difference between runs."""
    if raw not in {each.value for each in Handling}:
        raise ValueError("give ignore, warn or refuse")
    return str(raw)


def duration(raw: object) -> float:
    """Accept seconds as a number, or 90s, 2m, 1h30m; return seconds."""
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return positive_number(raw)
    try:
        return parse_duration(str(raw))
    except UsageError as cause:
        raise ValueError("write it like 90s, 2m or 1h30m") from cause


def span(raw: object) -> float:
    """Accept what `duration` accepts, and 0."""
    return 0.0 if raw in (0, "0", "0s") and not isinstance(raw, bool) else duration(raw)


def yes_or_no(raw: object) -> bool:
    """Accept true and false, as text also 1, 0, yes and no."""
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if isinstance(raw, bool):
        return raw
    if str(raw).lower() not in known:
        raise ValueError("give true or false")
    return known[str(raw).lower()]


def http_url(raw: object) -> str:
    """Accept an http or https URL."""
    value = text(raw)
    if not value.startswith(("http://", "https://")) or len(value.split("//", 1)[1]) == 0:
        raise ValueError("write it like http://host:8080")
    return value


def threshold(raw: object) -> str:
    """Accept a threshold, or "off"."""
    from perf_core.compare.threshold import EXAMPLE, parse_thresholds

    if not isinstance(raw, str):
        raise ValueError(f"write it like {EXAMPLE}")  # noqa: TRY004  one kind of error for all parsers
    try:
        parse_thresholds({"": raw})
    except UsageError as cause:
        raise ValueError(str(cause).partition(f"{raw!r}")[2].lstrip(",; ")) from cause
    return raw.strip()


KEYS: tuple[Key, ...] = (
    Key("host", text, "base URL of the service", "LOCUST_HOST"),
    Key("users", whole_number, "users at once", "LOCUST_USERS"),
    Key("spawn_rate", positive_number, "users started per second; without it all within 2 s", "LOCUST_SPAWN_RATE"),
    Key("run_time", duration, "length of the run in seconds, or 90s, 2m, 1h30m", "LOCUST_RUN_TIME"),
    Key("workers", whole_number, "worker processes", "PERF_WORKERS", 1),
    Key("scenario", text, "what makes runs comparable; without it the locustfile's name", "PERF_SCENARIO"),
    Key("baseline", text, "run id, latest or none; without it the promoted run", "PERF_BASELINE"),
    Key("repeat", whole_number, "runs one after another, judged together", "PERF_REPEAT", 1),
    Key("strict", yes_or_no, "end with 4 when noise hides the answer", "PERF_STRICT", default=False),
    Key("shape", text, "file with the load shape", "PERF_SHAPE"),
    Key("wait", duration, "wait this long until the target accepts connections", "PERF_WAIT"),
    Key(
        "target.metrics_controller",
        http_url,
        "metrics controller of the target; without it none is touched",
        "PERF_METRICS_CONTROLLER",
    ),
    Key("force", yes_or_no, "judge even runs that are not comparable", default=False),
    Key("allow_missing", yes_or_no, "an endpoint that is gone is no regression", default=False),
    Key("warm_up", span, "seconds after the ramp-up that are not judged; without it looked for", "PERF_WARM_UP"),
    Key("sigma_run", share, "noise between runs that all endpoints share", "PERF_SIGMA_RUN", 0.02),
    Key(
        "sigma_endpoint",
        share,
        "noise between runs of each endpoint alone",
        "PERF_SIGMA_ENDPOINT",
        0.01,
    ),
    *(
        Key(f"comparability.{name}", handling, "when runs differ in it: ignore, warn or refuse", default=how.value)
        for name, how in FIELDS.items()
    ),
    Key("labels.*", text_of_anything, "notes on the run", "PERF_LABELS"),
    Key("thresholds.guard", threshold, "ends a run that is of no use", default=GUARD["thresholds.guard"]),
    Key("thresholds.*", threshold, "what the run must keep"),
    Key("mail.host", text, "SMTP server; without it no mail", "PERF_SMTP_HOST"),
    Key("mail.port", whole_number, "its port", "PERF_SMTP_PORT"),
    Key("mail.user", text, "login", "PERF_SMTP_USER"),
    Key("mail.password", text, "its password, from the environment only", "PERF_SMTP_PASSWORD", secret=True),
    Key("mail.security", text, "none, starttls or tls", "PERF_SMTP_SECURITY"),
    Key("mail.ca_file", text, "a further certificate authority", "PERF_SMTP_CA_FILE"),
    Key("mail.timeout", positive_number, "seconds for each step", "PERF_SMTP_TIMEOUT"),
    Key("mail.from", text, "sender", "PERF_SMTP_FROM"),
    Key("mail.to", addresses, "recipients", "PERF_SMTP_TO"),
    Key("mail.attachment_limit", whole_number, "bytes above which a report is linked", "PERF_SMTP_ATTACHMENT_LIMIT"),
    Key("mail.on", text, "every (each run) or change (better, worse, broken)", "PERF_NOTIFY_ON"),
    Key("mail.webhook", http_url, "address that takes Slack's JSON", "PERF_WEBHOOK_URL", secret=True),
)


def key_for(name: str) -> Key | None:
    """Return the key of a full name; `labels.commit` belongs to `labels.*`."""
    for key in KEYS:
        if key.name == name or (key.name.endswith(".*") and name.startswith(key.name[:-1])):
            return key
    return None
