"""What a Kubernetes API server would say of an object: the schemas of its own kinds and those of the operator's."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import yaml

CRDS = Path(__file__).parent / "crds"
# The library reads its 4 MB of definitions anew for every object.
kubernetes_validate.utils.schema_contents = cache(kubernetes_validate.utils.schema_contents)


def validate(manifest: dict[str, Any], version: str) -> None:
    """Check an object against a Kubernetes version such as 1.34; unknown kinds and fields are errors.

    Raises:
        Exception: of the validating library; the message has the field.
    """
    known = _definitions().get((manifest["apiVersion"], manifest["kind"]))
    if known is None:
        _validate_once(json.dumps(manifest, sort_keys=True), version)
    else:
        known.validate(manifest)


@cache
def _validate_once(manifest: str, version: str) -> None:
    """Check an object that several examples have in common only once."""
    kubernetes_validate.validate(json.loads(manifest), version, strict=True)


@cache
def _definitions() -> dict[tuple[str, str], jsonschema.Draft202012Validator]:
    found = {}
    for path in CRDS.glob("*.yaml"):
        spec = yaml.load(path.read_text(), yaml.CSafeLoader)["spec"]
        for version in spec["versions"]:
            key = f"{spec['group']}/{version['name']}", spec["names"]["kind"]
            schema = _closed(version["schema"]["openAPIV3Schema"])
            schema["properties"]["metadata"] = {"type": "object"}
            found[key] = jsonschema.Draft202012Validator(schema)
    return found


def _closed(schema: Any) -> Any:
    """Return the schema refusing fields that it does not name, as a server with strict field validation does."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict):
        closed.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        closed["type"] = ["integer", "string"]
    return closed
