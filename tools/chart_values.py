"""Write what follows from the chart's values.yaml: its JSON schema and the table of values in its README.

    python tools/chart_values.py            # write both
    python tools/chart_values.py --check    # say which is out of date, and fail

A key's comment starts with `# -- `. Its type is that of its default; an empty map or list takes anything of its kind,
and what a default cannot say (a range, a set of words) stands in RULES.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).parent.parent / "charts" / "perf-platform"
BEGIN, END = "<!-- values: begin -->", "<!-- values: end -->"
Schema = dict[str, Any]
_SCALAR: Schema = {"type": ["string", "number", "boolean"]}
_PORT: Schema = {"type": "integer", "minimum": 1, "maximum": 65535}
_TRISTATE: Schema = {"enum": ["auto", True, False]}
_SECONDS: Schema = {"type": "string", "pattern": "^[1-9][0-9]*s$"}
_DURATION: Schema = {"type": "string", "pattern": "^([0-9]+h)?([0-9]+m)?([0-9]+s)?$", "minLength": 2}
_SERVICE: Schema = {"enum": ["ClusterIP", "NodePort", "LoadBalancer"]}
RULES: dict[str, Schema] = {
    "*.pullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]},
    "*.port": _PORT,
    "*.metricsPort": _PORT,
    "*.replicas": {"type": "integer", "minimum": 0},
    "*.service.type": _SERVICE,
    "*.terminationGracePeriodSeconds": {"type": "integer", "minimum": 1},
    "*.timeoutSeconds": {"type": "integer", "minimum": 1},
    "*.ttlSeconds": {"type": "integer", "minimum": 60},
    "*.args": {"type": "array", "items": _SCALAR},
    "*.command": {"type": "array", "items": _SCALAR},
    "*.extraArgs": {"type": "array", "items": _SCALAR},
    "*.env": {"type": "object", "additionalProperties": _SCALAR},
    "*.size": {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?([kMGTPE]|[KMGTPE]i)?$"},
    "global.imagePullSecrets": {"type": "array", "items": {"type": "string"}},
    "locust.files.content": {"type": "object", "additionalProperties": {"type": "string"}},
    "mongodb.writablePaths": {"type": "array", "items": {"type": "string", "pattern": "^/"}},
    "run.labels": {"type": "object", "additionalProperties": _SCALAR},
    "run.thresholds": {"type": "object", "additionalProperties": {"type": "string"}},
    "api.seedItems": {"type": "integer", "minimum": 0},
    "monitoring.serviceMonitors.enabled": _TRISTATE,
    "monitoring.rules.enabled": _TRISTATE,
    "monitoring.serviceMonitors.interval": _SECONDS,
    "monitoring.serviceMonitors.scrapeTimeout": _SECONDS,
    "notifications.when": {"enum": ["every", "change"]},
    "webhook.url": {"type": "string", "pattern": "^(https?://[^/\\s]+.*)?$"},
    "smtp.security": {"enum": ["none", "starttls", "tls"]},
    "run.users": {"type": "integer", "minimum": 1},
    "run.spawnRate": {"type": "number", "minimum": 0},
    "run.runTime": _DURATION,
    "ab.runTime": _DURATION,
    "ab.block": _SECONDS,
    "ab.workers": {"type": "integer", "minimum": 1},
    "schedule.cron": {"type": "string", "pattern": "^(@[a-z]+|\\S+( \\S+){4})$"},
    "target.metricsController": {"type": "string", "pattern": "^(auto|https?://[^/\\s]+.*)?$"},
    "target.url": {"type": "string", "pattern": "^(https?://[^/\\s]+.*)?$"},
}
FREE = ("*.resources", "*.labels", "*.podAnnotations", "*.env", "*.podSecurityContext", "*.containerSecurityContext",
        "podSecurityContext", "containerSecurityContext", "run.thresholds")  # fmt: skip
"""Maps with defaults that still take any key."""


COMMON = {
    "ref": "Complete reference; wins over the other image keys.",
    "repository": "Image without its tag; global.imageRegistry comes before it.",
    "tag": "Empty means the chart's appVersion.",
    "pullPolicy": "Always, IfNotPresent or Never.",
    "resources": "Requests and limits of the container.",
    "nodeSelector": "Where its pods run.",
    "tolerations": "Taints its pods bear.",
    "affinity": "As a pod has it.",
    "podAnnotations": "Annotations of its pods.",
    "podSecurityContext": "As a pod has it.",
    "enabled": "Switch it on or off.",
    "replicas": "Number of pods.",
    "port": "Port of the Service.",
    "metricsPort": "Port of the metrics.",
    "type": "ClusterIP, NodePort or LoadBalancer.",
    "size": "Size of the volume.",
    "storageClass": "StorageClass of the volume; empty means global.storageClass.",
    "terminationGracePeriodSeconds": "Seconds in which the pod may finish what it has begun.",
    "username": "Name of the database's user.",
    "database": "Name of the database.",
    "host": "SMTP server.",
    "from": "Sender.",
    "user": "Login.",
    "password": "Its password; prefer existingSecret.",
    "interval": "Seconds between scrapes, as 5s.",
    "scrapeTimeout": "At most the interval.",
    "label": "Label that the sidecar looks for ...",
    "labelValue": "... and its value.",
    "annotations": "Further annotations.",
    "envFrom": "envFrom of master and workers.",
    "extraVolumeMounts": "Where they mount extraVolumes.",
    "suspend": "Start nothing by itself.",
    "security": "none, starttls or tls.",
}
"""What keys without a comment of their own say, by their last part: the same thing everywhere."""


def schema_of(value: object, path: str = "") -> Schema:
    """Return the JSON schema of a default; `path` is its dotted key."""
    rule = next((rule for pattern, rule in RULES.items() if _matches(pattern, path)), None)
    if rule is not None:
        return rule
    if isinstance(value, dict):
        if not value or any(_matches(pattern, path) for pattern in FREE):
            return {"type": "object"}
        children = {key: schema_of(child, f"{path}.{key}".lstrip(".")) for key, child in value.items()}
        return {"type": "object", "additionalProperties": path == "global", "properties": children}
    kinds: dict[type, Schema] = {
        bool: {"type": "boolean"},
        int: {"type": "integer"},
        str: {"type": "string"},
        list: {"type": "array"},
    }
    return kinds[type(value)]


def schema_text(values: Schema) -> str:
    """Return values.schema.json. A root `enabled` is allowed, for charts that have this one as a conditional part."""
    schema = schema_of(values)
    schema["properties"]["enabled"] = {"type": "boolean"}
    return json.dumps({"$schema": "http://json-schema.org/draft-07/schema#", **schema}, indent=2) + "\n"


def rows_of(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield (dotted key, default as JSON, comment) of every key of a values.yaml that is a value or is commented.

    Raises:
        KeyError: a value says nothing of itself.
    """
    values = yaml.safe_load(text)
    keys: list[str] = []
    comment: list[str] = []
    for line in text.splitlines():
        said = re.match(r"\s*# (-- )?(.*)", line)
        if said:
            comment = [*comment, said[2]] if said[1] or comment else []
            continue
        key = re.match(r"( *)([A-Za-z_]+):", line)
        if key:
            keys = [*keys[: len(key[1]) // 2], key[2]]
            path, value = ".".join(keys), _at(values, keys)
            inner = any(_matches(pattern, path.rpartition(".")[0]) for pattern in FREE)
            whole = not isinstance(value, dict) or any(_matches(pattern, path) for pattern in FREE)
            if comment or (whole and not inner):
                yield path, json.dumps(value), " ".join(comment) or COMMON[keys[-1]]
        comment = []


def readme_text(readme: str, values_text: str) -> str:
    """Return the README with its table of values renewed."""
    lines = [f"| `{key}` | `{_short(default)}` | {comment} |" for key, default, comment in rows_of(values_text)]
    table = "\n".join(["| value | default | meaning |", "|---|---|---|", *lines])
    before, _, rest = readme.partition(BEGIN)
    return f"{before}{BEGIN}\n{table}\n{END}{rest.partition(END)[2]}"


def main() -> int:
    """Write or check both files."""
    text = (CHART / "values.yaml").read_text()
    readme = CHART / "README.md"
    wanted = {
        CHART / "values.schema.json": schema_text(yaml.safe_load(text)),
        readme: readme_text(readme.read_text(), text),
    }
    stale = [path for path, content in wanted.items() if not path.exists() or path.read_text() != content]
    if "--check" in sys.argv:
        for path in stale:
            sys.stderr.write(f"{path.name} is out of date; run python tools/chart_values.py\n")
        return 1 if stale else 0
    for path in stale:
        path.write_text(wanted[path])
    return 0


def _at(values: Schema, keys: list[str]) -> object:
    found: Any = values
    for key in keys:
        found = found[key]
    return found


def _matches(pattern: str, path: str) -> bool:
    return path == pattern or (pattern.startswith("*") and path.endswith(pattern[1:]))


def _short(default: str) -> str:
    return default if len(default) <= 60 else "see values.yaml"


if __name__ == "__main__":
    sys.exit(main())
